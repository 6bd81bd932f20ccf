/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Run to completion: parse all packets of a burst, fetch what all will need, answer all, send all.
 */
#include "packets.h"

#include <sched.h>
#include <time.h>

enum {
    CARVE_BLOCK = 4096,
    CARVE_COPIED = 256,   /* a datagram that copies more than this gets a block of its own */
    CHUNKS = 256,         /* of a datagram: "gets" of empty values makes two of 17 bytes */
    FULL_SPINS = 1 << 10, /* tries before sleeping (or yielding) between tries */
    FULL_SLEEPS = 200,    /* of 50 us: a ring that stays full for 10 ms has no reader */
    FULL_SLEEP_NS = 50000,
};

VTR_STATIC_ASSERT(2 * MESSAGE_PAYLOAD / 17 < CHUNKS, "a datagram's chunks fit");

void packets_init(struct packets *p, struct engine *engine, struct vtr_heap *heap,
                  struct vtr_port *port, const struct frame_self *self)
{
    struct vtr_port_info info;
    vtr_port_info(port, &info);
    memset(p, 0, sizeof *p);
    p->engine = engine;
    p->heap = heap;
    p->port = port;
    p->ask = PACKETS_BURST;
    p->self = *self;
    memcpy(&p->self.host.mac, info.mac, sizeof p->self.host.mac);
    p->head = frame_head_of(&p->self);
    p->engine->reads = info.tx_copies;
    p->segments = info.segments < PACKETS_SEGS ? info.segments : PACKETS_SEGS;
}

static void out_drop(struct packets *p, unsigned from)
{
    for (unsigned i = from; i < p->out_n; i++) {
        vtr_pkt_unref(&p->out[i]);
        engine_drop(p->engine, DROP_tx);
    }
}

static void full_wait(const struct packets *p, unsigned tries)
{
    const struct timespec pause = { 0, FULL_SLEEP_NS };
    if (tries < FULL_SPINS)
        return;
    if (p->nap)
        nanosleep(&pause, NULL);
    else
        sched_yield();
}

/* The ring is full: keeps trying, but not for ever. @return how many were sent in all. */
VTR_COLD static unsigned out_retry(struct packets *p, unsigned queue, unsigned sent)
{
    uint64_t from = slices_cycles();
    for (unsigned tries = 0; sent < p->out_n && tries < FULL_SPINS + FULL_SLEEPS; tries++) {
        unsigned n = vtr_port_tx(p->port, queue, p->out + sent, p->out_n - sent);
        p->engine->counts.tx_retries++;
        sent += n;
        if (n != 0)
            tries = 0;
        else if (p->stop != NULL && __atomic_load_n(p->stop, __ATOMIC_RELAXED))
            break;
        full_wait(p, tries);
    }
    slices_retried(&p->engine->slices, slices_cycles() - from);
    p->disturbed = true;
    return sent;
}

static void out_flush(struct packets *p, unsigned queue)
{
    if (p->out_n == 0)
        return;
    unsigned sent = vtr_port_tx(p->port, queue, p->out, p->out_n);
    if (VTR_UNLIKELY(sent < p->out_n)) {
        sent = out_retry(p, queue, sent);
        out_drop(p, sent);
    }
    p->out_n = 0;
}

static void out_put(struct packets *p, unsigned queue, struct vtr_data data)
{
    p->sent++;
    p->out[p->out_n++] = (struct vtr_pkt){ .data = data };
    if (p->out_n == PACKETS_OUT)
        out_flush(p, queue);
}

/* One datagram of a reply: which bytes, and how they get in. */
struct datagram {
    unsigned chunks, segments;
    uint32_t bytes, copied; /* behind the headers */
    unsigned last_copied;   /* chunks before this hold all that is copied */
    struct message_chunk chunk[CHUNKS];
    bool refer[CHUNKS];
};

/* A reference is one more segment, and what is copied behind it another. */
static bool may_refer(const struct packets *p, const struct message *m, const struct datagram *d,
                      const struct message_chunk *c, uint32_t room)
{
    bool last = c->len == room || message_done(m);
    return c->piece->refer && d->segments + (last ? 1 : 2) <= p->segments;
}

