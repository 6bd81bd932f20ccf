/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Captures: their beginning and end, and the callers' side of the rings.
 */
#include "port/capture.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/wait.h"
#include "port/capture_writer.h"
#include "port/pcapng.h"

enum { BACKLOG_DEFAULT = 4096, BACKLOG_MAX = 1 << 20, FILES_MAX = 10000, FILE_MORE = 4096 };
enum { ALL = VTR_CAPTURE_RX | VTR_CAPTURE_TX | VTR_CAPTURE_DROPS };

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The queue's caller goes inside. @return its ring, or NULL: there is no capture any more, or not
 * of this. */
static struct vtr_capture_ring *enter(const struct vtr_port *port, bool sends, unsigned queue,
                                      uint32_t what)
{
    uint32_t *inside = sends ? &port->txq[queue].inside : &port->rxq[queue].inside;
    /* In one order for all: either the flag is seen by who ends the capture, or its end is here. */
    __atomic_store_n(inside, 1, __ATOMIC_SEQ_CST);
    struct vtr_capture *c = __atomic_load_n(&port->capture, __ATOMIC_SEQ_CST);
    if (c == NULL || (c->what & what) != what) {
        __atomic_store_n(inside, 0, __ATOMIC_RELEASE);
        return NULL;
    }
    struct vtr_capture_ring *ring = &c->rings[sends ? c->queues + queue : queue];
    ring->now = clock_ns();
    return ring;
}

/* @return how many of @p n slots behind the tail are free. */
static unsigned slots_free(struct vtr_capture_ring *ring, unsigned n)
{
    uint32_t size = ring->of->mask + 1;
    if (size - (ring->tail - ring->head_seen) < n)
        ring->head_seen = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE); /* A2 */
    uint32_t left = size - (ring->tail - ring->head_seen);
    return left < n ? left : n;
}

static struct vtr_captured *slot_at(const struct vtr_capture_ring *ring, unsigned behind_tail)
{
    return &ring->slots[(ring->tail + behind_tail) & ring->of->mask];
}

/* Packets of a single-threaded heap: the writer must not count them. @return false: no memory. */
static bool copy(const struct vtr_capture *c, struct vtr_data d, struct vtr_captured *slot)
{
    uint32_t n = d.len < c->snap_bytes ? d.len : c->snap_bytes;
    uint8_t *bytes = vtr_memory_alloc_(n, 1);
    if (bytes == NULL)
        return false;
    vtr_check(vtr_data_gather(d, 0, bytes, n));
    slot->data = (struct vtr_data){ (uint64_t)(uintptr_t)bytes, 0, n };
    slot->copied = true;
    return true;
}

/* Puts a packet into the next slot, which is free. */
static bool hold(struct vtr_capture_ring *ring, struct vtr_data d, uint32_t len, uint8_t drop)
{
    struct vtr_captured *slot = slot_at(ring, ring->held);
    slot->ns = ring->now;
    slot->len = len;
    slot->drop = drop;
    slot->copied = false;
    if (VTR_UNLIKELY((d.what & VTR_RECORD_SINGLE) != 0) && !copy(ring->of, d, slot))
        return false;
    if (!slot->copied)
        slot->data = vtr_data_ref(d);
    ring->held++;
    return true;
}

/* Fills slots, as many as there are. */
static void hold_all(struct vtr_capture_ring *ring, const struct vtr_pkt *pkts, unsigned n)
{
    unsigned room = slots_free(ring, n);
    while (ring->held < room &&
           hold(ring, pkts[ring->held].data, pkts[ring->held].data.len, 0))
        ;
}

/* Of those held, the others are nobody's. Of @p n, what was not held is lost. */
void vtr_capture_publish_(struct vtr_capture_ring *ring, unsigned n)
{
    unsigned kept = n < ring->held ? n : ring->held;
    for (unsigned i = kept; i < ring->held; i++)
        vtr_captured_end_(slot_at(ring, i));
    ring->held = 0;
    __atomic_store_n(&ring->tail, ring->tail + kept, __ATOMIC_RELEASE); /* R3: filled; A3 */
    if (VTR_UNLIKELY(kept < n))
        vtr_count_(&ring->lost, n - kept);
    /* R1: what was put into the ring is there; A1: the writer, and who ends the capture. */
    __atomic_store_n(ring->inside, 0, __ATOMIC_RELEASE);
}

