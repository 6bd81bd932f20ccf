/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * flight: the requests of an open loop that are under way, by id. An id is in one of three queues:
 *
 *   free   nobody's; the one that has been so for longest is taken next
 *   busy   under way, in the order in which they were begun, which is that of their deadlines
 *   lost   its deadline has passed; a reply that still comes is told from a wrong one. Taken again
 *          only when none is free
 *
 * Owner: the storage is the caller's, between flight_init() and flight_fini().
 * Threads: one.
 */
#ifndef LOAD_FLIGHT_H
#define LOAD_FLIGHT_H

#include <stdint.h>
#include <vitrine/base.h>

#include "stream.h"

enum flight_state { FLIGHT_FREE, FLIGHT_BUSY, FLIGHT_LOST, FLIGHT_STATES };

struct flight_slot {
    uint32_t next, prev; /* in its queue; ids, or the queue's own number */
    enum flight_state state;
    struct ask ask;
    uint32_t parts;
    uint64_t due_ns;  /* when it was to be sent */
    uint64_t sent_ns; /* 0: it still waits to be */
    uint64_t missing; /* bit n: datagram n of the reply has not arrived */
};

struct flight {
    struct flight_slot *slot; /* ids, and a head for each queue */
    uint32_t ids;
    uint32_t n[FLIGHT_STATES]; /* in each queue; they sum to ids */
};

enum flight_event {
    FLIGHT_STRAY, /* nobody waits for it: it has arrived before */
    FLIGHT_MORE,  /* the reply is not complete yet */
    FLIGHT_DONE,
    FLIGHT_LATE, /* complete, but after its deadline */
};

/** @return 0 or -ENOMEM. @param out untouched on failure. */
VTR_MUST_USE int flight_init(uint32_t ids, struct flight *out);

/** @param f left empty; empty is allowed. */
void flight_fini(struct flight *f);

/** @return whether there is an id for one more. */
static inline bool flight_has_room(const struct flight *f) { return f->n[FLIGHT_BUSY] < f->ids; }

/** Begins a request, and gives it an id; there must be room. @param parts 1..64 of the reply. */
uint32_t flight_begin(struct flight *f, struct ask ask, uint32_t parts, uint64_t due_ns);

/** Takes back a request that was never sent. */
void flight_cancel(struct flight *f, uint32_t id);

/** Datagram @p part of the reply to @p id arrived. An id that is done is free. */
enum flight_event flight_arrived(struct flight *f, uint32_t id, uint32_t part);

/** Loses what was sent @p timeout_ns before @p now_ns or earlier. @return how many. */
uint64_t flight_expire(struct flight *f, uint64_t now_ns, uint64_t timeout_ns);

#endif
