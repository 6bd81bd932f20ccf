/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Blocks: the transitions of a holder word that this process makes on its own blocks.
 *
 *            count                      word           generation
 * take       CACHED -> 1                0 -> own bit   to odd
 * seal       -                          -              to even
 * release    1 -> BUSY -> CACHED, IDLE  own bit off    -
 * end        1 -> CACHED                own -> 0       -          if not SHARED
 * upgrade    n -> n + 1                 -              even, the same before and after
 *            IDLE -> BUSY -> 1          w -> w + own   likewise, w not 0
 * reopen     1 -> BUSY -> 1             own -> 0, own  to odd
 *            1                          -              to odd     if not SHARED
 */
#include "heap/block.h"

#include <errno.h>

#include "base/usdt.h"
#include "base/wait.h"
#include "heap/heap.h"
#include "heap/large.h"

/* Hints from this thread's pageblock, or from the next one it gets. */
static uint32_t cut(struct vtr_cache *cache, unsigned klass, struct vtr_record **rec, uint32_t n,
                    enum vtr_pageblock_effort effort)
{
    struct vtr_pageblock *pb = cache->fresh[klass];
    for (;;) {
        if (pb != NULL) {
            uint32_t got = vtr_pageblock_cut(pb, cache, klass, rec, n);
            if (got != 0)
                return got;
            vtr_pageblock_disown(pb, cache, klass);
        }
        pb = cache->fresh[klass] = vtr_pageblock_get(cache, klass, effort);
        if (pb == NULL)
            return 0;
    }
}

/* Finds hints, nearest first: what others freed, new blocks, what others have in their magazines,
 * other classes' memory, and what no hint knows. */
static uint32_t find(struct vtr_cache *cache, unsigned klass, struct vtr_record **rec, uint32_t n)
{
    struct vtr_heap *heap = cache->mine.heap;
    uint32_t got = vtr_depot_get(heap, klass, rec, n);
    if (got == 0)
        got = cut(cache, klass, rec, n, VTR_EFFORT_TAKE);
    if (got == 0 && vtr_caches_empty(heap, cache))
        got = vtr_depot_get(heap, klass, rec, n);
    if (got == 0)
        got = cut(cache, klass, rec, n, VTR_EFFORT_RETIRE);
    if (got == 0)
        got = vtr_pageblock_sweep(heap, klass, rec, n);
    return got;
}

/* Tries to charge at the quota: all of them while others refill, the first ones always, since a
 * block on its way into a magazine is nowhere to be seen. The explorer has fewer. */
#ifndef VTR_CHARGE_TRIES
#define VTR_CHARGE_TRIES 64
#define VTR_CHARGE_TRIES_ALWAYS 16
#endif

/* Charges, and counts the thread among those that have not got yet what they have charged. */
static uint32_t charge_once(struct vtr_heap *heap, uint32_t bytes, uint32_t n)
{
    __atomic_add_fetch(&heap->refilling, 1, __ATOMIC_ACQ_REL);
    n = vtr_heap_charge(heap, bytes, n);
    if (n == 0)
        __atomic_sub_fetch(&heap->refilling, 1, __ATOMIC_ACQ_REL);
    return n;
}

/* Gives all of it back. */
static void uncharge_once(struct vtr_heap *heap, uint32_t bytes, uint32_t n)
{
    vtr_heap_uncharge(heap, bytes, n);
    if (n != 0)
        __atomic_sub_fetch(&heap->refilling, 1, __ATOMIC_ACQ_REL);
}

/* Charges for a batch, and near the quota for no more than is asked for. Nobody is refused for what
 * others have in their magazines, or for an instant while they refill them. */
static uint32_t charge(struct vtr_cache *cache, uint32_t bytes, uint32_t batch, uint32_t want)
{
    struct vtr_heap *heap = cache->mine.heap;
    struct vtr_wait wait = { 0 };
    uint32_t n = charge_once(heap, bytes, batch);
    if (n >= want)
        return n;
    uncharge_once(heap, bytes, n);
    for (int tries = 0; tries < VTR_CHARGE_TRIES; tries++) {
        bool others = __atomic_load_n(&heap->refilling, __ATOMIC_ACQUIRE) != 0;
        bool emptied = vtr_caches_empty(heap, cache);
        n = charge_once(heap, bytes, want);
        if (n != 0 || (tries >= VTR_CHARGE_TRIES_ALWAYS && !others && !emptied))
            return n;
        vtr_wait_(&wait);
    }
    return 0;
}

