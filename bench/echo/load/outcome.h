/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * outcome: what one load gave, for people and as JSON in Google Benchmark's shape, with the whole
 * histogram of latencies.
 * Owner: the storage is the caller's. Threads: one.
 */
#ifndef LOAD_OUTCOME_H
#define LOAD_OUTCOME_H

#include <stdio.h>

#include "command.h"
#include "load.h"
#include "measure/machine.h"

struct outcome {
    const char *command;
    uint32_t size, window;
    bool echo;
    bool counted; /* the server told its counters: @ref server is valid */
    struct command_stats server;
    struct load_result result;
};

/** @return whether requests were answered, and none of them wrongly. */
bool outcome_good(const struct outcome *o);

void outcome_print(const struct outcome *o, FILE *to);
void outcome_json(const struct outcome *o, FILE *to);

#endif
