/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Options, and what is said of wrong ones: one line, with what was probably meant.
 */
#include "command.h"
#include "measure/nearest.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void say(const char *subcommand)
{
    fprintf(stderr, subcommand != NULL ? "vitrine %s: " : "vitrine: ", subcommand);
}

void command_misused(const char *subcommand, const char *what, ...)
{
    va_list args;
    va_start(args, what);
    say(subcommand);
    vfprintf(stderr, what, args);
    va_end(args);
    putc('\n', stderr);
    exit(EXIT_USAGE);
}

/* A letter that is none is in optopt, and argv may hold more letters behind it. */
static void __attribute__((noreturn)) refuse_option(char **argv, const struct option *options)
{
    enum { WORDS = 64 };
    const char *words[WORDS + 1], *typed = argv[optind - 1];
    unsigned n = 0;
    if (optopt > 0 && optopt <= UCHAR_MAX)
        command_misused(argv[0], "no option '-%c'; try --help", optopt);
    if (strchr(typed, '=') != NULL && optopt != 0)
        command_misused(argv[0], "'%s' takes no value", typed);
    for (; options[n].name != NULL && n < WORDS; n++)
        words[n] = options[n].name;
    words[n] = NULL;
    const char *meant = nearest(typed + strspn(typed, "-"), words);
    command_misused(argv[0], "no option '%s'; try --%s", typed,
                    meant != NULL ? meant : "help");
}

/* The letters among the options' values, as getopt() wants them. */
static void letters_of(const struct option *options, char *letters, size_t size)
{
    size_t n = 0;
    letters[n++] = ':';
    for (; options->name != NULL && n + 3 < size; options++)
        if (options->val <= UCHAR_MAX) {
            letters[n++] = (char)options->val;
            if (options->has_arg == required_argument)
                letters[n++] = ':';
        }
    letters[n] = '\0';
}

int command_option(int argc, char **argv, const struct option *options, const char *help)
{
    char letters[2 * 64 + 3];
    letters_of(options, letters, sizeof letters);
    opterr = 0;
    int value = getopt_long(argc, argv, letters, options, NULL);
    if (value == 'h') {
        fputs(help, stdout);
        exit(EXIT_SUCCESS);
    }
    if (value == '?')
        refuse_option(argv, options);
    if (value == ':')
        command_misused(argv[0], "nothing follows '%s'; see --help", argv[optind - 1]);
    return value;
}

uint64_t command_number(const char *subcommand, const char *option, uint64_t min, uint64_t max)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(optarg, &end, 10);
    if (optarg[0] < '0' || optarg[0] > '9' || *end != '\0' || errno != 0 || value < min ||
        value > max)
        command_misused(subcommand, "%s wants a number from %llu to %llu, not '%s'", option,
                        (unsigned long long)min, (unsigned long long)max, optarg);
    return value;
}

int command_failed(const char *subcommand, const struct vtr_error *err)
{
    say(subcommand);
    fprintf(stderr, "%s\n", err->what);
    if (err->hint[0] != '\0')
        fprintf(stderr, "  try:  %s\n", err->hint);
    switch (-err->code) {
    case EACCES:
    case EPERM:
    case ENODEV:
        return EXIT_CANNOT;
    case EINVAL:
        return EXIT_USAGE;
    default:
        return EXIT_FAILURE;
    }
}

int command_needs_dpdk(int argc, char **argv)
{
    (void)argc;
    say(argv[0]);
    fputs("this build is without DPDK and has no ports\n"
          "  try:  sudo apt-get install libdpdk-dev, then build anew\n", stderr);
    return EXIT_CANNOT;
}