/* Fills an empty magazine for a call that wants @p want blocks. @return 0, -EDQUOT or -ENOMEM. */
static VTR_COLD int refill(struct vtr_cache *cache, unsigned klass, uint32_t want)
{
    struct vtr_record *rec[VTR_BATCH_MAX];
    struct vtr_heap *heap = cache->mine.heap;
    uint32_t bytes = vtr_class_bytes_(klass), batch = vtr_class_batch(klass);
    uint32_t n = charge(cache, bytes, batch, want < batch ? want : batch);
    uint32_t got = n == 0 ? 0 : find(cache, klass, rec, n);
    vtr_heap_uncharge(heap, bytes, n - got);
    for (uint32_t i = 0; i < got; i++)
        vtr_block_prefetch(rec[i]);
    vtr_cache_push(cache, klass, rec, got);
    if (n != 0)
        __atomic_sub_fetch(&heap->refilling, 1, __ATOMIC_ACQ_REL);
    return got != 0 ? 0 : n == 0 ? -EDQUOT : -ENOMEM;
}

/* Remembers why @p n blocks were refused. */
static VTR_COLD void refused(struct vtr_heap *heap, struct vtr_cache *cache, int reason, unsigned n)
{
    if (cache != NULL)
        cache->refused = reason;
    VTR_PROBE3(heap_limit, heap->name, reason, n);
    __atomic_add_fetch(reason == -EDQUOT ? &heap->failed_quota : &heap->failed_limit, n,
                       __ATOMIC_RELAXED); /* O: a statistic */
}

unsigned vtr_block_take_(struct vtr_heap *heap, unsigned klass, struct vtr_record **recs,
                         unsigned n)
{
    struct vtr_cache *cache = vtr_cache_of(heap);
    struct vtr_magazine *m = cache != NULL ? vtr_cache_magazine(cache, klass) : NULL;
    uint64_t own = heap->own_bit;
    unsigned got = 0;
    int rc = m != NULL && vtr_fault_(VTR_FAULT_BLOCK) == 0 ? 0 : -ENOMEM;
    while (got < n && rc == 0) {
        unsigned more = vtr_cache_pop(cache, m, recs + got, n - got);
        for (unsigned i = 0; i < more; i++)
            vtr_block_taken(recs[got + i], own);
        got += more;
        if (VTR_UNLIKELY(got < n))
            rc = refill(cache, klass, n - got);
    }
    if (VTR_UNLIKELY(got < n))
        refused(heap, cache, rc, n - got);
    return got;
}

struct vtr_record *vtr_block_take_for(struct vtr_heap *heap, size_t bytes)
{
    int klass = vtr_class_for_(bytes), rc = -ENOMEM;
    struct vtr_record *rec = NULL;
    if (klass >= 0)
        return vtr_block_take_(heap, (unsigned)klass, &rec, 1) == 1 ? rec : NULL;
    if (vtr_fault_(VTR_FAULT_BLOCK) == 0)
        rc = vtr_large_take(heap, bytes, &rec);
    if (rc != 0)
        refused(heap, vtr_cache_of(heap), rc, 1);
    else
        vtr_block_taken(rec, heap->own_bit);
    return rec;
}

int vtr_block_refused_(struct vtr_heap *heap)
{
    const struct vtr_cache *cache = vtr_cache_of(heap);
    return cache != NULL && cache->refused != 0 ? cache->refused : -ENOMEM;
}

/* Others hold the block: it is on their quotas, and one day free without this process's doing. */
static void let_go(struct vtr_pageblock *pb, struct vtr_record *rec)
{
    struct vtr_heap *heap = pb->head.heap;
    vtr_heap_uncharge(heap, pb->head.block_bytes, 1);
    vtr_heap_lost(heap, pb->head.klass);
    __atomic_store_n(&rec->count, VTR_COUNT_IDLE, __ATOMIC_RELEASE); /* R3 */
}

void vtr_block_release_(struct vtr_record *rec)
{
    struct vtr_pageblock *pb = vtr_pageblock_of(rec);
    /* A1: the load reads what this thread's own countdown wrote, which continues the release
     * sequence of all the others, so their reads of the bytes are over. (A load, not a fence:
     * ThreadSanitizer follows it.) */
    int32_t busy = __atomic_load_n(&rec->count, __ATOMIC_ACQUIRE);
    vtr_check(busy == VTR_COUNT_BUSY);
    /* R6: this process's reads are over; A6 where the word is found to be zero. */
    if (__atomic_and_fetch(&vtr_holders_of(rec)->word, ~pb->own_bit, __ATOMIC_ACQ_REL) == 0)
        vtr_block_recycle(pb, rec);
    else
        let_go(pb, rec);
}

void vtr_block_keep_(struct vtr_record *rec)
{
    struct vtr_pageblock *pb = vtr_pageblock_of(rec);
    vtr_cache_keep_slow(pb->head.heap, pb->head.klass, rec);
}

