/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The report for machines.
 */
#include <math.h>
#include <string.h>

#include "core/report.h"
#include "measure/figures.h"

struct entry {
    const struct report *report;
    const struct rounds *rounds;
    unsigned way;
    struct figures_place place;
};

/* What an entry says beside its times, of one number for each round. */
static void counters(struct json *j, const struct entry *e, double cpu_ns, double ratio)
{
    const struct row *row = e->rounds->row;
    figures_counter(j, "tsc_cycles", cpu_ns * e->report->tsc_ghz);
    figures_counter(j, row->speedup ? "speedup" : "ratio_of_ours", ratio);
    if (e->rounds->burst != 0)
        json_number(j, "burst", e->rounds->burst);
    if (row->against != NULL && strcmp(row->against, row->way[e->way].name) == 0)
        json_number(j, "goal", row->goal);
}

static void write_repetition(struct json *j, const struct entry *e, unsigned round)
{
    const struct sample *s = &e->rounds->sample[e->way][round];
    struct spread ratios = rounds_ratios(e->rounds, e->way);
    figures_entry(j, &e->place, e->place.run_name, "iteration");
    json_number(j, "repetition_index", round);
    figures_times(j, s->iterations, s->wall_ns, s->cpu_ns);
    counters(j, e, s->cpu_ns, e->way != 0 ? ratios.sample[round] : NAN);
    json_end(j, '}');
}

static void write_aggregate(struct json *j, const struct entry *e,
                            const struct figures_aggregate *which)
{
    struct spread wall = { 0 }, cpu = { 0 }, ratios = rounds_ratios(e->rounds, e->way);
    for (unsigned i = 0; i < e->rounds->n; i++) {
        spread_add(&wall, e->rounds->sample[e->way][i].wall_ns);
        spread_add(&cpu, e->rounds->sample[e->way][i].cpu_ns);
    }
    figures_aggregate(j, &e->place, which);
    figures_times(j, e->rounds->n, which->of(&wall), which->of(&cpu));
    counters(j, e, which->of(&cpu), e->way != 0 ? which->of(&ratios) : NAN);
    json_end(j, '}');
}

static void write_unmeasured(struct json *j, const struct entry *e)
{
    figures_entry(j, &e->place, e->place.run_name, "iteration");
    json_number(j, "repetition_index", 0);
    json_bool(j, "error_occurred", true);
    json_text(j, "error_message", "two CPUs are wanted");
    figures_times(j, 0, 0, 0);
    json_end(j, '}');
}

static void write_way(struct json *j, const struct report *r, unsigned i, unsigned way)
{
    char name[64];
    const struct row *row = r->row[i].row;
    unsigned threads = row->way[way].peer != NULL ? 2 : 1;
    snprintf(name, sizeof name, "%s/%s", row->name, row->way[way].name);
    struct entry e = { r, &r->row[i], way, { name, i, way, r->row[i].n, threads } };
    if (r->row[i].n == 0) {
        write_unmeasured(j, &e);
        return;
    }
    for (unsigned round = 0; round < r->row[i].n; round++)
        write_repetition(j, &e, round);
    for (unsigned which = 0; which < FIGURES_AGGREGATES; which++)
        write_aggregate(j, &e, &figures_aggregates[which]);
}

void report_json(const struct report *r, FILE *to)
{
    struct json j = { .to = to };
    json_object(&j, NULL);
    json_object(&j, "context");
    figures_context(&j, r->machine, r->command);
    json_text(&j, "heap", r->pages);
    json_number(&j, "core_cpu", r->cpu);
    json_number(&j, "core_second_cpu", r->second_cpu);
    json_number(&j, "core_repetitions", r->opts.rounds);
    json_number(&j, "core_slice_ns", (double)r->opts.slice_ns);
    json_number(&j, "core_slices", r->opts.turns);
    figures_counter(&j, "tsc_ghz", r->tsc_ghz);
    json_end(&j, '}');
    json_array(&j, "benchmarks");
    for (unsigned i = 0; i < r->rows; i++)
        for (unsigned way = 0; way < rounds_ways(r->row[i].row); way++)
            write_way(&j, r, i, way);
    json_end(&j, ']');
    json_end(&j, '}');
}
