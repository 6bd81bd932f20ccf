/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vitrine-load: one load on one server, for people.
 */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vitrine/heap.h>

#include "measure/args.h"
#include "command.h"
#include "measure/complain.h"
#include "load.h"
#include "outcome.h"
#include "peer.h"

static const char usage[] =
    "usage: vitrine-load --port SPEC | --kernel HOST:PORT  [options]\n"
    "  example: vitrine-load --port memif:/run/kvd.sock,role=client --size 1024 --seconds 5\n";

static const char help[] =
    "\n"
    "Keeps a window of memcached gets over UDP under way and compares every byte of every\n"
    "reply. The values are those that vitrine-kvd --preload SIZE:KEYS holds.\n"
    "\n"
    "  --port SPEC         the other end of the server's port: memif:PATH,role=client, or any\n"
    "                      net_... string of DPDK\n"
    "  --kernel HOST:PORT  a server on kernel sockets instead\n"
    "  --size BYTES        of the values, 1 to 65536 (default 1024)\n"
    "  --keys N            how many of them are asked for (default 10000)\n"
    "  --window N          requests under way at most (default 256)\n"
    "  --seconds N         how long (default 5)\n"
    "  --echo              send what a get returns to the echo port, and expect it back\n"
    "  --mode MODE         tell the server to send values by hybrid, reference or copy\n"
    "  --cpu N             run on that CPU only\n"
    "  --server-ip A.B.C.D   over a port (default 10.77.0.1)    --own-ip A.B.C.D  (10.77.0.2)\n"
    "  --udp-port N        over a port (default 11211)          --echo-port N      (7)\n"
    "  --json FILE         write the figures and the histogram too\n"
    "  --quiet             no progress line\n"
    "  -h, --help          this text      --version\n"
    "\n"
    "exit status: 0 every reply was right, 1 failed or a wrong reply, 2 wrong usage\n";

struct load_opts {
    const char *port, *kernel, *json, *mode;
    struct link_where where;
    uint32_t size, keys, window;
    uint64_t seconds;
    int cpu;
    bool echo, quiet;
};

enum {
    OPT_PORT = 256,
    OPT_KERNEL,
    OPT_SIZE,
    OPT_KEYS,
    OPT_WINDOW,
    OPT_SECONDS,
    OPT_ECHO,
    OPT_MODE,
    OPT_CPU,
    OPT_SERVER_IP,
    OPT_OWN_IP,
    OPT_UDP_PORT,
    OPT_ECHO_PORT,
    OPT_JSON,
    OPT_QUIET,
    OPT_VERSION
};

static const struct option options[] = {
    { "port", required_argument, NULL, OPT_PORT },
    { "kernel", required_argument, NULL, OPT_KERNEL },
    { "size", required_argument, NULL, OPT_SIZE },
    { "keys", required_argument, NULL, OPT_KEYS },
    { "window", required_argument, NULL, OPT_WINDOW },
    { "seconds", required_argument, NULL, OPT_SECONDS },
    { "echo", no_argument, NULL, OPT_ECHO },
    { "mode", required_argument, NULL, OPT_MODE },
    { "cpu", required_argument, NULL, OPT_CPU },
    { "server-ip", required_argument, NULL, OPT_SERVER_IP },
    { "own-ip", required_argument, NULL, OPT_OWN_IP },
    { "udp-port", required_argument, NULL, OPT_UDP_PORT },
    { "echo-port", required_argument, NULL, OPT_ECHO_PORT },
    { "json", required_argument, NULL, OPT_JSON },
    { "quiet", no_argument, NULL, OPT_QUIET },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, OPT_VERSION },
    { 0 },
};

static void print_and_exit(int option)
{
    struct machine m;
    machine_describe(&m);
    if (option == 'h')
        printf("%s%s", usage, help);
    else
        printf("vitrine-load %s, %s build, DPDK %s\n", m.commit, m.build, m.dpdk);
    exit(0);
}

