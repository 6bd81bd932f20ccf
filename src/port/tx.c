/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Sending: each segment borrows a bare mbuf that points at the block in the read view and holds one
 * count of it until the driver frees the mbuf.
 *
 * packet                      its mbufs hold                when accepted     when not
 * one block                   the packet's count            -                 -
 * a list that is ours alone   the counts of the segments    the shell ends    -
 * anything else               counts taken for them         the packet ends   those counts end
 */
#include "port/capture.h"

#include <string.h>

#include <rte_mempool.h>

#include "data/list.h"

struct burst {
    unsigned n;
    bool plain;     /* each packet is one block, whose count its mbuf has */
    uint64_t bytes; /* of them all */
    uint64_t taken; /* bit i: counts were taken for packet i */
    struct rte_mbuf *mbufs[VTR_BURST];
};

/* Some fields at once. */
static inline void put(struct rte_mbuf *m, size_t at, uint64_t fields)
{
    memcpy((char *)m + at, &fields, sizeof fields);
}
enum { DATA_OFF = offsetof(struct rte_mbuf, data_off) };
enum { PACKET_TYPE = offsetof(struct rte_mbuf, packet_type) };
VTR_STATIC_ASSERT(offsetof(struct rte_mbuf, refcnt) == DATA_OFF + 2 &&
                      offsetof(struct rte_mbuf, nb_segs) == DATA_OFF + 4 &&
                      offsetof(struct rte_mbuf, port) == DATA_OFF + 6,
                  "a word");
VTR_STATIC_ASSERT(offsetof(struct rte_mbuf, pkt_len) == PACKET_TYPE + 4, "a word");

static inline void fill(struct rte_mbuf *m, uint64_t what, uint32_t off, uint32_t len)
{
    const struct vtr_record *rec = vtr_what_record_(what);
    if (VTR_UNLIKELY(rec->gen != (uint16_t)(what >> VTR_WHAT_GEN_SHIFT)))
        vtr_record_broken_(what, "tx");
    /* No room around the bytes, so that no driver thinks of writing there. Its fields in words: 10
     * stores took 4 cycles more. */
    m->buf_addr = (void *)(uintptr_t)(rec->base + off);
    m->buf_iova = (rte_iova_t)(uintptr_t)(rec->base + off);
    put(m, DATA_OFF,
        (uint64_t)1 << 16 | (uint64_t)1 << 32 | (uint64_t)RTE_MBUF_PORT_INVALID << 48);
    m->ol_flags = 0;
    put(m, PACKET_TYPE, (uint64_t)len << 32);
    m->data_len = (uint16_t)len;
    m->buf_len = (uint16_t)len;
    vtr_mbuf_set_sent_(m, what);
}

/* Bare mbufs from beneath the cache. */
static VTR_COLD void descend(struct vtr_rack *rack)
{
    uint32_t n = rack->n < VTR_RACK_BARE ? rack->n : VTR_RACK_BARE;
    rack->n -= n;
    memcpy(rack->cache->objs, rack->bare + rack->n, n * sizeof rack->bare[0]);
    rack->cache->len = n;
}

/* Whether @p n mbufs can be had. */
static inline bool has(struct vtr_rack *rack, uint32_t n)
{
    uint32_t cached = rack->cache->len;
    return VTR_LIKELY(cached >= n) || rack->n >= n - cached || vtr_rack_refill_(rack, n - cached);
}

static inline struct rte_mbuf *pop(struct vtr_rack *rack)
{
    struct rte_mempool_cache *cache = rack->cache;
    if (VTR_UNLIKELY(cache->len == 0))
        descend(rack);
    struct rte_mbuf *m = cache->objs[--cache->len];
    if (VTR_UNLIKELY(vtr_mbuf_sent_(m) != 0)) /* freed, but not in a burst to this queue */
        vtr_record_unref_(vtr_mbuf_sent_(m));
    return m;
}

/* Mbufs that show [off, off + len) of a list. */
static uint32_t list_mbufs(const struct vtr_list *list, uint32_t off, uint32_t len)
{
    uint32_t n = 0, stop = off + len;
    for (uint32_t i = vtr_list_find_(list, off); off < stop; i++) {
        uint32_t end = list->seg[i].end < stop ? list->seg[i].end : stop;
        n += (end - off + VTR_SEG_BYTES_MAX - 1) / VTR_SEG_BYTES_MAX;
        off = end;
    }
    return n;
}

