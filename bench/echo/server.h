/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vitrine-kvd as a library: a memcached and echo server over a port or over kernel sockets, run by
 * whichever thread calls server_run(). Addresses, commands and limits: `vitrine-kvd --help`.
 * Owner: whoever opened it.
 * Threads: server_run() is one thread's; open, close and stat when it is not running.
 */
#ifndef ECHO_SERVER_H
#define ECHO_SERVER_H

#include "engine.h"

#include <netinet/in.h>
#include <vitrine/heap.h>

enum server_idle {
    SERVER_NAP,  /* sleep when there is nothing to do, 50 us at first, 2 ms at most */
    SERVER_SPIN, /* poll on */
};

enum { SERVER_PRELOADS = 64, SERVER_QUEUES = 64 };

struct server_preload {
    struct dataset set;
    uint32_t count;
};

/** server_defaults() fills it in. */
struct server_opts {
    struct vtr_heap *heap; /* borrowed, must outlive the server; NULL: the server has its own */
    const char *port;      /* spec for vtr_port_open(); NULL: kernel sockets */
    const char *capture;   /* file for what a port receives, sends and drops; NULL: none */
    uint64_t capture_pkts; /* ends after as many; 0: never */
    struct in_addr bind_ip; /* of kernel sockets */
    struct in_addr ip;      /* of a port */
    struct in6_addr ip6;    /* likewise; all zero for none */
    uint16_t udp_port, echo_port; /* of kernel sockets, 0 takes any free one */
    unsigned queues;
    enum server_idle idle;
    enum engine_mode mode;
    bool threshold_auto;
    uint32_t threshold; /* bytes from which values are sent by reference, unless auto */
    uint64_t max_bytes; /* of stored items */
    unsigned preloads;
    struct server_preload preload[SERVER_PRELOADS];
};

struct server;

void server_defaults(struct server_opts *opts);

/**
 * Opens the port or the sockets, and fills the store.
 * @param opts  borrowed.
 * @param out   owned on success, untouched on failure.
 * @param err   filled on failure; may be NULL.
 * @return 0 or -errno: what vtr_heap_open(), vtr_port_open(), vtr_port_capture() and bind() give;
 *         -ENOMEM also if the preloaded values do not fit.
 */
VTR_MUST_USE int server_open(const struct server_opts *opts, struct server **out,
                             struct vtr_error *err);

/** Serves until *stop. @param stop atomic; looked at before every poll. */
void server_run(struct server *server, const bool *stop);

/** @return the ports in use. */
uint16_t server_udp_port(const struct server *server);
uint16_t server_echo_port(const struct server *server);

/** @return what it counts; borrowed. Any thread may look while it runs, and sees about now. */
const struct engine *server_engine(const struct server *server);

/**
 * Ends the server. @param server consumed; NULL is allowed.
 * @param live  blocks left in its own heap: 0, or something leaks. May be NULL.
 * @return 0, -EBUSY if something leaks, or what writing a capture failed with.
 */
int server_close(struct server *server, uint64_t *live, struct vtr_error *err);

#endif
