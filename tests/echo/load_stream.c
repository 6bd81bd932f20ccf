/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What an open loop asks for: sizes, popularity and gaps are distributed as they are said to be,
 * and requests and replies are the bytes that memcached's protocol wants. All seeds are fixed.
 */
#include "support.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrivals.h"
#include "moments.h"
#include "stream.h"
#include "../../bench/echo/value.h"

enum { ITEMS = 1000000, DRAWS = 1000000, RANKS = 1000, CELLS = 60 };

static void assert_near(double got, double want, double tolerance, const char *what)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%s: %g is not %g within %g", what, got, want, tolerance);
}

static struct stream stream_of(struct dataset d, uint32_t keys)
{
    struct stream s;
    struct stream_opts opts = { .dataset = d, .keys = keys, .sets = 0.5, .seed = 7 };
    assert_int_equal(stream_init(&opts, &s), 0);
    return s;
}

/* Of a million items. Tolerances are three standard errors, or a step of a whole byte. */
static void assert_is_model(enum dataset_kind kind)
{
    struct stream s = stream_of((struct dataset){ .kind = kind }, ITEMS);
    const struct moments *want = moments_model(&s.opts.dataset);
    struct moments got;
    assert_int_equal(moments_of(s.item, ITEMS, &got), 0);
#define NEAR(field, tolerance) assert_near(got.field, want->field, tolerance, #field)
    NEAR(key_mean, 0.1);
    NEAR(key_sd, 0.15);
    NEAR(key_p1, 0.5);
    NEAR(key_p50, 0.5);
    NEAR(key_p99, 1);
    NEAR(value_mean, 0.02 * want->value_mean);
    NEAR(value_p50, 1);
    NEAR(value_p90, 0.01 * want->value_p90);
    NEAR(value_p99, 0.02 * want->value_p99);
    NEAR(value_p999, 0.04 * want->value_p999);
    NEAR(below_512, 0.15);
    NEAR(below_512_bytes, 1);
    NEAR(below_1024, 0.15);
#undef NEAR
    stream_fini(&s);
}

static void sizes_of_etc_are_those_of_its_model(void **state) { assert_is_model(DATASET_ETC); }

static void sizes_of_usr_are_those_of_its_model(void **state) { assert_is_model(DATASET_USR); }

/* The table of the paper's small values, cell by cell. */
static void small_values_of_etc_have_their_shares(void **state)
{
    static const double share[] = { 0.00536, 0.00047, 0.17820, 0.09239, 0.00018,
                                    0.02740, 0.00065, 0.00606, 0.00023, 0.00837,
                                    0.00837, 0.08989, 0.00092, 0.00326, 0.01980 };
    struct dataset d = { .kind = DATASET_ETC };
    unsigned count[15] = { 0 };
    for (uint32_t i = 0; i < ITEMS; i++) {
        uint32_t value = dataset_item(&d, i).value;
        assert_true(value <= DATASET_VALUE_MAX);
        if (value < 15)
            count[value]++;
    }
    for (unsigned v = 0; v < 15; v++)
        assert_near(count[v], share[v] * ITEMS, 4 * sqrt(share[v] * ITEMS), "a small value");
}

static void keys_are_of_their_length_and_no_two_alike(void **state)
{
    struct dataset sets[] = { { .kind = DATASET_ETC }, { .kind = DATASET_USR }, { .size = 64 } };
    for (unsigned d = 0; d < 3; d++)
        for (uint32_t i = 0; i < 2000; i++) {
            uint32_t index = i < 1000 ? i : UINT32_MAX - i;
            struct dataset_item item = dataset_item(&sets[d], index);
            char key[DATASET_KEY_MAX + 1];
            dataset_key(&sets[d], &item, index, key);
            assert_int_equal(strlen(key), item.key);
            assert_int_equal(strspn(key, "0123456789euv-"), item.key);
            if (sets[d].kind != DATASET_FIXED)
                assert_int_equal(strtoul(key + 1, NULL, 10), index);
        }
}

/* Pearson's chi-square of the first ranks and all the rest, against its mean plus five times its
 * standard deviation. */
