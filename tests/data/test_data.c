/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * data: sharing, joining and reading.
 */
#include "support.h"

#include <errno.h>
#include <sys/uio.h>

static void a_copy_is_the_bytes_at_any_size(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    static const size_t sizes[] = { 0, 1, 63, 64, 65, 4096, 1 << 20, (1 << 20) + 1, 5 << 20 };
    uint8_t *bytes = (uint8_t *)malloc(5 << 20);
    for (size_t i = 0; i < 5 << 20; i++)
        bytes[i] = (uint8_t)(i * 2654435761u >> 24);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct vtr_data d = test_data(heap, bytes, sizes[i]);
        assert_data(d, bytes, sizes[i]);
        vtr_data_unref(&d);
        assert_int_equal(test_live(heap), 0);
    }
    free(bytes);
}

static void a_copy_that_does_not_fit_leaves_nothing(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data d = VTR_DATA_EMPTY;
    char *bytes = (char *)calloc(1, 65 << 20);
    assert_int_equal(vtr_data_copy(heap, bytes, 65 << 20, &d), -ENOMEM);
    assert_int_equal(vtr_data_copy(heap, bytes, (size_t)VTR_DATA_MAX + 1, &d), -EMSGSIZE);
    assert_true(d.what == 0 && d.len == 0);
    free(bytes);
}

static void references_share_one_block(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data a = test_data(heap, "shared", 6), b = vtr_data_ref(a), c;
    assert_true(vtr_data_slice(b, 2, 3, &c));
    assert_int_equal(test_live(heap), 1);
    assert_ptr_equal(vtr_data_span(c).ptr, vtr_data_span(a).ptr + 2);
    vtr_data_unref(&a);
    vtr_data_unref(&b);
    assert_data(c, "are", 3);
    vtr_data_unref(&c);
    vtr_data_unref(&c); /* ending nothing is allowed */
}

static void a_slice_outside_changes_nothing(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data d = test_data(heap, "0123456789", 10), out = { 7, 7, 7 }, before = out;
    static const size_t bad[][2] = { { 0, 11 },        { 10, 1 },           { 11, 0 },
                                     { SIZE_MAX, 1 },  { 1, SIZE_MAX },     { SIZE_MAX, SIZE_MAX },
                                     { 1ul << 32, 1 }, { 5, (1ul << 32) } };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(vtr_data_slice(d, bad[i][0], bad[i][1], &out));
    assert_memory_equal(&out, &before, sizeof out);
    assert_true(vtr_data_slice(d, 10, 0, &out));
    assert_int_equal(out.what, 0);
    vtr_data_unref(&d);
}

static void strip_and_trim_narrow_in_place(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data d = test_data(heap, "0123456789", 10);
    assert_false(vtr_data_strip(&d, 11));
    assert_false(vtr_data_trim(&d, 11));
    assert_false(vtr_data_strip(&d, SIZE_MAX));
    assert_true(vtr_data_strip(&d, 3));
    assert_true(vtr_data_trim(&d, 4));
    assert_data(d, "3456", 4);
    assert_true(vtr_data_strip(&d, 4));
    assert_int_equal(d.len, 0);
    vtr_data_unref(&d); /* empty, and still a reference */
}

static void joining_shares_every_segment(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data a = test_data(heap, "aaa", 3), b = test_data(heap, "bbbb", 4);
    struct vtr_data empty = VTR_DATA_EMPTY, part = VTR_DATA_EMPTY, ab, all;
    assert_int_equal(vtr_data_concat(a, b, &ab), 0);
    struct vtr_data parts[] = { ab, empty, a, ab };
    assert_int_equal(vtr_data_join(parts, 4, &all), 0);
    assert_int_equal(test_live(heap), 2);
    assert_data(all, "aaabbbbaaaaaabbbb", 17);
    assert_true(vtr_data_slice(all, 2, 6, &part));
    vtr_data_unref(&all);
    vtr_data_unref(&ab);
    vtr_data_unref(&a);
    vtr_data_unref(&b);
    assert_data(part, "abbbba", 6);
    assert_int_equal(vtr_data_concat(part, part, &all), 0); /* slices of lists in lists */
    assert_data(all, "abbbbaabbbba", 12);
    vtr_data_unref(&all);
    vtr_data_unref(&part);
}

static void joining_one_or_nothing_makes_no_list(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data a = test_data(heap, "abc", 3), empty = VTR_DATA_EMPTY, out;
    assert_int_equal(vtr_data_concat(empty, empty, &out), 0);
    assert_true(out.what == 0 && out.len == 0);
    assert_int_equal(vtr_data_concat(empty, a, &out), 0);
    assert_int_equal(out.what, a.what);
    vtr_data_unref(&out);
    assert_int_equal(vtr_data_join(NULL, 0, &out), 0);
    assert_int_equal(out.what, 0);
    vtr_data_unref(&a);
}

