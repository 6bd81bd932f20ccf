/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * memif's frames: copied out of slots into blocks, and into slots out of data. Everything in the
 * shared memory may change at any time: a descriptor is read once, whole, and what was read is
 * checked and used.
 */
#include "port/memif.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "heap/block.h"
#include "port/fence.h"
#include "port/ports.h"
#include "port/rack.h"

enum { FRAME_SLOTS = 64, FRAME_BLOCKS = 64, FRAME_BYTES = 65535 }; /* received, at most */

static struct vtr_memif_desc desc_read(const struct vtr_memif_ring *ring, uint16_t at)
{
    const uint64_t *word = ring->shared->desc[at & (ring->size - 1)];
    /* O: behind the acquire of the ring's position. */
    const uint64_t got[2] = { __atomic_load_n(&word[0], __ATOMIC_RELAXED),
                              __atomic_load_n(&word[1], __ATOMIC_RELAXED) };
    struct vtr_memif_desc d;
    memcpy(&d, got, sizeof d);
    return d;
}

/* Its first word: flags, region, length. O: before the release of the ring's position. */
static void desc_write(const struct vtr_memif_ring *ring, uint16_t at, uint16_t flags,
                       uint16_t region, uint32_t length)
{
    __atomic_store_n(&ring->shared->desc[at & (ring->size - 1)][0],
                     (uint64_t)length << 32 | (uint64_t)region << 16 | flags, __ATOMIC_RELAXED);
}

/* The bytes of a slot. A client knows where its own are, whatever the descriptor says.
 * @return NULL: they are outside of what is shared. */
static uint8_t *slot(const struct vtr_memif_peer *peer, const struct vtr_memif_ring *ring,
                     uint16_t at, const struct vtr_memif_desc *d)
{
    if (ring->slots != NULL)
        return d->length <= ring->stride ? ring->slots + (at & (ring->size - 1u)) * ring->stride
                                         : NULL;
    if (d->region >= peer->regions)
        return NULL;
    const struct vtr_memif_region *r = &peer->region[d->region];
    return d->length <= r->size && d->offset <= r->size - d->length ? r->base + d->offset : NULL;
}

/* The peer broke the rules: it is taken down by the thread that watches, which this wakes. */
static VTR_COLD void give_up(struct vtr_memif_peer *peer)
{
    __atomic_store_n(&peer->broken, 1, __ATOMIC_RELAXED);
    shutdown(peer->watch.fd, SHUT_RDWR);
}

/* Enters the link. @return NULL: there is none. */
static struct vtr_memif_peer *enter(const struct vtr_memif *memif, uint32_t *linked)
{
    vtr_fence_enter_(linked);
    struct vtr_memif_peer *peer = __atomic_load_n(&memif->up, __ATOMIC_ACQUIRE); /* A3 */
    if (peer != NULL && __atomic_load_n(&peer->broken, __ATOMIC_RELAXED) == 0)
        return peer;
    vtr_fence_leave_(linked);
    return NULL;
}

/* A frame as it lies in slots. */
struct frame {
    unsigned slots;
    uint64_t len;
    struct iovec piece[FRAME_SLOTS];
};

/* @param most  slots that there are. @return false: it is none, or longer than any may be. */
static bool frame_read(const struct vtr_memif_peer *peer, const struct vtr_memif_ring *ring,
                       uint16_t at, unsigned most, struct frame *f)
{
    f->len = 0;
    for (f->slots = 0; f->slots < most && f->slots < FRAME_SLOTS;) {
        struct vtr_memif_desc d = desc_read(ring, at);
        uint8_t *bytes = slot(peer, ring, at++, &d);
        if (bytes == NULL)
            return false;
        f->piece[f->slots++] = (struct iovec){ bytes, d.length };
        f->len += d.length;
        if ((d.flags & VTR_MEMIF_NEXT) == 0)
            return true;
    }
    return false;
}

