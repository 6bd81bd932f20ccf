/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Sending: each segment borrows a bare mbuf that points at the block in the read view and holds one
 * count of it until the driver frees the mbuf.
 *
 * packet                      its mbufs hold                when accepted     when not
 * one block                   the packet's count            -                 -
 * a list that is ours alone   the counts of the segments    the shell ends    -
 * anything else               counts taken for them         the packet ends   those counts end
 *
 * What a packet asks for and the device does not do is done first (offload.h), and the packet is
 * what came of it, whether the queue has room then or not.
 */
#include "port/capture.h"
#include "port/chain.h"
#include "port/offload.h"

#include <string.h>

#include <rte_mempool.h>

#include "base/usdt.h"
#include "data/list.h"

struct burst {
    unsigned n;
    bool plain;     /* each packet is one block, whose count its mbuf has */
    uint64_t bytes; /* of them all */
    uint64_t taken; /* bit i: counts were taken for packet i */
    struct rte_mbuf *mbufs[VTR_BURST];
};

/* Whether the device takes the frame in one piece only. */
static bool too_scattered(const struct vtr_port *port, struct vtr_data d)
{
    uint32_t most = port->dev.driver->gather_max;
    return (d.what & VTR_WHAT_LIST) != 0 &&
           (vtr_chain_mbufs_(d) > port->seg_max || (most != 0 && d.len > most));
}

/* Makes a packet one that the device takes. @return NULL, or the counter of why it cannot be. */
static VTR_COLD uint64_t *fit(const struct vtr_port *port, struct vtr_txq *q, struct vtr_pkt *pkt)
{
    uint32_t requests = pkt->flags & VTR_PKT_TX_ANY;
    struct vtr_heads h;
    if (pkt->data.len == 0)
        return &q->empty;
    uint64_t *reason = requests & ~port->tx_flags ? vtr_offload_finish_(port, q, pkt) : NULL;
    if (reason != NULL)
        return reason;
    requests = pkt->flags & VTR_PKT_TX_ANY;
    if (requests != 0 && (!vtr_heads_read_(pkt, &h) || (requests & VTR_PKT_TX_CUT && !pkt->mss)))
        return &q->headers;
    bool cut = (requests & VTR_PKT_TX_CUT) != 0;
    if (cut && (uint32_t)h.len + pkt->mss > port->frame_max)
        return &q->too_long;
    if (pkt->data.len > (cut ? (uint32_t)h.l2 + UINT16_MAX : port->frame_max))
        return &q->too_long;
    if (too_scattered(port, pkt->data))
        reason = vtr_offload_gather_(port, q, pkt);
    return reason != NULL || vtr_chain_mbufs_(pkt->data) <= port->seg_max ? reason : &q->too_many;
}

/* A packet that is more than one block of the right length. @return its head, or NULL: as above. */
static VTR_COLD struct rte_mbuf *load_any(const struct vtr_port *port, struct vtr_txq *q,
                                          struct vtr_pkt *pkt, bool *taken)
{
    if (vtr_offload_cuts_(port, pkt->flags) || fit(port, q, pkt) != NULL)
        return NULL;
    struct rte_mbuf *m = vtr_chain_load_(port, q->rack, pkt->data, taken);
    if (m != NULL && pkt->flags & VTR_PKT_TX_ANY)
        vtr_offload_request_(m, pkt);
    return m;
}

/* Turns packets into mbufs, up to the first that is refused or finds the rack empty. */
static void load(const struct vtr_port *port, struct vtr_txq *q, struct vtr_pkt *pkts, unsigned n,
                 struct burst *b)
{
    const uint32_t max = port->frame_max < VTR_SEG_BYTES_MAX ? port->frame_max : VTR_SEG_BYTES_MAX;
    struct vtr_rack *rack = q->rack;
    unsigned i = 0;
    b->taken = b->bytes = 0;
    b->plain = true;
    for (; i < n; i++) {
        uint64_t what = pkts[i].data.what;
        uint32_t off = pkts[i].data.off, len = pkts[i].data.len;
        uint64_t special = (what & VTR_WHAT_LIST) | (pkts[i].flags & VTR_PKT_TX_ANY);
        struct rte_mbuf *m;
        /* len - 1: nothing at all is refused too */
        if (VTR_LIKELY(special == 0 && len - 1 < max)) {
            if (VTR_UNLIKELY(!vtr_chain_has_(rack, 1)))
                break;
            m = vtr_chain_pop_(rack);
            vtr_chain_fill_(m, what, off, len);
        } else {
            bool taken = false;
            m = load_any(port, q, &pkts[i], &taken);
            if (m == NULL)
                break;
            len = pkts[i].data.len;
            b->plain = false;
            b->taken |= (uint64_t)taken << i;
        }
        b->bytes += len;
        b->mbufs[i] = m;
    }
    b->n = i;
}

