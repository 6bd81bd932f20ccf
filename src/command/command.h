/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What the subcommands of `vitrine` share: exit statuses, options, complaints.
 * A subcommand is a function in a file of its own and a row of the table in main.c. It gets its own
 * name as argv[0]. Results go to stdout, narration and complaints to stderr.
 * Owner: nothing here owns anything. Threads: one.
 */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <vitrine/base.h>

/** Exit statuses beside EXIT_SUCCESS and EXIT_FAILURE. */
enum { EXIT_USAGE = 2, EXIT_CANNOT = 77 };

struct command {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
};

int command_doctor(int argc, char **argv);
int command_ports(int argc, char **argv);
int command_capture(int argc, char **argv);

/**
 * Takes the next option of a subcommand; "-h" is among them.
 * @param options  ends with a row of zeros, and has at most 64. A value up to 255 is a letter that
 *                 stands for the option too.
 * @param help     what "-h" and an option of value 'h' print; the program ends then, with 0.
 * @return the option's value, or -1 behind the last one. What is wrong is said in a line, and the
 *         program ends with EXIT_USAGE.
 */
int command_option(int argc, char **argv, const struct option *options, const char *help);

/** @return optarg as a decimal number, all of it; else the program ends with EXIT_USAGE. */
uint64_t command_number(const char *subcommand, const char *option, uint64_t min, uint64_t max);

/** Says what is wrong in a line, behind the subcommand's name, and ends with EXIT_USAGE. */
__attribute__((noreturn, format(printf, 2, 3))) void command_misused(const char *subcommand,
                                                                     const char *what, ...);

/** Says why a call failed and what to try. @return what to exit with. */
int command_failed(const char *subcommand, const struct vtr_error *err);

/** What a subcommand that opens ports is in a build without DPDK. @return EXIT_CANNOT. */
int command_needs_dpdk(int argc, char **argv);

#endif
