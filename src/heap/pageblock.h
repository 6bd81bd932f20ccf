/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Pageblocks: 2 MiB of a segment, cut into blocks of one class by one thread at a time.
 * Owner: the heap. Records 0..fresh) are in use by the class; 0..ever) have been by some class.
 * Threads: class changes under the heap's lock; cutting by the owning thread; claiming by any.
 *
 * A record of a pageblock without a class is IDLE and of VTR_CLASS_NONE, so that stale hints at it
 * fail. Whoever changes a record holds it BUSY.
 */
#ifndef VITRINE_HEAP_PAGEBLOCK_H
#define VITRINE_HEAP_PAGEBLOCK_H

#include "heap/heap.h"
#include "heap/layout.h"

struct vtr_pageblock {
    struct vtr_heap *heap;
    const uint8_t *read;
    ptrdiff_t to_write; /* from the read view to the writable one */
    struct vtr_record *records;
    uint64_t own_bit; /* the heap's */
    uint32_t index;   /* among all pageblocks of the heap */
    uint32_t block_bytes;
    uint32_t blocks;
    uint32_t fresh; /* atomic; written by the owning thread */
    uint32_t ever;  /* written by the owning thread or under the lock */
    bool owned;     /* under the lock: some thread cuts it */
    uint8_t klass;  /* under the lock; VTR_CLASS_NONE: free */
};
VTR_STATIC_ASSERT(sizeof(struct vtr_pageblock) <= VTR_PAGE_BYTES, "the first page of the area");

/** Describes the pageblocks of a segment that has just been mapped. Under the lock. */
void vtr_pageblocks_init(struct vtr_heap *heap, unsigned segment);

/** Gives a class a pageblock to cut: one half cut, a free one, or one of a new segment.
 * @return owned by the calling thread, or NULL: the heap is at its limit. */
struct vtr_pageblock *vtr_pageblock_get(struct vtr_heap *heap, unsigned klass);

/** The thread stops cutting it. */
void vtr_pageblock_disown(struct vtr_pageblock *pb);

/** Cuts up to @p n new blocks. @return how many hints were written. */
uint32_t vtr_pageblock_cut(struct vtr_pageblock *pb, struct vtr_record **rec, uint32_t n);

/** Looks through some pageblocks of a class for blocks that no hint knew. @return hints written. */
uint32_t vtr_pageblock_sweep(struct vtr_heap *heap, unsigned klass, struct vtr_record **rec,
                             uint32_t n);

/** @return pageblock @p i of the heap. */
struct vtr_pageblock *vtr_pageblock_at(struct vtr_heap *heap, unsigned i);

#endif
