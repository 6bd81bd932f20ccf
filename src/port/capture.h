/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Captures, for the fast paths: what a queue's caller hands to the writer.
 *
 * Each queue has one ring a direction, written by its one caller and read by the writer's thread. A
 * caller that hands something over is inside: it raises a flag of its own, and looks again whether
 * there is a capture. Whoever ends the capture says so first and then waits for every flag, so that
 * the rings are nobody's when they go. The same flags let the writer know up to which time it has
 * seen everything, so that packets of several queues come in their order.
 *
 * Owner: the port. Threads: said with each.
 */
#ifndef VITRINE_PORT_CAPTURE_H
#define VITRINE_PORT_CAPTURE_H

#include <vitrine/capture.h>

#include "port/ports.h"

/** Where a packet waits. */
struct vtr_captured {
    struct vtr_data data; /* counted, or if copied, what is the address of the bytes */
    uint64_t ns;          /* CLOCK_MONOTONIC */
    uint32_t len;         /* of the packet */
    uint8_t drop;         /* enum vtr_drop + 1; 0: it was not dropped */
    bool copied;
};
VTR_STATIC_ASSERT(sizeof(struct vtr_captured) == 32, "two a cache line");

/** What one queue captures of one direction. */
struct vtr_capture_ring {
    /* the queue's caller */
    __attribute__((aligned(64))) uint32_t tail; /* atomic; free-running, mask on use */
    uint32_t head_seen;                         /* its last view of head */
    uint32_t held;                              /* slots behind the tail that hold packets */
    uint64_t now;                               /* since it is inside */
    uint64_t lost;                              /* atomic; packets that found no slot */

    /* the writer */
    __attribute__((aligned(64))) uint32_t head; /* atomic; free-running */
    uint32_t tail_seen;                         /* its last view of tail */

    /* constant */
    __attribute__((aligned(64))) struct vtr_capture *of;
    struct vtr_captured *slots;
    uint32_t *inside; /* atomic: the flag of the queue's caller */
    uint16_t queue;
    bool sends;
};

struct vtr_capture_writer;

struct vtr_capture {
    uint32_t what, snap_bytes;
    uint32_t mask; /* of a ring's slots */
    unsigned queues;
    struct vtr_capture_ring *rings; /* of receiving, then of sending */
    struct vtr_capture_writer *writer;
};

/** @return whether the port may be captured just now. The branch that all packets pay. */
static inline bool vtr_capture_on_(const struct vtr_port *port)
{
    /* O: a hint; vtr_capture_*() look again */
    return VTR_UNLIKELY(__atomic_load_n(&port->capture, __ATOMIC_RELAXED) != NULL);
}

/** These were received. The queue's caller. */
VTR_COLD void vtr_capture_rx_(const struct vtr_port *port, unsigned queue,
                              const struct vtr_pkt *pkts, unsigned n);

VTR_COLD struct vtr_capture_ring *vtr_capture_hold_all_(const struct vtr_port *port,
                                                        unsigned queue,
                                                        const struct vtr_pkt *pkts, unsigned n);

/** These may be sent: holds them, until vtr_capture_sent_() says how many were; before it is looked
 * whether a list is ours alone. The queue's caller.
 * @return NULL: nothing is held, and nothing to be said. */
static inline struct vtr_capture_ring *vtr_capture_hold_(const struct vtr_port *port,
                                                         unsigned queue,
                                                         const struct vtr_pkt *pkts, unsigned n)
{
    return vtr_capture_on_(port) ? vtr_capture_hold_all_(port, queue, pkts, n) : NULL;
}

/** Of those held, the first @p n go to the writer. Then out. */
VTR_COLD void vtr_capture_publish_(struct vtr_capture_ring *ring, unsigned n);

/** The first @p sent of those held were sent. @param ring  NULL is allowed. */
static inline void vtr_capture_sent_(struct vtr_capture_ring *ring, unsigned sent)
{
    if (VTR_UNLIKELY(ring != NULL))
        vtr_capture_publish_(ring, sent);
}

/** This is dropped, and borrowed. The queue's caller; also if there is no capture.
 * @param len  of the packet, of which @p d may be a part. */
VTR_COLD void vtr_capture_drop_(const struct vtr_port *port, bool sends, unsigned queue,
                                struct vtr_data d, uint32_t len, enum vtr_drop reason);

/** Ends handing over: from here on the rings are the writer's alone. Any thread. */
void vtr_capture_off_(struct vtr_port *port, const struct vtr_capture *c);

/** Waits until no caller is in the middle of handing over. Any thread. */
void vtr_capture_settle_(const struct vtr_capture *c);

/** A packet is let go. The writer, or the queue's caller. */
void vtr_captured_end_(struct vtr_captured *packet);

#endif
