/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The server over the kernel's UDP sockets: the same engine, with recvmmsg and sendmmsg in batches
 * of 64 around it. By reference means here that the kernel gathers values from the heap's blocks;
 * it copies them once in any case.
 * Owner: the sockets are the struct's, from kernel_init() to kernel_fini().
 * Threads: one.
 * Not here: what is answered (engine.h), how long to wait for more (server.h).
 */
#ifndef ECHO_KERNEL_H
#define ECHO_KERNEL_H

#include "engine.h"
#include "frame.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum {
    KERNEL_BATCH = 64,
    KERNEL_IOVS = 16, /* of a datagram; what does not fit is copied */
    /* A UDP payload is at most 65507 bytes. The rest keeps the buffers' first lines, the only ones
     * that a usual request touches, from falling into the same set of every cache. */
    KERNEL_RX_BYTES = 65536 + 4096 + 192,
};

enum { KERNEL_UDP, KERNEL_ECHO, KERNEL_SOCKETS };

struct kernel_rx;
struct kernel_tx;

struct kernel {
    struct engine *engine;
    struct frame_self self; /* the ports */
    int fd[KERNEL_SOCKETS];
    unsigned current, turns; /* socket that had traffic last, and polls since the other's turn */
    bool disturbed;
    unsigned ask;  /* datagrams that the next poll takes */
    unsigned sent; /* datagrams sent in this poll */
    struct kernel_rx *rx;
    struct kernel_tx *tx;
};

/**
 * Binds both sockets.
 * @param bind_ip  the address.
 * @param self     ports; 0 lets the system choose, and is replaced with what it chose.
 * @param err      filled on failure; may be NULL.
 * @return 0 or -errno; nothing is left to be ended then.
 */
VTR_MUST_USE int kernel_init(struct kernel *k, struct engine *engine, struct in_addr bind_ip,
                             struct frame_self *self, struct vtr_error *err);

/** @param k left without an engine. */
void kernel_fini(struct kernel *k);

/** One poll of a socket. @return requests and echoes; *found whether there were datagrams. */
unsigned kernel_poll(struct kernel *k, bool *found);

/** Sleeps until there are datagrams, at most @p ms milliseconds or until a signal. */
void kernel_wait(const struct kernel *k, int ms);

#endif
