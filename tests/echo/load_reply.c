/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Requests, replies and the window: what counts as right, and that nothing else does.
 */
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "peer.h"
#include "reply.h"
#include "window.h"

static uint8_t bytes[WORKLOAD_DATAGRAM_BYTES + 64];

/* The right reply datagram, in @p pieces pieces. */
static struct reply right(const struct workload *w, uint32_t id, uint32_t seq, uint32_t pieces)
{
    size_t len;
    const uint8_t *want = workload_expected(w, id, seq, &len);
    assert_true(len < sizeof bytes);
    memcpy(bytes, want, len);
    struct reply r = { .len = (uint32_t)(WORKLOAD_FRAME_BYTES + len), .pieces = pieces };
    r.frame = workload_frame(id, seq, w->parts);
    for (uint32_t i = 0; i < pieces; i++)
        r.piece[i] =
            vtr_span_of(bytes + len * i / pieces, len * (i + 1) / pieces - len * i / pieces);
    return r;
}

static void assert_fault(const struct reply *r, const struct workload *w, const char *what,
                         size_t off)
{
    size_t at = 12345;
    const char *fault = reply_fault(r, w, &at);
    assert_non_null(fault);
    assert_string_equal(fault, what);
    assert_int_equal(at, off);
}

static void a_request_asks_in_memcached_s_words(void **state)
{
    struct workload w;
    uint8_t datagram[WORKLOAD_DATAGRAM_BYTES];
    const char want[] = "\0\0\0\0\0\1\0\0get v0001024-00000000000\r\n";
    assert_int_equal(workload_init(1024, 10, false, &w), 0);
    assert_int_equal(workload_request(&w, 0, 0, datagram), sizeof want - 1);
    assert_memory_equal(datagram, want, sizeof want - 1);
    workload_fini(&w);
}

static void ids_ask_for_every_key_once(void **state)
{
    for (uint32_t keys = 1; keys < 300; keys += 7) {
        struct workload w;
        bool asked[300] = { false };
        assert_int_equal(workload_init(1, keys, false, &w), 0);
        for (uint32_t id = 0; id < keys; id++) {
            uint8_t datagram[WORKLOAD_DATAGRAM_BYTES + 1];
            datagram[workload_request(&w, id, 0, datagram)] = '\0';
            unsigned long index = strtoul((char *)datagram + 8 + 4 + 9, NULL, 10);
            assert_true(index < keys && !asked[index]);
            asked[index] = true;
        }
        workload_fini(&w);
    }
}

static void an_expected_reply_is_a_whole_memcached_reply(void **state)
{
    struct workload w;
    assert_int_equal(workload_init(65536, 2, false, &w), 0);
    assert_int_equal(w.parts, 48);
    const char *text = (const char *)w.expected;
    const char line[] = "VALUE v0065536-00000000000 0 65536\r\n", end[] = "\r\nEND\r\n";
    assert_memory_equal(text, line, sizeof line - 1);
    assert_memory_equal(text + w.message - (sizeof end - 1), end, sizeof end - 1);
    assert_int_equal(w.message, sizeof line - 1 + 65536 + sizeof end - 1);
    workload_fini(&w);
}

static void sizes_that_do_not_fit_are_refused(void **state)
{
    struct workload w;
    assert_int_equal(workload_init(0, 1, false, &w), -EINVAL);
    assert_int_equal(workload_init(WORKLOAD_SIZE_MAX + 1, 1, false, &w), -EINVAL);
    assert_int_equal(workload_init(64, WORKLOAD_IDS_MAX + 1, false, &w), -EINVAL);
    assert_int_equal(workload_init(64, 0, false, &w), -EINVAL);
}

static void a_right_reply_is_right_in_any_number_of_pieces(void **state)
{
    struct workload w;
    assert_int_equal(workload_init(4096, 5, false, &w), 0);
    for (uint32_t seq = 0; seq < w.parts; seq++)
        for (uint32_t pieces = 1; pieces <= REPLY_PIECES; pieces++) {
            struct reply r = right(&w, 3, seq, pieces);
            size_t off;
            assert_null(reply_fault(&r, &w, &off));
        }
    workload_fini(&w);
}

