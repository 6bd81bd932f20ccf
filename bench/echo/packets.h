/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The server over a vtr_port: bursts of packets in, replies out. A reply is written into the block
 * that its request came in, where this process is the block's only owner; further datagrams get
 * headers carved from a block that all share, or blocks of their own where values are copied.
 * Owner: the port and the heap are borrowed.
 * Threads: one.
 * Not here: what is answered (engine.h), how long to wait for more (server.h).
 */
#ifndef ECHO_PACKETS_H
#define ECHO_PACKETS_H

#include "engine.h"
#include "frame.h"

#include <vitrine/buf.h>
#include <vitrine/port.h>

enum {
    PACKETS_BURST = 64,
    PACKETS_OUT = 256,  /* replies held back to be sent together */
    PACKETS_SEGS = 16,  /* most segments of a frame; a port may allow fewer */
};

struct packets {
    struct engine *engine;
    struct vtr_heap *heap;
    struct vtr_port *port;
    const bool *stop; /* atomic; ends waiting for a full ring */
    struct frame_self self;
    struct frame_head head; /* of the reply being sent */
    unsigned segments;
    bool nap; /* sleep while a ring stays full */
    bool disturbed; /* a ring was full in this burst */
    struct vtr_buf carve; /* headers of further datagrams */
    unsigned ask;  /* packets that the next poll takes */
    unsigned sent; /* datagrams sent in this burst */
    unsigned out_n;
    struct vtr_pkt out[PACKETS_OUT];
    struct frame frame[PACKETS_BURST];
    struct engine_request request[PACKETS_BURST];
};

/** @param self  its MAC is filled in from the port. */
void packets_init(struct packets *p, struct engine *engine, struct vtr_heap *heap,
                  struct vtr_port *port, const struct frame_self *self);
void packets_fini(struct packets *p);

/**
 * Answers a burst of packets and sends the answers.
 * @param pkts  pkts[0..n), n at most PACKETS_BURST; consumed.
 * @return how many requests and echoes there were.
 */
unsigned packets_serve(struct packets *p, unsigned queue, struct vtr_pkt *pkts, unsigned n);

/** One poll of one queue. @return as packets_serve(); *found whether there were packets. */
unsigned packets_poll(struct packets *p, unsigned queue, bool *found);

#endif
