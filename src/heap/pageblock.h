/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Pageblocks: 2 MiB of a segment, cut into blocks of one class by one thread at a time. At the
 * limit of the heap another thread may take one over: its former owner notices when it cuts next.
 * Runs of whole pageblocks are large blocks (large.h).
 * Owner: the heap. Records 0..fresh) are in use by the class; 0..ever) have been by some class.
 * Threads: class changes under the heap's lock; cutting by the owning thread; claiming by any.
 *
 * The records of a pageblock without a class are IDLE. Whoever changes a record holds it BUSY.
 */
#ifndef VITRINE_HEAP_PAGEBLOCK_H
#define VITRINE_HEAP_PAGEBLOCK_H

#include "heap/heap.h"
#include "heap/layout.h"

struct vtr_pageblock {
    /* constant while one of its blocks is held: any thread that ends one reads it */
    struct vtr_pageblock_head head; /* first; its class under the heap's lock, while unowned */
    const uint8_t *read;
    struct vtr_record *records;
    uint64_t own_bit; /* the heap's */
    uint32_t index;   /* among all pageblocks of the heap */
    bool retiring;    /* under the heap's lock */

    __attribute__((aligned(64))) pthread_mutex_t lock; /* cutting against taking over; inside the
                                                          heap's lock */
    const struct vtr_cache *owner; /* written under both locks; NULL: no thread cuts it */
    uint32_t blocks;
    uint32_t fresh; /* atomic; written by the owning thread */
    uint32_t ever;  /* written by the owning thread */
#ifdef VTR_DEBUG
    bool poison_head, poison_tail; /* under the heap's lock: the end of a freed large block */
#endif
};
VTR_STATIC_ASSERT(sizeof(struct vtr_pageblock) <= VTR_PAGE_BYTES, "the first page of the area");
VTR_STATIC_ASSERT(offsetof(struct vtr_pageblock, head) == 0, "what vtr_pageblock_head_of() finds");

/** Describes the pageblocks of a segment that has just been mapped. Under the lock. */
void vtr_pageblocks_init(struct vtr_heap *heap, unsigned segment);

enum vtr_pageblock_effort {
    VTR_EFFORT_TAKE,   /* one half cut, a free one, or one of a new segment */
    VTR_EFFORT_RETIRE, /* an idle one, or another thread's that is idle or half cut */
};

/** Gives a class a pageblock to cut.
 * @return owned by @p cache, the calling thread's, or NULL. */
struct vtr_pageblock *vtr_pageblock_get(const struct vtr_cache *cache, unsigned klass,
                                        enum vtr_pageblock_effort effort);

/** The thread stops cutting it, if it still is its own. */
void vtr_pageblock_disown(struct vtr_pageblock *pb, const struct vtr_cache *cache, unsigned klass);

/** Cuts up to @p n new blocks, CACHED. @return how many; 0 also if it was taken over. */
uint32_t vtr_pageblock_cut(struct vtr_pageblock *pb, const struct vtr_cache *cache, unsigned klass,
                           struct vtr_record **rec, uint32_t n);

/** Looks through some pageblocks of a class for free blocks in nobody's hands, which become CACHED.
 * @return how many. */
uint32_t vtr_pageblock_sweep(struct vtr_heap *heap, unsigned klass, struct vtr_record **rec,
                             uint32_t n);

/** A run of @p n free pageblocks of one segment, without a class yet; retires idle ones and takes
 * a new segment for it. Under the heap's lock. @return the first, or NULL. */
struct vtr_pageblock *vtr_pageblock_run(struct vtr_heap *heap, unsigned n);

/** Under the heap's lock. @return false if the system has no memory for the holder words. */
bool vtr_pageblock_set(struct vtr_pageblock *pb, unsigned klass, uint32_t blocks,
                       uint32_t block_bytes);

/** Takes the class from it: all its records are IDLE. Under the heap's lock. */
void vtr_pageblock_clear(struct vtr_pageblock *pb);

/** Makes record @p i one of a block of the pageblock: BUSY, and the caller's. */
struct vtr_record *vtr_pageblock_record(struct vtr_pageblock *pb, uint32_t i);

/** @return pageblock @p i of the heap. */
struct vtr_pageblock *vtr_pageblock_at(struct vtr_heap *heap, unsigned i);

#endif
