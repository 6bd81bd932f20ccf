/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * arrivals: when requests are due, from a rate alone: whatever becomes of them, the next one is due
 * when it is due. Poisson: gaps are exponential. Constant: gaps are equal.
 * Owner: the storage is the caller's. Threads: one.
 */
#ifndef LOAD_ARRIVALS_H
#define LOAD_ARRIVALS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "../mix.h"

struct arrivals {
    double gap_ns; /* mean */
    bool constant;
    struct mix mix;
    double next_ns; /* since the begin: exact to a ns for 104 days */
};

static inline void arrivals_step_(struct arrivals *a)
{
    a->next_ns += a->constant ? a->gap_ns : -log(mix_next_unit(&a->mix)) * a->gap_ns;
}

/** @param rate a second, above 0. */
static inline struct arrivals arrivals_of(double rate, bool constant, uint64_t seed)
{
    struct arrivals a = { .gap_ns = 1e9 / rate, .constant = constant, .mix = { seed } };
    arrivals_step_(&a);
    return a;
}

/** @return whether one is due before @p ns since the begin; *due_ns is when, and it is taken. */
static inline bool arrivals_take(struct arrivals *a, uint64_t ns, uint64_t *due_ns)
{
    if (a->next_ns >= (double)ns)
        return false;
    *due_ns = (uint64_t)a->next_ns;
    arrivals_step_(a);
    return true;
}

#endif
