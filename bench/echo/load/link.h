/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * link: the way to one server and back, for UDP datagrams: a port (link_port.c) or the kernel's
 * sockets (link_kernel.c). Calls are per burst, so what they cost is shared by many datagrams.
 * Owner: whoever opened it. Threads: one.
 */
#ifndef LOAD_LINK_H
#define LOAD_LINK_H

#include <stddef.h>
#include <stdint.h>
#include <vitrine/base.h>

#include "reply.h"
#include "workload.h"

struct vtr_heap;
struct link;

/** The datagrams of a workload, built once in the form that a link sends. */
struct requests {
    const struct workload *workload; /* borrowed */
    uint32_t n;                      /* ids * sends; datagram p of id i is number i * sends + p */
};

struct link_ops {
    int (*prepare)(struct link *link, const struct workload *w, struct requests **out);
    void (*discard)(struct link *link, struct requests *r);
    unsigned (*send)(struct link *link, struct requests *r, const uint32_t *number, unsigned n);
    unsigned (*say)(struct link *link, const struct vtr_span *payload, unsigned n);
    unsigned (*poll)(struct link *link, struct reply *replies, unsigned n);
    void (*close)(struct link *link);
};

struct link {
    const struct link_ops *ops;
    uint32_t rx_capacity; /* replies that fit into the link at once, datagrams */
    uint32_t tx_capacity; /* requests likewise */
    uint32_t say_max;     /* bytes of a datagram that link_say() takes */
    uint32_t commands;    /* asked so far: command.c */
};

/** Where a server is. */
struct link_where {
    uint8_t own_ip[4]; /* of a port; the kernel knows its own */
    uint8_t server_ip[4];
    uint16_t udp_port;
    uint16_t echo_port;
};

enum { LINK_BURST = 64 };

/**
 * Opens a link through a port. Before anything is sent, link_resolve().
 * @param heap  borrowed; must outlive the link.
 * @param spec  of vtr_port_open().
 * @param out   owned on success, untouched on failure.
 * @return 0, or what vtr_port_open() returns.
 */
VTR_MUST_USE int link_port_open(struct vtr_heap *heap, const char *spec,
                                const struct link_where *where, struct link **out,
                                struct vtr_error *err);

/**
 * Asks for the server's hardware address, for five seconds.
 * @param link  of link_port_open().
 * @return 0, -ETIMEDOUT.
 */
VTR_MUST_USE int link_resolve(struct link *link, struct vtr_error *err);

/** Opens a link through the kernel. @return 0 or what socket calls fail with. */
VTR_MUST_USE int link_kernel_open(const struct link_where *where, struct link **out,
                                  struct vtr_error *err);

/** Ends a link. @param link consumed; NULL is allowed. */
static inline void link_close(struct link *link)
{
    if (link != NULL)
        link->ops->close(link);
}

/** @param w borrowed until link_discard(). @param out owned on success. @return 0 or -ENOMEM. */
VTR_MUST_USE static inline int link_prepare(struct link *link, const struct workload *w,
                                            struct requests **out)
{
    return link->ops->prepare(link, w, out);
}

/** @param r consumed; NULL is allowed. */
static inline void link_discard(struct link *link, struct requests *r)
{
    if (r != NULL)
        link->ops->discard(link, r);
}

/** Sends datagrams by number. @return how many were accepted, from the first on. */
VTR_MUST_USE static inline unsigned link_send(struct link *link, struct requests *r,
                                              const uint32_t *number, unsigned n)
{
    return link->ops->send(link, r, number, n);
}

/**
 * Sends datagrams to the server's memcached port.
 * @param payload  n of them, at most LINK_BURST, of say_max bytes at most; borrowed for the call.
 * @return how many were accepted, from the first on.
 */
VTR_MUST_USE static inline unsigned link_say(struct link *link, const struct vtr_span *payload,
                                             unsigned n)
{
    return link->ops->say(link, payload, n);
}

/**
 * Takes datagrams that came back.
 * @param replies  at most LINK_BURST; [0..@return) are filled, borrowed until the next poll or
 * close.
 */
VTR_MUST_USE static inline unsigned link_poll(struct link *link, struct reply *replies, unsigned n)
{
    return link->ops->poll(link, replies, n);
}

#endif
