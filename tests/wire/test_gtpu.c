/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * GTP-U: the optional fields and the chain of extension headers.
 */
#include "wire.h"

/* A G-PDU with all flags: sequence and N-PDU number, a PDU session container (TS 38.415: downlink,
 * QFI 9), a UDP port, two bytes of packet; then one of padding. */
static const uint8_t PACKET[] = { 0x37, 0xff, 0,    14,   0,    0,    0x12, 0x34, 0x00,
                                  0x07, 0x03, 0x85, 0x01, 0x00, 0x09, 0x40, 0x01, 0x08,
                                  0x68, 0x00, 0x45, 0x00, 0xee };

static void the_chain_leads_to_the_packet(void **state)
{
    struct vtr_span options, rest;
    uint16_t seq = 0;
    uint8_t npdu = 0;
    const struct vtr_gtpu *gtpu = vtr_gtpu_take_options(ALL(PACKET), &options, &rest);
    assert_non_null(gtpu);
    assert_int_equal(vtr_be32_get(gtpu->teid), 0x1234);
    assert_true(vtr_gtpu_seq(gtpu, options, &seq) && seq == 7);
    assert_true(vtr_gtpu_npdu(gtpu, options, &npdu) && npdu == 3);
    struct vtr_reader r = vtr_reader_of(rest);
    struct vtr_gtpu_extension x = vtr_gtpu_extensions(gtpu, options);
    assert_true(vtr_gtpu_extension_next(&r, &x));
    assert_int_equal(x.type, VTR_GTPU_PDU_SESSION);
    assert_span(x.data, PACKET + 13, 2);
    assert_true(vtr_gtpu_extension_next(&r, &x));
    assert_int_equal(x.type, VTR_GTPU_UDP_PORT);
    assert_span(x.data, PACKET + 17, 2);
    assert_false(vtr_gtpu_extension_next(&r, &x));
    assert_int_equal(x.next, VTR_GTPU_NO_MORE);
    assert_span(r.rest, PACKET + 20, 2);
}

static void fields_without_their_flag_are_not_there(void **state)
{
    for (uint8_t flags = 0; flags < 8; flags++) {
        uint8_t bytes[20] = { (uint8_t)(VTR_GTPU_PLAIN | flags), 255, 0, 12 };
        struct vtr_span options, rest;
        uint16_t seq;
        uint8_t npdu;
        bytes[11] = VTR_GTPU_UDP_PORT;
        const struct vtr_gtpu *gtpu = vtr_gtpu_take_options(ALL(bytes), &options, &rest);
        assert_non_null(gtpu);
        assert_int_equal(options.len, flags != 0 ? 4 : 0);
        assert_int_equal(vtr_gtpu_seq(gtpu, options, &seq), flags >> 1 & 1);
        assert_int_equal(vtr_gtpu_npdu(gtpu, options, &npdu), flags & 1);
        assert_int_equal(vtr_gtpu_extensions(gtpu, options).next,
                         (flags & 4) != 0 ? VTR_GTPU_UDP_PORT : VTR_GTPU_NO_MORE);
    }
}

static void options_too_short_for_a_field_do_not_have_it(void **state)
{
    const struct vtr_gtpu *gtpu = (const struct vtr_gtpu *)PACKET;
    for (size_t len = 0; len <= 4; len++) {
        uint8_t *exact = test_exact_copy(PACKET + 8, len), npdu;
        struct vtr_span options = vtr_span_of(exact, len);
        uint16_t seq;
        assert_int_equal(vtr_gtpu_seq(gtpu, options, &seq), len >= 2);
        assert_int_equal(vtr_gtpu_npdu(gtpu, options, &npdu), len >= 3);
        assert_int_equal(vtr_gtpu_extensions(gtpu, options).next != VTR_GTPU_NO_MORE, len == 4);
        free(exact);
    }
}

static void an_extension_of_no_length_ends_the_chain_as_malformed(void **state)
{
    static const uint8_t bytes[] = { 0, 0, 0, 0x85 };
    struct vtr_reader r = vtr_reader_of(ALL(bytes));
    struct vtr_gtpu_extension x = { 1, 0x85, ALIKE_NONE };
    assert_false(vtr_gtpu_extension_next(&r, &x));
    assert_ptr_equal(r.rest.ptr, bytes);
    assert_true(x.type == 1 && x.next == 0x85 && alike_untouched(x.data));
}

static void an_extension_that_is_cut_short_stays_in_the_reader(void **state)
{
    for (size_t len = 0; len < 4; len++) {
        uint8_t *exact = test_exact_copy(PACKET + 12, len);
        struct vtr_reader r = vtr_reader_of(vtr_span_of(exact, len));
        struct vtr_gtpu_extension x = { 1, 0x85, ALIKE_NONE };
        assert_false(vtr_gtpu_extension_next(&r, &x));
        assert_true(r.rest.len == len && x.next == 0x85 && alike_untouched(x.data));
        free(exact);
    }
}

static void other_versions_and_gtp_prime_are_refused(void **state)
{
    for (unsigned first = 0; first < 256; first++) {
        uint8_t bytes[12] = { (uint8_t)first, 255, 0, 4 };
        struct vtr_span rest;
        assert_int_equal(vtr_gtpu_take(ALL(bytes), &rest) != NULL, first >> 4 == 3);
    }
}

static void a_length_that_lies_is_refused(void **state)
{
    for (unsigned len = 0; len < 20; len++) {
        uint8_t bytes[16] = { VTR_GTPU_PLAIN | VTR_GTPU_SEQ, 255, 0, (uint8_t)len };
        struct vtr_span rest;
        assert_int_equal(vtr_gtpu_take(ALL(bytes), &rest) != NULL, len >= 4 && len <= 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chain_leads_to_the_packet),
        cmocka_unit_test(fields_without_their_flag_are_not_there),
        cmocka_unit_test(options_too_short_for_a_field_do_not_have_it),
        cmocka_unit_test(an_extension_of_no_length_ends_the_chain_as_malformed),
        cmocka_unit_test(an_extension_that_is_cut_short_stays_in_the_reader),
        cmocka_unit_test(other_versions_and_gtp_prime_are_refused),
        cmocka_unit_test(a_length_that_lies_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
