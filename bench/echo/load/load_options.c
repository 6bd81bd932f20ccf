/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Options: each belongs to where, what, or the open loop.
 */
#include "load_options.h"

#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/args.h"
#include "measure/machine.h"

static const char usage[] =
    "usage: vitrine-load --port SPEC | --kernel HOST:PORT  [options]\n"
    "  example: vitrine-load --port memif:/run/kvd.sock,role=client --size 1024 --seconds 5\n"
    "  example: vitrine-load --kernel 127.0.0.1:11211 --rate 50000 --workload etc --fill\n";

static const char help[] =
    "\n"
    "Asks a memcached server over UDP and compares every byte of every reply. Without --rate it\n"
    "keeps a window of gets under way (closed loop). With --rate it sends requests when they are\n"
    "due and counts latency from then on (open loop), so that no stall hides itself; the options\n"
    "from --arrivals on are for that.\n"
    "\n"
    "  --port SPEC         the other end of the server's port: memif:PATH,role=client, or any\n"
    "                      other but ring: (vitrine ports --help lists them)\n"
    "  --kernel HOST:PORT  a server on kernel sockets instead\n"
    "  --size BYTES        of the values, 1 to 65536 (default 1024): those that\n"
    "                      vitrine-kvd --preload BYTES:KEYS holds\n"
    "  --keys N            how many of them are asked for (default 10000)\n"
    "  --seconds N         how long (default 5)\n"
    "  --cpu N             run on that CPU only\n"
    "  --mode MODE         tell the server to send values by hybrid, reference or copy\n"
    "  --server-ip A.B.C.D   over a port (default 10.77.0.1)    --own-ip A.B.C.D  (10.77.0.2)\n"
    "  --udp-port N        over a port (default 11211)          --echo-port N      (7)\n"
    "  --json FILE         write the figures and the histogram too\n"
    "  --quiet             no progress line\n"
    "  -h, --help          this text      --version\n"
    "\n"
    "  --window N          closed loop: requests under way at most (default 256)\n"
    "  --echo              closed loop: send what a get returns to the echo port, and\n"
    "                      expect it back\n"
    "\n"
    "  --rate N            open loop: requests a second, whatever becomes of them\n"
    "  --arrivals KIND     poisson (exponential gaps, the default) or constant\n"
    "  --workload KIND     etc or usr: key and value sizes of Facebook's pools (Atikoglu 2012),\n"
    "                      those that vitrine-kvd --preload KIND:KEYS holds; not with --size\n"
    "  --zipf S            popularity of keys falls with rank^-S (default 0: all alike)\n"
    "  --sets SHARE        of requests (default: etc 0.0323, which is 30 gets to a set, usr\n"
    "                      0.002, else 0)\n"
    "  --fill              set all items first, one at a time, for a server like memcached\n"
    "  --sweep N           N runs at rate/N, 2 rate/N, ... rate, and a table of them\n"
    "  --timeout MS        from sending on; later is lost (default 1000)\n"
    "  --seed N            of arrivals, keys and sets (default 1)\n"
    "\n"
    "exit status: 0 every reply was right, 1 failed or a wrong reply, 2 wrong usage\n";

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
    OPT_RATE,
    OPT_ARRIVALS,
    OPT_WORKLOAD,
    OPT_ZIPF,
    OPT_SETS,
    OPT_FILL,
    OPT_SWEEP,
    OPT_TIMEOUT,
    OPT_SEED,
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
    { "rate", required_argument, NULL, OPT_RATE },
    { "arrivals", required_argument, NULL, OPT_ARRIVALS },
    { "workload", required_argument, NULL, OPT_WORKLOAD },
    { "zipf", required_argument, NULL, OPT_ZIPF },
    { "sets", required_argument, NULL, OPT_SETS },
    { "fill", no_argument, NULL, OPT_FILL },
    { "sweep", required_argument, NULL, OPT_SWEEP },
    { "timeout", required_argument, NULL, OPT_TIMEOUT },
    { "seed", required_argument, NULL, OPT_SEED },
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

static uint16_t port_number(const char *option)
{
    return (uint16_t)args_number(option, optarg, 1, 65535);
}

/* The options that say where. @return false: it is none of them. */
static bool take_where(struct load_opts *o, int option)
{
    switch (option) {
    case OPT_PORT: o->port = optarg; return true;
    case OPT_KERNEL: o->kernel = optarg; return true;
    case OPT_SERVER_IP: args_ip("--server-ip", optarg, o->where.server_ip); return true;
    case OPT_OWN_IP: args_ip("--own-ip", optarg, o->where.own_ip); return true;
    case OPT_UDP_PORT: o->where.udp_port = port_number("--udp-port"); return true;
    case OPT_ECHO_PORT: o->where.echo_port = port_number("--echo-port"); return true;
    default: return false;
    }
}

