/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Histogram and spread: what is reported of many samples.
 */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "histogram.h"
#include "measure/spread.h"

static struct histogram h;

static int empty(void **state)
{
    memset(&h, 0, sizeof h);
    return 0;
}

static void nothing_counted_has_quantile_zero(void **state)
{
    assert_int_equal(histogram_quantile(&h, 0.5), 0);
}

static void small_values_are_told_exactly(void **state)
{
    for (uint64_t v = 0; v < 128; v++)
        histogram_add(&h, v);
    assert_int_equal(histogram_quantile(&h, 0.5), 63);
    assert_int_equal(histogram_quantile(&h, 1.0), 127);
    assert_int_equal(histogram_quantile(&h, 0.0), 0);
}

static void every_value_is_told_within_a_step(void **state)
{
    for (uint64_t v = 1; v < UINT64_C(1) << 39; v += v / 97 + 1) {
        memset(&h, 0, sizeof h);
        histogram_add(&h, v);
        histogram_add(&h, UINT64_C(1) << 39); /* so that the maximum does not help */
        double told = (double)histogram_quantile(&h, 0.5);
        assert_true(fabs(told - (double)v) <= (double)v / 127);
    }
}

static void steps_follow_each_other_without_a_gap(void **state)
{
    for (unsigned step = 1; step < HISTOGRAM_STEPS; step++)
        assert_true(histogram_step(step) > histogram_step(step - 1));
}

static void a_value_beyond_the_last_step_is_still_counted(void **state)
{
    histogram_add(&h, UINT64_MAX);
    assert_int_equal(h.n, 1);
    assert_int_equal(h.count[HISTOGRAM_STEPS - 1], 1);
    assert_int_equal(h.max, UINT64_MAX);
}

static void quantiles_agree_with_sorting(void **state)
{
    enum { N = 10000 };
    static uint64_t v[N];
    uint64_t x = 42;
    for (unsigned i = 0; i < N; i++) {
        x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
        v[i] = (x >> 40) >> (x >> 60); /* many magnitudes */
        histogram_add(&h, v[i]);
    }
    for (unsigned permille = 1; permille < 1000; permille += 7) {
        uint64_t told = histogram_quantile(&h, permille / 1000.0), below = 0, upto = 0;
        for (unsigned i = 0; i < N; i++) {
            below += (double)v[i] < (double)told * (1 - 1.0 / 60) - 1;
            upto += (double)v[i] <= (double)told * (1 + 1.0 / 60) + 1;
        }
        assert_true(below <= permille * (uint64_t)N / 1000);
        assert_true(upto >= permille * (uint64_t)N / 1000);
    }
}

static void the_median_of_samples_is_the_middle_one(void **state)
{
    struct spread s = { 0 };
    assert_true(isnan(spread_median(&s)));
    const double v[] = { 5, 1, 4, 2 };
    for (unsigned i = 0; i < 4; i++)
        spread_add(&s, v[i]);
    assert_true(spread_median(&s) == 3.0);
    spread_add(&s, 9);
    assert_true(spread_median(&s) == 4.0);
    assert_true(spread_min(&s) == 1.0 && spread_max(&s) == 9.0);
    assert_true(spread_share(&s) == 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_counted_has_quantile_zero, empty),
        cmocka_unit_test_setup(small_values_are_told_exactly, empty),
        cmocka_unit_test(every_value_is_told_within_a_step),
        cmocka_unit_test(steps_follow_each_other_without_a_gap),
        cmocka_unit_test_setup(a_value_beyond_the_last_step_is_still_counted, empty),
        cmocka_unit_test_setup(quantiles_agree_with_sorting, empty),
        cmocka_unit_test(the_median_of_samples_is_the_middle_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
