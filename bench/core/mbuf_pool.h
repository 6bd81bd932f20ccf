/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What the plain mbufs' rows work on. Private to mbuf*.c. Owner, threads: mbuf.h.
 */
#ifndef CORE_MBUF_POOL_H
#define CORE_MBUF_POOL_H

#include <rte_mbuf.h>

#include "core/mbuf.h"
#include "core/stand.h"

struct mbufs {
    struct rte_mempool *pool;
    void *memory; /* of the pool's objects */
    size_t memory_bytes;
    struct rte_mbuf *whole, *half[2], *payload, *straddle;
    struct rte_mbuf **cold;
    uint16_t port; /* net_null */
    unsigned burst;
};

/** Makes a net_null device of its own over the pool. @return 0 or a negative errno. */
int mbufs_null_open(struct mbufs *m);
void mbufs_null_close(struct mbufs *m);

#endif
