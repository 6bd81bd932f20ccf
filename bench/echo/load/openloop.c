/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The open loop. Time is read twice a burst: before sending, and after receiving.
 */
#include "openloop.h"

#include <errno.h>
#include <stdlib.h>

int openloop_init(struct link *link, struct stream *stream, const struct openloop_opts *opts,
                  struct openloop *out)
{
    size_t stride = link->say_max < STREAM_REQUEST_MAX ? link->say_max : STREAM_REQUEST_MAX;
    struct openloop o = { .opts = *opts, .link = link, .stream = stream, .stride = stride + 1,
                          .now = load_now };
    if (!(opts->rate > 0) || opts->timeout_ns == 0)
        return -EINVAL;
    o.bytes = malloc(LINK_BURST * o.stride);
    if (o.bytes == NULL || flight_init(WORKLOAD_IDS_MAX, &o.flight) != 0) {
        free(o.bytes);
        return -ENOMEM;
    }
    *out = o;
    return 0;
}

void openloop_fini(struct openloop *o)
{
    flight_fini(&o->flight);
    free(o->bytes);
    *o = (struct openloop){ 0 };
}

/* One more request into the outbox. A set that no datagram holds is made a get. */
static void enqueue(struct openloop *o, uint64_t due_ns, struct load_result *result)
{
    struct ask ask = stream_next(o->stream);
    if (ask.set && ask_len(o->stream, ask) >= o->stride) {
        ask.set = false;
        result->oversize++;
    }
    uint32_t id = flight_begin(&o->flight, ask, ask_parts(o->stream, ask), due_ns);
    uint8_t *to = o->bytes + o->outbox_n * o->stride;
    o->outbox[o->outbox_n] = vtr_span_of(to, ask_write(o->stream, ask, id, to));
    o->outbox_id[o->outbox_n++] = id;
    result->offered++;
    result->sets += ask.set;
}

/* What the link did not take stays, in order, and goes first. */
static void flush(struct openloop *o, uint64_t now, struct load_result *result)
{
    if (o->outbox_n == 0)
        return;
    unsigned sent = link_say(o->link, o->outbox, o->outbox_n);
    for (unsigned i = 0; i < sent; i++) {
        struct flight_slot *s = &o->flight.slot[o->outbox_id[i]];
        s->sent_ns = now;
        histogram_add(&result->lag, now - s->due_ns);
    }
    o->outbox_n -= sent;
    for (unsigned i = 0; i < o->outbox_n && sent != 0; i++) {
        o->outbox[i] = o->outbox[i + sent];
        o->outbox_id[i] = o->outbox_id[i + sent];
    }
}

/* Sends a burst of what is due in the first @p ns of the run. @return whether any of it is left. */
static bool send_due(struct openloop *o, struct arrivals *a, uint64_t begin, uint64_t ns,
                     uint64_t now, struct load_result *result)
{
    uint64_t due;
    if (o->outbox_n == 0)
        while (o->outbox_n < LINK_BURST && flight_has_room(&o->flight) &&
               arrivals_take(a, ns, &due))
            enqueue(o, begin + due, result);
    flush(o, now, result);
    return o->outbox_n != 0 || a->next_ns < (double)ns;
}

static const char *fault_of(const struct openloop *o, const struct reply *r, size_t *off)
{
    uint8_t want[WORKLOAD_CHUNK_BYTES];
    *off = r->fault_off;
    if (r->fault != NULL)
        return r->fault;
    const char *fault = reply_fault_id(r, o->flight.ids, off);
    if (fault != NULL)
        return fault;
    struct reply_frame f = reply_frame(r);
    const struct flight_slot *s = &o->flight.slot[f.id];
    if (s->parts == 0)
        return "request id never sent";
    if ((fault = reply_fault_frame(r, s->parts, off)) != NULL)
        return fault;
    return reply_fault_bytes(r, want, ask_expect(o->stream, s->ask, f.seq, want), off);
}

static void take_reply(struct openloop *o, const struct reply *r, uint64_t now,
                       struct load_result *result)
{
    size_t off = 0;
    const char *fault = fault_of(o, r, &off);
    if (fault != NULL) {
        load_count_bad(result, r, fault, r->fault == NULL ? off + r->base : off);
        return;
    }
    struct reply_frame f = reply_frame(r);
    result->datagrams++;
    switch (flight_arrived(&o->flight, f.id, f.seq)) {
    case FLIGHT_STRAY:
        load_count_bad(result, r, "answered twice", r->base);
        break;
    case FLIGHT_DONE:
        result->requests++;
        histogram_add(&result->latency, now - o->flight.slot[f.id].due_ns);
        break;
    case FLIGHT_LATE:
        result->late++;
        break;
    case FLIGHT_MORE:
        break;
    }
}

static void receive(struct openloop *o, struct load_result *result)
{
    struct reply replies[LINK_BURST];
    unsigned n = link_poll(o->link, replies, LINK_BURST);
    uint64_t now = o->now();
    if (n == 0)
        load_relax();
    for (unsigned i = 0; i < n; i++)
        take_reply(o, &replies[i], now, result);
    result->lost += flight_expire(&o->flight, now, o->opts.timeout_ns);
}

/* Ends what is still under way, and what was due and never left, from the outbox or at all. */
static void abandon(struct openloop *o, struct arrivals *a, uint64_t ns, struct load_result *result)
{
    uint64_t due;
    for (; o->outbox_n != 0; result->unsent++)
        flight_cancel(&o->flight, o->outbox_id[--o->outbox_n]);
    for (; arrivals_take(a, ns, &due); result->unsent++)
        result->offered++;
    result->lost += flight_expire(&o->flight, UINT64_MAX, 0);
    vtr_check(o->flight.n[FLIGHT_BUSY] == 0);
}

void openloop_run(struct openloop *o, uint64_t ns, struct load_result *result)
{
    struct arrivals a = arrivals_of(o->opts.rate, o->opts.constant, mix64(o->opts.seed));
    uint64_t begin = o->now(), now = begin, end = begin + ns, timeout = o->opts.timeout_ns;
    bool left = true;
    /* What is late in leaving gets one time-out to leave, and what has left another. */
    while (now < end || (left && now - end < timeout) ||
           (o->flight.n[FLIGHT_BUSY] > o->outbox_n && now - end < 2 * timeout)) {
        if (now < end || now - end < timeout)
            left = send_due(o, &a, begin, (now < end ? now : end) - begin, now, result);
        receive(o, result);
        now = o->now();
        load_watch_tick(&o->watch, now - begin, result);
        if (now < end && load_watch_stopped(&o->watch))
            end = now;
    }
    result->wall_ns += end - begin;
    abandon(o, &a, end - begin, result);
}
