/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What is asked of a histogram once the run is over.
 */
#include "histogram.h"

void histogram_merge(struct histogram *h, const struct histogram *from)
{
    for (unsigned i = 0; i < HISTOGRAM_STEPS; i++)
        h->count[i] += from->count[i];
    h->n += from->n;
    if (from->max > h->max)
        h->max = from->max;
}

uint64_t histogram_step(unsigned step)
{
    if (step < 2u << HISTOGRAM_STEP_BITS)
        return step; /* steps of 1 ns */
    unsigned shift = (step >> HISTOGRAM_STEP_BITS) - 1;
    uint64_t low = (uint64_t)(step - (shift << HISTOGRAM_STEP_BITS)) << shift;
    return low + (UINT64_C(1) << shift) / 2;
}

uint64_t histogram_quantile(const struct histogram *h, double share)
{
    if (h->n == 0)
        return 0;
    double wanted = share * (double)h->n;
    uint64_t seen = 0;
    unsigned step = 0;
    for (; step < HISTOGRAM_STEPS - 1; step++) {
        seen += h->count[step];
        if (seen != 0 && (double)seen >= wanted)
            break;
    }
    uint64_t middle = histogram_step(step);
    return middle < h->max ? middle : h->max;
}
