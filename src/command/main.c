/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vitrine: one program for what a user of the library does by hand, a subcommand each.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "measure/nearest.h"

/* Without DPDK, what opens ports says so. */
#ifdef COMMAND_DPDK
#define NEEDS_DPDK(run) (run)
#else
#define NEEDS_DPDK(run) command_needs_dpdk
#endif

static const struct command commands[] = {
    { "doctor", "say what works on this machine now, and what the rest needs", command_doctor },
    { "ports", "open a port of each kind, or one and say what it is", NEEDS_DPDK(command_ports) },
    { "capture", "write what arrives at a port to a pcapng file", NEEDS_DPDK(command_capture) },
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void version(void)
{
#ifdef COMMAND_DPDK
    puts("vitrine " COMMAND_VERSION " (" COMMAND_BUILD "), DPDK " COMMAND_DPDK);
#else
    puts("vitrine " COMMAND_VERSION " (" COMMAND_BUILD "), without DPDK");
#endif
}

static void usage(void)
{
    puts("vitrine doctor           what works here, and what the rest needs\n"
         "vitrine ports            open a port of each kind\n"
         "vitrine ports null:0     open one and say what it is\n"
         "vitrine --help           every subcommand");
}

static void help(void)
{
    puts("vitrine: looks at machines, ports and packets for users of the library.\n"
         "\n"
         "  vitrine SUBCOMMAND [options]   `vitrine SUBCOMMAND --help` has the options\n");
    for (unsigned i = 0; i < COMMANDS; i++)
        printf("  %-14s %s\n", commands[i].name, commands[i].summary);
    puts("\n"
         "  -h             a short help\n"
         "  --help         this text\n"
         "  --version      of vitrine, how it was built, and DPDK's\n"
         "\n"
         "Results are on stdout, all else on stderr.\n"
         "Exit: 0, 1 failed, 2 usage, 77 cannot run here.");
}

static const struct command *find(const char *name)
{
    for (unsigned i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static void __attribute__((noreturn)) unknown(const char *typed)
{
    const char *words[COMMANDS + 3];
    unsigned n = 0;
    bool option = typed[0] == '-';
    for (; !option && n < COMMANDS; n++)
        words[n] = commands[n].name;
    if (option)
        words[n++] = "--help", words[n++] = "--version";
    words[n] = NULL;
    const char *meant = nearest(typed, words);
    command_misused(NULL, "no %s '%s'; try vitrine %s", option ? "option" : "subcommand", typed,
                    meant != NULL ? meant : "--help");
}

/* A heap's memory would take the number of a closed stream, and what is printed go into it. Writing
 * to what is opened here fails, as it would to what is closed. */
static void standard_streams_hold(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* Output that did not get out is a failure: a full disk, a closed stdout. */
static void finish(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return;
    fprintf(stderr, "vitrine: cannot write the output: %s\n", strerror(errno));
    _exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    standard_streams_hold();
    atexit(finish);
    if (argc < 2)
        command_misused(NULL, "nothing to do; try vitrine doctor, or vitrine --help");
    const struct command *command = find(argv[1]);
    if (command != NULL)
        return command->run(argc - 1, argv + 1);
    if (strcmp(argv[1], "-h") == 0)
        usage();
    else if (strcmp(argv[1], "--help") == 0)
        help();
    else if (strcmp(argv[1], "--version") == 0)
        version();
    else
        unknown(argv[1]);
    return EXIT_SUCCESS;
}
