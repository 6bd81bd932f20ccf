/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_span: parts, reads, views, arrays, comparing.
 */
#include <vitrine/span.h>
#include "support.h"

static const uint8_t BYTES[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
static const struct vtr_span EMPTY = { NULL, 0 };

VTR_WIRE(triple, 3, (struct vtr_be16, number, 0), (uint8_t, tag, 2));

static struct vtr_span all(void)
{
    return vtr_span_of(BYTES, sizeof BYTES);
}

static void every_sub_span_inside_is_given_and_no_other(void **state)
{
    for (size_t off = 0; off <= 14; off++)
        for (size_t len = 0; len <= 14; len++) {
            struct vtr_span out = { BYTES + 5, 99 };
            if (vtr_span_sub(all(), off, len, &out)) {
                assert_true(off + len <= 12);
                assert_ptr_equal(out.ptr, BYTES + off);
                assert_int_equal(out.len, len);
            } else {
                assert_true(off + len > 12);
                assert_ptr_equal(out.ptr, BYTES + 5);
                assert_int_equal(out.len, 99);
            }
        }
}

static void a_span_may_be_cut_in_place(void **state)
{
    struct vtr_span s = all();
    assert_true(vtr_span_sub(s, 2, 5, &s));
    assert_true(vtr_span_sub(s, 1, 3, &s));
    assert_true(vtr_span_equal(s, vtr_span_of(BYTES + 3, 3)));
}

static void a_split_gives_both_parts_or_neither(void **state)
{
    struct vtr_span head = EMPTY, tail = EMPTY;
    assert_false(vtr_span_split(all(), 13, &head, &tail));
    assert_null(head.ptr);
    assert_null(tail.ptr);
    for (size_t len = 0; len <= 12; len++) {
        assert_true(vtr_span_split(all(), len, &head, &tail));
        assert_true(vtr_span_equal(head, vtr_span_of(BYTES, len)));
        assert_true(vtr_span_equal(tail, vtr_span_of(BYTES + len, 12 - len)));
    }
}

static void the_empty_span_reads_as_empty(void **state)
{
    struct vtr_span out = all(), rest = all();
    size_t count = 99;
    uint8_t byte = 0x55;
    assert_true(vtr_span_sub(EMPTY, 0, 0, &out));
    assert_int_equal(out.len, 0);
    assert_true(vtr_span_copy(EMPTY, 0, &byte, 0));
    assert_false(vtr_span_u8(EMPTY, 0, &byte));
    assert_int_equal(byte, 0x55);
    assert_null(vtr_span_view(EMPTY, 0, struct triple));
    assert_ptr_equal(vtr_span_cast(EMPTY, struct triple, &count, &rest), EMPTY.ptr);
    assert_int_equal(count, 0);
    assert_int_equal(rest.len, 0);
    assert_true(vtr_span_equal(EMPTY, vtr_span_of(BYTES, 0)));
    assert_int_equal(vtr_span_compare(EMPTY, EMPTY), 0);
}

static void numbers_have_the_order_in_their_name(void **state)
{
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    assert_true(vtr_span_u8(all(), 3, &u8));
    assert_int_equal(u8, 4);
    assert_true(vtr_span_u16be(all(), 1, &u16));
    assert_int_equal(u16, 0x0203);
    assert_true(vtr_span_u16le(all(), 1, &u16));
    assert_int_equal(u16, 0x0302);
    assert_true(vtr_span_u32be(all(), 1, &u32));
    assert_int_equal(u32, 0x02030405);
    assert_true(vtr_span_u32le(all(), 1, &u32));
    assert_int_equal(u32, 0x05040302);
    assert_true(vtr_span_u64be(all(), 1, &u64));
    assert_true(u64 == 0x0203040506070809);
    assert_true(vtr_span_u64le(all(), 1, &u64));
    assert_true(u64 == 0x0908070605040302);
}

/** Reads at the last place that fits, and at the next one, which must leave the output alone. */
#define ENDS_THERE(fn, type)                                                                       \
    do {                                                                                           \
        uint8_t *copy = test_exact_copy(BYTES, sizeof BYTES);                                      \
        struct vtr_span s = vtr_span_of(copy, sizeof BYTES);                                       \
        type v = (type)0x5555555555555555, before = v;                                             \
        assert_false(fn(s, sizeof BYTES + 1 - sizeof v, &v));                                      \
        assert_false(fn(s, SIZE_MAX, &v));                                                         \
        assert_false(fn(s, SIZE_MAX - sizeof v + 1, &v));                                          \
        assert_false(fn(vtr_span_of(copy, sizeof v - 1), 0, &v));                                  \
        assert_true(v == before);                                                                  \
        assert_true(fn(s, sizeof BYTES - sizeof v, &v));                                           \
        assert_true(v != before);                                                                  \
        free(copy);                                                                                \
    } while (0)

static void a_span_one_byte_short_reads_nothing(void **state)
{
    ENDS_THERE(vtr_span_u8, uint8_t);
    ENDS_THERE(vtr_span_u16be, uint16_t);
    ENDS_THERE(vtr_span_u32be, uint32_t);
    ENDS_THERE(vtr_span_u64be, uint64_t);
    ENDS_THERE(vtr_span_u16le, uint16_t);
    ENDS_THERE(vtr_span_u32le, uint32_t);
    ENDS_THERE(vtr_span_u64le, uint64_t);
}

static void a_copy_is_whole_or_not_made(void **state)
{
    uint8_t to[4] = { 0x55, 0x55, 0x55, 0x55 };
    static const uint8_t untouched[4] = { 0x55, 0x55, 0x55, 0x55 };
    assert_false(vtr_span_copy(all(), 9, to, 4));
    assert_memory_equal(to, untouched, 4);
    assert_true(vtr_span_copy(all(), 8, to, 4));
    assert_memory_equal(to, BYTES + 8, 4);
}

static void a_view_lies_in_place_at_any_alignment(void **state)
{
    for (size_t off = 0; off <= 9; off++) {
        const struct triple *t = vtr_span_view(all(), off, struct triple);
        assert_ptr_equal(t, BYTES + off);
        assert_int_equal(vtr_be16_get(t->number), BYTES[off] << 8 | BYTES[off + 1]);
        assert_int_equal(t->tag, BYTES[off + 2]);
    }
    assert_null(vtr_span_view(all(), 10, struct triple));
    assert_null(vtr_span_view(all(), SIZE_MAX, struct triple));
    assert_null(vtr_span_view(all(), SIZE_MAX - 2, struct triple));
}

static void a_cast_says_what_is_left_over(void **state)
{
    for (size_t len = 0; len <= 12; len++) {
        struct vtr_span s = vtr_span_of(BYTES, len), rest;
        size_t count;
        const struct triple *t = vtr_span_cast(s, struct triple, &count, &rest);
        assert_int_equal(count, len / 3);
        assert_true(vtr_span_equal(rest, vtr_span_of(BYTES + len / 3 * 3, len % 3)));
        for (size_t i = 0; i < count; i++)
            assert_int_equal(t[i].tag, BYTES[3 * i + 2]);
    }
}

static void spans_compare_as_bytes_then_as_lengths(void **state)
{
    struct vtr_span ab = vtr_span_of("ab", 2), abc = vtr_span_of("abc", 3);
    struct vtr_span b = vtr_span_of("b", 1), high = vtr_span_of("\xff", 1);
    assert_true(vtr_span_equal(ab, vtr_span_of("ab", 2)));
    assert_false(vtr_span_equal(ab, abc));
    assert_false(vtr_span_equal(b, high));
    assert_int_equal(vtr_span_compare(ab, ab), 0);
    assert_true(vtr_span_compare(ab, abc) < 0 && vtr_span_compare(abc, ab) > 0);
    assert_true(vtr_span_compare(abc, b) < 0 && vtr_span_compare(b, abc) > 0);
    assert_true(vtr_span_compare(b, high) < 0); /* bytes are not signed */
    assert_true(vtr_span_compare(EMPTY, ab) < 0 && vtr_span_compare(ab, EMPTY) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sub_span_inside_is_given_and_no_other),
        cmocka_unit_test(a_span_may_be_cut_in_place),
        cmocka_unit_test(a_split_gives_both_parts_or_neither),
        cmocka_unit_test(the_empty_span_reads_as_empty),
        cmocka_unit_test(numbers_have_the_order_in_their_name),
        cmocka_unit_test(a_span_one_byte_short_reads_nothing),
        cmocka_unit_test(a_copy_is_whole_or_not_made),
        cmocka_unit_test(a_view_lies_in_place_at_any_alignment),
        cmocka_unit_test(a_cast_says_what_is_left_over),
        cmocka_unit_test(spans_compare_as_bytes_then_as_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
