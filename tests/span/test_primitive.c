/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Integers with a byte order, and structs declared from them. What must not compile is in misuse.c.
 */
#include <vitrine/primitive.h>
#include "support.h"

VTR_WIRE(one_field, 1, (uint8_t, only, 0));

VTR_WIRE(sixteen_fields, 32, /* as many as there can be, of every kind */
         (uint8_t, a, 0), (struct vtr_be16, b, 1), (struct vtr_be32, c, 3), (struct vtr_be64, d, 7),
         (struct vtr_le16, e, 15), (struct vtr_le32, f, 17), (uint8_t, g, 21, [1]),
         (uint8_t, h, 22), (struct one_field, i, 23), (uint8_t, j, 24), (uint8_t, k, 25),
         (uint8_t, l, 26), (uint8_t, m, 27), (uint8_t, n, 28), (uint8_t, o, 29),
         (uint8_t, p, 30, [2]));

static void numbers_are_stored_in_the_order_of_the_name(void **state)
{
    const struct vtr_be16 be16 = vtr_be16_make(0x0102);
    const struct vtr_be32 be32 = vtr_be32_make(0x01020304);
    const struct vtr_be64 be64 = vtr_be64_make(0x0102030405060708);
    const struct vtr_le16 le16 = vtr_le16_make(0x0102);
    const struct vtr_le32 le32 = vtr_le32_make(0x01020304);
    const struct vtr_le64 le64 = vtr_le64_make(0x0102030405060708);
    static const uint8_t up[] = { 1, 2, 3, 4, 5, 6, 7, 8 }, down[] = { 8, 7, 6, 5, 4, 3, 2, 1 };
    assert_memory_equal(&be16, up, 2);
    assert_memory_equal(&be32, up, 4);
    assert_memory_equal(&be64, up, 8);
    assert_memory_equal(&le16, down + 6, 2);
    assert_memory_equal(&le32, down + 4, 4);
    assert_memory_equal(&le64, down, 8);
}

static void every_16_bit_number_comes_back(void **state)
{
    for (uint32_t v = 0; v <= UINT16_MAX; v++) {
        assert_int_equal(vtr_be16_get(vtr_be16_make((uint16_t)v)), v);
        assert_int_equal(vtr_le16_get(vtr_le16_make((uint16_t)v)), v);
    }
}

static void every_bit_of_a_wide_number_comes_back(void **state)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t v = UINT64_C(1) << bit;
        assert_true(vtr_be64_get(vtr_be64_make(v)) == v);
        assert_true(vtr_le64_get(vtr_le64_make(v)) == v);
        assert_true(vtr_be32_get(vtr_be32_make((uint32_t)v)) == (uint32_t)v);
        assert_true(vtr_le32_get(vtr_le32_make((uint32_t)v)) == (uint32_t)v);
    }
}

static void a_declared_struct_lies_where_its_tuples_say(void **state)
{
    assert_int_equal(sizeof(struct one_field), 1);
    assert_int_equal(sizeof(struct sixteen_fields), 32);
    assert_int_equal(_Alignof(struct sixteen_fields), 1);
    assert_int_equal(offsetof(struct sixteen_fields, d), 7);
    assert_int_equal(offsetof(struct sixteen_fields, p), 30);
    assert_int_equal(sizeof(((struct sixteen_fields *)0)->p), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_stored_in_the_order_of_the_name),
        cmocka_unit_test(every_16_bit_number_comes_back),
        cmocka_unit_test(every_bit_of_a_wide_number_comes_back),
        cmocka_unit_test(a_declared_struct_lies_where_its_tuples_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
