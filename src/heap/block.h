/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Blocks, for the floors above: data/ takes one at a time, port/ in bursts.
 * Owner: a block taken is held by one local count and open for writing (its generation is odd).
 * Threads: any.
 * Not here: how pageblocks give blocks (pageblock.h), how freed ones are cached (magazine.h).
 */
#ifndef VITRINE_HEAP_BLOCK_H
#define VITRINE_HEAP_BLOCK_H

#include <vitrine/base.h>
#include <vitrine/heap.h>
#include <vitrine/inline/record.h>

/** @return the smallest class whose blocks hold @p bytes, or -1. */
VTR_API int vtr_class_for_(size_t bytes);
/** @return bytes of a block of the class. */
VTR_API uint32_t vtr_class_bytes_(unsigned klass);

/**
 * Takes up to @p n open blocks of a class, each with one count.
 * @param recs  recs[0..@return) owned.
 * @return 0..n; less than n means the heap is at its limit.
 */
VTR_API unsigned vtr_block_take_(struct vtr_heap *heap, unsigned klass, struct vtr_record **recs,
                                 unsigned n);

/** @return the block's first byte in the writable view. Only for a block that is open. */
VTR_API uint8_t *vtr_block_writable_(const struct vtr_record *rec);

/** Open to immutable. The caller's count goes on. @return the `what` of a handle to it. */
VTR_API uint64_t vtr_block_seal_(struct vtr_record *rec);

/** Immutable to open, if the caller's is the only count of the only holder. @return whether. */
VTR_API bool vtr_block_reopen_(struct vtr_record *rec);

/** The last handle of this process is gone (its count is BUSY): clears the process's bit. */
VTR_API void vtr_block_release_(struct vtr_record *rec);

/** One count less, open or immutable. */
static inline void vtr_block_unref_(struct vtr_record *rec)
{
    /* R1 */
    if (__atomic_sub_fetch(&rec->count, 1, __ATOMIC_RELEASE) == VTR_COUNT_BUSY)
        vtr_block_release_(rec);
}

#endif
