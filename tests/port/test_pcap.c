/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: capture files in and out, and what is said of files that are none.
 */
#include "pcaps.h"

static bool has_ended(struct vtr_port *port)
{
    struct vtr_port_info info;
    vtr_port_info(port, &info);
    return info.rx_ended;
}

static void every_frame_of_a_file_comes_once_and_then_the_end_is_told(void **state)
{
    enum { N = 200 };
    struct vtr_heap *heap = test_heap(64 << 20);
    struct captures c = test_captures();
    size_t lens[N];
    struct vtr_pkt pkts[N + 1];
    unsigned got = 0;
    for (unsigned i = 0; i < N; i++)
        lens[i] = 60 + i * 7;
    test_write_pcap(c.in, 1, lens, N);
    snprintf(c.spec, sizeof c.spec, "pcap:%s", c.in);
    struct vtr_port *port = test_port(heap, c.spec, NULL);
    assert_false(has_ended(port));
    for (unsigned some = 1; some != 0; got += some)
        some = vtr_port_rx(port, 0, pkts + got, N + 1 - got);
    assert_int_equal(got, N);
    assert_true(has_ended(port));
    for (unsigned i = 0; i < N; i++)
        assert_true(test_pkt_is(pkts[i], lens[i], i));
    assert_int_equal(test_stat(port).rx_pkts, N);
    assert_int_equal(test_stat(port).drops, 0);
    assert_int_equal(vtr_port_rx(port, 0, pkts, 0), 0);
    test_unref(pkts, N);
    assert_int_equal(vtr_port_close(port), 0);
    test_captures_end(&c);
    test_heap_end(heap);
}

/* A section of either byte order, an interface, 2 packets: 60 and 61 bytes. */
static size_t pcapng(uint8_t *out, bool swapped)
{
    uint32_t words[] = { 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, ~0u, ~0u, 28, 1, 20, 1, 0, 20 };
    size_t len = 0;
    if (swapped)
        words[3] = 1 << 16, words[9] = 1 << 16; /* 16-bit fields: version, link type */
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        uint32_t word = swapped ? __builtin_bswap32(words[i]) : words[i];
        memcpy(out + len, &word, 4);
        len += 4;
    }
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t padded = 60 + 4 * i, total = 32 + padded;
        const uint32_t head[7] = { 6, total, 0, 0, 0, 60 + i, 60 + i };
        for (int k = 0; k < 7; k++) {
            uint32_t word = swapped ? __builtin_bswap32(head[k]) : head[k];
            memcpy(out + len + 4 * k, &word, 4);
        }
        memset(out + len + 28, 0, padded);
        test_fill(out + len + 28, 60 + i, i);
        uint32_t word = swapped ? __builtin_bswap32(total) : total;
        memcpy(out + len + 28 + padded, &word, 4);
        len += total;
    }
    return len;
}

static void pcapng_is_read_in_both_byte_orders(void **state)
{
    for (int swapped = 0; swapped < 2; swapped++) {
        struct vtr_heap *heap = test_heap(64 << 20);
        struct captures c = test_captures();
        uint8_t file[512];
        struct vtr_pkt pkts[3];
        test_write_file(c.in, file, pcapng(file, swapped != 0));
        snprintf(c.spec, sizeof c.spec, "pcap:%s", c.in);
        struct vtr_port *port = test_port(heap, c.spec, NULL);
        assert_int_equal(vtr_port_rx(port, 0, pkts, 3), 2);
        assert_true(test_pkt_is(pkts[0], 60, 0) && test_pkt_is(pkts[1], 61, 1));
        assert_true(has_ended(port));
        test_unref(pkts, 2);
        assert_int_equal(vtr_port_close(port), 0);
        test_captures_end(&c);
        test_heap_end(heap);
    }
}

