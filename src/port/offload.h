/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What packets ask for and the device does not do, done by software: checksums, tags, cutting TCP
 * segments. Headers are copied and changed there; payload goes along by reference.
 * Threads: the queue's caller.
 */
#ifndef VITRINE_PORT_OFFLOAD_H
#define VITRINE_PORT_OFFLOAD_H

#include "port/ports.h"

enum {
    VTR_PKT_TX_SUMS = VTR_PKT_TX_IP_SUM | VTR_PKT_TX_TCP_SUM | VTR_PKT_TX_UDP_SUM,
    VTR_PKT_TX_ANY = VTR_PKT_TX_SUMS | VTR_PKT_TX_CUT | VTR_PKT_TX_VLAN,
};

/* The headers of a packet, checked as far as its requests need them. */
struct vtr_heads {
    uint16_t l2, l3, l4, len; /* bytes; l4 is 0 unless it has to be known */
    bool v6;
    uint32_t l4_len; /* of the TCP or UDP header and what follows it */
    uint8_t bytes[4 + 127 + 255 + 60];
};

/** @return false: they cannot be what the flags say. */
bool vtr_heads_read_(const struct vtr_pkt *pkt, struct vtr_heads *h);

/** Whether the packet is to be cut here. */
static inline bool vtr_offload_cuts_(const struct vtr_port *port, uint32_t flags)
{
    return (flags & ~port->tx_flags & VTR_PKT_TX_CUT) != 0;
}

/**
 * Does what @p pkt asks for and the device does not, but for cutting. It is the same frame then,
 * in other headers and with fewer requests.
 * @return NULL, or the counter of why not, and nothing is changed.
 */
uint64_t *vtr_offload_finish_(const struct vtr_port *port, struct vtr_txq *q, struct vtr_pkt *pkt);

/**
 * Makes the next frames of a segment.
 * @param h     its headers, with its tag unless the device does that.
 * @param from  bytes of payload that are done.
 * @param out   out[0..@return) owned.
 * @return as many as it has left, at most @p n; fewer if the heap is at its limit.
 */
unsigned vtr_offload_cut_(const struct vtr_port *port, const struct vtr_heads *h,
                          const struct vtr_pkt *pkt, uint32_t from, struct vtr_pkt *out,
                          unsigned n);

/** Drops the first @p from bytes of payload from a segment to be cut. @return false: no memory. */
bool vtr_offload_advance_(const struct vtr_port *port, struct vtr_pkt *pkt, uint32_t from);

/** Puts a tag behind the MAC addresses. */
void vtr_heads_tag_(struct vtr_heads *h, uint16_t tag);

/** Tells the device what it is to do. @param m  the head of the packet, which has good headers. */
void vtr_offload_request_(struct rte_mbuf *m, const struct vtr_pkt *pkt);

/** Copies a packet's data into one block. @return NULL, or the counter of why not. */
uint64_t *vtr_offload_gather_(const struct vtr_port *port, struct vtr_txq *q, struct vtr_pkt *pkt);

#endif