/* The options that say where. @return false: it is none of them. */
static bool take_where(struct load_opts *o, int option)
{
    switch (option) {
    case OPT_PORT:
        o->port = optarg;
        return true;
    case OPT_KERNEL:
        o->kernel = optarg;
        return true;
    case OPT_SERVER_IP:
        args_ip("--server-ip", optarg, o->where.server_ip);
        return true;
    case OPT_OWN_IP:
        args_ip("--own-ip", optarg, o->where.own_ip);
        return true;
    case OPT_UDP_PORT:
        o->where.udp_port = (uint16_t)args_number("--udp-port", optarg, 1, 65535);
        return true;
    case OPT_ECHO_PORT:
        o->where.echo_port = (uint16_t)args_number("--echo-port", optarg, 1, 65535);
        return true;
    default:
        return false;
    }
}

static void take_option(struct load_opts *o, int option)
{
    switch (option) {
    case OPT_SIZE:
        o->size = (uint32_t)args_number("--size", optarg, 1, WORKLOAD_SIZE_MAX);
        break;
    case OPT_KEYS:
        o->keys = (uint32_t)args_number("--keys", optarg, 1, WORKLOAD_IDS_MAX);
        break;
    case OPT_WINDOW:
        o->window = (uint32_t)args_number("--window", optarg, 1, WORKLOAD_IDS_MAX);
        break;
    case OPT_SECONDS:
        o->seconds = args_number("--seconds", optarg, 1, 1000000);
        break;
    case OPT_ECHO:
        o->echo = true;
        break;
    case OPT_MODE:
        o->mode = optarg;
        break;
    case OPT_CPU:
        o->cpu = (int)args_number("--cpu", optarg, 0, 1023);
        break;
    case OPT_JSON:
        o->json = optarg;
        break;
    case OPT_QUIET:
        o->quiet = true;
        break;
    case 'h':
    case OPT_VERSION:
        print_and_exit(option);
        break;
    }
}

/* "HOST:PORT" into an address. */
static void find_host(struct load_opts *o)
{
    char host[256];
    const char *colon = strrchr(o->kernel, ':');
    if (colon == NULL || colon == o->kernel || (size_t)(colon - o->kernel) >= sizeof host)
        args_refuse("--kernel wants HOST:PORT, not '%s'", o->kernel);
    snprintf(host, sizeof host, "%.*s", (int)(colon - o->kernel), o->kernel);
    o->where.udp_port = (uint16_t)args_number("--kernel HOST:PORT", colon + 1, 1, 65535);
    struct addrinfo want = { .ai_family = AF_INET, .ai_socktype = SOCK_DGRAM }, *found;
    int rc = getaddrinfo(host, NULL, &want, &found);
    if (rc != 0)
        args_refuse("no address of '%s': %s", host, gai_strerror(rc));
    struct sockaddr_in in;
    memcpy(&in, found->ai_addr, sizeof in);
    memcpy(o->where.server_ip, &in.sin_addr, sizeof o->where.server_ip);
    freeaddrinfo(found);
}

static struct load_opts parse(int argc, char **argv)
{
    struct load_opts o = { .size = 1024, .keys = 10000, .window = 256, .seconds = 5, .cpu = -1 };
    o.where = (struct link_where){ { 10, 77, 0, 2 }, { 10, 77, 0, 1 }, 11211, 7 };
    opterr = 0;
    for (int c, at = 1; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1; at = optind)
        if (c == '?' || c == ':')
            args_refuse(c == ':' ? "%s wants a value" : "'%s' is no option", argv[at]);
        else if (!take_where(&o, c))
            take_option(&o, c);
    if (optind != argc)
        args_refuse("'%s' is no option", argv[optind]);
    if ((o.port == NULL) == (o.kernel == NULL))
        args_refuse("one of --port and --kernel is wanted");
    if (o.kernel != NULL)
        find_host(&o);
    return o;
}