static void a_file_that_is_cut_ends_where_it_is_and_counts_one_error(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct captures c = test_captures();
    const size_t lens[2] = { 60, 60 };
    struct vtr_pkt pkts[4];
    test_write_pcap(c.in, 1, lens, 2);
    assert_int_equal(truncate(c.in, 24 + 16 + 60 + 16 + 30), 0);
    snprintf(c.spec, sizeof c.spec, "pcap:%s", c.in);
    struct vtr_port *port = test_port(heap, c.spec, NULL);
    assert_int_equal(vtr_port_rx(port, 0, pkts, 4), 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(vtr_port_rx(port, 0, pkts + 1, 3), 0);
    assert_true(has_ended(port));
    assert_int_equal(test_stat(port).drop[VTR_DROP_RX_ERROR], 1);
    test_unref(pkts, 1);
    assert_int_equal(vtr_port_close(port), 0);
    test_captures_end(&c);
    test_heap_end(heap);
}

static void what_is_sent_is_in_the_file_byte_for_byte(void **state)
{
    static const size_t lens[] = { 14, 60, 1514, 9014, 65407 };
    enum { N = sizeof lens / sizeof lens[0] };
    struct vtr_heap *heap = test_heap(64 << 20);
    struct captures c = test_captures();
    struct vtr_port_opts opts = test_opts();
    struct vtr_pkt pkts[N];
    opts.frame_bytes = 65407;
    snprintf(c.spec, sizeof c.spec, "pcap:,%s", c.out);
    struct vtr_port *port = test_port(heap, c.spec, &opts);
    struct vtr_pkt none;
    assert_int_equal(vtr_port_rx(port, 0, &none, 1), 0);
    for (unsigned i = 0; i < N; i++)
        pkts[i] = test_pkt(heap, lens[i], i);
    test_send(port, 0, pkts, N);
    assert_int_equal(test_stat(port).tx_copies, 0);
    assert_int_equal(vtr_port_close(port), 0);
    struct capture_read r = test_read_pcap(c.out);
    for (unsigned i = 0; i < N; i++) {
        uint8_t *want = (uint8_t *)malloc(lens[i]);
        size_t len = 0;
        const uint8_t *frame = test_next_frame(&r, &len);
        test_fill(want, lens[i], i);
        assert_true(frame != NULL && len == lens[i] && memcmp(frame, want, len) == 0);
        free(want);
    }
    free(r.bytes);
    test_captures_end(&c);
    test_heap_end(heap);
}

static void jumbo_frames_come_whole(void **state)
{
    static const size_t lens[] = { 9014, 60, 65407, 16129 };
    enum { N = sizeof lens / sizeof lens[0] };
    for (unsigned frame_bytes = 1518; frame_bytes <= 65407; frame_bytes += 65407 - 1518) {
        struct vtr_heap *heap = test_heap(64 << 20);
        struct captures c = test_captures();
        struct vtr_port_opts opts = test_opts();
        struct vtr_pkt pkts[N];
        opts.frame_bytes = frame_bytes;
        test_write_pcap(c.in, 1, lens, N);
        snprintf(c.spec, sizeof c.spec, "pcap:%s", c.in);
        struct vtr_port *port = test_port(heap, c.spec, &opts);
        assert_int_equal(vtr_port_rx(port, 0, pkts, N), N);
        for (unsigned i = 0; i < N; i++)
            assert_true(test_pkt_is(pkts[i], lens[i], i));
        test_unref(pkts, N);
        assert_int_equal(vtr_port_close(port), 0);
        test_captures_end(&c);
        test_heap_end(heap);
    }
}

/* The driver cuts a frame of several segments at 16128 bytes. */
static void scattered_frames_are_copied_only_where_the_driver_would_cut_them(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct captures c = test_captures();
    struct vtr_port_opts opts = test_opts();
    struct vtr_pkt pkts[2];
    opts.frame_bytes = 65407;
    snprintf(c.spec, sizeof c.spec, "pcap:,%s", c.out);
    struct vtr_port *port = test_port(heap, c.spec, &opts);
    for (unsigned i = 0; i < 2; i++) {
        struct vtr_pkt a = test_pkt(heap, 8064, i), b = test_pkt(heap, 8064 + i, 7);
        pkts[i] = (struct vtr_pkt){ .flags = 0 };
        assert_int_equal(vtr_data_concat(a.data, b.data, &pkts[i].data), 0);
        vtr_pkt_unref(&a);
        vtr_pkt_unref(&b);
    }
    test_send(port, 0, pkts, 2);
    assert_int_equal(test_stat(port).tx_copies, 1);
    assert_int_equal(vtr_port_close(port), 0);
    struct capture_read r = test_read_pcap(c.out);
    for (unsigned i = 0; i < 2; i++) {
        uint8_t want[16129];
        size_t len = 0;
        const uint8_t *frame = test_next_frame(&r, &len);
        test_fill(want, 8064, i);
        test_fill(want + 8064, 8064 + i, 7);
        assert_true(frame != NULL && len == 16128 + i && memcmp(frame, want, len) == 0);
    }
    free(r.bytes);
    test_captures_end(&c);
    test_heap_end(heap);
}

static void refused(const char *spec, int rc, const char *what)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_error err = { 0 };
    struct vtr_port *port = NULL;
    assert_int_equal(vtr_port_open(heap, spec, NULL, &port, &err), rc);
    assert_non_null(strstr(err.what, what));
    assert_true(err.hint[0] != '\0');
    test_heap_end(heap);
}

