/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Counting the blocks of a pageblock, for statistics, reports, pictures and survivors.
 * Owner: nobody. Threads: any, under the heap's lock, so that no pageblock changes its class.
 */
#ifndef VITRINE_HEAP_STAT_H
#define VITRINE_HEAP_STAT_H

#include "heap/pageblock.h"

/** How the blocks of some pageblocks stand. live + cached + other <= blocks: the rest is free. */
struct vtr_census {
    uint64_t blocks, live, cached, other;
    uint64_t live_bytes, visible_bytes, fair_bytes, unique_bytes;
};

/** Adds the blocks of @p pb, which has a class or is a large block's first. */
void vtr_census_add(struct vtr_census *census, const struct vtr_pageblock *pb);

/** @return whether this process's handles hold the block. A header block that only its thread's
 * cache holds is the library's, not the program's. */
bool vtr_block_is_live(const struct vtr_record *rec, uint64_t own_bit);

/** @return whether the pageblock has blocks of its own: a class, or the first of a large one. */
static inline bool vtr_pageblock_has_blocks(const struct vtr_pageblock *pb)
{
    return pb->head.klass != VTR_CLASS_NONE && pb->head.klass != VTR_CLASS_REST;
}

#endif
