/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * stand: what the operations work on, made once: heaps, blocks, ports, mbufs, a second thread.
 * Owner: the storage is the caller's. Threads: the one that opened it; the ways of a row that has
 * a peer each touch a field of their own.
 */
#ifndef CORE_STAND_H
#define CORE_STAND_H

#include <vitrine/base.h>
#include <vitrine/data.h>
#include <vitrine/port.h>

#include "core/row.h"

struct mbufs;
struct ring;
struct second;

struct stand {
    struct vtr_heap *heap;    /* for any number of threads */
    struct vtr_heap *heap_st; /* declared single-threaded */
    struct vtr_port *port, *port_st;
    struct mbufs *mbufs;
    struct ring *ring;
    struct second *second; /* NULL: there is one CPU only */

    uint8_t bytes[CORE_BLOCK]; /* what everything is filled with */
    struct vtr_data whole, half[2], payload, straddle, bulk[CORE_BULK];
    struct vtr_data whole_st, half_st[2], payload_st; /* of heap_st */

    /* One random order for all of them: our references, and our bytes for who copies them. */
    struct vtr_data *cold;
    const uint8_t **cold_bytes;

    unsigned burst; /* packets of an echo at once */
    __attribute__((aligned(128))) int count;
};

enum { STAND_STRADDLE = CORE_HALF - 10 }; /* where a header lies in two segments */
enum { STAND_VIEW = 14 };                 /* and where in one */
enum { STAND_STIR = 64 };

/** @return byte @p i of whatever is filled: of ours, and of mbufs. */
static inline uint8_t stand_byte(unsigned i) { return (uint8_t)(7 * i + 1); }

/** @param cpu the second thread's; -1: there is none. @return 0 or a negative errno. */
VTR_MUST_USE int stand_open(int cpu, struct stand *s, struct vtr_error *err);

/** @return 0, or -EBUSY: something is still referenced. */
VTR_MUST_USE int stand_close(struct stand *s, struct vtr_error *err);

/**
 * Makes other blocks, and other mbufs, the next ones to be had: an operation takes the same one
 * again and again, and how that lies to others is to be in the spread, not settled once for a run.
 * @param round  how often that was done already.
 */
void stand_stir(struct stand *s, unsigned round);

/** What is taken of heaps and pools: it must be the same before and after a row. */
struct stand_balance {
    uint64_t blocks, blocks_st, mbufs;
    int count;
};
struct stand_balance stand_balance(const struct stand *s);

#endif
