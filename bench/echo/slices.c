/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Counting slices.
 */
#include "slices.h"

#include <string.h>

static uint64_t thread_cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void slice_begin(struct slices *s, uint64_t cpu_ns)
{
    s->in_polls = s->in_found = 0;
    s->in_requests = s->in_retry_cycles = 0;
    s->in_from_cycles = slices_cycles();
    s->in_from_cpu_ns = cpu_ns;
    s->cpu_ns = cpu_ns - s->start_cpu_ns;
}

void slices_init(struct slices *s)
{
    memset(s, 0, sizeof *s);
    s->start_cpu_ns = thread_cpu_ns();
    slice_begin(s, s->start_cpu_ns);
}

void slices_restart(struct slices *s) { slice_begin(s, thread_cpu_ns()); }

void slices_end_(struct slices *s)
{
    uint64_t cpu_ns = thread_cpu_ns();
    uint64_t cycles = slices_cycles() - s->in_from_cycles;
    s->slices++;
    if (s->in_found >= SLICES_FOUND && s->in_retry_cycles * 20 < cycles) {
        s->busy_slices++;
        s->busy_requests += s->in_requests;
        s->busy_cpu_ns += cpu_ns - s->in_from_cpu_ns;
    }
    slice_begin(s, cpu_ns);
}
