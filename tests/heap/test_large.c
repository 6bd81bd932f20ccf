/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * heap: blocks of more than 1 MiB, which are runs of whole pageblocks of one segment.
 */
#include "support.h"

#include <errno.h>
#include <pthread.h>

#include "heap/block.h"

enum { MIB = 1 << 20, PAGEBLOCK = 2 * MIB, SEGMENT = 64 * MIB };

static struct vtr_heap_stat stat_of(struct vtr_heap *heap)
{
    struct vtr_heap_stat stat = { .size = sizeof stat };
    vtr_heap_stat(heap, &stat);
    return stat;
}

/* Takes up to @p max blocks of @p bytes. @return how many. */
static unsigned take(struct vtr_heap *heap, size_t bytes, struct vtr_buf *bufs, unsigned max)
{
    unsigned n = 0;
    while (n < max && vtr_buf_init(heap, 0, bytes, &bufs[n]) == 0)
        n++;
    return n;
}

static void end(struct vtr_buf *bufs, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        vtr_buf_fini(&bufs[i]);
}

static void every_size_above_a_mebibyte_is_whole_pageblocks(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    static const uint32_t sizes[] = { MIB + 1,       2 * MIB - 1,  2 * MIB,     2 * MIB + 1,
                                      31 * MIB + 17, 62 * MIB + 1, SEGMENT - 1, SEGMENT };
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct vtr_buf b;
        uint32_t whole = (sizes[i] + PAGEBLOCK - 1) / PAGEBLOCK * PAGEBLOCK;
        assert_int_equal(vtr_buf_init(heap, 0, sizes[i], &b), 0);
        assert_int_equal(vtr_buf_tailroom(&b), whole);
        memset(vtr_buf_reserve(&b, whole), (int)i + 1, whole);
        vtr_buf_commit(&b, whole);
        assert_int_equal(stat_of(heap).live_blocks, 1);
        assert_int_equal(stat_of(heap).live_bytes, whole);
        assert_int_equal(stat_of(heap).pageblock_bytes, whole);
        struct vtr_data d = vtr_buf_seal(&b);
        struct vtr_span s = vtr_data_span(d);
        assert_int_equal(s.len, whole);
        assert_true(s.ptr[0] == i + 1 && s.ptr[whole / 2] == i + 1 && s.ptr[whole - 1] == i + 1);
        vtr_data_unref(&d);
        assert_int_equal(stat_of(heap).pageblock_bytes, 0);
    }
}

static void more_than_a_segment_is_too_long(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf b = VTR_BUF_EMPTY;
    assert_int_equal(vtr_buf_init(heap, 0, SEGMENT + 1, &b), -EMSGSIZE);
    assert_int_equal(vtr_buf_init(heap, 1, SEGMENT, &b), -EMSGSIZE);
    assert_int_equal(vtr_buf_init(heap, SEGMENT, 1, &b), -EMSGSIZE);
    assert_int_equal(vtr_buf_init(heap, SIZE_MAX, SIZE_MAX, &b), -EMSGSIZE);
    assert_int_equal(vtr_buf_init_bulk(heap, 0, SEGMENT + 1, &b, 1), 0);
    assert_null(b.rec);
    assert_int_equal(stat_of(heap).failed_limit, 0); /* nothing was refused for want of memory */
}

static void a_large_block_is_shared_sliced_split_and_owned_like_others(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf b;
    struct vtr_data head, part, all, d;
    assert_int_equal(vtr_buf_init(heap, 64, 3 * MIB, &b), 0);
    assert_int_equal(vtr_buf_headroom(&b), 64);
    memset(vtr_buf_reserve(&b, 3 * MIB), 'x', 3 * MIB);
    vtr_buf_commit(&b, 3 * MIB);
    memcpy(vtr_buf_push(&b, 4), "head", 4);
    assert_true(vtr_buf_split(&b, 4, &head));
    memcpy(vtr_buf_bytes(&b) + 3 * MIB - 4, "tail", 4);
    d = vtr_buf_seal(&b);
    assert_data(head, "head", 4);
    assert_true(vtr_data_slice(d, 3 * MIB - 4, 4, &part));
    assert_data(part, "tail", 4);
    assert_false(vtr_data_try_own(&d, &b));
    assert_int_equal(vtr_data_prepend(heap, "hdr", 3, d, &all), 0);
    assert_int_equal(all.len, 3 * MIB + 3);
    assert_int_equal(vtr_data_compare(all, d), 'h' - 'x');
    vtr_data_unref(&all);
    vtr_data_unref(&head);
    vtr_data_unref(&part);
    const uint8_t *before = vtr_data_span(d).ptr;
    assert_true(vtr_data_try_own(&d, &b));
    memcpy(vtr_buf_push(&b, 3), "new", 3);
    d = vtr_buf_seal(&b);
    assert_ptr_equal(vtr_data_span(d).ptr, before - 3);
    assert_memory_equal(vtr_data_span(d).ptr, "newxxx", 6);
    vtr_data_unref(&d);
}

