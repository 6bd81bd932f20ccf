/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vitrine-core-bench: what each operation of the core costs, beside its baselines.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vitrine/heap.h>

#include "core/mbuf.h"
#include "core/report.h"
#include "core/stand.h"
#include "measure/args.h"
#include "measure/clock.h"
#include "measure/complain.h"

static const char usage[] = "usage: vitrine-core-bench [--json FILE] [--check] [--filter TEXT]\n"
                            "  example: vitrine-core-bench --filter ref_unref\n";

static const char help[] =
    "\n"
    "Measures each operation of the core in turn with its baselines: the same on DPDK's mbufs, by\n"
    "jemalloc and memcpy, and the bare locked instructions. Takes about ten seconds, on one CPU,\n"
    "and two for the rows of two threads.\n"
    "\n"
    "  --json FILE    write all figures, in Google Benchmark's shape\n"
    "  --filter TEXT  only the rows whose names hold it; may be given more than once\n"
    "  --rounds N     rounds of each row, 1 to 64 (default 11)\n"
    "  --slice US     how long a way is measured at a time (default 1000)\n"
    "  --quick        a second or two, to see that it works; the figures say little\n"
    "  --check        exit 1 if a goal was missed\n"
    "  --list         name the rows, and what one operation of each is\n"
    "  --command TEXT what the figures say they were made with (default: this command line)\n"
    "  -h, --help     this text\n"
    "\n"
    "exit status: 0 measured, 1 failed or --check found a goal missed, 2 wrong usage\n";

enum { FILTERS = 16, TURNS = 4 };

struct bench_opts {
    const char *json, *command, *filter[FILTERS];
    unsigned filters;
    bool check;
    struct rounds_opts rounds;
};

static void list_rows(void)
{
    for (unsigned i = 0; i < core_rows_n; i++)
        printf("%-24s %s\n", core_rows[i].name, core_rows[i].text);
}

static void take_filter(struct bench_opts *o, const char *text)
{
    if (o->filters == FILTERS)
        args_refuse("--filter may be given %d times", FILTERS);
    o->filter[o->filters++] = text;
}

static void take_option(struct bench_opts *o, int option)
{
    switch (option) {
    case 'j':
        o->json = optarg;
        break;
    case 'f':
        take_filter(o, optarg);
        break;
    case 'r':
        o->rounds.rounds = (unsigned)args_number("--rounds", optarg, 1, SPREAD_MAX);
        break;
    case 's':
        o->rounds.slice_ns = args_number("--slice", optarg, 10, 100000) * 1000;
        break;
    case 'q':
        o->rounds = (struct rounds_opts){ 3, 2, 100 * 1000 };
        break;
    case 'C':
        o->check = true;
        break;
    case 'c':
        o->command = optarg;
        break;
    case 'l':
        list_rows();
        exit(0);
    case 'h':
        printf("%s%s", usage, help);
        exit(0);
    default:
        args_refuse("unknown option or missing value");
    }
}

static struct bench_opts parse(int argc, char **argv)
{
    static const struct option options[] = {
        { "json", required_argument, NULL, 'j' },   { "filter", required_argument, NULL, 'f' },
        { "rounds", required_argument, NULL, 'r' }, { "slice", required_argument, NULL, 's' },
        { "quick", no_argument, NULL, 'q' },        { "check", no_argument, NULL, 'C' },
        { "list", no_argument, NULL, 'l' },         { "command", required_argument, NULL, 'c' },
        { "help", no_argument, NULL, 'h' },         { 0 },
    };
    struct bench_opts o = { .rounds = { 11, TURNS, 1000 * 1000 } };
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;)
        take_option(&o, c);
    if (optind != argc)
        args_refuse("'%s' is no option", argv[optind]);
    return o;
}

static bool wanted(const struct bench_opts *o, const struct row *row)
{
    bool found = o->filters == 0;
    for (unsigned i = 0; i < o->filters; i++)
        found |= strstr(row->name, o->filter[i]) != NULL;
    return found;
}

static void pin(int cpu)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET((unsigned)cpu, &cpus);
    sched_setaffinity(0, sizeof cpus, &cpus);
}

static int measure_rows(const struct bench_opts *o, struct stand *s, struct rounds *rounds,
                        unsigned *n, struct vtr_error *err)
{
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < core_rows_n; i++) {
        if (!wanted(o, &core_rows[i]))
            continue;
        if (isatty(STDERR_FILENO))
            fprintf(stderr, "\r\033[K%s", core_rows[i].name);
        rc = rounds_measure(&core_rows[i], s, &o->rounds, &rounds[*n], err);
        rc = rc == -ENOTSUP ? 0 : rc; /* the report says so */
        *n += rc == 0;
    }
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
    return rc;
}

static uint64_t ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return 0;
#endif
}

/* Measures, and how fast the time-stamp counter ran meanwhile. */
static int measure(const struct bench_opts *o, struct stand *s, struct rounds *rounds,
                   struct report *r, struct vtr_error *err)
{
    uint64_t from = clock_ns(CLOCK_MONOTONIC), from_ticks = ticks();
    int rc = measure_rows(o, s, rounds, &r->rows, err);
    double ns = (double)(clock_ns(CLOCK_MONOTONIC) - from);
    double passed = (double)(ticks() - from_ticks);
    r->tsc_ghz = passed != 0 ? passed / ns : NAN;
    if (rc == 0 && !mbufs_cached(s->mbufs))
        rc = complain(err, -EILSEQ, NULL, "mbufs were measured without the pool's cache");
    return rc;
}

static int write_json(const struct report *r, const char *path)
{
    FILE *to = fopen(path, "w");
    if (to != NULL)
        report_json(r, to);
    if (to != NULL && fclose(to) == 0)
        return 0;
    fprintf(stderr, "%s: cannot write '%s': %s\n", program_invocation_short_name, path,
            strerror(errno));
    return -1;
}

static int tell(const struct bench_opts *o, const struct report *r)
{
    unsigned missed = report_table(r, stdout);
    if (o->json != NULL && write_json(r, o->json) != 0)
        return ARGS_FAILED;
    return o->check && missed != 0 ? ARGS_FAILED : 0;
}

int main(int argc, char **argv)
{
    static struct stand stand;
    static struct rounds rounds[64];
    struct bench_opts o = parse(argc, argv);
    struct vtr_error err = { 0 };
    struct machine machine;
    char command[512], pages[256];
    struct report report = { rounds, 0, o.rounds, &machine, command, pages, args_cpu(0),
                             args_cpu(1), NAN };
    vtr_check(core_rows_n <= sizeof rounds / sizeof rounds[0]);
    args_join(argv, command, sizeof command);
    report.command = o.command != NULL ? o.command : command;
    machine_describe(&machine);
    pin(report.cpu);
    int rc = stand_open(report.second_cpu, &stand, &err);
    if (rc == 0)
        rc = measure(&o, &stand, rounds, &report, &err);
    if (rc == 0) {
        vtr_heap_report(stand.heap, pages, sizeof pages);
        pages[strcspn(pages, "(")] = '\0'; /* which pages it got is enough here */
        rc = stand_close(&stand, &err);
    }
    if (rc != 0) {
        complain_print(&err);
        return ARGS_FAILED;
    }
    return tell(&o, &report);
}
