/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Geneve and its options.
 */
#include "wire.h"

/* RFC 8926 section 3.4: an option of four bytes, a critical one of none, then a byte of payload. */
static const uint8_t PACKET[] = { 0x03, 0x40, 0x65, 0x58, 0xab, 0xcd, 0xef, 0, 0x01, 0x02, 0x05,
                                  0x01, 0xde, 0xad, 0xbe, 0xef, 0xff, 0xfe, 0x80, 0,    0x99 };

static void options_come_one_by_one(void **state)
{
    struct vtr_span options, rest;
    struct vtr_geneve_option option;
    const struct vtr_geneve *geneve = vtr_geneve_take_options(ALL(PACKET), &options, &rest);
    assert_non_null(geneve);
    assert_int_equal(vtr_geneve_vni(geneve), 0xabcdef);
    assert_int_equal(vtr_be16_get(geneve->protocol), VTR_GENEVE_ETHERNET);
    struct vtr_reader r = vtr_reader_of(options);
    assert_true(vtr_geneve_option_next(&r, &option));
    assert_int_equal(option.space, 0x0102);
    assert_int_equal(option.type, 5);
    assert_span(option.data, PACKET + 12, 4);
    assert_true(vtr_geneve_option_next(&r, &option));
    assert_int_equal(option.space, 0xfffe);
    assert_int_equal(option.type, VTR_GENEVE_OPTION_CRITICAL);
    assert_int_equal(option.data.len, 0);
    assert_false(vtr_geneve_option_next(&r, &option));
    assert_int_equal(r.rest.len, 0);
    assert_span(rest, PACKET + 20, 1);
}

static void an_option_that_is_not_all_there_stays_in_the_reader(void **state)
{
    for (size_t len = 1; len < 8; len++) {
        uint8_t *exact = test_exact_copy(PACKET + 8, len);
        struct vtr_reader r = vtr_reader_of(vtr_span_of(exact, len));
        struct vtr_geneve_option option = { 1, 2, ALIKE_NONE };
        assert_false(vtr_geneve_option_next(&r, &option));
        assert_true(r.rest.ptr == exact && r.rest.len == len);
        assert_true(option.space == 1 && option.type == 2 && alike_untouched(option.data));
        free(exact);
    }
}

static void another_version_is_refused(void **state)
{
    for (unsigned version = 0; version < 4; version++) {
        uint8_t bytes[8] = { (uint8_t)(version << 6) };
        struct vtr_span rest;
        assert_int_equal(vtr_geneve_take(ALL(bytes), &rest) != NULL, version == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_come_one_by_one),
        cmocka_unit_test(an_option_that_is_not_all_there_stays_in_the_reader),
        cmocka_unit_test(another_version_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