static void assert_zipf(double s)
{
    struct zipf z = zipf_of(RANKS, s);
    struct mix mix = { 11 };
    static double count[RANKS];
    memset(count, 0, sizeof count);
    for (unsigned i = 0; i < DRAWS; i++) {
        uint32_t rank = zipf_draw(&z, &mix);
        assert_true(rank < RANKS);
        count[rank]++;
    }
    double chi = 0, rest = DRAWS, rest_want = DRAWS, cells = 0;
    for (uint32_t rank = 0; rank < CELLS && rest_want > 50; rank++, cells++) {
        double want = DRAWS * (zipf_share(&z, rank + 1) - zipf_share(&z, rank));
        if (want < 5)
            break;
        chi += (count[rank] - want) * (count[rank] - want) / want;
        rest -= count[rank];
        rest_want -= want;
    }
    if (rest_want >= 5)
        chi += (rest - rest_want) * (rest - rest_want) / rest_want;
    if (chi > cells + 5 * sqrt(2 * cells))
        fail_msg("s %g: chi-square %g of %g cells", s, chi, cells);
}

static void popularity_is_zipf_s(void **state)
{
    static const double s[] = { 0, 0.5, 0.99, 1, 1 + 1e-10, 1.2, 2, 6 };
    for (unsigned i = 0; i < sizeof s / sizeof *s; i++)
        assert_zipf(s[i]);
}

static void one_key_is_always_the_same(void **state)
{
    struct mix mix = { 1 };
    struct zipf z = zipf_of(1, 0.99);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(zipf_draw(&z, &mix), 0);
    assert_near(zipf_share(&z, 1), 1, 1e-12, "share of the only one");
}

/* Mean, variance and the largest distance of the distribution from the exponential's
 * (Kolmogorov-Smirnov, at 99.9 %) in units of the mean gap. */
static void gaps_are_exponential(void **state)
{
    enum { BINS = 4000 };
    static double bin[BINS];
    struct arrivals a = arrivals_of(1e6, false, 5);
    double last = 0, sum = 0, squares = 0, below = 0, worst = 0;
    for (unsigned i = 0; i < DRAWS; i++) {
        double gap = (a.next_ns - last) / a.gap_ns;
        last = a.next_ns;
        arrivals_step_(&a);
        sum += gap;
        squares += gap * gap;
        bin[gap < BINS / 200.0 ? (unsigned)(gap * 200) : BINS - 1]++;
    }
    for (int i = 0; i < BINS - 1; i++) {
        below += bin[i] / DRAWS;
        worst = fmax(worst, fabs(below - (1 - exp(-(i + 1) / 200.0))));
    }
    assert_near(sum / DRAWS, 1, 0.004, "mean gap");
    assert_near(squares / DRAWS - 1, 1, 0.015, "variance of gaps");
    assert_true(worst < 1.95 / sqrt(DRAWS));
}

static void constant_gaps_are_equal_and_nothing_is_due_twice(void **state)
{
    struct arrivals a = arrivals_of(1000, true, 0);
    uint64_t due, n = 0;
    while (arrivals_take(&a, 10000000, &due))
        assert_int_equal(due, ++n * 1000000);
    assert_int_equal(n, 9);
    assert_false(arrivals_take(&a, 10000000, &due));
    assert_true(arrivals_take(&a, 10000001, &due));
}

static void a_seed_repeats_a_run_and_sets_do_not_change_its_keys(void **state)
{
    struct stream a = stream_of((struct dataset){ .size = 8 }, 500), b = a, c = a;
    c.opts.sets = 0.01;
    unsigned sets = 0;
    for (unsigned i = 0; i < 10000; i++) {
        struct ask x = stream_next(&a), y = stream_next(&b), z = stream_next(&c);
        assert_true(x.index == y.index && x.set == y.set && x.index == z.index);
        assert_true(x.index < 500);
        sets += x.set;
    }
    assert_near(sets, 5000, 200, "sets");
    stream_fini(&a);
}

