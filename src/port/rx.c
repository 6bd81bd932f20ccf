/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Receiving: the block leaves the mbuf and becomes data, the mbuf goes back bare.
 *
 * An mbuf of the queue's own rack was filled by the driver, into an open block that is sealed here.
 * One of another rack was sent by a port of this process (a ring): its block is immutable already,
 * and its count moves over.
 */
#include "port/capture.h"

#include <rte_ether.h>
#include <rte_prefetch.h>

#include "base/memory.h"
#include "base/usdt.h"
#include "heap/block.h"
#include "port/pool.h"

/* Mbufs on their way to a rack of another queue: one lock for them all. */
struct homing {
    struct vtr_rack *rack;
    uint32_t n;
    struct rte_mbuf *mbufs[VTR_BURST];
};

static void homing_flush(struct homing *h)
{
    if (h->n != 0)
        vtr_rack_return_(h->rack, h->mbufs, h->n);
    h->n = 0;
}

static inline void send_home(struct homing *h, struct vtr_rack *rack, struct rte_mbuf *m)
{
    if (VTR_UNLIKELY(h->rack != rack || h->n == VTR_BURST))
        homing_flush(h);
    h->rack = rack;
    h->mbufs[h->n++] = m;
}

/* Metadata that software devices never set. */
static VTR_COLD void read_flags(const struct rte_mbuf *m, struct vtr_pkt *pkt)
{
    uint64_t f = m->ol_flags;
    uint64_t l3 = f & RTE_MBUF_F_RX_IP_CKSUM_MASK, l4 = f & RTE_MBUF_F_RX_L4_CKSUM_MASK;
    pkt->flags |= l3 == RTE_MBUF_F_RX_IP_CKSUM_GOOD  ? VTR_PKT_L3_GOOD
                  : l3 == RTE_MBUF_F_RX_IP_CKSUM_BAD ? VTR_PKT_L3_BAD
                                                     : 0;
    pkt->flags |= l4 == RTE_MBUF_F_RX_L4_CKSUM_GOOD  ? VTR_PKT_L4_GOOD
                  : l4 == RTE_MBUF_F_RX_L4_CKSUM_BAD ? VTR_PKT_L4_BAD
                                                     : 0;
    if (f & RTE_MBUF_F_RX_RSS_HASH) {
        pkt->flags |= VTR_PKT_HASH;
        pkt->hash = m->hash.rss;
    }
    if (f & RTE_MBUF_F_RX_VLAN_STRIPPED) {
        pkt->flags |= VTR_PKT_VLAN;
        pkt->vlan = m->vlan_tci;
    }
}

static inline void read_meta(const struct rte_mbuf *m, unsigned queue, struct vtr_pkt *pkt)
{
    pkt->flags = 0;
    pkt->hash = 0;
    pkt->queue = (uint16_t)queue;
    pkt->vlan = pkt->mss = 0;
    pkt->l2_len = pkt->l3_len = 0;
    if (VTR_UNLIKELY(m->ol_flags != 0))
        read_flags(m, pkt);
}

/* Takes one segment out of its mbuf, which is bare then. @return whether *out holds bytes: a driver
 * may have written them into the bin, or tell a length that cannot be. */
static inline bool unload(struct vtr_rxq *q, struct homing *h, struct rte_mbuf *m,
                          struct vtr_data *out)
{
    bool fits = m->data_off + m->data_len <= m->buf_len;
    out->len = m->data_len;
    if (VTR_LIKELY(m->pool == q->rack->mp)) {
        out->what = *vtr_mbuf_what_(m);
        out->off = (uint32_t)q->rack->lead + m->data_off;
        vtr_rack_push_(q->rack, m);
        if (VTR_UNLIKELY(out->what == 0))
            return false;
        vtr_block_seal_(vtr_what_record_(out->what), fits ? m->data_len : 0);
    } else {
        out->what = vtr_mbuf_sent_(m);
        const uint8_t *base = vtr_what_record_(out->what)->base;
        out->off = (uint32_t)((const uint8_t *)m->buf_addr + m->data_off - base);
        send_home(h, m->pool->pool_data, m);
    }
    return fits;
}

