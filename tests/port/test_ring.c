/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: ring pairs, and what becomes of packets that are under way.
 */
#include "ports.h"

#include <pthread.h>
#include <vitrine/inline/record.h>

static void packets_cross_both_ways_in_order(void **state)
{
    enum { PACKETS = 100000, BURST = 50 };
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *a = test_port(heap, "ring:x", NULL), *b = test_port(heap, "ring:x", NULL);
    struct vtr_pkt there[BURST], back[BURST];
    for (uint32_t i = 0; i < PACKETS; i += BURST) {
        for (unsigned j = 0; j < BURST; j++) {
            there[j] = test_pkt(heap, 14 + (i + j) % 200, i + j);
            back[j] = test_pkt(heap, 14 + (i + j) % 99, ~(i + j));
        }
        test_send(a, 0, there, BURST);
        test_send(b, 0, back, BURST);
        assert_int_equal(test_receive(b, 0, there, BURST), BURST);
        assert_int_equal(test_receive(a, 0, back, BURST), BURST);
        for (unsigned j = 0; j < BURST; j++) {
            assert_true(test_pkt_is(there[j], 14 + (i + j) % 200, i + j));
            assert_true(test_pkt_is(back[j], 14 + (i + j) % 99, ~(i + j)));
        }
        test_unref(there, BURST);
        test_unref(back, BURST);
    }
    assert_int_equal(test_stat(a).tx_pkts, PACKETS);
    assert_int_equal(test_stat(a).rx_pkts, PACKETS);
    assert_int_equal(test_stat(b).rx_bytes, test_stat(a).tx_bytes);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    test_heap_end(heap);
}

/* What was sent arrives as the same block, at the same address, in the view nobody can write. */
static void no_byte_is_copied(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *a = test_port(heap, "ring:x", NULL), *b = test_port(heap, "ring:x", NULL);
    struct vtr_pkt pkt = test_pkt(heap, 1000, 1), got = { .flags = 0 };
    assert_true(vtr_data_strip(&pkt.data, 10));
    struct vtr_data before = pkt.data;
    const uint8_t *at = vtr_data_span(before).ptr;
    assert_int_equal(vtr_port_tx(a, 0, &pkt, 1), 1);
    assert_int_equal(vtr_port_rx(b, 0, &got, 1), 1);
    assert_memory_equal(&got.data, &before, sizeof before);
    assert_ptr_equal(vtr_data_span(got.data).ptr, at);
    vtr_pkt_unref(&got);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    test_heap_end(heap);
}

static struct vtr_pkt in_segments(struct vtr_heap *heap, size_t len, uint32_t number, unsigned n)
{
    struct vtr_pkt whole = test_pkt(heap, len, number), out = { .flags = 0 };
    struct vtr_data parts[64];
    assert_true(n <= 64 && len >= n);
    for (unsigned i = 0; i < n; i++) {
        size_t from = len * i / n, to = len * (i + 1) / n;
        uint8_t bytes[4096];
        assert_true(to - from <= sizeof bytes &&
                    vtr_data_gather(whole.data, from, bytes, to - from));
        parts[i] = test_data(heap, bytes, to - from);
    }
    assert_int_equal(vtr_data_join_take(parts, n, &out.data), 0);
    vtr_pkt_unref(&whole);
    return out;
}

static void segments_arrive_as_segments(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *a = test_port(heap, "ring:x", NULL), *b = test_port(heap, "ring:x", NULL);
    struct vtr_pkt pkts[3] = { in_segments(heap, 3000, 1, 5), in_segments(heap, 900, 2, 64),
                               in_segments(heap, 700, 3, 2) };
    assert_int_equal(test_live(heap), 5 + 64 + 2);
    assert_int_equal(vtr_port_tx(a, 0, pkts, 3), 3);
    assert_int_equal(test_live(heap), 5 + 64 + 2);
    assert_int_equal(vtr_port_rx(b, 0, pkts, 3), 3);
    assert_true(test_pkt_is(pkts[0], 3000, 1));
    assert_true(test_pkt_is(pkts[1], 900, 2));
    assert_true(test_pkt_is(pkts[2], 700, 3));
    assert_int_equal(vtr_data_to_iovec(pkts[1].data, NULL, 0), 64);
    test_unref(pkts, 3);
    assert_int_equal(test_live(heap), 0);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    test_heap_end(heap);
}