void vtr_captured_end_(struct vtr_captured *packet)
{
    if (packet->copied)
        vtr_memory_free_((void *)(uintptr_t)packet->data.what);
    else
        vtr_data_unref(&packet->data);
}

void vtr_capture_rx_(const struct vtr_port *port, unsigned queue, const struct vtr_pkt *pkts,
                     unsigned n)
{
    struct vtr_capture_ring *ring = enter(port, false, queue, VTR_CAPTURE_RX);
    if (ring == NULL)
        return;
    hold_all(ring, pkts, n);
    vtr_capture_publish_(ring, n);
}

struct vtr_capture_ring *vtr_capture_hold_all_(const struct vtr_port *port, unsigned queue,
                                               const struct vtr_pkt *pkts, unsigned n)
{
    struct vtr_capture_ring *ring = enter(port, true, queue, VTR_CAPTURE_TX);
    if (ring != NULL)
        hold_all(ring, pkts, n);
    return ring;
}

void vtr_capture_drop_(const struct vtr_port *port, bool sends, unsigned queue, struct vtr_data d,
                       uint32_t len, enum vtr_drop reason)
{
    uint32_t what = VTR_CAPTURE_DROPS | (sends ? VTR_CAPTURE_TX : VTR_CAPTURE_RX);
    bool wanted = vtr_capture_on_(port) && d.len != 0;
    struct vtr_capture_ring *ring = wanted ? enter(port, sends, queue, what) : NULL;
    if (ring == NULL)
        return;
    if (slots_free(ring, 1) != 0)
        (void)!hold(ring, d, len, (uint8_t)(reason + 1));
    vtr_capture_publish_(ring, 1);
}

static int bad_option(const struct vtr_port *port, struct vtr_error *err, const char *what,
                      uint64_t value)
{
    return vtr_error_set_(err, EINVAL, "see vitrine/capture.h; zero is the default",
                          "capture of port '%s': %s cannot be %llu", port->shown, what,
                          (unsigned long long)value);
}

/* Checks the options and fills in the defaults. */
static int read_opts(const struct vtr_port *port, const char *path,
                     const struct vtr_capture_opts *given, struct vtr_capture_opts *o,
                     struct vtr_error *err)
{
    memset(o, 0, sizeof *o);
    if (given != NULL && (given->size < sizeof o->size || given->size > sizeof *o))
        return bad_option(port, err, "opts.size", given->size);
    if (given != NULL)
        memcpy(o, given, given->size);
    o->what = o->what != 0 ? o->what : ALL;
    o->snap_bytes = o->snap_bytes != 0 ? o->snap_bytes : VTR_PCAPNG_SNAP_MAX;
    o->backlog = o->backlog != 0 ? o->backlog : BACKLOG_DEFAULT;
    if ((o->what & ~(uint32_t)ALL) != 0 || (o->what & (VTR_CAPTURE_RX | VTR_CAPTURE_TX)) == 0)
        return bad_option(port, err, "opts.what", o->what);
    if (o->snap_bytes > VTR_PCAPNG_SNAP_MAX)
        return bad_option(port, err, "opts.snap_bytes", o->snap_bytes);
    if (o->backlog > BACKLOG_MAX)
        return bad_option(port, err, "opts.backlog", o->backlog);
    if (o->files > FILES_MAX || (o->files > 1 && (path == NULL || o->file_bytes == 0)))
        return bad_option(port, err, "opts.files", o->files);
    if (o->file_bytes != 0 && o->file_bytes < o->snap_bytes + (uint64_t)FILE_MORE)
        return bad_option(port, err, "opts.file_bytes", o->file_bytes);
    return 0;
}

static void ring_init(struct vtr_port *port, struct vtr_capture *c, unsigned i,
                      struct vtr_captured *slots)
{
    struct vtr_capture_ring *ring = &c->rings[i];
    ring->of = c;
    ring->sends = i >= c->queues;
    ring->queue = (uint16_t)(i % c->queues);
    ring->slots = slots + (size_t)i * (c->mask + 1);
    ring->inside = ring->sends ? &port->txq[ring->queue].inside : &port->rxq[ring->queue].inside;
}

