/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The report for people.
 */
#include <math.h>

#include "core/report.h"

static double median(const struct rounds *r, unsigned way)
{
    struct spread s = rounds_times(r, way);
    return spread_median(&s);
}

/* The ways that the goal is not about; of an echo, the time-stamp counter's cycles too. */
static void print_others(const struct rounds *r, double tsc_ghz, FILE *to)
{
    for (unsigned w = 1; w < rounds_ways(r->row); w++)
        if (w != rounds_against(r->row))
            fprintf(to, "  %s %.1f", r->row->way[w].name, median(r, w));
    if (r->burst != 0)
        fprintf(to, "  %.0f and %.0f cycles, %u at once", median(r, 0) * tsc_ghz,
                median(r, rounds_against(r->row)) * tsc_ghz, r->burst);
}

static void print_row(const struct rounds *r, double tsc_ghz, FILE *to)
{
    const struct row *row = r->row;
    fprintf(to, "  %-23s ", row->name);
    if (r->n == 0) {
        fprintf(to, "not measured: two CPUs are wanted\n");
        return;
    }
    unsigned against = rounds_against(row);
    struct spread ratio = rounds_ratios(r, against);
    fprintf(to, "%7.2f %7.2f %-10s %6.2f (%.2f..%.2f)", median(r, 0), median(r, against),
            row->way[against].name, spread_median(&ratio), spread_min(&ratio), spread_max(&ratio));
    if (row->against != NULL)
        fprintf(to, "  %s %.2f %s", row->speedup ? ">=" : "<=", row->goal,
                rounds_met(r) ? "met" : "MISSED");
    print_others(r, tsc_ghz, to);
    fprintf(to, "\n");
}

static void print_head(const struct report *r, FILE *to)
{
    const struct machine *m = r->machine;
    if (m->slow_build)
        fprintf(to, "WARNING: not an optimised build: the figures mean nothing.\n");
    fprintf(to,
            "operations of the core: CPU ns each, median of %u rounds of %u slices of %.1f ms, in\n"
            "turn with the baseline; ratio within each round (least..most). Two threads, on CPU\n"
            "%d and %d, by the wall. Mbufs: a packed pool with a cache of 512, on huge pages if\n"
            "there are any.\n%s\n%s, %s, %s, DPDK %s, %s build of %s\n\n",
            r->opts.rounds, r->opts.turns, (double)r->opts.slice_ns / 1e6, r->cpu, r->second_cpu,
            r->pages, m->cpu, m->kernel, m->compiler, m->dpdk, m->build, m->commit);
    fprintf(to, "  %-23s %7s %7s %-10s %6s %-12s  %s\n", "", "ours", "base", "which", "ratio",
            "(spread)", "goal");
}

unsigned report_table(const struct report *r, FILE *to)
{
    unsigned goals = 0, met = 0;
    print_head(r, to);
    for (unsigned i = 0; i < r->rows; i++) {
        print_row(&r->row[i], r->tsc_ghz, to);
        if (r->row[i].row->against == NULL)
            continue;
        goals++;
        met += r->row[i].n != 0 && rounds_met(&r->row[i]);
    }
    fprintf(to, "\n  core: %u of %u goals met\n", met, goals);
    return goals - met;
}
