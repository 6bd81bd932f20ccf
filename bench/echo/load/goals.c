/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The goals, and the ratios they are about.
 */
#include "goals.h"

#include <math.h>
#include <stdio.h>

static const char *const path_name[] = { "memif", "ring" };

/* Times the kernel's rate that hybrid is to reach with values of @p size bytes; 0: no goal. */
static double wanted_ratio(uint32_t size)
{
    if (size <= 256)
        return 15;
    return size == 1024 || size >= 16384 ? 10 : 0;
}

static void judge_kernel(const struct matrix_row *hybrid, struct goal *g)
{
    struct spread s = matrix_spread(hybrid, ratio);
    *g = (struct goal){ .wanted = wanted_ratio(hybrid->size), .got = spread_median(&s) };
    snprintf(g->text, sizeof g->text, "%-5s %5u B  hybrid / kernel", path_name[hybrid->path],
             hybrid->size);
}

static double larger(double a, double b) { return a > b ? a : b; }

static void judge_hybrid(const struct matrix *m, const struct matrix_row *hybrid, struct goal *g)
{
    const struct matrix_row *r = matrix_find(m, hybrid->path, hybrid->size, MATRIX_REFERENCE);
    const struct matrix_row *c = matrix_find(m, hybrid->path, hybrid->size, MATRIX_COPY);
    struct spread s = { 0 };
    for (unsigned i = 0; i < hybrid->rounds; i++) {
        double better = larger(r->sample[i].rate, c->sample[i].rate);
        if (isfinite(hybrid->sample[i].rate / better))
            spread_add(&s, hybrid->sample[i].rate / better);
    }
    *g = (struct goal){ .wanted = 0.95, .got = spread_median(&s) };
    snprintf(g->text, sizeof g->text, "%-5s %5u B  hybrid / better of reference and copy",
             path_name[hybrid->path], hybrid->size);
}

static void judge_copied(const struct matrix_row *reference, struct goal *g)
{
    struct spread s = matrix_spread(reference, copied);
    *g = (struct goal){ .at_most = true, .wanted = 0, .got = spread_max(&s) };
    snprintf(g->text, sizeof g->text, "%-5s %5u B  reference: payload bytes copied",
             path_name[reference->path], reference->size);
}

unsigned goals_judge(const struct matrix *m, struct goal goal[GOALS_MAX])
{
    unsigned n = 0;
    for (unsigned i = 0; i < m->rows; i++) {
        const struct matrix_row *row = &m->row[i];
        if (row->variant == MATRIX_HYBRID && wanted_ratio(row->size) != 0)
            judge_kernel(row, &goal[n++]);
        if (row->variant == MATRIX_HYBRID)
            judge_hybrid(m, row, &goal[n++]);
        if (row->variant == MATRIX_REFERENCE)
            judge_copied(row, &goal[n++]);
    }
    return n;
}
