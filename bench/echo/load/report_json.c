/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The report for machines: Google Benchmark's JSON (its docs/user_guide.md, "Output Formats"), so
 * that its tools/compare.py can compare two runs.
 */
#include <math.h>
#include <string.h>

#include "json.h"
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

static const struct {
    const char *name;
    double (*of)(const struct spread *s);
} aggregates[] = { { "median", spread_median }, { "min", spread_min }, { "max", spread_max } };
enum { AGGREGATES = sizeof aggregates / sizeof aggregates[0] };

struct place {
    const char *run_name;
    unsigned family, instance, repetitions;
};

static void write_head(struct json *j, const struct place *p, const char *name, const char *type)
{
    json_object(j, NULL);
    json_text(j, "name", name);
    json_number(j, "family_index", p->family);
    json_number(j, "per_family_instance_index", p->instance);
    json_text(j, "run_name", p->run_name);
    json_text(j, "run_type", type);
    json_number(j, "repetitions", p->repetitions);
    json_number(j, "threads", 1);
}

/* Numbers that there are: compare.py expects times to be there, and to be numbers. */
static void write_counter(struct json *j, const char *name, double value)
{
    if (isfinite(value))
        json_number(j, name, value);
}

static void write_times(struct json *j, double iterations, double real_ns, double cpu_ns)
{
    json_number(j, "iterations", iterations);
    json_number(j, "real_time", isfinite(real_ns) ? real_ns : 0);
    json_number(j, "cpu_time", isfinite(cpu_ns) ? cpu_ns : 0);
    json_text(j, "time_unit", "ns");
}

static void write_repetition(struct json *j, const struct place *p, const struct matrix_row *row,
                             unsigned round)
{
    const struct matrix_sample *s = &row->sample[round];
    write_head(j, p, p->run_name, "iteration");
    json_number(j, "repetition_index", round);
    if (!isfinite(s->rate)) {
        json_bool(j, "error_occurred", true);
        json_text(j, "error_message", "the server was never busy for a whole slice");
    }
    write_times(j, s->requests, s->real_ns, s->busy_ns);
    for (unsigned i = 0; i < COUNTERS; i++) {
        double value;
        memcpy(&value, (const char *)s + counters[i].field_off, sizeof value);
        write_counter(j, counters[i].name, value);
    }
    json_number(j, "window", row->window);
    json_end(j, '}');
}

static void write_aggregate(struct json *j, const struct place *p, const struct matrix_row *row,
                            unsigned which)
{
    char name[64];
    snprintf(name, sizeof name, "%s_%s", p->run_name, aggregates[which].name);
    struct spread real = matrix_spread(row, real_ns), cpu = matrix_spread(row, busy_ns);
    write_head(j, p, name, "aggregate");
    json_text(j, "aggregate_name", aggregates[which].name);
    json_text(j, "aggregate_unit", "time");
    write_times(j, row->rounds, aggregates[which].of(&real), aggregates[which].of(&cpu));
    for (unsigned i = 0; i < COUNTERS; i++) {
        struct spread s = matrix_spread_(row, counters[i].field_off);
        write_counter(j, counters[i].name, aggregates[which].of(&s));
    }
    json_number(j, "window", row->window);
    json_end(j, '}');
}

static void write_row(struct json *j, const struct matrix_row *row, unsigned index)
{
    char name[48];
    matrix_row_name(row, name);
    struct place p = { name, (unsigned)row->path, index, row->rounds };
    for (unsigned round = 0; round < row->rounds; round++)
        write_repetition(j, &p, row, round);
    for (unsigned which = 0; which < AGGREGATES; which++)
        write_aggregate(j, &p, row, which);
}

static void write_idle(struct json *j, const struct matrix_idle *idle, unsigned index)
{
    char name[48];
    snprintf(name, sizeof name, "mc_udp_idle/%s", idle->name);
    struct place p = { name, MATRIX_PATHS, index, 1 };
    write_head(j, &p, name, "iteration");
    json_number(j, "repetition_index", 0);
    write_times(j, 1, idle->wall_ns, idle->cpu_ns);
    json_number(j, "cpu_share", idle->cpu_ns / idle->wall_ns);
    json_end(j, '}');
}

static void write_context(struct json *j, const struct report *r)
{
    const struct machine *m = r->machine;
    json_object(j, "context");
    json_text(j, "date", m->date);
    json_text(j, "host_name", m->host);
    json_text(j, "executable", r->command);
    json_number(j, "num_cpus", m->cpus);
    json_text(j, "cpu_model", m->cpu);
    json_bool(j, "cpu_scaling_enabled",
              strcmp(m->governor, "unknown") != 0 && strcmp(m->governor, "performance") != 0);
    json_text(j, "governor", m->governor);
    json_text(j, "kernel", m->kernel);
    json_text(j, "hugepages", m->hugepages);
    json_number(j, "server_cpu", r->server_cpu);
    json_number(j, "load_cpu", r->load_cpu);
    json_text(j, "ports", STAGE_PORTS);
    json_text(j, "library_build_type", m->slow_build ? "debug" : "release");
    json_text(j, "build_type", m->build);
    json_text(j, "compiler", m->compiler);
    json_text(j, "flags", m->flags);
    json_text(j, "commit", m->commit);
    json_text(j, "dpdk", m->dpdk);
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