void vtr_blocks_end(struct vtr_record **recs, unsigned n)
{
    unsigned run = 0;
    struct vtr_pageblock *of = NULL;
    for (unsigned i = 0; i < n; i++) {
        struct vtr_record *rec = recs[i];
        struct vtr_pageblock *pb = vtr_pageblock_of(rec);
        __atomic_store_n(&vtr_holders_of(rec)->word, 0, __ATOMIC_RELEASE); /* R6 */
        if (VTR_UNLIKELY(pb->head.klass >= VTR_CLASSES)) {
            vtr_block_recycle(pb, rec);
            continue;
        }
        if (VTR_UNLIKELY(of != NULL && (of->head.klass != pb->head.klass ||
                                        of->head.heap != pb->head.heap))) {
            vtr_cache_keep_all(of->head.heap, of->head.klass, recs, run);
            run = 0;
        }
        of = pb;
        vtr_block_freed(rec);
        recs[run++] = rec;
    }
    if (run != 0)
        vtr_cache_keep_all(of->head.heap, of->head.klass, recs, run);
}

void vtr_block_share_(struct vtr_record *rec)
{
    /* O: whoever gets the reference gets it by a release of the caller's, and whoever finds a count
     * of one got there by R1 of the caller's handle. */
    __atomic_fetch_or(&rec->flags, VTR_RECORD_SHARED, __ATOMIC_RELAXED);
}

/* Takes the process's bit for the first handle here. The count is BUSY. */
static bool upgrade_first(struct vtr_record *rec, uint64_t own)
{
    struct vtr_holders *h = vtr_holders_of(rec);
    uint64_t word = __atomic_load_n(&h->word, __ATOMIC_RELAXED); /* O: A6 follows */
    do {
        if (word == 0) {
            __atomic_store_n(&rec->count, VTR_COUNT_IDLE, __ATOMIC_RELEASE); /* R3 */
            return false;
        }
        /* A6, and A5 below: whose bit is there wrote its generation before. */
    } while (!__atomic_compare_exchange_n(&h->word, &word, word | own, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));
    /* It is on this process's quota again, even if that is exceeded: what was sent was accepted. */
    vtr_heap_charge_over(vtr_pageblock_of(rec)->head.heap, vtr_pageblock_head_of(rec)->block_bytes);
    __atomic_store_n(&rec->count, 1, __ATOMIC_RELEASE); /* R3 */
    return true;
}

/* Counts up what is counted, or takes what is IDLE. @return false: it is free. */
static bool upgrade_count(struct vtr_record *rec, uint64_t own)
{
    struct vtr_wait wait = { 0 };
    int32_t n = __atomic_load_n(&rec->count, __ATOMIC_RELAXED);
    for (;;) {
        if (n == VTR_COUNT_CACHED || n == INT32_MAX)
            return false;
        if (n == VTR_COUNT_BUSY) {
            vtr_wait_(&wait);
            n = __atomic_load_n(&rec->count, __ATOMIC_RELAXED);
            continue;
        }
        int32_t next = n > 0 ? n + 1 : VTR_COUNT_BUSY;
        /* A3: what was written while it was BUSY. */
        if (__atomic_compare_exchange_n(&rec->count, &n, next, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return next > 0 || upgrade_first(rec, own);
    }
}

bool vtr_block_upgrade_(uint64_t what, uint64_t gen)
{
    struct vtr_record *rec = vtr_what_record_(what);
    struct vtr_holders *h = vtr_holders_of(rec);
    /* A7 */
    if (__atomic_load_n(&h->gen, __ATOMIC_ACQUIRE) != gen ||
        !upgrade_count(rec, vtr_pageblock_of(rec)->own_bit))
        return false;
    if (__atomic_load_n(&h->gen, __ATOMIC_ACQUIRE) == gen) /* A5 */
        return true;
    /* It is another block by now, which this thread held for an instant. */
    if (__atomic_sub_fetch(&rec->count, 1, __ATOMIC_RELEASE) == VTR_COUNT_BUSY) /* R1 */
        vtr_block_release_(rec);
    return false;
}

bool vtr_block_reopen_shared_(struct vtr_record *rec)
{
    struct vtr_holders *h = vtr_holders_of(rec);
    int32_t one = 1;
    /* O: a look only, without a locked instruction where there are other handles. */
    if (__atomic_load_n(&rec->count, __ATOMIC_RELAXED) != 1 ||
        (vtr_record_flags_(rec) & VTR_RECORD_FOREIGN) != 0)
        return false;
    /* A1: the reads of those who dropped their handles are over. */
    if (!__atomic_compare_exchange_n(&rec->count, &one, VTR_COUNT_BUSY, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        return false;
    uint64_t own = vtr_pageblock_of(rec)->own_bit, word = own;
    /* A6: the same for other processes. Word zero for an instant: weak references end here. */
    if (!__atomic_compare_exchange_n(&h->word, &word, 0, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED)) {
        __atomic_store_n(&rec->count, 1, __ATOMIC_RELEASE); /* R3 */
        return false;
    }
    vtr_block_open_(rec, own);
    return true;
}
