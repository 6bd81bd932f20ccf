/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * A program to ask for telemetry: telemetry.py. Moves and drops some packets, holds some blocks,
 * prints what the library counts of them as JSON, and waits until its standard input ends.
 *   telemetry_subject          as said
 *   telemetry_subject churn    opens and closes heaps and ports until then
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vitrine/port.h>

enum { HELD = 3, SENT = 21 };

static struct vtr_heap *heap_open(const char *name)
{
    struct vtr_heap_opts opts = { .size = sizeof opts, .name = name, .max_bytes = 64 << 20 };
    struct vtr_heap *heap;
    struct vtr_error err;
    if (vtr_heap_open(&opts, &heap, &err) == 0)
        return heap;
    fprintf(stderr, "%s\n", err.what);
    _exit(1);
}

static struct vtr_port *port_open(struct vtr_heap *heap, const char *spec)
{
    struct vtr_port *port;
    struct vtr_error err;
    if (vtr_port_open(heap, spec, NULL, &port, &err) == 0)
        return port;
    fprintf(stderr, "%s\n", err.what);
    _exit(77);
}

static void move(struct vtr_heap *heap, struct vtr_port *a, struct vtr_port *b)
{
    char bytes[100] = "";
    struct vtr_pkt got[64], pkt = { .flags = 0 };
    for (unsigned i = 0; i < SENT; i++) {
        vtr_check(vtr_data_copy(heap, bytes, sizeof bytes, &pkt.data) == 0);
        vtr_check(vtr_port_tx(a, 0, &pkt, 1) == 1);
    }
    vtr_check(vtr_port_tx(a, 0, &pkt, 1) == 1); /* empty: dropped */
    unsigned n = vtr_port_rx(b, 0, got, 64);
    for (unsigned i = 0; i < n; i++)
        vtr_pkt_unref(&got[i]);
}

static void print_heap(struct vtr_heap *heap)
{
    struct vtr_heap_stat s = { .size = sizeof s };
    vtr_heap_stat(heap, &s);
    printf("\"heap\": {\"live_blocks\": %" PRIu64 ", \"live_bytes\": %" PRIu64
           ", \"max_bytes\": %" PRIu64 ", \"segment_bytes\": %" PRIu64 "}",
           s.live_blocks, s.live_bytes, s.max_bytes, s.segment_bytes);
}

static void print_port(struct vtr_port *port)
{
    struct vtr_port_stat s;
    vtr_port_stat(port, &s);
    printf("{\"rx_packets\": %" PRIu64 ", \"rx_bytes\": %" PRIu64 ", \"tx_packets\": %" PRIu64
           ", \"tx_bytes\": %" PRIu64 ", \"tx_full\": %" PRIu64 ", \"drops\": %" PRIu64,
           s.rx_pkts, s.rx_bytes, s.tx_pkts, s.tx_bytes, s.tx_full, s.drops);
    printf(", \"rx_copies\": %" PRIu64 ", \"tx_copies\": %" PRIu64 ", \"tx_software\": %" PRIu64,
           s.rx_copies, s.tx_copies, s.tx_software);
    for (unsigned i = 0; i < VTR_DROP_REASONS; i++)
        printf(", \"drop_%s\": %" PRIu64, vtr_drop_name((enum vtr_drop)i), s.drop[i]);
    printf("}");
}

static bool input_ended(int wait_ms)
{
    struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
    char byte;
    return poll(&in, 1, wait_ms) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

static void churn(void)
{
    struct vtr_heap *lasting = heap_open("lasting");
    struct vtr_port *port = port_open(lasting, "null:");
    printf("{\"prefix\": \"vtr-%d\"}\n", (int)getpid());
    fflush(stdout);
    while (!input_ended(0)) {
        struct vtr_heap *heap = heap_open("passing");
        struct vtr_port *a = port_open(heap, "ring:x"), *b = port_open(heap, "ring:x");
        move(heap, a, b);
        vtr_port_close(a);
        vtr_port_close(b);
        vtr_check(vtr_heap_close(heap, NULL) == 0);
    }
    vtr_port_close(port);
    vtr_check(vtr_heap_close(lasting, NULL) == 0);
}

static void serve(void)
{
    struct vtr_heap *heap = heap_open("a \"name\" \\ of 31 bytes, no more");
    struct vtr_port *a = port_open(heap, "ring:\"x\"\\y"), *b = port_open(heap, "ring:\"x\"\\y");
    struct vtr_data held[HELD];
    move(heap, a, b);
    for (unsigned i = 0; i < HELD; i++)
        vtr_check(vtr_data_copy(heap, "held", 4, &held[i]) == 0);
    printf("{\"prefix\": \"vtr-%d\", ", (int)getpid());
    print_heap(heap);
    printf(", \"ports\": [");
    print_port(a);
    printf(", ");
    print_port(b);
    printf("]}\n");
    fflush(stdout);
    while (!input_ended(-1))
        ;
    for (unsigned i = 0; i < HELD; i++)
        vtr_data_unref(&held[i]);
    vtr_port_close(a);
    vtr_port_close(b);
    vtr_check(vtr_heap_close(heap, NULL) == 0);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "churn") == 0)
        churn();
    else
        serve();
    return 0;
}
