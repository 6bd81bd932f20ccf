/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * args: values of command-line options, taken whole or refused with a sentence.
 * Owner: nothing. Threads: one.
 */
#ifndef MEASURE_ARGS_H
#define MEASURE_ARGS_H

#include <signal.h>
#include <stdint.h>

enum { ARGS_FAILED = 1, ARGS_USAGE = 2, ARGS_SKIP = 77 }; /* exit codes */

/** @return @p text as a number; ends the program with ARGS_USAGE if it is none of min..max. */
uint64_t args_number(const char *option, const char *text, uint64_t min, uint64_t max);

/** Likewise with a fraction: "0.99". */
double args_real(const char *option, const char *text, double min, double max);

/** Takes "10.0.0.1"; ends the program with ARGS_USAGE if it is no address. */
void args_ip(const char *option, const char *text, uint8_t to[4]);

/** Ends the program with ARGS_USAGE and a sentence. */
__attribute__((noreturn, format(printf, 1, 2))) void args_refuse(const char *format, ...);

/** Puts the command line into one, as a shell would read it. */
void args_join(char *const argv[], char *to, unsigned room);

/** @return the @p nth CPU that this process may use; -1: it may not use so many. */
int args_cpu(int nth);

/** SIGINT and SIGTERM set @ref args_stop; a second one ends the program at once. */
void args_catch_signals(void);
extern volatile sig_atomic_t args_stop;

#endif
