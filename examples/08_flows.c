/* SPDX-License-Identifier: BSD-2-Clause */
/* 08_flows: counts the packets and bytes of each conversation in a capture file, or on any port.
 * Shows: vtr_flow_of_data, vtr_flow_canonical; a flow's bytes as the key of a table.
 * Before: 07_own_parser.c
 * Run:   build/examples/08_flows FILE        or: build/examples/08_flows --port tap:vtr0
 * Prints: the ten largest flows, of both directions together
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vitrine/flow.h>
#include <vitrine/link.h>
#include <vitrine/port.h>

enum { PLACES = 1 << 16, BURST = 32, SHOWN = 10, WAIT_MS = 100 };

struct counter {
    struct vtr_flow flow;
    uint64_t pkts, bytes; /* pkts 0: a free place */
};

struct table {
    struct counter place[PLACES];
    unsigned used;
    uint64_t other; /* packets that are not of IP, or of one flow more than there is room for */
};

static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
    (void)signal;
    stop = 1;
}

static void quit(const struct vtr_error *err)
{
    fprintf(stderr, "08_flows: %s\n", err->what);
    if (err->hint[0] != '\0')
        fprintf(stderr, "  try: %s\n", err->hint);
    exit(1);
}

/* Any hash of the flow's bytes will do: they are all determined (this one is FNV-1a). */
static struct counter *find(struct table *t, const struct vtr_flow *flow)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    const uint8_t *bytes = (const uint8_t *)flow;
    for (size_t i = 0; i < sizeof *flow; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    for (size_t i = hash % PLACES;; i = (i + 1) % PLACES)
        if (t->place[i].pkts == 0 || memcmp(&t->place[i].flow, flow, sizeof *flow) == 0)
            return &t->place[i];
}

static void count(struct table *t, struct vtr_data frame)
{
    struct vtr_flow flow;
    if (!vtr_flow_of_data(frame, &flow)) {
        t->other++;
        return;
    }
    vtr_flow_canonical(&flow);
    struct counter *c = find(t, &flow);
    if (c->pkts == 0 && t->used == PLACES / 2) { /* the table is searched until a free place */
        t->other++;
        return;
    }
    t->used += c->pkts == 0;
    c->flow = flow;
    c->pkts++;
    c->bytes += frame.len;
}

static int by_bytes(const void *a, const void *b)
{
    const struct counter *x = a, *y = b;
    return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

static void print(const struct counter *c)
{
    char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
    int family = c->flow.version == 4 ? AF_INET : AF_INET6;
    inet_ntop(family, &c->flow.src, src, sizeof src);
    inet_ntop(family, &c->flow.dst, dst, sizeof dst);
    printf("%" PRIu64 " packets, %" PRIu64 " bytes: %s port %u - %s port %u, protocol %u\n",
           c->pkts, c->bytes, src, vtr_be16_get(c->flow.src_port), dst,
           vtr_be16_get(c->flow.dst_port), c->flow.protocol);
}

static void receive(struct vtr_port *port, bool live, struct table *t)
{
    struct vtr_pkt pkts[BURST];
    for (unsigned n = 1; !stop && (live || n != 0);) {
        n = live ? vtr_port_rx_wait(port, 0, pkts, BURST, WAIT_MS)
                 : vtr_port_rx(port, 0, pkts, BURST);
        for (unsigned i = 0; i < n; i++) {
            count(t, pkts[i].data);
            vtr_pkt_unref(&pkts[i]);
        }
    }
}

int main(int argc, char **argv)
{
    static struct table table;
    struct vtr_error err;
    struct vtr_heap *heap;
    struct vtr_port *port;
    char spec[256];
    bool live = argc == 3 && strcmp(argv[1], "--port") == 0;
    if (!live && (argc != 2 || argv[1][0] == '-' || strchr(argv[1], ',') != NULL)) {
        fputs("usage: 08_flows FILE | --port SPEC\n", stderr);
        return 2;
    }
    snprintf(spec, sizeof spec, "%s%s", live ? "" : "pcap:", argv[argc - 1]);
    signal(SIGINT, on_signal);
    if (vtr_heap_open(NULL, &heap, &err) != 0 || vtr_port_open(heap, spec, NULL, &port, &err) != 0)
        quit(&err);
    receive(port, live, &table);
    unsigned flows = table.used;
    qsort(table.place, PLACES, sizeof table.place[0], by_bytes);
    for (unsigned i = 0; i < flows && i < SHOWN; i++)
        print(&table.place[i]);
    printf("flows: %u; other packets: %" PRIu64 "\n", flows, table.other);
    vtr_port_close(port);
    return vtr_heap_close(heap, NULL) != 0;
}
