/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What a polling thread's CPU time is worth. A slice is SLICES_POLLS polls in a row; it is busy if
 * at least 95 % of them found work and less than 5 % of its cycles went into waiting for a full
 * ring. Requests and CPU time of busy slices make "requests a server CPU second"; the others hold
 * what a spinner burns while idle.
 * Owner: the storage is the caller's. Threads: one, whose CPU time it is.
 * Cost: one system call for every 20 polls.
 */
#ifndef ECHO_SLICES_H
#define ECHO_SLICES_H

#include <time.h>
#include <vitrine/base.h>

enum { SLICES_POLLS = 20, SLICES_FOUND = 19 };

struct slices {
    uint64_t polls, polls_empty;
    uint64_t slices, busy_slices, busy_requests, busy_cpu_ns;
    uint64_t cpu_ns; /* since slices_init(), as of the last slice */
    /* the slice under way */
    unsigned in_polls, in_found;
    uint64_t in_requests, in_retry_cycles, in_from_cycles, in_from_cpu_ns, start_cpu_ns;
};

/** @return a counter that only grows, as fast to read as this machine has one. */
static inline uint64_t slices_cycles(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
#endif
}

void slices_init(struct slices *s);

/** Begins a slice anew: the thread slept, so what it had counted is no slice. */
void slices_restart(struct slices *s);

/** Private: the slice is full. */
void slices_end_(struct slices *s);

/** One poll that answered @p requests. @return true at the end of a slice. */
static inline bool slices_poll(struct slices *s, bool found, uint64_t requests)
{
    s->polls++;
    s->polls_empty += !found;
    s->in_found += found;
    s->in_requests += requests;
    if (++s->in_polls < SLICES_POLLS)
        return false;
    slices_end_(s);
    return true;
}

/**
 * How many requests the next poll should take, so that it sends about @p most datagrams if replies
 * are as long as those to the last @p requests. A poll of 64 requests for 64 KiB would send 3072: a
 * slice of 20 such polls needs more requests under way than a ring holds replies to.
 */
static inline unsigned slices_ask(unsigned requests, unsigned datagrams, unsigned most)
{
    unsigned each = (datagrams + requests - 1) / requests;
    return each <= 1 ? most : each < most ? most / each : 1;
}

/** The thread waited for a full ring. */
static inline void slices_retried(struct slices *s, uint64_t cycles)
{
    s->in_retry_cycles += cycles;
}

#endif