/* A list that others hold, and a part of one, are sent as well as one that is ours alone. */
static void shared_lists_and_parts_of_lists_are_sent(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *a = test_port(heap, "ring:x", NULL), *b = test_port(heap, "ring:x", NULL);
    struct vtr_pkt kept = in_segments(heap, 3000, 1, 5), pkts[2] = { kept, kept };
    uint8_t want[3000];
    test_fill(want, sizeof want, 1);
    pkts[0].data = vtr_data_ref(kept.data);
    assert_true(vtr_data_slice(kept.data, 700, 1100, &pkts[1].data));
    assert_int_equal(vtr_port_tx(a, 0, pkts, 2), 2);
    vtr_pkt_unref(&kept);
    assert_int_equal(vtr_port_rx(b, 0, pkts, 2), 2);
    assert_data(pkts[0].data, want, 3000);
    assert_data(pkts[1].data, want + 700, 1100);
    test_unref(pkts, 2);
    assert_int_equal(test_live(heap), 0);
    struct vtr_pkt part = in_segments(heap, 3000, 1, 5); /* ours alone, but shown in part */
    assert_true(vtr_data_strip(&part.data, 1300));
    assert_int_equal(vtr_port_tx(a, 0, &part, 1), 1);
    assert_int_equal(vtr_port_rx(b, 0, &part, 1), 1);
    assert_data(part.data, want + 1300, 1700);
    vtr_pkt_unref(&part);
    assert_int_equal(test_live(heap), 0);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    test_heap_end(heap);
}

/* An mbuf's segment is 16 bits long. */
static void a_segment_beyond_64k_takes_several_mbufs(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *a = test_port(heap, "ring:x", NULL), *b = test_port(heap, "ring:x", NULL);
    struct vtr_pkt big[3] = { test_pkt(heap, 1 << 20, 1), test_pkt(heap, 65407, 2),
                              test_pkt(heap, 65408, 3) };
    struct vtr_data parts[2] = { test_pkt(heap, 200000, 4).data, test_pkt(heap, 60, 5).data }, both;
    assert_int_equal(vtr_data_join_take(parts, 2, &both), 0);
    struct vtr_pkt joined = { .data = both };
    assert_int_equal(vtr_port_tx(a, 0, big, 3), 3);
    assert_int_equal(vtr_port_tx(a, 0, &joined, 1), 1);
    assert_int_equal(vtr_port_rx(b, 0, big, 3), 3);
    assert_int_equal(vtr_port_rx(b, 0, &joined, 1), 1);
    assert_true(test_pkt_is(big[0], 1 << 20, 1));
    assert_true(test_pkt_is(big[1], 65407, 2));
    assert_true(test_pkt_is(big[2], 65408, 3));
    assert_int_equal(vtr_data_to_iovec(big[1].data, NULL, 0), 1);
    assert_int_equal(joined.data.len, 200060);
    test_unref(big, 3);
    vtr_pkt_unref(&joined);
    assert_int_equal(test_live(heap), 0);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    test_heap_end(heap);
}

static void a_full_queue_keeps_the_tail(void **state)
{
    enum { DESCS = 64, PACKETS = 100 };
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port_opts opts = test_opts();
    opts.rx_descs = opts.tx_descs = DESCS;
    struct vtr_port *a = test_port(heap, "ring:x", &opts), *b = test_port(heap, "ring:x", &opts);
    struct vtr_pkt pkts[PACKETS], copy[PACKETS], got[PACKETS];
    for (uint32_t i = 0; i < PACKETS; i++)
        pkts[i] = i % 3 == 0 ? in_segments(heap, 100, i, 4) : test_pkt(heap, 100, i);
    memcpy(copy, pkts, sizeof pkts);
    assert_int_equal(vtr_port_tx(a, 0, pkts, PACKETS), DESCS);
    assert_memory_equal(pkts + DESCS, copy + DESCS, (PACKETS - DESCS) * sizeof pkts[0]);
    assert_int_equal(vtr_port_tx(a, 0, pkts + DESCS, PACKETS - DESCS), 0);
    assert_memory_equal(pkts + DESCS, copy + DESCS, (PACKETS - DESCS) * sizeof pkts[0]);
    struct vtr_port_stat stat = test_stat(a);
    assert_int_equal(stat.tx_pkts, DESCS);
    assert_int_equal(stat.tx_full, 2 * (PACKETS - DESCS));
    assert_int_equal(stat.drops, 0);
    assert_int_equal(vtr_port_rx(b, 0, got, PACKETS), DESCS);
    assert_int_equal(vtr_port_tx(a, 0, pkts + DESCS, PACKETS - DESCS), PACKETS - DESCS);
    assert_int_equal(vtr_port_rx(b, 0, got + DESCS, PACKETS), PACKETS - DESCS);
    for (uint32_t i = 0; i < PACKETS; i++)
        assert_true(test_pkt_is(got[i], 100, i));
    test_unref(got, PACKETS);
    assert_int_equal(test_live(heap), 0);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    test_heap_end(heap);
}

