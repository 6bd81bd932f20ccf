/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Fields that are not whole bytes: each accessor gives its bits and no others.
 */
#include "support.h"

static void a_vlan_tag_has_three_fields(void **state)
{
    for (unsigned v = 0; v <= UINT16_MAX; v++) {
        struct vtr_vlan tag = { vtr_be16_make((uint16_t)v), vtr_be16_make(0) };
        assert_int_equal(vtr_vlan_priority(&tag), v / 8192);
        assert_int_equal(vtr_vlan_drop_eligible(&tag), v / 4096 % 2);
        assert_int_equal(vtr_vlan_id(&tag), v % 4096);
    }
}

static void a_type_is_a_length_up_to_1500(void **state)
{
    for (unsigned v = 0; v <= UINT16_MAX; v++) {
        size_t out = 77;
        bool length = vtr_eth_length(vtr_be16_make((uint16_t)v), 2000, &out);
        assert_int_equal(length, v <= 1500);
        assert_int_equal(out, v <= 1500 ? v : 77);
    }
    size_t out = 77;
    assert_false(vtr_eth_length(vtr_be16_make(46), 45, &out));
    assert_true(vtr_eth_length(vtr_be16_make(46), 46, &out));
}

static void a_label_has_four_fields(void **state)
{
    for (unsigned bit = 0; bit < 32; bit++) {
        uint32_t word = 1u << bit;
        struct vtr_mpls entry = { vtr_be32_make(word) };
        struct vtr_reader r = vtr_reader_of(vtr_span_of(&entry, sizeof entry));
        struct vtr_mpls_label l = { 0 };
        assert_true(vtr_mpls_next(&r, &l));
        assert_int_equal(l.label, bit >= 12 ? 1u << (bit - 12) : 0);
        assert_int_equal(l.traffic_class, bit >= 9 && bit < 12 ? 1u << (bit - 9) : 0);
        assert_int_equal(l.bottom, bit == 8);
        assert_int_equal(l.ttl, bit < 8 ? 1u << bit : 0);
    }
}

static void a_fragment_header_has_an_offset_and_a_flag(void **state)
{
    for (unsigned v = 0; v <= UINT16_MAX; v++) {
        struct vtr_ip6_fragment h = { .off_flags = vtr_be16_make((uint16_t)v) };
        assert_int_equal(vtr_ip6_fragment_off(&h), v / 8 * 8);
        assert_int_equal(vtr_ip6_fragment_more(&h), v % 2);
    }
}

/* RFC 3376 section 4.1.1 and RFC 3810 section 5.1.3: the mantissa has a one before it. */
static void a_code_is_a_number_or_a_small_float(void **state)
{
    for (unsigned v = 0; v < 256; v++) {
        unsigned exponent = v / 16 % 8, mantissa = v % 16;
        assert_int_equal(vtr_igmp_code((uint8_t)v),
                         v < 128 ? v : (mantissa + 16) * (1u << (exponent + 3)));
    }
    assert_int_equal(vtr_igmp_code(0xff), 31744);
    for (unsigned v = 0; v <= UINT16_MAX; v++) {
        unsigned exponent = v / 4096 % 8, mantissa = v % 4096;
        assert_int_equal(vtr_mld_code((uint16_t)v),
                         v < 32768 ? v : (mantissa + 4096) * (1u << (exponent + 3)));
    }
    assert_int_equal(vtr_mld_code(0xffff), 8387584);
}

static void errors_are_told_from_messages(void **state)
{
    for (unsigned type = 0; type < 256; type++) {
        struct vtr_icmp icmp = { .type = (uint8_t)type };
        bool error = type == 3 || type == 5 || type == 11 || type == 12;
        assert_int_equal(vtr_icmp_is_error(&icmp), error);
        assert_int_equal(vtr_icmpv6_is_error(&icmp), type < 128);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vlan_tag_has_three_fields),
        cmocka_unit_test(a_type_is_a_length_up_to_1500),
        cmocka_unit_test(a_label_has_four_fields),
        cmocka_unit_test(a_fragment_header_has_an_offset_and_a_flag),
        cmocka_unit_test(a_code_is_a_number_or_a_small_float),
        cmocka_unit_test(errors_are_told_from_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
