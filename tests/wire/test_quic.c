/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * QUIC: the packets that RFC 9001 prints, several in a datagram, other versions.
 */
#include "samples.h"
#include "wire.h"

static const uint8_t SCID[] = { 0xf0, 0x67, 0xa5, 0x50, 0x2a, 0x42, 0x62, 0xb5 };

/** Takes the first packet, and wants that @p need bytes of it are needed and @p len are it. */
static struct vtr_quic_packet take(struct vtr_span s, size_t cid_len, size_t need, size_t len)
{
    struct vtr_quic_packet p;
    struct vtr_reader r;
    for (size_t cut = 0; cut < need; cut++) {
        uint8_t *exact = test_exact_copy(s.ptr, cut);
        r = vtr_reader_of(vtr_span_of(exact, cut));
        p.version = 77;
        assert_false(vtr_quic_packet_next(&r, cid_len, &p));
        assert_true(p.version == 77 && r.rest.ptr == exact && r.rest.len == cut);
        free(exact);
    }
    r = vtr_reader_of(s);
    assert_true(vtr_quic_packet_next(&r, cid_len, &p));
    assert_int_equal(r.rest.len, s.len - len);
    return p;
}

static void a_client_s_initial_is_that_of_rfc_9001(void **state)
{
    uint8_t datagram[1200] = { 0 };
    memcpy(datagram, SAMPLE_CLIENT_INITIAL, sizeof SAMPLE_CLIENT_INITIAL);
    struct vtr_quic_packet p = take(ALL(datagram), 8, 1200, 1200);
    assert_int_equal(p.kind, VTR_QUIC_INITIAL);
    assert_int_equal(p.version, VTR_QUIC_V1);
    assert_span(p.dcid, "\x83\x94\xc8\xf0\x3e\x51\x57\x08", 8);
    assert_true(p.scid.len == 0 && p.token.len == 0);
    assert_ptr_equal(p.payload.ptr, datagram + 18);
    assert_int_equal(p.payload.len, 1182);
}

static void a_server_s_initial_is_that_of_rfc_9001(void **state)
{
    struct vtr_quic_packet p = take(ALL(SAMPLE_SERVER_INITIAL), 8, 135, 135);
    assert_int_equal(p.kind, VTR_QUIC_INITIAL);
    assert_int_equal(p.dcid.len, 0);
    assert_span(p.scid, SCID, sizeof SCID);
    assert_int_equal(p.payload.len, 0x75);
}

static void a_retry_is_that_of_rfc_9001(void **state)
{
    struct vtr_quic_packet p = take(ALL(SAMPLE_RETRY), 8, 15 + VTR_QUIC_TAG_LEN, 36);
    assert_int_equal(p.kind, VTR_QUIC_RETRY);
    assert_span(p.scid, SCID, sizeof SCID);
    assert_text(p.token, "token");
    assert_span(p.payload, SAMPLE_RETRY + 20, VTR_QUIC_TAG_LEN);
}

static void a_short_header_has_an_identifier_as_long_as_the_caller_says(void **state)
{
    for (size_t cid_len = 0; cid_len <= sizeof SAMPLE_SHORT - 1; cid_len++) {
        struct vtr_quic_packet p = take(ALL(SAMPLE_SHORT), cid_len, 1 + cid_len, 21);
        assert_int_equal(p.kind, VTR_QUIC_SHORT);
        assert_span(p.dcid, SAMPLE_SHORT + 1, cid_len);
        assert_ptr_equal(p.payload.ptr, SAMPLE_SHORT + 1 + cid_len);
    }
}

static void packets_of_one_datagram_come_one_by_one(void **state)
{
    static const uint8_t datagram[] = { 0xe0, 0, 0, 0, 1, 1, 7, 0, 2, 0xaa, 0xbb, /* Handshake */
                                        0xd0, 0, 0, 0, 1, 1, 7, 0, 1, 0xcc,       /* 0-RTT */
                                        0x40, 7, 0xdd,                            /* 1-RTT */ };
    struct vtr_quic_packet p;
    struct vtr_reader r = vtr_reader_of(ALL(datagram));
    assert_true(vtr_quic_packet_next(&r, 1, &p));
    assert_int_equal(p.kind, VTR_QUIC_HANDSHAKE);
    assert_span(p.payload, "\xaa\xbb", 2);
    assert_true(vtr_quic_packet_next(&r, 1, &p));
    assert_int_equal(p.kind, VTR_QUIC_0RTT);
    assert_true(vtr_quic_packet_next(&r, 1, &p));
    assert_int_equal(p.kind, VTR_QUIC_SHORT);
    assert_span(p.payload, "\xdd", 1);
    assert_false(vtr_quic_packet_next(&r, 1, &p));
    assert_int_equal(r.rest.len, 0);
}

static void padding_behind_a_packet_stays_in_the_reader(void **state)
{
    uint8_t datagram[sizeof SAMPLE_SERVER_INITIAL + 9] = { 0 };
    struct vtr_quic_packet p;
    memcpy(datagram, SAMPLE_SERVER_INITIAL, sizeof SAMPLE_SERVER_INITIAL);
    struct vtr_reader r = vtr_reader_of(ALL(datagram));
    assert_true(vtr_quic_packet_next(&r, 0, &p));
    assert_false(vtr_quic_packet_next(&r, 0, &p));
    assert_int_equal(r.rest.len, 9);
}

