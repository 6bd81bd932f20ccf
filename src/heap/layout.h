/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Where everything of a heap lies, so that an address alone leads from one part to the next.
 *
 *   segment k of 64 MiB      read view   | 32 pageblocks of 2 MiB
 *                            write view  | the same bytes
 *                            records     | 32 areas of 1 MiB: private, this process's counts
 *                            holders     | 32 areas of 1 MiB: shared, the holder words
 *
 * An area begins with a page of description; record i of a pageblock and its holder word have one
 * fixed place in their areas, whatever the class. Areas start at a power of two, so their contents
 * are skewed by 5 pages from one pageblock to the next: without that, block 0 of every pageblock
 * competes for one cache set (buffer pools with such strides lose a factor of 3 on cold counts).
 *
 * Owner: arithmetic only. Threads: any.
 */
#ifndef VITRINE_HEAP_LAYOUT_H
#define VITRINE_HEAP_LAYOUT_H

#include <vitrine/base.h>
#include <vitrine/inline/block.h>

#define VTR_SLOTS 32u /* processes and devices of a domain: strong bits 0..31, soft bits 32..63 */

#define VTR_SEGMENT_BYTES ((size_t)64 << 20)
#define VTR_PAGEBLOCK_BYTES ((size_t)2 << 20)
#define VTR_SEGMENT_PAGEBLOCKS 32u
#define VTR_BLOCK_MIN 64u
#define VTR_PAGEBLOCK_BLOCKS (VTR_PAGEBLOCK_BYTES / VTR_BLOCK_MIN)

#define VTR_CONTROL_BYTES (2 * VTR_AREAS_BYTES) /* records, then holders, of one segment */
#define VTR_PAGE_BYTES ((size_t)4096)

VTR_STATIC_ASSERT(VTR_AREAS_BYTES == VTR_AREA_BYTES * VTR_SEGMENT_PAGEBLOCKS, "an area each");

/* Fetches the two lines of a block's record and holder word to be written. Blocks that another core
 * had last come with both, one wait after the other, unless they are asked for ahead. */
static inline void vtr_block_prefetch(const struct vtr_record *rec)
{
#ifdef __x86_64__ /* the builtin is this instruction with -mprfchw only */
    __asm__ volatile("prefetchw %0" : : "m"(*rec));
    __asm__ volatile("prefetchw %0" : : "m"(*vtr_holders_of(rec)));
#else
    __builtin_prefetch(rec, 1);
    __builtin_prefetch(vtr_holders_of(rec), 1);
#endif
}

struct vtr_pageblock;

/* The description of a pageblock is the first page of its records' area. */
static inline struct vtr_pageblock *vtr_pageblock_of(const struct vtr_record *rec)
{
    return (struct vtr_pageblock *)((uintptr_t)rec & ~(VTR_AREA_BYTES - 1));
}

static inline size_t vtr_area_skew(unsigned pageblock)
{
    return VTR_PAGE_BYTES * (1 + pageblock * 5 % 123);
}
VTR_STATIC_ASSERT(VTR_PAGE_BYTES * 123 + VTR_HOLDERS_SKEW +
                          VTR_PAGEBLOCK_BLOCKS * sizeof(struct vtr_record) <=
                      VTR_AREA_BYTES,
                  "the smallest class fits its area at every skew");

#endif
