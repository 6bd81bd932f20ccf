/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * DNS: names with references, the sections, EDNS0.
 */
#include "samples.h"
#include "wire.h"

static bool name_at(struct vtr_span message, size_t off, struct vtr_dns_name *out)
{
    struct vtr_reader r;
    assert_true(off <= message.len);
    r = vtr_reader_of(vtr_span_of(message.ptr + off, message.len - off));
    return vtr_dns_name_next(message, &r, out);
}

static void assert_name(struct vtr_dns_name name, const char *want)
{
    char text[VTR_DNS_TEXT_MAX];
    struct vtr_writer w = vtr_writer_of(text, sizeof text);
    assert_true(vtr_dns_name_text(name, &w));
    assert_text(vtr_writer_span(&w), want);
}

static void the_names_of_rfc_1035_are_read(void **state)
{
    /* section 4.1.4: F.ISI.ARPA at 20, FOO before it at 40, ARPA at 64, the root at 92 */
    uint8_t bytes[93] = { 0 };
    struct vtr_span message = ALL(bytes);
    struct vtr_dns_name name;
    memcpy(bytes + 20, "\1F\3ISI\4ARPA", 11);
    memcpy(bytes + 40, "\3FOO\xc0\x14", 6);
    memcpy(bytes + 64, "\xc0\x1a", 2);
    assert_true(name_at(message, 20, &name));
    assert_name(name, "F.ISI.ARPA");
    assert_true(name_at(message, 40, &name));
    assert_name(name, "FOO.F.ISI.ARPA");
    assert_true(name_at(message, 64, &name));
    assert_name(name, "ARPA");
    assert_true(name_at(message, 92, &name));
    assert_name(name, ".");
}

static void a_reply_is_walked_record_by_record(void **state)
{
    struct vtr_dns_question question;
    struct vtr_dns_record record;
    struct vtr_dns_name alias;
    struct vtr_dns_walk w = vtr_dns_walk_of(ALL(SAMPLE_DNS));
    assert_true(vtr_dns_question_next(&w, &question));
    assert_name(question.name, "www.example.com");
    assert_int_equal(question.type, VTR_DNS_A);
    assert_false(vtr_dns_question_next(&w, &question));
    assert_true(vtr_dns_record_next(&w, &record));
    assert_int_equal(record.type, VTR_DNS_CNAME);
    assert_int_equal(record.section, VTR_DNS_ANSWER);
    assert_int_equal(record.ttl_s, 3600);
    struct vtr_reader r = vtr_reader_of(record.data);
    assert_true(vtr_dns_name_next(w.message, &r, &alias));
    assert_int_equal(r.rest.len, 0);
    assert_name(alias, "host.example.com");
    assert_true(vtr_dns_record_next(&w, &record));
    assert_int_equal(record.type, VTR_DNS_A);
    assert_int_equal(vtr_dns_name_compare(record.name, alias), 0);
    assert_span(record.data, "\xc0\x00\x02\x01", 4);
    assert_true(vtr_dns_record_next(&w, &record));
    assert_int_equal(record.section, VTR_DNS_ADDITIONAL);
    assert_false(vtr_dns_record_next(&w, &record));
    assert_true(vtr_dns_walk_done(&w) && w.r.rest.len == 0);
}

static void records_may_be_asked_for_first(void **state)
{
    struct vtr_dns_record record;
    struct vtr_dns_walk w = vtr_dns_walk_of(ALL(SAMPLE_DNS));
    assert_true(vtr_dns_record_next(&w, &record));
    assert_int_equal(record.type, VTR_DNS_CNAME);
}

static void edns_is_a_record_of_another_shape(void **state)
{
    struct vtr_dns_record record;
    struct vtr_dns_edns edns = { 0 };
    struct vtr_dns_option option;
    struct vtr_dns_walk w = vtr_dns_walk_of(ALL(SAMPLE_DNS));
    assert_true(vtr_dns_record_next(&w, &record));
    assert_false(vtr_dns_edns_of(&record, &edns));
    while (vtr_dns_record_next(&w, &record))
        ;
    assert_true(vtr_dns_edns_of(&record, &edns));
    assert_int_equal(edns.udp_len, 1232);
    assert_true(edns.dnssec && edns.version == 0 && edns.rcode_high == 0);
    struct vtr_reader r = vtr_reader_of(edns.options);
    assert_true(vtr_dns_option_next(&r, &option));
    assert_int_equal(option.code, 10);
    assert_span(option.data, "\1\2\3\4\5\6\7\10", 8);
    assert_false(vtr_dns_option_next(&r, &option));
    assert_int_equal(r.rest.len, 0);
}

