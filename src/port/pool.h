/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The mempool through which drivers see a rack: a handler of ours, "vitrine", under a cache of
 * DPDK's that lies in the rack.
 * Owner: the rack. Threads: drivers' calls, from any.
 */
#ifndef VITRINE_PORT_POOL_H
#define VITRINE_PORT_POOL_H

#include <rte_mempool.h>

#include "port/rack.h"

/** The handler's index. */
extern int vtr_pool_ops_;

/** Registers the handler and the mbuf field. Once a process, after EAL. */
int vtr_pool_register_(struct vtr_error *err);

/** @return a mempool of up to @p max mbufs, none of which is made yet, or NULL: no memory. */
struct rte_mempool *vtr_pool_create_(struct vtr_rack *rack, uint32_t max);

/* An mbuf behind the header that every object of a mempool has. */
enum {
    VTR_POOL_STRIDE = RTE_ALIGN_CEIL(sizeof(struct rte_mempool_objhdr), RTE_MEMPOOL_ALIGN) +
                      sizeof(struct rte_mbuf)
};

/** @return the rack of an mbuf, or NULL: it is none of ours. */
static inline struct vtr_rack *vtr_rack_of_(const struct rte_mbuf *m)
{
    return m->pool->ops_index == vtr_pool_ops_ ? (struct vtr_rack *)m->pool->pool_data : NULL;
}

#endif
