/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * heap: a call that could be served is not refused, and one that is refused is told why.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "heap/block.h"

enum { MIB = 1 << 20, SEGMENT = 64 * MIB };

/* The library's: while set, the system has no memory, which shows after half a segment. */
static bool no_memory;
static unsigned asked;

int fallocate(int fd, int mode, off_t at, off_t len)
{
    if (no_memory && asked++ % 16 == 15) {
        errno = ENOSPC;
        return -1;
    }
    return (int)syscall(SYS_fallocate, fd, mode, at, len);
}

static struct vtr_heap *heap_with_quota(uint64_t quota)
{
    return test_heap_with(
        (struct vtr_heap_opts){ .max_bytes = 2 * SEGMENT, .quota_bytes = quota });
}

/* A pageblock of 64 B blocks takes long to look through. */
static void an_empty_heap_gives_its_largest_block_after_the_smallest(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    assert_int_equal(test_take_all(heap, 64), MIB);
    assert_int_equal(test_take_all(heap, SEGMENT), 1);
}

struct user {
    struct vtr_heap *heap;
    pthread_t thread;
    uint64_t refused, misnamed;
};

static void *take_and_return_one(void *arg)
{
    struct user *u = (struct user *)arg;
    for (unsigned i = 0; i < 20000; i++) {
        struct vtr_buf b;
        int rc = vtr_buf_init(u->heap, 0, i % 2 != 0 ? 2000 : 300, &b);
        if (rc == 0)
            vtr_buf_fini(&b);
        u->refused += rc != 0;
        u->misnamed += rc == -ENOMEM;
    }
    return NULL;
}

/* @return of @p users threads, each of which holds one block at most. */
static struct user use(struct vtr_heap *heap, unsigned users)
{
    struct user u[4], sum = { .heap = heap };
    for (unsigned i = 0; i < users; i++) {
        u[i] = (struct user){ .heap = heap };
        assert_int_equal(pthread_create(&u[i].thread, NULL, take_and_return_one, &u[i]), 0);
    }
    for (unsigned i = 0; i < users; i++) {
        pthread_join(u[i].thread, NULL);
        sum.refused += u[i].refused;
        sum.misnamed += u[i].misnamed;
    }
    return sum;
}

/* A thread that is stopped in a refill holds back what it has charged, all of its time slice. */
static void threads_that_keep_within_their_quota_are_not_refused(void **state)
{
    (void)state;
    struct vtr_heap *heap = heap_with_quota(2 * 2112);
    for (unsigned round = 0; round < 20; round++)
        assert_int_equal(use(heap, 2).refused, 0);
    test_heap_end(heap);
}

static void a_refusal_for_the_quota_is_never_named_another(void **state)
{
    (void)state;
    struct vtr_heap *heap = heap_with_quota(2112);
    for (unsigned round = 0; round < 5; round++)
        assert_int_equal(use(heap, 4).misnamed, 0);
    test_heap_end(heap);
}

static void a_header_over_the_quota_is_named_so(void **state)
{
    (void)state;
    struct vtr_heap *heap = heap_with_quota(4096);
    struct vtr_data empty = VTR_DATA_EMPTY, d = VTR_DATA_EMPTY;
    assert_int_equal(vtr_data_prepend(heap, "header", 6, empty, &d), -EDQUOT);
    test_heap_end(heap);
}

static void what_comes_back_from_another_process_is_charged_once(void **state)
{
    (void)state;
    enum { BLOCKS = 8 };
    const uint64_t other = UINT64_C(2);
    struct vtr_heap *heap = heap_with_quota(BLOCKS * MIB);
    for (unsigned round = 0; round < 2 * BLOCKS; round++) {
        struct vtr_data d = test_data(heap, "x", 1);
        struct vtr_holders *h = vtr_holders_of(vtr_what_record_(d.what));
        vtr_block_share_(vtr_what_record_(d.what));
        __atomic_fetch_or(&h->word, other, __ATOMIC_ACQ_REL);
        vtr_data_unref(&d);
        __atomic_fetch_and(&h->word, ~other, __ATOMIC_ACQ_REL);
    }
    assert_int_equal(test_take_all(heap, MIB), BLOCKS);
    test_heap_end(heap);
}

static void what_is_idle_is_used_before_memory_is_taken(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap(16 * (uint64_t)SEGMENT);
    struct vtr_heap_stat stat = { .size = sizeof stat };
    for (size_t bytes = MIB; bytes >= 1 << 10; bytes /= 2) { /* 32 MiB of each size in turn */
        unsigned n = 0;
        struct vtr_buf *bufs = (struct vtr_buf *)calloc(32 << 10, sizeof *bufs);
        for (; n < SEGMENT / 2 / bytes; n++)
            assert_int_equal(vtr_buf_init(heap, 0, bytes, &bufs[n]), 0);
        while (n != 0)
            vtr_buf_fini(&bufs[--n]);
        free(bufs);
    }
    vtr_heap_stat(heap, &stat);
    assert_int_equal(stat.segment_bytes, SEGMENT);
    test_heap_end(heap);
}

static void a_forgotten_block_is_found_before_a_refusal(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap(2 * (uint64_t)SEGMENT);
    struct vtr_buf bufs[128];
    assert_int_equal(vtr_buf_init_bulk(heap, 0, MIB, bufs, 128), 128);
    vtr_buf_fini(&bufs[127]);
    struct vtr_magazine *m = heap->caches->mine.of[vtr_class_for_(MIB)];
    assert_int_equal(m->n, 1);
    vtr_magazine_recs_(m)[0]->count = VTR_COUNT_IDLE; /* as without memory for the depot */
    vtr_heap_lost(heap, (unsigned)vtr_class_for_(MIB));
    m->n = 0;
    assert_int_equal(vtr_buf_init(heap, 0, MIB, &bufs[127]), 0);
    for (unsigned i = 0; i < 128; i++)
        vtr_buf_fini(&bufs[i]);
    test_heap_end(heap);
}

/* Under the heap's lock: 90 ms a refusal on 4 KiB pages. */
static void a_system_without_memory_is_not_asked_at_every_refusal(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap_with((struct vtr_heap_opts){
        .max_bytes = 4 * (uint64_t)SEGMENT, .pages = VTR_PAGES_SMALL });
    struct vtr_buf bufs[65];
    assert_int_equal(vtr_buf_init_bulk(heap, 0, MIB, bufs, 64), 64);
    no_memory = true;
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(vtr_buf_init(heap, 0, MIB, &bufs[64]), -ENOMEM);
    no_memory = false;
    for (unsigned i = 0; i < 64; i++)
        vtr_buf_fini(&bufs[i]);
    test_heap_end(heap);
    assert_in_range(asked, 1, 4 * 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_with_heap(an_empty_heap_gives_its_largest_block_after_the_smallest),
        cmocka_unit_test(threads_that_keep_within_their_quota_are_not_refused),
        cmocka_unit_test(a_refusal_for_the_quota_is_never_named_another),
        cmocka_unit_test(a_header_over_the_quota_is_named_so),
        cmocka_unit_test(what_comes_back_from_another_process_is_charged_once),
        cmocka_unit_test(what_is_idle_is_used_before_memory_is_taken),
        cmocka_unit_test(a_forgotten_block_is_found_before_a_refusal),
        cmocka_unit_test(a_system_without_memory_is_not_asked_at_every_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
