/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * openloop: requests that are sent when they are due, whatever has become of those before them, as
 * by many clients who do not know of each other. Latency counts from when a request was due: time
 * that it spent waiting, here or there, is part of it. A request is sent once; what is not answered
 * in time is lost, and what comes later still is counted apart. Every byte of every reply is
 * compared.
 *
 * After a run: offered == requests + lost + unsent.
 *
 * Owner: the storage is the caller's, between openloop_init() and openloop_fini().
 * Threads: one.
 */
#ifndef LOAD_OPENLOOP_H
#define LOAD_OPENLOOP_H

#include "arrivals.h"
#include "flight.h"
#include "load.h"

struct openloop_opts {
    double rate; /* requests a second */
    bool constant;
    uint64_t seed;
    uint64_t timeout_ns; /* from sending to the last datagram of the reply */
};

struct openloop {
    struct openloop_opts opts;
    struct link *link;     /* borrowed */
    struct stream *stream; /* borrowed */
    struct flight flight;
    uint8_t *bytes; /* LINK_BURST datagrams of stride bytes */
    size_t stride;
    unsigned outbox_n; /* datagrams in it that wait to be sent */
    struct vtr_span outbox[LINK_BURST];
    uint32_t outbox_id[LINK_BURST];
    struct load_watch watch;
    uint64_t (*now)(void); /* load_now(); a test has its own */
};

/** @return 0, -EINVAL (a rate that is none), -ENOMEM. @param out untouched on failure. */
VTR_MUST_USE int openloop_init(struct link *link, struct stream *stream,
                               const struct openloop_opts *opts, struct openloop *out);

/** @param o left empty; empty is allowed. */
void openloop_fini(struct openloop *o);

/** Runs for @p ns, then waits for what is under way, at most one time-out. Adds to *result. */
void openloop_run(struct openloop *o, uint64_t ns, struct load_result *result);

#endif
