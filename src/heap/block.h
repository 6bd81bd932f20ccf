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

/** @return why a block of @p bytes was just refused: -EDQUOT or -ENOMEM. */
VTR_API VTR_COLD int vtr_block_refused_(struct vtr_heap *heap, size_t bytes);

/** Opens a block whose record is the caller's alone and whose word is zero. Plain stores: nobody
 * else changes the record of a CACHED block, and an upgrade leaves a word of zero alone. */
static inline void vtr_block_open(struct vtr_record *rec, uint64_t own)
{
    struct vtr_holders *h = vtr_holders_of(rec);
    uint64_t gen = (h->gen + 1) | 1;
    rec->gen = (uint16_t)(gen + 1); /* what handles carry: the generation it will be sealed with */
    /* R5: the new generation is seen before the holder; A5 is an upgrade's second look at it. */
    __atomic_store_n(&h->gen, gen, __ATOMIC_RELEASE);
    __atomic_store_n(&h->word, own, __ATOMIC_RELEASE);
    /* R3 */
    __atomic_store_n(&rec->count, 1, __ATOMIC_RELEASE);
}

/** vtr_block_take() when the thread's magazine has none, or the block is large. */
VTR_COLD struct vtr_record *vtr_block_take_slow(struct vtr_heap *heap, size_t bytes);

/** Takes one open block of whatever class holds @p bytes. @return NULL: as vtr_block_take_(). */
static inline struct vtr_record *vtr_block_take(struct vtr_heap *heap, size_t bytes)
{
    struct vtr_record *rec = NULL;
    if (VTR_UNLIKELY(vtr_fault_(VTR_FAULT_BLOCK) != 0))
        return NULL;
    if (VTR_LIKELY(bytes <= VTR_CLASS_LINES_BYTES))
        rec = vtr_cache_pop_one(heap, vtr_class_of_lines(bytes));
    if (VTR_UNLIKELY(rec == NULL))
        return vtr_block_take_slow(heap, bytes);
    vtr_block_open(rec, heap->own_bit);
    return rec;
}

/** @return bytes of the block. */
static inline uint32_t vtr_block_bytes_(const struct vtr_record *rec)
{
    return vtr_extent_of(rec)->block_bytes;
}

/** Says that others than handles will name the block from now on: a weak or soft reference, or
 * another process. The caller holds a handle. */
VTR_API void vtr_block_share_(struct vtr_record *rec);

/** One more handle of what a weak reference or a message names. @return false: it is gone. */
VTR_API bool vtr_block_upgrade_(uint64_t what, uint64_t gen);

/** The last handle of this process is gone (its count is BUSY): clears the process's bit. */
VTR_API void vtr_block_release_(struct vtr_record *rec);

/** Free: into the thread's magazine. The record is the caller's alone: BUSY, or not SHARED. */
static inline void vtr_block_recycle(struct vtr_pageblock *pb, struct vtr_record *rec)
{
    rec->gen |= 1; /* handles that are left over are seen to be stale from here on */
    if (VTR_UNLIKELY(pb->klass >= VTR_CLASSES)) {
        vtr_large_give(pb);
        return;
    }
    __atomic_store_n(&rec->count, VTR_COUNT_CACHED, __ATOMIC_RELEASE); /* R3 */
    vtr_cache_keep(pb->heap, pb->klass, rec);
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