static void every_wrong_bit_is_found_where_it_is(void **state)
{
    struct workload w;
    assert_int_equal(workload_init(1024, 3, false, &w), 0);
    for (uint32_t pieces = 1; pieces <= 3; pieces++) {
        struct reply r = right(&w, 2, 0, pieces);
        for (size_t at = 0; at < w.message; at++) {
            bytes[at] ^= (uint8_t)(1u << at % 8);
            assert_fault(&r, &w, "wrong byte", WORKLOAD_FRAME_BYTES + at);
            bytes[at] ^= (uint8_t)(1u << at % 8);
        }
    }
    workload_fini(&w);
}

static void another_key_s_value_is_wrong(void **state)
{
    struct workload w;
    assert_int_equal(workload_init(64, 100, false, &w), 0);
    struct reply r = right(&w, 7, 0, 1);
    r.frame.id = vtr_be16_make(8);
    size_t off;
    assert_non_null(reply_fault(&r, &w, &off));
    workload_fini(&w);
}

static void every_field_of_the_frame_is_compared(void **state)
{
    struct workload w;
    assert_int_equal(workload_init(4096, 5, false, &w), 0);
    struct reply r = right(&w, 1, 0, 1), bad = r;
    bad.frame.id = vtr_be16_make(5);
    assert_fault(&bad, &w, "request id never sent", 0);
    bad = r;
    bad.frame.seq = vtr_be16_make((uint16_t)w.parts);
    assert_fault(&bad, &w, "sequence number beyond the total", 2);
    bad = r;
    bad.frame.total = vtr_be16_make((uint16_t)(w.parts + 1));
    assert_fault(&bad, &w, "wrong total of datagrams", 4);
    bad = r;
    bad.frame.reserved = vtr_be16_make(1);
    assert_fault(&bad, &w, "reserved field not zero", 6);
    bad = (struct reply){ .len = 7 };
    assert_fault(&bad, &w, "datagram shorter than its frame", 7);
    workload_fini(&w);
}

static void a_byte_less_and_a_byte_more_are_wrong(void **state)
{
    struct workload w;
    assert_int_equal(workload_init(64, 5, false, &w), 0);
    struct reply r = right(&w, 1, 0, 1);
    r.len--, r.piece[0].len--;
    assert_fault(&r, &w, "bytes missing", r.len);
    r.len += 2, r.piece[0].len += 2;
    assert_fault(&r, &w, "bytes too many", r.len - 1);
    r.len = WORKLOAD_FRAME_BYTES, r.pieces = 0;
    assert_fault(&r, &w, "bytes missing", WORKLOAD_FRAME_BYTES);
    workload_fini(&w);
}

static void a_reply_is_complete_when_all_datagrams_came_in_any_order(void **state)
{
    struct window w;
    uint64_t sent = 0;
    assert_int_equal(window_init(4, 64, &w), 0);
    uint32_t id = window_take(&w, 1000, 2000);
    for (uint32_t i = 0; i < 63; i++)
        assert_int_equal(window_arrived(&w, id, i * 37 % 64, &sent), WINDOW_MORE);
    assert_int_equal(window_arrived(&w, id, 62 * 37 % 64, &sent), WINDOW_STRAY);
    assert_int_equal(sent, 0);
    assert_int_equal(window_arrived(&w, id, 63 * 37 % 64, &sent), WINDOW_DONE);
    assert_int_equal(sent, 1000);
    assert_int_equal(w.in_flight, 0);
    assert_int_equal(window_arrived(&w, id, 0, &sent), WINDOW_STRAY);
    window_fini(&w);
}

static void an_id_under_way_is_not_taken_again(void **state)
{
    struct window w;
    uint64_t sent;
    assert_int_equal(window_init(3, 1, &w), 0);
    uint32_t a = window_take(&w, 1, 9), b = window_take(&w, 1, 9), c = window_take(&w, 1, 9);
    assert_true(a != b && b != c && a != c);
    assert_int_equal(window_arrived(&w, b, 0, &sent), WINDOW_DONE);
    assert_int_equal(window_take(&w, 2, 9), b);
    assert_int_equal(window_abandon(&w), 3);
    assert_int_equal(w.in_flight, 0);
    window_fini(&w);
}

