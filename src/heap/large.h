/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Large blocks: runs of whole pageblocks of one segment, since others map it segment by segment.
 * Its record is the first of its first pageblock.
 * Owner: a block taken is the caller's, one count. Threads: any; takes the heap's lock.
 */
#ifndef VITRINE_HEAP_LARGE_H
#define VITRINE_HEAP_LARGE_H

#include "heap/pageblock.h"

/** @return bytes of the block that holds @p bytes; more than a segment if none does. */
uint64_t vtr_large_bytes(size_t bytes);

/** Takes a block: its word is zero, its record BUSY. @return 0, -EDQUOT or -ENOMEM. */
int vtr_large_take(struct vtr_heap *heap, size_t bytes, struct vtr_record **out);

/** Gives its pageblocks back. Its word is zero, and its record the caller's alone. */
void vtr_large_give(struct vtr_pageblock *pb);

#endif