static void joining_beyond_four_gibibytes_is_refused(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data d, out = VTR_DATA_EMPTY, parts[5000];
    char *bytes = (char *)calloc(1, 1 << 20);
    d = test_data(heap, bytes, 1 << 20);
    for (int i = 0; i < 5000; i++)
        parts[i] = d;
    assert_int_equal(vtr_data_join(parts, 4096, &out), -EMSGSIZE);
    assert_int_equal(vtr_data_join(parts, 4095, &out), 0);
    assert_int_equal(out.len, 4095u << 20);
    size_t run = 0;
    assert_non_null(vtr_data_at(out, out.len - 1, &run));
    assert_int_equal(run, 1);
    vtr_data_unref(&out);
    vtr_data_unref(&d);
    free(bytes);
}

/* Of two segments, one of them as long as no test has memory for: nothing looks at its bytes. */
static void pairs_beyond_four_gibibytes_are_refused(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data d = test_data(heap, "x", 1), most = d, out = { 0, 7, 7 }, was = out;
    most.len = VTR_DATA_MAX;
    assert_int_equal(vtr_data_concat(most, d, &out), -EMSGSIZE);
    assert_int_equal(vtr_data_prepend(heap, "h", 1, most, &out), -EMSGSIZE);
    assert_memory_equal(&out, &was, sizeof out);
    vtr_data_unref(&d);
}

static void ending_many_at_once_takes_what_there_is(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state, *other = test_heap(64 << 20);
    struct vtr_data d[80] = { VTR_DATA_EMPTY };
    struct vtr_buf large;
    char bytes[3000] = { 0 };
    assert_int_equal(vtr_buf_init(heap, 0, 3 << 20, &large), 0);
    vtr_buf_commit(&large, 3 << 20);
    for (unsigned i = 0; i < 70; i++) /* more than are collected, of several sizes and heaps */
        d[i] = test_data(i % 7 == 0 ? other : heap, bytes, 1 + i / 8 % 3 * 900);
    d[72] = vtr_buf_seal(&large);
    assert_int_equal(vtr_data_concat(d[0], d[1], &d[74]), 0);
    d[75] = vtr_data_ref(d[72]);
    d[77] = vtr_data_ref(d[5]);
    vtr_data_unref_bulk(d, 80);
    for (unsigned i = 0; i < 80; i++)
        assert_int_equal(d[i].what | d[i].off | d[i].len, 0);
    assert_int_equal(test_live(heap), 0);
    test_heap_end(other);
}

/* Ports end as many as a driver had. */
static void ending_more_handles_than_are_collected_ends_all(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    uint64_t whats[150];
    for (unsigned i = 0; i < 150; i++)
        whats[i] = test_data(heap, "x", 1).what;
    vtr_record_unref_bulk_(whats, 150);
    assert_int_equal(test_live(heap), 0);
}

static void taking_the_parts_moves_their_counts(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data parts[3] = { test_data(heap, "head", 4), VTR_DATA_EMPTY, VTR_DATA_EMPTY }, out;
    struct vtr_data tail = test_data(heap, "tail", 4);
    assert_int_equal(vtr_data_concat(tail, tail, &parts[2]), 0);
    assert_int_equal(vtr_data_join_take(parts, 3, &out), 0);
    for (int i = 0; i < 3; i++)
        assert_true(parts[i].what == 0 && parts[i].len == 0);
    vtr_data_unref(&tail);
    assert_data(out, "headtailtail", 12);
    vtr_data_unref(&out);
}

static void a_header_goes_before_shared_bytes(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data body = test_data(heap, "body", 4), out[400];
    char header[32], want[40];
    for (int i = 0; i < 400; i++) { /* more than a header block holds */
        int n = snprintf(header, sizeof header, "header %d:", i);
        assert_int_equal(vtr_data_prepend(heap, header, (size_t)n, body, &out[i]), 0);
    }
    for (int i = 0; i < 400; i++) {
        int n = snprintf(want, sizeof want, "header %d:body", i);
        assert_data(out[i], want, (size_t)n);
        vtr_data_unref(&out[i]);
    }
    char big[1025] = "";
    assert_int_equal(vtr_data_prepend(heap, big, 1025, body, &out[0]), -EMSGSIZE);
    assert_int_equal(vtr_data_prepend(heap, big, 1024, body, &out[0]), 0);
    assert_int_equal(out[0].len, 1028);
    vtr_data_unref(&out[0]);
    vtr_data_unref(&body);
}

struct word {
    uint8_t byte[4];
};

static void a_view_is_in_place_unless_it_straddles(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data a = test_data(heap, "0123456", 7), b = test_data(heap, "789", 3), d;
    struct word scratch, untouched;
    memset(&scratch, 0xee, sizeof scratch);
    untouched = scratch;
    assert_int_equal(vtr_data_concat(a, b, &d), 0);
    const struct word *w = vtr_data_view(d, 3, struct word, &scratch);
    assert_ptr_equal(w, vtr_data_span(a).ptr + 3);
    assert_null(vtr_data_view(d, 7, struct word, &scratch));
    assert_null(vtr_data_view(d, SIZE_MAX, struct word, &scratch));
    assert_memory_equal(&scratch, &untouched, sizeof scratch);
    w = vtr_data_view(d, 6, struct word, &scratch);
    assert_ptr_equal(w, &scratch);
    assert_memory_equal(w->byte, "6789", 4);
    vtr_data_unref(&a);
    vtr_data_unref(&b);
    vtr_data_unref(&d);
}

