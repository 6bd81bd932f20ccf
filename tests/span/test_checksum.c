/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The Internet checksum against a sum made byte by byte as RFC 1071 words it, and against the
 * numbers that the RFCs print.
 */
#include <vitrine/checksum.h>
#include "support.h"

static uint64_t random_state;

static uint32_t random_next(void)
{
    return test_random(&random_state);
}

static void random_bytes(uint8_t *to, size_t len)
{
    while (len-- != 0)
        *to++ = (uint8_t)(random_next() >> 8);
}

/** Adjacent bytes paired into 16-bit integers, one's complement sum of these, its complement. */
static uint16_t slow_checksum(const uint8_t *p, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static uint16_t checksum(const void *p, size_t len)
{
    return vtr_be16_get(vtr_checksum(p, len));
}

static void the_example_of_rfc_1071_comes_out(void **state)
{
    static const uint8_t bytes[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 }; /* §3 */
    static const uint8_t stored[] = { 0x22, 0x0d };                                    /* ~0xddf2 */
    struct vtr_be16 sum = vtr_checksum(bytes, sizeof bytes);
    assert_memory_equal(&sum, stored, 2);
}

static void every_length_at_every_alignment_agrees(void **state)
{
    static uint8_t bytes[32 + 320];
    random_bytes(bytes, sizeof bytes);
    for (size_t at = 0; at < 32; at++)
        for (size_t len = 0; len <= 320; len++)
            assert_int_equal(checksum(bytes + at, len), slow_checksum(bytes + at, len));
}

static void long_ones_agree(void **state)
{
    enum { MOST = 1 << 18 };
    uint8_t *bytes = malloc(MOST);
    assert_non_null(bytes);
    random_bytes(bytes, MOST);
    for (unsigned i = 0; i < 100; i++) {
        size_t at = random_next() % 64, len = random_next() % (MOST - 64);
        assert_int_equal(checksum(bytes + at, len), slow_checksum(bytes + at, len));
    }
    memset(bytes, 0xff, MOST); /* every addition carries */
    assert_int_equal(checksum(bytes, MOST), 0);
    assert_int_equal(checksum(bytes, MOST - 1), slow_checksum(bytes, MOST - 1));
    free(bytes);
}

static void not_a_byte_behind_the_end_is_read(void **state)
{
    for (size_t len = 0; len <= 160; len++) {
        uint8_t source[160];
        random_bytes(source, sizeof source);
        uint8_t *copy = test_exact_copy(source, len);
        assert_int_equal(checksum(copy, len), slow_checksum(source, len));
        free(copy);
    }
}

static void zeros_sum_to_zero_and_nothing_else_does(void **state)
{
    uint8_t bytes[129] = { 0 };
    for (size_t len = 0; len <= sizeof bytes; len++) {
        assert_int_equal(checksum(bytes, len), 0xffff);
        for (size_t at = 0; at < len; at++) {
            bytes[at] = 0xff;
            assert_int_not_equal(checksum(bytes, len), 0xffff);
            bytes[at] = 0;
        }
    }
}

static void pieces_of_any_length_sum_like_the_whole(void **state)
{
    uint8_t bytes[700];
    random_bytes(bytes, sizeof bytes);
    for (unsigned round = 0; round < 2000; round++) {
        struct vtr_sum sum = VTR_SUM_EMPTY;
        size_t len = random_next() % sizeof bytes;
        for (size_t at = 0; at < len;) {
            size_t piece = random_next() % 40; /* 0 too: an empty segment */
            piece = piece < len - at ? piece : len - at;
            vtr_sum_add(&sum, vtr_span_of(bytes + at, piece));
            at += piece;
        }
        assert_int_equal(vtr_be16_get(vtr_sum_end(sum)), slow_checksum(bytes, len));
    }
}

static void a_stored_checksum_makes_the_sum_good_and_a_flipped_bit_bad(void **state)
{
    uint8_t header[20] = { 0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11 };
    random_bytes(header + 12, 8);
    struct vtr_be16 sum = vtr_checksum(header, sizeof header);
    memcpy(header + 10, &sum, sizeof sum);
    assert_true(vtr_checksum_good(header, sizeof header));
    for (unsigned bit = 0; bit < 8 * sizeof header; bit++) {
        header[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(vtr_checksum_good(header, sizeof header));
        header[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/** The pseudo-header as its RFC draws it, then the bytes, in one array. */
static void agrees_with_a_drawn_pseudo_header(const uint8_t *drawn, size_t pseudo, size_t len,
                                              struct vtr_sum sum)
{
    uint16_t expected = slow_checksum(drawn, pseudo + len);
    vtr_sum_add(&sum, vtr_span_of(drawn + pseudo, len));
    assert_int_equal(vtr_be16_get(vtr_sum_end(sum)), expected);
    assert_int_equal(vtr_be16_get(vtr_sum_end_udp(sum)), expected != 0 ? expected : 0xffff);
}

static void the_ipv4_pseudo_header_is_that_of_rfc_768(void **state)
{
    uint8_t drawn[12 + 99];
    for (unsigned round = 0; round < 1000; round++) {
        struct vtr_ipv4 ip;
        random_bytes((uint8_t *)&ip, sizeof ip);
        random_bytes(drawn, sizeof drawn);
        size_t len = random_next() % 100;
        memcpy(drawn, &ip.src, 4);
        memcpy(drawn + 4, &ip.dst, 4);
        drawn[8] = 0;
        drawn[9] = (uint8_t)round;
        drawn[10] = 0;
        drawn[11] = (uint8_t)len;
        agrees_with_a_drawn_pseudo_header(drawn, 12, len,
                                          vtr_sum_ipv4(&ip, (uint8_t)round, (uint16_t)len));
    }
}

static void the_ipv6_pseudo_header_is_that_of_rfc_8200(void **state)
{
    enum { LONG = 70000 }; /* needs more than 16 bits of length */
    uint8_t *drawn = calloc(1, 40 + LONG);
    assert_non_null(drawn);
    for (unsigned round = 0; round < 20; round++) {
        struct vtr_ipv6 ip;
        random_bytes((uint8_t *)&ip, sizeof ip);
        random_bytes(drawn + 40, LONG);
        size_t len = round % 2 != 0 ? LONG : random_next() % 100;
        memcpy(drawn, &ip.src, 16);
        memcpy(drawn + 16, &ip.dst, 16);
        struct vtr_be32 be_len = vtr_be32_make((uint32_t)len);
        memcpy(drawn + 32, &be_len, 4);
        drawn[39] = (uint8_t)round;
        agrees_with_a_drawn_pseudo_header(drawn, 40, len,
                                          vtr_sum_ipv6(&ip, (uint8_t)round, (uint32_t)len));
    }
    free(drawn);
}

static void a_udp_sum_of_zero_is_sent_as_all_ones(void **state)
{
    static const uint8_t ones[2] = { 0xff, 0xff };
    struct vtr_sum sum = VTR_SUM_EMPTY;
    vtr_sum_add(&sum, vtr_span_of(ones, 2));
    assert_int_equal(vtr_be16_get(vtr_sum_end(sum)), 0);
    assert_int_equal(vtr_be16_get(vtr_sum_end_udp(sum)), 0xffff);
    assert_true(vtr_sum_good(sum));
}

static void the_example_of_rfc_1624_comes_out(void **state)
{
    struct vtr_be16 sum = vtr_checksum_update16(vtr_be16_make(0xdd2f), vtr_be16_make(0x5555),
                                                vtr_be16_make(0x3285)); /* §4 */
    assert_int_equal(vtr_be16_get(sum), 0x0000); /* where RFC 1141 has 0xffff */
}

static void an_updated_checksum_is_the_one_made_anew(void **state)
{
    uint8_t header[20];
    for (unsigned round = 0; round < 20000; round++) {
        struct vtr_be16 was16, is16;
        struct vtr_be32 was32, is32;
        random_bytes(header, sizeof header);
        memset(header + 10, 0, 2);
        struct vtr_be16 sum = vtr_checksum(header, sizeof header);
        memcpy(&was16, header + 4, 2);
        is16 = vtr_be16_make((uint16_t)(round * 13));
        memcpy(header + 4, &is16, 2);
        sum = vtr_checksum_update16(sum, was16, is16);
        memcpy(&was32, header + 12, 4);
        is32 = vtr_be32_make(random_next() * 2 + round % 2);
        memcpy(header + 12, &is32, 4);
        sum = vtr_checksum_update32(sum, was32, is32);
        assert_int_equal(vtr_be16_get(sum), slow_checksum(header, sizeof header));
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_rfc_1071_comes_out),
        cmocka_unit_test(every_length_at_every_alignment_agrees),
        cmocka_unit_test(long_ones_agree),
        cmocka_unit_test(not_a_byte_behind_the_end_is_read),
        cmocka_unit_test(zeros_sum_to_zero_and_nothing_else_does),
        cmocka_unit_test(pieces_of_any_length_sum_like_the_whole),
        cmocka_unit_test(a_stored_checksum_makes_the_sum_good_and_a_flipped_bit_bad),
        cmocka_unit_test(the_ipv4_pseudo_header_is_that_of_rfc_768),
        cmocka_unit_test(the_ipv6_pseudo_header_is_that_of_rfc_8200),
        cmocka_unit_test(a_udp_sum_of_zero_is_sent_as_all_ones),
        cmocka_unit_test(the_example_of_rfc_1624_comes_out),
        cmocka_unit_test(an_updated_checksum_is_the_one_made_anew),
    };
    random_state = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    printf("seed %llu\n", (unsigned long long)random_state);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