/* The driver has the packets: ends what their mbufs did not take along. @return their bytes. */
static uint64_t accepted_any(struct vtr_pkt *pkts, unsigned n, uint64_t taken)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < n; i++) {
        struct vtr_data *d = &pkts[i].data;
        bytes += d->len;
        if (VTR_UNLIKELY(taken >> i & 1))
            vtr_data_unref(d);
        else if (d->what & VTR_WHAT_LIST)
            vtr_list_free_shell_(vtr_list_of_(d->what));
        memset(&pkts[i], 0, sizeof pkts[i]);
    }
    return bytes;
}

static inline uint64_t accepted(struct vtr_pkt *pkts, unsigned n, const struct burst *b)
{
    if (VTR_UNLIKELY(!b->plain || n != b->n))
        return accepted_any(pkts, n, b->taken);
    memset(pkts, 0, n * sizeof pkts[0]);
    return b->bytes;
}

/* The driver does not want the packets from @p from on: they are as they were. */
static VTR_COLD void unload(struct vtr_rack *rack, struct burst *b, unsigned from)
{
    for (unsigned i = from; i < b->n; i++)
        for (struct rte_mbuf *m = b->mbufs[i], *next; m != NULL; m = next) {
            next = m->next;
            m->next = NULL;
            m->nb_segs = 1;
            if (b->taken >> i & 1)
                vtr_record_unref_(vtr_mbuf_sent_(m));
            vtr_mbuf_set_sent_(m, 0);
            vtr_rack_push_(rack, m);
        }
}

/* Which reason a counter is of. */
static enum vtr_drop reason_of(const struct vtr_txq *q, const uint64_t *counter)
{
    return counter == &q->empty      ? VTR_DROP_TX_EMPTY
           : counter == &q->too_long ? VTR_DROP_TX_LONG
           : counter == &q->too_many ? VTR_DROP_TX_SEGS
           : counter == &q->headers  ? VTR_DROP_TX_HEADERS
                                     : VTR_DROP_TX_NO_BLOCK;
}

/* @return true: it is consumed. */
static VTR_COLD bool drop(const struct vtr_port *port, unsigned queue, struct vtr_pkt *pkt,
                          uint64_t *reason)
{
    enum vtr_drop why = reason_of(&port->txq[queue], reason);
    VTR_PROBE4(drop, port->id, queue, why, pkt->data.len);
    vtr_capture_drop_(port, true, queue, pkt->data, pkt->data.len, why);
    vtr_pkt_unref(pkt);
    memset(pkt, 0, sizeof *pkt);
    vtr_count_(reason, 1);
    return true;
}

/* Drops the counts of the mbufs that the driver has put on the cache. */
static inline void drop_counts(struct rte_mempool_cache *cache, uint32_t from)
{
    while (from < cache->len) {
        uint64_t whats[VTR_BURST];
        unsigned n = 0;
        for (; n < VTR_BURST && from < cache->len; from++) {
            whats[n++] = vtr_mbuf_sent_(cache->objs[from]);
            vtr_mbuf_set_sent_(cache->objs[from], 0);
        }
        vtr_record_unref_bulk_(whats, n);
    }
}

/* A driver that copies frees each mbuf right behind its copy. A count that others have too is
 * dropped by a locked instruction, which would wait for the copy's stores, so all are dropped here.
 * What a flush of the cache has left behind meanwhile, vtr_chain_pop_() sees to. @return how many
 * it took. */
static unsigned hand_over(const struct vtr_port *port, struct vtr_rack *rack, unsigned queue,
                          struct burst *b)
{
    uint32_t before = rack->cache->len;
    vtr_mbufs_go_(b->mbufs, b->n);
    unsigned sent = rte_eth_tx_burst(port->id, (uint16_t)queue, b->mbufs, (uint16_t)b->n);
    drop_counts(rack->cache, before);
    /* net_af_packet frees packets that it says it has not taken, where its interface is down. */
    while (VTR_UNLIKELY(sent < b->n) && vtr_mbuf_sent_(b->mbufs[sent]) == 0)
        sent++;
    return sent;
}

static unsigned send_burst(const struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts,
                           unsigned n, bool *full);

static unsigned send_all(const struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts,
                         unsigned n, bool *full)
{
    unsigned done = 0;
    while (done < n && !*full)
        done +=
            send_burst(port, queue, pkts + done, n - done < VTR_BURST ? n - done : VTR_BURST, full);
    return done;
}

/* Cuts a segment into frames and sends them, a burst at a time. What finds the queue full stays a
 * segment, of what is left. @return NULL, or the counter of why not. */
static uint64_t *send_cut(const struct vtr_port *port, unsigned queue, struct vtr_pkt *pkt,
                          const struct vtr_heads *h, bool *full)
{
    enum { AT_ONCE = 32 };
    struct vtr_txq *q = &port->txq[queue];
    struct vtr_pkt frames[AT_ONCE];
    uint32_t payload = h->l4_len - h->l4, from = 0;
    do {
        unsigned made = vtr_offload_cut_(port, h, pkt, from, frames, AT_ONCE);
        if (made == 0)
            return &q->no_block;
        unsigned sent = send_all(port, queue, frames, made, full);
        for (unsigned i = sent; i < made; i++)
            vtr_pkt_unref(&frames[i]);
        from += sent * pkt->mss;
    } while (!*full && from < payload);
    return *full && !vtr_offload_advance_(port, pkt, from) ? &q->no_block : NULL;
}

