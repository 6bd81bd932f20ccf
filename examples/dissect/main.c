/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * dissect: what is in the packets of a capture file, or of any port, a line for each.
 * Shows: taking headers of two dozen protocols one from the other; iterators over options, labels,
 * chunks and records; where parsing stops in what is cut short, lies or loops.
 *
 *   build/examples/dissect/dissect capture.pcap
 *   build/examples/dissect/dissect --fields ip.src,udp.dstport,dns.qry.name capture.pcapng
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vitrine/link.h>
#include <vitrine/port.h>
#include <vitrine/walk.h>

#include "layers.h"

enum { PACKET_MAX = 256 << 10, BURST = 32, COLUMNS_MAX = 64, WAIT_MS = 100 };

enum shape { LINES, COLUMNS, JSON };

struct options {
    enum shape shape;
    enum field column[COLUMNS_MAX];
    unsigned columns;
    unsigned long long most;
    bool live; /* a port, where packets are waited for */
    char spec[512];
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static void usage(FILE *to)
{
    fputs("usage: dissect [--fields NAME,... | --json] [-c N] FILE | --port SPEC\n"
          "  example: dissect --fields ip.src,ip.dst,udp.dstport capture.pcap\n",
          to);
}

static void help(void)
{
    usage(stdout);
    puts("\n"
         "Shows what is in each packet of a pcap or pcapng file, and where parsing stopped.\n"
         "\n"
         "  --fields NAME,...  columns with tabs between them, as of tshark -T fields\n"
         "  --list             the fields there are\n"
         "  --json             an object a line\n"
         "  --port SPEC        packets of a port, such as tap:vtr0, until Ctrl-C\n"
         "  -c N               no more than N packets\n"
         "  -h, --help         a short help, this text\n"
         "\n"
         "exit status: 0, 1 failed, 2 wrong usage, 77 cannot run here");
}

static int wrong(const char *what, const char *operand)
{
    fprintf(stderr, "dissect: %s '%s'\n  try: dissect --help\n", what, operand);
    return 2;
}

static int wrong_field(const char *what, const char *name)
{
    fprintf(stderr, "dissect: %s '%s'\n  try: dissect --list\n", what, name);
    return 2;
}

static int list(void)
{
    for (unsigned f = 0; f < FIELDS_N; f++)
        puts(field_name((enum field)f));
    return 0;
}

/* @return 0 or 2. */
static int read_columns(struct options *o, const char *names)
{
    o->shape = COLUMNS;
    for (const char *at = names;; at++) {
        size_t len = strcspn(at, ",");
        enum field f = field_find(at, len);
        if (f == FIELDS_N || o->columns == COLUMNS_MAX) {
            char name[64];
            snprintf(name, sizeof name, "%.*s", (int)len, at);
            return wrong_field(f == FIELDS_N ? "no such field:" : "too many fields, from", name);
        }
        o->column[o->columns++] = f;
        at += len;
        if (*at == '\0')
            return 0;
    }
}

static int read_count(struct options *o, const char *text)
{
    char *end;
    errno = 0;
    o->most = strtoull(text, &end, 10);
    bool good = *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
    return good ? 0 : wrong("not a count:", text);
}

/* @return -1: go on; else the exit status. */
static int read_option(struct options *o, int option)
{
    switch (option) {
    case 'f':
        return read_columns(o, optarg) != 0 ? 2 : -1;
    case 'c':
        return read_count(o, optarg) != 0 ? 2 : -1;
    case 'j':
        o->shape = JSON;
        return -1;
    case 'p':
        o->live = true;
        return (size_t)snprintf(o->spec, sizeof o->spec, "%s", optarg) < sizeof o->spec
                   ? -1
                   : wrong("too long:", optarg);
    case 'l':
        return list();
    case 'h':
        usage(stdout);
        return 0;
    case 'H':
        help();
        return 0;
    default:
        return -1;
    }
}

static int read_options(struct options *o, int argc, char **argv)
{
    static const struct option longs[] = {
        { "fields", required_argument, NULL, 'f' }, { "json", no_argument, NULL, 'j' },
        { "port", required_argument, NULL, 'p' },   { "list", no_argument, NULL, 'l' },
        { "help", no_argument, NULL, 'H' },         { NULL, 0, NULL, 0 },
    };
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":c:h", longs, NULL)) != -1;) {
        if (option == '?' || option == ':')
            return wrong(option == '?' ? "no option" : "nothing follows", argv[optind - 1]);
        int status = read_option(o, option);
        if (status >= 0)
            return status;
    }
    if (argc - optind != (o->live ? 0 : 1)) {
        usage(stderr);
        return 2;
    }
    if (!o->live && strchr(argv[optind], ',') != NULL) /* a port's OUT, which would be written */
        return wrong("a comma in a file's name:", argv[optind]);
    if (!o->live &&
        (size_t)snprintf(o->spec, sizeof o->spec, "pcap:%s", argv[optind]) >= sizeof o->spec)
        return wrong("too long:", argv[optind]);
    return -1;
}

