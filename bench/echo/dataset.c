/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The distributions, by the inverse of what they are distributed like.
 */
#include "dataset.h"

#include <math.h>
#include <string.h>

#include "value.h"

enum { DIGITS = 10, USR_VALUE = 2 };
enum draw { DRAW_KEY = 1, DRAW_VALUE, DRAW_USR_KEY }; /* what a number is drawn for */

static double draw(uint32_t index, enum draw what)
{
    return mix_unit(mix64(((uint64_t)what << 32 | index) * MIX_STEP));
}

static double within(double x, double least, double most)
{
    return x < least ? least : x > most ? most : x;
}

/* Generalized extreme value, mu 30.7984, sigma 8.20449, k 0.078688. */
static uint32_t etc_key(double u)
{
    const double k = 0.078688;
    double len = 30.7984 + 8.20449 * (pow(-log(u), -k) - 1) / k;
    return (uint32_t)lrint(within(len, 1 + DIGITS, DATASET_KEY_MAX));
}

/* Shares of the sizes 0 to 14; else generalized Pareto, theta 15, sigma 214.476, k 0.348238. */
static uint32_t etc_value(double u)
{
    static const double share[] = { 0.00536, 0.00047, 0.17820, 0.09239, 0.00018,
                                    0.02740, 0.00065, 0.00606, 0.00023, 0.00837,
                                    0.00837, 0.08989, 0.00092, 0.00326, 0.01980 };
    const double k = 0.348238;
    double left = 1;
    for (uint32_t size = 0; size < sizeof share / sizeof *share; size++) {
        if (u < share[size])
            return size;
        u -= share[size];
        left -= share[size];
    }
    double size = 15 + 214.476 * (pow(1 - u / left, -k) - 1) / k;
    return (uint32_t)lrint(within(size, 15, DATASET_VALUE_MAX));
}

struct dataset_item dataset_item(const struct dataset *d, uint32_t index)
{
    switch (d->kind) {
    case DATASET_ETC:
        return (struct dataset_item){ etc_key(draw(index, DRAW_KEY)),
                                      etc_value(draw(index, DRAW_VALUE)) };
    case DATASET_USR:
        return (struct dataset_item){ draw(index, DRAW_USR_KEY) < 0.4 ? 16 : 21, USR_VALUE };
    default:
        return (struct dataset_item){ VALUE_KEY_LEN, d->size };
    }
}

void dataset_key(const struct dataset *d, const struct dataset_item *item, uint32_t index,
                 char *to)
{
    if (d->kind == DATASET_FIXED) {
        value_key(to, d->size, index);
        return;
    }
    memset(to, '0', item->key);
    to[0] = d->kind == DATASET_ETC ? 'e' : 'u'; /* so that two sets may be held at once */
    to[item->key] = '\0';
    for (char *at = to + item->key; index != 0; index /= 10)
        *--at = (char)('0' + index % 10);
}

static const char *const names[] = { "fixed", "etc", "usr" };

bool dataset_parse(const char *name, struct dataset *out)
{
    for (unsigned i = DATASET_ETC; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) {
            *out = (struct dataset){ .kind = (enum dataset_kind)i };
            return true;
        }
    return false;
}

const char *dataset_name(const struct dataset *d) { return names[d->kind]; }
