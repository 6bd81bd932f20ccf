/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Pageblocks: 2 MiB of a segment, cut into blocks of one class by one thread at a time. At the
 * limit of the heap another thread may take one over: its former owner notices when it cuts next.
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
    pthread_mutex_t lock; /* cutting against taking over; inside the heap's lock */
    const struct vtr_cache *owner; /* written under both locks; NULL: no thread cuts it */
    struct vtr_heap *heap;
    const uint8_t *read;
    ptrdiff_t to_write; /* from the read view to the writable one */
    struct vtr_record *records;
    uint64_t own_bit; /* the heap's */
    uint32_t index;   /* among all pageblocks of the heap */
    uint32_t block_bytes;
    uint32_t blocks;
    uint32_t fresh; /* atomic; written by the owning thread */
    uint32_t ever;  /* written by the owning thread */
    uint8_t klass;  /* under the heap's lock, while unowned; VTR_CLASS_NONE: free */
};
VTR_STATIC_ASSERT(sizeof(struct vtr_pageblock) <= VTR_PAGE_BYTES, "the first page of the area");

/** Describes the pageblocks of a segment that has just been mapped. Under the lock. */
void vtr_pageblocks_init(struct vtr_heap *heap, unsigned segment);

/** Gives a class a pageblock to cut: one half cut, a free one, one of a new segment, an idle one,
 * or another thread's that is idle or half cut.
 * @return owned by @p cache, the calling thread's, or NULL: the heap is at its limit. */
struct vtr_pageblock *vtr_pageblock_get(const struct vtr_cache *cache, unsigned klass);

/** The thread stops cutting it, if it still is its own. */
void vtr_pageblock_disown(struct vtr_pageblock *pb, const struct vtr_cache *cache, unsigned klass);

/** Cuts up to @p n new blocks. @return how many hints were written; 0 also if it was taken over. */
uint32_t vtr_pageblock_cut(struct vtr_pageblock *pb, const struct vtr_cache *cache, unsigned klass,
                           struct vtr_record **rec, uint32_t n);

/** Looks through some pageblocks of a class for blocks that no hint knew. @return hints written. */
uint32_t vtr_pageblock_sweep(struct vtr_heap *heap, unsigned klass, struct vtr_record **rec,
                             uint32_t n);

/** @return pageblock @p i of the heap. */
struct vtr_pageblock *vtr_pageblock_at(struct vtr_heap *heap, unsigned i);

#endif