/* An unsendable packet behind a full queue is still the caller's, and not yet counted. */
static void nothing_behind_a_full_queue_is_dropped(void **state)
{
    enum { DESCS = 64 };
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port_opts opts = test_opts();
    opts.rx_descs = opts.tx_descs = DESCS;
    struct vtr_port *a = test_port(heap, "ring:x", &opts), *b = test_port(heap, "ring:x", &opts);
    struct vtr_pkt pkts[DESCS + 2] = { { .flags = 0 } };
    for (uint32_t i = 0; i < DESCS + 1; i++)
        pkts[i] = test_pkt(heap, 100, i);
    assert_int_equal(vtr_port_tx(a, 0, pkts, DESCS + 2), DESCS);
    assert_int_equal(test_stat(a).drops, 0);
    struct vtr_pkt got[DESCS];
    assert_int_equal(vtr_port_rx(b, 0, got, DESCS), DESCS);
    test_unref(got, DESCS);
    assert_int_equal(vtr_port_tx(a, 0, pkts + DESCS, 2), 2);
    assert_int_equal(test_stat(a).drop[VTR_DROP_TX_EMPTY], 1);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    assert_int_equal(test_live(heap), 0);
    test_heap_end(heap);
}

/* Packets of many segments use up the headers before the ring is full. */
static void a_lack_of_headers_is_a_full_queue(void **state)
{
    enum { DESCS = 512, SEGS = 60 };
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port_opts opts = test_opts();
    opts.rx_descs = opts.tx_descs = DESCS;
    struct vtr_port *a = test_port(heap, "ring:x", &opts), *b = test_port(heap, "ring:x", &opts);
    struct vtr_pkt pkts[DESCS], got[DESCS];
    for (uint32_t i = 0; i < DESCS; i++)
        pkts[i] = in_segments(heap, 600, i, SEGS);
    unsigned sent = vtr_port_tx(a, 0, pkts, DESCS);
    assert_in_range(sent, 1, DESCS - 1);
    assert_int_equal(vtr_port_tx(a, 0, pkts + sent, 1), 0);
    assert_int_equal(test_stat(a).drops, 0);
    for (unsigned n, done = 0; done < DESCS; done += n) {
        n = vtr_port_rx(b, 0, got, DESCS);
        assert_true(n != 0);
        for (unsigned i = 0; i < n; i++)
            assert_true(test_pkt_is(got[i], 600, done + i));
        test_unref(got, n);
        sent += vtr_port_tx(a, 0, pkts + sent, DESCS - sent);
    }
    assert_int_equal(sent, DESCS);
    assert_int_equal(test_live(heap), 0);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    test_heap_end(heap);
}

static void a_third_end_is_refused(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port_opts opts = test_opts();
    struct vtr_error err = { 0 };
    struct vtr_port *a = test_port(heap, "ring:x", NULL), *b, *c = NULL;
    opts.queues = 2;
    assert_int_equal(vtr_port_open(heap, "ring:x", &opts, &c, &err), -EINVAL);
    assert_string_equal(err.what, "port 'ring:x': the other end has 1 queues, this one 2");
    b = test_port(heap, "ring:x", NULL);
    assert_int_equal(vtr_port_open(heap, "ring:x", NULL, &c, &err), -EBUSY);
    assert_int_equal(err.code, -EBUSY);
    assert_string_equal(err.what, "port 'ring:x': both ends are open");
    assert_string_equal(err.hint, "give the ring another name");
    assert_null(c);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    a = test_port(heap, "ring:x", &opts); /* free again, and with other queues */
    assert_int_equal(vtr_port_close(a), 0);
    test_heap_end(heap);
}