/* A segment that the device cannot cut. @return whether it is consumed. */
static VTR_COLD bool cut(const struct vtr_port *port, unsigned queue, struct vtr_pkt *pkt,
                         bool *full)
{
    struct vtr_txq *q = &port->txq[queue];
    struct vtr_heads h;
    uint64_t *reason = NULL;
    bool good = vtr_heads_read_(pkt, &h) && pkt->mss != 0;
    if (good && pkt->flags & ~port->tx_flags & VTR_PKT_TX_VLAN)
        vtr_heads_tag_(&h, pkt->vlan);
    if (!good)
        reason = pkt->data.len == 0 ? &q->empty : &q->headers;
    else if ((uint64_t)h.len + pkt->mss > port->frame_max)
        reason = &q->too_long;
    else
        reason = send_cut(port, queue, pkt, &h, full);
    if (reason == NULL && *full)
        return false;
    if (reason != NULL)
        return drop(port, queue, pkt, reason);
    vtr_count_(&q->software, 1);
    vtr_pkt_unref(pkt);
    memset(pkt, 0, sizeof *pkt);
    return true;
}

/* The packet that loading stopped at. @param sent  how many before it have just gone, and may have
 * left room. @return how many are consumed. */
static VTR_COLD unsigned settle(const struct vtr_port *port, unsigned queue, struct vtr_pkt *pkt,
                                unsigned sent, bool *full)
{
    if (vtr_offload_cuts_(port, pkt->flags))
        return sent + cut(port, queue, pkt, full);
    uint64_t *reason = fit(port, &port->txq[queue], pkt);
    *full = reason == NULL && sent == 0;
    return sent + (reason != NULL && drop(port, queue, pkt, reason));
}

/* Whether it fits as it is. len - 1: nothing at all does not. */
static inline bool is_simple(const struct vtr_port *port, const struct vtr_pkt *pkt)
{
    return ((pkt->data.what & VTR_WHAT_LIST) | (pkt->flags & VTR_PKT_TX_ANY)) == 0 &&
           pkt->data.len - 1 < port->frame_max;
}

/* A port without mbufs of ours. */
static unsigned send_plain(const struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts,
                           unsigned n, bool *full, struct vtr_capture_ring *captured)
{
    struct vtr_txq *q = &port->txq[queue];
    unsigned fits = 0;
    while (fits < n && (is_simple(port, &pkts[fits]) ||
                        (!vtr_offload_cuts_(port, pkts[fits].flags) &&
                         fit(port, q, &pkts[fits]) == NULL)))
        fits++;
    unsigned sent = vtr_port_is_memif_(port) ? vtr_memif_tx_(port, queue, pkts, fits)
                                             : vtr_plain_tx_(port, queue, pkts, fits);
    vtr_capture_sent_(captured, sent);
    if (sent == n)
        return n;
    if (sent == fits)
        return settle(port, queue, &pkts[sent], sent, full);
    *full = true;
    return sent;
}

/* @return how many are consumed; *full when the next one has to wait. */
static unsigned send_burst(const struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts,
                           unsigned n, bool *full)
{
    struct vtr_txq *q = &port->txq[queue];
    struct burst b;
    if (VTR_UNLIKELY(port->dma != NULL))
        n = vtr_dma_prepare_(port->dma, pkts, n, &q->copies);
    if (VTR_UNLIKELY(n == 0)) {
        *full = true;
        return 0;
    }
    struct vtr_capture_ring *captured = vtr_capture_hold_(port, queue, pkts, n);
    if (VTR_UNLIKELY(q->rack == NULL))
        return send_plain(port, queue, pkts, n, full, captured);
    load(port, q, pkts, n, &b);
    unsigned sent = b.n == 0 ? 0 : hand_over(port, q->rack, queue, &b);
    vtr_capture_sent_(captured, sent);
    uint64_t bytes = accepted(pkts, sent, &b);
    vtr_count_(&q->pkts, sent);
    vtr_count_(&q->bytes, bytes);
    if (VTR_LIKELY(sent == n))
        return n;
    if (sent == b.n)
        return settle(port, queue, &pkts[sent], sent, full);
    unload(q->rack, &b, sent);
    *full = true;
    return sent;
}

unsigned vtr_port_tx(struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts, unsigned n)
{
    vtr_check(queue < port->queues);
    struct vtr_txq *q = &port->txq[queue];
    bool full = vtr_port_is_gone_(port);
    if (VTR_LIKELY(q->rack != NULL))
        vtr_rack_enter_(q->rack);
    unsigned done = send_all(port, queue, pkts, n, &full);
    vtr_rack_leave_();
    VTR_PROBE4(tx, port->id, queue, done, n);
    if (port->pair != NULL && done != 0)
        vtr_pair_wake_(port->pair, port->side, queue);
    if (VTR_UNLIKELY(full))
        vtr_count_(&q->full, n - done);
    return done;
}
