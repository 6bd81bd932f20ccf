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
#include <vitrine/inline/record.h>

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

/** Takes one open block of whatever class holds @p bytes. @return NULL likewise. */
VTR_API struct vtr_record *vtr_block_take_for_(struct vtr_heap *heap, size_t bytes);

/** @return why a block of @p bytes was just refused: -EDQUOT or -ENOMEM. */
VTR_API VTR_COLD int vtr_block_refused_(struct vtr_heap *heap, size_t bytes);

/** @return the block's first byte in the writable view. Only for a block that is open. */
static inline uint8_t *vtr_block_writable_(const struct vtr_record *rec)
{
    return (uint8_t *)(uintptr_t)rec->base + vtr_pageblock_of(rec)->to_write;
}

/** @return bytes of the block. */
static inline uint32_t vtr_block_bytes_(const struct vtr_record *rec)
{
    return vtr_pageblock_of(rec)->block_bytes;
}

/** Open to immutable, @p len bytes of it written. The caller's count goes on.
 * @return the `what` of a handle to it. */
static inline uint64_t vtr_block_seal_(struct vtr_record *rec, uint32_t len)
{
    struct vtr_holders *h = vtr_holders_of(rec);
    /* O: a statistic */
    __atomic_store_n(&rec->fill, (uint8_t)(len * vtr_pageblock_of(rec)->fill_scale >> 32),
                     __ATOMIC_RELAXED);
    /* R7: the bytes are there before they are immutable; A7: a receiver reads the generation. */
    __atomic_store_n(&h->gen, h->gen + 1, __ATOMIC_RELEASE);
    return vtr_what_(rec, 0);
}

/** Immutable to open, if the caller's is the only count of the only holder. @return whether. */
VTR_API bool vtr_block_reopen_(struct vtr_record *rec);

/** Says that others than handles will name the block from now on: a weak or soft reference, or
 * another process. The caller holds a handle. */
VTR_API void vtr_block_share_(struct vtr_record *rec);

/** One more handle of what a weak reference or a message names. @return false: it is gone. */
VTR_API bool vtr_block_upgrade_(uint64_t what, uint64_t gen);

/** The last handle of this process is gone (its count is BUSY): clears the process's bit. */
VTR_API void vtr_block_release_(struct vtr_record *rec);

/** The same when nothing else can name the block: vtr_record_last_() said so. */
VTR_API void vtr_block_end_(struct vtr_record *rec);

#endif
