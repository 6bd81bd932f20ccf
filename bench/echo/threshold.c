/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The trials. A median of medians: a burst that the scheduler interrupted is one odd sample of a
 * run, a run that something disturbed one odd ratio of a trial.
 */
#include "threshold.h"

#include <stdlib.h>
#include <string.h>

/* A choice changes if the other is cheaper by more than this; below it, measurements wobble. */
#define MARGIN 0.02f

/* The other choice costs a third more at least. */
#define CLEAR 0.75f

void threshold_init(struct threshold *t, uint32_t prior, bool fixed)
{
    memset(t, 0, sizeof *t);
    t->fixed = fixed;
    t->burst = t->trial = THRESHOLD_NONE;
    for (unsigned i = 0; i < THRESHOLD_BUCKETS; i++)
        t->bucket[i] = (struct threshold_bucket){ .refer = UINT32_C(1) << i >= prior,
                                                  .rest_next = THRESHOLD_REST_MIN };
}

static int float_order(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static float median(float *of, size_t n)
{
    qsort(of, n, sizeof *of, float_order);
    return n % 2 != 0 ? of[n / 2] : (of[n / 2 - 1] + of[n / 2]) / 2;
}

/* Referred / copied of a pair of neighbouring runs. */
static float pair_ratio(const struct threshold *t, unsigned pair)
{
    const float *cost = &t->cost[2 * pair];
    return threshold_run_refers_(2 * pair) ? cost[0] / cost[1] : cost[1] / cost[0];
}

static float trial_ratio(const struct threshold *t)
{
    float ratio[THRESHOLD_PAIRS];
    for (unsigned i = 0; i < t->run / 2; i++)
        ratio[i] = pair_ratio(t, i);
    return median(ratio, t->run / 2);
}

static float trial_cost(const struct threshold *t, bool refer)
{
    float of[THRESHOLD_PAIRS];
    unsigned n = 0;
    for (unsigned run = 0; run < t->run; run++)
        if (threshold_run_refers_(run) == refer)
            of[n++] = t->cost[run];
    return median(of, n);
}

/* The last pair says so clearly that the choice is right that going on would only cost:
 * copying 64 KiB takes three times as long as referring to them. */
static bool trial_clear(const struct threshold *t)
{
    float ratio = pair_ratio(t, t->run / 2 - 1);
    return t->bucket[t->trial].refer ? ratio < CLEAR : ratio > 1 / CLEAR;
}

static void trial_end(struct threshold *t)
{
    struct threshold_bucket *b = &t->bucket[t->trial];
    float ratio = trial_ratio(t);
    bool refer = b->refer ? ratio < 1 + MARGIN : ratio < 1 - MARGIN;
    b->rest_next = refer != b->refer              ? THRESHOLD_REST_MIN
                   : b->rest_next < THRESHOLD_REST_MAX ? b->rest_next * 2
                                                       : THRESHOLD_REST_MAX;
    b->rest = b->rest_next;
    b->refer = refer;
    b->trials++;
    b->cycles[0] = trial_cost(t, false);
    b->cycles[1] = trial_cost(t, true);
    t->trial = THRESHOLD_NONE;
}

/* The first burst of a run still pays for what the one before it left behind. */
static void trial_sample(struct threshold *t, float cycles)
{
    if (t->run_bursts++ == 0)
        return;
    t->sample[t->run_bursts - 2] = cycles;
    if (t->run_bursts <= THRESHOLD_RUN)
        return;
    t->cost[t->run++] = median(t->sample, THRESHOLD_RUN);
    t->run_bursts = 0;
    if (t->run % 2 == 0 && (t->run == 2 * THRESHOLD_PAIRS || trial_clear(t)))
        trial_end(t);
}

static void measure(struct threshold *t, int bucket, float cycles)
{
    struct threshold_bucket *b = &t->bucket[bucket];
    if (t->trial == bucket) {
        t->others = 0;
        trial_sample(t, cycles);
    } else if (b->rest != 0) {
        b->rest--;
    } else if (t->trial == THRESHOLD_NONE || t->others++ == THRESHOLD_PATIENCE) {
        t->trial = bucket;
        t->run = t->run_bursts = t->others = 0;
    }
}

void threshold_burst_end(struct threshold *t, uint64_t cycles, bool disturbed)
{
    int bucket = t->burst;
    uint32_t replies = t->burst_replies;
    t->burst = THRESHOLD_NONE;
    t->burst_replies = 0;
    if (bucket >= 0 && !t->fixed && !disturbed)
        measure(t, bucket, (float)cycles / (float)replies);
}

uint32_t threshold_bytes(const struct threshold *t)
{
    unsigned i = THRESHOLD_BUCKETS;
    while (i > 0 && t->bucket[i - 1].refer)
        i--;
    return i == THRESHOLD_BUCKETS ? UINT32_MAX : UINT32_C(1) << i;
}
