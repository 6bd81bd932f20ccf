/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Opening what a server needs, and its loop.
 */
#include "server.h"
#include "kernel.h"
#include "packets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <vitrine/capture.h>
#include <vitrine/link.h>

enum {
    NAP_AFTER = 1000, /* empty polls */
    WAIT_MS = 100,
    PRIOR_BYTES = 512,         /* Cornflakes' default (SOSP '23) */
    PRIOR_BYTES_COPIED = 4096, /* where what we send is copied anyway */
    HEAP_SPARE = 512 << 20,    /* for packets, beside twice the store: size classes waste some */
};

struct server {
    struct vtr_heap *heap, *own_heap;
    struct vtr_port *port; /* NULL: kernel sockets */
    struct frame_self self;
    unsigned queues, queue; /* queue: whose turn it is */
    enum server_idle idle;
    unsigned empty; /* polls in a row without work */
    struct pollfd wake[64]; /* a queue each: as many as a port can have */
    struct packets packets;
    struct kernel kernel;
    struct engine engine;
};

void server_defaults(struct server_opts *opts)
{
    *opts = (struct server_opts){ .bind_ip = { htonl(INADDR_LOOPBACK) },
                                  .ip = { htonl(0x0a4d0001) }, /* 10.77.0.1 */
                                  .ip6 = { { { 0xfd, 0, 0, 0x77, [15] = 1 } } }, /* fd00:77::1 */
                                  .udp_port = VTR_MEMCACHED_PORT,
                                  .echo_port = 7,
                                  .queues = 1,
                                  .threshold_auto = true,
                                  .max_bytes = UINT64_C(2) << 30 };
}

static int fail(struct vtr_error *err, int rc, const char *what)
{
    if (err != NULL) {
        err->code = rc;
        snprintf(err->what, sizeof err->what, "%s: %s", what, strerror(-rc));
        snprintf(err->hint, sizeof err->hint, "--memory MIB gives the store more room");
    }
    return rc;
}

/* What a port tells of itself, in `stats`. */
static bool port_stats(void *of, struct message *m)
{
    struct vtr_port_stat stat;
    vtr_port_stat(of, &stat);
    bool fits = message_format(m,
                               "STAT port_rx_pkts %" PRIu64 "\r\nSTAT port_tx_pkts %" PRIu64
                               "\r\nSTAT port_tx_full %" PRIu64 "\r\n",
                               stat.rx_pkts, stat.tx_pkts, stat.tx_full);
    for (unsigned i = 0; i < VTR_DROP_REASONS && fits; i++)
        if (stat.drop[i] != 0)
            fits = message_format(m, "STAT port_drop_%s %" PRIu64 "\r\n",
                                  vtr_drop_name((enum vtr_drop)i), stat.drop[i]);
    return fits;
}

static int store_fill(struct server *s, const struct server_opts *opts, struct vtr_error *err)
{
    int rc = engine_init(&s->engine, s->heap, opts->max_bytes);
    if (rc != 0)
        return fail(err, rc, "cannot make the store");
    s->engine.mode = opts->mode;
    for (unsigned i = 0; i < opts->preloads && rc == 0; i++)
        rc = engine_preload(&s->engine, &opts->preload[i].set, opts->preload[i].count);
    return rc == 0 ? 0 : fail(err, rc, "cannot preload all values");
}

static int port_open(struct server *s, const struct server_opts *opts, struct vtr_error *err)
{
    struct vtr_port_opts port_opts = { .size = sizeof port_opts, .queues = opts->queues };
    int rc = vtr_port_open(s->heap, opts->port, &port_opts, &s->port, err);
    if (rc != 0)
        return rc;
    for (unsigned q = 0; q < s->queues; q++) {
        s->wake[q] = (struct pollfd){ .fd = vtr_port_fd(s->port, q), .events = POLLIN };
        if (s->wake[q].fd < 0)
            return fail(err, s->wake[q].fd, "cannot wait for the port");
    }
    packets_init(&s->packets, &s->engine, s->heap, s->port, &s->self);
    s->packets.nap = opts->idle == SERVER_NAP;
    s->engine.stats = port_stats;
    s->engine.stats_of = s->port;
    struct vtr_capture_opts capture = { .size = sizeof capture, .packets = opts->capture_pkts };
    return opts->capture == NULL ? 0 : vtr_port_capture(s->port, opts->capture, &capture, err);
}

static void threshold_choose(struct server *s, const struct server_opts *opts)
{
    struct vtr_port_info info = { .tx_copies = true };
    if (s->port != NULL)
        vtr_port_info(s->port, &info);
    uint32_t prior = info.tx_copies ? PRIOR_BYTES_COPIED : PRIOR_BYTES;
    threshold_init(&s->engine.threshold, opts->threshold_auto ? prior : opts->threshold,
                   !opts->threshold_auto);
}

