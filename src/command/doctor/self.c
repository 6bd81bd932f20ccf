/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The self test: packets through both ends of a ring, in a process of its own. Each must come back
 * in order, with its bytes, at the address where it was written, and leave nothing in the heap.
 */
#include "doctor/self.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <vitrine/data.h>
#ifdef COMMAND_DPDK
#include <vitrine/port.h>
#endif

#include "apart.h"

enum { PACKETS = 1000, BURST = 32, BYTES = 64, SECONDS = 30 };

static void fill(uint8_t bytes[BYTES], uint32_t n)
{
    for (unsigned i = 0; i < BYTES; i++)
        bytes[i] = (uint8_t)(n >> 8 * (i % 4));
}

static void take(struct self_test *t, struct vtr_data d, uint32_t n, const uint8_t *sent_at)
{
    uint8_t want[BYTES];
    size_t run;
    const uint8_t *at = vtr_data_at(d, 0, &run);
    fill(want, n);
    t->got += run == BYTES && memcmp(at, want, BYTES) == 0;
    t->copies += at != sent_at;
}

#ifdef COMMAND_DPDK
struct ends {
    struct vtr_port *here, *there;
};

static bool burst(struct self_test *t, struct vtr_heap *heap, struct ends ends, unsigned n)
{
    struct vtr_pkt pkts[BURST] = { 0 };
    const uint8_t *at[BURST];
    uint8_t bytes[BYTES];
    unsigned made = 0;
    for (; made < n; made++) {
        fill(bytes, t->sent + made);
        if (vtr_data_copy(heap, bytes, sizeof bytes, &pkts[made].data) != 0)
            break;
        at[made] = vtr_data_span(pkts[made].data).ptr;
    }
    unsigned sent = vtr_port_tx(ends.here, 0, pkts, made);
    for (unsigned i = sent; i < made; i++)
        vtr_pkt_unref(&pkts[i]);
    unsigned got = vtr_port_rx(ends.there, 0, pkts, BURST);
    for (unsigned i = 0; i < got; i++) {
        if (i < sent)
            take(t, pkts[i].data, t->sent + i, at[i]);
        vtr_pkt_unref(&pkts[i]);
    }
    t->sent += sent;
    return sent == n && got == sent;
}

static void through_ring(struct self_test *t, struct vtr_heap *heap, struct vtr_error *err)
{
    struct ends ends = { NULL, NULL };
    if (vtr_port_open(heap, "ring:doctor", NULL, &ends.here, err) == 0 &&
        vtr_port_open(heap, "ring:doctor", NULL, &ends.there, err) == 0) {
        t->ports = true;
        for (unsigned left = PACKETS, n; left != 0; left -= n) {
            n = left < BURST ? left : BURST;
            if (!burst(t, heap, ends, n))
                break;
        }
    }
    vtr_port_close(ends.there);
    vtr_port_close(ends.here);
}
#else
static void through_ring(struct self_test *t, struct vtr_heap *heap, struct vtr_error *err)
{
    uint8_t bytes[BYTES];
    for (; t->sent < PACKETS; t->sent++) {
        struct vtr_data d, again;
        fill(bytes, t->sent);
        if ((err->code = vtr_data_copy(heap, bytes, sizeof bytes, &d)) != 0) {
            snprintf(err->what, sizeof err->what, "no block: %s", strerror(-err->code));
            break;
        }
        again = vtr_data_ref(d);
        const uint8_t *at = vtr_data_span(d).ptr;
        vtr_data_unref(&d);
        take(t, again, t->sent, at);
        vtr_data_unref(&again);
    }
}
#endif

static void work(void *result)
{
    struct self_test *t = result;
    struct vtr_heap_opts opts = { .size = sizeof opts, .name = "doctor", .max_bytes = 64 << 20 };
    struct vtr_error err = { .code = 0 };
    struct vtr_heap *heap;
    if (vtr_heap_open(&opts, &heap, &err) == 0) {
        struct vtr_heap_stat stat = { .size = sizeof stat };
        through_ring(t, heap, &err);
        vtr_heap_stat(heap, &stat);
        t->live = stat.live_blocks;
        if (err.code == 0)
            vtr_heap_close(heap, &err);
        else
            vtr_heap_close(heap, NULL);
    }
    if (err.code != 0)
        snprintf(t->why, sizeof t->why, "%s", err.what);
}

void self_test_run(struct self_test *out)
{
    char how[64];
    *out = (struct self_test){ .sent = 0 };
    if (!apart(work, out, sizeof *out, SECONDS, how))
        snprintf(out->why, sizeof out->why, "%s", how);
}

void check_self(struct doctor *d)
{
    const struct self_test *t = &d->machine->self;
    bool good = t->why[0] == '\0' && t->sent == PACKETS && t->got == PACKETS && t->copies == 0 &&
                t->live == 0;
    d->able.packets = good && t->ports;
    report_add(&d->report, "self test", good ? STATE_OK : STATE_FAIL,
               "%s %" PRIu32 "/%d %s, %" PRIu32 " copies, %" PRIu64 " live blocks after%s%s",
               t->ports ? "ring" : "heap", t->got, PACKETS, t->ports ? "packets" : "values",
               t->copies, t->live, t->why[0] != '\0' ? ": " : "", t->why);
}
