/* SPDX-License-Identifier: BSD-2-Clause */
/* vitrine-answer: a host that answers ping, arping and IPv6 neighbors on a port, and nothing else.
 * Shows: vtr_question_of, to read a frame that may be shared; vtr_data_try_own, to be the only one
 *        who holds it; vtr_answer, to change its headers in place. No payload is copied.
 * Needs: rights to make a tap device, for `tap:`; any other port will do.
 * Run:   sudo build/examples/vitrine-answer --port tap:vtr0
 *        sudo ip address add 10.77.0.2/24 dev vtr0; ping 10.77.0.1
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <vitrine/answer.h>
#include <vitrine/buf.h>
#include <vitrine/link.h>
#include <vitrine/port.h>

enum { BURST = 32, WAIT_MS = 100, USAGE = 2, CANNOT = 77, KINDS = VTR_QUESTION_NEIGHBOR + 1 };

static const char *const kinds[KINDS] = { "ignored", "arp", "ping", "ping6", "neighbor" };
static const char help[] =
    "usage: vitrine-answer --port SPEC [--ip A.B.C.D] [--ip6 A::B]\n"
    "  example: vitrine-answer --port tap:vtr0\n"
    "\n"
    "Answers ARP, IPv6 neighbor solicitations and pings on a port, until Ctrl-C.\n"
    "\n"
    "  --port SPEC    tap:NAME, memif:PATH or any other of vtr_port_open()\n"
    "  --ip A.B.C.D   whom it answers for (default 10.77.0.1)\n"
    "  --ip6 A::B     likewise (default fd00:77::1)\n"
    "  -h, --help     this text\n"
    "\n"
    "exit status: 0, 1 failed, 2 wrong usage, 77 cannot run here\n";

static volatile sig_atomic_t stop;

static void on_signal(int number) { stop = number; }

/* Turns the bytes into their answer, which may be longer or shorter. @return false: no room. */
static bool turn_round(const struct vtr_host *self, enum vtr_question question, struct vtr_buf *buf)
{
    size_t len = vtr_buf_len(buf);
    if (len + vtr_buf_tailroom(buf) < VTR_ANSWER_BYTES)
        return false;
    size_t now = vtr_answer(self, question, vtr_buf_bytes(buf), len);
    if (now > len)
        vtr_buf_commit(buf, now - len);
    return now >= len || vtr_buf_trim(buf, now);
}

/* Answers a packet in the block that brought it. @return false: it is as it was. */
static bool answer(const struct vtr_host *self, struct vtr_pkt *pkt, unsigned long count[KINDS])
{
    struct vtr_buf buf;
    bool answered = false;
    /* A frame in several segments is judged by its first, which a question fits into. */
    enum vtr_question question = vtr_question_of(self, vtr_data_span(pkt->data));
    if (question != VTR_QUESTION_NONE && vtr_data_try_own(&pkt->data, &buf)) {
        answered = turn_round(self, question, &buf);
        pkt->data = vtr_buf_seal(&buf);
    }
    count[answered ? question : VTR_QUESTION_NONE]++;
    return answered;
}

/* @return whether there was anything. */
static bool serve(struct vtr_port *port, const struct vtr_host *self, unsigned long count[KINDS])
{
    struct vtr_pkt pkts[BURST];
    unsigned n = vtr_port_rx_wait(port, 0, pkts, BURST, WAIT_MS), kept = 0;
    for (unsigned i = 0; i < n; i++) {
        if (answer(self, &pkts[i], count))
            pkts[kept++] = pkts[i];
        else
            vtr_pkt_unref(&pkts[i]);
    }
    for (unsigned sent = vtr_port_tx(port, 0, pkts, kept); sent < kept; sent++)
        vtr_pkt_unref(&pkts[sent]); /* the queue is full: who asked will ask again */
    return n != 0;
}

static int explain(const struct vtr_error *err)
{
    fprintf(stderr, "vitrine-answer: %s\n", err->what);
    if (err->hint[0] != '\0')
        fprintf(stderr, "  try: %s\n", err->hint);
    return err->code == -ENODEV || err->code == -EACCES || err->code == -EPERM ? CANNOT : 1;
}

static void run(struct vtr_port *port, struct vtr_host *self)
{
    unsigned long count[KINDS] = { 0 };
    struct vtr_port_info info;
    vtr_port_info(port, &info);
    memcpy(self->mac.bytes, info.mac, sizeof info.mac);
    puts("ready");
    fflush(stdout);
    while (stop == 0 &&
           (serve(port, self, count) || (vtr_port_events(port) & VTR_PORT_GONE) == 0))
        ;
    for (unsigned i = 0; i < KINDS; i++)
        printf("%s %lu%s", kinds[i], count[i], i + 1 < KINDS ? "  " : "\n");
}

static int open_and_run(const char *spec, struct vtr_host *self)
{
    struct vtr_error err;
    struct vtr_heap *heap;
    struct vtr_port *port;
    if (vtr_heap_open(NULL, &heap, &err) != 0)
        return explain(&err);
    int rc = vtr_port_open(heap, spec, NULL, &port, &err) == 0 ? 0 : explain(&err);
    if (rc == 0) {
        run(port, self);
        vtr_port_close(port);
    }
    return vtr_heap_close(heap, &err) == 0 ? rc : explain(&err);
}

static int wrong(const char *what, const char *operand)
{
    fprintf(stderr, "vitrine-answer: %s '%s'; try --help\n", what, operand);
    return USAGE;
}

/* @return -1: run; else the exit status. */
static int parse(int argc, char **argv, const char **port, struct vtr_host *self)
{
    static const struct option options[] = { { "port", required_argument, NULL, 'p' },
                                             { "ip", required_argument, NULL, '4' },
                                             { "ip6", required_argument, NULL, '6' },
                                             { "help", no_argument, NULL, 'h' },
                                             { 0 } };
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (c == 'h')
            return fputs(help, stdout), 0;
        if (c == 'p')
            *port = optarg;
        else if (c == '?' || c == ':')
            return wrong(c == '?' ? "no option" : "nothing follows", argv[optind - 1]);
        else if (inet_pton(c == '4' ? AF_INET : AF_INET6, optarg,
                           c == '4' ? (void *)&self->ip4 : (void *)&self->ip6) != 1)
            return wrong("no such address:", optarg);
    }
    if (optind != argc)
        return wrong("no operand", argv[optind]);
    return *port != NULL ? -1 : wrong("wants a port like", "--port tap:vtr0");
}

int main(int argc, char **argv)
{
    struct vtr_host self = { .ip4 = { { 10, 77, 0, 1 } },
                             .ip6 = { { 0xfd, 0, 0, 0x77, [15] = 1 } } };
    const char *port = NULL;
    int code = parse(argc, argv, &port, &self);
    if (code >= 0)
        return code;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    return open_and_run(port, &self);
}
