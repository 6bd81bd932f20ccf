/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Does measuring a row notice work that was not done?
 */
#include <errno.h>

#include "../support.h"
#include "core/rounds.h"
#include "core/stand.h"

enum { EACH = 3 };

static const struct rounds_opts opts = { .rounds = 3, .turns = 2, .slice_ns = 20000 };

static uint64_t each(const struct stand *s) { return EACH; }

/* A block copied and dropped for each operation. */
static uint64_t works(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    struct vtr_data d;
    for (uint64_t i = 0; i < n; i++) {
        if (vtr_data_copy(s->heap, "abc", EACH, &d) != 0)
            return 0;
        sum += d.len;
        vtr_data_unref(&d);
    }
    return sum;
}

static uint64_t adds_up_to_less(struct stand *s, uint64_t n) { return works(s, n) - 1; }
static uint64_t does_nothing(struct stand *s, uint64_t n) { return n * EACH; }

static struct vtr_data left[256];
static unsigned lefts;

static uint64_t leaves_one(struct stand *s, uint64_t n)
{
    vtr_check(lefts < sizeof left / sizeof left[0]);
    return vtr_data_copy(s->heap, "abc", EACH, &left[lefts++]) == 0 ? works(s, n) : 0;
}

static int measure(struct stand *s, way_run *run, struct rounds *out, struct vtr_error *err)
{
    static struct row row;
    row = (struct row){ .name = "row", .against = "base", .goal = 100, .each = each,
                        .way = { { "vitrine", run }, { "base", works } } };
    return rounds_measure(&row, s, &opts, out, err);
}

static struct rounds rounds;

static void a_row_that_works_has_all_its_rounds(void **state)
{
    struct vtr_error err;
    assert_int_equal(measure(*state, works, &rounds, &err), 0);
    assert_int_equal(rounds.n, 3);
    assert_int_equal(rounds_ways(rounds.row), 2);
    assert_true(rounds_met(&rounds));
    for (unsigned i = 0; i < 3; i++)
        assert_true(rounds.sample[0][i].cpu_ns > 0 && rounds.sample[1][i].iterations > 0);
}

static void a_ratio_is_ours_over_the_baseline_and_a_speedup_the_other_way_round(void **state)
{
    struct row row = { .against = "base", .goal = 2, .way = { { "vitrine", works },
                                                              { "base", works } } };
    rounds = (struct rounds){ .row = &row, .n = 1 };
    rounds.sample[0][0].cpu_ns = 6;
    rounds.sample[1][0].cpu_ns = 2;
    assert_float_equal(rounds_ratios(&rounds, 1).sample[0], 3, 1e-9);
    assert_false(rounds_met(&rounds));
    row.speedup = true;
    assert_float_equal(rounds_ratios(&rounds, 1).sample[0], 1.0 / 3, 1e-9);
    assert_false(rounds_met(&rounds));
    rounds.sample[0][0].cpu_ns = 1;
    assert_true(rounds_met(&rounds));
}

static void a_sum_that_is_not_right_fails(void **state)
{
    struct vtr_error err;
    assert_int_equal(measure(*state, adds_up_to_less, &rounds, &err), -EILSEQ);
    assert_non_null(strstr(err.what, "row/vitrine adds up to"));
}

static void work_that_was_left_out_fails(void **state)
{
    struct vtr_error err;
    assert_int_equal(measure(*state, does_nothing, &rounds, &err), -EILSEQ);
    assert_non_null(strstr(err.what, "left out"));
}

static void a_block_left_behind_fails(void **state)
{
    struct vtr_error err;
    assert_int_equal(measure(*state, leaves_one, &rounds, &err), -EILSEQ);
    assert_non_null(strstr(err.what, "left behind"));
    vtr_data_unref_bulk(left, lefts);
}

static void two_threads_are_not_measured_on_one_cpu(void **state)
{
    struct vtr_error err;
    struct row row = { .name = "row", .each = each,
                       .way = { { "vitrine", works, works, 2 }, { "base", works } } };
    assert_int_equal(rounds_measure(&row, *state, &opts, &rounds, &err), -ENOTSUP);
    assert_int_equal(rounds.n, 0);
}

static int begin(void **state)
{
    static struct stand stand;
    struct vtr_error err = { 0 };
    *state = &stand;
    if (stand_open(-1, &stand, &err) == 0)
        return 0;
    print_error("%s\n", err.what);
    return -1;
}

static int end(void **state)
{
    struct vtr_error err = { 0 };
    return stand_close(*state, &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_that_works_has_all_its_rounds),
        cmocka_unit_test(a_ratio_is_ours_over_the_baseline_and_a_speedup_the_other_way_round),
        cmocka_unit_test(a_sum_that_is_not_right_fails),
        cmocka_unit_test(work_that_was_left_out_fails),
        cmocka_unit_test(two_threads_are_not_measured_on_one_cpu),
        cmocka_unit_test(a_block_left_behind_fails),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