static void show_tick(void *context, const struct load_result *r)
{
    static uint64_t seconds, requests;
    (void)context;
    fprintf(stderr, "\r\033[K%3lu s  %.3f Mreq/s  p99 %.1f us  lost %lu  bad %lu",
            (unsigned long)++seconds, (double)(r->requests - requests) / 1e6,
            (double)histogram_quantile(&r->latency, 0.99) / 1e3, (unsigned long)r->lost,
            (unsigned long)r->bad);
    requests = r->requests;
}

static int set_mode(const struct load_opts *o, struct link *link, struct vtr_error *err)
{
    int rc = o->mode != NULL ? command_mode(link, o->mode) : 0;
    if (rc == 0)
        return 0;
    return complain(err, rc, "--mode hybrid, reference or copy, of a vitrine-kvd",
                    "the server does not take mode '%s': %s", o->mode, strerror(-rc));
}

/* Runs the load over an open link. */
static int run(const struct load_opts *o, struct link *link, struct outcome *out,
               struct vtr_error *err)
{
    struct workload w = { 0 };
    struct requests *requests = NULL;
    struct load load = { 0 };
    int rc = set_mode(o, link, err);
    if (rc != 0)
        return rc;
    if ((rc = workload_init(o->size, o->keys, o->echo, &w)) != 0 ||
        (rc = link_prepare(link, &w, &requests)) != 0 ||
        (rc = load_init(link, requests, o->window, &load)) != 0) {
        complain(err, rc, "fewer --keys", "cannot prepare the requests: %s", strerror(-rc));
    } else {
        load.stop = &args_stop;
        load.tick = !o->quiet && isatty(STDERR_FILENO) ? show_tick : NULL;
        struct command_stats from, to;
        bool counted = command_stats(link, &from) == 0;
        load_run(&load, o->seconds * UINT64_C(1000000000), &out->result);
        out->window = load.width;
        out->counted = counted && command_stats(link, &to) == 0;
        if (out->counted)
            out->server = command_stats_between(&from, &to);
        if (load.tick != NULL)
            fprintf(stderr, "\r\033[K");
    }
    load_fini(&load);
    link_discard(link, requests);
    workload_fini(&w);
    return rc;
}

static int open_and_run(const struct load_opts *o, struct outcome *out, struct vtr_error *err)
{
    struct vtr_heap *heap = NULL;
    struct link *link = NULL;
    int rc = o->cpu >= 0 ? peer_pin(o->cpu) : 0;
    if (rc != 0)
        return complain(err, rc, NULL, "cannot run on CPU %d: %s", o->cpu, strerror(-rc));
    if (o->kernel != NULL)
        rc = link_kernel_open(&o->where, &link, err);
    else if ((rc = vtr_heap_open(NULL, &heap, err)) == 0)
        rc = link_port_open(heap, o->port, &o->where, &link, err);
    if (rc == 0 && o->port != NULL)
        rc = link_resolve(link, err);
    if (rc == 0)
        rc = run(o, link, out, err);
    link_close(link);
    struct vtr_error leak;
    if (vtr_heap_close(heap, &leak) != 0)
        complain_print(&leak);
    return rc;
}

static int write_json(const char *path, const struct outcome *out)
{
    FILE *to = fopen(path, "w");
    if (to != NULL)
        outcome_json(out, to);
    if (to != NULL && fclose(to) == 0)
        return 0;
    fprintf(stderr, "vitrine-load: cannot write '%s': %s\n", path, strerror(errno));
    return -1;
}

int main(int argc, char **argv)
{
    static struct outcome out; /* holds a histogram */
    struct load_opts o = parse(argc, argv);
    struct vtr_error err;
    char command[512];
    args_join(argv, command, sizeof command);
    out.command = command;
    out.size = o.size;
    out.echo = o.echo;
    args_catch_signals();
    if (open_and_run(&o, &out, &err) != 0) {
        complain_print(&err);
        return ARGS_FAILED;
    }
    outcome_print(&out, stdout);
    if (o.json != NULL && write_json(o.json, &out) != 0)
        return ARGS_FAILED;
    return outcome_good(&out) ? 0 : ARGS_FAILED;
}
