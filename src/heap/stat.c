/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What a heap holds. Read from the holder words and records, so it cannot drift.
 */
#include "heap/stat.h"

#include <errno.h>
#include <string.h>

#include "heap/block.h"
#include "heap/heap.h"

#define STRONG UINT64_C(0xffffffff)
VTR_STATIC_ASSERT(VTR_SLOTS == 32, "the strong bits are the lower half");

enum { FILL_MAX = 255 };
VTR_STATIC_ASSERT(FILL_MAX == (1 << 8 * sizeof(((struct vtr_record *)0)->fill)) - 1,
                  "a record keeps how much was sealed in 255ths");

/* The mark and the count are looked at together: looked for among the caches afterwards, a block
 * that is carved from may be one not counted before. */
static bool only_carved(const struct vtr_record *rec)
{
    return (vtr_record_flags_(rec) & VTR_RECORD_CARVED) != 0 &&
           __atomic_load_n(&rec->count, __ATOMIC_RELAXED) ==
               __atomic_load_n(&rec->fill, __ATOMIC_RELAXED); /* O: as it was just now */
}

bool vtr_block_is_live(const struct vtr_record *rec, uint64_t own_bit)
{
    uint64_t word = __atomic_load_n(&vtr_holders_of(rec)->word, __ATOMIC_RELAXED); /* O: the same */
    return (word & own_bit) != 0 && !only_carved(rec);
}

/* What one of the holders of a block answers for. Its bytes are shared out as cards are, so that
 * the shares of all add up to it. */
static uint64_t fair_share(uint64_t bytes, uint64_t word, uint64_t own)
{
    uint64_t strong = word & STRONG;
    unsigned holders = (unsigned)__builtin_popcountll(strong);
    unsigned before = (unsigned)__builtin_popcountll(strong & (own - 1));
    return bytes / holders + (before < bytes % holders ? 1 : 0);
}

static uint64_t visible(const struct vtr_record *rec, uint64_t bytes)
{
    bool open = (__atomic_load_n(&vtr_holders_of(rec)->gen, __ATOMIC_RELAXED) & 1) != 0;
    return open ? bytes : bytes * __atomic_load_n(&rec->fill, __ATOMIC_RELAXED) / FILL_MAX;
}

/* O: each block as it was when it was looked at. */
static void census_block(struct vtr_census *t, const struct vtr_record *rec, uint64_t bytes,
                         uint64_t own)
{
    uint64_t word = __atomic_load_n(&vtr_holders_of(rec)->word, __ATOMIC_RELAXED);
    if (word == 0) {
        t->cached += __atomic_load_n(&rec->count, __ATOMIC_RELAXED) == VTR_COUNT_CACHED;
        return;
    }
    if ((word & own) == 0 || only_carved(rec)) {
        t->other++;
        return;
    }
    t->live++;
    t->live_bytes += bytes;
    t->visible_bytes += visible(rec, bytes);
    t->fair_bytes += fair_share(bytes, word, own);
    t->unique_bytes += word == own ? bytes : 0;
}

void vtr_census_add(struct vtr_census *census, const struct vtr_pageblock *pb)
{
    uint32_t fresh = __atomic_load_n(&pb->fresh, __ATOMIC_ACQUIRE); /* A4 */
    for (uint32_t i = 0; i < fresh; i++)
        census_block(census, &pb->records[i], pb->head.block_bytes, pb->own_bit);
    census->blocks += pb->blocks;
}

static void count_segments(struct vtr_heap *heap, struct vtr_heap_stat *out)
{
    out->max_bytes = heap->segments_max * VTR_SEGMENT_BYTES;
    out->segment_bytes = heap->segments_n * VTR_SEGMENT_BYTES;
    for (unsigned k = 0; k < heap->segments_n; k++) {
        if (heap->segments[k].pages == VTR_PAGES_HUGETLB)
            out->hugetlb_bytes += VTR_SEGMENT_BYTES;
        if (heap->segments[k].pages == VTR_PAGES_THP)
            out->thp_bytes += VTR_SEGMENT_BYTES;
    }
}