static void plan(const struct packets *p, struct message *m, struct datagram *d)
{
    uint32_t room = MESSAGE_PAYLOAD;
    d->chunks = d->bytes = d->copied = d->last_copied = 0;
    d->segments = 1;
    while (message_next(m, room, &d->chunk[d->chunks])) {
        const struct message_chunk *c = &d->chunk[d->chunks];
        bool refer = may_refer(p, m, d, c, room);
        d->refer[d->chunks++] = refer;
        room -= c->len;
        d->bytes += c->len;
        if (refer) {
            d->segments += 2;
        } else {
            d->copied += c->len;
            d->last_copied = d->chunks;
        }
    }
}

/* A frame being written: what is finished of it, and the buf that the rest goes into. */
struct writer {
    struct vtr_buf own; /* a block of this frame's own */
    bool owns;          /* there is one; else the frame is carved from the shared one */
    struct vtr_buf *into;
    unsigned parts;
    struct vtr_data part[PACKETS_SEGS];
};

/* The request's block if it holds the reply, a piece of the shared one, or a new one. */
static bool writer_open(struct packets *p, struct writer *w, const struct datagram *d)
{
    uint32_t need = frame_head_len(&p->head) + d->copied;
    w->parts = 0;
    w->into = &w->own;
    if (w->owns && vtr_buf_trim(&w->own, 0) && vtr_buf_tailroom(&w->own) >= need)
        return true;
    vtr_buf_fini(&w->own);
    w->owns = d->copied > CARVE_COPIED;
    if (w->owns)
        return w->owns = vtr_buf_init(p->heap, 0, need, &w->own) == 0;
    w->into = &p->carve;
    if (vtr_buf_tailroom(&p->carve) >= need)
        return true;
    vtr_buf_fini(&p->carve);
    return vtr_buf_init(p->heap, 0, CARVE_BLOCK, &p->carve) == 0;
}

/* What was written since the last reference becomes a segment. */
static void writer_cut(struct writer *w, bool last)
{
    size_t len = vtr_buf_len(w->into);
    if (w->owns && last)
        w->part[w->parts] = vtr_buf_seal(&w->own), w->owns = false;
    else if (len == 0 || !vtr_buf_split(w->into, len, &w->part[w->parts]))
        return;
    w->parts += len != 0;
}

static void writer_refer(struct writer *w, const struct message_chunk *c)
{
    vtr_check(vtr_data_slice(c->piece->data, c->off, c->len, &w->part[w->parts]));
    w->parts++;
}

static void writer_copy(struct packets *p, struct writer *w, const struct message_chunk *c)
{
    uint8_t *to = vtr_buf_reserve(w->into, c->len);
    vtr_check(to != NULL);
    message_copy(&p->engine->message, c, to);
    vtr_buf_commit(w->into, c->len);
    p->engine->counts.payload_bytes_copied += message_value_bytes(c);
}

/* Over all bytes that will follow, before any of them is given away. */
VTR_COLD static void writer_sum(const struct packets *p, const struct datagram *d,
                                struct frame_head6 *head)
{
    struct vtr_sum sum = frame_head_sum(head);
    for (unsigned i = 0; i < d->chunks; i++)
        message_sum(&p->engine->message, &d->chunk[i], &sum);
    head->udp.sum = vtr_sum_end_udp(sum);
}

static void writer_head(const struct packets *p, struct writer *w, const struct datagram *d,
                        uint32_t seq, uint32_t total)
{
    uint32_t len = frame_head_len(&p->head);
    uint8_t *to = vtr_buf_reserve(w->into, len);
    vtr_check(to != NULL);
    frame_head_write(&p->head, d->bytes, seq, total, to);
    if (VTR_UNLIKELY(p->head.six))
        writer_sum(p, d, (struct frame_head6 *)to);
    vtr_buf_commit(w->into, len);
}

