/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * data when there is no memory: the k-th allocation of each call fails, for every k. Nothing is
 * lost, nothing half made, and the call succeeds once there is memory. Debug builds only.
 */
#include "support.h"

#include <errno.h>
#include <pthread.h>
#include <sys/uio.h>

#if VTR_DEBUG
#include "base/system.h"

enum { PARTS = 40 }; /* more than a tally holds on the stack */

static struct vtr_data parts[PARTS];
static uint8_t bytes[1000];
static unsigned released;

static void count_release(void *arg, const void *lent, size_t len)
{
    released++;
}

static int call_adopt(struct vtr_heap *heap, struct vtr_data *out)
{
    return vtr_data_adopt(heap, bytes, sizeof bytes, count_release, NULL, out);
}

static int call_join(struct vtr_heap *heap, struct vtr_data *out)
{
    return vtr_data_join(parts, PARTS, out);
}

static int call_concat(struct vtr_heap *heap, struct vtr_data *out)
{
    return vtr_data_concat(parts[0], parts[1], out);
}

static int call_prepend(struct vtr_heap *heap, struct vtr_data *out)
{
    return vtr_data_prepend(heap, bytes, 42, parts[0], out);
}

static int call_copy_iovec(struct vtr_heap *heap, struct vtr_data *out)
{
    struct iovec iov[] = { { bytes, sizeof bytes }, { bytes, sizeof bytes } };
    return vtr_data_copy_iovec(heap, iov, 2, out);
}

/* Part of the list is copied, part referred to. */
static int call_keep(struct vtr_heap *heap, struct vtr_data *out)
{
    struct vtr_data list;
    int rc = vtr_data_join(parts, PARTS, &list);
    if (rc != 0)
        return rc;
    rc = vtr_data_keep(heap, list, out);
    vtr_data_unref(&list);
    return rc;
}

static int call_cost(struct vtr_heap *heap, struct vtr_data *out)
{
    struct vtr_data_cost c = { .size = sizeof c };
    int rc = vtr_data_cost(parts, PARTS, &c);
    if (rc == 0)
        assert_int_equal(c.blocks, PARTS);
    else
        assert_int_equal(c.blocks + c.pinned_bytes, 0); /* untouched */
    return rc;
}

/* @return how many allocations the call makes. */
static unsigned fail_each(struct vtr_heap *heap, int (*call)(struct vtr_heap *, struct vtr_data *))
{
    static const struct vtr_data none = { 0, 7, 7 };
    for (unsigned k = 0;; k++) {
        struct vtr_data out = none;
        uint64_t live = test_live(heap);
        vtr_test_fail_after_(VTR_FAULT_MEMORY | VTR_FAULT_BLOCK, k);
        int rc = call(heap, &out);
        bool failed = vtr_test_failed_();
        vtr_test_fail_after_(0, 0);
        if (rc == 0) {
            if (out.what != 0)
                vtr_data_unref(&out);
            assert_false(failed && k == 0); /* the first is needed, whatever comes of the others */
            if (!failed)
                return k;
            continue;
        }
        assert_int_equal(rc, -ENOMEM);
        assert_memory_equal(&out, &none, sizeof out);
        assert_int_equal(test_live(heap), live);
        assert_int_equal(released, 0);
    }
}

static void every_allocation_may_fail_once(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    static int (*const calls[])(struct vtr_heap *, struct vtr_data *) = {
        call_join, call_concat, call_prepend, call_copy_iovec, call_keep, call_cost, call_adopt,
    };
    for (unsigned i = 0; i < PARTS; i++) {
        parts[i] = test_data(heap, bytes, 200 + i * 10);
        if (i % 2 == 0)
            assert_true(vtr_data_trim(&parts[i], 10));
    }
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++)
        assert_true(fail_each(heap, calls[i]) > 0);
    assert_int_equal(released, 1);
    vtr_data_unref_bulk(parts, PARTS);
}

