/* SPDX-License-Identifier: BSD-2-Clause */
/* 04_receive_send: two ports of one process, connected by a ring; frames go there and come back.
 * Shows: vtr_port_open, vtr_port_tx, vtr_port_rx; vtr_data_try_own, to change a header in place.
 * Needs: no NIC, no hugepages, no root.      Before: 03_parse_udp.c      Next: 05_adopt.c
 * Run:   build/examples/04_receive_send
 * Prints: sent 3, echoed 3, back 3; the same block both ways: yes; blocks held: 0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vitrine/buf.h>
#include <vitrine/port.h>

enum { FRAMES = 3, MAC = 6 };

static void quit(const struct vtr_error *err)
{
    fprintf(stderr, "04_receive_send: %s\n  try: %s\n", err->what, err->hint);
    exit(1);
}

static struct vtr_port *open_end(struct vtr_heap *heap)
{
    struct vtr_error err;
    struct vtr_port *port;
    if (vtr_port_open(heap, "ring:example", NULL, &port, &err) != 0)
        quit(&err);
    return port;
}

/* A frame: destination, source, type, and a byte to tell it by. */
static struct vtr_pkt make_frame(struct vtr_heap *heap, char name)
{
    uint8_t bytes[60] = { 2, 0, 0, 0, 0, 0xbb, 2, 0, 0, 0, 0, 0xaa, 0x88, 0xb5, (uint8_t)name };
    struct vtr_pkt pkt = { .flags = 0 };
    if (vtr_data_copy(heap, bytes, sizeof bytes, &pkt.data) != 0)
        exit(1);
    return pkt;
}

/* Answers a frame: swaps its addresses in the block that brought it. That takes being the only one
 * who holds it; a second reference would keep the bytes as they are. */
static bool turn_round(struct vtr_pkt *pkt)
{
    struct vtr_buf buf;
    uint8_t mac[MAC];
    if (!vtr_data_try_own(&pkt->data, &buf))
        return false;
    uint8_t *bytes = vtr_buf_bytes(&buf);
    memcpy(mac, bytes, MAC);
    memcpy(bytes, bytes + MAC, MAC);
    memcpy(bytes + MAC, mac, MAC);
    pkt->data = vtr_buf_seal(&buf);
    return true;
}

/* Sends all of them: what a full queue leaves is sent again. */
static void send_all(struct vtr_port *port, struct vtr_pkt *pkts, unsigned n)
{
    for (unsigned sent = 0; sent < n;)
        sent += vtr_port_tx(port, 0, pkts + sent, n - sent);
}

static unsigned echo(struct vtr_port *port)
{
    struct vtr_pkt pkts[32];
    unsigned n = vtr_port_rx(port, 0, pkts, 32), kept = 0;
    for (unsigned i = 0; i < n; i++) {
        if (turn_round(&pkts[i]))
            pkts[kept++] = pkts[i];
        else
            vtr_pkt_unref(&pkts[i]);
    }
    send_all(port, pkts, kept);
    return kept;
}

static void there_and_back(struct vtr_heap *heap, struct vtr_port *here, struct vtr_port *there)
{
    struct vtr_pkt pkts[FRAMES];
    const uint8_t *at[FRAMES];
    bool same = true;
    for (unsigned i = 0; i < FRAMES; i++) {
        pkts[i] = make_frame(heap, (char)('a' + i));
        at[i] = vtr_data_span(pkts[i].data).ptr;
    }
    send_all(here, pkts, FRAMES);
    unsigned echoed = echo(there), back = vtr_port_rx(here, 0, pkts, FRAMES);
    printf("sent %d, echoed %u, back %u\n", FRAMES, echoed, back);
    for (unsigned i = 0; i < back; i++) {
        struct vtr_span s = vtr_data_span(pkts[i].data);
        printf("frame %c to ..:%02x from ..:%02x\n", s.ptr[14], s.ptr[5], s.ptr[11]);
        same = same && s.ptr == at[i];
        vtr_pkt_unref(&pkts[i]);
    }
    printf("the same block both ways: %s\n", same ? "yes" : "no");
}

int main(void)
{
    struct vtr_error err;
    struct vtr_heap *heap;
    struct vtr_heap_stat stat;
    if (vtr_heap_open(NULL, &heap, &err) != 0)
        quit(&err);
    struct vtr_port *here = open_end(heap), *there = open_end(heap);
    there_and_back(heap, here, there);
    vtr_port_close(here);
    vtr_port_close(there);
    vtr_heap_stat(heap, &stat);
    printf("blocks held: %llu\n", (unsigned long long)stat.live_blocks);
    if (vtr_heap_close(heap, &err) != 0)
        quit(&err);
    return 0;
}