static void show(const struct options *o, struct report *r, uint64_t number, struct vtr_data d)
{
    static uint8_t scratch[PACKET_MAX];
    struct vtr_span s;
    if (!vtr_data_flat(d, scratch, sizeof scratch, &s))
        s = vtr_data_span(d); /* longer than any link has: its first segment */
    report_begin(r, number, s);
    dissect_eth(r, s);
    if (o->shape == JSON)
        report_json(r, stdout);
    else if (o->shape == COLUMNS)
        report_columns(r, o->column, o->columns, stdout);
    else
        report_line(r, stdout);
}

/* Whether nothing will come any more: a file is read, an interface was taken away. */
static bool has_ended(struct vtr_port *port)
{
    struct vtr_port_info info;
    vtr_port_info(port, &info);
    return info.rx_ended || (vtr_port_events(port) & VTR_PORT_GONE) != 0;
}

static void show_all(const struct options *o, struct report *r, struct vtr_port *port)
{
    struct vtr_pkt pkts[BURST];
    unsigned long long number = 0;
    while (!interrupted && number < o->most) {
        unsigned want = o->most - number < BURST ? (unsigned)(o->most - number) : BURST;
        unsigned n = o->live ? vtr_port_rx_wait(port, 0, pkts, want, WAIT_MS)
                             : vtr_port_rx(port, 0, pkts, want);
        for (unsigned i = 0; i < n; i++) {
            show(o, r, ++number, pkts[i].data);
            vtr_pkt_unref(&pkts[i]);
        }
        if (n == 0 && has_ended(port))
            return;
        if (n == 0)
            fflush(stdout);
    }
}

static int fail(const struct vtr_error *err)
{
    fprintf(stderr, "dissect: %s\n", err->what);
    if (err->hint[0] != '\0')
        fprintf(stderr, "  try: %s\n", err->hint);
    return err->code == -EACCES || err->code == -EPERM || err->code == -ENODEV ? 77 : 1;
}

static int run(const struct options *o)
{
    static struct report report;
    struct vtr_heap *heap;
    struct vtr_port *port;
    struct vtr_error err;
    if (vtr_heap_open(NULL, &heap, &err) != 0)
        return fail(&err);
    if (vtr_port_open(heap, o->spec, NULL, &port, &err) != 0) {
        int status = fail(&err);
        (void)vtr_heap_close(heap, NULL);
        return status;
    }
    show_all(o, &report, port);
    vtr_port_close(port);
    if (vtr_heap_close(heap, &err) != 0)
        return fail(&err);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "dissect: cannot write: %s\n  try: dissect FILE > another.txt\n",
                strerror(errno));
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = { .most = ~0ull };
    int status = read_options(&o, argc, argv);
    if (status >= 0)
        return status;
    struct sigaction action = { .sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return run(&o);
}