static int heap_open(struct server *s, const struct server_opts *opts, struct vtr_error *err)
{
    struct vtr_heap_opts heap_opts = { .size = sizeof heap_opts,
                                       .name = "kvd",
                                       .max_bytes = 2 * opts->max_bytes + HEAP_SPARE };
    s->heap = opts->heap;
    if (s->heap != NULL)
        return 0;
    int rc = vtr_heap_open(&heap_opts, &s->own_heap, err);
    if (rc == -ENOMEM && err != NULL)
        snprintf(err->hint, sizeof err->hint, "lower --memory, or raise ulimit -v");
    s->heap = s->own_heap;
    return rc;
}

int server_open(const struct server_opts *opts, struct server **out, struct vtr_error *err)
{
    struct server *s = calloc(1, sizeof *s);
    if (s == NULL)
        return fail(err, -ENOMEM, "cannot make a server");
    s->queues = opts->port != NULL ? opts->queues : 1;
    s->idle = opts->idle;
    memcpy(&s->self.host.ip4, &opts->ip, sizeof s->self.host.ip4);
    memcpy(&s->self.host.ip6, &opts->ip6, sizeof s->self.host.ip6);
    s->self.udp_port = opts->udp_port;
    s->self.echo_port = opts->echo_port;
    int rc = heap_open(s, opts, err);
    if (rc == 0)
        rc = store_fill(s, opts, err);
    if (rc == 0)
        rc = opts->port != NULL
                 ? port_open(s, opts, err)
                 : kernel_init(&s->kernel, &s->engine, opts->bind_ip, &s->self, err);
    if (rc != 0) {
        (void)server_close(s, NULL, NULL);
        return rc;
    }
    threshold_choose(s, opts);
    *out = s;
    return 0;
}

static unsigned poll_once(struct server *s, bool *found)
{
    if (s->port == NULL)
        return kernel_poll(&s->kernel, found);
    if (++s->queue >= s->queues)
        s->queue = 0;
    return packets_poll(&s->packets, s->queue, found);
}

/* Arms all queues and looks once more. @return whether there is nothing. */
static bool wake_arm(struct server *s)
{
    bool found = false;
    for (unsigned q = 0; q < s->queues; q++)
        if (vtr_port_arm(s->port, q) != 0)
            return false;
    for (unsigned q = 0; q < s->queues && !found; q++)
        (void)poll_once(s, &found);
    return !found;
}

/* Nothing came for a while: sleeps until something does. */
VTR_COLD static void nap(struct server *s)
{
    if (s->port == NULL) {
        kernel_wait(&s->kernel, WAIT_MS);
    } else {
        if (wake_arm(s))
            poll(s->wake, s->queues, WAIT_MS);
        for (unsigned q = 0; q < s->queues; q++)
            vtr_port_disarm(s->port, q);
    }
    slices_restart(&s->engine.slices);
    engine_tick(&s->engine);
}

/* Whether nothing will ever come again. Peers may come and go. */
static bool has_ended(struct server *s)
{
    struct vtr_port_info info;
    if (s->port == NULL)
        return false;
    if (vtr_port_events(s->port) & VTR_PORT_GONE)
        return true;
    vtr_port_info(s->port, &info);
    return info.rx_ended;
}

void server_run(struct server *s, const bool *stop)
{
    slices_init(&s->engine.slices);
    s->packets.stop = stop;
    while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
        bool found;
        unsigned served = poll_once(s, &found);
        if (slices_poll(&s->engine.slices, found, served))
            engine_tick(&s->engine);
        if (VTR_LIKELY(found))
            s->empty = 0;
        else if (++s->empty > NAP_AFTER) {
            if (s->idle == SERVER_NAP)
                nap(s);
            else
                s->empty = 0;
            if (has_ended(s))
                break;
        }
    }
}

uint16_t server_udp_port(const struct server *s) { return s->self.udp_port; }
uint16_t server_echo_port(const struct server *s) { return s->self.echo_port; }
const struct engine *server_engine(const struct server *s) { return &s->engine; }

int server_close(struct server *s, uint64_t *live, struct vtr_error *err)
{
    struct vtr_heap_stat stat = { .size = sizeof stat };
    if (s == NULL)
        return 0;
    packets_fini(&s->packets);
    int captured = s->port != NULL ? vtr_port_capture_stop(s->port, err) : 0;
    (void)vtr_port_close(s->port);
    if (s->kernel.engine != NULL)
        kernel_fini(&s->kernel);
    engine_fini(&s->engine);
    if (s->own_heap != NULL)
        vtr_heap_stat(s->own_heap, &stat);
    int rc = vtr_heap_close(s->own_heap, err);
    if (live != NULL)
        *live = stat.live_blocks;
    free(s);
    return rc != 0 ? rc : captured;
}
