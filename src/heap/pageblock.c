/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Pageblocks.
 */
#include "heap/pageblock.h"

#include <errno.h>
#include <time.h>

#include "base/wait.h"
#include "heap/block.h"
#include "heap/poison.h"

/* How far one failing allocation looks, so that a full heap costs a bounded time a call. Retiring
 * counts holder words, a cold look at a pageblock as 64: one in use mostly shows in its first. */
enum { RETIRE_WORDS = 1 << 18, RETIRE_LOOK = 64 };

struct vtr_pageblock *vtr_pageblock_at(struct vtr_heap *heap, unsigned i)
{
    unsigned segment = i / VTR_SEGMENT_PAGEBLOCKS, in = i % VTR_SEGMENT_PAGEBLOCKS;
    uint8_t *records = heap->views.control + segment * VTR_CONTROL_BYTES;
    return (struct vtr_pageblock *)(records + in * VTR_AREA_BYTES);
}

void vtr_pageblocks_init(struct vtr_heap *heap, unsigned segment)
{
    for (unsigned in = 0; in < VTR_SEGMENT_PAGEBLOCKS; in++) {
        unsigned i = segment * VTR_SEGMENT_PAGEBLOCKS + in;
        struct vtr_pageblock *pb = vtr_pageblock_at(heap, i);
        pthread_mutex_init(&pb->lock, NULL);
        pb->head.heap = heap;
        pb->read = heap->views.read + i * VTR_PAGEBLOCK_BYTES;
        pb->head.to_write = heap->views.write - heap->views.read;
        pb->records = (struct vtr_record *)((uint8_t *)pb + vtr_area_skew(in));
        pb->own_bit = heap->own_bit;
        pb->index = i;
        pb->head.klass = VTR_CLASS_NONE;
    }
}

static unsigned pageblocks(const struct vtr_heap *heap)
{
    return heap->segments_n * VTR_SEGMENT_PAGEBLOCKS;
}

static unsigned now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (unsigned)(t.tv_sec * 1000 + t.tv_nsec / 1000000) | 1; /* never zero */
}

/* A system that had no memory is not asked again for a while: it takes tens of milliseconds to say
 * so, under the heap's lock. */
static int segment_add(struct vtr_heap *heap)
{
    enum { AGAIN_MS = 100 };
    unsigned k = heap->segments_n;
    if (k == heap->segments_max ||
        (heap->no_segment_until != 0 && (int)(heap->no_segment_until - now_ms()) > 0))
        return -ENOMEM;
    int rc = vtr_segment_create(&heap->views, k, heap->pages, &heap->segments[k]);
    if (rc == 0 && (rc = vtr_watches_came(heap, k)) != 0)
        vtr_segment_undo(&heap->views, k, &heap->segments[k]);
    heap->no_segment_until = rc != 0 ? (now_ms() + AGAIN_MS) | 1 : 0;
    if (rc != 0)
        return rc;
    vtr_pageblocks_init(heap, k);
    /* R2: the descriptions are there before the count; A2 in vtr_heap_stat. */
    __atomic_store_n(&heap->segments_n, k + 1, __ATOMIC_RELEASE);
    return 0;
}

