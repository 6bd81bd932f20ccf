/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Accessors of wire structs: every value of the bytes that they take apart. Layouts are asserted
 * where they are declared.
 */
#include <vitrine/wire.h>
#include "support.h"

static void the_first_byte_of_ipv4_is_version_and_header_length(void **state)
{
    struct vtr_ipv4 ip = { 0 };
    for (unsigned v = 0; v < 256; v++) {
        ip.version_ihl = (uint8_t)v;
        assert_int_equal(vtr_ipv4_version(&ip), v / 16);
        assert_int_equal(vtr_ipv4_header_len(&ip), v % 16 * 4);
    }
    ip.version_ihl = VTR_IPV4_PLAIN;
    assert_int_equal(vtr_ipv4_version(&ip), 4);
    assert_int_equal(vtr_ipv4_header_len(&ip), sizeof ip);
}

static void the_second_byte_of_ipv4_is_dscp_and_ecn(void **state)
{
    struct vtr_ipv4 ip = { 0 };
    for (unsigned v = 0; v < 256; v++) {
        ip.dscp_ecn = (uint8_t)v;
        assert_int_equal(vtr_ipv4_dscp(&ip), v / 4);
        assert_int_equal(vtr_ipv4_ecn(&ip), v % 4);
    }
}

static void the_fragment_field_is_flags_and_an_offset_in_bytes(void **state)
{
    struct vtr_ipv4 ip = { 0 };
    for (unsigned v = 0; v <= UINT16_MAX; v++) {
        ip.frag = vtr_be16_make((uint16_t)v);
        unsigned off = v % 0x2000 * 8, more = v / 0x2000 & 1, whole = v / 0x4000 & 1;
        assert_int_equal(vtr_ipv4_frag_off(&ip), off);
        assert_int_equal(vtr_ipv4_flags(&ip), more * VTR_IPV4_MF + whole * VTR_IPV4_DF);
        assert_int_equal(vtr_ipv4_is_fragment(&ip), more != 0 || off != 0);
    }
}

static void the_first_word_of_ipv6_is_four_fields(void **state)
{
    struct vtr_ipv6 ip = { 0 };
    for (unsigned octet = 0; octet < 256; octet++) {
        ip.version_class_flow = vtr_ipv6_word((uint8_t)octet, 0xabcde);
        assert_int_equal(vtr_ipv6_version(&ip), 6);
        assert_int_equal(vtr_ipv6_dscp(&ip), octet / 4);
        assert_int_equal(vtr_ipv6_ecn(&ip), octet % 4);
        assert_int_equal(vtr_ipv6_flow(&ip), 0xabcde);
    }
    ip.version_class_flow = vtr_ipv6_word(0, 0xffffffff); /* a flow too wide spoils nothing */
    assert_int_equal(vtr_ipv6_version(&ip), 6);
    assert_int_equal(vtr_ipv6_dscp(&ip), 0);
    assert_int_equal(vtr_ipv6_flow(&ip), 0xfffff);
    static const uint8_t drawn[4] = { 0x6b, 0x7c, 0xde, 0xf0 }; /* class b7, flow cdef0 */
    memcpy(&ip, drawn, sizeof drawn);
    assert_int_equal(vtr_ipv6_dscp(&ip), 0xb7 / 4);
    assert_int_equal(vtr_ipv6_ecn(&ip), 0xb7 % 4);
    assert_int_equal(vtr_ipv6_flow(&ip), 0xcdef0);
}

static void the_tcp_data_offset_is_its_header_length(void **state)
{
    struct vtr_tcp tcp = { 0 };
    for (unsigned v = 0; v < 256; v++) {
        tcp.data_off = (uint8_t)v;
        assert_int_equal(vtr_tcp_header_len(&tcp), v / 16 * 4);
    }
    tcp.data_off = VTR_TCP_PLAIN;
    assert_int_equal(vtr_tcp_header_len(&tcp), sizeof tcp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_byte_of_ipv4_is_version_and_header_length),
        cmocka_unit_test(the_second_byte_of_ipv4_is_dscp_and_ecn),
        cmocka_unit_test(the_fragment_field_is_flags_and_an_offset_in_bytes),
        cmocka_unit_test(the_first_word_of_ipv6_is_four_fields),
        cmocka_unit_test(the_tcp_data_offset_is_its_header_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