static void the_link_is_up_while_both_ends_are_open(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port_info info;
    struct vtr_port *a = test_port(heap, "ring:x", NULL);
    vtr_port_info(a, &info);
    assert_false(info.link_up);
    struct vtr_port *b = test_port(heap, "ring:x", NULL);
    vtr_port_info(a, &info);
    assert_true(info.link_up);
    assert_int_equal(vtr_port_close(b), 0);
    vtr_port_info(a, &info);
    assert_false(info.link_up);
    assert_int_equal(vtr_port_close(a), 0);
    test_heap_end(heap);
}

static void closing_drops_what_is_under_way(void **state)
{
    enum { PACKETS = 100 };
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_pkt pkts[PACKETS];
    for (int order = 0; order < 2; order++) {
        struct vtr_port *ends[2] = { test_port(heap, "ring:x", NULL),
                                     test_port(heap, "ring:x", NULL) };
        for (int side = 0; side < 2; side++) {
            for (uint32_t i = 0; i < PACKETS; i++)
                pkts[i] = i % 2 ? in_segments(heap, 100, i, 3) : test_pkt(heap, 100, i);
            test_send(ends[side], 0, pkts, PACKETS);
        }
        assert_int_equal(test_live(heap), 2 * (PACKETS / 2 + 3 * PACKETS / 2));
        assert_int_equal(vtr_port_close(ends[order]), 0);
        assert_int_equal(test_live(heap), PACKETS / 2 + 3 * PACKETS / 2); /* for the other end */
        assert_int_equal(vtr_port_close(ends[!order]), 0);
        assert_int_equal(test_live(heap), 0);
    }
    test_heap_end(heap);
}

/* The sender is gone, its packets are not: neither bytes nor headers. */
static void packets_outlive_the_port_that_sent_them(void **state)
{
    enum { PACKETS = 100 };
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *a = test_port(heap, "ring:x", NULL), *b = test_port(heap, "ring:x", NULL);
    struct vtr_pkt pkts[PACKETS];
    for (uint32_t i = 0; i < PACKETS; i++)
        pkts[i] = test_pkt(heap, 100, i);
    test_send(a, 0, pkts, PACKETS);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_rx(b, 0, pkts, PACKETS), PACKETS);
    for (uint32_t i = 0; i < PACKETS; i++)
        assert_true(test_pkt_is(pkts[i], 100, i));
    test_unref(pkts, PACKETS);
    assert_int_equal(vtr_port_close(b), 0);
    test_heap_end(heap);
}

static void an_end_that_closed_can_be_opened_again(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *a = test_port(heap, "ring:x", NULL), *b = test_port(heap, "ring:x", NULL);
    for (uint32_t i = 0; i < 20; i++) {
        struct vtr_port **again = i % 2 ? &a : &b;
        assert_int_equal(vtr_port_close(*again), 0);
        *again = test_port(heap, "ring:x", NULL);
        struct vtr_pkt pkt = test_pkt(heap, 100, i), got = { .flags = 0 };
        test_send(a, 0, &pkt, 1);
        assert_int_equal(test_receive(b, 0, &got, 1), 1);
        assert_true(test_pkt_is(got, 100, i));
        test_send(b, 0, &got, 1);
        assert_int_equal(test_receive(a, 0, &got, 1), 1);
        vtr_pkt_unref(&got);
    }
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    test_heap_end(heap);
}

/* A thread that sends numbered packets on its queue and takes the other side's. */
struct lane {
    pthread_t thread;
    struct vtr_heap *heap;
    struct vtr_port *tx, *rx;
    unsigned queue;
    uint32_t packets, sent, got, bad;
};