/* @return owned; empty: no memory, and nothing is left. */
static struct vtr_data writer_join(struct writer *w)
{
    struct vtr_data out = VTR_DATA_EMPTY;
    if (w->parts == 1)
        return w->part[0];
    if (vtr_data_join_take(w->part, w->parts, &out) != 0)
        for (unsigned i = 0; i < w->parts; i++)
            vtr_data_unref(&w->part[i]);
    return out;
}

/* @return owned; empty: no memory. */
static struct vtr_data datagram_build(struct packets *p, struct writer *w, const struct datagram *d,
                                      uint32_t seq, uint32_t total)
{
    if (VTR_UNLIKELY(!writer_open(p, w, d)))
        return (struct vtr_data)VTR_DATA_EMPTY;
    writer_head(p, w, d, seq, total);
    for (unsigned i = 0; i < d->last_copied; i++) {
        if (!d->refer[i]) {
            writer_copy(p, w, &d->chunk[i]);
            continue;
        }
        writer_cut(w, false);
        writer_refer(w, &d->chunk[i]);
    }
    if (w->owns && d->segments == 1) {
        w->owns = false;
        return vtr_buf_seal(&w->own);
    }
    writer_cut(w, true);
    for (unsigned i = d->last_copied; i < d->chunks; i++)
        writer_refer(w, &d->chunk[i]);
    return writer_join(w);
}

/* Sends e->message. @param w its own buf is the request's block, or empty. */
static void reply(struct packets *p, unsigned queue, struct writer *w, uint32_t total)
{
    struct message *m = &p->engine->message;
    struct datagram d;
    uint32_t seq = 0;
    do {
        plan(p, m, &d);
        struct vtr_data data = datagram_build(p, w, &d, seq, total);
        if (VTR_LIKELY(data.len != 0))
            out_put(p, queue, data);
        else
            engine_drop(p->engine, DROP_memory);
    } while (++seq < total);
    vtr_buf_fini(&w->own);
}

static void serve_request(struct packets *p, unsigned queue, struct vtr_pkt *pkt,
                          const struct frame *frame, const struct engine_request *request)
{
    enum engine_answer answer = engine_answer(p->engine, request);
    if (answer != ENGINE_SILENT) {
        struct writer w;
        frame_head_address(&p->head, vtr_data_span(pkt->data).ptr, frame);
        w.owns = vtr_data_try_own(&pkt->data, &w.own);
        if (!w.owns)
            w.own = (struct vtr_buf)VTR_BUF_EMPTY;
        reply(p, queue, &w, answer == ENGINE_QUIT ? 0 : message_datagrams(&p->engine->message));
    }
}

static bool flat_copy(struct packets *p, struct vtr_data data, struct vtr_buf *out)
{
    size_t room = data.len > VTR_ANSWER_BYTES ? data.len : VTR_ANSWER_BYTES;
    if (vtr_buf_init(p->heap, 0, room, out) != 0)
        return engine_drop(p->engine, DROP_memory);
    vtr_check(vtr_data_gather(data, 0, vtr_buf_reserve(out, data.len), data.len));
    vtr_buf_commit(out, data.len);
    return true;
}

/* The packet's own block, with room for any answer. @return false: held by others, or small. */
static bool own(struct vtr_pkt *pkt, struct vtr_buf *out)
{
    if (!vtr_data_try_own(&pkt->data, out))
        return false;
    if (vtr_buf_len(out) + vtr_buf_tailroom(out) >= VTR_ANSWER_BYTES)
        return true;
    pkt->data = vtr_buf_seal(out);
    return false;
}

/* A packet that goes back in its own bytes, or else in a copy of them. */
static void turn_around(struct packets *p, unsigned queue, struct vtr_pkt *pkt,
                        const struct frame *frame)
{
    struct vtr_buf buf;
    if (!own(pkt, &buf) && !flat_copy(p, pkt->data, &buf))
        return;
    size_t len = vtr_buf_len(&buf), now = len;
    if (frame->kind == FRAME_ECHO)
        frame_echo(vtr_buf_bytes(&buf), frame);
    else
        now = vtr_answer(&p->self.host, frame->question, vtr_buf_bytes(&buf), len);
    if (now > len)
        vtr_buf_commit(&buf, now - len);
    else
        vtr_check(vtr_buf_trim(&buf, now));
    out_put(p, queue, vtr_buf_seal(&buf));
}