/* Takes a record to BUSY. @return false if a handle holds it. */
static bool record_claim(struct vtr_record *rec)
{
    int32_t idle = VTR_COUNT_IDLE;
    return __atomic_compare_exchange_n(&rec->count, &idle, VTR_COUNT_BUSY, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

/* R3: whoever takes it next sees what was written while BUSY; A3 where it is claimed. */
static void record_yield(struct vtr_record *rec)
{
    __atomic_store_n(&rec->count, VTR_COUNT_IDLE, __ATOMIC_RELEASE);
}

/* @return how many words are zero before the first that is not, at most n. */
static uint32_t words_zero(const struct vtr_pageblock *pb, uint32_t n)
{
    const struct vtr_holders *h = vtr_holders_of(pb->records);
    uint32_t i = 0;
    /* A6: the last holders' reads are over, also those of other processes; R6 where they let go. */
    while (i < n && __atomic_load_n(&h[i].word, __ATOMIC_ACQUIRE) == 0)
        i++;
    return i;
}

/* Under the heap's lock. */
static void pageblock_own(struct vtr_pageblock *pb, const struct vtr_cache *cache)
{
    pthread_mutex_lock(&pb->lock);
    pb->owner = cache;
    pthread_mutex_unlock(&pb->lock);
}

static bool has_uncut(const struct vtr_pageblock *pb)
{
    return __atomic_load_n(&pb->fresh, __ATOMIC_RELAXED) < pb->blocks; /* O: exact if unowned */
}

/* From the thread that cuts it, under the heap's lock: from here on it has its fresh blocks. */
static void pageblock_unown(struct vtr_pageblock *pb)
{
    pageblock_own(pb, NULL);
    if (has_uncut(pb))
        pb->head.heap->half_cut[pb->head.klass]++;
}

void vtr_pageblock_clear(struct vtr_pageblock *pb)
{
    pb->head.klass = VTR_CLASS_NONE;
    __atomic_store_n(&pb->fresh, 0, __ATOMIC_RELAXED); /* O: under the lock */
    if (pb->index < pb->head.heap->free_from)
        pb->head.heap->free_from = pb->index;
}

/* Takes the class from an idle, unowned pageblock: claims every block of it, or none. */
static bool pageblock_retire(struct vtr_pageblock *pb)
{
    uint32_t n = pb->fresh, claimed = 0;
    while (claimed < n && record_claim(&pb->records[claimed]))
        claimed++;
    bool idle = claimed == n && words_zero(pb, n) == n;
    for (uint32_t i = 0; i < claimed; i++)
        record_yield(&pb->records[i]);
    if (!idle)
        return false;
    if (pb->fresh < pb->blocks)
        pb->head.heap->half_cut[pb->head.klass]--;
    vtr_pageblock_clear(pb);
    return true;
}

static struct vtr_pageblock *find_cut(struct vtr_heap *heap, unsigned klass)
{
    for (unsigned i = 0; heap->half_cut[klass] != 0 && i < pageblocks(heap); i++) {
        struct vtr_pageblock *pb = vtr_pageblock_at(heap, i);
        if (pb->head.klass != klass || pb->owner != NULL || !has_uncut(pb))
            continue;
        heap->half_cut[klass]--;
        return pb;
    }
    return NULL;
}

static struct vtr_pageblock *find_free(struct vtr_heap *heap)
{
    for (unsigned i = heap->free_from; i < pageblocks(heap); i++) {
        struct vtr_pageblock *pb = vtr_pageblock_at(heap, i);
        if (pb->head.klass == VTR_CLASS_NONE) {
            heap->free_from = i;
            return pb;
        }
    }
    heap->free_from = pageblocks(heap);
    return NULL;
}

/* Marks pageblocks whose words are all zero. @return the classes they are of, as bits. */
static uint64_t idle_mark(struct vtr_heap *heap)
{
    VTR_STATIC_ASSERT(VTR_CLASSES <= 64, "a bit for each");
    uint64_t classes = 0;
    uint32_t looked = 0;
    for (unsigned i = 0; looked < RETIRE_WORDS && i < pageblocks(heap); i++) {
        struct vtr_pageblock *pb = vtr_pageblock_at(heap, heap->retire_next++ % pageblocks(heap));
        uint32_t n = __atomic_load_n(&pb->fresh, __ATOMIC_ACQUIRE); /* A4 */
        if (pb->head.klass >= VTR_CLASSES)
            continue;
        uint32_t zero = words_zero(pb, n);
        looked += RETIRE_LOOK + zero;
        pb->retiring = zero == n;
        if (pb->retiring)
            classes |= UINT64_C(1) << pb->head.klass;
    }
    return classes;
}

/* Takes the class from the pageblocks that are idle, whichever thread cuts them. The depot's hints
 * at their blocks go first; one in a thread's magazine keeps its pageblock. */
static void retire_idle(struct vtr_heap *heap)
{
    uint64_t classes = idle_mark(heap);
    for (unsigned k = 0; k < VTR_CLASSES; k++)
        if (classes >> k & 1)
            vtr_depot_forget(heap, k);
    for (unsigned i = 0; classes != 0 && i < pageblocks(heap); i++) {
        struct vtr_pageblock *pb = vtr_pageblock_at(heap, i);
        if (!pb->retiring)
            continue;
        pb->retiring = false;
        if (pb->owner != NULL)
            pageblock_unown(pb);
        pageblock_retire(pb);
    }
}

/* What other threads hold back: at the limit it is everybody's. */
static struct vtr_pageblock *find_uncut_of_others(struct vtr_heap *heap, unsigned klass)
{
    for (unsigned i = 0; i < pageblocks(heap); i++) {
        struct vtr_pageblock *pb = vtr_pageblock_at(heap, i);
        if (pb->head.klass == klass && pb->owner != NULL && has_uncut(pb))
            pageblock_unown(pb);
    }
    return find_cut(heap, klass);
}

bool vtr_pageblock_set(struct vtr_pageblock *pb, unsigned klass, uint32_t blocks,
                       uint32_t block_bytes)
{
    struct vtr_heap *heap = pb->head.heap;
    const struct vtr_segment *segment = &heap->segments[pb->index / VTR_SEGMENT_PAGEBLOCKS];
    if (vtr_segment_back_holders(segment, pb->index % VTR_SEGMENT_PAGEBLOCKS, blocks) != 0)
        return false;
    vtr_poison_leave(pb);
    pb->head.klass = (uint8_t)klass;
    pb->head.block_bytes = block_bytes;
    pb->head.fill_scale = (UINT64_C(255) << 32) / block_bytes;
    pb->blocks = blocks;
    return true;
}

static struct vtr_pageblock *take(struct vtr_heap *heap, unsigned klass)
{
    struct vtr_pageblock *pb = find_free(heap);
    if (pb == NULL && heap->segments_n < heap->segments_max) {
        retire_idle(heap); /* little beside what a segment takes to map */
        pb = find_free(heap);
    }
    if (pb == NULL && segment_add(heap) == 0)
        pb = find_free(heap);
    if (pb == NULL)
        return NULL;
    bool set = vtr_pageblock_set(pb, klass, vtr_class_blocks(klass), vtr_class_bytes_(klass));
    return set ? pb : NULL;
}

struct vtr_pageblock *vtr_pageblock_get(const struct vtr_cache *cache, unsigned klass,
                                        enum vtr_pageblock_effort effort)
{
    struct vtr_heap *heap = cache->mine.heap;
    pthread_mutex_lock(&heap->lock);
    if (effort == VTR_EFFORT_RETIRE)
        retire_idle(heap);
    struct vtr_pageblock *pb = find_cut(heap, klass);
    if (pb == NULL)
        pb = take(heap, klass);
    if (pb == NULL && effort == VTR_EFFORT_RETIRE)
        pb = find_uncut_of_others(heap, klass);
    if (pb != NULL)
        pageblock_own(pb, cache);
    pthread_mutex_unlock(&heap->lock);
    return pb;
}

/* @return the first of @p n free pageblocks in a row in the segment, or NULL. */
static struct vtr_pageblock *run_in(struct vtr_heap *heap, unsigned segment, unsigned n)
{
    unsigned end = (segment + 1) * VTR_SEGMENT_PAGEBLOCKS, free = 0;
    for (unsigned i = end - VTR_SEGMENT_PAGEBLOCKS; i < end; i++) {
        free = vtr_pageblock_at(heap, i)->head.klass == VTR_CLASS_NONE ? free + 1 : 0;
        if (free == n)
            return vtr_pageblock_at(heap, i + 1 - n);
    }
    return NULL;
}

static struct vtr_pageblock *run_find(struct vtr_heap *heap, unsigned n)
{
    struct vtr_pageblock *pb = NULL;
    for (unsigned k = 0; pb == NULL && k < heap->segments_n; k++)
        pb = run_in(heap, k, n);
    return pb;
}

struct vtr_pageblock *vtr_pageblock_run(struct vtr_heap *heap, unsigned n)
{
    struct vtr_pageblock *pb = run_find(heap, n);
    /* Each round goes on where the last one stopped, until it has seen all. */
    for (unsigned seen = 0, from; pb == NULL && seen < pageblocks(heap);
         seen += heap->retire_next - from) {
        from = heap->retire_next;
        retire_idle(heap);
        pb = run_find(heap, n);
    }
    if (pb == NULL && segment_add(heap) == 0)
        pb = run_in(heap, heap->segments_n - 1, n);
    return pb;
}

void vtr_pageblock_disown(struct vtr_pageblock *pb, const struct vtr_cache *cache, unsigned klass)
{
    pthread_mutex_lock(&pb->head.heap->lock);
    if (pb->owner == cache && pb->head.klass == klass)
        pageblock_unown(pb);
    pthread_mutex_unlock(&pb->head.heap->lock);
}

struct vtr_record *vtr_pageblock_record(struct vtr_pageblock *pb, uint32_t i)
{
    struct vtr_record *rec = &pb->records[i];
    struct vtr_holders *h = vtr_holders_of(rec);
    struct vtr_wait wait = { 0 };
    /* Whoever upgrades a weak reference to what it was may hold it for an instant, in vain. */
    while (i < pb->ever && !record_claim(rec))
        vtr_wait_(&wait);
    rec->fill = 0;
    rec->flags = (uint8_t)((rec->flags & VTR_RECORD_SHARED) | pb->head.heap->record_flags);
    rec->base = pb->read + (size_t)i * pb->head.block_bytes;
    if (h->gen == 0)
        h->gen = pb->head.heap->epoch;
    if (pb->ever <= i)
        pb->ever = i + 1;
    if (pb->head.klass < VTR_CLASSES)
        vtr_poison_(rec);
    return rec;
}

static uint32_t pageblock_cut(struct vtr_pageblock *pb, struct vtr_record **rec, uint32_t n)
{
    uint32_t first = pb->fresh;
    if (n > pb->blocks - first)
        n = pb->blocks - first;
    /* Handed out from the first block on, since magazines are stacks. */
    for (uint32_t i = 0; i < n; i++) {
        rec[n - 1 - i] = vtr_pageblock_record(pb, first + i);
        __atomic_store_n(&rec[n - 1 - i]->count, VTR_COUNT_CACHED, __ATOMIC_RELEASE); /* R3 */
    }
    /* R4: their records are complete before they count; A4 in vtr_heap_stat and sweep. */
    __atomic_store_n(&pb->fresh, first + n, __ATOMIC_RELEASE);
    return n;
}

uint32_t vtr_pageblock_cut(struct vtr_pageblock *pb, const struct vtr_cache *cache, unsigned klass,
                           struct vtr_record **rec, uint32_t n)
{
    pthread_mutex_lock(&pb->lock);
    /* While it is this thread's, its class is what this thread asked for last. */
    n = pb->owner == cache && pb->head.klass == klass ? pageblock_cut(pb, rec, n) : 0;
    pthread_mutex_unlock(&pb->lock);
    return n;
}

/* @param held  set if others hold a block here that this process does not. */
static uint32_t pageblock_sweep(struct vtr_pageblock *pb, struct vtr_record **rec, uint32_t n,
                                bool *held)
{
    const struct vtr_holders *h = vtr_holders_of(pb->records);
    uint32_t fresh = __atomic_load_n(&pb->fresh, __ATOMIC_ACQUIRE), found = 0; /* A4 */
    for (uint32_t i = 0; i < fresh && found < n; i++) {
        struct vtr_record *r = &pb->records[i];
        /* O: looks only; once it is claimed, nobody changes a word of zero. */
        if (__atomic_load_n(&h[i].word, __ATOMIC_RELAXED) != 0) {
            *held |= __atomic_load_n(&r->count, __ATOMIC_RELAXED) == VTR_COUNT_IDLE;
            continue;
        }
        if (!record_claim(r))
            continue;
        /* A6: the last holder's reads of the bytes are over; R6 where it let go. */
        if (__atomic_load_n(&h[i].word, __ATOMIC_ACQUIRE) == 0) {
            __atomic_store_n(&r->count, VTR_COUNT_CACHED, __ATOMIC_RELEASE); /* R3 */
            rec[found++] = r;
        } else {
            record_yield(r);
        }
    }
    return found;
}

uint32_t vtr_pageblock_sweep(struct vtr_heap *heap, unsigned klass, struct vtr_record **rec,
                             uint32_t n)
{
    uint32_t found = 0;
    bool held = false;
    /* A11: whoever lost a block lost it before; R11 in vtr_heap_lost(). */
    if (!__atomic_exchange_n(&heap->lost[klass], false, __ATOMIC_ACQ_REL))
        return 0;
    pthread_mutex_lock(&heap->lock);
    for (unsigned i = 0; i < pageblocks(heap) && found < n; i++) {
        struct vtr_pageblock *pb = vtr_pageblock_at(heap, i);
        if (pb->head.klass == klass)
            found += pageblock_sweep(pb, rec + found, n - found, &held);
    }
    pthread_mutex_unlock(&heap->lock);
    if (found == n || held)
        vtr_heap_lost(heap, klass);
    return found;
}