static void capture_free(struct vtr_capture *c)
{
    vtr_memory_free_(c->rings != NULL ? c->rings[0].slots : NULL);
    vtr_memory_free_(c->rings);
    vtr_memory_free_(c);
}

static struct vtr_capture *capture_new(struct vtr_port *port, const struct vtr_capture_opts *o)
{
    struct vtr_capture *c = vtr_memory_zalloc_(sizeof *c, _Alignof(struct vtr_capture));
    if (c == NULL)
        return NULL;
    c->what = o->what;
    c->snap_bytes = o->snap_bytes;
    c->queues = port->queues;
    /* A burst always finds an empty ring large enough. */
    for (c->mask = VTR_BURST - 1; c->mask + 1 < o->backlog;)
        c->mask = 2 * c->mask + 1;
    c->rings = vtr_memory_zalloc_(2 * c->queues * sizeof c->rings[0],
                                  _Alignof(struct vtr_capture_ring));
    struct vtr_captured *slots =
        vtr_memory_alloc_(2 * c->queues * ((size_t)c->mask + 1) * sizeof *slots, 64);
    if (c->rings == NULL || slots == NULL) {
        vtr_memory_free_(slots);
        capture_free(c);
        return NULL;
    }
    for (unsigned i = 0; i < 2 * c->queues; i++)
        ring_init(port, c, i, slots);
    return c;
}

static void capture_end(struct vtr_port *port)
{
    struct vtr_capture *c = port->captured;
    vtr_capture_off_(port, c);
    vtr_capture_writer_close_(c->writer, &port->captured_last);
    capture_free(c);
    port->captured = NULL;
}

int vtr_port_capture(struct vtr_port *port, const char *path, const struct vtr_capture_opts *opts,
                     struct vtr_error *err)
{
    struct vtr_capture_opts o;
    if (port->captured != NULL)
        return vtr_error_set_(err, EBUSY, "stop the capture that runs first",
                              "port '%s' is captured already", port->shown);
    int rc = read_opts(port, path, opts, &o, err);
    if (rc != 0)
        return rc;
    struct vtr_capture *c = capture_new(port, &o);
    if (c == NULL)
        return vtr_error_set_(err, ENOMEM, "lower opts.backlog", "capture of port '%s': no memory",
                              port->shown);
    rc = vtr_capture_writer_open_(port, c, path, &o, err);
    if (rc != 0) {
        capture_free(c);
        return rc;
    }
    port->captured = c;
    __atomic_store_n(&port->capture, c, __ATOMIC_SEQ_CST); /* it is complete */
    rc = vtr_capture_writer_run_(c->writer, err);
    if (rc != 0)
        capture_end(port);
    return rc;
}

void vtr_capture_off_(struct vtr_port *port, const struct vtr_capture *c)
{
    __atomic_store_n(&port->capture, NULL, __ATOMIC_SEQ_CST);
    vtr_capture_settle_(c);
}

void vtr_capture_settle_(const struct vtr_capture *c)
{
    for (unsigned i = 0; i < 2 * c->queues; i++) {
        struct vtr_wait wait = { 0 };
        while (__atomic_load_n(c->rings[i].inside, __ATOMIC_SEQ_CST) != 0) /* A1 */
            vtr_wait_(&wait);
    }
}

void vtr_port_capture_stat(struct vtr_port *port, struct vtr_capture_stat *out)
{
    struct vtr_capture_stat s = port->captured_last;
    vtr_check(out->size >= sizeof out->size && out->size <= sizeof s);
    if (port->captured != NULL)
        vtr_capture_writer_stat_(port->captured->writer, &s);
    s.size = out->size;
    memcpy(out, &s, s.size);
}

int vtr_port_capture_stop(struct vtr_port *port, struct vtr_error *err)
{
    if (port->captured == NULL)
        return 0;
    capture_end(port);
    int rc = port->captured_last.error;
    return rc == 0 ? 0
                   : vtr_error_set_(err, -rc, "the file is good up to there; make room, or write "
                                              "to another place",
                                    "capture of port '%s': cannot write: %s, after %llu packets",
                                    port->shown, strerror(-rc),
                                    (unsigned long long)port->captured_last.packets);
}
