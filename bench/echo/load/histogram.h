/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * histogram: counts of durations, log-linear: 64 steps an octave, so a quantile is within 1.6 % of
 * the truth at any size, from 1 ns to 18 minutes.
 * Owner: the storage is the caller's; zero is the empty histogram.
 * Threads: one.
 */
#ifndef LOAD_HISTOGRAM_H
#define LOAD_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_STEP_BITS = 6, /* steps in an octave, as a power of two */
    HISTOGRAM_VALUE_BITS = 40,
    HISTOGRAM_STEPS = (HISTOGRAM_VALUE_BITS - HISTOGRAM_STEP_BITS + 1) << HISTOGRAM_STEP_BITS,
};

struct histogram {
    uint64_t n;
    uint64_t max; /* exact */
    uint64_t count[HISTOGRAM_STEPS];
};

/** Counts @p value; what is too long for the last step is counted there. */
static inline void histogram_add(struct histogram *h, uint64_t value)
{
    uint64_t top = (UINT64_C(1) << HISTOGRAM_VALUE_BITS) - 1;
    uint64_t v = value < top ? value : top;
    unsigned shift =
        v >> HISTOGRAM_STEP_BITS == 0 ? 0 : 63 - (unsigned)__builtin_clzll(v) - HISTOGRAM_STEP_BITS;
    /* Within an octave v >> shift runs from 2^STEP_BITS up, which is where the next octave begins.
     */
    h->count[((uint64_t)shift << HISTOGRAM_STEP_BITS) + (v >> shift)]++;
    h->n++;
    if (value > h->max)
        h->max = value;
}

/** Adds all that @p from counted. */
void histogram_merge(struct histogram *h, const struct histogram *from);

/** @return the middle of the values that count[@p step] counts. */
uint64_t histogram_step(unsigned step);

/**
 * @param share  of the values, 0..1.
 * @return the middle of the step below whose upper edge that share of the values lies, never more
 *         than the maximum; 0 if nothing was counted.
 */
uint64_t histogram_quantile(const struct histogram *h, double share);

#endif