static void version_2_has_its_types_elsewhere(void **state)
{
    static const enum vtr_quic_kind want[] = { VTR_QUIC_RETRY, VTR_QUIC_INITIAL, VTR_QUIC_0RTT,
                                               VTR_QUIC_HANDSHAKE };
    for (unsigned type = 0; type < 4; type++) {
        uint8_t bytes[40] = { (uint8_t)(0xc0 | type << 4), 0x6b, 0x33, 0x43, 0xcf };
        struct vtr_reader r = vtr_reader_of(ALL(bytes));
        struct vtr_quic_packet p;
        assert_true(vtr_quic_packet_next(&r, 0, &p));
        assert_int_equal(p.kind, want[type]);
    }
}

static void a_version_negotiation_lists_versions(void **state)
{
    static const uint8_t bytes[] = { 0x80, 0, 0, 0, 0, 1, 7, 2, 8, 9, 0, 0, 0, 1, 0x6b, 0x33,
                                     0x43, 0xcf };
    struct vtr_quic_packet p;
    struct vtr_span rest;
    struct vtr_reader r = vtr_reader_of(ALL(bytes));
    size_t n;
    assert_true(vtr_quic_packet_next(&r, 0, &p));
    assert_int_equal(p.kind, VTR_QUIC_VERSIONS);
    const struct vtr_be32 *versions = vtr_span_cast(p.payload, struct vtr_be32, &n, &rest);
    assert_int_equal(n, 2);
    assert_int_equal(vtr_be32_get(versions[1]), VTR_QUIC_V2);
    r = vtr_reader_of(vtr_span_of(bytes, sizeof bytes - 1));
    assert_false(vtr_quic_packet_next(&r, 0, &p));
}

static void of_unknown_versions_the_identifiers_are_known(void **state)
{
    uint8_t bytes[600] = { 0x80, 0xfa, 0xce, 0xb0, 0x0c, 255 };
    bytes[6 + 255] = 30;
    struct vtr_quic_packet p = take(ALL(bytes), 0, 7 + 255 + 30, sizeof bytes);
    assert_int_equal(p.kind, VTR_QUIC_UNKNOWN);
    assert_int_equal(p.version, 0xfaceb00c);
    assert_true(p.dcid.len == 255 && p.scid.len == 30);
    assert_int_equal(p.payload.len, sizeof bytes - 292);
}

static void of_version_1_an_identifier_has_20_bytes_at_most(void **state)
{
    for (uint8_t len = 0; len < 40; len++) {
        uint8_t bytes[100] = { 0xe0, 0, 0, 0, 1, len };
        struct vtr_reader r = vtr_reader_of(ALL(bytes));
        struct vtr_quic_packet p;
        assert_int_equal(vtr_quic_packet_next(&r, 0, &p), len <= VTR_QUIC_CID_MAX);
    }
}

static void without_the_fixed_bit_nothing_of_version_1_is_a_packet(void **state)
{
    for (unsigned first = 0; first < 256; first++) {
        uint8_t bytes[40] = { (uint8_t)first, 0, 0, 0, 1 };
        struct vtr_reader r = vtr_reader_of(ALL(bytes));
        struct vtr_quic_packet p;
        assert_int_equal(vtr_quic_packet_next(&r, 0, &p), first >> 6 & 1);
    }
}

static void numbers_are_those_of_rfc_9000(void **state)
{
    /* appendix A.1; the last is 37 in two bytes */
    static const struct {
        const char *bytes;
        size_t len;
        uint64_t value;
    } EXAMPLES[] = { { "\xc2\x19\x7c\x5e\xff\x14\xe8\x8c", 8, UINT64_C(151288809941952652) },
                     { "\x9d\x7f\x3e\x7d", 4, 494878333 },
                     { "\x7b\xbd", 2, 15293 },
                     { "\x25", 1, 37 },
                     { "\x40\x25", 2, 37 } };
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof *EXAMPLES; i++)
        for (size_t len = 0; len <= EXAMPLES[i].len; len++) {
            struct vtr_reader r = vtr_reader_of(vtr_span_of(EXAMPLES[i].bytes, len));
            bool whole = len == EXAMPLES[i].len;
            uint64_t v = 99;
            assert_int_equal(vtr_quic_varint(&r, &v), whole);
            assert_int_equal(v, whole ? EXAMPLES[i].value : 99);
            assert_int_equal(r.rest.len, whole ? 0 : len);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_s_initial_is_that_of_rfc_9001),
        cmocka_unit_test(a_server_s_initial_is_that_of_rfc_9001),
        cmocka_unit_test(a_retry_is_that_of_rfc_9001),
        cmocka_unit_test(a_short_header_has_an_identifier_as_long_as_the_caller_says),
        cmocka_unit_test(packets_of_one_datagram_come_one_by_one),
        cmocka_unit_test(padding_behind_a_packet_stays_in_the_reader),
        cmocka_unit_test(version_2_has_its_types_elsewhere),
        cmocka_unit_test(a_version_negotiation_lists_versions),
        cmocka_unit_test(of_unknown_versions_the_identifiers_are_known),
        cmocka_unit_test(of_version_1_an_identifier_has_20_bytes_at_most),
        cmocka_unit_test(without_the_fixed_bit_nothing_of_version_1_is_a_packet),
        cmocka_unit_test(numbers_are_those_of_rfc_9000),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
