/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What a heap holds, for people and monitors. Read from the holder words, so it cannot drift.
 */
#include <stdio.h>
#include <string.h>

#include "heap/heap.h"
#include "heap/pageblock.h"

const char *vtr_pages_name(enum vtr_pages pages)
{
    static const char *const names[] = { "any pages", "reserved huge pages",
                                         "transparent huge pages", "4 KiB pages" };
    return names[pages];
}

/* A header block that only its thread's cache holds is the library's, not the program's. Both are
 * looked at together: looked for among the caches afterwards, it may be one not counted before. */
static bool block_is_live(struct vtr_record *rec, uint64_t own)
{
    return (__atomic_load_n(&vtr_holders_of(rec)->word, __ATOMIC_RELAXED) & own) != 0 &&
           !((vtr_record_flags_(rec) & VTR_RECORD_CARVED) != 0 &&
             __atomic_load_n(&rec->count, __ATOMIC_RELAXED) ==
                 __atomic_load_n(&rec->fill, __ATOMIC_RELAXED));
}

static void pageblock_stat(struct vtr_pageblock *pb, struct vtr_heap_stat *out)
{
    uint32_t fresh = __atomic_load_n(&pb->fresh, __ATOMIC_ACQUIRE); /* A4 */
    for (uint32_t i = 0; i < fresh; i++) {
        if (!block_is_live(&pb->records[i], pb->own_bit))
            continue;
        out->live_blocks++;
        out->live_bytes += pb->extent.block_bytes;
    }
    out->pageblock_bytes += VTR_PAGEBLOCK_BYTES;
}

void vtr_heap_stat(struct vtr_heap *heap, struct vtr_heap_stat *out)
{
    memset(out, 0, sizeof *out);
    pthread_mutex_lock(&heap->lock); /* no pageblock changes its class meanwhile */
    out->max_bytes = heap->segments_max * VTR_SEGMENT_BYTES;
    out->segment_bytes = heap->segments_n * VTR_SEGMENT_BYTES;
    for (unsigned k = 0; k < heap->segments_n; k++) {
        if (heap->segments[k].pages == VTR_PAGES_HUGETLB)
            out->hugetlb_bytes += VTR_SEGMENT_BYTES;
        if (heap->segments[k].pages == VTR_PAGES_THP)
            out->thp_bytes += VTR_SEGMENT_BYTES;
    }
    for (unsigned i = 0; i < heap->segments_n * VTR_SEGMENT_PAGEBLOCKS; i++) {
        struct vtr_pageblock *pb = vtr_pageblock_at(heap, i);
        if (pb->klass != VTR_CLASS_NONE)
            pageblock_stat(pb, out);
    }
    pthread_mutex_unlock(&heap->lock);
    out->failed = __atomic_load_n(&heap->failed, __ATOMIC_RELAXED);
    vtr_foreigners_count(heap, &out->adopted_blocks, &out->adopted_bytes);
    out->keep_refs = __atomic_load_n(&heap->keep_refs, __ATOMIC_RELAXED);
    out->keep_copies = __atomic_load_n(&heap->keep_copies, __ATOMIC_RELAXED);
    out->keep_bytes = __atomic_load_n(&heap->keep_bytes, __ATOMIC_RELAXED);
    out->keep_saved = __atomic_load_n(&heap->keep_saved, __ATOMIC_RELAXED);
}

static const char *why_not_better(struct vtr_heap *heap)
{
    pthread_mutex_lock(&heap->lock);
    enum vtr_pages best_not = heap->segments[heap->segments_n - 1].best_not;
    enum vtr_pages pages = heap->segments[heap->segments_n - 1].pages;
    pthread_mutex_unlock(&heap->lock);
    if (best_not == VTR_PAGES_AUTO)
        return "";
    if (pages == VTR_PAGES_THP)
        return " (no reserved huge pages; vm.nr_hugepages gives them)";
    return " (no reserved huge pages, and shmem_enabled does not allow transparent ones)";
}

int vtr_heap_report(struct vtr_heap *heap, char *text, size_t size)
{
    struct vtr_heap_stat s;
    vtr_heap_stat(heap, &s);
    uint64_t small = s.segment_bytes - s.hugetlb_bytes - s.thp_bytes;
    return snprintf(text, size,
                    "heap '%s': %llu of at most %llu MiB taken: %llu reserved huge, %llu "
                    "transparent huge, %llu on 4 KiB pages%s; %llu blocks hold %llu KiB; %llu "
                    "allocations refused",
                    heap->name, (unsigned long long)(s.segment_bytes >> 20),
                    (unsigned long long)(s.max_bytes >> 20),
                    (unsigned long long)(s.hugetlb_bytes >> 20),
                    (unsigned long long)(s.thp_bytes >> 20), (unsigned long long)(small >> 20),
                    why_not_better(heap), (unsigned long long)s.live_blocks,
                    (unsigned long long)(s.live_bytes >> 10), (unsigned long long)s.failed);
}
