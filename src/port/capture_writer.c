/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The writer's thread. It polls, so that who sends and receives never makes a system call for it.
 */
#include "port/capture_writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <rte_version.h>

#include "base/error.h"
#include "base/memory.h"
#include "port/capture_file.h"
#include "port/pcapng.h"

enum { NAP_NS = 1000000, ROOM = 2 * VTR_PCAPNG_SNAP_MAX };
VTR_STATIC_ASSERT(ROOM >= VTR_PCAPNG_SNAP_MAX + VTR_PCAPNG_PACKET_MORE + VTR_PCAPNG_BLOCK_MAX,
                  "any packet fits into an empty buffer, and the end behind it");

struct vtr_capture_writer {
    struct vtr_port *port;
    struct vtr_capture *of;
    struct vtr_capture_opts opts;
    pthread_t thread;
    bool running;
    bool ending;               /* atomic */
    uint64_t to_realtime;      /* from CLOCK_MONOTONIC, as it was at the beginning */
    uint64_t began;            /* CLOCK_MONOTONIC, ns */
    struct vtr_port_stat before;

    /* the writer's own */
    struct vtr_capture_file file;
    struct vtr_pcapng blocks;    /* to be written */
    uint64_t waiting, waiting_bytes; /* packets in them */
    uint64_t missing, missing_said;  /* lost: up to this round, and in front of packets */

    /* atomic: written by the writer, read by stat */
    uint64_t packets, bytes, discarded, files;
    int error;
    bool done;
};

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t read_count(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED); /* O: a statistic */
}

static uint64_t lost(const struct vtr_capture_writer *w)
{
    uint64_t sum = read_count(&w->discarded);
    for (unsigned i = 0; i < 2 * w->of->queues; i++)
        sum += read_count(&w->of->rings[i].lost);
    return sum;
}

/* Nothing more is captured. */
static void finish(struct vtr_capture_writer *w, int error)
{
    if (error != 0) {
        vtr_count_(&w->discarded, w->waiting);
        __atomic_store_n(&w->error, error, __ATOMIC_RELAXED); /* O: statistics, both */
    }
    w->blocks.len = w->waiting = w->waiting_bytes = 0;
    __atomic_store_n(&w->done, true, __ATOMIC_RELAXED);
    vtr_capture_off_(w->port, w->of);
}

static void flush(struct vtr_capture_writer *w)
{
    if (w->blocks.len == 0)
        return;
    int rc = vtr_capture_file_write_(&w->file, w->blocks.at, w->blocks.len);
    if (rc != 0) {
        finish(w, rc);
        return;
    }
    vtr_count_(&w->packets, w->waiting);
    vtr_count_(&w->bytes, w->waiting_bytes);
    w->blocks.len = w->waiting = w->waiting_bytes = 0;
}

static void begin_file(struct vtr_capture_writer *w)
{
    char program[VTR_PCAPNG_TEXT_MAX];
    struct vtr_port_info info;
    vtr_port_info(w->port, &info);
    snprintf(program, sizeof program, "vitrine over %s", rte_version());
    struct vtr_pcapng_interface of = { .program = program,
                                       .name = w->port->shown,
                                       .description = info.driver,
                                       .snap_bytes = w->opts.snap_bytes };
    memcpy(of.mac, info.mac, sizeof of.mac);
    vtr_pcapng_begin_(&w->blocks, &of);
    vtr_count_(&w->files, 1);
}

/* "drops: rx_full 12, tx_long 1", since the capture began. */
static void say_drops(const struct vtr_capture_writer *w, char *text, size_t size)
{
    struct vtr_port_stat now;
    size_t len = (size_t)snprintf(text, size, "drops: ");
    const char *between = "";
    vtr_port_stat(w->port, &now);
    for (unsigned i = 0; i < VTR_DROP_REASONS && len < size; i++)
        if (now.drop[i] != w->before.drop[i]) {
            len += (size_t)snprintf(text + len, size - len, "%s%s %llu", between, vtr_drop_name(i),
                                    (unsigned long long)(now.drop[i] - w->before.drop[i]));
            between = ", ";
        }
    if (between[0] == '\0')
        snprintf(text + len, size - len, "none");
}