/* Piece by piece, as one buffer has it. */
static void assert_asks_right(const struct stream *s, uint32_t index)
{
    static uint8_t want[WORKLOAD_SIZE_MAX + 512], got[STREAM_REQUEST_MAX], part[2048];
    const struct dataset_item *item = &s->item[index];
    struct ask get = { .index = index }, set = { .index = index, .set = true };
    char key[DATASET_KEY_MAX + 1];
    dataset_key(&s->opts.dataset, item, index, key);

    size_t len = (size_t)sprintf((char *)want, "get %s\r\n", key);
    assert_int_equal(ask_write(s, get, 0x1234, got), 8 + len);
    assert_int_equal(ask_len(s, get), 8 + len);
    assert_memory_equal(got, "\x12\x34\0\0\0\1\0\0", 8);
    assert_memory_equal(got + 8, want, len);

    len = (size_t)sprintf((char *)want, "set %s 0 0 %u\r\n", key, item->value);
    value_fill(want + len, item->value, item->value, index);
    memcpy(want + len + item->value, "\r\n", 2);
    assert_int_equal(ask_write(s, set, 1, got), 8 + len + item->value + 2);
    assert_int_equal(ask_len(s, set), 8 + len + item->value + 2);
    assert_memory_equal(got + 8, want, len + item->value + 2);
    assert_int_equal(ask_parts(s, set), 1);
    assert_int_equal(ask_expect(s, set, 0, part), 8);
    assert_memory_equal(part, "STORED\r\n", 8);

    len = (size_t)sprintf((char *)want, "VALUE %s 0 %u\r\n", key, item->value);
    value_fill(want + len, item->value, item->value, index);
    memcpy(want + len + item->value, "\r\nEND\r\n", 7);
    len += item->value + 7;
    size_t at = 0;
    for (uint32_t p = 0; p < ask_parts(s, get); p++) {
        size_t n = ask_expect(s, get, p, part);
        assert_true(n != 0 && at + n <= len);
        assert_memory_equal(part, want + at, n);
        at += n;
    }
    assert_int_equal(at, len);
}

static void requests_and_replies_are_memcached_s(void **state)
{
    struct stream etc = stream_of((struct dataset){ .kind = DATASET_ETC }, 3000);
    for (uint32_t i = 0; i < 3000; i++)
        assert_asks_right(&etc, i);
    stream_fini(&etc);
    for (uint32_t size = 1300; size < 1400; size++) { /* where a second datagram begins */
        struct stream s = stream_of((struct dataset){ .size = size }, 2);
        assert_asks_right(&s, 1);
        stream_fini(&s);
    }
    struct stream largest = stream_of((struct dataset){ .size = WORKLOAD_SIZE_MAX }, 1);
    assert_asks_right(&largest, 0);
    stream_fini(&largest);
}

static void what_cannot_be_asked_for_is_refused(void **state)
{
    struct stream s;
    struct stream_opts opts = { .dataset = { .size = WORKLOAD_SIZE_MAX + 1 }, .keys = 1 };
    assert_int_equal(stream_init(&opts, &s), -EINVAL);
    opts = (struct stream_opts){ .dataset = { .size = 1 }, .keys = 0 };
    assert_int_equal(stream_init(&opts, &s), -EINVAL);
    opts.keys = STREAM_KEYS_MAX + 1;
    assert_int_equal(stream_init(&opts, &s), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_of_etc_are_those_of_its_model),
        cmocka_unit_test(sizes_of_usr_are_those_of_its_model),
        cmocka_unit_test(small_values_of_etc_have_their_shares),
        cmocka_unit_test(keys_are_of_their_length_and_no_two_alike),
        cmocka_unit_test(popularity_is_zipf_s),
        cmocka_unit_test(one_key_is_always_the_same),
        cmocka_unit_test(gaps_are_exponential),
        cmocka_unit_test(constant_gaps_are_equal_and_nothing_is_due_twice),
        cmocka_unit_test(a_seed_repeats_a_run_and_sets_do_not_change_its_keys),
        cmocka_unit_test(requests_and_replies_are_memcached_s),
        cmocka_unit_test(what_cannot_be_asked_for_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
