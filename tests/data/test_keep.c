/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * keep and cost: what long holds pin, and who pins what.
 */
#include "support.h"

#include <errno.h>

/* A block of 2112 bytes with @p len bytes of a letter in it. */
static struct vtr_data packet(struct vtr_heap *heap, char letter, size_t len)
{
    struct vtr_buf b;
    assert_int_equal(vtr_buf_init(heap, 0, 2112, &b), 0);
    memset(vtr_buf_reserve(&b, len), letter, len);
    vtr_buf_commit(&b, len);
    return vtr_buf_seal(&b);
}

static struct vtr_data_cost cost_of(const struct vtr_data *d, unsigned n)
{
    struct vtr_data_cost c = { .size = sizeof c };
    assert_int_equal(vtr_data_cost(d, n, &c), 0);
    return c;
}

static struct vtr_heap_stat stat_of(struct vtr_heap *heap)
{
    struct vtr_heap_stat stat;
    vtr_heap_stat(heap, &stat);
    return stat;
}

static void a_small_part_of_a_large_block_is_copied(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data d = packet(heap, 'x', 2000), part, kept;
    assert_true(vtr_data_slice(d, 100, 20, &part));
    assert_int_equal(vtr_data_keep(heap, part, &kept), 0);
    assert_data(kept, "xxxxxxxxxxxxxxxxxxxx", 20);
    vtr_data_unref(&d);
    vtr_data_unref(&part);
    struct vtr_heap_stat stat = stat_of(heap);
    assert_int_equal(stat.live_bytes, 64); /* the packet's block is free */
    assert_int_equal(stat.keep_copies, 1);
    assert_int_equal(stat.keep_refs, 0);
    assert_int_equal(stat.keep_bytes, 20);
    assert_int_equal(stat.keep_saved, 2112 - 64);
    vtr_data_unref(&kept);
}

static void half_a_block_is_where_copying_ends(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data d = packet(heap, 'x', 2112), part, kept;
    assert_true(vtr_data_slice(d, 0, 960, &part)); /* 960 is the last class up to 1056 */
    assert_int_equal(vtr_data_keep(heap, part, &kept), 0);
    assert_int_not_equal(kept.what, d.what);
    vtr_data_unref(&kept);
    vtr_data_unref(&part);
    assert_true(vtr_data_slice(d, 0, 961, &part));
    assert_int_equal(vtr_data_keep(heap, part, &kept), 0);
    assert_int_equal(kept.what, d.what);
    vtr_data_unref(&kept);
    vtr_data_unref(&part);
    vtr_data_unref(&d);
    assert_int_equal(stat_of(heap).keep_refs, 1);
}

static void a_list_of_full_packets_is_shared(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data parts[2] = { packet(heap, 'a', 1400), packet(heap, 'b', 1400) }, list, kept;
    assert_int_equal(vtr_data_join_take(parts, 2, &list), 0);
    assert_int_equal(vtr_data_keep(heap, list, &kept), 0);
    assert_int_equal(kept.what, list.what); /* even the list */
    assert_int_equal(stat_of(heap).keep_bytes, 0);
    vtr_data_unref(&list);
    vtr_data_unref(&kept);
}

static void only_the_segments_that_waste_are_copied(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data a = packet(heap, 'a', 1400), b = packet(heap, 'b', 2000), small[2], list, kept;
    char want[1400 + 30];
    assert_true(vtr_data_slice(b, 0, 20, &small[0]) && vtr_data_slice(b, 50, 10, &small[1]));
    struct vtr_data parts[3] = { small[0], a, small[1] };
    memset(want, 'b', sizeof want);
    memset(want + 20, 'a', 1400);
    assert_int_equal(vtr_data_join_take(parts, 3, &list), 0);
    assert_int_equal(vtr_data_keep(heap, list, &kept), 0);
    vtr_data_unref(&list);
    vtr_data_unref(&b);
    assert_data(kept, want, sizeof want);
    struct vtr_heap_stat stat = stat_of(heap);
    assert_int_equal(stat.live_blocks, 2); /* a's, and one for both copies */
    assert_int_equal(stat.live_bytes, 2112 + 64);
    assert_int_equal(stat.keep_bytes, 30);
    assert_int_equal(stat.keep_saved, 2112 - 64);
    vtr_data_unref(&kept);
}

