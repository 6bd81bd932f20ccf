/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * load: a closed loop over a link. As many requests as the window holds are under way; half a
 * window is sent at a time, so that the server sees runs of work without a gap. Every byte of every
 * reply is compared. What is not answered in time is counted and asked for again.
 * Owner: everything is the caller's. Threads: one.
 */
#ifndef LOAD_H
#define LOAD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <vitrine/base.h>

#include "histogram.h"
#include "link.h"
#include "measure/clock.h"
#include "window.h"

/** Where the first bad reply went wrong. */
struct load_fault {
    const char *what; /* NULL: every reply was right */
    size_t off;
    uint32_t id, seq; /* 0 where the reply was too broken to tell */
};

struct load_result {
    uint64_t requests;  /* answered in full, every byte right */
    uint64_t datagrams; /* of replies */
    uint64_t lost;      /* not answered in time; the closed loop sends them again */
    uint64_t abandoned; /* still not answered a time-out after the end */
    uint64_t stray;     /* arrived for nobody, after something had been sent twice */
    uint64_t bad;       /* wrong replies */
    uint64_t wall_ns;
    struct load_fault fault;
    struct histogram latency; /* ns to the complete reply, from when it was sent; in the open loop
                                 from when it was due */
    /* of the open loop only */
    uint64_t offered;  /* requests that were due */
    uint64_t sets;     /* those that write */
    uint64_t oversize; /* sets that fit no datagram, and were made gets */
    uint64_t late;     /* replies, all of them, to what had been counted as lost */
    uint64_t unsent;   /* never taken by the link */
    struct histogram lag; /* ns from due to sent: what the generator or a full link adds */
};

/** Who looks on while a load runs. */
struct load_watch {
    const volatile sig_atomic_t *stop; /* borrowed; ends a run early; may be NULL */
    void (*tick)(void *context, const struct load_result *so_far); /* once a second; may be NULL */
    void *context;
    uint64_t ticks;
};

struct load {
    struct link *link;         /* borrowed */
    struct requests *requests; /* borrowed */
    struct window window;
    uint32_t width; /* requests under way at most */
    uint64_t timeout_ns;
    struct load_watch watch;
    uint32_t *outbox; /* numbers of datagrams to send, of which outbox_n are waiting */
    uint32_t outbox_n;
};

/** @return CLOCK_MONOTONIC in ns. */
static inline uint64_t load_now(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static inline bool load_watch_stopped(const struct load_watch *w)
{
    return w->stop != NULL && *w->stop != 0;
}

/** Tells of a run that is @p ns old. */
void load_watch_tick(struct load_watch *w, uint64_t ns, const struct load_result *so_far);

/** Nothing came: leaves the core to the server, should that be its other hardware thread. */
static inline void load_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

/** Counts a wrong reply, and keeps what is wrong with the first. @param off in what came. */
void load_count_bad(struct load_result *result, const struct reply *r, const char *what,
                    size_t off);

/**
 * Readies a load of @p width requests at once; fewer where the workload has fewer ids or the
 * link's capacity would not hold their replies.
 * @return 0 or -ENOMEM. @param out untouched on failure.
 */
VTR_MUST_USE int load_init(struct link *link, struct requests *r, uint32_t width, struct load *out);

/** @param load left empty; empty is allowed. */
void load_fini(struct load *load);

/** Drops what arrives, until nothing does for 20 ms, at most a second: what was asked for twice may
 * be answered twice, and nothing of that may reach the next run. */
void load_settle(struct link *link);

/** Runs for @p ns, then waits for what is under way, at most one time-out. Adds to *result. */
void load_run(struct load *load, uint64_t ns, struct load_result *result);

#endif