/* A device that keeps packets of its own cannot work with a heap. */
static inline bool is_stranger(const struct vtr_rxq *q, const struct rte_mbuf *m)
{
    return VTR_UNLIKELY(m->pool != q->rack->mp && vtr_rack_of_(m) == NULL);
}

/* @param d     ended: what there is of a frame of @p len bytes.
 * @param there whether its bytes are. */
static VTR_COLD void drop(struct vtr_rxq *q, struct vtr_data *d, bool there, uint32_t len,
                          enum vtr_drop reason)
{
    vtr_count_(reason == VTR_DROP_RX_NO_BLOCK ? &q->no_block : &q->error, 1);
    VTR_PROBE4(drop, q->port->id, q - q->port->rxq, reason, len);
    if (there)
        vtr_capture_drop_(q->port, false, (unsigned)(q - q->port->rxq), *d, len, reason);
    vtr_data_unref(d);
}

/* A frame of one segment. @return whether *out is owned; else the frame is counted. */
static inline bool take_one(struct vtr_rxq *q, struct homing *h, struct rte_mbuf *m,
                            struct vtr_data *out)
{
    uint32_t len = m->pkt_len;
    bool whole = len == m->data_len && len != 0, there = unload(q, h, m, out);
    if (VTR_LIKELY(there && whole))
        return true;
    drop(q, out, there, len, out->what == 0 ? VTR_DROP_RX_NO_BLOCK : VTR_DROP_RX_ERROR);
    return false;
}

/* What a frame of several segments has given so far. */
struct chain {
    struct vtr_data *part;
    unsigned n, cap;
    uint64_t len;
    bool wrong;
    enum vtr_drop drop; /* why */
};

static void chain_wrong(struct chain *c, enum vtr_drop why)
{
    c->wrong = true;
    c->drop = why;
}

static void chain_add(struct vtr_rxq *q, struct homing *h, struct rte_mbuf *m, struct chain *c)
{
    struct vtr_data *part = &c->part[c->n];
    if (c->n == c->cap || is_stranger(q, m)) { /* more segments than it says */
        vtr_rack_drop_(m);
        chain_wrong(c, VTR_DROP_RX_ERROR);
    } else if (unload(q, h, m, part)) {
        c->len += part->len;
        c->n++;
    } else {
        chain_wrong(c, part->what == 0 ? VTR_DROP_RX_NO_BLOCK : VTR_DROP_RX_ERROR);
        vtr_data_unref(part);
    }
}

static bool chain_take(struct vtr_rxq *q, struct homing *h, struct rte_mbuf *m, struct chain *c,
                       struct vtr_data *out)
{
    uint64_t len = m->pkt_len;
    for (struct rte_mbuf *next; m != NULL; m = next) {
        next = m->next;
        m->next = NULL;
        m->nb_segs = 1;
        chain_add(q, h, m, c);
    }
    if (!c->wrong && (c->len != len || len == 0))
        chain_wrong(c, VTR_DROP_RX_ERROR);
    if (!c->wrong && vtr_data_join_take(c->part, c->n, out) != 0)
        chain_wrong(c, VTR_DROP_RX_NO_BLOCK);
    if (!c->wrong)
        return true;
    for (unsigned i = 1; i < c->n; i++)
        vtr_data_unref(&c->part[i]);
    struct vtr_data first = c->n != 0 ? c->part[0] : (struct vtr_data)VTR_DATA_EMPTY;
    drop(q, &first, true, (uint32_t)len, c->drop);
    return false;
}