static void segments_of_one_block_count_together(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data d = packet(heap, 'x', 2112), parts[4], list, kept;
    for (unsigned i = 0; i < 4; i++) /* 1600 of 2112 bytes, each alone much less than half */
        assert_true(vtr_data_slice(d, i * 500, 400, &parts[i]));
    assert_int_equal(vtr_data_join_take(parts, 4, &list), 0);
    assert_int_equal(vtr_data_keep(heap, list, &kept), 0);
    assert_int_equal(kept.what, list.what);
    vtr_data_unref(&list);
    vtr_data_unref(&kept);
    vtr_data_unref(&d);
}

static void many_small_segments_become_one_block(void **state)
{
    enum { PARTS = 100 };
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data parts[PARTS], list, kept;
    char want[PARTS * 20];
    for (unsigned i = 0; i < PARTS; i++) {
        parts[i] = packet(heap, (char)i, 2000);
        assert_true(vtr_data_trim(&parts[i], 20));
        memset(want + i * 20, (int)i, 20);
    }
    assert_int_equal(vtr_data_join_take(parts, PARTS, &list), 0);
    assert_int_equal(vtr_data_keep(heap, list, &kept), 0);
    vtr_data_unref(&list);
    assert_data(kept, want, sizeof want);
    assert_int_equal(vtr_data_to_iovec(kept, NULL, 0), 1);
    assert_int_equal(stat_of(heap).live_bytes, 2112);
    vtr_data_unref(&kept);
}

static void what_a_slice_of_a_list_hides_is_let_go(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data parts[3], list, part, kept;
    for (unsigned i = 0; i < 3; i++)
        parts[i] = packet(heap, (char)('a' + i), 2000);
    assert_int_equal(vtr_data_join_take(parts, 3, &list), 0);
    assert_true(vtr_data_slice(list, 1900, 2100, &part)); /* 100 of a, all of b */
    assert_int_equal(vtr_data_keep(heap, part, &kept), 0);
    vtr_data_unref(&list);
    vtr_data_unref(&part);
    struct vtr_heap_stat stat = stat_of(heap);
    assert_int_equal(stat.live_bytes, 2112 + 128);
    assert_int_equal(stat.keep_saved, 2 * 2112 - 128);
    struct vtr_data_cost cost = cost_of(&kept, 1);
    assert_int_equal(cost.pinned_bytes, stat.live_bytes);
    vtr_data_unref(&kept);
}

static void one_whole_segment_of_a_list_is_shared_without_the_list(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data parts[2] = { packet(heap, 'a', 2000), packet(heap, 'b', 2000) };
    struct vtr_data list, part, kept;
    const uint8_t *at = vtr_data_span(parts[1]).ptr;
    assert_int_equal(vtr_data_join_take(parts, 2, &list), 0);
    assert_true(vtr_data_slice(list, 2000, 2000, &part));
    assert_int_equal(vtr_data_keep(heap, part, &kept), 0);
    vtr_data_unref(&list);
    vtr_data_unref(&part);
    assert_ptr_equal(vtr_data_span(kept).ptr, at);
    struct vtr_heap_stat stat = stat_of(heap);
    assert_int_equal(stat.live_blocks, 1);
    assert_int_equal(stat.keep_refs, 1);
    assert_int_equal(stat.keep_saved, 2112);
    vtr_data_unref(&kept);
}

