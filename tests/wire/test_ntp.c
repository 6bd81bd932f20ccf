/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * NTP: the header, extension fields and the MAC behind them.
 */
#include "samples.h"
#include "wire.h"

enum { FIXED = sizeof(struct vtr_ntp) };

static void a_reply_has_its_fields(void **state)
{
    struct vtr_span rest;
    const struct vtr_ntp *ntp = vtr_ntp_take(ALL(SAMPLE_NTP), &rest);
    assert_non_null(ntp);
    assert_int_equal(vtr_ntp_leap(ntp), 0);
    assert_int_equal(vtr_ntp_version(ntp), 4);
    assert_int_equal(vtr_ntp_mode(ntp), VTR_NTP_SERVER);
    assert_int_equal((int8_t)ntp->precision_log2_s, -20);
    assert_int_equal(vtr_be64_get(ntp->receive) >> 32, 0xe8000002);
}

static void an_extension_field_and_then_the_mac(void **state)
{
    struct vtr_ntp_extension x;
    struct vtr_span digest, rest;
    struct vtr_reader r = vtr_reader_of(vtr_span_of(SAMPLE_NTP + FIXED, sizeof SAMPLE_NTP - FIXED));
    assert_true(vtr_ntp_extension_next(&r, &x));
    assert_int_equal(x.type, 0x0104);
    assert_span(x.data, SAMPLE_NTP + FIXED + 4, 12);
    assert_false(vtr_ntp_extension_next(&r, &x));
    const struct vtr_ntp_mac *mac = vtr_ntp_mac_take_options(r.rest, &digest, &rest);
    assert_non_null(mac);
    assert_int_equal(vtr_be32_get(mac->key), 42);
    assert_int_equal(digest.len, 16);
    assert_int_equal(rest.len, 0);
}

static void only_versions_1_to_4_and_time_modes_are_taken(void **state)
{
    for (unsigned first = 0; first < 256; first++) {
        uint8_t bytes[FIXED] = { (uint8_t)first };
        unsigned version = first >> 3 & 7, mode = first & 7;
        struct vtr_span rest;
        assert_int_equal(vtr_ntp_take(ALL(bytes), &rest) != NULL,
                         version >= 1 && version <= 4 && mode < 6);
    }
}

static void an_extension_field_that_lies_stays_in_the_reader(void **state)
{
    for (unsigned len = 0; len < 60; len++) {
        uint8_t bytes[48] = { 1, 4, 0, (uint8_t)len };
        struct vtr_reader r = vtr_reader_of(ALL(bytes));
        struct vtr_ntp_extension x = { 7, ALIKE_NONE };
        bool good = len >= 16 && len % 4 == 0 && len <= 48;
        assert_int_equal(vtr_ntp_extension_next(&r, &x), good);
        assert_int_equal(r.rest.len, good ? 48 - len : 48);
        assert_true(good || (x.type == 7 && alike_untouched(x.data)));
    }
}

static void a_mac_is_all_there_is(void **state)
{
    for (uint8_t key = 0; key < 2; key++)
        for (size_t len = 0; len < 40; len++) {
            uint8_t bytes[40] = { 0, 0, 0, key };
            struct vtr_span digest, rest;
            bool good = len == 20 || len == 24 || (len == 4 && key == 0);
            const struct vtr_ntp_mac *mac =
                vtr_ntp_mac_take_options(vtr_span_of(bytes, len), &digest, &rest);
            assert_int_equal(mac != NULL, good);
            assert_true(mac == NULL || (digest.len == len - 4 && rest.len == 0));
        }
}

static void time_stamps_are_of_1968_to_2104(void **state)
{
    assert_int_equal(vtr_ntp_unix_s(vtr_be64_make(UINT64_C(2208988800) << 32)), 0);
    assert_int_equal(vtr_ntp_unix_s(vtr_be64_make(UINT64_C(0xffffffff) << 32)), 2085978495);
    assert_int_equal(vtr_ntp_unix_s(vtr_be64_make(0)), 2085978496); /* 7 February 2036 */
    assert_int_equal(vtr_ntp_ns(vtr_be64_make(0x80000000)), 500000000);
    assert_int_equal(vtr_ntp_ns(vtr_be64_make(0xffffffff)), 999999999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_has_its_fields),
        cmocka_unit_test(an_extension_field_and_then_the_mac),
        cmocka_unit_test(only_versions_1_to_4_and_time_modes_are_taken),
        cmocka_unit_test(an_extension_field_that_lies_stays_in_the_reader),
        cmocka_unit_test(a_mac_is_all_there_is),
        cmocka_unit_test(time_stamps_are_of_1968_to_2104),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