static void count_pageblock(struct vtr_heap_stat *out, const struct vtr_pageblock *pb)
{
    struct vtr_census t = { .blocks = 0 };
    out->pageblock_bytes += pb->head.klass != VTR_CLASS_NONE ? VTR_PAGEBLOCK_BYTES : 0;
    if (!vtr_pageblock_has_blocks(pb))
        return;
    vtr_census_add(&t, pb);
    out->live_blocks += t.live;
    out->live_bytes += t.live_bytes;
    out->visible_bytes += t.visible_bytes;
    out->fair_bytes += t.fair_bytes;
    out->unique_bytes += t.unique_bytes;
    out->cached_blocks += t.cached;
    out->cached_bytes += t.cached * pb->head.block_bytes;
    if (pb->head.klass == VTR_CLASS_LARGE) {
        out->large_blocks += t.live;
        out->large_bytes += t.live_bytes;
    }
}

/* O: statistics, all of them. */
static void read_counters(struct vtr_heap *heap, struct vtr_heap_stat *out)
{
    vtr_foreigners_count(heap, &out->adopted_blocks, &out->adopted_bytes);
    out->charged_bytes = __atomic_load_n(&heap->charged, __ATOMIC_RELAXED);
    out->quota_bytes = heap->quota != UINT64_MAX ? heap->quota : 0;
    out->failed_limit = __atomic_load_n(&heap->failed_limit, __ATOMIC_RELAXED);
    out->failed_quota = __atomic_load_n(&heap->failed_quota, __ATOMIC_RELAXED);
    out->keep_refs = __atomic_load_n(&heap->keep_refs, __ATOMIC_RELAXED);
    out->keep_copies = __atomic_load_n(&heap->keep_copies, __ATOMIC_RELAXED);
    out->keep_bytes = __atomic_load_n(&heap->keep_bytes, __ATOMIC_RELAXED);
    out->keep_saved = __atomic_load_n(&heap->keep_saved, __ATOMIC_RELAXED);
}

void vtr_heap_stat(struct vtr_heap *heap, struct vtr_heap_stat *out)
{
    struct vtr_heap_stat s = { .size = out->size };
    vtr_check(out->size >= sizeof out->size && out->size <= sizeof(struct vtr_heap_stat));
    pthread_mutex_lock(&heap->lock); /* no pageblock changes its class meanwhile */
    count_segments(heap, &s);
    for (unsigned i = 0; i < heap->segments_n * VTR_SEGMENT_PAGEBLOCKS; i++)
        count_pageblock(&s, vtr_pageblock_at(heap, i));
    pthread_mutex_unlock(&heap->lock);
    read_counters(heap, &s);
    memcpy(out, &s, s.size);
}

int vtr_heap_class_stat(struct vtr_heap *heap, unsigned klass, struct vtr_heap_class_stat *out)
{
    struct vtr_heap_class_stat s = { .size = out->size };
    struct vtr_census t = { .blocks = 0 };
    vtr_check(out->size >= sizeof out->size && out->size <= sizeof(struct vtr_heap_class_stat));
    if (klass >= VTR_CLASSES)
        return -EINVAL;
    pthread_mutex_lock(&heap->lock);
    for (unsigned i = 0; i < heap->segments_n * VTR_SEGMENT_PAGEBLOCKS; i++) {
        const struct vtr_pageblock *pb = vtr_pageblock_at(heap, i);
        if (pb->head.klass != klass)
            continue;
        s.pageblocks++;
        vtr_census_add(&t, pb);
    }
    pthread_mutex_unlock(&heap->lock);
    s.bytes = vtr_class_bytes_(klass);
    s.blocks = t.blocks;
    s.live = t.live;
    s.cached = t.cached;
    s.other = t.other;
    s.free = t.blocks - t.live - t.cached - t.other;
    memcpy(out, &s, s.size);
    return 0;
}