static void copies_go_to_the_heap_that_keeps(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state, *own = test_heap(64 << 20);
    struct vtr_data d = packet(heap, 'x', 2000), whole, part;
    assert_int_equal(vtr_data_keep(own, d, &whole), 0); /* a reference, wherever it lives */
    assert_true(vtr_data_trim(&d, 10));
    assert_int_equal(vtr_data_keep(own, d, &part), 0);
    assert_int_equal(test_live(own), 1);
    assert_int_equal(stat_of(own).keep_copies, 1);
    assert_int_equal(stat_of(own).keep_refs, 1);
    assert_int_equal(stat_of(heap).keep_copies + stat_of(heap).keep_refs, 0);
    vtr_data_unref(&d);
    vtr_data_unref(&whole);
    assert_int_equal(test_live(heap), 0);
    assert_data(part, "xxxxxxxxxx", 10);
    vtr_data_unref(&part);
    test_heap_end(own);
}

static void count_release(void *arg, const void *bytes, size_t len)
{
    ++*(unsigned *)arg;
}

static void adopted_memory_is_a_block_of_its_length(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    static uint8_t bytes[100000];
    unsigned released = 0;
    struct vtr_data d, small, kept;
    assert_int_equal(
        vtr_data_adopt(heap, bytes, sizeof bytes, count_release, &released, &d), 0);
    assert_int_equal(vtr_data_keep(heap, d, &kept), 0);
    assert_ptr_equal(vtr_data_span(kept).ptr, bytes);
    assert_true(vtr_data_trim(&d, 1000));
    assert_int_equal(vtr_data_keep(heap, d, &small), 0);
    vtr_data_unref(&d);
    vtr_data_unref(&kept);
    assert_int_equal(released, 1); /* the copy does not need it */
    assert_int_equal(stat_of(heap).keep_saved, 100000 - 1088);
    vtr_data_unref(&small);
}

static void static_data_stays_as_it_is(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    static const uint8_t table[100000];
    static const struct vtr_static fixed = VTR_STATIC_INIT_ARRAY(table);
    struct vtr_data d = vtr_data_static(&fixed), kept;
    assert_true(vtr_data_trim(&d, 1));
    assert_int_equal(vtr_data_keep(heap, d, &kept), 0);
    assert_int_equal(kept.what, d.what);
    assert_int_equal(cost_of(&d, 1).pinned_bytes, 0);
    assert_int_equal(cost_of(&d, 1).visible_bytes, 1);
}

static void keeping_nothing_gives_nothing(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data d = packet(heap, 'x', 10), kept = { 1, 1, 1 };
    assert_true(vtr_data_strip(&d, 10));
    assert_int_equal(vtr_data_keep(heap, d, &kept), 0);
    assert_true(kept.what == 0 && kept.len == 0);
    vtr_data_unref(&d);
}

static void more_than_a_block_is_kept_in_several(void **state)
{
    (void)state;
    enum { PART = 20 << 20, PARTS = 4 };
    struct vtr_heap *heap = test_heap(512 << 20);
    struct vtr_data parts[PARTS], list, kept, copy;
    for (unsigned i = 0; i < PARTS; i++) { /* 20 of 40 MiB each, and 80 in all */
        struct vtr_buf b;
        assert_int_equal(vtr_buf_init(heap, 0, 2 * PART, &b), 0);
        memset(vtr_buf_reserve(&b, PART), (int)('a' + i), PART);
        vtr_buf_commit(&b, PART);
        parts[i] = vtr_buf_seal(&b);
    }
    assert_int_equal(vtr_data_join_take(parts, PARTS, &list), 0);
    assert_int_equal(vtr_data_keep(heap, list, &kept), 0);
    assert_int_equal(vtr_data_compare(kept, list), 0);
    assert_int_equal(vtr_data_to_iovec(kept, NULL, 0), 2);
    vtr_data_unref(&list);
    assert_int_equal(stat_of(heap).live_bytes, 80 << 20);
    assert_int_equal(stat_of(heap).keep_saved, 80 << 20);
    assert_int_equal(vtr_data_keep(heap, kept, &copy), 0); /* nothing is left to gain */
    assert_int_equal(copy.what, kept.what);
    vtr_data_unref(&kept);
    vtr_data_unref(&copy);
    test_heap_end(heap);
}

