/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Google Benchmark's JSON.
 */
#include "measure/figures.h"

#include <math.h>
#include <string.h>

const struct figures_aggregate figures_aggregates[FIGURES_AGGREGATES] = {
    { "median", spread_median },
    { "min", spread_min },
    { "max", spread_max },
};

void figures_context(struct json *j, const struct machine *m, const char *command)
{
    json_text(j, "date", m->date);
    json_text(j, "host_name", m->host);
    json_text(j, "executable", command);
    json_number(j, "num_cpus", m->cpus);
    json_text(j, "cpu_model", m->cpu);
    json_bool(j, "cpu_scaling_enabled",
              strcmp(m->governor, "unknown") != 0 && strcmp(m->governor, "performance") != 0);
    json_text(j, "governor", m->governor);
    json_text(j, "kernel", m->kernel);
    json_text(j, "hugepages", m->hugepages);
    json_text(j, "library_build_type", m->slow_build ? "debug" : "release");
    json_text(j, "build_type", m->build);
    json_text(j, "compiler", m->compiler);
    json_text(j, "flags", m->flags);
    json_text(j, "commit", m->commit);
    json_text(j, "dpdk", m->dpdk);
}

void figures_entry(struct json *j, const struct figures_place *p, const char *name,
                   const char *type)
{
    json_object(j, NULL);
    json_text(j, "name", name);
    json_number(j, "family_index", p->family);
    json_number(j, "per_family_instance_index", p->instance);
    json_text(j, "run_name", p->run_name);
    json_text(j, "run_type", type);
    json_number(j, "repetitions", p->repetitions);
    json_number(j, "threads", p->threads);
}

void figures_times(struct json *j, double iterations, double real_ns, double cpu_ns)
{
    json_number(j, "iterations", iterations);
    json_number(j, "real_time", isfinite(real_ns) ? real_ns : 0);
    json_number(j, "cpu_time", isfinite(cpu_ns) ? cpu_ns : 0);
    json_text(j, "time_unit", "ns");
}

void figures_counter(struct json *j, const char *name, double value)
{
    if (isfinite(value))
        json_number(j, name, value);
}

void figures_aggregate(struct json *j, const struct figures_place *p,
                       const struct figures_aggregate *which)
{
    char name[96];
    snprintf(name, sizeof name, "%s_%s", p->run_name, which->name);
    figures_entry(j, p, name, "aggregate");
    json_text(j, "aggregate_name", which->name);
    json_text(j, "aggregate_unit", "time");
}
