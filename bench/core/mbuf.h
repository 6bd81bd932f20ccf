/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The same on plain mbufs: a pool set up to win (packed, on huge pages where there are any, a cache
 * of 512 that each thread really has), and each operation as DPDK's interface has it.
 * Owner: mbufs_close() ends it. DPDK's environment runs already: a port was opened.
 * Threads: each enters before it does anything else here.
 * Not here: DPDK's types; bench/core/mbuf*.c alone of all benchmarks includes its headers.
 */
#ifndef CORE_MBUF_H
#define CORE_MBUF_H

#include <vitrine/base.h>

#include "core/row.h"

struct mbufs;

/** @param order a permutation of CORE_COLD. @return 0 or a negative errno. */
VTR_MUST_USE int mbufs_open(const uint32_t *order, struct mbufs **out, struct vtr_error *err);

/** NULL is allowed. */
void mbufs_close(struct mbufs *m);

/** Gives the calling thread a cache of the pool. @return 0 or a negative errno. */
VTR_MUST_USE int mbufs_enter(void);
void mbufs_leave(void);

/** @return how many mbufs are neither in the pool nor in a cache. */
unsigned mbufs_taken(const struct mbufs *m);

/** @return whether the calling thread's cache holds anything: it has been in use. */
bool mbufs_cached(const struct mbufs *m);

/** Of @p n mbufs, at most STAND_STIR, makes the last one the next to be had by this thread. */
void mbufs_stir(struct mbufs *m, unsigned n);

/** Packets of an echo at once, 1 to 64. */
void mbufs_burst(struct mbufs *m, unsigned burst);

WAYS mbuf_alloc_free, mbuf_alloc_free_bulk, mbuf_ref, mbuf_slice, mbuf_ref_cold;
WAYS mbuf_slice_cold, mbuf_concat, mbuf_prepend, mbuf_echo;
WAYS mbuf_view, mbuf_view_next, mbuf_view_straddle, mbuf_mix, mbuf_allocate_away;
WAYS mbuf_free_here, mbuf_copy_64, mbuf_copy_512, mbuf_copy_2048;

#endif