static void take_arrivals(struct load_opts *o)
{
    o->open.constant = strcmp(optarg, "constant") == 0;
    if (!o->open.constant && strcmp(optarg, "poisson") != 0)
        args_refuse("--arrivals wants poisson or constant, not '%s'", optarg);
}

/* Those of the open loop. @return false: it is none of them. */
static bool take_open(struct load_opts *o, int option)
{
    switch (option) {
    case OPT_RATE: o->open.rate = args_real("--rate", optarg, 1, 1e8); return true;
    case OPT_ARRIVALS: take_arrivals(o); return true;
    case OPT_WORKLOAD:
        if (!dataset_parse(optarg, &o->stream.dataset))
            args_refuse("--workload wants etc or usr, not '%s'", optarg);
        return true;
    case OPT_ZIPF: o->stream.zipf = args_real("--zipf", optarg, 0, 20); return true;
    case OPT_SETS: o->stream.sets = args_real("--sets", optarg, 0, 1); return true;
    case OPT_FILL: o->fill = true; return true;
    case OPT_SWEEP:
        o->sweep = (unsigned)args_number("--sweep", optarg, 1, LOAD_SWEEP_MAX);
        return true;
    case OPT_TIMEOUT:
        o->open.timeout_ns = args_number("--timeout", optarg, 1, 60000) * 1000000;
        return true;
    case OPT_SEED: o->stream.seed = args_number("--seed", optarg, 0, UINT64_MAX); return true;
    default: return false;
    }
}

static void take_option(struct load_opts *o, int option)
{
    switch (option) {
    case OPT_SIZE:
        o->stream.dataset.size = (uint32_t)args_number("--size", optarg, 1, WORKLOAD_SIZE_MAX);
        break;
    case OPT_KEYS:
        o->stream.keys = (uint32_t)args_number("--keys", optarg, 1, STREAM_KEYS_MAX);
        break;
    case OPT_WINDOW:
        o->window = (uint32_t)args_number("--window", optarg, 1, WORKLOAD_IDS_MAX);
        break;
    case OPT_SECONDS: o->seconds = args_number("--seconds", optarg, 1, 1000000); break;
    case OPT_ECHO: o->echo = true; break;
    case OPT_MODE: o->mode = optarg; break;
    case OPT_CPU: o->cpu = (int)args_number("--cpu", optarg, 0, 1023); break;
    case OPT_JSON: o->json = optarg; break;
    case OPT_QUIET: o->quiet = true; break;
    case 'h':
    case OPT_VERSION: print_and_exit(option); break;
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

/* An option of one loop is no use to the other, nor are two that say the same. */
static void check(struct load_opts *o, bool opens, bool closes)
{
    static const double usual_sets[] = {
        [DATASET_FIXED] = 0, [DATASET_ETC] = 1.0 / 31, [DATASET_USR] = 0.002
    };
    bool open = o->open.rate > 0;
    struct dataset *d = &o->stream.dataset;
    if ((o->port == NULL) == (o->kernel == NULL))
        args_refuse("one of --port and --kernel is wanted");
    if (open ? closes : opens)
        args_refuse(open ? "--window and --echo are of the closed loop, without --rate"
                         : "the options of the open loop want --rate");
    if (!open && o->stream.keys > WORKLOAD_IDS_MAX)
        args_refuse("--keys of the closed loop are at most %d", WORKLOAD_IDS_MAX);
    if (d->kind != DATASET_FIXED && d->size != 0)
        args_refuse("--workload has sizes of its own, without --size");
    if (d->kind == DATASET_FIXED && d->size == 0)
        d->size = 1024;
    if (o->stream.sets < 0)
        o->stream.sets = usual_sets[d->kind];
    o->open.seed = o->stream.seed;
}

struct load_opts load_options_parse(int argc, char **argv)
{
    struct load_opts o = { .window = 256, .seconds = 5, .cpu = -1, .sweep = 1,
                           .where = { { 10, 77, 0, 2 }, { 10, 77, 0, 1 }, 11211, 7 },
                           .open = { .timeout_ns = UINT64_C(1000000000) },
                           .stream = { .keys = 10000, .sets = -1, .seed = 1 } };
    bool opens = false, closes = false;
    opterr = 0;
    for (int c, at = 1; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1; at = optind) {
        if (c == '?' || c == ':')
            args_refuse(c == ':' ? "%s wants a value" : "'%s' is no option", argv[at]);
        bool of_open = take_open(&o, c);
        opens = opens || of_open;
        closes = closes || c == OPT_WINDOW || c == OPT_ECHO;
        if (!of_open && !take_where(&o, c))
            take_option(&o, c);
    }
    if (optind != argc)
        args_refuse("'%s' is no option", argv[optind]);
    check(&o, opens, closes);
    if (o.kernel != NULL)
        find_host(&o);
    return o;
}