static uint32_t mbufs_for(struct vtr_data d)
{
    if (d.what & VTR_WHAT_LIST)
        return list_mbufs(vtr_list_of_(d.what), d.off, d.len);
    return (d.len + VTR_SEG_BYTES_MAX - 1) / VTR_SEG_BYTES_MAX;
}

/* Appends mbufs that show bytes of one block, with a count each. @return the last one. */
static struct rte_mbuf *chain_block(struct vtr_rack *rack, struct rte_mbuf *tail, uint64_t what,
                                    uint32_t off, uint32_t len)
{
    for (uint32_t n; len != 0; off += n, len -= n) {
        struct rte_mbuf *m = pop(rack);
        n = len < VTR_SEG_BYTES_MAX ? len : VTR_SEG_BYTES_MAX;
        vtr_record_ref_(what);
        fill(m, what, off, n);
        tail->next = m;
        tail = m;
    }
    return tail;
}

static void chain_list(struct vtr_rack *rack, struct rte_mbuf *tail, const struct vtr_list *list,
                       uint32_t off, uint32_t len)
{
    uint32_t stop = off + len;
    for (uint32_t i = vtr_list_find_(list, off); off < stop; i++) {
        const struct vtr_seg *s = &list->seg[i];
        uint32_t end = s->end < stop ? s->end : stop;
        tail =
            chain_block(rack, tail, s->what, s->off + (off - vtr_list_start_(list, i)), end - off);
        off = end;
    }
}

/* Counts are taken for each mbuf. */
static VTR_COLD struct rte_mbuf *load_taking(struct vtr_rack *rack, struct vtr_data d)
{
    struct rte_mbuf anchor;
    if (d.what & VTR_WHAT_LIST)
        chain_list(rack, &anchor, vtr_list_of_(d.what), d.off, d.len);
    else
        chain_block(rack, &anchor, d.what, d.off, d.len);
    return anchor.next;
}

/* The list is ours alone and shown whole: its counts go along. */
static struct rte_mbuf *load_lending(struct vtr_rack *rack, const struct vtr_list *list)
{
    struct rte_mbuf *head = NULL, **link = &head;
    for (uint32_t i = 0; i < list->segs; i++) {
        const struct vtr_seg *s = &list->seg[i];
        struct rte_mbuf *m = pop(rack);
        fill(m, s->what, s->off, s->end - vtr_list_start_(list, i));
        *link = m;
        link = &m->next;
    }
    return head;
}

/* A packet of several mbufs. @return its head, or NULL: refused, or the rack is empty. */
static struct rte_mbuf *load_chain(const struct vtr_port *port, struct vtr_rack *rack,
                                   struct vtr_data d, bool *taken)
{
    uint32_t n = d.len != 0 && d.len <= port->frame_max ? mbufs_for(d) : 0;
    if (n == 0 || n > port->seg_max || !has(rack, n))
        return NULL;
    const struct vtr_list *list = vtr_list_of_(d.what);
    bool is_list = (d.what & VTR_WHAT_LIST) != 0;
    if (is_list && list->gen != (uint16_t)(d.what >> VTR_WHAT_GEN_SHIFT))
        vtr_record_broken_(d.what, "tx");
    /* A1: other handles, which are gone, have read the list. No new one can appear: ours is the
     * only one it could be made from. */
    *taken = !is_list || n != list->segs || list->seg[n - 1].end != d.len ||
             __atomic_load_n(&list->count, __ATOMIC_ACQUIRE) != 1;
    struct rte_mbuf *head = *taken ? load_taking(rack, d) : load_lending(rack, list);
    head->nb_segs = (uint16_t)n;
    head->pkt_len = d.len;
    return head;
}