/* Blocks for a burst. */
struct supply {
    struct vtr_memif *memif;
    unsigned n;
    struct vtr_record *recs[VTR_BURST + FRAME_BLOCKS];
};

static bool supply(struct supply *s, unsigned want)
{
    if (VTR_UNLIKELY(s->n < want))
        s->n += vtr_block_take_(s->memif->port->heap, s->memif->klass, s->recs + s->n, want - s->n);
    return s->n >= want;
}

static void supply_end(struct supply *s)
{
    while (s->n != 0)
        vtr_record_unref_(vtr_what_(s->recs[--s->n], 0));
}

/* Copies the next @p len bytes of a frame. */
static void frame_copy(struct iovec **piece, uint8_t *to, uint32_t len)
{
    while (len != 0) {
        struct iovec *p = *piece;
        uint32_t n = p->iov_len < len ? (uint32_t)p->iov_len : len;
        memcpy(to, p->iov_base, n);
        p->iov_base = (uint8_t *)p->iov_base + n;
        p->iov_len -= n;
        *piece += p->iov_len == 0;
        to += n;
        len -= n;
    }
}

static struct vtr_data block_fill(const struct vtr_memif *memif, struct vtr_record *rec,
                                  struct iovec **piece, uint32_t len)
{
    frame_copy(piece, vtr_block_writable_(rec) + memif->headroom, len);
    return (struct vtr_data){ .what = vtr_block_seal_(rec, len), .off = memif->headroom,
                              .len = len };
}

/* A frame that takes several blocks. @return whether *out is owned. */
static VTR_COLD bool frame_join(struct supply *s, struct frame *f, unsigned blocks,
                                struct vtr_data *out)
{
    struct vtr_data part[FRAME_BLOCKS];
    struct iovec *piece = f->piece;
    uint32_t room = s->memif->room;
    for (unsigned i = 0; i < blocks; i++) {
        uint32_t len = i + 1 < blocks ? room : (uint32_t)(f->len - (uint64_t)i * room);
        part[i] = block_fill(s->memif, s->recs[--s->n], &piece, len);
    }
    if (vtr_data_join_take(part, blocks, out) == 0)
        return true;
    for (unsigned i = 0; i < blocks; i++)
        vtr_data_unref(&part[i]);
    return false;
}

/* @return whether *out is owned; else the frame is counted. */
static bool frame_take(struct vtr_rxq *q, struct supply *s, struct frame *f, struct vtr_data *out)
{
    uint64_t blocks = (f->len + s->memif->room - 1) / s->memif->room;
    bool bad = blocks == 0 || blocks > FRAME_BLOCKS || f->len > FRAME_BYTES;
    uint64_t *drop = bad                            ? &q->error
                     : !supply(s, (unsigned)blocks) ? &q->no_block
                                                    : NULL;
    if (drop == NULL && VTR_LIKELY(blocks == 1)) {
        struct iovec *piece = f->piece;
        *out = block_fill(s->memif, s->recs[--s->n], &piece, (uint32_t)f->len);
        return true;
    }
    if (drop == NULL && frame_join(s, f, (unsigned)blocks, out))
        return true;
    vtr_count_(drop != NULL ? drop : &q->no_block, 1);
    return false;
}

/* Slots go back to whoever fills them. */
static void slots_return(const struct vtr_memif_ring *ring, uint16_t from)
{
    struct vtr_memif_shared *shared = ring->shared;
    if (ring->slots == NULL) {
        __atomic_store_n(&shared->tail, ring->at, __ATOMIC_RELEASE);
        return;
    }
    for (uint16_t i = from; i != ring->at; i++)
        desc_write(ring, i, 0, 0, ring->stride);
    __atomic_store_n(&shared->head, (uint16_t)(ring->at + ring->size), __ATOMIC_RELEASE);
}

