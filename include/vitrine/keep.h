/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * keep: holding data for long, and what that costs.
 * Owner: what is kept is the caller's, as any data. Threads: any.
 * Not here: sharing for a while, where nothing is gained by copying (data.h).
 *
 * A reference pins whole blocks, however little of them it shows: 20 bytes of a packet in a table
 * pin its 2 KiB. vtr_data_cost() tells who pins how much, vtr_data_keep() lets go of most of it.
 */
#ifndef VITRINE_KEEP_H
#define VITRINE_KEEP_H

#include <vitrine/base.h>
#include <vitrine/data.h>
#include <vitrine/heap.h>

VTR_BEGIN_DECLS

/**
 * The same bytes, to be held for long.
 *
 * Block by block: what @p d shows of a block is copied if the smallest block that holds a copy has
 * at most half of its size; else it is a reference. So what is kept pins less than twice the blocks
 * that its bytes need, and nothing is copied to win less than what the copy takes. All copies of
 * one call lie together. Blocks of a list that @p d does not show are not pinned. Adopted memory is
 * a block of the length it was adopted with; static data costs nothing and stays.
 *
 * @param heap  where copies go, and where they are counted (vtr_heap_stat); need not be that of
 *              @p d.
 * @param d     borrowed.
 * @param out   owned on success, untouched on failure; must not be @p d.
 * @return 0, -ENOMEM (the heap is at its limit), -EDQUOT (over its quota). After these the caller
 *         may hold vtr_data_ref() of @p d, which needs no memory, and pins it all.
 * Cost: one segment: a count, or an allocation and the copy. A list: some steps for each segment.
 */
VTR_API VTR_MUST_USE int vtr_data_keep(struct vtr_heap *heap, struct vtr_data d,
                                       struct vtr_data *out);

/** What some references hold. Blocks are counted whole; static data, lists' own memory and records
 * are not. */
struct vtr_data_cost {
    size_t size;            /**< sizeof(struct vtr_data_cost): the version of this struct */
    uint64_t visible_bytes; /**< sum of their lengths */
    uint64_t pinned_bytes;  /**< of the blocks that they keep, each once */
    uint64_t unique_bytes;  /**< of those that nobody else holds: free if all of them ended now */
    uint64_t fair_bytes;    /**< their share of the blocks: of each block its bytes, divided by the
                                 processes that hold it and the references of this one */
    uint64_t segments;      /**< contiguous runs of bytes */
    uint64_t blocks;        /**< that they keep */
};

/**
 * Who pins this memory? Fills *out, as far as out->size goes.
 * @param d    borrowed: d[0..n), each a reference of its own; empty ones are allowed.
 * @param out  out->size is set by the caller; untouched on failure.
 * @return 0, -ENOMEM (the system's).
 * Exact while no thread makes or ends references to these blocks; else each block is seen as it was
 * at some instant of the call. A list belongs to @p d as far as its references are among them.
 * Cost: some steps for each segment of each list; for people, tests and monitors.
 */
VTR_API VTR_COLD VTR_MUST_USE int vtr_data_cost(const struct vtr_data *d, unsigned n,
                                                struct vtr_data_cost *out);

#if defined VTR_DEBUG && !defined VTR_INSIDE_ /* debug.h: notes file and line */
#define vtr_data_keep(heap, ...) vtr_data_keep(VTR_HERE_(heap), __VA_ARGS__)
#endif

VTR_END_DECLS
#endif
