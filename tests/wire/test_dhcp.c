/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * DHCP: the header, and options in one, two and three fields.
 */
#include "samples.h"
#include "wire.h"

enum { FIXED = sizeof(struct vtr_dhcp) };

struct packet {
    struct vtr_dhcp header;
    uint8_t options[64];
};

static struct packet packet_of(const void *options, size_t len)
{
    struct packet p = { .header.op = VTR_DHCP_REPLY,
                        .header.magic = vtr_be32_make(VTR_DHCP_MAGIC) };
    memcpy(p.options, options, len);
    return p;
}

/** Walks them all. @return their codes as a string, in octal. */
static const char *codes(const struct packet *p, size_t options, struct vtr_dhcp_walk *w)
{
    static char text[256];
    struct vtr_dhcp_option option;
    struct vtr_span rest;
    char *end = text;
    const struct vtr_dhcp *dhcp = vtr_dhcp_take(vtr_span_of(p, FIXED + options), &rest);
    assert_non_null(dhcp);
    *end = '\0';
    for (*w = vtr_dhcp_walk_of(dhcp, rest); vtr_dhcp_option_next(w, &option);)
        end += sprintf(end, "%u ", option.code);
    return text;
}

static void a_header_has_its_magic(void **state)
{
    struct packet p = packet_of(SAMPLE_DHCP_OPTIONS, sizeof SAMPLE_DHCP_OPTIONS);
    struct vtr_span rest;
    p.header.magic.bytes[3]++;
    assert_null(vtr_dhcp_take(vtr_span_of(&p, sizeof p), &rest));
}

static void options_come_one_by_one_without_padding(void **state)
{
    struct packet p = packet_of(SAMPLE_DHCP_OPTIONS, sizeof SAMPLE_DHCP_OPTIONS);
    struct vtr_dhcp_walk w;
    assert_string_equal(codes(&p, sizeof SAMPLE_DHCP_OPTIONS, &w), "53 1 51 ");
    assert_true(vtr_dhcp_walk_done(&w));
}

static void an_option_has_its_bytes(void **state)
{
    struct vtr_dhcp_option option = { 0, ALIKE_NONE };
    struct packet p = packet_of(SAMPLE_DHCP_OPTIONS, sizeof SAMPLE_DHCP_OPTIONS);
    struct vtr_dhcp_walk w = vtr_dhcp_walk_of(&p.header, ALL(p.options));
    assert_true(vtr_dhcp_option_next(&w, &option));
    assert_int_equal(option.code, VTR_DHCP_TYPE);
    assert_span(option.data, "\2", 1);
    assert_true(vtr_dhcp_option_next(&w, &option));
    assert_span(option.data, "\xff\xff\xff\0", 4);
}

static void options_go_on_in_the_file_and_then_the_name(void **state)
{
    static const char *const want[] = { "52 ", "52 6 ", "52 12 ", "52 6 12 " };
    for (uint8_t overload = 0; overload < 4; overload++) {
        uint8_t options[] = { VTR_DHCP_OVERLOAD, 1, overload, VTR_DHCP_END };
        struct packet p = packet_of(options, sizeof options);
        struct vtr_dhcp_walk w;
        memcpy(p.header.file, "\6\4\1\2\3\4\xff", 7);
        memcpy(p.header.server_name, "\14\2hi\xff", 5);
        assert_string_equal(codes(&p, sizeof options, &w), want[overload]);
        assert_true(vtr_dhcp_walk_done(&w));
    }
}

static void a_walk_is_not_done_before_the_other_fields_are(void **state)
{
    static const uint8_t options[] = { VTR_DHCP_OVERLOAD, 1, 3, VTR_DHCP_END };
    struct packet p = packet_of(options, sizeof options);
    struct vtr_dhcp_walk w = vtr_dhcp_walk_of(&p.header, ALL(options));
    struct vtr_dhcp_option option;
    assert_true(vtr_dhcp_option_next(&w, &option));
    assert_false(vtr_dhcp_walk_done(&w));
    assert_false(vtr_dhcp_option_next(&w, &option));
    assert_true(vtr_dhcp_walk_done(&w));
}

static void an_overload_in_a_field_is_not_followed(void **state)
{
    static const uint8_t options[] = { VTR_DHCP_OVERLOAD, 1, VTR_DHCP_OVERLOAD_FILE };
    struct packet p = packet_of(options, sizeof options);
    struct vtr_dhcp_walk w;
    memcpy(p.header.file, "\64\1\3\xff", 4);
    assert_string_equal(codes(&p, sizeof options, &w), "52 52 ");
    assert_true(vtr_dhcp_walk_done(&w));
}

static void an_option_that_is_cut_short_stays_in_the_reader(void **state)
{
    static const char *const want[] = { "", "53 ", "53 1 " };
    static const uint8_t starts[] = { 0, 5, 11 }, ends[] = { 3, 11, 17 };
    for (size_t len = 0; len < ends[2]; len++) {
        struct packet p = packet_of(SAMPLE_DHCP_OPTIONS, len);
        unsigned n = (unsigned)(len >= ends[0]) + (len >= ends[1]);
        struct vtr_dhcp_walk w;
        assert_string_equal(codes(&p, len, &w), want[n]);
        assert_int_equal(vtr_dhcp_walk_done(&w), len <= starts[n]);
        if (len > starts[n])
            assert_ptr_equal(w.r.rest.ptr, p.options + starts[n]);
    }
}

static void a_malformed_field_is_where_the_walk_ends(void **state)
{
    static const uint8_t options[] = { VTR_DHCP_OVERLOAD, 1, 3, VTR_DHCP_END };
    struct packet p = packet_of(options, sizeof options);
    struct vtr_dhcp_walk w;
    p.header.file[126] = 6;
    p.header.file[127] = 1;
    memcpy(p.header.server_name, "\14\2hi\xff", 5);
    assert_string_equal(codes(&p, sizeof options, &w), "52 ");
    assert_false(vtr_dhcp_walk_done(&w));
    assert_ptr_equal(w.r.rest.ptr, p.header.file + 126);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_has_its_magic),
        cmocka_unit_test(options_come_one_by_one_without_padding),
        cmocka_unit_test(an_option_has_its_bytes),
        cmocka_unit_test(options_go_on_in_the_file_and_then_the_name),
        cmocka_unit_test(a_walk_is_not_done_before_the_other_fields_are),
        cmocka_unit_test(an_overload_in_a_field_is_not_followed),
        cmocka_unit_test(an_option_that_is_cut_short_stays_in_the_reader),
        cmocka_unit_test(a_malformed_field_is_where_the_walk_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
