/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The closed loop. Time is read once a burst.
 */
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    TIMEOUT_NS = 200 * 1000 * 1000,
    TICK_NS = 1000 * 1000 * 1000,
    SWEEP_NS = 20 * 1000 * 1000, /* how often the slots are searched for overdue requests */
    SETTLE_NS = 1000 * 1000 * 1000, /* of a link that never falls silent */
};

static uint32_t fitting_width(const struct link *link, const struct workload *w, uint32_t width)
{
    uint32_t replies = link->rx_capacity / w->parts, sends = link->tx_capacity / w->sends;
    uint32_t fits = replies < sends ? replies : sends;
    uint32_t most = w->ids < fits ? w->ids : fits;
    uint32_t got = width < most ? width : most;
    return got != 0 ? got : 1;
}

int load_init(struct link *link, struct requests *r, uint32_t width, struct load *out)
{
    const struct workload *w = r->workload;
    struct load load = { .link = link, .requests = r, .timeout_ns = TIMEOUT_NS };
    load.width = fitting_width(link, w, width);
    /* It is filled only when empty, with what the window holds at most. */
    load.outbox = malloc((size_t)load.width * w->sends * sizeof *load.outbox);
    if (load.outbox == NULL || window_init(w->ids, w->parts, &load.window) != 0) {
        free(load.outbox);
        return -ENOMEM;
    }
    *out = load;
    return 0;
}

void load_fini(struct load *load)
{
    window_fini(&load->window);
    free(load->outbox);
    *load = (struct load){ 0 };
}

static void enqueue(struct load *load, uint32_t id)
{
    uint32_t sends = load->requests->workload->sends;
    for (uint32_t part = 0; part < sends; part++)
        load->outbox[load->outbox_n++] = id * sends + part;
}

static void flush(struct load *load)
{
    uint32_t sent = 0;
    while (sent < load->outbox_n) {
        unsigned n = load->outbox_n - sent < LINK_BURST ? load->outbox_n - sent : LINK_BURST;
        unsigned got = link_send(load->link, load->requests, load->outbox + sent, n);
        sent += got;
        if (got < n)
            break;
    }
    load->outbox_n -= sent;
    memmove(load->outbox, load->outbox + sent, load->outbox_n * sizeof *load->outbox);
}

static void refill(struct load *load, uint64_t now)
{
    uint32_t free_slots = load->width - load->window.in_flight;
    if (load->outbox_n != 0 || 2 * free_slots < load->width)
        return;
    for (; free_slots != 0; free_slots--)
        enqueue(load, window_take(&load->window, now, now + load->timeout_ns));
}

static void resend_overdue(struct load *load, uint64_t now, struct load_result *result)
{
    uint32_t cursor = 0, id;
    if (load->outbox_n != 0)
        return; /* what waits to be sent is not lost */
    while (window_overdue(&load->window, &cursor, now, now + load->timeout_ns, &id)) {
        enqueue(load, id);
        result->lost++;
    }
}

void load_count_bad(struct load_result *result, const struct reply *r, const char *what, size_t off)
{
    if (result->bad++ != 0)
        return;
    bool framed = r->fault == NULL && r->len >= WORKLOAD_FRAME_BYTES;
    struct reply_frame f = framed ? reply_frame(r) : (struct reply_frame){ 0 };
    result->fault = (struct load_fault){ what, off, f.id, f.seq };
}

static void take_reply(struct load *load, const struct reply *r, uint64_t now,
                       struct load_result *result)
{
    size_t off = r->fault_off;
    const char *fault = r->fault;
    if (fault == NULL && (fault = reply_fault(r, load->requests->workload, &off)) != NULL)
        off += r->base;
    if (fault != NULL) {
        load_count_bad(result, r, fault, off);
        return;
    }
    struct reply_frame f = reply_frame(r);
    uint64_t sent_ns;
    result->datagrams++;
    switch (window_arrived(&load->window, f.id, f.seq, &sent_ns)) {
    case WINDOW_STRAY:
        if (result->lost + result->abandoned != 0)
            result->stray++;
        else
            load_count_bad(result, r, "answered twice", r->base);
        break;
    case WINDOW_DONE:
        result->requests++;
        histogram_add(&result->latency, now - sent_ns);
        break;
    case WINDOW_MORE:
        break;
    }
}

void load_settle(struct link *link)
{
    struct reply replies[LINK_BURST];
    uint64_t now = load_now(), give_up = now + SETTLE_NS;
    for (uint64_t quiet = now + SWEEP_NS; now < quiet && now < give_up; now = load_now())
        if (link_poll(link, replies, LINK_BURST) != 0)
            quiet = now + SWEEP_NS;
}

void load_watch_tick(struct load_watch *w, uint64_t ns, const struct load_result *so_far)
{
    if (w->tick == NULL || ns / TICK_NS == w->ticks)
        return;
    w->ticks = ns / TICK_NS;
    if (w->ticks != 0) /* else a run has begun */
        w->tick(w->context, so_far);
}

void load_run(struct load *load, uint64_t ns, struct load_result *result)
{
    struct reply replies[LINK_BURST];
    uint64_t begin = load_now(), now = begin, end = begin + ns, give_up = end + load->timeout_ns;
    uint64_t sweep = begin + SWEEP_NS;
    while (now < end || (load->window.in_flight != 0 && now < give_up)) {
        if (now < end)
            refill(load, now);
        flush(load);
        unsigned n = link_poll(load->link, replies, LINK_BURST);
        if (n == 0)
            load_relax();
        now = load_now();
        for (unsigned i = 0; i < n; i++)
            take_reply(load, &replies[i], now, result);
        if (now >= sweep) {
            resend_overdue(load, now, result);
            sweep = now + SWEEP_NS;
        }
        load_watch_tick(&load->watch, now - begin, result);
        if (now < end && load_watch_stopped(&load->watch))
            end = now, give_up = now + load->timeout_ns;
    }
    result->wall_ns += now - begin;
    result->abandoned += window_abandon(&load->window);
    load->outbox_n = 0;
    if (result->lost + result->abandoned != 0)
        load_settle(load->link);
}