/* A frame of several segments. @return whether *out is owned; else the frame is counted. */
static VTR_COLD bool take_many(struct vtr_rxq *q, struct homing *h, struct rte_mbuf *m,
                               struct vtr_data *out)
{
    struct vtr_data few[16];
    struct chain c = { .part = few, .cap = m->nb_segs };
    if (c.cap > sizeof few / sizeof few[0])
        c.part = vtr_memory_alloc_(c.cap * sizeof c.part[0], _Alignof(struct vtr_data));
    if (c.part == NULL) {
        vtr_rack_drop_(m);
        vtr_count_(&q->no_block, 1);
        return false;
    }
    bool took = chain_take(q, h, m, &c, out);
    if (c.part != few)
        vtr_memory_free_(c.part);
    return took;
}

static inline bool take(struct vtr_rxq *q, struct homing *h, struct rte_mbuf *m,
                        struct vtr_data *out)
{
    if (is_stranger(q, m)) {
        vtr_rack_drop_(m);
        vtr_count_(&q->error, 1);
        return false;
    }
    return VTR_LIKELY(m->nb_segs == 1) ? take_one(q, h, m, out) : take_many(q, h, m, out);
}

/* The record of a block from another core is asked for to be written: next its count goes down,
 * most likely. The queue's own mbufs and their blocks were just in the driver's hands. */
static inline void prefetch_block(const struct vtr_rxq *q, const struct rte_mbuf *m)
{
    if (m->pool != q->rack->mp)
        __builtin_prefetch(vtr_what_record_(vtr_mbuf_sent_(m)), 1);
}

/* Whether it is what most frames are: in one mbuf of the queue's own, filled and without metadata.
 * What else a frame can be, take() finds out. */
static inline bool is_plain(const struct vtr_rack *rack, struct rte_mbuf *m)
{
    return m->pool == rack->mp && m->nb_segs == 1 && m->ol_flags == 0 &&
           m->pkt_len == m->data_len && m->data_len != 0 &&
           m->data_off + m->data_len <= m->buf_len && *vtr_mbuf_what_(m) != 0;
}

static inline void take_plain(struct vtr_rack *rack, struct rte_mbuf *m, unsigned queue,
                              struct vtr_pkt *pkt)
{
    uint32_t len = m->data_len;
    pkt->data.off = (uint32_t)rack->lead + m->data_off;
    pkt->data.len = len;
    pkt->data.what = vtr_block_seal_(vtr_what_record_(*vtr_mbuf_what_(m)), len);
    pkt->flags = pkt->hash = 0;
    pkt->queue = (uint16_t)queue;
    pkt->vlan = pkt->mss = 0;
    pkt->l2_len = pkt->l3_len = 0;
    vtr_rack_push_(rack, m);
}

/* @param ring  the frames come from another queue, and perhaps from another core. */
static unsigned take_burst(struct vtr_rxq *q, unsigned queue, bool ring, struct rte_mbuf **mbufs,
                           unsigned n, struct vtr_pkt *pkts)
{
    struct homing h = { .rack = NULL, .n = 0 };
    struct vtr_rack *rack = q->rack;
    uint64_t bytes = 0;
    unsigned got = 0;
    for (unsigned i = 0; i < n; i++) {
        struct rte_mbuf *m = mbufs[i];
        if (VTR_UNLIKELY(ring) && i + 1 < n)
            prefetch_block(q, mbufs[i + 1]);
        if (VTR_UNLIKELY(ring) && i + 3 < n)
            rte_prefetch0(mbufs[i + 3]);
        if (VTR_LIKELY(is_plain(rack, m))) {
            take_plain(rack, m, queue, &pkts[got]);
            bytes += pkts[got++].data.len;
            continue;
        }
        read_meta(m, queue, &pkts[got]);
        if (take(q, &h, m, &pkts[got].data))
            bytes += pkts[got++].data.len;
    }
    homing_flush(&h);
    vtr_count_(&q->pkts, got);
    vtr_count_(&q->bytes, bytes);
    return got;
}

