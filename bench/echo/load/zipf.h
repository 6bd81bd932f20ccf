/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * zipf: ranks 0..n) of which rank r is drawn with a probability proportional to (r + 1)^-s, exactly
 * and in constant time, by rejection-inversion: W. Hormann and G. Derflinger, "Rejection-inversion
 * to generate variates from monotone discrete distributions", ACM TOMACS 6(3), 1996.
 * Owner: nothing. Threads: constant after init, so any; the stream of numbers is one thread's.
 */
#ifndef LOAD_ZIPF_H
#define LOAD_ZIPF_H

#include <stdint.h>

#include "../mix.h"

struct zipf {
    double s;
    uint32_t n;
    double low, high; /* the integral of the hat: what is inverted lies between them */
    double sure;      /* a point this close to its rank needs no test */
};

/** @param n 1 at least. @param s 0, which is uniform, to 20. */
struct zipf zipf_of(uint32_t n, double s);

/** @return a rank. */
uint32_t zipf_draw(const struct zipf *z, struct mix *mix);

/** @return the share of draws that the first @p ranks take, 0..1. Cost: a sum over all of n. */
double zipf_share(const struct zipf *z, uint32_t ranks);

#endif
