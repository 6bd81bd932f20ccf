/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Waiting for a queue: an epoll descriptor, which the program polls, over whatever wakes it. Made
 * when it is first asked for.
 * Owner: the queue. Threads: arming as rx; the rest under the lock of lookout.h.
 */
#ifndef VITRINE_PORT_BELL_H
#define VITRINE_PORT_BELL_H

#include <vitrine/port.h>

/* What wakes a queue of a port. */
enum vtr_wake {
    VTR_WAKE_NAP,    /* a timer */
    VTR_WAKE_ALWAYS, /* nothing need */
    VTR_WAKE_RING,   /* the pair's other end */
    VTR_WAKE_MEMIF,  /* the peer */
    VTR_WAKE_DEVICE, /* the device, by a descriptor that DPDK tells */
    VTR_WAKE_SOCKET, /* a packet socket beside the driver's own */
};

struct vtr_bell {
    int fd;        /* the epoll */
    int timer;
    int source;    /* the device's descriptor, ours otherwise; -1: none, or the peer's */
    uint32_t nap_ns;
    uint64_t heard; /* packets of the queue when it was armed last */
};

/** Adds a descriptor that wakes the queue: the peer's. -1 is allowed. */
void vtr_bell_add_(struct vtr_port *port, unsigned queue, int fd);
void vtr_bell_forget_(struct vtr_port *port, unsigned queue, int fd);

/** Wakes who waits, so that it looks again and arms what is there now. */
void vtr_bell_wake_(const struct vtr_port *port, unsigned queue);

/** Ends what there is of all queues. */
void vtr_bell_end_(struct vtr_port *port);

#endif