static void a_file_that_is_no_capture_is_named_and_nothing_is_written(void **state)
{
    struct captures c = test_captures();
    const size_t len = 60;
    test_write_file(c.in, "not a capture, but longer than the head of one", 46);
    refused(c.spec, -EINVAL, "is no capture: neither pcap nor pcapng");
    test_write_file(c.in, "", 0);
    refused(c.spec, -EINVAL, "is no capture: neither pcap nor pcapng");
    test_write_file(c.in, "\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a", 12);
    refused(c.spec, -EINVAL, "is no capture: neither pcap nor pcapng");
    test_write_file(c.in, "\x0a\x0d\x0d\x0a\x1c\0\0\0\0\0\0\0", 12);
    refused(c.spec, -EINVAL, "is no capture: neither pcap nor pcapng");
    test_write_file(c.in, "\x0a\x0d\x0d\x0a\x08\0\0\0\x4d\x3c\x2b\x1a", 12);
    refused(c.spec, -EINVAL, "is no capture: neither pcap nor pcapng");
    test_write_file(c.in, "\x0a\x0d\x0d\x0a\x0d\0\0\0\x4d\x3c\x2b\x1a", 12);
    refused(c.spec, -EINVAL, "is no capture: neither pcap nor pcapng");
    test_write_file(c.in, "\x0a\x0d\x0d\x0a\x0c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0\x14\0\0\0", 20);
    refused(c.spec, -EINVAL, "is no capture: neither pcap nor pcapng");
    test_write_file(c.in, "\xd4\xc3\xb2\xa1", 4);
    refused(c.spec, -EINVAL, "is no capture: neither pcap nor pcapng");
    test_write_file(c.in, "\x1f\x8b\x08\0", 4);
    refused(c.spec, -EINVAL, "is compressed");
    test_write_pcap(c.in, 113, &len, 1);
    refused(c.spec, -EINVAL, "holds frames of link type 113, not Ethernet");
    assert_int_equal(access(c.out, F_OK), -1);
    test_captures_end(&c);
}

static void a_file_is_not_read_and_emptied_at_once(void **state)
{
    struct captures c = test_captures();
    const size_t len = 60;
    test_write_pcap(c.in, 1, &len, 1);
    assert_int_equal(link(c.in, c.out), 0);
    refused(c.spec, -EINVAL, "it would read the file that it empties");
    struct capture_read r = test_read_pcap(c.in);
    assert_int_equal(r.size, 24 + 16 + 60);
    free(r.bytes);
    test_captures_end(&c);
}

static void a_folder_is_no_file_to_write(void **state)
{
    refused("pcap:,/tmp", -EISDIR, "cannot write /tmp: Is a directory");
}

static void a_capture_file_is_one_queue(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct captures c = test_captures();
    struct vtr_port_opts opts = test_opts();
    struct vtr_error err = { 0 };
    struct vtr_port *port = NULL;
    const size_t len = 60;
    opts.queues = 2;
    test_write_pcap(c.in, 1, &len, 1);
    assert_int_equal(vtr_port_open(heap, c.spec, &opts, &port, &err), -EINVAL);
    assert_non_null(strstr(err.what, "a capture file is one queue"));
    test_captures_end(&c);
    test_heap_end(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_of_a_file_comes_once_and_then_the_end_is_told),
        cmocka_unit_test(pcapng_is_read_in_both_byte_orders),
        cmocka_unit_test(a_file_that_is_cut_ends_where_it_is_and_counts_one_error),
        cmocka_unit_test(what_is_sent_is_in_the_file_byte_for_byte),
        cmocka_unit_test(jumbo_frames_come_whole),
        cmocka_unit_test(scattered_frames_are_copied_only_where_the_driver_would_cut_them),
        cmocka_unit_test(a_file_that_is_no_capture_is_named_and_nothing_is_written),
        cmocka_unit_test(a_file_is_not_read_and_emptied_at_once),
        cmocka_unit_test(a_folder_is_no_file_to_write),
        cmocka_unit_test(a_capture_file_is_one_queue),
    };
    return cmocka_run_group_tests_name("pcap", tests, NULL, NULL);
}
