/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Options: numbers are read whole, and what is wrong is named in one line with what to try.
 */
#include "kvd_options.h"
#include "measure/nearest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage_short[] =
    "vitrine-kvd --port memif:/tmp/kvd.sock        serve memcached and echo over shared memory\n"
    "vitrine-kvd --kernel                          the same over kernel UDP sockets\n"
    "vitrine-kvd --help                            every option\n";

static const char usage_long[] =
    "vitrine-kvd: a memcached (text, UDP) and echo server whose values are immutable blocks.\n"
    "\n"
    "  vitrine-kvd --port SPEC [options]   over a port: memif:PATH, tap:NAME or any other\n"
    "  vitrine-kvd --kernel [options]      over kernel UDP sockets\n"
    "\n"
    "  --ip A.B.C.D          address on the port (10.77.0.1); the MAC is the port's own\n"
    "  --ip6 A:B::C          likewise (fd00:77::1)\n"
    "  --bind A.B.C.D        address of the kernel's sockets (127.0.0.1)\n"
    "  --udp-port N          memcached (11211); with --kernel, 0 takes any free one\n"
    "  --echo-port N         echo, RFC 862 (7); likewise\n"
    "  --queues N            queues of the port, all polled by one thread (1)\n"
    "  --idle nap|spin       sleep when idle, or poll on (nap)\n"
    "  --mode MODE           how values get into replies (hybrid): hybrid, reference, copy\n"
    "  --threshold BYTES|auto  hybrid: size from which to refer (auto: measured while serving)\n"
    "  --memory MIB          limit of stored items; the least used are evicted beyond it (2048)\n"
    "  --preload SIZE:COUNT[,...]  store COUNT values of SIZE bytes before serving; etc or usr\n"
    "                        for SIZE: keys and values of vitrine-load --workload\n"
    "  --capture FILE[:N]    write what the port receives, sends and drops, as pcapng; N packets\n"
    "  --json                totals as JSON at the end\n"
    "  --quiet               no narration\n"
    "  -h, --help, --version\n"
    "\n"
    "Prints `ready SPEC|kernel udp PORT echo PORT pid PID` when it serves. Ctrl-C stops, drains\n"
    "and prints totals. Commands: get gets set delete version verbosity stats quit, and\n"
    "`mode hybrid|reference|copy`. Exit: 0, 1 failed, 2 usage, 77 cannot run here.\n";

enum option_id { ID_PORT = 1000, ID_KERNEL, ID_IP, ID_IP6, ID_BIND, ID_UDP, ID_ECHO, ID_QUEUES,
                 ID_IDLE, ID_MODE, ID_THRESHOLD, ID_MEMORY, ID_PRELOAD, ID_CAPTURE, ID_JSON,
                 ID_QUIET, ID_HELP, ID_VERSION };

static const struct option options[] = {
    { "port", required_argument, NULL, ID_PORT },
    { "kernel", no_argument, NULL, ID_KERNEL },
    { "ip", required_argument, NULL, ID_IP },
    { "ip6", required_argument, NULL, ID_IP6 },
    { "bind", required_argument, NULL, ID_BIND },
    { "udp-port", required_argument, NULL, ID_UDP },
    { "echo-port", required_argument, NULL, ID_ECHO },
    { "queues", required_argument, NULL, ID_QUEUES },
    { "idle", required_argument, NULL, ID_IDLE },
    { "mode", required_argument, NULL, ID_MODE },
    { "threshold", required_argument, NULL, ID_THRESHOLD },
    { "memory", required_argument, NULL, ID_MEMORY },
    { "preload", required_argument, NULL, ID_PRELOAD },
    { "capture", required_argument, NULL, ID_CAPTURE },
    { "json", no_argument, NULL, ID_JSON },
    { "quiet", no_argument, NULL, ID_QUIET },
    { "help", no_argument, NULL, ID_HELP },
    { "version", no_argument, NULL, ID_VERSION },
    { NULL, 0, NULL, 0 },
};

