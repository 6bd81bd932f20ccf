/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Median and extremes of a few samples.
 */
#include "measure/spread.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void spread_add(struct spread *s, double value)
{
    if (s->n < SPREAD_MAX)
        s->sample[s->n++] = value;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The sample of rank (n - 1) * num / den, the mean of two neighbours where that is no integer. */
static double rank(const struct spread *s, unsigned num, unsigned den)
{
    if (s->n == 0)
        return NAN;
    double sorted[SPREAD_MAX];
    memcpy(sorted, s->sample, s->n * sizeof sorted[0]);
    qsort(sorted, s->n, sizeof sorted[0], by_value);
    unsigned at = (s->n - 1) * num;
    return (sorted[at / den] + sorted[(at + den - 1) / den]) / 2;
}

double spread_median(const struct spread *s) { return rank(s, 1, 2); }
double spread_min(const struct spread *s) { return rank(s, 0, 1); }
double spread_max(const struct spread *s) { return rank(s, 1, 1); }

double spread_share(const struct spread *s)
{
    return (spread_max(s) - spread_min(s)) / (2 * spread_median(s));
}