/* Turns packets into mbufs, up to the first that is refused or finds the rack empty. */
static void load(const struct vtr_port *port, struct vtr_rack *rack, const struct vtr_pkt *pkts,
                 unsigned n, struct burst *b)
{
    const uint32_t max = port->frame_max < VTR_SEG_BYTES_MAX ? port->frame_max : VTR_SEG_BYTES_MAX;
    unsigned i = 0;
    b->taken = b->bytes = 0;
    b->plain = true;
    for (; i < n; i++) {
        uint64_t what = pkts[i].data.what;
        uint32_t off = pkts[i].data.off, len = pkts[i].data.len;
        struct rte_mbuf *m;
        /* len - 1: nothing at all is refused too */
        if (VTR_LIKELY((what & VTR_WHAT_LIST) == 0 && len - 1 < max)) {
            if (VTR_UNLIKELY(!has(rack, 1)))
                break;
            m = pop(rack);
            fill(m, what, off, len);
        } else {
            bool taken = false;
            m = load_chain(port, rack, pkts[i].data, &taken);
            if (m == NULL)
                break;
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

/* @return why a packet can never be sent; VTR_DROP_REASONS: it can be. */
static enum vtr_drop why_not(const struct vtr_port *port, struct vtr_data d)
{
    return d.len == 0                     ? VTR_DROP_TX_EMPTY
           : d.len > port->frame_max      ? VTR_DROP_TX_LONG
           : mbufs_for(d) > port->seg_max ? VTR_DROP_TX_SEGS
                                          : VTR_DROP_REASONS;
}

/* Ends a packet that can never be sent. @return false, and nothing done, if it can be. */
static VTR_COLD bool refuse(struct vtr_port *port, unsigned queue, struct vtr_pkt *pkt)
{
    struct vtr_txq *q = &port->txq[queue];
    enum vtr_drop why = why_not(port, pkt->data);
    if (why == VTR_DROP_REASONS)
        return false;
    if (vtr_capture_on_(port))
        vtr_capture_drop_(port, true, queue, pkt->data, pkt->data.len, why);
    vtr_pkt_unref(pkt);
    memset(pkt, 0, sizeof *pkt);
    vtr_count_(why == VTR_DROP_TX_EMPTY  ? &q->empty
               : why == VTR_DROP_TX_LONG ? &q->too_long
                                         : &q->too_many, 1);
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
 * dropped by a locked instruction, which would wait for the copy's stores, so it is dropped here,
 * for all of them: 64 B gets over memif spent 30 % of their time there. What a flush of the cache
 * meanwhile has left behind, pop() sees to. @return how many the driver took. */
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

/* @return how many are consumed; *full when the next one has to wait. */
static unsigned send_burst(struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts,
                           unsigned n, bool *full)
{
    struct vtr_txq *q = &port->txq[queue];
    struct burst b;
    /* Before it is looked whether a list is ours alone. */
    struct vtr_capture_ring *captured =
        vtr_capture_on_(port) ? vtr_capture_hold_(port, queue, pkts, n) : NULL;
    load(port, q->rack, pkts, n, &b);
    unsigned sent = b.n == 0 ? 0 : hand_over(port, q->rack, queue, &b);
    if (VTR_UNLIKELY(captured != NULL))
        vtr_capture_sent_(captured, sent);
    uint64_t bytes = accepted(pkts, sent, &b);
    vtr_count_(&q->pkts, sent);
    vtr_count_(&q->bytes, bytes);
    if (VTR_LIKELY(sent == n))
        return n;
    if (sent == b.n && refuse(port, queue, &pkts[sent]))
        return sent + 1;
    unload(q->rack, &b, sent);
    *full = true;
    return sent;
}

/* The same where no mbufs are. */
static unsigned send_memif(struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts, unsigned n,
                           bool *full)
{
    struct vtr_capture_ring *captured =
        vtr_capture_on_(port) ? vtr_capture_hold_(port, queue, pkts, n) : NULL;
    unsigned sent = vtr_memif_tx_(port, queue, pkts, n);
    if (VTR_UNLIKELY(captured != NULL))
        vtr_capture_sent_(captured, sent);
    if (sent < n && refuse(port, queue, &pkts[sent]))
        return sent + 1;
    *full = sent < n;
    return sent;
}

unsigned vtr_port_tx(struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts, unsigned n)
{
    vtr_check(queue < port->queues);
    struct vtr_txq *q = &port->txq[queue];
    unsigned done = 0;
    bool full = vtr_port_is_gone_(port), memif = vtr_port_is_memif_(port);
    if (VTR_LIKELY(!memif))
        vtr_rack_enter_(q->rack);
    while (done < n && !full) {
        unsigned ask = n - done < VTR_BURST ? n - done : VTR_BURST;
        done += VTR_UNLIKELY(memif) ? send_memif(port, queue, pkts + done, ask, &full)
                                    : send_burst(port, queue, pkts + done, ask, &full);
    }
    vtr_rack_leave_();
    if (port->pair != NULL && done != 0)
        vtr_pair_wake_(port->pair, port->side, queue);
    if (VTR_UNLIKELY(full))
        vtr_count_(&q->full, n - done);
    return done;
}