/* A decimal number, all of the text, within bounds. */
static bool number(const char *text, const char *end, uint64_t min, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (text == end)
        return false;
    for (; text != end; text++) {
        if (*text < '0' || *text > '9' || value > (UINT64_MAX - 9) / 10)
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    if (value < min || value > max)
        return false;
    *out = value;
    return true;
}

static bool whole(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    return number(text, text + strlen(text), min, max, out);
}

static bool preload_set(const char *text, const char *end, struct dataset *out)
{
    uint64_t size = 0;
    char name[8];
    snprintf(name, sizeof name, "%.*s", (int)(end - text), text);
    if (dataset_parse(name, out))
        return true;
    *out = (struct dataset){ .kind = DATASET_FIXED };
    bool sized = number(text, end, 0, 1u << 20, &size);
    out->size = (uint32_t)size;
    return sized;
}

static bool preload_one(const char *text, const char *end, struct server_preload *out)
{
    uint64_t count;
    const char *colon = memchr(text, ':', (size_t)(end - text));
    if (colon == NULL || !preload_set(text, colon, &out->set) ||
        !number(colon + 1, end, 1, 1u << 28, &count))
        return false;
    out->count = (uint32_t)count;
    return true;
}

static bool preload_list(const char *text, struct server_opts *opts)
{
    for (;;) {
        const char *end = strchrnul(text, ',');
        if (opts->preloads == SERVER_PRELOADS ||
            !preload_one(text, end, &opts->preload[opts->preloads]))
            return false;
        opts->preloads++;
        if (*end == '\0')
            return true;
        text = end + 1;
    }
}

/* A file, and if it ends in ":N", a number of packets. */
static bool capture_parse(const char *text, struct server_opts *opts)
{
    static char path[4096];
    const char *colon = strrchr(text, ':');
    if (colon != NULL && colon[1 + strspn(colon + 1, "0123456789")] != '\0')
        colon = NULL;
    size_t len = colon != NULL ? (size_t)(colon - text) : strlen(text);
    if (len == 0 || len >= sizeof path ||
        (colon != NULL && !whole(colon + 1, 1, UINT64_MAX, &opts->capture_pkts)))
        return false;
    memcpy(path, text, len);
    path[len] = '\0';
    opts->capture = path;
    return true;
}

static bool idle_parse(const char *text, enum server_idle *out)
{
    bool spin = strcmp(text, "spin") == 0;
    *out = spin ? SERVER_SPIN : SERVER_NAP;
    return spin || strcmp(text, "nap") == 0;
}

static bool threshold_parse(const char *text, struct server_opts *opts)
{
    uint64_t value = 0;
    opts->threshold_auto = strcmp(text, "auto") == 0;
    if (!opts->threshold_auto && !whole(text, 0, UINT32_MAX, &value))
        return false;
    opts->threshold = (uint32_t)value;
    return true;
}

static bool ip_parse(const char *text, struct in_addr *out)
{
    return inet_pton(AF_INET, text, out) == 1;
}

/* @return what the argument should have been; NULL: it is. */
static const char *apply_number(enum option_id id, const char *arg, struct server_opts *opts)
{
    uint64_t value;
    switch (id) {
    case ID_UDP:
    case ID_ECHO:
        if (!whole(arg, 0, UINT16_MAX, &value))
            return "a port, 0 to 65535";
        *(id == ID_UDP ? &opts->udp_port : &opts->echo_port) = (uint16_t)value;
        return NULL;
    case ID_QUEUES:
        if (!whole(arg, 1, SERVER_QUEUES, &value))
            return "a number of queues, 1 to 64";
        opts->queues = (unsigned)value;
        return NULL;
    default:
        if (!whole(arg, 1, 1u << 20, &value))
            return "a number of MiB, 1 to 1048576";
        opts->max_bytes = value << 20;
        return NULL;
    }
}

static const char *apply(enum option_id id, const char *arg, struct kvd_options *o)
{
    struct server_opts *opts = &o->server;
    switch (id) {
    case ID_PORT: opts->port = arg; return NULL;
    case ID_KERNEL: o->kernel = true; return NULL;
    case ID_JSON: o->json = true; return NULL;
    case ID_QUIET: o->quiet = true; return NULL;
    case ID_IP: return ip_parse(arg, &opts->ip) ? NULL : "an address like 10.77.0.1";
    case ID_IP6:
        return inet_pton(AF_INET6, arg, &opts->ip6) == 1 ? NULL : "an address like fd00:77::1";
    case ID_BIND: return ip_parse(arg, &opts->bind_ip) ? NULL : "an address like 127.0.0.1";
    case ID_IDLE: return idle_parse(arg, &opts->idle) ? NULL : "nap or spin";
    case ID_MODE:
        return engine_mode_parse(vtr_span_of(arg, strlen(arg)), &opts->mode)
                   ? NULL
                   : "hybrid, reference or copy";
    case ID_THRESHOLD: return threshold_parse(arg, opts) ? NULL : "a number of bytes, or auto";
    case ID_CAPTURE: return capture_parse(arg, opts) ? NULL : "FILE or FILE:N";
    case ID_PRELOAD:
        return preload_list(arg, opts) ? NULL : "SIZE:COUNT[,...], sizes up to 1048576, etc or usr";
    default: return apply_number(id, arg, opts);
    }
}

static int usage(const char *what, const char *operand, const char *hint)
{
    fprintf(stderr, "vitrine-kvd: %s '%s'; %s\n", what, operand, hint);
    return EXIT_USAGE;
}

/* What to try instead of an option that is none. */
static const char *try_instead(const char *typed)
{
    enum { WORDS = 64 };
    static char hint[64];
    const char *words[WORDS + 1] = { NULL };
    for (unsigned n = 0; options[n].name != NULL && n < WORDS; n++)
        words[n] = options[n].name;
    const char *meant = nearest(typed + strspn(typed, "-"), words);
    snprintf(hint, sizeof hint, "try --%s", meant != NULL ? meant : "help");
    return hint;
}

static int check(const struct kvd_options *o)
{
    if (o->kernel && o->server.port != NULL)
        return usage("--kernel excludes --port", o->server.port, "give one of them");
    if (o->kernel && o->server.capture != NULL)
        return usage("only a port is captured, not", "--kernel", "give --port");
    if (!o->kernel && o->server.port == NULL) {
        fprintf(stderr, "vitrine-kvd: need one of --port and --kernel; try --kernel\n");
        return EXIT_USAGE;
    }
    if (!o->kernel && (o->server.udp_port == 0 || o->server.echo_port == 0))
        return usage("no such port on a port:", "0", "only --kernel can choose one");
    if (o->server.udp_port != 0 && o->server.udp_port == o->server.echo_port)
        return usage("memcached and echo cannot share", "--udp-port", "give --echo-port another");
    return -1;
}

int kvd_options_parse(int argc, char **argv, struct kvd_options *out)
{
    *out = (struct kvd_options){ .kernel = false };
    server_defaults(&out->server);
    opterr = 0;
    int which = 0;
    for (int id, at = 1; (id = getopt_long(argc, argv, ":h", options, &which)) != -1; at = optind) {
        const char *typed = argv[at];
        if (id == 'h')
            return fputs(usage_short, stdout), EXIT_SUCCESS;
        if (id == ID_HELP)
            return fputs(usage_long, stdout), EXIT_SUCCESS;
        if (id == ID_VERSION)
            return puts("vitrine-kvd " ECHO_VERSION " (" ECHO_BUILD ")"), EXIT_SUCCESS;
        if (id == '?')
            return usage("no option", typed, try_instead(typed));
        if (id == ':')
            return usage("nothing follows", typed, "see --help");
        const char *wanted = apply((enum option_id)id, optarg, out);
        if (wanted != NULL) {
            fprintf(stderr, "vitrine-kvd: --%s wants %s, not '%s'\n", options[which].name, wanted,
                    optarg);
            return EXIT_USAGE;
        }
    }
    if (optind < argc)
        return usage("no operand", argv[optind], "see --help");
    return check(out);
}
