/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * figures: entries in Google Benchmark's JSON (its docs/user_guide.md, "Output Formats"), so that
 * its tools/compare.py can compare two runs. A row is one entry for each repetition and behind them
 * its aggregates. Times are in ns.
 * Owner: everything is borrowed. Threads: one.
 */
#ifndef MEASURE_FIGURES_H
#define MEASURE_FIGURES_H

#include "measure/json.h"
#include "measure/machine.h"
#include "measure/spread.h"

struct figures_place {
    const char *run_name;
    unsigned family, instance, repetitions, threads;
};

/** The members of "context" that a machine and a command line give. */
void figures_context(struct json *j, const struct machine *m, const char *command);

/** Begins an entry, to be ended by json_end(). @param type "iteration" or "aggregate". */
void figures_entry(struct json *j, const struct figures_place *p, const char *name,
                   const char *type);

/** The times of an entry, per iteration. compare.py expects numbers: what is none becomes 0. */
void figures_times(struct json *j, double iterations, double real_ns, double cpu_ns);

/** A counter, if it is a number. */
void figures_counter(struct json *j, const char *name, double value);

/** What is reported of a row as a whole. */
struct figures_aggregate {
    const char *name;
    double (*of)(const struct spread *s);
};
enum { FIGURES_AGGREGATES = 3 };
extern const struct figures_aggregate figures_aggregates[FIGURES_AGGREGATES];

/** figures_entry() of an aggregate of the row, with its name. */
void figures_aggregate(struct json *j, const struct figures_place *p,
                       const struct figures_aggregate *which);

#endif
