/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: what holds on any device, shown on net_null, which makes frames and swallows them.
 */
#include "ports.h"

static void a_null_port_says_what_it_is(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:0", NULL);
    struct vtr_port_info info;
    vtr_port_info(port, &info);
    assert_string_equal(info.driver, "net_null");
    assert_int_equal(info.queues, 1);
    assert_true(info.link_up);
    assert_false(info.tx_copies);
    assert_int_equal(info.frame_bytes, UINT32_MAX);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

static void frames_arrive_from_the_first_poll_on_and_are_all_counted(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:0,size=100", NULL);
    struct vtr_pkt pkts[200] = { { .flags = 0 } };
    assert_int_equal(vtr_port_rx(port, 0, pkts, 200), 200);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(pkts[i].data.len, 100);
        assert_int_equal(pkts[i].data.off, 128); /* the default headroom */
        assert_int_equal(pkts[i].flags, 0);
        assert_int_equal(pkts[i].queue, 0);
    }
    assert_int_equal(vtr_port_tx(port, 0, pkts, 200), 200);
    struct vtr_port_stat stat = test_stat(port);
    assert_int_equal(stat.rx_pkts, 200);
    assert_int_equal(stat.rx_bytes, 20000);
    assert_int_equal(stat.tx_pkts, 200);
    assert_int_equal(stat.tx_bytes, 20000);
    assert_int_equal(stat.drops, 0);
    assert_true(test_live(heap) <= 64); /* net_null frees what it sends at once */
    assert_int_equal(vtr_port_close(port), 0);
    assert_int_equal(test_live(heap), 0);
    test_heap_end(heap);
}

