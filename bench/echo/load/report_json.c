/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The report for machines: Google Benchmark's JSON.
 */
#include <math.h>
#include <string.h>

#include "measure/figures.h"
#include "report.h"

/* The counters of a row, by the names that others rely on. */
static const struct {
    const char *name;
    size_t field_off;
} counters[] = {
    { "rate_per_server_cpu_s", offsetof(struct matrix_sample, rate) },
    { "ratio_to_kernel", offsetof(struct matrix_sample, ratio) },
    { "p50_ns", offsetof(struct matrix_sample, p50_ns) },
    { "p99_ns", offsetof(struct matrix_sample, p99_ns) },
    { "busy_ns", offsetof(struct matrix_sample, busy_ns) },
    { "busy_share", offsetof(struct matrix_sample, busy_share) },
    { "payload_bytes_copied", offsetof(struct matrix_sample, copied) },
    { "lost", offsetof(struct matrix_sample, lost) },
    { "crossing_ns", offsetof(struct matrix_sample, crossing_ns) },
};
enum { COUNTERS = sizeof counters / sizeof counters[0] };

static void write_repetition(struct json *j, const struct figures_place *p,
                             const struct matrix_row *row, unsigned round)
{
    const struct matrix_sample *s = &row->sample[round];
    figures_entry(j, p, p->run_name, "iteration");
    json_number(j, "repetition_index", round);
    if (!isfinite(s->rate)) {
        json_bool(j, "error_occurred", true);
        json_text(j, "error_message", "the server was never busy for a whole slice");
    }
    figures_times(j, s->requests, s->real_ns, s->busy_ns);
    for (unsigned i = 0; i < COUNTERS; i++) {
        double value;
        memcpy(&value, (const char *)s + counters[i].field_off, sizeof value);
        figures_counter(j, counters[i].name, value);
    }
    json_number(j, "window", row->window);
    json_end(j, '}');
}

static void write_aggregate(struct json *j, const struct figures_place *p,
                            const struct matrix_row *row, const struct figures_aggregate *which)
{
    struct spread real = matrix_spread(row, real_ns), cpu = matrix_spread(row, busy_ns);
    figures_aggregate(j, p, which);
    figures_times(j, row->rounds, which->of(&real), which->of(&cpu));
    for (unsigned i = 0; i < COUNTERS; i++) {
        struct spread s = matrix_spread_(row, counters[i].field_off);
        figures_counter(j, counters[i].name, which->of(&s));
    }
    json_number(j, "window", row->window);
    json_end(j, '}');
}

static void write_row(struct json *j, const struct matrix_row *row, unsigned index)
{
    char name[48];
    matrix_row_name(row, name);
    struct figures_place p = { name, (unsigned)row->path, index, row->rounds, 1 };
    for (unsigned round = 0; round < row->rounds; round++)
        write_repetition(j, &p, row, round);
    for (unsigned which = 0; which < FIGURES_AGGREGATES; which++)
        write_aggregate(j, &p, row, &figures_aggregates[which]);
}

static void write_idle(struct json *j, const struct matrix_idle *idle, unsigned index)
{
    char name[48];
    snprintf(name, sizeof name, "mc_udp_idle/%s", idle->name);
    struct figures_place p = { name, MATRIX_PATHS, index, 1, 1 };
    figures_entry(j, &p, name, "iteration");
    json_number(j, "repetition_index", 0);
    figures_times(j, 1, idle->wall_ns, idle->cpu_ns);
    json_number(j, "cpu_share", idle->cpu_ns / idle->wall_ns);
    json_end(j, '}');
}

static void write_context(struct json *j, const struct report *r)
{
    json_object(j, "context");
    figures_context(j, r->machine, r->command);
    json_number(j, "server_cpu", r->server_cpu);
    json_number(j, "load_cpu", r->load_cpu);
    json_text(j, "ports", STAGE_PORTS);
    json_number(j, "repetitions", r->matrix->rounds);
    json_number(j, "slice_ns", (double)r->matrix->slice_ns);
    json_end(j, '}');
}

void report_json(const struct report *r, FILE *to)
{
    struct json j = { .to = to };
    const struct matrix *m = r->matrix;
    json_object(&j, NULL);
    write_context(&j, r);
    json_array(&j, "benchmarks");
    for (int path = 0; path < MATRIX_PATHS; path++)
        for (unsigned i = 0, index = 0; i < m->rows; i++)
            if ((int)m->row[i].path == path)
                write_row(&j, &m->row[i], index++);
    for (unsigned i = 0; i < m->idles; i++)
        write_idle(&j, &m->idle[i], i);
    json_end(&j, ']');
    json_end(&j, '}');
}
