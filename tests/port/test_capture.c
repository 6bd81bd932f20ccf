/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: what is in a capture, judged by tshark and capinfos, and its bytes in a copy that tshark
 * made in the older format.
 */
#include "captures.h"

static void what_is_received_and_sent_is_there_in_order(void **state)
{
    need("tshark");
    enum { SENT = 200, RECEIVED = 150, LEN = 777 };
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *a = test_port(heap, "ring:x", NULL), *b = test_port(heap, "ring:x", NULL);
    struct vtr_error err;
    send_numbered(heap, a, 0, 0, 5, LEN);
    capture(a, file_named("a"), NULL);
    assert_int_equal(vtr_port_capture(a, file_named("b"), NULL, &err), -EBUSY);
    send_numbered(heap, a, 0, 0, SENT, LEN);
    send_numbered(heap, b, 0, SENT, RECEIVED, LEN);
    drain(a, 0, RECEIVED);
    stop(a);
    stop(a);
    struct vtr_capture_stat s = stat_of(a);
    assert_int_equal(s.packets, SENT + RECEIVED);
    assert_int_equal(s.bytes, (SENT + RECEIVED) * LEN);
    assert_true(s.lost == 0 && s.error == 0 && s.done && s.files == 1);
    send_numbered(heap, b, 0, 0, 5, LEN);

    assert_int_equal(count_of(file_named("a")), SENT + RECEIVED);
    struct answer *answer = ask(FIELDS, file_named("a"));
    struct seen seen;
    for (unsigned i = 0; next_seen(answer, &seen); i++) {
        assert_int_equal(seen.direction, i < SENT ? 2 : 1);
        assert_true(seen.queue == 0 && seen.len == LEN && seen.kept == LEN);
        assert_string_equal(seen.comment, "");
    }
    assert_frames(file_named("a"), 0, SENT + RECEIVED, LEN, LEN);
    answer = ask("tshark -c 1 -T fields -e frame.interface_name -e frame.interface_description -r",
                 file_named("a"));
    assert_string_equal(answer->text, "ring:x\tnet_ring\n");
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    answer = ask("tshark -c 1 -T fields -e frame.time_epoch -r", file_named("a"));
    assert_true(now.tv_sec - strtoll(answer->text, NULL, 10) <= TEST_PATIENCE_S);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    test_heap_end(heap);
}

static void capinfos_finds_the_statistics(void **state)
{
    need("capinfos");
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:", NULL);
    struct vtr_pkt pkt;
    capture(port, file_named("a"), NULL);
    send_numbered(heap, port, 0, 0, 300, 64);
    assert_int_equal(vtr_port_rx(port, 0, &pkt, 1), 1);
    vtr_pkt_unref(&pkt);
    assert_int_equal(vtr_port_close(port), 0); /* ends it too */
    const char *said = ask("capinfos", file_named("a"))->text;
    assert_non_null(strstr(said, "Number of packets:   301"));
    assert_non_null(strstr(said, "Strict time order:   True"));
    assert_non_null(strstr(said, "Number of stat entries = 1"));
    assert_non_null(strstr(said, "Number of packets = 301"));
    assert_non_null(strstr(said, "Name = null:"));
    assert_non_null(strstr(said, "Time precision = nanoseconds (9)"));
    test_heap_end(heap);
}

static void a_part_can_be_had(void **state)
{
    need("tshark");
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *a = test_port(heap, "ring:x", NULL), *b = test_port(heap, "ring:x", NULL);
    struct vtr_capture_opts opts = capture_opts();
    opts.what = VTR_CAPTURE_TX;
    opts.snap_bytes = 33;
    capture(a, file_named("tx"), &opts);
    opts.what = VTR_CAPTURE_RX;
    opts.packets = 20;
    capture(b, file_named("rx"), &opts);
    send_numbered(heap, a, 0, 0, 50, 100);
    send_numbered(heap, b, 0, 0, 50, 100);
    drain(b, 0, 50);
    drain(a, 0, 50);
    struct timespec began;
    clock_gettime(CLOCK_MONOTONIC, &began);
    while (!stat_of(b).done && !test_late(&began))
        sched_yield();
    assert_true(stat_of(b).done && stat_of(b).packets == 20 && stat_of(b).lost == 0);
    stop(a);
    stop(b);
    assert_frames(file_named("tx"), 0, 50, 100, 33);
    assert_frames(file_named("rx"), 0, 20, 100, 33);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    test_heap_end(heap);
}