static void lane_send(struct lane *l)
{
    struct vtr_pkt pkts[16];
    unsigned n = l->packets - l->sent < 16 ? l->packets - l->sent : 16;
    uint8_t bytes[100];
    for (unsigned i = 0; i < n; i++) {
        memset(&pkts[i], 0, sizeof pkts[i]);
        test_fill(bytes, sizeof bytes, l->sent + i);
        if (vtr_data_copy(l->heap, bytes, sizeof bytes, &pkts[i].data) != 0)
            l->bad++;
    }
    l->sent += vtr_port_tx(l->tx, l->queue, pkts, n);
    test_unref(pkts, n); /* those that were sent are empty */
}

static void lane_receive(struct lane *l)
{
    struct vtr_pkt pkts[16];
    unsigned n = vtr_port_rx(l->rx, l->queue, pkts, 16);
    for (unsigned i = 0; i < n; i++) {
        if (!test_pkt_is(pkts[i], 100, l->got + i) || pkts[i].queue != l->queue)
            l->bad++;
        vtr_pkt_unref(&pkts[i]);
    }
    l->got += n;
    if (n == 0)
        sched_yield();
}

static void *lane_run(void *arg)
{
    struct lane *l = (struct lane *)arg;
    struct timespec began;
    clock_gettime(CLOCK_MONOTONIC, &began);
    while ((l->sent < l->packets || l->got < l->packets) && !test_late(&began)) {
        if (l->sent < l->packets)
            lane_send(l);
        lane_receive(l);
    }
    return NULL;
}

static void queues_carry_on_by_themselves(void **state)
{
    enum { LANES = 4, QUEUES = 2 };
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port_opts opts = test_opts();
    opts.queues = QUEUES;
    struct vtr_port *ends[2] = { test_port(heap, "ring:x", &opts),
                                 test_port(heap, "ring:x", &opts) };
    struct lane lanes[LANES]; /* both ends of both queues */
    for (unsigned i = 0; i < LANES; i++) {
        struct lane l = {
            .heap = heap, .tx = ends[i % 2], .rx = ends[i % 2], .queue = i / 2, .packets = 20000
        };
        lanes[i] = l;
        assert_int_equal(pthread_create(&lanes[i].thread, NULL, lane_run, &lanes[i]), 0);
    }
    for (unsigned i = 0; i < LANES; i++) {
        pthread_join(lanes[i].thread, NULL);
        assert_int_equal(lanes[i].bad, 0);
        assert_int_equal(lanes[i].sent, lanes[i].packets);
        assert_int_equal(lanes[i].got, lanes[i].packets);
    }
    assert_int_equal(test_live(heap), 0);
    assert_int_equal(vtr_port_close(ends[0]), 0);
    assert_int_equal(vtr_port_close(ends[1]), 0);
    test_heap_end(heap);
}

static void rings_of_many_names_leave_nothing(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    for (int round = 0; round < 40; round++) {
        struct vtr_port *ends[16];
        for (int i = 0; i < 16; i++) {
            char spec[32];
            snprintf(spec, sizeof spec, "ring:%d", i / 2);
            ends[i] = test_port(heap, spec, NULL);
        }
        for (int i = 0; i < 16; i++)
            assert_int_equal(vtr_port_close(ends[i]), 0);
    }
    test_heap_end(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_cross_both_ways_in_order),
        cmocka_unit_test(no_byte_is_copied),
        cmocka_unit_test(segments_arrive_as_segments),
        cmocka_unit_test(shared_lists_and_parts_of_lists_are_sent),
        cmocka_unit_test(a_segment_beyond_64k_takes_several_mbufs),
        cmocka_unit_test(a_full_queue_keeps_the_tail),
        cmocka_unit_test(nothing_behind_a_full_queue_is_dropped),
        cmocka_unit_test(a_lack_of_headers_is_a_full_queue),
        cmocka_unit_test(a_third_end_is_refused),
        cmocka_unit_test(the_link_is_up_while_both_ends_are_open),
        cmocka_unit_test(closing_drops_what_is_under_way),
        cmocka_unit_test(packets_outlive_the_port_that_sent_them),
        cmocka_unit_test(an_end_that_closed_can_be_opened_again),
        cmocka_unit_test(queues_carry_on_by_themselves),
        cmocka_unit_test(rings_of_many_names_leave_nothing),
    };
    return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
