/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * report: what the rows gave: a table for people, JSON in Google Benchmark's shape for machines.
 * Owner: everything is borrowed. Threads: one.
 */
#ifndef CORE_REPORT_H
#define CORE_REPORT_H

#include <stdio.h>

#include "core/rounds.h"
#include "measure/machine.h"

struct report {
    const struct rounds *row;
    unsigned rows;
    struct rounds_opts opts;
    const struct machine *machine;
    const char *command; /* line that repeats the run */
    const char *pages;   /* what the heap says that it got */
    int cpu, second_cpu; /* -1: there is none */
    double tsc_ghz;      /* NAN: unknown */
};

/** Writes the table, and which goals were met. @return how many were missed or not judged. */
unsigned report_table(const struct report *r, FILE *to);

/** One entry for each repetition of each way, "alloc_free_2k/mbuf", and its aggregates. */
void report_json(const struct report *r, FILE *to);

#endif
