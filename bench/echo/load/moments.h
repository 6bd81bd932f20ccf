/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * moments: what the sizes of a dataset come to, beside what they come to in its model, to see
 * before a run that the load is the one it is called.
 * Owner: everything is borrowed. Threads: one.
 */
#ifndef LOAD_MOMENTS_H
#define LOAD_MOMENTS_H

#include <stdio.h>

#include "stream.h"

/** Sizes in bytes, shares in percent; all items count alike. */
struct moments {
    double key_mean, key_sd, key_p1, key_p50, key_p99;
    double value_mean, value_p50, value_p90, value_p99, value_p999;
    double below_512, below_512_bytes, below_1024; /* values; the bytes of those; values */
};

/** @return 0 or -ENOMEM. @param out untouched on failure. */
VTR_MUST_USE int moments_of(const struct dataset_item *item, uint32_t n, struct moments *out);

/** @return those of the model; NULL: there is none. Static. */
const struct moments *moments_model(const struct dataset *d);

void moments_print(const struct moments *m, const struct moments *model, FILE *to);

#endif