static void a_copy_of_many_blocks_needs_a_list(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    enum { TIMES = 65, EACH = 1 << 20 };
    uint8_t *once = (uint8_t *)calloc(1, EACH); /* no block is taken before there is a list */
    struct iovec iov[TIMES];
    struct vtr_data d;
    assert_non_null(once);
    for (unsigned i = 0; i < TIMES; i++)
        iov[i] = (struct iovec){ once, EACH };
    vtr_test_fail_after_(VTR_FAULT_MEMORY | VTR_FAULT_ON, 0);
    assert_int_equal(vtr_data_copy_iovec(heap, iov, TIMES, &d), -ENOMEM);
    vtr_test_fail_after_(0, 0);
    free(once);
}

/* More lists than a tally holds on the stack, and a list of more blocks than that. */
static void the_cost_of_lists_needs_memory(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data lists[PARTS], longest;
    struct vtr_data_cost c = { .size = sizeof c };
    for (unsigned i = 0; i < PARTS; i++)
        parts[i] = test_data(heap, bytes, 10);
    for (unsigned i = 0; i < PARTS; i++)
        assert_int_equal(vtr_data_concat(parts[0], parts[1], &lists[i]), 0);
    assert_int_equal(vtr_data_join(parts, PARTS, &longest), 0);
    vtr_test_fail_after_(VTR_FAULT_MEMORY | VTR_FAULT_ON, 0);
    assert_int_equal(vtr_data_cost(lists, PARTS, &c), -ENOMEM);
    assert_int_equal(vtr_data_cost(&longest, 1, &c), -ENOMEM);
    vtr_test_fail_after_(0, 0);
    assert_int_equal(vtr_data_cost(&longest, 1, &c), 0);
    assert_int_equal(c.blocks, PARTS);
    vtr_data_unref(&longest);
    vtr_data_unref_bulk(lists, PARTS);
    vtr_data_unref_bulk(parts, PARTS);
}

static struct vtr_heap *used_before;

static void *end_without_memory(void *arg)
{
    struct vtr_data *d = (struct vtr_data *)arg;
    if (used_before != NULL) { /* the thread has magazines, but not of this class */
        struct vtr_data other = test_data(used_before, "x", 1);
        vtr_data_unref(&other);
    }
    vtr_test_fail_after_(VTR_FAULT_MEMORY | VTR_FAULT_ON, 0);
    vtr_data_unref(&d[0]);
    vtr_data_unref_bulk(d + 1, 3);
    vtr_test_fail_after_(0, 0);
    return NULL;
}

/* Nobody has the blocks then. */
static void end_in_a_thread(struct vtr_heap *heap)
{
    struct vtr_data d[4];
    struct vtr_heap_stat stat = { .size = sizeof stat };
    pthread_t thread;
    for (unsigned i = 0; i < 4; i++)
        d[i] = test_data(heap, bytes, 100);
    vtr_heap_stat(heap, &stat);
    uint64_t charged = stat.charged_bytes;
    assert_int_equal(pthread_create(&thread, NULL, end_without_memory, d), 0);
    pthread_join(thread, NULL);
    vtr_heap_stat(heap, &stat);
    assert_int_equal(stat.live_blocks, 0);
    assert_int_equal(stat.charged_bytes, charged - 4 * 128);
}

static void a_thread_without_memory_for_a_magazine_ends_blocks(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    for (unsigned used = 0; used < 2; used++) {
        used_before = used ? heap : NULL;
        end_in_a_thread(heap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_with_heap(every_allocation_may_fail_once),
        test_with_heap(a_copy_of_many_blocks_needs_a_list),
        test_with_heap(the_cost_of_lists_needs_memory),
        test_with_heap(a_thread_without_memory_for_a_magazine_ends_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
int main(void)
{
    puts("skipped: only debug builds can make an allocation fail");
    return 77;
}
#endif
