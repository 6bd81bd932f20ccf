/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Options of vitrine-load.
 * Owner: strings are argv's. Threads: one.
 */
#ifndef LOAD_OPTIONS_H
#define LOAD_OPTIONS_H

#include "link.h"
#include "openloop.h"

enum { LOAD_SWEEP_MAX = 64 };

struct load_opts {
    const char *port, *kernel, *json, *mode;
    struct link_where where;
    uint32_t window;
    uint64_t seconds;
    int cpu; /* -1: any */
    bool echo, quiet, fill;
    unsigned sweep;             /* steps up to the rate; 1: only that */
    struct openloop_opts open;  /* rate 0: the closed loop */
    struct stream_opts stream;  /* what is asked for; of the closed loop only size and keys */
};

/** @return them; ends the program where they are wrong, or ask only for an answer. */
struct load_opts load_options_parse(int argc, char **argv);

#endif