/* A frame in several segments, which only a long one is, is read from a copy in one. */
static bool flatten(struct packets *p, struct vtr_pkt *pkt)
{
    struct vtr_buf buf;
    if (!flat_copy(p, pkt->data, &buf))
        return false;
    vtr_data_unref(&pkt->data);
    pkt->data = vtr_buf_seal(&buf);
    return true;
}

static void parse(struct packets *p, struct vtr_pkt *pkt, struct frame *out)
{
    struct vtr_span span = vtr_data_span(pkt->data);
    if (VTR_UNLIKELY(span.len < pkt->data.len) && flatten(p, pkt))
        span = vtr_data_span(pkt->data);
    unsigned checked = (pkt->flags & VTR_PKT_L3_GOOD ? FRAME_IP_GOOD : 0u) |
                       (pkt->flags & VTR_PKT_L4_GOOD ? FRAME_UDP_GOOD : 0u);
    frame_parse(&p->self, span, checked, out);
}

static void read_burst(struct packets *p, struct vtr_pkt *pkts, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct frame *f = &p->frame[i];
        parse(p, &pkts[i], f);
        if (VTR_UNLIKELY(f->kind == FRAME_DROP))
            engine_drop(p->engine, f->reason);
        else if (f->kind == FRAME_REQUEST && !engine_read(p->engine, f->payload, &p->request[i]))
            f->kind = FRAME_DROP;
    }
    for (unsigned i = 0; i < n; i++)
        if (p->frame[i].kind == FRAME_REQUEST)
            engine_prefetch(p->engine, &p->request[i]);
}

/* @return 1 if it is a request answered. */
static unsigned serve(struct packets *p, unsigned queue, struct vtr_pkt *pkt, unsigned i)
{
    const struct frame *f = &p->frame[i];
    if (VTR_LIKELY(f->kind == FRAME_REQUEST)) {
        serve_request(p, queue, pkt, f, &p->request[i]);
        return 1;
    }
    if (f->kind == FRAME_DROP)
        return 0;
    threshold_mix(&p->engine->threshold);
    turn_around(p, queue, pkt, f);
    p->engine->counts.requests += f->kind == FRAME_ECHO;
    return f->kind == FRAME_ECHO;
}

unsigned packets_serve(struct packets *p, unsigned queue, struct vtr_pkt *pkts, unsigned n)
{
    unsigned served = 0;
    p->disturbed = false;
    p->sent = 0;
    read_burst(p, pkts, n);
    for (unsigned i = 0; i < n + ENGINE_AHEAD; i++) {
        if (i < n && p->frame[i].kind == FRAME_REQUEST)
            engine_prefetch_value(p->engine, &p->request[i]);
        if (i >= ENGINE_AHEAD)
            served += serve(p, queue, &pkts[i - ENGINE_AHEAD], i - ENGINE_AHEAD);
    }
    out_flush(p, queue);
    /* All at the end: each count down is a locked instruction, which waits for all stores before
     * it, and those into replies wait for lines from the core that read the last ones. */
    for (unsigned i = 0; i < n; i++)
        vtr_pkt_unref(&pkts[i]);
    store_settle(p->engine->store);
    return served;
}

unsigned packets_poll(struct packets *p, unsigned queue, bool *found)
{
    struct vtr_pkt pkts[PACKETS_BURST];
    uint64_t from = slices_cycles();
    unsigned n = vtr_port_rx(p->port, queue, pkts, p->ask);
    *found = n != 0;
    if (n == 0)
        return 0;
    unsigned served = packets_serve(p, queue, pkts, n);
    threshold_burst_end(&p->engine->threshold, slices_cycles() - from, p->disturbed);
    p->ask = slices_ask(n, p->sent, PACKETS_BURST);
    return served;
}

void packets_fini(struct packets *p) { vtr_buf_fini(&p->carve); }
