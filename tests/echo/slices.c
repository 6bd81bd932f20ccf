/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Which slices count as busy.
 */
#include "support.h"

#include "slices.h"

/* One slice of which the last @p empty polls find nothing. */
static void run(struct slices *s, unsigned empty, uint64_t retry_cycles)
{
    slices_retried(s, retry_cycles);
    for (unsigned i = 1; i <= SLICES_POLLS; i++) {
        bool found = i + empty <= SLICES_POLLS;
        assert_int_equal(slices_poll(s, found, found ? 3 : 0), i == SLICES_POLLS);
    }
}

static void a_slice_is_busy_from_19_polls_of_20_on(void **state)
{
    struct slices s;
    slices_init(&s);
    run(&s, 0, 0);
    run(&s, 1, 0);
    run(&s, 2, 0);
    run(&s, 20, 0);
    assert_int_equal(s.slices, 4);
    assert_int_equal(s.busy_slices, 2);
    assert_int_equal(s.busy_requests, (20 + 19) * 3);
    assert_int_equal(s.polls, 80);
    assert_int_equal(s.polls_empty, 23);
    assert_true(s.busy_cpu_ns <= s.cpu_ns);
}

static void waiting_for_a_full_ring_is_not_work(void **state)
{
    struct slices s;
    slices_init(&s);
    run(&s, 0, UINT64_C(1) << 40);
    assert_int_equal(s.busy_slices, 0);
    run(&s, 0, 0);
    assert_int_equal(s.busy_slices, 1);
}

static void what_came_before_a_nap_is_no_slice(void **state)
{
    struct slices s;
    slices_init(&s);
    for (unsigned i = 1; i < SLICES_POLLS; i++)
        (void)slices_poll(&s, true, 1);
    slices_restart(&s);
    assert_false(slices_poll(&s, true, 1));
    assert_int_equal(s.slices, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slice_is_busy_from_19_polls_of_20_on),
        cmocka_unit_test(waiting_for_a_full_ring_is_not_work),
        cmocka_unit_test(what_came_before_a_nap_is_no_slice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
