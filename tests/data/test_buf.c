/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * buf: room, headroom, splitting and sealing.
 */
#include "support.h"

#include <errno.h>

static void a_buf_holds_what_was_asked_for(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf b;
    assert_int_equal(vtr_buf_init(heap, 64, 1500, &b), 0);
    assert_int_equal(vtr_buf_headroom(&b), 64);
    assert_true(vtr_buf_tailroom(&b) >= 1500);
    assert_int_equal(vtr_buf_len(&b), 0);
    vtr_buf_fini(&b);
    vtr_buf_fini(&b); /* ending nothing is allowed */
}

static void sizes_beyond_a_block_are_refused_however_large(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf b = VTR_BUF_EMPTY;
    size_t max = vtr_heap_block_max();
    assert_int_equal(vtr_buf_init(heap, 0, max + 1, &b), -EMSGSIZE);
    assert_int_equal(vtr_buf_init(heap, max, 1, &b), -EMSGSIZE);
    assert_int_equal(vtr_buf_init(heap, SIZE_MAX, 2, &b), -EMSGSIZE);
    assert_int_equal(vtr_buf_init(heap, 2, SIZE_MAX, &b), -EMSGSIZE);
    assert_null(b.rec);
    assert_int_equal(vtr_buf_init(heap, 0, max, &b), 0);
    assert_int_equal(vtr_buf_tailroom(&b), max);
    vtr_buf_fini(&b);
}

static void a_call_without_room_changes_nothing(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf b, before;
    assert_int_equal(vtr_buf_init(heap, 4, 8, &b), 0);
    assert_true(vtr_buf_append(&b, "abc", 3));
    memcpy(&before, &b, sizeof b);
    size_t room = vtr_buf_tailroom(&b);
    assert_null(vtr_buf_reserve(&b, room + 1));
    assert_null(vtr_buf_reserve(&b, SIZE_MAX));
    assert_false(vtr_buf_append(&b, "abc", SIZE_MAX));
    assert_null(vtr_buf_push(&b, 5));
    assert_false(vtr_buf_strip(&b, 4));
    assert_false(vtr_buf_trim(&b, 4));
    assert_memory_equal(&b, &before, sizeof b);
    vtr_buf_fini(&b);
}

static void headers_go_in_front_and_bytes_behind(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf b;
    assert_int_equal(vtr_buf_init(heap, 16, 100, &b), 0);
    assert_true(vtr_buf_append(&b, "payload", 7));
    memcpy(vtr_buf_push(&b, 3), "hdr", 3);
    memcpy(vtr_buf_reserve(&b, 50), "...", 3);
    vtr_buf_commit(&b, 3);
    assert_true(vtr_buf_strip(&b, 1));
    assert_true(vtr_buf_trim(&b, 11));
    struct vtr_data d = vtr_buf_seal(&b);
    assert_data(d, "drpayload..", 11);
    assert_null(b.rec);
    vtr_data_unref(&d);
}

static void sealing_nothing_gives_nothing(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf b;
    assert_int_equal(vtr_buf_init(heap, 0, 10, &b), 0);
    struct vtr_data d = vtr_buf_seal(&b);
    assert_true(d.what == 0 && d.len == 0);
    assert_int_equal(test_live(heap), 0);
}

static void what_is_split_off_cannot_be_written_over(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf b;
    struct vtr_data one, two, none = VTR_DATA_EMPTY;
    assert_int_equal(vtr_buf_init(heap, 10, 100, &b), 0);
    assert_true(vtr_buf_append(&b, "onetwothree", 11));
    assert_true(vtr_buf_split(&b, 3, &one));
    assert_int_equal(vtr_buf_headroom(&b), 0);
    assert_null(vtr_buf_push(&b, 1));
    assert_true(vtr_buf_split(&b, 3, &two));
    assert_false(vtr_buf_split(&b, 6, &none));
    assert_false(vtr_buf_split(&b, 0, &none));
    assert_int_equal(none.what, 0);
    vtr_buf_fini(&b); /* the rest is never sealed; the pieces live on */
    assert_data(one, "one", 3);
    assert_data(two, "two", 3);
    assert_int_equal(test_live(heap), 1);
    vtr_data_unref(&one);
    vtr_data_unref(&two);
}