enum { MACS = 2 * RTE_ETHER_ADDR_LEN, TAG = 4, ETH_VLAN = 0x8100 };

/* Takes the tag out of frames that the driver has just written. */
static VTR_COLD void strip_written(const struct vtr_rxq *q, struct rte_mbuf **mbufs, unsigned n)
{
    for (unsigned i = 0; i < n; i++) /* rte_vlan_strip() looks at 14 bytes, and moves 4 more */
        if (mbufs[i]->pool == q->rack->mp && mbufs[i]->data_len >= MACS + TAG + 2)
            rte_vlan_strip(mbufs[i]);
}

/* The same of a frame that cannot be written any more: other MAC addresses before the rest. */
static void strip_shown(const struct vtr_port *port, struct vtr_pkt *pkt)
{
    uint8_t head[MACS + TAG];
    struct vtr_data rest = pkt->data, made;
    if (pkt->flags & VTR_PKT_VLAN || pkt->data.len < sizeof head + 2 ||
        !vtr_data_gather(pkt->data, 0, head, sizeof head) ||
        (head[MACS] << 8 | head[MACS + 1]) != ETH_VLAN || !vtr_data_strip(&rest, sizeof head) ||
        vtr_data_prepend(port->heap, head, MACS, rest, &made) != 0)
        return;
    vtr_data_unref(&pkt->data);
    pkt->data = made;
    pkt->flags |= VTR_PKT_VLAN;
    pkt->vlan = (uint16_t)(head[MACS + 2] << 8 | head[MACS + 3]);
}

static VTR_COLD void strip_all_shown(const struct vtr_port *port, struct vtr_pkt *pkts, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        strip_shown(port, &pkts[i]);
}

static unsigned rx_plain(struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts, unsigned n)
{
    return vtr_port_is_memif_(port) ? vtr_memif_rx_(port, queue, pkts, n)
                                    : vtr_plain_rx_(port, queue, pkts, n);
}

static unsigned rx_device(const struct vtr_port *port, struct vtr_rxq *q, unsigned queue,
                          struct vtr_pkt *pkts, unsigned n)
{
    unsigned got = 0;
    if (VTR_UNLIKELY(q->ended)) /* it would count a file that is cut as an error each time */
        return 0;
    vtr_rack_enter_(q->rack);
    for (unsigned asked = 0; asked < n;) {
        struct rte_mbuf *mbufs[VTR_BURST];
        unsigned ask = n - asked < VTR_BURST ? n - asked : VTR_BURST;
        unsigned came = rte_eth_rx_burst(port->id, (uint16_t)queue, mbufs, (uint16_t)ask);
        vtr_mbufs_come_(mbufs, came);
        if (VTR_UNLIKELY(port->strips))
            strip_written(q, mbufs, came);
        if (came != 0)
            got += take_burst(q, queue, port->pair != NULL, mbufs, came, pkts + got);
        if (came < ask) {
            if (VTR_UNLIKELY(port->ends))
                __atomic_store_n(&q->ended, true, __ATOMIC_RELAXED); /* O: a status */
            break;
        }
        asked += ask;
    }
    vtr_rack_leave_();
    return got;
}

unsigned vtr_port_rx(struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts, unsigned n)
{
    vtr_check(queue < port->queues);
    struct vtr_rxq *q = &port->rxq[queue];
    if (VTR_UNLIKELY(vtr_port_is_gone_(port)))
        return 0;
    unsigned got = VTR_LIKELY(q->rack != NULL) ? rx_device(port, q, queue, pkts, n)
                                               : rx_plain(port, queue, pkts, n);
    VTR_PROBE3(rx, port->id, queue, got);
    if (vtr_capture_on_(port) && got != 0)
        vtr_capture_rx_(port, queue, pkts, got);
    if (VTR_UNLIKELY(port->strips))
        strip_all_shown(port, pkts, got);
    return got;
}
