/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: adopted and static data are sent by reference, like blocks.
 */
#include "ports.h"

static const struct vtr_static greeting = VTR_STATIC_INIT("a frame that is there for ever");

static void count_release(void *arg, const void *bytes, size_t len)
{
    ++*(unsigned *)arg;
}

static struct vtr_pkt adopted(struct vtr_heap *heap, const void *bytes, size_t len,
                              unsigned *released)
{
    struct vtr_pkt pkt = { .flags = 0 };
    assert_int_equal(vtr_data_adopt(heap, bytes, len, count_release, released, &pkt.data), 0);
    return pkt;
}

static void adopted_bytes_cross_a_ring_in_place(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *a = test_port(heap, "ring:x", NULL), *b = test_port(heap, "ring:x", NULL);
    uint8_t bytes[200];
    unsigned released = 0;
    test_fill(bytes, sizeof bytes, 1);
    struct vtr_pkt pkt = adopted(heap, bytes, sizeof bytes, &released), got;
    assert_true(vtr_data_strip(&pkt.data, 10));
    assert_int_equal(vtr_port_tx(a, 0, &pkt, 1), 1);
    assert_int_equal(released, 0);
    assert_int_equal(vtr_port_rx(b, 0, &got, 1), 1);
    assert_int_equal(got.data.len, 190);
    assert_ptr_equal(vtr_data_span(got.data).ptr, bytes + 10);
    assert_int_equal(vtr_port_tx(b, 0, &got, 1), 1); /* and back */
    assert_int_equal(vtr_port_rx(a, 0, &got, 1), 1);
    assert_memory_equal(vtr_data_span(got.data).ptr, bytes + 10, 190);
    vtr_pkt_unref(&got);
    assert_int_equal(released, 1);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    test_heap_end(heap);
}

static void a_header_before_static_and_adopted_bytes_is_one_packet(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *a = test_port(heap, "ring:x", NULL), *b = test_port(heap, "ring:x", NULL);
    unsigned released = 0;
    struct vtr_pkt pkt = adopted(heap, "adopted", 7, &released), got;
    struct vtr_data parts[2] = { vtr_data_static(&greeting), vtr_move(&pkt.data) }, body;
    assert_int_equal(vtr_data_join_take(parts, 2, &body), 0);
    assert_int_equal(vtr_data_prepend(heap, "header: ", 8, body, &pkt.data), 0);
    assert_int_equal(vtr_port_tx(a, 0, &pkt, 1), 1);
    vtr_data_unref(&body);
    assert_int_equal(vtr_port_rx(b, 0, &got, 1), 1);
    assert_data(got.data, "header: a frame that is there for everadopted", 45);
    assert_int_equal(vtr_data_to_iovec(got.data, NULL, 0), 3);
    vtr_pkt_unref(&got);
    assert_int_equal(released, 1);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    test_heap_end(heap);
}

static void a_driver_that_swallows_them_gives_them_back(void **state)
{
    enum { PKTS = 50 };
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:0", NULL);
    static uint8_t large[200000]; /* several mbufs */
    unsigned released = 0;
    struct vtr_pkt pkts[2 * PKTS];
    for (unsigned i = 0; i < PKTS; i++) {
        pkts[2 * i] = adopted(heap, large, i % 2 != 0 ? sizeof large : 60, &released);
        pkts[2 * i + 1] = (struct vtr_pkt){ .data = vtr_data_static(&greeting) };
    }
    assert_int_equal(vtr_port_tx(port, 0, pkts, 2 * PKTS), 2 * PKTS);
    assert_int_equal(released, PKTS);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

/* It would wait for ever if the lock of opening and closing ports were held. */
static void open_a_port(void *arg, const void *bytes, size_t len)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:1", NULL);
    vtr_port_close(port);
    test_heap_end(heap);
    ++*(unsigned *)arg;
}

static void closing_a_port_gives_back_under_no_lock(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *a = test_port(heap, "ring:x", NULL), *b = test_port(heap, "ring:x", NULL);
    struct vtr_pkt pkts[3] = { { .flags = 0 } };
    unsigned released = 0;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(
            vtr_data_adopt(heap, "frame", 5, open_a_port, &released, &pkts[i].data), 0);
    assert_int_equal(vtr_port_tx(a, 0, pkts, 3), 3);
    assert_int_equal(vtr_port_close(b), 0); /* they are in its ring */
    assert_int_equal(released, 3);
    assert_int_equal(vtr_port_close(a), 0);
    test_heap_end(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adopted_bytes_cross_a_ring_in_place),
        cmocka_unit_test(a_header_before_static_and_adopted_bytes_is_one_packet),
        cmocka_unit_test(a_driver_that_swallows_them_gives_them_back),
        cmocka_unit_test(closing_a_port_gives_back_under_no_lock),
    };
    return cmocka_run_group_tests_name("foreign", tests, NULL, NULL);
}