static void without_room_nothing_is_kept_and_nothing_lost(void **state)
{
    (void)state;
    struct vtr_heap_opts opts = { .size = sizeof opts, .max_bytes = 64 << 20,
                                  .quota_bytes = 4 * 2112 };
    struct vtr_heap *heap;
    struct vtr_data parts[4], list, kept = { 1, 1, 1 }, was = kept;
    assert_int_equal(vtr_heap_open(&opts, &heap, NULL), 0);
    for (unsigned i = 0; i < 4; i++) {
        parts[i] = packet(heap, (char)('a' + i), 2000);
        assert_true(i % 2 == 0 || vtr_data_trim(&parts[i], 100));
    }
    assert_int_equal(vtr_data_keep(heap, parts[1], &kept), -EDQUOT);
    assert_int_equal(vtr_data_join_take(parts, 4, &list), 0);
    assert_int_equal(vtr_data_keep(heap, list, &kept), -EDQUOT);
    assert_memory_equal(&kept, &was, sizeof kept);
    assert_int_equal(stat_of(heap).keep_copies + stat_of(heap).keep_refs, 0);
    assert_int_equal(test_live(heap), 4);
    assert_int_equal(cost_of(&list, 1).unique_bytes, 4 * 2112);
    vtr_data_unref(&list);
    test_heap_end(heap);
}

static void cost_tells_shared_from_own(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data own = packet(heap, 'a', 1000), shared = packet(heap, 'b', 500);
    struct vtr_data elsewhere = vtr_data_ref(shared), set[3] = { own, shared, VTR_DATA_EMPTY };
    struct vtr_data_cost c = cost_of(set, 3);
    assert_int_equal(c.visible_bytes, 1500);
    assert_int_equal(c.pinned_bytes, 2 * 2112);
    assert_int_equal(c.unique_bytes, 2112);
    assert_int_equal(c.fair_bytes, 2112 + 2112 / 2);
    assert_int_equal(c.segments, 2);
    assert_int_equal(c.blocks, 2);
    set[2] = elsewhere; /* now all references are in the set */
    c = cost_of(set, 3);
    assert_int_equal(c.visible_bytes, 2000);
    assert_int_equal(c.pinned_bytes, 2 * 2112);
    assert_int_equal(c.unique_bytes, 2 * 2112);
    assert_int_equal(c.fair_bytes, 2 * 2112);
    vtr_data_unref(&own);
    vtr_data_unref(&shared);
    vtr_data_unref(&elsewhere);
}

static void a_list_counts_as_far_as_it_is_the_sets(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data a = packet(heap, 'a', 1000), b = packet(heap, 'b', 1000), list, part;
    assert_int_equal(vtr_data_concat(a, b, &list), 0);
    vtr_data_unref(&a); /* a is the list's alone, b is not */
    struct vtr_data_cost c = cost_of(&list, 1);
    assert_int_equal(c.pinned_bytes, 2 * 2112);
    assert_int_equal(c.unique_bytes, 2112);
    assert_int_equal(c.fair_bytes, 2112 + 2112 / 2);
    assert_true(vtr_data_slice(list, 0, 10, &part));
    c = cost_of(&part, 1); /* one of two references to the list */
    assert_int_equal(c.visible_bytes, 10);
    assert_int_equal(c.pinned_bytes, 2 * 2112);
    assert_int_equal(c.unique_bytes, 0);
    assert_int_equal(c.fair_bytes, 2112 / 2 + 2112 / 4);
    struct vtr_data set[3] = { part, list, b };
    c = cost_of(set, 3);
    assert_int_equal(c.unique_bytes, 2 * 2112);
    assert_int_equal(c.fair_bytes, 2 * 2112);
    assert_int_equal(c.segments, 1 + 2 + 1);
    vtr_data_unref(&b);
    vtr_data_unref(&list);
    vtr_data_unref(&part);
}

