/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The threshold finds the cheaper choice of a made-up machine, and stays with it.
 */
#include "support.h"

#include "threshold.h"

/* Cycles of a burst of 32 replies, with noise of 5 %, and now and then an interruption. */
static uint64_t burst_cycles(bool refer, uint32_t copied, uint32_t referred, uint64_t *seed)
{
    uint64_t each = refer ? referred : copied;
    uint64_t cycles = 32 * each * (975 + test_random(seed) % 50) / 1000;
    return test_random(seed) % 50 == 0 ? cycles * 100 : cycles;
}

/* @return how many of the bursts referred. */
static unsigned run(struct threshold *t, unsigned bursts, uint32_t len, uint32_t copied,
                    uint32_t referred, uint64_t *seed)
{
    unsigned refers = 0;
    for (unsigned i = 0; i < bursts; i++) {
        bool refer = threshold_refers(t, len);
        for (unsigned n = 1; n < 32; n++)
            assert_int_equal(threshold_refers(t, len), refer);
        threshold_burst_end(t, burst_cycles(refer, copied, referred, seed), false);
        refers += refer;
    }
    return refers;
}

static void the_guess_holds_until_a_trial_says_otherwise(void **state)
{
    struct threshold t;
    threshold_init(&t, 512, false);
    assert_int_equal(threshold_bytes(&t), 512);
    assert_false(threshold_refers(&t, 511));
    assert_true(threshold_refers(&t, 512));
    threshold_init(&t, UINT32_MAX, true);
    assert_int_equal(threshold_bytes(&t), UINT32_MAX);
}

static void the_cheaper_choice_is_found_and_tried_again_rarely(void **state)
{
    uint64_t seed = 7;
    struct threshold t;
    threshold_init(&t, 4096, false);
    assert_true(run(&t, 1000, 1024, 400, 300, &seed) > 800);
    assert_true(threshold_refers(&t, 1024));
    threshold_burst_end(&t, 0, true);
    unsigned bursts = 200000, refers = run(&t, bursts, 1024, 400, 300, &seed);
    assert_true(refers > bursts - bursts / 100);
    assert_true(run(&t, bursts, 1024, 300, 400, &seed) < bursts); /* the machine changed its mind */
    assert_false(threshold_refers(&t, 1024));
}

static void a_difference_within_the_noise_changes_nothing(void **state)
{
    uint64_t seed = 7;
    struct threshold t;
    threshold_init(&t, 4096, false);
    unsigned bursts = 200000;
    assert_true(run(&t, bursts, 64, 300, 299, &seed) < bursts / 50);
    assert_false(threshold_refers(&t, 64));
}

static void mixed_and_disturbed_bursts_teach_nothing(void **state)
{
    struct threshold t;
    threshold_init(&t, 512, false);
    for (unsigned i = 0; i < 10000; i++) {
        (void)threshold_refers(&t, 64);
        (void)threshold_refers(&t, 1024);
        threshold_burst_end(&t, 1000, false);
        (void)threshold_refers(&t, 64);
        threshold_mix(&t);
        threshold_burst_end(&t, 1000, false);
        (void)threshold_refers(&t, 64);
        threshold_burst_end(&t, 1000, true);
        threshold_burst_end(&t, 1000, false); /* nothing answered */
    }
    for (unsigned i = 0; i < THRESHOLD_BUCKETS; i++)
        assert_int_equal(t.bucket[i].trials, 0);
    assert_int_equal(t.trial, THRESHOLD_NONE);
}

static void sizes_in_turn_are_both_learned(void **state)
{
    uint64_t seed = 3;
    struct threshold t;
    threshold_init(&t, 512, false);
    for (unsigned i = 0; i < 2000; i++) {
        (void)run(&t, 1, 64, 400, 200, &seed);
        (void)run(&t, 1, 2048, 200, 400, &seed);
    }
    assert_true(threshold_refers(&t, 64));
    threshold_burst_end(&t, 0, true);
    assert_false(threshold_refers(&t, 2048));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_guess_holds_until_a_trial_says_otherwise),
        cmocka_unit_test(the_cheaper_choice_is_found_and_tried_again_rarely),
        cmocka_unit_test(a_difference_within_the_noise_changes_nothing),
        cmocka_unit_test(mixed_and_disturbed_bursts_teach_nothing),
        cmocka_unit_test(sizes_in_turn_are_both_learned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
