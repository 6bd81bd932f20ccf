/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Blocks: the transitions of a holder word that this process makes on its own blocks.
 *
 *            count                    word           generation
 * take       IDLE -> BUSY ... -> 1    0 -> own bit   to odd
 * seal       -                        -              to even
 * release    1 -> BUSY ... -> IDLE    own bit off    -
 * reopen     1 -> BUSY ... -> 1       own -> 0, own  to odd
 */
#include "heap/block.h"

#include "heap/heap.h"

/* Opens a block that is BUSY and whose word is zero. */
static void block_open(struct vtr_record *rec, struct vtr_holders *h, uint64_t own)
{
    uint64_t gen = (h->gen + 1) | 1;
    rec->gen = (uint16_t)(gen + 1); /* what handles carry: the generation it will be sealed with */
    /* R5: the new generation is seen before the holder; A5 is an upgrade's second look at it. */
    __atomic_store_n(&h->gen, gen, __ATOMIC_RELEASE);
    __atomic_store_n(&h->word, own, __ATOMIC_RELEASE);
    /* R3 */
    __atomic_store_n(&rec->count, 1, __ATOMIC_RELEASE);
}

/* Makes a hint a block, if it still is one of the class and free. */
static bool block_claim(struct vtr_record *rec, unsigned klass, uint64_t own)
{
    int32_t idle = VTR_COUNT_IDLE;
    struct vtr_holders *h = vtr_holders_of(rec);
    /* A3: what the last user wrote while BUSY. */
    if (!__atomic_compare_exchange_n(&rec->count, &idle, VTR_COUNT_BUSY, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        return false;
    /* A6: the last holder's reads of the bytes are over; R6 in vtr_record_release_. */
    if (VTR_UNLIKELY(rec->klass != klass || __atomic_load_n(&h->word, __ATOMIC_ACQUIRE) != 0)) {
        __atomic_store_n(&rec->count, VTR_COUNT_IDLE, __ATOMIC_RELEASE); /* R3 */
        return false;
    }
    block_open(rec, h, own);
    return true;
}

/* Hints from this thread's pageblock, or from the next one it gets. */
static uint32_t refill_fresh(struct vtr_cache *cache, struct vtr_magazine *m, unsigned klass)
{
    struct vtr_pageblock *pb = cache->fresh[klass];
    for (;;) {
        if (pb != NULL) {
            m->n = vtr_pageblock_cut(pb, cache, klass, m->rec, m->cap / 2);
            if (m->n != 0)
                return m->n;
            vtr_pageblock_disown(pb, cache, klass);
        }
        pb = cache->fresh[klass] = vtr_pageblock_get(cache, klass);
        if (pb == NULL)
            return 0;
    }
}

/* Sweeps in a row that gave no block before an allocation gives up. */
enum { SWEEPS = 4 };

/* Finds hints for an empty magazine, nearest first. Those of the depot may all be stale, but they
 * come to an end. @return 0: the heap is at its limit. */
static VTR_COLD uint32_t refill(struct vtr_cache *cache, struct vtr_magazine *m, unsigned klass,
                                unsigned *sweeps)
{
    if (vtr_cache_fetch(cache, m, klass) != 0 || refill_fresh(cache, m, klass) != 0)
        return m->n;
    while (m->n == 0 && (*sweeps)++ < SWEEPS)
        m->n = vtr_pageblock_sweep(cache->heap, klass, m->rec, m->cap / 2);
    return m->n;
}

unsigned vtr_block_take_(struct vtr_heap *heap, unsigned klass, struct vtr_record **recs,
                         unsigned n)
{
    struct vtr_cache *cache = vtr_cache_of_(heap);
    struct vtr_magazine *m = cache != NULL ? vtr_cache_magazine(cache, klass) : NULL;
    unsigned got = 0, sweeps = 0;
    while (got < n && m != NULL) {
        if (VTR_UNLIKELY(m->n == 0) && refill(cache, m, klass, &sweeps) == 0)
            break;
        struct vtr_record *rec = m->rec[--m->n];
        if (VTR_LIKELY(block_claim(rec, klass, heap->own_bit))) {
            recs[got++] = rec;
            sweeps = 0;
        }
    }
    if (VTR_UNLIKELY(got < n))
        __atomic_add_fetch(&heap->failed, n - got, __ATOMIC_RELAXED); /* O: a statistic */
    return got;
}

void vtr_block_release_(struct vtr_record *rec)
{
    struct vtr_pageblock *pb = vtr_pageblock_of(rec);
    /* A1: the load reads what this thread's own countdown wrote, which continues the release
     * sequence of all the others, so their reads of the bytes are over. (A load, not a fence:
     * ThreadSanitizer follows it.) */
    int32_t busy = __atomic_load_n(&rec->count, __ATOMIC_ACQUIRE);
    vtr_check(busy == VTR_COUNT_BUSY);
    unsigned klass = rec->klass;
    /* R6: this process's reads are over; A6 in block_claim. */
    bool freed = __atomic_sub_fetch(&vtr_holders_of(rec)->word, pb->own_bit, __ATOMIC_ACQ_REL) == 0;
    __atomic_store_n(&rec->count, VTR_COUNT_IDLE, __ATOMIC_RELEASE); /* R3 */
    struct vtr_cache *cache = freed ? vtr_cache_of_(pb->heap) : NULL;
    if (cache != NULL)
        vtr_cache_keep(cache, klass, rec);
}

bool vtr_block_reopen_(struct vtr_record *rec)
{
    struct vtr_holders *h = vtr_holders_of(rec);
    uint64_t own = vtr_pageblock_of(rec)->own_bit, word = own;
    int32_t one = 1;
    /* O: a look only, without a locked instruction where there are other handles. */
    if (__atomic_load_n(&rec->count, __ATOMIC_RELAXED) != 1)
        return false;
    /* A1: the reads of those who dropped their handles are over. */
    if (!__atomic_compare_exchange_n(&rec->count, &one, VTR_COUNT_BUSY, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        return false;
    /* A6: the same for other processes. Word zero for an instant: weak references end here. */
    if (!__atomic_compare_exchange_n(&h->word, &word, 0, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED)) {
        __atomic_store_n(&rec->count, 1, __ATOMIC_RELEASE); /* R3 */
        return false;
    }
    block_open(rec, h, own);
    return true;
}
