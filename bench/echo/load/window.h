/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * window: which requests of a workload are on their way, since when, and what of their replies has
 * arrived. Replies of several datagrams may arrive in any order.
 * Owner: the storage is the caller's, between window_init() and window_fini().
 * Threads: one.
 */
#ifndef LOAD_WINDOW_H
#define LOAD_WINDOW_H

#include <stdbool.h>
#include <stdint.h>
#include <vitrine/base.h>

struct window_slot {
    uint64_t sent_ns; /* first time; 0: not under way */
    uint64_t due_ns;  /* when it counts as lost */
    uint64_t missing; /* bit n: datagram n of the reply has not arrived */
};

struct window {
    struct window_slot *slot; /* ids of them */
    uint32_t ids;
    uint32_t next;      /* where the search for an idle id begins */
    uint32_t in_flight; /* slots with sent_ns != 0 */
    uint64_t all;       /* the bits of a whole reply */
};

enum window_event {
    WINDOW_STRAY, /* a request that is not under way, or a datagram that arrived before */
    WINDOW_MORE,  /* the reply is not complete yet */
    WINDOW_DONE,
};

/** @param parts datagrams of a reply, 1..64. @return 0 or -ENOMEM. @param out untouched on failure.
 */
VTR_MUST_USE int window_init(uint32_t ids, uint32_t parts, struct window *out);

/** Frees what init took. @param w left empty; empty is allowed. */
void window_fini(struct window *w);

/** The next idle id goes under way. @return it; there must be one (in_flight < ids). */
uint32_t window_take(struct window *w, uint64_t now_ns, uint64_t due_ns);

/** Reply datagram @p seq of @p id arrived. @param sent_ns set on DONE, else untouched. */
static inline enum window_event window_arrived(struct window *w, uint32_t id, uint32_t seq,
                                               uint64_t *sent_ns)
{
    struct window_slot *s = &w->slot[id];
    uint64_t bit = UINT64_C(1) << seq;
    if ((s->missing & bit) == 0)
        return WINDOW_STRAY;
    s->missing &= ~bit;
    if (s->missing != 0)
        return WINDOW_MORE;
    *sent_ns = s->sent_ns;
    s->sent_ns = 0;
    w->in_flight--;
    return WINDOW_DONE;
}

/**
 * Finds a request from *cursor on that was due before @p now_ns, and sets its next due time.
 * @param cursor  0 to begin; moved behind what was found.
 * @return false, and *id untouched: there is no other.
 */
bool window_overdue(struct window *w, uint32_t *cursor, uint64_t now_ns, uint64_t due_ns,
                    uint32_t *id);

/** Forgets everything under way. @return how many requests that were. */
uint32_t window_abandon(struct window *w);

#endif