static void end_file(struct vtr_capture_writer *w)
{
    char comment[VTR_PCAPNG_TEXT_MAX + 1];
    say_drops(w, comment, sizeof comment);
    uint64_t written = w->packets + w->waiting, missing = lost(w);
    struct vtr_pcapng_totals totals = { .begin_ns = w->began + w->to_realtime,
                                        .end_ns = clock_ns(CLOCK_MONOTONIC) + w->to_realtime,
                                        .seen = written + missing,
                                        .lost = missing,
                                        .written = written,
                                        .comment = comment };
    vtr_pcapng_end_(&w->blocks, &totals);
    flush(w);
}

/* The file is as long as it may be. @return whether there is another one. */
static bool turn_over(struct vtr_capture_writer *w)
{
    end_file(w);
    if (w->done)
        return false;
    int rc = w->opts.files > 1 ? vtr_capture_file_next_(&w->file) : 0;
    if (rc != 0 || w->opts.files <= 1) {
        finish(w, rc);
        return false;
    }
    begin_file(w);
    return true;
}

static bool file_is_full(const struct vtr_capture_writer *w, size_t more)
{
    return w->opts.file_bytes != 0 &&
           w->file.bytes + w->blocks.len + more + VTR_PCAPNG_BLOCK_MAX > w->opts.file_bytes;
}

static void add(struct vtr_capture_writer *w, const struct vtr_capture_ring *ring,
                const struct vtr_captured *from, uint32_t kept)
{
    struct vtr_pcapng_packet p = {
        .data = from->data,
        .bytes = from->copied ? (const uint8_t *)(uintptr_t)from->data.what : NULL,
        .kept = kept,
        .len = from->len > kept ? from->len : kept,
        .ns = from->ns + w->to_realtime,
        .direction = ring->sends ? VTR_PCAPNG_OUT : VTR_PCAPNG_IN,
        .queue = ring->queue,
        .lost = w->missing - w->missing_said,
        .drop = from->drop != 0 ? vtr_drop_name((enum vtr_drop)(from->drop - 1)) : NULL,
    };
    w->missing_said = w->missing;
    vtr_pcapng_packet_(&w->blocks, &p);
    w->waiting++;
    w->waiting_bytes += kept;
}

static void take(struct vtr_capture_writer *w, const struct vtr_capture_ring *ring,
                 const struct vtr_captured *from)
{
    uint32_t kept = from->data.len < w->opts.snap_bytes ? from->data.len : w->opts.snap_bytes;
    size_t more = kept + VTR_PCAPNG_PACKET_MORE;
    if (w->blocks.len + more + VTR_PCAPNG_BLOCK_MAX > w->blocks.cap)
        flush(w);
    bool goes = !w->done && (!file_is_full(w, more) || turn_over(w));
    if (!goes) {
        vtr_count_(&w->discarded, w->error != 0);
        return;
    }
    add(w, ring, from, kept);
    if (w->opts.packets != 0 && w->packets + w->waiting == w->opts.packets) {
        end_file(w);
        if (!w->done)
            finish(w, 0);
    }
}

/* Takes what a ring has up to @p until. */
static void take_from(struct vtr_capture_writer *w, struct vtr_capture_ring *ring, uint64_t until)
{
    uint32_t at = ring->head;
    for (; at != ring->tail_seen; at++) {
        struct vtr_captured *slot = &ring->slots[at & ring->of->mask];
        if (slot->ns > until)
            break;
        take(w, ring, slot);
        vtr_captured_end_(slot);
    }
    __atomic_store_n(&ring->head, at, __ATOMIC_RELEASE); /* R2: the slots are free; A2 */
}

/* Finds the ring whose first packet is the oldest, and how long it stays the oldest.
 * @return NULL: none has one up to *until. */
static struct vtr_capture_ring *oldest(const struct vtr_capture_writer *w, uint64_t *until)
{
    struct vtr_capture_ring *found = NULL;
    uint64_t first = *until;
    for (unsigned i = 0; i < 2 * w->of->queues; i++) {
        struct vtr_capture_ring *ring = &w->of->rings[i];
        if (ring->head == ring->tail_seen)
            continue;
        uint64_t ns = ring->slots[ring->head & ring->of->mask].ns;
        if (ns <= first) {
            *until = found != NULL ? first : *until;
            first = ns;
            found = ring;
        } else if (ns < *until) {
            *until = ns;
        }
    }
    return found;
}

