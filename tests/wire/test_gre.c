/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * GRE, NVGRE and PPTP's GRE: which fields are there, and what is refused.
 */
#include "wire.h"

/* All three fields (RFC 2890 section 2), then four bytes of payload. */
static const uint8_t FULL[] = { 0xb0, 0x00, 0x08, 0x00, 0x12, 0x34, 0, 0, 0xaa, 0xbb, 0xcc, 0xdd,
                                0,    0,    0,    7,    0x45, 0,    0, 0 };
/* A sequence number, an acknowledgement, three bytes of payload, one of padding. */
static const uint8_t PPTP[] = { 0x30, 0x81, 0x88, 0x0b, 0, 3, 0x12, 0x34, 0, 0,
                                0,    9,    0,    0,    0, 8, 0xff, 0x03, 0xc0, 0 };

static void every_field_of_a_header_is_found(void **state)
{
    struct vtr_span options, rest;
    uint16_t sum = 0;
    uint32_t key = 0, seq = 0;
    const struct vtr_gre *gre = vtr_gre_take_options(ALL(FULL), &options, &rest);
    assert_non_null(gre);
    assert_int_equal(vtr_be16_get(gre->protocol), VTR_ETH_IPV4);
    assert_true(vtr_gre_checksum(gre, options, &sum) && sum == 0x1234);
    assert_true(vtr_gre_key(gre, options, &key) && key == 0xaabbccdd);
    assert_true(vtr_gre_seq(gre, options, &seq) && seq == 7);
    assert_ptr_equal(rest.ptr, FULL + 16);
}

static void a_field_that_is_not_there_is_not_found(void **state)
{
    static const uint8_t words[16] = { 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3 };
    for (unsigned flags = 0; flags < 16; flags++) {
        uint8_t bytes[20] = { (uint8_t)(flags << 4) };
        struct vtr_span options, rest;
        uint32_t key = 0, seq = 0;
        uint16_t sum = 9;
        memcpy(bytes + 4, words, sizeof words);
        const struct vtr_gre *gre = vtr_gre_take_options(ALL(bytes), &options, &rest);
        assert_int_equal(gre != NULL, (flags & 4) == 0); /* 4: routing, of RFC 1701 */
        if (gre == NULL)
            continue;
        unsigned c = flags >> 3, k = flags >> 1 & 1, s = flags & 1;
        assert_int_equal(options.len, (c + k + s) * 4);
        assert_int_equal(vtr_gre_checksum(gre, options, &sum), c);
        assert_int_equal(vtr_gre_key(gre, options, &key), k);
        assert_int_equal(vtr_gre_seq(gre, options, &seq), s);
        assert_int_equal(sum, c ? 0 : 9);
        assert_int_equal(key, k ? c + 1 : 0);
        assert_int_equal(seq, s ? c + k + 1 : 0);
    }
}

static void bits_that_must_be_zero_are(void **state)
{
    for (unsigned bit = 0; bit < 16; bit++) {
        uint8_t bytes[16] = { (uint8_t)(1u << bit >> 8), (uint8_t)(1u << bit) };
        struct vtr_span rest;
        bool refused = ((1u << bit) & (VTR_GRE_MUST_BE_0 | VTR_GRE_VERSION)) != 0;
        assert_int_equal(vtr_gre_take(ALL(bytes), &rest) == NULL, refused);
    }
}

static void options_too_short_for_a_field_do_not_have_it(void **state)
{
    const struct vtr_gre *gre = (const struct vtr_gre *)FULL;
    const struct vtr_pptp *pptp = (const struct vtr_pptp *)PPTP;
    for (size_t len = 0; len < 12; len++) {
        uint8_t *exact = test_exact_copy(FULL + 4, len);
        struct vtr_span options = vtr_span_of(exact, len);
        uint16_t sum;
        uint32_t v;
        assert_int_equal(vtr_gre_checksum(gre, options, &sum), len >= 2);
        assert_int_equal(vtr_gre_key(gre, options, &v), len >= 8);
        assert_false(vtr_gre_seq(gre, options, &v));
        assert_int_equal(vtr_pptp_seq(pptp, options, &v), len >= 4);
        assert_int_equal(vtr_pptp_ack(pptp, options, &v), len >= 8);
        free(exact);
    }
}

static void nvgre_is_a_key_before_a_frame(void **state)
{
    static const uint8_t nvgre[] = { 0x20, 0, 0x65, 0x58, 0x12, 0x34, 0x56, 0x78 };
    struct vtr_span options, rest;
    uint32_t key = 0;
    const struct vtr_gre *gre = vtr_gre_take_options(ALL(nvgre), &options, &rest);
    assert_true(gre != NULL && vtr_gre_is_nvgre(gre) && vtr_gre_key(gre, options, &key));
    assert_int_equal(vtr_nvgre_vsid(key), 0x123456);
    assert_false(vtr_gre_is_nvgre((const struct vtr_gre *)FULL));
}

static void version_1_is_pptp_s(void **state)
{
    struct vtr_span options, rest;
    uint32_t seq = 0, ack = 0;
    assert_null(vtr_gre_take(ALL(PPTP), &rest));
    assert_null(vtr_pptp_take(ALL(FULL), &rest));
    const struct vtr_pptp *pptp = vtr_pptp_take_options(ALL(PPTP), &options, &rest);
    assert_non_null(pptp);
    assert_int_equal(vtr_be16_get(pptp->call), 0x1234);
    assert_true(vtr_pptp_seq(pptp, options, &seq) && seq == 9);
    assert_true(vtr_pptp_ack(pptp, options, &ack) && ack == 8);
    assert_span(rest, PPTP + 16, 3);
}

static void an_acknowledgement_alone_is_first(void **state)
{
    static const uint8_t bytes[] = { 0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 1, 0, 0, 0, 5 };
    struct vtr_span options, rest;
    uint32_t seq = 3, ack = 0;
    const struct vtr_pptp *pptp = vtr_pptp_take_options(ALL(bytes), &options, &rest);
    assert_true(pptp != NULL && vtr_pptp_ack(pptp, options, &ack) && ack == 5);
    assert_false(vtr_pptp_seq(pptp, options, &seq));
    assert_int_equal(seq, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_a_header_is_found),
        cmocka_unit_test(a_field_that_is_not_there_is_not_found),
        cmocka_unit_test(bits_that_must_be_zero_are),
        cmocka_unit_test(options_too_short_for_a_field_do_not_have_it),
        cmocka_unit_test(nvgre_is_a_key_before_a_frame),
        cmocka_unit_test(version_1_is_pptp_s),
        cmocka_unit_test(an_acknowledgement_alone_is_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