static void the_only_holder_may_write_again(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf b;
    assert_int_equal(vtr_buf_init(heap, 32, 100, &b), 0);
    assert_true(vtr_buf_append(&b, "xxbodyyy", 8));
    struct vtr_data d = vtr_buf_seal(&b);
    assert_true(vtr_data_strip(&d, 2) && vtr_data_trim(&d, 4));
    const uint8_t *before = vtr_data_span(d).ptr;
    assert_true(vtr_data_try_own(&d, &b));
    assert_int_equal(d.what, 0);
    assert_int_equal(vtr_buf_headroom(&b), 34);
    memcpy(vtr_buf_push(&b, 3), "new", 3);
    d = vtr_buf_seal(&b);
    assert_data(d, "newbody", 7);
    assert_ptr_equal(vtr_data_span(d).ptr, before - 3); /* the same block, no copy */
    vtr_data_unref(&d);
}

static void nobody_writes_what_two_hold(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf b = VTR_BUF_EMPTY;
    struct vtr_data d = test_data(heap, "shared", 6), empty = VTR_DATA_EMPTY;
    struct vtr_data part = VTR_DATA_EMPTY, list;
    assert_true(vtr_data_slice(d, 1, 1, &part));
    assert_false(vtr_data_try_own(&d, &b));
    vtr_data_unref(&part);
    assert_int_equal(vtr_data_concat(d, d, &list), 0);
    assert_false(vtr_data_try_own(&d, &b));
    assert_false(vtr_data_try_own(&list, &b));
    assert_false(vtr_data_try_own(&empty, &b));
    assert_data(list, "sharedshared", 12);
    assert_null(b.rec);
    vtr_data_unref(&list);
    assert_true(vtr_data_try_own(&d, &b));
    vtr_buf_fini(&b);
}

static void auto_ends_a_buf_and_move_lets_it_go(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf kept = VTR_BUF_EMPTY;
    {
        vtr_auto(vtr_buf) a = VTR_BUF_EMPTY;
        vtr_auto(vtr_buf) b = VTR_BUF_EMPTY;
        assert_int_equal(vtr_buf_init(heap, 0, 10, &a), 0);
        assert_int_equal(vtr_buf_init(heap, 0, 10, &b), 0);
        kept = vtr_move(&b);
    }
    assert_int_equal(test_live(heap), 1);
    vtr_buf_fini(&kept);
}

static void commit_too_much(void)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_buf b;
    if (vtr_buf_init(heap, 0, 10, &b) == 0)
        vtr_buf_commit(&b, vtr_buf_tailroom(&b) + 1);
}

static void committing_more_than_the_room_is_a_broken_contract(void **state)
{
    (void)state;
    char said[512];
    assert_int_equal(test_death(commit_too_much, said, sizeof said), SIGABRT);
    assert_non_null(strstr(said, "broken contract: len <= vtr_buf_tailroom(b)"));
}

static void bufs_end_in_bulk_in_whatever_state_they_are(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    enum { BUFS = 150 };
    struct vtr_buf bufs[BUFS], none = VTR_BUF_EMPTY;
    struct vtr_data pieces[BUFS] = { VTR_DATA_EMPTY };
    for (unsigned i = 0; i < BUFS; i++) {
        bufs[i] = none;
        if (i % 10 == 3)
            continue;
        assert_int_equal(vtr_buf_init(heap, 0, 10 + i / 50 * 1000, &bufs[i]), 0);
        assert_true(vtr_buf_append(&bufs[i], "piece and rest", 10));
        if (i % 10 == 5)
            assert_true(vtr_buf_split(&bufs[i], 5, &pieces[i]));
    }
    vtr_buf_fini_bulk(bufs, BUFS);
    for (unsigned i = 0; i < BUFS; i++) {
        assert_memory_equal(&bufs[i], &none, sizeof none);
        if (i % 10 == 5)
            assert_data(pieces[i], "piece", 5); /* lives on */
    }
    assert_int_equal(test_live(heap), BUFS / 10);
    vtr_data_unref_bulk(pieces, BUFS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_with_heap(a_buf_holds_what_was_asked_for),
        test_with_heap(sizes_beyond_a_block_are_refused_however_large),
        test_with_heap(a_call_without_room_changes_nothing),
        test_with_heap(headers_go_in_front_and_bytes_behind),
        test_with_heap(sealing_nothing_gives_nothing),
        test_with_heap(what_is_split_off_cannot_be_written_over),
        test_with_heap(the_only_holder_may_write_again),
        test_with_heap(nobody_writes_what_two_hold),
        test_with_heap(auto_ends_a_buf_and_move_lets_it_go),
        cmocka_unit_test(committing_more_than_the_room_is_a_broken_contract),
        test_with_heap(bufs_end_in_bulk_in_whatever_state_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