/* Writes what was handed over before now: what comes later has a later time. */
static bool take_all(struct vtr_capture_writer *w)
{
    uint64_t now = clock_ns(CLOCK_MONOTONIC), until = now;
    struct vtr_capture_ring *ring;
    bool any = false;
    vtr_capture_settle_(w->of);
    w->missing = lost(w);
    for (unsigned i = 0; i < 2 * w->of->queues; i++)
        w->of->rings[i].tail_seen =
            __atomic_load_n(&w->of->rings[i].tail, __ATOMIC_ACQUIRE); /* A3 */
    for (; (ring = oldest(w, &until)) != NULL; until = now, any = true)
        take_from(w, ring, until);
    flush(w);
    return any;
}

static void *write_all(void *arg)
{
    static const struct timespec nap = { 0, NAP_NS };
    struct vtr_capture_writer *w = arg;
    bool ending;
    begin_file(w);
    flush(w);
    do {
        ending = __atomic_load_n(&w->ending, __ATOMIC_ACQUIRE); /* A4: the capture is off */
        if (!take_all(w) && !ending)
            nanosleep(&nap, NULL);
    } while (!ending);
    if (!w->done)
        end_file(w);
    return NULL;
}

int vtr_capture_writer_open_(struct vtr_port *port, struct vtr_capture *c, const char *path,
                             const struct vtr_capture_opts *opts, struct vtr_error *err)
{
    struct vtr_capture_writer *w = vtr_memory_zalloc_(sizeof *w, 16);
    uint8_t *room = vtr_memory_alloc_(ROOM, 16);
    int rc = w != NULL && room != NULL
                 ? vtr_capture_file_open_(&w->file, path, opts->files > 1 ? opts->files : 1,
                                          opts->fd)
                 : -ENOMEM;
    if (rc != 0) {
        vtr_memory_free_(room);
        vtr_memory_free_(w);
        return vtr_error_set_(err, -rc, "name a file that this user may write",
                              "capture of port '%s': cannot open %s: %s", port->shown,
                              path != NULL ? path : "the descriptor", strerror(-rc));
    }
    w->port = port;
    w->of = c;
    w->opts = *opts;
    w->file.hurry = &w->ending;
    w->blocks = (struct vtr_pcapng){ .at = room, .cap = ROOM };
    w->began = clock_ns(CLOCK_MONOTONIC);
    w->to_realtime = clock_ns(CLOCK_REALTIME) - w->began;
    vtr_port_stat(port, &w->before);
    c->writer = w;
    return 0;
}

int vtr_capture_writer_run_(struct vtr_capture_writer *w, struct vtr_error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&w->thread, NULL, write_all, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    w->running = rc == 0;
    if (rc != 0)
        return vtr_error_set_(err, rc, "raise ulimit -u", "capture of port '%s': no thread: %s",
                              w->port->shown, strerror(rc));
    pthread_setname_np(w->thread, "vtr-capture");
    return 0;
}

void vtr_capture_writer_stat_(const struct vtr_capture_writer *w, struct vtr_capture_stat *out)
{
    out->packets = read_count(&w->packets);
    out->bytes = read_count(&w->bytes);
    out->lost = lost(w);
    out->files = read_count(&w->files);
    out->error = __atomic_load_n(&w->error, __ATOMIC_RELAXED); /* O: statistics, both */
    out->done = __atomic_load_n(&w->done, __ATOMIC_RELAXED);
}

void vtr_capture_writer_close_(struct vtr_capture_writer *w, struct vtr_capture_stat *out)
{
    __atomic_store_n(&w->ending, true, __ATOMIC_RELEASE); /* R4: nothing more comes; A4 */
    if (w->running)
        pthread_join(w->thread, NULL);
    w->done = true;
    (void)take_all(w); /* of a thread that never was; it discards */
    int rc = vtr_capture_file_close_(&w->file);
    if (w->error == 0)
        w->error = rc;
    vtr_capture_writer_stat_(w, out);
    vtr_memory_free_(w->blocks.at);
    vtr_memory_free_(w);
}