/* @return slots that are filled; more than the ring has: it lies. */
static unsigned slots_filled(const struct vtr_memif_ring *ring)
{
    const uint16_t *position = ring->slots == NULL ? &ring->shared->head : &ring->shared->tail;
    return (uint16_t)(__atomic_load_n(position, __ATOMIC_ACQUIRE) - ring->at);
}

/* @param filled  slots that are, at most the ring's. @return packets, at most n. */
static unsigned take_burst(struct vtr_rxq *q, struct vtr_memif_peer *peer, unsigned queue,
                           struct supply *s, struct vtr_pkt *pkts, unsigned n, unsigned filled)
{
    struct vtr_memif_ring *ring = &peer->rx[queue];
    uint16_t from = ring->at;
    uint64_t bytes = 0;
    unsigned got = 0;
    (void)supply(s, n < filled ? n : filled);
    while (got < n && filled != 0) {
        struct frame f;
        if (VTR_UNLIKELY(!frame_read(peer, ring, ring->at, filled, &f))) {
            give_up(peer);
            break;
        }
        pkts[got] = (struct vtr_pkt){ .queue = (uint16_t)queue };
        if (VTR_LIKELY(frame_take(q, s, &f, &pkts[got].data)))
            bytes += pkts[got++].data.len;
        ring->at = (uint16_t)(ring->at + f.slots);
        filled -= f.slots;
    }
    slots_return(ring, from);
    vtr_count_(&q->pkts, got);
    vtr_count_(&q->bytes, bytes);
    return got;
}

unsigned vtr_memif_rx_(struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts, unsigned n)
{
    struct vtr_rxq *q = &port->rxq[queue];
    struct supply s = { .memif = &port->memif, .n = 0 };
    unsigned got = 0;
    VTR_PLACE_NAMED_(port->name);
    struct vtr_memif_peer *peer = enter(&port->memif, &q->linked);
    if (peer == NULL)
        return 0;
    const struct vtr_memif_ring *ring = &peer->rx[queue];
    while (ring->shared != NULL && got < n) {
        unsigned filled = slots_filled(ring);
        if (filled > ring->size)
            give_up(peer);
        if (filled == 0 || filled > ring->size)
            break;
        unsigned ask = n - got < VTR_BURST ? n - got : VTR_BURST;
        unsigned came = take_burst(q, peer, queue, &s, pkts + got, ask, filled);
        got += came;
        if (came < ask)
            break;
    }
    vtr_fence_leave_(&q->linked);
    supply_end(&s);
    return got;
}

/* @return slots that can be filled; more than the ring has: it lies. */
static unsigned slots_free(const struct vtr_memif_ring *ring)
{
    const struct vtr_memif_shared *shared = ring->shared;
    if (ring->slots == NULL)
        return (uint16_t)(__atomic_load_n(&shared->head, __ATOMIC_ACQUIRE) - ring->at);
    unsigned used = (uint16_t)(ring->at - __atomic_load_n(&shared->tail, __ATOMIC_ACQUIRE));
    return used <= ring->size ? ring->size - used : UINT16_MAX;
}

static void copy_out(struct vtr_data d, uint32_t off, uint8_t *to, uint32_t len)
{
    if (VTR_LIKELY((d.what & VTR_WHAT_LIST) == 0))
        memcpy(to, vtr_what_record_(d.what)->base + d.off + off, len);
    else
        vtr_check(vtr_data_gather(d, off, to, len));
}

/* Fills slots with a packet. @return how many; 0: there are too few, or what the peer offers is
 * outside of what is shared. */
