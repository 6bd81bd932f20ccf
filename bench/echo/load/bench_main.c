/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vitrine-echo-bench: the whole matrix. What bench/run runs.
 */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure/args.h"
#include "measure/complain.h"
#include "report.h"

static const char usage[] = "usage: vitrine-echo-bench [--json FILE] [--full | --quick]\n"
                            "  example: vitrine-echo-bench --json echo.json\n";

static const char help[] =
    "\n"
    "Measures a memcached-protocol server over memif, over a ring in this process and over kernel\n"
    "UDP, each beside a bare echo, and compares them. Runs on two CPUs for about a minute.\n"
    "\n"
    "  --json FILE    write all figures, in Google Benchmark's shape\n"
    "  --full         every size from 64 B to 64 KiB by doubling: about two and a half minutes\n"
    "  --quick        a few seconds, to see that it works; the figures say little\n"
    "  --rounds N     rounds of each size (default 7)\n"
    "  --slice MS     how long each row is measured in a round (default 80)\n"
    "  --server PATH  vitrine-kvd (default: beside this program, or in its parent's folder)\n"
    "  --command TEXT what the figures say they were made with (default: this command line)\n"
    "  -h, --help     this text      --version\n"
    "\n"
    "exit status: 0 measured, 1 failed, 2 wrong usage, 77 cannot run here\n";

struct bench_opts {
    const char *json, *command;
    bool full, quick;
    unsigned rounds;
    uint64_t slice_ns;
    char server[PATH_MAX];
};

struct sizes {
    unsigned n;
    uint32_t size[MATRIX_SIZES];
};

static struct sizes sizes_of(const struct bench_opts *o)
{
    struct sizes s = { 4, { 64, 1024, 16384, 65536 } };
    if (!o->full)
        return s;
    for (s.n = 0; s.n < MATRIX_SIZES; s.n++)
        s.size[s.n] = 64u << s.n;
    return s;
}

static void find_server(char path[PATH_MAX])
{
    char own[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", own, sizeof own - 1);
    own[len > 0 ? len : 0] = '\0';
    const char *dir = dirname(own);
    int room = PATH_MAX - 32;
    snprintf(path, PATH_MAX, "%.*s/vitrine-kvd", room, dir);
    if (access(path, X_OK) != 0)
        snprintf(path, PATH_MAX, "%.*s/../vitrine-kvd", room, dir);
}

static void print_version(void)
{
    struct machine m;
    machine_describe(&m);
    printf("vitrine-echo-bench %s, %s build, DPDK %s\n", m.commit, m.build, m.dpdk);
}

static void take_option(struct bench_opts *o, int option)
{
    switch (option) {
    case 'j':
        o->json = optarg;
        break;
    case 'f':
        o->full = true;
        break;
    case 'q':
        o->quick = true;
        o->rounds = 3;
        o->slice_ns = 25 * 1000 * 1000;
        break;
    case 'r':
        o->rounds = (unsigned)args_number("--rounds", optarg, 1, MATRIX_ROUNDS);
        break;
    case 's':
        o->slice_ns = args_number("--slice", optarg, 5, 10000) * 1000000;
        break;
    case 'c':
        o->command = optarg;
        break;
    case 'S':
        snprintf(o->server, sizeof o->server, "%s", optarg);
        break;
    case 'h':
        printf("%s%s", usage, help);
        exit(0);
    case 'V':
        print_version();
        exit(0);
    default:
        args_refuse("unknown option or missing value");
    }
}

static struct bench_opts parse(int argc, char **argv)
{
    static const struct option options[] = {
        { "json", required_argument, NULL, 'j' },    { "full", no_argument, NULL, 'f' },
        { "quick", no_argument, NULL, 'q' },         { "rounds", required_argument, NULL, 'r' },
        { "slice", required_argument, NULL, 's' },   { "server", required_argument, NULL, 'S' },
        { "command", required_argument, NULL, 'c' }, { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'V' },       { 0 },
    };
    struct bench_opts o = { .rounds = 7, .slice_ns = 80 * 1000 * 1000 };
    find_server(o.server);
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;)
        take_option(&o, c);
    if (optind != argc)
        args_refuse("'%s' is no option", argv[optind]);
    return o;
}

static void show_progress(void *context, uint32_t size, unsigned rounds)
{
    const struct matrix *m = context;
    fprintf(stderr, "\r\033[K%u B: round %u of %u", size, rounds, m->rounds);
}

static void narrate(const char *what)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K%s", what);
}

static void measure_idle(struct matrix *m, struct stage *stage)
{
    static const char *const names[] = { "spin", "nap", "kernel" };
    struct vtr_error err;
    for (unsigned i = 0; i < 3 && args_stop == 0; i++) {
        struct matrix_idle *idle = &m->idle[m->idles];
        idle->name = names[i];
        if (stage_idle(stage, names[i], &idle->wall_ns, &idle->cpu_ns, &err) == 0)
            m->idles++;
        else
            complain_print(&err);
    }
}

static int measure_all(struct matrix *m, const struct stage_opts *stage_opts,
                       const struct sizes *sizes)
{
    struct vtr_error err;
    struct stage stage;
    narrate("starting the servers");
    int rc = stage_open(stage_opts, &stage, &err);
    if (rc != 0) {
        narrate("");
        complain_print(&err);
        return rc;
    }
    for (unsigned i = 0; i < sizes->n && rc == 0; i++) {
        narrate("preparing");
        rc = matrix_measure(m, &stage, sizes->size[i], &args_stop, &err);
    }
    narrate("an idle server");
    if (rc == 0)
        measure_idle(m, &stage);
    stage_close(&stage);
    narrate("");
    if (rc != 0 && rc != -ECANCELED)
        complain_print(&err);
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

static void list_preload(const struct sizes *sizes, struct stage_opts *o)
{
    for (o->preloads = 0; o->preloads < sizes->n; o->preloads++)
        o->preload[o->preloads] = (struct inside_preload){ sizes->size[o->preloads],
                                                           matrix_keys(sizes->size[o->preloads]) };
}

int main(int argc, char **argv)
{
    static struct matrix matrix; /* 0.9 MiB: too much for a stack */
    struct machine machine;
    char command[512];
    struct bench_opts o = parse(argc, argv);
    struct sizes sizes = sizes_of(&o);
    struct stage_opts stage = { .server = o.server,
                                .server_cpu = args_cpu(0),
                                .own_cpu = args_cpu(1) };
    if (stage.own_cpu < 0) {
        fprintf(stderr, "vitrine-echo-bench: needs two CPUs, one for the server and one for the "
                        "generator\n");
        return ARGS_SKIP;
    }
    args_join(argv, command, sizeof command);
    list_preload(&sizes, &stage);
    args_catch_signals();
    matrix.rounds = o.rounds;
    matrix.slice_ns = o.slice_ns;
    matrix.server_cpu = stage.server_cpu;
    matrix.context = &matrix;
    matrix.progress = isatty(STDERR_FILENO) ? show_progress : NULL;
    machine_describe(&machine);
    int rc = measure_all(&matrix, &stage, &sizes);
    if (matrix.rows == 0 && rc != 0)
        return rc == -ECANCELED ? 0 : ARGS_FAILED;
    struct report report = { &matrix, &machine, o.command != NULL ? o.command : command,
                             stage.server_cpu, stage.own_cpu };
    report_table(&report, stdout);
    if (o.json != NULL && write_json(&report, o.json) != 0)
        return ARGS_FAILED;
    return rc == 0 || rc == -ECANCELED ? 0 : ARGS_FAILED;
}