static unsigned walk(struct vtr_dns_walk *w)
{
    struct vtr_dns_record record;
    unsigned n = 0;
    while (vtr_dns_record_next(w, &record))
        n++;
    return n;
}

static void a_message_cut_anywhere_is_walked_as_far_as_it_goes(void **state)
{
    static const size_t ends[] = { 52, 68, sizeof SAMPLE_DNS };
    for (size_t len = 0; len < sizeof SAMPLE_DNS; len++) {
        uint8_t *exact = test_exact_copy(SAMPLE_DNS, len);
        struct vtr_dns_walk w = vtr_dns_walk_of(vtr_span_of(exact, len));
        unsigned want = (len >= ends[0]) + (len >= ends[1]) + (len >= ends[2]);
        assert_int_equal(walk(&w), want);
        assert_int_equal(vtr_dns_walk_done(&w), len < 12);
        free(exact);
    }
}

static void where_a_walk_stops_is_what_is_malformed(void **state)
{
    uint8_t bytes[sizeof SAMPLE_DNS];
    memcpy(bytes, SAMPLE_DNS, sizeof bytes);
    bytes[52 + 1] = 52; /* the third name refers to itself */
    struct vtr_dns_walk w = vtr_dns_walk_of(ALL(bytes));
    assert_int_equal(walk(&w), 1);
    assert_false(vtr_dns_walk_done(&w));
    assert_ptr_equal(w.r.rest.ptr, bytes + 52);
}

static void only_references_backwards_are_followed(void **state)
{
    uint8_t bytes[40] = { 0 };
    struct vtr_dns_name name = { .at = 77 };
    memcpy(bytes + 20, "\1a\xc0\x00", 4);
    for (uint8_t to = 0; to < 40; to++) {
        bytes[23] = to;
        assert_int_equal(name_at(ALL(bytes), 20, &name), to < 20);
    }
    bytes[23] = 0;
    memcpy(bytes + 4, "\1b\xc0\x14", 4); /* there and back again */
    bytes[23] = 4;
    assert_false(name_at(ALL(bytes), 20, &name));
}

static void a_loop_behind_a_label_is_refused(void **state)
{
    static const uint8_t bytes[] = "\1a\xc0\x00";
    struct vtr_dns_name name;
    assert_false(name_at(vtr_span_of(bytes, 4), 0, &name));
}

static void a_name_has_255_bytes_at_most(void **state)
{
    uint8_t bytes[300];
    struct vtr_dns_name name;
    memset(bytes, 1, sizeof bytes); /* labels of one byte, which is 1 */
    for (size_t at = 2; at < sizeof bytes; at += 2) {
        bytes[at] = 0;
        assert_int_equal(name_at(ALL(bytes), 0, &name), at + 1 <= VTR_DNS_NAME_MAX);
        bytes[at] = 1;
    }
}

static void a_name_of_references_has_255_bytes_at_most(void **state)
{
    uint8_t bytes[4096] = { 1, 'x', 0 };
    struct vtr_dns_name name;
    size_t at = 3, before = 0;
    for (unsigned labels = 2; labels < 200; labels++, before = at, at += 4) {
        bytes[at] = 1;
        bytes[at + 1] = 'x';
        bytes[at + 2] = (uint8_t)(0xc0 | before >> 8);
        bytes[at + 3] = (uint8_t)before;
        assert_int_equal(name_at(ALL(bytes), at, &name), labels * 2 + 1 <= VTR_DNS_NAME_MAX);
    }
}

