/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The mbufs that show a packet: one, or a chain of them where it has segments.
 * Owner: the send rack that they are of. Threads: the queue's caller.
 */
#ifndef VITRINE_PORT_CHAIN_H
#define VITRINE_PORT_CHAIN_H

#include <string.h>
#include <rte_mempool.h>

#include "port/ports.h"

/* Some fields at once. */
static inline void vtr_mbuf_put_(struct rte_mbuf *m, size_t at, uint64_t fields)
{
    memcpy((char *)m + at, &fields, sizeof fields);
}
enum { VTR_MBUF_DATA_OFF = offsetof(struct rte_mbuf, data_off) };
enum { VTR_MBUF_PACKET_TYPE = offsetof(struct rte_mbuf, packet_type) };
VTR_STATIC_ASSERT(offsetof(struct rte_mbuf, refcnt) == VTR_MBUF_DATA_OFF + 2 &&
                      offsetof(struct rte_mbuf, nb_segs) == VTR_MBUF_DATA_OFF + 4 &&
                      offsetof(struct rte_mbuf, port) == VTR_MBUF_DATA_OFF + 6,
                  "a word");
VTR_STATIC_ASSERT(offsetof(struct rte_mbuf, pkt_len) == VTR_MBUF_PACKET_TYPE + 4, "a word");

/** Shows bytes of one block. @param m  of a send rack; has the caller's count from here on. */
static inline void vtr_chain_fill_(struct rte_mbuf *m, uint64_t what, uint32_t off, uint32_t len)
{
    const struct vtr_record *rec = vtr_what_record_(what);
    if (VTR_UNLIKELY(rec->gen != (uint16_t)(what >> VTR_WHAT_GEN_SHIFT)))
        vtr_record_broken_(what, "tx");
    /* No room around the bytes, so that no driver thinks of writing there. Its fields in words: 10
     * stores took 4 cycles more. */
    m->buf_addr = (void *)(uintptr_t)(rec->base + off);
    m->buf_iova = (rte_iova_t)(uintptr_t)(rec->base + off);
    vtr_mbuf_put_(m, VTR_MBUF_DATA_OFF,
                  (uint64_t)1 << 16 | (uint64_t)1 << 32 | (uint64_t)RTE_MBUF_PORT_INVALID << 48);
    m->ol_flags = 0;
    vtr_mbuf_put_(m, VTR_MBUF_PACKET_TYPE, (uint64_t)len << 32);
    m->data_len = (uint16_t)len;
    m->buf_len = (uint16_t)len;
    vtr_mbuf_set_sent_(m, what);
}

/** Bare mbufs from beneath the cache. */
VTR_COLD void vtr_chain_descend_(struct vtr_rack *rack);

/** @return whether @p n mbufs can be had. */
static inline bool vtr_chain_has_(struct vtr_rack *rack, uint32_t n)
{
    uint32_t cached = rack->cache->len;
    return VTR_LIKELY(cached >= n) || rack->n >= n - cached || vtr_rack_refill_(rack, n - cached);
}

/** @return a bare mbuf. There is one: vtr_chain_has_(). */
static inline struct rte_mbuf *vtr_chain_pop_(struct vtr_rack *rack)
{
    struct rte_mempool_cache *cache = rack->cache;
    if (VTR_UNLIKELY(cache->len == 0))
        vtr_chain_descend_(rack);
    struct rte_mbuf *m = cache->objs[--cache->len];
    if (VTR_UNLIKELY(vtr_mbuf_sent_(m) != 0)) /* freed, but not in a burst to this queue */
        vtr_record_unref_(vtr_mbuf_sent_(m));
    return m;
}

/** @return how many mbufs show @p d. */
uint32_t vtr_chain_mbufs_(struct vtr_data d);

/**
 * A packet of several mbufs.
 * @param taken  filled: whether their counts were taken for them; else they are the packet's.
 * @return its head, or NULL: too many for the device, or the rack is empty.
 */
struct rte_mbuf *vtr_chain_load_(const struct vtr_port *port, struct vtr_rack *rack,
                                 struct vtr_data d, bool *taken);

#endif