static void a_cursor_reads_all_segments_once(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data a = test_data(heap, "abc", 3), b = test_data(heap, "defg", 4), d;
    char got[8] = "", none[8] = "";
    struct vtr_span s;
    assert_int_equal(vtr_data_concat(a, b, &d), 0);
    struct vtr_cursor c = vtr_cursor_of(d);
    assert_true(vtr_cursor_read(&c, got, 2));
    struct vtr_cursor before = c;
    assert_false(vtr_cursor_read(&c, none, 6));
    assert_memory_equal(&c, &before, sizeof c);
    assert_true(vtr_cursor_next(&c, &s));
    assert_int_equal(s.len, 1);
    assert_true(vtr_cursor_next(&c, &s));
    assert_memory_equal(s.ptr, "defg", 4);
    assert_false(vtr_cursor_next(&c, &s));
    assert_int_equal(s.len, 4);
    vtr_data_unref(&a);
    vtr_data_unref(&b);
    vtr_data_unref(&d);
}

static void an_iovec_lists_the_segments(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data a = test_data(heap, "abc", 3), d, part, empty = VTR_DATA_EMPTY;
    struct vtr_data parts[] = { a, a, a, a };
    struct iovec iov[4];
    assert_int_equal(vtr_data_join(parts, 4, &d), 0);
    assert_int_equal(vtr_data_to_iovec(d, NULL, 0), 4);
    assert_int_equal(vtr_data_to_iovec(d, iov, 2), 4);
    assert_int_equal(iov[1].iov_len, 3);
    assert_int_equal(vtr_data_to_iovec(empty, iov, 4), 0);
    assert_true(vtr_data_slice(d, 2, 5, &part));
    assert_int_equal(vtr_data_to_iovec(part, iov, 4), 3);
    assert_int_equal(iov[0].iov_len, 1);
    assert_int_equal(iov[2].iov_len, 1);
    vtr_data_unref(&a);
    vtr_data_unref(&d);
    vtr_data_unref(&part);
}

static void comparing_is_by_bytes_then_length(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data a = test_data(heap, "abc", 3), b = test_data(heap, "abd", 3);
    struct vtr_data ab, aa, e = VTR_DATA_EMPTY;
    assert_int_equal(vtr_data_concat(a, b, &ab), 0);
    assert_int_equal(vtr_data_concat(a, a, &aa), 0);
    assert_int_equal(vtr_data_compare(a, a), 0);
    assert_true(vtr_data_compare(a, b) < 0 && vtr_data_compare(b, a) > 0);
    assert_true(vtr_data_compare(a, ab) < 0 && vtr_data_compare(ab, a) > 0);
    assert_true(vtr_data_compare(aa, ab) < 0);
    assert_true(vtr_data_compare(e, a) < 0 && vtr_data_compare(e, e) == 0);
    vtr_data_unref(&a);
    vtr_data_unref(&b);
    vtr_data_unref(&ab);
    vtr_data_unref(&aa);
}

static void auto_ends_data_on_every_path(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data kept = VTR_DATA_EMPTY;
    for (int i = 0; i < 3; i++) {
        vtr_auto(vtr_data) a = test_data(heap, "a", 1);
        vtr_auto(vtr_data) b = VTR_DATA_EMPTY;
        if (i == 0)
            continue;
        b = vtr_data_ref(a);
        if (i == 1)
            kept = vtr_move(&b);
    }
    assert_int_equal(test_live(heap), 1);
    assert_data(kept, "a", 1);
    vtr_data_unref(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_with_heap(a_copy_is_the_bytes_at_any_size),
        test_with_heap(a_copy_that_does_not_fit_leaves_nothing),
        test_with_heap(references_share_one_block),
        test_with_heap(a_slice_outside_changes_nothing),
        test_with_heap(strip_and_trim_narrow_in_place),
        test_with_heap(joining_shares_every_segment),
        test_with_heap(joining_one_or_nothing_makes_no_list),
        test_with_heap(joining_beyond_four_gibibytes_is_refused),
        test_with_heap(pairs_beyond_four_gibibytes_are_refused),
        test_with_heap(ending_many_at_once_takes_what_there_is),
        test_with_heap(ending_more_handles_than_are_collected_ends_all),
        test_with_heap(taking_the_parts_moves_their_counts),
        test_with_heap(a_header_goes_before_shared_bytes),
        test_with_heap(a_view_is_in_place_unless_it_straddles),
        test_with_heap(a_cursor_reads_all_segments_once),
        test_with_heap(an_iovec_lists_the_segments),
        test_with_heap(comparing_is_by_bytes_then_length),
        test_with_heap(auto_ends_data_on_every_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