static void references_to_references_are_followed_127_times(void **state)
{
    uint8_t bytes[512] = { 0 };
    struct vtr_dns_name name;
    for (unsigned jumps = 1; jumps < 250; jumps++) {
        size_t at = jumps * 2, to = at - 2;
        bytes[at] = (uint8_t)(0xc0 | to >> 8);
        bytes[at + 1] = (uint8_t)to;
        assert_int_equal(name_at(ALL(bytes), at, &name), jumps <= VTR_DNS_JUMPS);
    }
}

static void labels_of_unknown_kinds_are_refused(void **state)
{
    for (unsigned first = 0; first < 256; first++) {
        uint8_t bytes[300] = { 0 };
        struct vtr_dns_name name;
        bytes[2] = (uint8_t)first;
        bool refers_back = first == 0xc0;
        assert_int_equal(name_at(ALL(bytes), 2, &name), first < 64 || refers_back);
    }
}

static void a_name_ends_inside_its_record(void **state)
{
    struct vtr_span message = ALL(SAMPLE_DNS);
    struct vtr_dns_name name = { .at = 77 };
    for (size_t len = 0; len <= 7; len++) {
        struct vtr_reader r = vtr_reader_of(vtr_span_of(SAMPLE_DNS + SAMPLE_DNS_ALIAS, len));
        assert_int_equal(vtr_dns_name_next(message, &r, &name), len == 7);
        assert_int_equal(r.rest.len, len == 7 ? 0 : len);
        assert_int_equal(name.at, len == 7 ? SAMPLE_DNS_ALIAS : 77);
    }
}

static void a_reader_of_other_bytes_has_no_name(void **state)
{
    static const uint8_t root[3];
    struct vtr_span message = vtr_span_of(root + 1, 1);
    struct vtr_dns_name name;
    for (unsigned i = 0; i < 3; i++) {
        struct vtr_reader r = vtr_reader_of(vtr_span_of(root + i, 1));
        assert_int_equal(vtr_dns_name_next(message, &r, &name), i == 1);
    }
}

static void bytes_that_do_not_print_are_escaped(void **state)
{
    static const uint8_t bytes[] = { 7, 'a', '.', '\\', 0, ' ', 0xff, '~', 0 };
    struct vtr_dns_name name;
    assert_true(name_at(ALL(bytes), 0, &name));
    assert_name(name, "a\\.\\\\\\000\\032\\255~");
    for (size_t room = 0; room < 18; room++) {
        char text[18];
        struct vtr_writer w = vtr_writer_of(text, room);
        assert_false(vtr_dns_name_text(name, &w));
        assert_int_equal(w.len, 0);
    }
}

static void a_dot_needs_room_too(void **state)
{
    static const uint8_t bytes[] = "\1a\1b";
    struct vtr_dns_name name, root;
    assert_true(name_at(ALL(bytes), 0, &name) && name_at(ALL(bytes), 4, &root));
    for (size_t room = 0; room < 4; room++) {
        char text[4];
        struct vtr_writer w = vtr_writer_of(text, room);
        assert_int_equal(vtr_dns_name_text(name, &w), room >= 3);
        w = vtr_writer_of(text, room);
        assert_int_equal(vtr_dns_name_text(root, &w), room >= 1);
    }
}

static void the_longest_text_fits_exactly(void **state)
{
    uint8_t bytes[VTR_DNS_NAME_MAX];
    char text[VTR_DNS_TEXT_MAX];
    struct vtr_dns_name name;
    memset(bytes, 0xff, sizeof bytes);
    bytes[0] = bytes[64] = bytes[128] = 63;
    bytes[192] = 61;
    bytes[254] = 0;
    assert_true(name_at(ALL(bytes), 0, &name));
    struct vtr_writer w = vtr_writer_of(text, sizeof text);
    assert_true(vtr_dns_name_text(name, &w));
    assert_int_equal(w.len, VTR_DNS_TEXT_MAX);
    w = vtr_writer_of(text, sizeof text - 1);
    assert_false(vtr_dns_name_text(name, &w));
    assert_int_equal(w.len, 0);
}

