/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Blocks, for the floors above: data/ takes one at a time, port/ in bursts.
 * Owner: a block taken is held by one local count and open for writing (its generation is odd).
 * Threads: any; of a heap declared single-threaded, its one.
 * Not here: how pageblocks give blocks (pageblock.h), how freed ones are cached (magazine.h).
 */
#ifndef VITRINE_HEAP_BLOCK_H
#define VITRINE_HEAP_BLOCK_H

#include <vitrine/base.h>
#include <vitrine/heap.h>
#include <vitrine/inline/block.h>

#include "base/system.h"
#include "heap/class.h"
#include "heap/large.h"
#include "heap/magazine.h"
#include "heap/pageblock.h"
#include "heap/place.h"
#include "heap/poison.h"

/** @return the smallest class whose blocks hold @p bytes, or -1: that is a large block. */
VTR_API int vtr_class_for_(size_t bytes);
/** @return bytes of a block of the class. */
VTR_API uint32_t vtr_class_bytes_(unsigned klass);

/**
 * Takes up to @p n open blocks of a class, each with one count.
 * @param recs  recs[0..@return) owned.
 * @return 0..n; less than n means that vtr_block_refused_() says why.
 */
VTR_API unsigned vtr_block_take_(struct vtr_heap *heap, unsigned klass, struct vtr_record **recs,
                                 unsigned n);

/** @return why the calling thread was refused a block last: -EDQUOT or -ENOMEM. */
VTR_API VTR_COLD int vtr_block_refused_(struct vtr_heap *heap);

/** vtr_block_open_() of one that was free. */
static inline void vtr_block_taken(struct vtr_record *rec, uint64_t own)
{
    vtr_unpoison_(rec);
    vtr_block_open_(rec, own);
    vtr_place_made_(rec);
}

/** Takes one open block of whatever class holds @p bytes, also a large one. @return NULL: as
 * vtr_block_take_(). */
struct vtr_record *vtr_block_take_for(struct vtr_heap *heap, size_t bytes);

/** @return bytes of the block. */
static inline uint32_t vtr_block_bytes_(const struct vtr_record *rec)
{
    return vtr_pageblock_head_of(rec)->block_bytes;
}

/** Says that others than handles will name the block from now on: a weak or soft reference, or
 * another process. The caller holds a handle. */
VTR_API void vtr_block_share_(struct vtr_record *rec);

/** One more handle of what a weak reference or a message names. @return false: it is gone. */
VTR_API bool vtr_block_upgrade_(uint64_t what, uint64_t gen);

/** The last handle of this process is gone (its count is BUSY): clears the process's bit. */
VTR_API void vtr_block_release_(struct vtr_record *rec);

/** The block is free, and about to go where free ones are. The record is the caller's alone: BUSY,
 * or not SHARED. */
static inline void vtr_block_freed(struct vtr_record *rec)
{
    rec->gen |= 1; /* handles that are left over are seen to be stale from here on */
    vtr_place_ended_(rec);
    vtr_poison_(rec);
    __atomic_store_n(&rec->count, VTR_COUNT_CACHED, __ATOMIC_RELEASE); /* R3 */
}

/** Into the thread's magazine with it. */
static inline void vtr_block_recycle(struct vtr_pageblock *pb, struct vtr_record *rec)
{
    vtr_block_freed(rec);
    if (VTR_LIKELY(pb->head.klass < VTR_CLASSES))
        vtr_cache_keep(pb->head.heap, pb->head.klass, rec);
    else
        vtr_large_give(pb);
}

/** The same when nothing else can name the block: vtr_record_last_() said so. */
static inline void vtr_block_end(struct vtr_record *rec)
{
    /* R6. A store, since no other process has its bit here: 2 locked instructions less. */
    __atomic_store_n(&vtr_holders_of(rec)->word, 0, __ATOMIC_RELEASE);
    vtr_block_recycle(vtr_pageblock_of(rec), rec);
}

/** vtr_block_end() of recs[0..n), at most VTR_BATCH_MAX. @param recs  undefined afterwards. */
void vtr_blocks_end(struct vtr_record **recs, unsigned n);

#endif
