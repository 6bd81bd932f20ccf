/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * outcome: what a load gave, for people and as JSON in Google Benchmark's shape, with the whole
 * histogram of latencies.
 * Owner: the storage is the caller's. Threads: one.
 */
#ifndef LOAD_OUTCOME_H
#define LOAD_OUTCOME_H

#include <stdio.h>

#include "command.h"
#include "load.h"
#include "measure/machine.h"
#include "stream.h"

struct outcome {
    const char *command;
    struct stream_opts stream; /* of the closed loop: size and keys */
    uint32_t window;           /* closed loop */
    bool echo;
    double rate; /* offered, a second; 0: closed loop */
    bool constant;
    bool counted; /* the server told its counters: @ref server is valid */
    struct command_stats server;
    struct load_result result;
};

/** @return whether requests were answered, and none of them wrongly. */
bool outcome_good(const struct outcome *o);

void outcome_print(const struct outcome *o, FILE *to);

/** One line of a table, @p first with its head; of an open loop. */
void outcome_print_row(const struct outcome *o, bool first, FILE *to);

/** Writes n outcomes of one command. */
void outcome_json(const struct outcome *o, unsigned n, FILE *to);

#endif