static int compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
    struct vtr_dns_name left, right;
    assert_true(name_at(vtr_span_of(a, a_len), 0, &left));
    assert_true(name_at(vtr_span_of(b, b_len), 0, &right));
    int order = vtr_dns_name_compare(left, right);
    assert_int_equal(vtr_dns_name_compare(right, left), -order);
    return order;
}
#define COMPARE(a, b) compare(a, sizeof(a), b, sizeof(b))

static void names_are_in_the_order_of_rfc_4034(void **state)
{
    /* section 6.1: example, a.example, yljkjljk.a.example, Z.a.example, zABC.a.EXAMPLE, ... */
    assert_int_equal(COMPARE("\1Z\1a\7example", "\1z\1A\7EXAMPLE"), 0);
    assert_true(COMPARE("\7example", "\1a\7example") < 0);
    assert_true(COMPARE("\1a\7example", "\10yljkjljk\1a\7example") < 0);
    assert_true(COMPARE("\10yljkjljk\1a\7example", "\1Z\1a\7example") < 0);
    assert_true(COMPARE("\1Z\1a\7example", "\4zABC\1a\7EXAMPLE") < 0);
    assert_true(COMPARE("\4zABC\1a\7EXAMPLE", "\1z\7example") < 0);
    assert_true(COMPARE("\1z\7example", "\1\1\1z\7example") < 0);
    assert_true(COMPARE("\1*\1z\7example", "\1\310\1z\7example") < 0);
}

static void names_of_127_labels_are_compared(void **state)
{
    uint8_t a[VTR_DNS_NAME_MAX], b[VTR_DNS_NAME_MAX];
    memset(a, 1, sizeof a);
    a[254] = 0;
    memcpy(b, a, sizeof b);
    b[1] = 2;
    assert_int_equal(compare((char *)a, sizeof a, (char *)a, sizeof a), 0);
    assert_true(compare((char *)a, sizeof a, (char *)b, sizeof b) < 0);
}

static void over_tcp_a_message_has_its_length_in_front(void **state)
{
    static const uint8_t bytes[] = { 0, 3, 1, 2, 3, 4 };
    struct vtr_span rest;
    assert_non_null(vtr_dns_tcp_take(ALL(bytes), &rest));
    assert_span(rest, bytes + 2, 3);
}

static void flags_are_told_apart(void **state)
{
    const struct vtr_dns *dns = (const struct vtr_dns *)SAMPLE_DNS;
    assert_int_equal(vtr_dns_opcode(dns), 0);
    assert_int_equal(vtr_dns_rcode(dns), 0);
    static const uint8_t update[12] = { 0, 0, 0xad, 0x05 };
    assert_int_equal(vtr_dns_opcode((const struct vtr_dns *)update), 5);
    assert_int_equal(vtr_dns_rcode((const struct vtr_dns *)update), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_names_of_rfc_1035_are_read),
        cmocka_unit_test(a_reply_is_walked_record_by_record),
        cmocka_unit_test(records_may_be_asked_for_first),
        cmocka_unit_test(edns_is_a_record_of_another_shape),
        cmocka_unit_test(a_message_cut_anywhere_is_walked_as_far_as_it_goes),
        cmocka_unit_test(where_a_walk_stops_is_what_is_malformed),
        cmocka_unit_test(only_references_backwards_are_followed),
        cmocka_unit_test(a_loop_behind_a_label_is_refused),
        cmocka_unit_test(a_name_has_255_bytes_at_most),
        cmocka_unit_test(a_name_of_references_has_255_bytes_at_most),
        cmocka_unit_test(references_to_references_are_followed_127_times),
        cmocka_unit_test(labels_of_unknown_kinds_are_refused),
        cmocka_unit_test(a_name_ends_inside_its_record),
        cmocka_unit_test(a_reader_of_other_bytes_has_no_name),
        cmocka_unit_test(bytes_that_do_not_print_are_escaped),
        cmocka_unit_test(a_dot_needs_room_too),
        cmocka_unit_test(the_longest_text_fits_exactly),
        cmocka_unit_test(names_are_in_the_order_of_rfc_4034),
        cmocka_unit_test(names_of_127_labels_are_compared),
        cmocka_unit_test(over_tcp_a_message_has_its_length_in_front),
        cmocka_unit_test(flags_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
