/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * data when there is no memory: the k-th allocation of each call fails, for every k. Nothing is
 * lost, nothing half made, and the call succeeds once there is memory. Debug builds only.
 */
#include "support.h"

#include <errno.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = { test_with_heap(every_allocation_may_fail_once) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
int main(void)
{
    puts("skipped: only debug builds can make an allocation fail");
    return 77;
}
#endif
