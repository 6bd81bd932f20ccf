/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * dataset: the key and the size of the value of each item, by its index: a pure function, so that a
 * server fills itself with what a load generator then asks for. The bytes are value.h's.
 *
 *   fixed  keys of value_key(), all values of one size
 *   etc    Facebook's general cache as Atikoglu et al. model it (SIGMETRICS 2012, section 5.1):
 *          key sizes from a generalized extreme value distribution, value sizes from a table of
 *          the smallest and a generalized Pareto distribution for the rest; parameters as in
 *          mutilate. A size is drawn once for an item, by its index
 *   usr    their user-account status: keys of 16 or 21 bytes, values of 2. The share of each is
 *          not published; 2 to 3 makes the mean of 19 bytes that IX's scripts take (OSDI 2014)
 *
 * Owner: nothing. Threads: any.
 */
#ifndef ECHO_DATASET_H
#define ECHO_DATASET_H

#include <stdbool.h>
#include <stdint.h>

enum dataset_kind { DATASET_FIXED, DATASET_ETC, DATASET_USR };

enum {
    DATASET_KEY_MAX = 250,     /* memcached's */
    DATASET_VALUE_MAX = 65000, /* of etc: a set of it fits a UDP datagram; cuts one in a million */
};

struct dataset {
    enum dataset_kind kind;
    uint32_t size; /* of DATASET_FIXED: bytes of a value */
};

struct dataset_item {
    uint32_t key, value; /* bytes */
};

/** @return the sizes of item @p index. Cost: of etc, three logarithms and exponentials. */
struct dataset_item dataset_item(const struct dataset *d, uint32_t index);

/** Writes the key and a '\0'. @param item of that index. @param to room for DATASET_KEY_MAX + 1. */
void dataset_key(const struct dataset *d, const struct dataset_item *item, uint32_t index,
                 char *to);

/** @return whether @p name is "etc" or "usr". @param out untouched if not. */
bool dataset_parse(const char *name, struct dataset *out);

/** @return "fixed", "etc" or "usr". Static. */
const char *dataset_name(const struct dataset *d);

#endif
