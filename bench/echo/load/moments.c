/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Counting sizes.
 */
#include "moments.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* From the distributions of dataset.h: integrals and quantiles of them, not samples. */
static const struct moments etc_model = {
    .key_mean = 36.2, .key_sd = 11.8, .key_p1 = 19, .key_p50 = 34, .key_p99 = 76,
    .value_mean = 194, .value_p50 = 39, .value_p90 = 520, .value_p99 = 1899, .value_p999 = 4972,
    .below_512 = 89.8, .below_512_bytes = 42, .below_1024 = 96.6,
};
static const struct moments usr_model = {
    .key_mean = 19, .key_sd = 2.45, .key_p1 = 16, .key_p50 = 21, .key_p99 = 21,
    .value_mean = 2, .value_p50 = 2, .value_p90 = 2, .value_p99 = 2, .value_p999 = 2,
    .below_512 = 100, .below_512_bytes = 100, .below_1024 = 100,
};

const struct moments *moments_model(const struct dataset *d)
{
    return d->kind == DATASET_ETC ? &etc_model : d->kind == DATASET_USR ? &usr_model : NULL;
}

struct counted {
    uint32_t key[DATASET_KEY_MAX + 1], value[WORKLOAD_SIZE_MAX + 1];
};

/* The smallest size that @p share of n do not exceed. */
static double quantile(const uint32_t *count, uint32_t n, double share)
{
    uint64_t seen = 0;
    for (uint32_t size = 0;; size++)
        if ((seen += count[size]) != 0 && (double)seen >= share * n)
            return size;
}

/* Sum of size^power * count over sizes below @p end. */
static double sum(const uint32_t *count, uint32_t end, int power)
{
    double sum = 0;
    for (uint32_t size = 0; size < end; size++)
        sum += pow(size, power) * count[size];
    return sum;
}

static struct moments of_counted(const struct counted *c, uint32_t n)
{
    double keys = sum(c->key, DATASET_KEY_MAX + 1, 1) / n;
    double squares = sum(c->key, DATASET_KEY_MAX + 1, 2) / n;
    double bytes = sum(c->value, WORKLOAD_SIZE_MAX + 1, 1);
    return (struct moments){
        .key_mean = keys,
        .key_sd = sqrt(squares - keys * keys),
        .key_p1 = quantile(c->key, n, 0.01),
        .key_p50 = quantile(c->key, n, 0.5),
        .key_p99 = quantile(c->key, n, 0.99),
        .value_mean = bytes / n,
        .value_p50 = quantile(c->value, n, 0.5),
        .value_p90 = quantile(c->value, n, 0.9),
        .value_p99 = quantile(c->value, n, 0.99),
        .value_p999 = quantile(c->value, n, 0.999),
        .below_512 = 100 * sum(c->value, 512, 0) / n,
        .below_512_bytes = 100 * sum(c->value, 512, 1) / bytes,
        .below_1024 = 100 * sum(c->value, 1024, 0) / n,
    };
}

int moments_of(const struct dataset_item *item, uint32_t n, struct moments *out)
{
    struct counted *c = calloc(1, sizeof *c);
    if (c == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        c->key[item[i].key]++;
        c->value[item[i].value]++;
    }
    *out = of_counted(c, n);
    free(c);
    return 0;
}

static void print_line(const char *name, const struct moments *m, FILE *to)
{
    fprintf(to, "  %-6s keys    mean %.1f B   sd %.1f   p1 %.0f   p50 %.0f   p99 %.0f\n", name,
            m->key_mean, m->key_sd, m->key_p1, m->key_p50, m->key_p99);
    fprintf(to, "  %-6s values  mean %.0f B   p50 %.0f   p90 %.0f   p99 %.0f   p99.9 %.0f\n", "",
            m->value_mean, m->value_p50, m->value_p90, m->value_p99, m->value_p999);
    fprintf(to, "  %-6s         %.1f %% below 512 B, with %.0f %% of bytes; %.1f %% below 1 KiB\n",
            "", m->below_512, m->below_512_bytes, m->below_1024);
}

void moments_print(const struct moments *m, const struct moments *model, FILE *to)
{
    print_line("items", m, to);
    if (model != NULL)
        print_line("model", model, to);
}
