/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * report: what a benchmark says: a table for people, JSON in Google Benchmark's shape for machines,
 * and which goals were met.
 * Owner: everything is borrowed. Threads: one.
 */
#ifndef LOAD_REPORT_H
#define LOAD_REPORT_H

#include <stdio.h>

#include "measure/machine.h"
#include "matrix.h"

/** What both outputs say about how the figures came to be. */
struct report {
    const struct matrix *matrix;
    const struct machine *machine;
    const char *command; /* line that repeats the run */
    int server_cpu, load_cpu;
};

/** Writes the table and the goals. */
void report_table(const struct report *r, FILE *to);

/**
 * Writes one entry for each repetition of each row, and behind them the row's median, minimum and
 * maximum as aggregates. Times are ns: real_time of the wall, cpu_time of the server's CPU.
 */
void report_json(const struct report *r, FILE *to);

#endif
