/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vitrine capture SPEC -w FILE: opens a port and writes what arrives as pcapng.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <vitrine/capture.h>
#include <vitrine/link.h>

#include "command.h"

enum { BURST = 64, QUEUES_MAX = 64, NAP_NS = 100000, SNAP_MAX = 262144 };

static const char help[] =
    "vitrine capture: opens a port and writes what arrives to a pcapng file.\n"
    "\n"
    "  vitrine capture SPEC -w FILE [options]   memif:PATH, tap:NAME, af_packet:IF\n"
    "\n"
    "  -w, --write FILE     where to; - is stdout, as for wireshark -k -i -\n"
    "  -c, --count N        end after N packets\n"
    "  -s, --snap BYTES     keep so many of each packet (262144)\n"
    "      --seconds N      end after N seconds\n"
    "      --queues N       queues of the port (1)\n"
    "      --files N        FILE.0, FILE.1 and so on, N of them in turn\n"
    "      --file-mib N     end a file before it is longer; --files wants it\n"
    "  -q, --quiet          no totals\n"
    "  -h, --help           this text\n"
    "\n"
    "Ctrl-C ends it and prints totals; so does the end of a file (pcap:IN) and an interface that\n"
    "is taken away. SPEC is as for `vitrine ports`. A program of your own captures the ports that\n"
    "it has open by vtr_port_capture(), vitrine-kvd by --capture FILE.\n"
    "Exit: 0, 1 failed, 2 usage, 77 cannot run here.\n";

enum { SECONDS = 256, QUEUES, FILES, FILE_MIB };

static const struct option options[] = {
    { "write", required_argument, NULL, 'w' },
    { "count", required_argument, NULL, 'c' },
    { "snap", required_argument, NULL, 's' },
    { "seconds", required_argument, NULL, SECONDS },
    { "queues", required_argument, NULL, QUEUES },
    { "files", required_argument, NULL, FILES },
    { "file-mib", required_argument, NULL, FILE_MIB },
    { "quiet", no_argument, NULL, 'q' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

struct wanted {
    const char *spec, *path;
    struct vtr_capture_opts capture;
    unsigned queues;
    uint64_t seconds; /* 0: until it is stopped */
    bool quiet;
};

static bool stop; /* atomic; the second signal ends the process at once */

static void on_signal(int number)
{
    struct sigaction act = { .sa_handler = SIG_DFL };
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    sigaction(number, &act, NULL);
}

static uint64_t number(const char *option, uint64_t min, uint64_t max)
{
    return command_number("capture", option, min, max);
}

static void read_option(int option, struct wanted *w)
{
    switch (option) {
    case 'w':
        w->path = optarg;
        break;
    case 'c':
        w->capture.packets = number("--count", 1, UINT64_MAX);
        break;
    case 's':
        w->capture.snap_bytes = (uint32_t)number("--snap", 1, SNAP_MAX);
        break;
    case SECONDS:
        w->seconds = number("--seconds", 1, INT32_MAX);
        break;
    case QUEUES:
        w->queues = (unsigned)number("--queues", 1, QUEUES_MAX);
        break;
    case FILES:
        w->capture.files = (uint32_t)number("--files", 2, 10000);
        break;
    case FILE_MIB:
        w->capture.file_bytes = number("--file-mib", 1, 1 << 30) << 20;
        break;
    default:
        w->quiet = true;
    }
}

static void read_options(int argc, char **argv, struct wanted *w)
{
    *w = (struct wanted){ .capture = { .size = sizeof w->capture }, .queues = 1 };
    for (int option; (option = command_option(argc, argv, options, help)) != -1;)
        read_option(option, w);
    if (optind + 1 != argc)
        command_misused(argv[0], "wants one port; try vitrine capture null:0 -w FILE -c 10");
    if (w->path == NULL)
        command_misused(argv[0], "wants a file; try -w FILE, or -w - for stdout");
    if (w->capture.files != 0 && w->capture.file_bytes == 0)
        command_misused(argv[0], "--files wants --file-mib");
    w->spec = argv[optind];
    if (strcmp(w->path, "-") == 0) {
        w->path = NULL;
        w->capture.fd = STDOUT_FILENO;
    }
}

static int64_t seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* @return how many packets came, which are of use to the capture only. */
static unsigned receive(struct vtr_port *port, unsigned queues)
{
    struct vtr_pkt pkts[BURST];
    unsigned sum = 0;
    for (unsigned q = 0; q < queues; q++) {
        unsigned n = vtr_port_rx(port, q, pkts, BURST);
        for (unsigned i = 0; i < n; i++)
            vtr_pkt_unref(&pkts[i]);
        sum += n;
    }
    return sum;
}

/* Whether nothing will come any more: a file is read, an interface was taken away. */
static bool has_ended(struct vtr_port *port)
{
    struct vtr_port_info info;
    vtr_port_info(port, &info);
    return info.rx_ended || (vtr_port_events(port) & VTR_PORT_GONE) != 0;
}

static void receive_until_done(struct vtr_port *port, const struct wanted *w)
{
    static const struct timespec nap = { 0, NAP_NS };
    struct vtr_capture_stat stat = { .size = sizeof stat };
    int64_t end = seconds_now() + (int64_t)w->seconds;
    while (!stat.done && !__atomic_load_n(&stop, __ATOMIC_RELAXED) &&
           (w->seconds == 0 || seconds_now() < end)) {
        if (receive(port, w->queues) == 0) {
            if (has_ended(port))
                return;
            nanosleep(&nap, NULL);
        }
        vtr_port_capture_stat(port, &stat);
    }
}

static void totals(struct vtr_port *port)
{
    struct vtr_capture_stat c = { .size = sizeof c };
    struct vtr_port_stat p;
    vtr_port_capture_stat(port, &c);
    vtr_port_stat(port, &p);
    fprintf(stderr, "%" PRIu64 " packets written  %" PRIu64 " bytes of them  %" PRIu64
            " not captured  %" PRIu64 " dropped by the port\n", c.packets, c.bytes, c.lost,
            p.drops);
}

static int capture(struct vtr_port *port, const struct wanted *w, struct vtr_error *err)
{
    struct sigaction act = { .sa_handler = on_signal };
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    int rc = vtr_port_capture(port, w->path, &w->capture, err);
    if (rc != 0)
        return rc;
    receive_until_done(port, w);
    rc = vtr_port_capture_stop(port, err);
    if (!w->quiet)
        totals(port);
    return rc;
}

int command_capture(int argc, char **argv)
{
    struct vtr_heap_opts opts = { .size = sizeof opts, .name = "capture" };
    struct vtr_port_opts port_opts = { .size = sizeof port_opts };
    struct wanted w;
    struct vtr_heap *heap;
    struct vtr_port *port;
    struct vtr_error err;
    read_options(argc, argv, &w);
    port_opts.queues = w.queues;
    if (vtr_heap_open(&opts, &heap, &err) != 0)
        return command_failed(argv[0], &err);
    int rc = vtr_port_open(heap, w.spec, &port_opts, &port, &err);
    if (rc == 0) {
        rc = capture(port, &w, &err);
        vtr_port_close(port);
    }
    vtr_heap_close(heap, NULL);
    return rc == 0 ? EXIT_SUCCESS : command_failed(argv[0], &err);
}