static void what_is_overdue_is_found_once_a_deadline(void **state)
{
    struct window w;
    uint32_t cursor = 0, id = 77;
    assert_int_equal(window_init(8, 1, &w), 0);
    uint32_t early = window_take(&w, 1, 100);
    (void)window_take(&w, 1, 300);
    assert_false(window_overdue(&w, &cursor, 99, 0, &id));
    cursor = 0;
    assert_true(window_overdue(&w, &cursor, 100, 400, &id));
    assert_int_equal(id, early);
    assert_false(window_overdue(&w, &cursor, 100, 400, &id));
    cursor = 0;
    assert_false(window_overdue(&w, &cursor, 200, 500, &id));
    window_fini(&w);
}

static const char stats[] = "STAT pid 4\r\nSTAT requests 10\r\nSTAT payload_bytes_copied 20\r\n"
                            "STAT polls 30\r\nSTAT polls_empty 3\r\nSTAT slices 5\r\n"
                            "STAT busy_slices 4\r\nSTAT busy_requests 9\r\nSTAT busy_cpu_ns 800\r\n"
                            "STAT cpu_ns 900\r\nSTAT tx_retries 1\r\nSTAT mode hybrid\r\nEND\r\n";

static void counters_are_found_by_their_whole_name(void **state)
{
    struct command_stats s;
    assert_int_equal(command_stats_parse(stats, &s), 0);
    assert_int_equal(s.polls, 30);
    assert_int_equal(s.polls_empty, 3);
    assert_int_equal(s.cpu_ns, 900);
    assert_int_equal(s.busy_cpu_ns, 800);
    assert_int_equal(s.payload_bytes_copied, 20);
}

static void a_missing_or_broken_counter_is_an_error(void **state)
{
    struct command_stats s = { .polls = 1 };
    char text[sizeof stats];
    memcpy(text, stats, sizeof stats);
    strstr(text, "busy_cpu_ns 8")[12] = 'x';
    assert_int_equal(command_stats_parse(text, &s), -EPROTO);
    assert_int_equal(command_stats_parse("STAT requests 1\r\nEND\r\n", &s), -EPROTO);
    assert_int_equal(s.polls, 1);
}

static void a_ready_line_names_the_ports(void **state)
{
    struct peer p = { 0 };
    assert_true(peer_parse_ready("ready memif:/run/x.sock udp 11211 echo 7 pid 12\n", &p));
    assert_int_equal(p.udp_port, 11211);
    assert_int_equal(p.echo_port, 7);
    assert_false(peer_parse_ready("ready kernel udp 70000 echo 7 pid 12\n", &p));
    assert_false(peer_parse_ready("ready kernel udp 1 echo 7\n", &p));
    assert_false(peer_parse_ready("", &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_asks_in_memcached_s_words),
        cmocka_unit_test(ids_ask_for_every_key_once),
        cmocka_unit_test(an_expected_reply_is_a_whole_memcached_reply),
        cmocka_unit_test(sizes_that_do_not_fit_are_refused),
        cmocka_unit_test(a_right_reply_is_right_in_any_number_of_pieces),
        cmocka_unit_test(every_wrong_bit_is_found_where_it_is),
        cmocka_unit_test(another_key_s_value_is_wrong),
        cmocka_unit_test(every_field_of_the_frame_is_compared),
        cmocka_unit_test(a_byte_less_and_a_byte_more_are_wrong),
        cmocka_unit_test(a_reply_is_complete_when_all_datagrams_came_in_any_order),
        cmocka_unit_test(an_id_under_way_is_not_taken_again),
        cmocka_unit_test(what_is_overdue_is_found_once_a_deadline),
        cmocka_unit_test(counters_are_found_by_their_whole_name),
        cmocka_unit_test(a_missing_or_broken_counter_is_an_error),
        cmocka_unit_test(a_ready_line_names_the_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