static void what_is_sent_is_consumed_and_cleared(void **state)
{
    static const struct vtr_pkt none;
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:0", NULL);
    struct vtr_pkt pkt = test_pkt(heap, 60, 1);
    pkt.queue = 7;
    assert_int_equal(vtr_port_tx(port, 0, &pkt, 1), 1);
    assert_memory_equal(&pkt, &none, sizeof pkt);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

static void sending_ends_one_of_several_references(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:0", NULL);
    struct vtr_pkt kept = test_pkt(heap, 60, 1), sent = kept;
    sent.data = vtr_data_ref(kept.data);
    assert_int_equal(vtr_port_tx(port, 0, &sent, 1), 1);
    assert_true(test_pkt_is(kept, 60, 1));
    vtr_pkt_unref(&kept);
    assert_int_equal(test_live(heap), 0);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

static void what_a_port_received_is_named_after_it(void **state)
{
#ifdef VTR_DEBUG
    const char *want = "(1 from port null:0,size=100)";
#else
    const char *want = " bytes) still referenced";
#endif
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:0,size=100", NULL);
    struct vtr_error err = { 0 };
    struct vtr_pkt pkt;
    assert_int_equal(vtr_port_rx(port, 0, &pkt, 1), 1);
    assert_int_equal(vtr_port_close(port), 0);
    assert_int_equal(vtr_heap_close(heap, &err), -EBUSY);
    assert_non_null(strstr(err.what, want));
    vtr_pkt_unref(&pkt);
    test_heap_end(heap);
}

static void send_what_was_released(void)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:0", NULL);
    struct vtr_pkt pkt = test_pkt(heap, 60, 1), stale = pkt;
    vtr_pkt_unref(&pkt);
    if (vtr_port_tx(port, 0, &stale, 1) != 0)
        _exit(1);
}

static void sending_what_was_released_is_named(void **state)
{
    char said[2048];
    assert_int_equal(test_death(send_what_was_released, said, sizeof said), SIGABRT);
    assert_non_null(strstr(said, "vitrine: vtr_port_tx: the buffer was released before: heap"));
    assert_non_null(strstr(said, "  try: "));
}

static void headroom_lies_before_every_frame(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port_opts opts = test_opts();
    opts.headroom = 300;
    struct vtr_port *port = test_port(heap, "null:0", &opts);
    struct vtr_pkt pkt;
    struct vtr_buf buf = { 0 };
    assert_int_equal(vtr_port_rx(port, 0, &pkt, 1), 1);
    assert_true(vtr_data_try_own(&pkt.data, &buf));
    assert_int_equal(vtr_buf_headroom(&buf), 300);
    assert_int_equal(vtr_buf_len(&buf), 64);
    vtr_buf_fini(&buf);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

static void an_empty_packet_is_dropped_with_its_reason(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:0", NULL);
    struct vtr_pkt pkts[3] = { test_pkt(heap, 60, 0), { .flags = 0 }, test_pkt(heap, 60, 2) };
    assert_int_equal(vtr_port_tx(port, 0, pkts, 3), 3);
    struct vtr_pkt stripped = test_pkt(heap, 60, 0); /* no bytes, but a block */
    assert_true(vtr_data_strip(&stripped.data, 60));
    assert_int_equal(vtr_port_tx(port, 0, &stripped, 1), 1);
    struct vtr_port_stat stat = test_stat(port);
    assert_int_equal(stat.tx_pkts, 2);
    assert_int_equal(stat.drop[VTR_DROP_TX_EMPTY], 2);
    assert_int_equal(stat.drops, 2);
    assert_int_equal(test_live(heap), 0);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

/* One byte, n times. */
static struct vtr_pkt many_segments(struct vtr_heap *heap, unsigned n)
{
    struct vtr_pkt pkt = test_pkt(heap, 1, 9);
    struct vtr_data *parts = (struct vtr_data *)malloc(n * sizeof *parts);
    for (unsigned i = 0; i < n; i++)
        parts[i] = pkt.data;
    struct vtr_data all;
    assert_int_equal(vtr_data_join(parts, n, &all), 0);
    free(parts);
    vtr_pkt_unref(&pkt);
    pkt.data = all;
    return pkt;
}

static void a_packet_of_too_many_segments_is_copied_into_one_block(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port_opts opts = test_opts();
    struct vtr_port_info info;
    opts.tx_descs = 64;
    struct vtr_port *port = test_port(heap, "null:0", &opts);
    vtr_port_info(port, &info);
    struct vtr_pkt pkts[3] = { many_segments(heap, info.segments),
                               many_segments(heap, info.segments + 1), test_pkt(heap, 60, 2) };
    assert_int_equal(vtr_port_tx(port, 0, pkts, 3), 3);
    struct vtr_port_stat stat = test_stat(port);
    assert_int_equal(stat.tx_pkts, 3);
    assert_int_equal(stat.tx_bytes, info.segments + info.segments + 1 + 60);
    assert_int_equal(stat.tx_copies, 1);
    assert_int_equal(stat.drops, 0);
    assert_int_equal(test_live(heap), 0);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

static void a_heap_at_its_limit_costs_frames_and_then_no_more(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port_opts opts = test_opts();
    opts.frame_bytes = 60000;
    struct vtr_port *port = test_port(heap, "null:0", &opts);
    enum { MANY = 4096 };
    struct vtr_pkt *pkts = (struct vtr_pkt *)calloc(MANY, sizeof *pkts);
    unsigned got = 0, none = 0;
    while (none < 3) { /* 3 polls that bring nothing */
        assert_true(got + 64 <= MANY);
        unsigned some = vtr_port_rx(port, 0, pkts + got, 64);
        none = some == 0 ? none + 1 : 0;
        got += some;
    }
    struct vtr_port_stat stat = test_stat(port);
    assert_int_equal(stat.rx_pkts, got);
    assert_true(stat.drop[VTR_DROP_RX_NO_BLOCK] >= 3 * 64);
    assert_int_equal(stat.drops, stat.drop[VTR_DROP_RX_NO_BLOCK]);
    test_unref(pkts, got);
    assert_int_equal(vtr_port_rx(port, 0, pkts, 64), 64);
    test_unref(pkts, 64);
    assert_int_equal(test_stat(port).drops, stat.drops);
    free(pkts);
    assert_int_equal(vtr_port_close(port), 0);
    assert_int_equal(test_live(heap), 0);
    test_heap_end(heap);
}

static void received_packets_outlive_their_port(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:0,copy=1", NULL);
    static const uint8_t zeros[64];
    struct vtr_pkt pkt;
    assert_int_equal(vtr_port_rx(port, 0, &pkt, 1), 1);
    assert_int_equal(vtr_port_close(port), 0);
    assert_data(pkt.data, zeros, 64);
    vtr_pkt_unref(&pkt);
    test_heap_end(heap);
}

static void a_vdev_string_opens_that_device(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_error err = { 0 };
    struct vtr_port *port = test_port(heap, "net_null3,size=80", NULL), *again = NULL;
    struct vtr_pkt pkt;
    assert_int_equal(vtr_port_open(heap, "net_null3", NULL, &again, &err), -EBUSY);
    assert_string_equal(err.what, "port 'net_null3': a device net_null3 is open");
    assert_null(again);
    assert_int_equal(vtr_port_rx(port, 0, &pkt, 1), 1);
    assert_int_equal(pkt.data.len, 80);
    vtr_pkt_unref(&pkt);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

static void a_raw_ring_forgets_no_block(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "net_ring5", NULL); /* a loop of itself */
    struct vtr_pkt pkts[3] = { test_pkt(heap, 60, 0), test_pkt(heap, 60, 1),
                               test_pkt(heap, 60, 2) };
    assert_int_equal(vtr_port_tx(port, 0, pkts, 3), 3);
    assert_int_equal(vtr_port_rx(port, 0, pkts, 1), 1);
    assert_true(test_pkt_is(pkts[0], 60, 0));
    vtr_pkt_unref(&pkts[0]);
    assert_int_equal(test_live(heap), 2);
    assert_int_equal(vtr_port_close(port), 0);
    assert_int_equal(test_live(heap), 0);
    test_heap_end(heap);
}

static void every_drop_has_a_name_and_no_other_does(void **state)
{
    for (int i = 0; i < VTR_DROP_REASONS; i++)
        assert_non_null(vtr_drop_name((enum vtr_drop)i));
    assert_string_equal(vtr_drop_name(VTR_DROP_RX_NO_BLOCK), "rx_no_block");
    assert_string_equal(vtr_drop_name(VTR_DROP_TX_ERROR), "tx_error");
    assert_null(vtr_drop_name(VTR_DROP_REASONS));
    assert_null(vtr_drop_name((enum vtr_drop) - 1));
}

static void closing_nothing_is_allowed(void **state) { assert_int_equal(vtr_port_close(NULL), 0); }

/* Whatever a header says of itself must be so before anything is done by it. */
static void headers_that_lie_are_dropped_with_their_reason(void **state)
{
    static const struct {
        size_t at;
        uint8_t is;
    } lies[] = { { 14, 0x46 }, { 14, 0x55 }, { 16, 0xff }, { 17, 19 }, { 46, 0x40 }, { 46, 0xf0 } };
    enum { LIES = sizeof lies / sizeof lies[0] };
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:0", NULL);
    for (unsigned i = 0; i <= LIES; i++) {
        uint8_t frame[56] = { [12] = 8, [14] = 0x45, [17] = 42, [46] = 0x50 }; /* no lie */
        frame[i < LIES ? lies[i].at : 0] = i < LIES ? lies[i].is : 2;
        struct vtr_pkt pkt = { .data = test_data(heap, frame, sizeof frame),
                               .flags = VTR_PKT_TX_TCP_SUM, .l2_len = 14, .l3_len = 20 };
        test_send(port, 0, &pkt, 1);
    }
    assert_int_equal(test_stat(port).drop[VTR_DROP_TX_HEADERS], LIES);
    assert_int_equal(test_stat(port).tx_pkts, 1);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sending_what_was_released_is_named), /* forks: DPDK starts in the child */
        cmocka_unit_test(a_null_port_says_what_it_is),
        cmocka_unit_test(frames_arrive_from_the_first_poll_on_and_are_all_counted),
        cmocka_unit_test(what_is_sent_is_consumed_and_cleared),
        cmocka_unit_test(sending_ends_one_of_several_references),
        cmocka_unit_test(what_a_port_received_is_named_after_it),
        cmocka_unit_test(headroom_lies_before_every_frame),
        cmocka_unit_test(an_empty_packet_is_dropped_with_its_reason),
        cmocka_unit_test(a_packet_of_too_many_segments_is_copied_into_one_block),
        cmocka_unit_test(a_heap_at_its_limit_costs_frames_and_then_no_more),
        cmocka_unit_test(received_packets_outlive_their_port),
        cmocka_unit_test(a_vdev_string_opens_that_device),
        cmocka_unit_test(a_raw_ring_forgets_no_block),
        cmocka_unit_test(every_drop_has_a_name_and_no_other_does),
        cmocka_unit_test(closing_nothing_is_allowed),
        cmocka_unit_test(headers_that_lie_are_dropped_with_their_reason),
    };
    return cmocka_run_group_tests_name("null", tests, NULL, NULL);
}