static unsigned put(struct vtr_memif_peer *peer, const struct vtr_memif_ring *ring, unsigned most,
                    struct vtr_data d)
{
    unsigned n = 0;
    if (VTR_UNLIKELY(vtr_record_stale_(d.what)))
        vtr_record_broken_(d.what, "tx");
    for (uint32_t off = 0, len; off < d.len; off += len) {
        uint16_t at = (uint16_t)(ring->at + n);
        if (n++ == most)
            return 0;
        struct vtr_memif_desc slot_of = desc_read(ring, at);
        if (ring->slots != NULL)
            slot_of = (struct vtr_memif_desc){ .length = ring->stride };
        uint8_t *to = slot(peer, ring, at, &slot_of);
        if (VTR_UNLIKELY(to == NULL || slot_of.length == 0)) {
            give_up(peer);
            return 0;
        }
        len = d.len - off < slot_of.length ? d.len - off : slot_of.length;
        copy_out(d, off, to, len);
        desc_write(ring, at, off + len < d.len ? VTR_MEMIF_NEXT : 0, slot_of.region, len);
    }
    return n;
}

/* Shows the other end what was filled, and rings if it waits. */
static void publish(const struct vtr_memif_ring *ring)
{
    struct vtr_memif_shared *shared = ring->shared;
    uint16_t *position = ring->slots == NULL ? &shared->tail : &shared->head;
    __atomic_store_n(position, ring->at, __ATOMIC_RELEASE);
    /* B1, with the other end's: its flag, then our position; or our position, then its flag. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (VTR_UNLIKELY((__atomic_load_n(&shared->flags, __ATOMIC_RELAXED) & VTR_MEMIF_QUIET) == 0))
        (void)vtr_memif_ring_(ring->fd);
}

static unsigned put_burst(struct vtr_memif_peer *peer, struct vtr_memif_ring *ring,
                          const struct vtr_pkt *pkts, unsigned n)
{
    unsigned room = slots_free(ring), i = 0;
    if (VTR_UNLIKELY(room > ring->size)) {
        give_up(peer);
        return 0;
    }
    for (unsigned slots; i < n; i++) {
        slots = put(peer, ring, room, pkts[i].data);
        if (slots == 0)
            break;
        ring->at = (uint16_t)(ring->at + slots);
        room -= slots;
    }
    if (i != 0)
        publish(ring);
    return i;
}

/* Outside of the link, since ending data may call the program. @return their bytes. */
static uint64_t end_packets(struct vtr_pkt *pkts, unsigned n)
{
    uint64_t whats[VTR_BURST], bytes = 0;
    unsigned blocks = 0;
    for (unsigned i = 0; i < n; i++) {
        bytes += pkts[i].data.len;
        if (VTR_LIKELY((pkts[i].data.what & VTR_WHAT_LIST) == 0))
            whats[blocks++] = pkts[i].data.what;
        else
            vtr_pkt_unref(&pkts[i]);
    }
    vtr_record_unref_bulk_(whats, blocks);
    memset(pkts, 0, n * sizeof pkts[0]);
    return bytes;
}

unsigned vtr_memif_tx_(const struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts,
                       unsigned n)
{
    struct vtr_txq *q = &port->txq[queue];
    struct vtr_memif_peer *peer = enter(&port->memif, &q->linked);
    if (peer == NULL)
        return 0;
    struct vtr_memif_ring *ring = &peer->tx[queue];
    unsigned sent = ring->shared != NULL ? put_burst(peer, ring, pkts, n) : 0;
    vtr_fence_leave_(&q->linked);
    vtr_count_(&q->pkts, sent);
    vtr_count_(&q->bytes, end_packets(pkts, sent));
    return sent;
}

bool vtr_memif_arm_(struct vtr_port *port, unsigned queue, bool on)
{
    uint32_t *linked = &port->rxq[queue].linked;
    struct vtr_memif_peer *peer = enter(&port->memif, linked);
    if (peer == NULL)
        return false; /* its coming is an event */
    struct vtr_memif_shared *shared = peer->rx[queue].shared;
    bool stranger = !peer->ours && shared != NULL;
    if (shared != NULL)
        __atomic_store_n(&shared->flags, on ? 0 : VTR_MEMIF_QUIET, __ATOMIC_RELAXED);
    vtr_fence_leave_(linked);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* B1: then the caller looks at the ring once more */
    return stranger;
}
