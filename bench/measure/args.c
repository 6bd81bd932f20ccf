/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Options of the generator's programs.
 */
#include "measure/args.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

volatile sig_atomic_t args_stop;

void args_refuse(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n  try:  %s --help\n", program_invocation_short_name);
    exit(ARGS_USAGE);
}

uint64_t args_number(const char *option, const char *text, uint64_t min, uint64_t max)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value < min || value > max)
        args_refuse("%s wants a number from %llu to %llu, not '%s'", option,
                    (unsigned long long)min, (unsigned long long)max, text);
    return value;
}

double args_real(const char *option, const char *text, double min, double max)
{
    char *end;
    double value = strtod(text, &end);
    bool digits = strspn(text, "0123456789.") == strlen(text); /* no sign, no hex, no infinity */
    if (!digits || end == text || *end != '\0' || value < min || value > max)
        args_refuse("%s wants a number from %g to %g, not '%s'", option, min, max, text);
    return value;
}

void args_ip(const char *option, const char *text, uint8_t to[4])
{
    if (inet_pton(AF_INET, text, to) != 1)
        args_refuse("%s wants an IPv4 address, not '%s'", option, text);
}

void args_join(char *const argv[], char *to, unsigned room)
{
    unsigned len = 0;
    to[0] = '\0';
    for (int i = 0; argv[i] != NULL && len < room; i++) {
        const char *quote = strpbrk(argv[i], " '\"$*?&;|<>()") != NULL ? "'" : "";
        len += (unsigned)snprintf(to + len, room - len, "%s%s%s%s", i != 0 ? " " : "", quote,
                                  argv[i], quote);
    }
}

int args_cpu(int nth)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return -1;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &set) && nth-- == 0)
            return cpu;
    return -1;
}

static void on_signal(int number)
{
    (void)number;
    args_stop = 1;
}

void args_catch_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}
