/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_writer: front to back, patches behind, and unchanged by a write that does not fit.
 */
#include <vitrine/writer.h>
#include "support.h"

VTR_WIRE(length_tag, 4, (struct vtr_be16, len, 0), (uint8_t, tag, 2), (uint8_t, unused, 3));

static void what_is_written_is_what_is_read(void **state)
{
    uint8_t room[64];
    struct vtr_writer w = vtr_writer_of(room, sizeof room);
    static const uint8_t expected[] = {
        0xaa, 1, 2, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, /* big-endian */
        2,    1, 4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1, 'v', 't', 'r',
    };
    assert_true(vtr_writer_u8(&w, 0xaa) && vtr_writer_u16be(&w, 0x0102) &&
                vtr_writer_u32be(&w, 0x01020304) && vtr_writer_u64be(&w, 0x0102030405060708) &&
                vtr_writer_u16le(&w, 0x0102) && vtr_writer_u32le(&w, 0x01020304) &&
                vtr_writer_u64le(&w, 0x0102030405060708) && vtr_writer_put(&w, "vtr", 3));
    assert_true(vtr_span_equal(vtr_writer_span(&w), vtr_span_of(expected, sizeof expected)));
}

static void an_earlier_field_can_be_patched(void **state)
{
    uint8_t room[32];
    struct vtr_writer w = vtr_writer_of(room, sizeof room);
    static const uint8_t zeros[28];
    static const uint8_t expected[28] = { 1, 2, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8,
                                          2, 1, 4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1 };
    assert_true(vtr_writer_put(&w, zeros, sizeof zeros));
    assert_true(vtr_writer_patch_u16be(&w, 0, 0x0102) &&
                vtr_writer_patch_u32be(&w, 2, 0x01020304) &&
                vtr_writer_patch_u64be(&w, 6, 0x0102030405060708) &&
                vtr_writer_patch_u16le(&w, 14, 0x0102) &&
                vtr_writer_patch_u32le(&w, 16, 0x01020304) &&
                vtr_writer_patch_u64le(&w, 20, 0x0102030405060708));
    assert_true(vtr_span_equal(vtr_writer_span(&w), vtr_span_of(expected, sizeof expected)));
}

static void a_patch_reaches_only_what_was_written(void **state)
{
    uint8_t room[8] = { 0 };
    static const uint8_t untouched[8];
    struct vtr_writer w = vtr_writer_of(room, sizeof room);
    assert_false(vtr_writer_patch_u16be(&w, 0, 0xffff));
    assert_true(vtr_writer_u16be(&w, 0));
    assert_false(vtr_writer_patch_u16be(&w, 1, 0xffff));
    assert_false(vtr_writer_patch_u32be(&w, 0, 0xffffffff));
    assert_false(vtr_writer_patch_u16be(&w, SIZE_MAX, 0xffff));
    assert_memory_equal(room, untouched, 8);
    assert_int_equal(w.len, 2);
    assert_true(vtr_writer_patch(&w, 2, NULL, 0));
}

static void a_write_that_does_not_fit_changes_nothing(void **state)
{
    uint8_t room[4] = { 1, 2, 3, 4 };
    static const uint8_t untouched[4] = { 1, 2, 3, 4 };
    struct vtr_writer w = vtr_writer_of(room, 1);
    assert_false(vtr_writer_u16be(&w, 0xffff) || vtr_writer_u16le(&w, 0xffff));
    assert_false(vtr_writer_u32be(&w, 0xffff) || vtr_writer_u32le(&w, 0xffff));
    assert_false(vtr_writer_u64be(&w, 0xffff) || vtr_writer_u64le(&w, 0xffff));
    assert_false(vtr_writer_put(&w, "12", 2) || vtr_writer_put(&w, "", SIZE_MAX));
    assert_null(vtr_writer_claim(&w, struct length_tag));
    assert_int_equal(w.len, 0);
    assert_memory_equal(room, untouched, 4);
    assert_true(vtr_writer_u8(&w, 9));
    assert_false(vtr_writer_u8(&w, 9));
    assert_int_equal(w.len, 1);
    assert_memory_equal(room + 1, untouched + 1, 3);
}

static void a_claimed_struct_begins_as_zeros(void **state)
{
    uint8_t room[6];
    struct vtr_writer w = vtr_writer_of(room, sizeof room);
    memset(room, 0xee, sizeof room);
    assert_true(vtr_writer_u8(&w, 0xff));
    struct length_tag *t = vtr_writer_claim(&w, struct length_tag);
    assert_ptr_equal(t, room + 1);
    t->len = vtr_be16_make(0x0102);
    static const uint8_t expected[6] = { 0xff, 1, 2, 0, 0, 0xee };
    assert_memory_equal(room, expected, 6);
    assert_int_equal(w.len, 5);
}

static void a_writer_without_room_writes_nothing(void **state)
{
    struct vtr_writer w = vtr_writer_of(NULL, 0);
    assert_true(vtr_writer_put(&w, NULL, 0));
    assert_false(vtr_writer_u8(&w, 1));
    assert_null(vtr_writer_claim(&w, struct length_tag));
    assert_int_equal(vtr_writer_span(&w).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_what_is_read),
        cmocka_unit_test(an_earlier_field_can_be_patched),
        cmocka_unit_test(a_patch_reaches_only_what_was_written),
        cmocka_unit_test(a_write_that_does_not_fit_changes_nothing),
        cmocka_unit_test(a_claimed_struct_begins_as_zeros),
        cmocka_unit_test(a_writer_without_room_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