static void cost_is_what_ending_gives_back(void **state)
{
    enum { VALUES = 60 };
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data value[VALUES];
    uint64_t random = 1;
    for (unsigned i = 0; i < VALUES; i++) {
        if (i < 20) {
            value[i] = packet(heap, 'x', 1 + test_random(&random) % 2000);
            continue;
        }
        struct vtr_data a = value[test_random(&random) % i];
        struct vtr_data b = value[test_random(&random) % i];
        if (test_random(&random) % 2 != 0 || a.len + b.len > 1 << 20)
            assert_true(vtr_data_slice(a, 0, 1 + a.len / 2, &value[i]));
        else
            assert_int_equal(vtr_data_concat(a, b, &value[i]), 0);
    }
    uint64_t fair = 0;
    for (unsigned i = 0; i < VALUES; i++)
        fair += cost_of(&value[i], 1).fair_bytes;
    uint64_t live = stat_of(heap).live_bytes;
    assert_true(fair >= live - VALUES && fair <= live + VALUES); /* shares are rounded */
    for (unsigned i = VALUES; i > 0;) {
        unsigned n = 1 + test_random(&random) % (i < 9 ? i : 9);
        struct vtr_data_cost rest = cost_of(value, i), last = cost_of(&value[i - n], n);
        assert_int_equal(rest.unique_bytes, stat_of(heap).live_bytes);
        assert_int_equal(rest.pinned_bytes, stat_of(heap).live_bytes);
        vtr_data_unref_bulk(&value[i - n], n);
        assert_int_equal(stat_of(heap).live_bytes, rest.unique_bytes - last.unique_bytes);
        i -= n;
    }
}

static void cost_fills_the_struct_it_is_given(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data d = packet(heap, 'x', 10);
    struct vtr_data_cost c;
    memset(&c, 0xee, sizeof c);
    c.size = offsetof(struct vtr_data_cost, unique_bytes);
    assert_int_equal(vtr_data_cost(&d, 1, &c), 0);
    assert_int_equal(c.size, offsetof(struct vtr_data_cost, unique_bytes));
    assert_int_equal(c.pinned_bytes, 2112);
    assert_true(c.unique_bytes == UINT64_C(0xeeeeeeeeeeeeeeee));
    vtr_data_unref(&d);
}

static void the_header_block_of_a_thread_is_nobodys_own(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data body = packet(heap, 'b', 2000), framed, kept;
    assert_int_equal(vtr_data_prepend(heap, "header", 6, body, &framed), 0);
    vtr_data_unref(&body);
    struct vtr_data_cost c = cost_of(&framed, 1);
    assert_int_equal(c.blocks, 2);
    assert_int_equal(c.unique_bytes, 2112); /* more headers will be carved from the other */
    assert_int_equal(vtr_data_keep(heap, framed, &kept), 0);
    vtr_data_unref(&framed);
    c = cost_of(&kept, 1);
    assert_int_equal(c.unique_bytes, 2112 + 64);
    assert_int_equal(c.visible_bytes, 2006);
    vtr_data_unref(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_with_heap(a_small_part_of_a_large_block_is_copied),
        test_with_heap(half_a_block_is_where_copying_ends),
        test_with_heap(a_list_of_full_packets_is_shared),
        test_with_heap(only_the_segments_that_waste_are_copied),
        test_with_heap(segments_of_one_block_count_together),
        test_with_heap(many_small_segments_become_one_block),
        test_with_heap(what_a_slice_of_a_list_hides_is_let_go),
        test_with_heap(one_whole_segment_of_a_list_is_shared_without_the_list),
        test_with_heap(copies_go_to_the_heap_that_keeps),
        test_with_heap(adopted_memory_is_a_block_of_its_length),
        test_with_heap(static_data_stays_as_it_is),
        test_with_heap(keeping_nothing_gives_nothing),
        cmocka_unit_test(more_than_a_block_is_kept_in_several),
        cmocka_unit_test(without_room_nothing_is_kept_and_nothing_lost),
        test_with_heap(cost_tells_shared_from_own),
        test_with_heap(a_list_counts_as_far_as_it_is_the_sets),
        test_with_heap(cost_is_what_ending_gives_back),
        test_with_heap(cost_fills_the_struct_it_is_given),
        test_with_heap(the_header_block_of_a_thread_is_nobodys_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
