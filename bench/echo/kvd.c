/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vitrine-kvd: main. Results on stdout, narration on stderr.
 */
#include "kvd_options.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool stop; /* atomic; the second signal ends the process at once */

static void on_signal(int number)
{
    struct sigaction act = { .sa_handler = SIG_DFL };
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    sigaction(number, &act, NULL);
}

static void signals_catch(void)
{
    struct sigaction act = { .sa_handler = on_signal };
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
}

static int explain(const struct vtr_error *err)
{
    fprintf(stderr, "vitrine-kvd: %s\n", err->what);
    if (err->hint[0] != '\0')
        fprintf(stderr, "  try: %s\n", err->hint);
    return err->code == -ENODEV || err->code == -EACCES || err->code == -EPERM ? EXIT_CANNOT
                                                                              : EXIT_FAILURE;
}

static uint64_t drops(const struct engine_counts *c)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < DROP_REASONS; i++)
        sum += c->drop[i];
    return sum;
}

static void totals(const struct kvd_options *o, const struct engine_counts *c, uint64_t cpu_ns,
                   uint64_t live)
{
    const char *format =
        o->json ? "{\"requests\": %" PRIu64 ", \"get_hits\": %" PRIu64 ", \"get_misses\": %" PRIu64
                  ", \"cmd_set\": %" PRIu64 ", \"payload_bytes_copied\": %" PRIu64
                  ", \"drops\": %" PRIu64 ", \"cpu_ns\": %" PRIu64 ", \"live_blocks\": %" PRIu64
                  "}\n"
                : "requests %" PRIu64 "  hits %" PRIu64 "  misses %" PRIu64 "  sets %" PRIu64
                  "  payload bytes copied %" PRIu64 "  drops %" PRIu64 "  cpu ns %" PRIu64
                  "  live blocks %" PRIu64 "\n";
    fprintf(o->json ? stdout : stderr, format, c->requests, c->get_hits, c->get_misses, c->cmd_set,
            c->payload_bytes_copied, drops(c), cpu_ns, live);
}

/* A heap's memory would take the number of a closed stdout, and what is printed go into it. */
static void standard_streams_hold(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    struct kvd_options o;
    struct vtr_error err;
    struct server *server;
    int code = kvd_options_parse(argc, argv, &o);
    if (code >= 0)
        return code;
    standard_streams_hold();
    signals_catch();
    if (server_open(&o.server, &server, &err) != 0)
        return explain(&err);
    printf("ready %s udp %u echo %u pid %d\n", o.kernel ? "kernel" : o.server.port,
           server_udp_port(server), server_echo_port(server), (int)getpid());
    fflush(stdout);
    server_run(server, &stop);

    struct engine_counts counts = server_engine(server)->counts;
    uint64_t live, cpu_ns = server_engine(server)->slices.cpu_ns;
    int rc = server_close(server, &live, &err);
    if (!o.quiet || o.json)
        totals(&o, &counts, cpu_ns, live);
    return rc == 0 ? EXIT_SUCCESS : explain(&err);
}
