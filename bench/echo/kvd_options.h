/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The command line of vitrine-kvd.
 */
#ifndef ECHO_KVD_OPTIONS_H
#define ECHO_KVD_OPTIONS_H

#include "server.h"

enum { EXIT_USAGE = 2, EXIT_CANNOT = 77 };

struct kvd_options {
    struct server_opts server;
    bool kernel, quiet, json;
};

/**
 * Reads the command line.
 * @return -1 to go on; else what to exit with: help and version were printed, or what is wrong.
 */
int kvd_options_parse(int argc, char **argv, struct kvd_options *out);

#endif