static void runs_are_found_among_what_is_free_and_only_in_a_row(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf bufs[33], two;
    assert_int_equal(take(heap, MIB + 1, bufs, 33), 32); /* a pageblock each */
    assert_int_equal(vtr_buf_init(heap, 0, MIB + 1, &two), -ENOMEM);
    for (unsigned i = 0; i < 32; i += 2)
        vtr_buf_fini(&bufs[i]);
    assert_int_equal(vtr_buf_init(heap, 0, 2 * PAGEBLOCK, &two), -ENOMEM); /* 32 MiB in holes */
    vtr_buf_fini(&bufs[17]);
    assert_int_equal(vtr_buf_init(heap, 0, 3 * PAGEBLOCK, &two), 0);
    vtr_buf_fini(&two);
    end(bufs, 32);
    assert_int_equal(vtr_buf_init(heap, 0, SEGMENT, &two), 0);
    vtr_buf_fini(&two);
}

static void a_run_does_not_cross_segments(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap(3 * (uint64_t)SEGMENT);
    struct vtr_buf bufs[3], more;
    assert_int_equal(take(heap, 34 * MIB, bufs, 3), 3);
    assert_int_equal(stat_of(heap).segment_bytes, 3 * (uint64_t)SEGMENT);
    assert_int_equal(vtr_buf_init(heap, 0, 32 * MIB, &more), -ENOMEM); /* 30 are left in each */
    assert_int_equal(vtr_buf_init(heap, 0, 30 * MIB, &more), 0);
    vtr_buf_fini(&more);
    end(bufs, 3);
    assert_int_equal(take(heap, SEGMENT, bufs, 3), 3);
    end(bufs, 3);
    test_heap_end(heap);
}

static void an_empty_heap_gives_its_largest_block_whatever_was_there_before(void **state)
{
    static const uint32_t sizes[] = { MIB, 64 << 10, 2048 };
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf *bufs = (struct vtr_buf *)calloc(SEGMENT / 2048, sizeof *bufs), large;
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned n = take(heap, sizes[i], bufs, SEGMENT / 2048);
        assert_in_range(n, SEGMENT / sizes[i] * 9 / 10, SEGMENT / sizes[i]);
        assert_int_equal(vtr_buf_init(heap, 0, SEGMENT, &large), -ENOMEM);
        end(bufs, n);
        assert_int_equal(vtr_buf_init(heap, 0, SEGMENT, &large), 0);
        vtr_buf_fini(&large);
    }
    free(bufs);
}

static void bulk_takes_large_blocks_as_far_as_they_go(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf bufs[9];
    memset(bufs, 0, sizeof bufs);
    assert_int_equal(vtr_buf_init_bulk(heap, 8, 8 * MIB - 8, bufs, 9), 8);
    assert_null(bufs[8].rec);
    end(bufs, 8);
}

static void a_quota_counts_whole_pageblocks(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap_with(
        (struct vtr_heap_opts){ .max_bytes = SEGMENT, .quota_bytes = 3 * PAGEBLOCK });
    struct vtr_buf one, two;
    assert_int_equal(vtr_buf_init(heap, 0, 4 * PAGEBLOCK, &one), -EDQUOT);
    assert_int_equal(vtr_buf_init(heap, 0, PAGEBLOCK + 1, &one), 0);
    assert_int_equal(vtr_buf_init(heap, 0, PAGEBLOCK + 1, &two), -EDQUOT);
    assert_int_equal(vtr_buf_init(heap, 0, PAGEBLOCK, &two), 0);
    vtr_buf_fini(&one);
    assert_int_equal(vtr_buf_init(heap, 0, PAGEBLOCK + 1, &one), 0);
    vtr_buf_fini(&one);
    vtr_buf_fini(&two);
    assert_int_equal(heap->charged, 0);
    test_heap_end(heap);
}