static void what_is_dropped_says_why(void **state)
{
    need("tshark");
    struct vtr_heap *heap = test_heap(64 << 20);
    char spec[160];
    snprintf(spec, sizeof spec, "memif:%s", file_named("socket"));
    struct vtr_port *memif = test_port(heap, spec, NULL), *ring = test_port(heap, "ring:x", NULL);
    struct vtr_pkt long_one = test_pkt(heap, 5000, 1), empty = { .flags = 0 };
    struct vtr_pkt no_tcp = test_pkt(heap, 400, 2);
    no_tcp.flags = VTR_PKT_TX_TCP_SUM;
    capture(memif, file_named("long"), NULL);
    capture(ring, file_named("headers"), NULL);
    assert_int_equal(vtr_port_tx(memif, 0, &long_one, 1), 1);
    assert_int_equal(vtr_port_tx(ring, 0, &no_tcp, 1), 1);
    assert_int_equal(vtr_port_tx(ring, 0, &empty, 1), 1);
    stop(memif);
    stop(ring);
    struct seen seen;
    struct answer *a = ask(FIELDS, file_named("long"));
    assert_true(next_seen(a, &seen));
    assert_string_equal(seen.comment, "dropped: tx_long");
    assert_true(seen.len == 5000 && seen.kept == 5000 && seen.direction == 2);
    assert_false(next_seen(a, &seen));
    a = ask(FIELDS, file_named("headers"));
    assert_true(next_seen(a, &seen));
    assert_string_equal(seen.comment, "dropped: tx_headers");
    assert_int_equal(seen.len, 400);
    assert_false(next_seen(a, &seen));
    /* what has no bytes is in the statistics alone */
    FILE *file = fopen(file_named("headers"), "r");
    char bytes[1 << 14], said[] = "drops: tx_empty 1, tx_headers 1";
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_non_null(memmem(bytes, n, said, sizeof said - 1));
    assert_int_equal(vtr_port_close(memif), 0);
    assert_int_equal(vtr_port_close(ring), 0);
    test_heap_end(heap);
}

static void both_ends_of_a_memif_see_the_same(void **state)
{
    need("tshark");
    enum { PACKETS = 500, LEN = 1500 };
    struct vtr_heap *heap = test_heap(64 << 20);
    char spec[160], client[200];
    snprintf(spec, sizeof spec, "memif:%s", file_named("socket"));
    snprintf(client, sizeof client, "%s,role=client", spec);
    struct vtr_port *a = test_port(heap, spec, NULL), *b = test_port(heap, client, NULL);
    assert_true(test_link_is(a, true) && test_link_is(b, true));
    capture(a, file_named("a"), NULL);
    capture(b, file_named("b"), NULL);
    for (uint32_t i = 0; i < PACKETS; i += 50) {
        send_numbered(heap, b, 0, i, 50, LEN);
        drain(a, 0, 50);
    }
    stop(a);
    stop(b);
    assert_frames(file_named("a"), 0, PACKETS, LEN, LEN);
    assert_frames(file_named("b"), 0, PACKETS, LEN, LEN);
    assert_int_equal(vtr_port_close(b), 0);
    assert_int_equal(vtr_port_close(a), 0);
    test_heap_end(heap);
}

static void packets_of_a_single_threaded_heap_are_captured_too(void **state)
{
    need("tshark");
    struct vtr_heap *heap = test_heap_with(
        (struct vtr_heap_opts){ .max_bytes = 64 << 20, .flags = VTR_HEAP_SINGLE_THREAD });
    struct vtr_port *a = test_port(heap, "ring:x", NULL), *b = test_port(heap, "ring:x", NULL);
    capture(a, file_named("a"), NULL);
    send_numbered(heap, a, 0, 7, 100, 200);
    drain(b, 0, 100);
    stop(a);
    assert_frames(file_named("a"), 7, 100, 200, 200);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    test_heap_end(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_received_and_sent_is_there_in_order),
        cmocka_unit_test(capinfos_finds_the_statistics),
        cmocka_unit_test(a_part_can_be_had),
        cmocka_unit_test(what_is_dropped_says_why),
        cmocka_unit_test(both_ends_of_a_memif_see_the_same),
        cmocka_unit_test(packets_of_a_single_threaded_heap_are_captured_too),
    };
    return cmocka_run_group_tests(tests, folder_begin, folder_end);
}
