/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_reader: front to back, and unchanged by a read that fails.
 */
#include <vitrine/reader.h>
#include "support.h"

static const uint8_t BYTES[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

VTR_WIRE(pair, 2, (struct vtr_be16, number, 0));

static void a_reader_goes_from_front_to_back(void **state)
{
    struct vtr_reader r = vtr_reader_of(vtr_span_of(BYTES, sizeof BYTES));
    uint8_t u8, copy[2];
    uint16_t u16;
    uint32_t u32;
    struct vtr_span taken;
    assert_true(vtr_reader_u8(&r, &u8));
    assert_int_equal(u8, 1);
    assert_true(vtr_reader_u16be(&r, &u16));
    assert_int_equal(u16, 0x0203);
    assert_true(vtr_reader_u32le(&r, &u32));
    assert_int_equal(u32, 0x07060504);
    assert_true(vtr_reader_skip(&r, 1));
    const struct pair *p = vtr_reader_view(&r, struct pair);
    assert_ptr_equal(p, BYTES + 8);
    assert_true(vtr_reader_copy(&r, copy, 2));
    assert_memory_equal(copy, BYTES + 10, 2);
    assert_true(vtr_reader_take(&r, 3, &taken));
    assert_true(vtr_span_equal(taken, vtr_span_of(BYTES + 12, 3)));
    assert_true(vtr_span_equal(r.rest, vtr_span_of(BYTES + 15, 1)));
}

static void wide_numbers_are_read_in_both_orders(void **state)
{
    struct vtr_reader r = vtr_reader_of(vtr_span_of(BYTES, sizeof BYTES)), start = r;
    uint16_t u16;
    uint32_t u32;
    uint64_t be, le;
    assert_true(vtr_reader_u64be(&r, &be) && vtr_reader_u64le(&r, &le));
    assert_true(be == 0x0102030405060708 && le == 0x100f0e0d0c0b0a09);
    assert_int_equal(r.rest.len, 0);
    assert_true(vtr_reader_u32be(&start, &u32) && vtr_reader_u16le(&start, &u16));
    assert_true(u32 == 0x01020304 && u16 == 0x0605);
}

/** All but one of the bytes that a number needs: neither it nor the reader may change. */
#define LEAVES_ALL_ALONE(order, type)                                                              \
    do {                                                                                           \
        uint8_t *copy = test_exact_copy(BYTES, sizeof(type) - 1);                                  \
        struct vtr_reader r = vtr_reader_of(vtr_span_of(copy, sizeof(type) - 1));                  \
        type v = (type)0x5555555555555555, before = v;                                             \
        assert_false(vtr_reader_##order(&r, &v));                                                  \
        assert_true(v == before);                                                                  \
        assert_ptr_equal(r.rest.ptr, copy);                                                        \
        assert_int_equal(r.rest.len, sizeof(type) - 1);                                            \
        free(copy);                                                                                \
    } while (0)

static void a_number_cut_short_leaves_reader_and_output_alone(void **state)
{
    LEAVES_ALL_ALONE(u8, uint8_t);
    LEAVES_ALL_ALONE(u16be, uint16_t);
    LEAVES_ALL_ALONE(u32be, uint32_t);
    LEAVES_ALL_ALONE(u64be, uint64_t);
    LEAVES_ALL_ALONE(u16le, uint16_t);
    LEAVES_ALL_ALONE(u32le, uint32_t);
    LEAVES_ALL_ALONE(u64le, uint64_t);
}

static void bytes_cut_short_leave_reader_and_output_alone(void **state)
{
    struct vtr_reader r = vtr_reader_of(vtr_span_of(BYTES, 1));
    struct vtr_span taken = { BYTES + 7, 77 };
    uint8_t copy[2] = { 0x55, 0x55 };
    assert_false(vtr_reader_take(&r, 2, &taken));
    assert_false(vtr_reader_take(&r, SIZE_MAX, &taken));
    assert_true(taken.ptr == BYTES + 7 && taken.len == 77);
    assert_false(vtr_reader_copy(&r, copy, 2));
    assert_true(copy[0] == 0x55 && copy[1] == 0x55);
    assert_false(vtr_reader_skip(&r, 2));
    assert_null(vtr_reader_view(&r, struct pair));
    assert_true(r.rest.ptr == BYTES && r.rest.len == 1);
}

static void a_reader_of_nothing_takes_nothing(void **state)
{
    struct vtr_reader r = vtr_reader_of(vtr_span_of(NULL, 0));
    struct vtr_span taken;
    assert_true(vtr_reader_take(&r, 0, &taken) && vtr_reader_skip(&r, 0));
    assert_int_equal(taken.len, 0);
    assert_false(vtr_reader_skip(&r, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_goes_from_front_to_back),
        cmocka_unit_test(wide_numbers_are_read_in_both_orders),
        cmocka_unit_test(a_number_cut_short_leaves_reader_and_output_alone),
        cmocka_unit_test(bytes_cut_short_leave_reader_and_output_alone),
        cmocka_unit_test(a_reader_of_nothing_takes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