/* The names of what was there do not come back to life with what is there now. */
static void a_weak_reference_ends_with_its_large_block(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf b;
    struct vtr_data d;
    for (unsigned round = 0; round < 3; round++) {
        assert_int_equal(vtr_buf_init(heap, 0, SEGMENT, &b), 0);
        assert_true(vtr_buf_append(&b, "x", 1));
        d = vtr_buf_seal(&b);
        uint64_t what = d.what, gen = vtr_holders_of(vtr_what_record_(what))->gen;
        vtr_block_share_(vtr_what_record_(what));
        assert_true(vtr_block_upgrade_(what, gen));
        struct vtr_data again = { what, 0, 1 };
        assert_data(again, "x", 1);
        vtr_data_unref(&again);
        vtr_data_unref(&d);
        assert_int_equal(test_live(heap), 0);
        assert_false(vtr_block_upgrade_(what, gen));
        /* The same record, of another large block and then of a small one. */
        assert_int_equal(vtr_buf_init(heap, 0, round == 0 ? SEGMENT : MIB, &b), 0);
        assert_false(vtr_block_upgrade_(what, gen));
        vtr_buf_fini(&b);
        assert_false(vtr_block_upgrade_(what, gen));
    }
}

struct churn {
    struct vtr_heap *heap;
    uint64_t seed, failed;
    unsigned rounds;
};

static void *churn(void *arg)
{
    struct churn *c = (struct churn *)arg;
    struct vtr_data held[8] = { 0 };
    uint64_t mark[8];
    for (unsigned i = 0; i < c->rounds; i++) {
        unsigned at = test_random(&c->seed) % 8;
        struct vtr_buf b;
        size_t bytes = test_random(&c->seed) % (8 * MIB);
        if (test_random(&c->seed) % 4 == 0)
            bytes %= 4096;
        if (held[at].what != 0 && memcmp(vtr_data_span(held[at]).ptr, &mark[at], 8) != 0)
            abort(); /* somebody else wrote there */
        vtr_data_unref(&held[at]);
        if (vtr_buf_init(c->heap, 0, bytes, &b) != 0) {
            c->failed++;
            continue;
        }
        mark[at] = c->seed;
        if (!vtr_buf_append(&b, &mark[at], sizeof mark[at]))
            abort();
        held[at] = vtr_buf_seal(&b);
    }
    for (unsigned i = 0; i < 8; i++)
        vtr_data_unref(&held[i]);
    return NULL;
}

static void threads_that_take_runs_at_the_limit_lose_none(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct churn c[3];
    pthread_t thread[3];
    struct vtr_buf all;
    for (unsigned i = 0; i < 3; i++) {
        c[i] = (struct churn){ heap, 77 + i, 0, 4000 };
        assert_int_equal(pthread_create(&thread[i], NULL, churn, &c[i]), 0);
    }
    for (unsigned i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    assert_true(c[0].failed + c[1].failed + c[2].failed > 0); /* it was the limit */
    assert_int_equal(heap->charged, 0);
    assert_int_equal(vtr_buf_init(heap, 0, SEGMENT, &all), 0);
    vtr_buf_fini(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_with_heap(every_size_above_a_mebibyte_is_whole_pageblocks),
        test_with_heap(more_than_a_segment_is_too_long),
        test_with_heap(a_large_block_is_shared_sliced_split_and_owned_like_others),
        test_with_heap(runs_are_found_among_what_is_free_and_only_in_a_row),
        cmocka_unit_test(a_run_does_not_cross_segments),
        test_with_heap(an_empty_heap_gives_its_largest_block_whatever_was_there_before),
        test_with_heap(bulk_takes_large_blocks_as_far_as_they_go),
        cmocka_unit_test(a_quota_counts_whole_pageblocks),
        test_with_heap(a_weak_reference_ends_with_its_large_block),
        test_with_heap(threads_that_take_runs_at_the_limit_lose_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
