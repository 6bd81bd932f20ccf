/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * spread: the samples of one figure over the rounds of a benchmark, and what is reported of them.
 * Owner: the storage is the caller's; zero is empty. Threads: one.
 */
#ifndef MEASURE_SPREAD_H
#define MEASURE_SPREAD_H

enum { SPREAD_MAX = 64 };

struct spread {
    unsigned n;
    double sample[SPREAD_MAX]; /* in the order they were taken */
};

/** Keeps @p value; the first SPREAD_MAX are kept. */
void spread_add(struct spread *s, double value);

/** @return NAN if there are no samples. */
double spread_median(const struct spread *s);
double spread_min(const struct spread *s);
double spread_max(const struct spread *s);

/** @return half of what lies between the extremes over the median: "± share". NAN if empty. */
double spread_share(const struct spread *s);

#endif
