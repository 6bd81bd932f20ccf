/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Measuring a row.
 */
#include "core/rounds.h"

#include <errno.h>
#include <string.h>

#include "core/mbuf.h"
#include "core/ours.h"
#include "core/second.h"
#include "core/stand.h"
#include "measure/clock.h"
#include "measure/complain.h"

enum { TRIALS = 3, BURST_TRIALS = 8, SLICE_MAX = 1 << 24 };

/* Faster than any operation here can be: a third of a cycle. What was, was left out. */
static const double impossible_ns = 0.1;

struct slice {
    uint64_t wall_ns, cpu_ns, ops;
};

static int check(const struct row *row, const struct way *way, uint64_t sum, uint64_t wanted,
                 struct vtr_error *err)
{
    if (sum == wanted)
        return 0;
    return complain(err, -EILSEQ, NULL, "%s/%s adds up to %llu, not %llu: the work was not done",
                    row->name, way->name, (unsigned long long)sum, (unsigned long long)wanted);
}

/* One slice of one way. */
static int run(const struct row *row, unsigned w, struct stand *s, uint64_t n, struct slice *out,
               struct vtr_error *err)
{
    const struct way *way = &row->way[w];
    uint64_t sum;
    out->ops = n * (way->threads != 0 ? way->threads : 1);
    if (way->peer != NULL) {
        sum = second_race(s->second, s, way->run, way->peer, n, &out->wall_ns, &out->cpu_ns);
    } else {
        uint64_t from = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        sum = way->run(s, n);
        out->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
        out->wall_ns = clock_ns(CLOCK_MONOTONIC) - from;
    }
    return check(row, way, sum, out->ops * row->each(s), err);
}

/* Adds a slice to those of its round. By the wall's clock the fastest counts alone: when something
 * else takes one of the two CPUs, both threads wait for it, a thousand times as long. */
static void add(const struct row *row, struct slice *to, const struct slice *slice)
{
    if (row->wall && to->ops != 0 && to->wall_ns * slice->ops <= slice->wall_ns * to->ops)
        return;
    bool sum = !row->wall;
    to->wall_ns = slice->wall_ns + (sum ? to->wall_ns : 0);
    to->cpu_ns = slice->cpu_ns + (sum ? to->cpu_ns : 0);
    to->ops = slice->ops + (sum ? to->ops : 0);
}

/* The fastest of a few slices of @p n operations, in ns of the wall. */
static int try(const struct row *row, unsigned w, struct stand *s, uint64_t n, uint64_t *least_ns,
               struct vtr_error *err)
{
    struct slice slice;
    int rc = 0;
    *least_ns = UINT64_MAX;
    for (unsigned i = 0; rc == 0 && i < TRIALS; i++) {
        rc = run(row, w, s, n, &slice, err);
        if (rc == 0 && slice.wall_ns < *least_ns)
            *least_ns = slice.wall_ns;
    }
    return rc;
}

/* How many operations make a slice; warms up meanwhile. */
static int calibrate(const struct row *row, unsigned w, struct stand *s, uint64_t slice_ns,
                     uint64_t *n, struct vtr_error *err)
{
    uint64_t ns;
    *n = row->cold ? CORE_COLD : CORE_STEP;
    int rc = try(row, w, s, *n, &ns, err);
    while (rc == 0 && !row->cold && ns < slice_ns / 2 && *n < SLICE_MAX) {
        *n *= 2;
        rc = try(row, w, s, *n, &ns, err);
    }
    return rc;
}

static int calibrate_all(struct rounds *r, struct stand *s, uint64_t slice_ns,
                         struct vtr_error *err)
{
    int rc = 0;
    for (unsigned w = 0; rc == 0 && w < rounds_ways(r->row); w++)
        rc = calibrate(r->row, w, s, slice_ns, &r->slice[w], err);
    return rc;
}

/* Every way once in each turn; who is first changes from round to round. */
static int measure_round(struct rounds *r, struct stand *s, unsigned turns, struct vtr_error *err)
{
    struct slice total[CORE_WAYS] = { 0 };
    unsigned ways = rounds_ways(r->row);
    int rc = 0;
    stand_stir(s, r->n);
    for (unsigned i = 0; rc == 0 && i < turns * ways; i++) {
        unsigned w = (i + r->n) % ways;
        struct slice slice;
        rc = run(r->row, w, s, r->slice[w], &slice, err);
        add(r->row, &total[w], &slice);
    }
    for (unsigned w = 0; rc == 0 && w < ways; w++) {
        double ops = (double)total[w].ops;
        struct sample sample = { (double)total[w].cpu_ns / ops, (double)total[w].wall_ns / ops,
                                 ops };
        r->sample[w][r->n] = sample;
        if (sample.cpu_ns < impossible_ns)
            rc = complain(err, -EILSEQ, NULL, "%s/%s takes %.3f ns: the work was left out",
                          r->row->name, r->row->way[w].name, sample.cpu_ns);
    }
    return rc;
}

static double fastest(const struct row *row, unsigned w, struct stand *s, unsigned burst,
                      double least)
{
    struct vtr_error err;
    struct slice slice;
    s->burst = burst;
    mbufs_burst(s->mbufs, burst);
    if (run(row, w, s, CORE_STEP * 64, &slice, &err) != 0)
        return least;
    double each = (double)slice.cpu_ns / (double)slice.ops;
    return each < least ? each : least;
}

/* 32 or 64 packets at once, for both sides: whichever the baseline is faster with. */
static void choose_burst(struct rounds *r, struct stand *s)
{
    double least[2] = { 1e9, 1e9 };
    if (r->row->way[rounds_against(r->row)].run != mbuf_echo)
        return;
    for (unsigned i = 0; i < 2 * BURST_TRIALS; i++)
        least[i % 2] =
            fastest(r->row, rounds_against(r->row), s, i % 2 != 0 ? 64 : 32, least[i % 2]);
    r->burst = least[1] < least[0] ? 64 : 32;
    s->burst = r->burst;
    mbufs_burst(s->mbufs, r->burst);
}

static bool wants_second(const struct row *row)
{
    for (unsigned w = 0; w < rounds_ways(row); w++)
        if (row->way[w].peer != NULL)
            return true;
    return false;
}

static int same_balance(const struct row *row, struct stand_balance from, struct stand_balance to,
                        struct vtr_error *err)
{
    if (from.blocks == to.blocks && from.blocks_st == to.blocks_st && from.mbufs == to.mbufs &&
        from.count == to.count)
        return 0;
    return complain(err, -EILSEQ, NULL,
                    "%s left behind: %lld blocks, %lld of one thread, %d mbufs, %d counts",
                    row->name, (long long)(to.blocks - from.blocks),
                    (long long)(to.blocks_st - from.blocks_st), (int)(to.mbufs - from.mbufs),
                    to.count - from.count);
}

int rounds_measure(const struct row *row, struct stand *s, const struct rounds_opts *opts,
                   struct rounds *out, struct vtr_error *err)
{
    memset(out, 0, sizeof *out);
    out->row = row;
    if (s->second == NULL && wants_second(row))
        return complain(err, -ENOTSUP, NULL, "%s wants two CPUs", row->name);
    choose_burst(out, s);
    int rc = calibrate_all(out, s, opts->slice_ns, err);
    struct stand_balance before = stand_balance(s);
    while (rc == 0 && out->n < opts->rounds) {
        rc = measure_round(out, s, opts->turns, err);
        out->n += rc == 0;
    }
    return rc != 0 ? rc : same_balance(row, before, stand_balance(s), err);
}

unsigned rounds_ways(const struct row *row)
{
    unsigned n = 0;
    while (n < CORE_WAYS && row->way[n].run != NULL)
        n++;
    return n;
}

unsigned rounds_against(const struct row *row)
{
    unsigned w = 1;
    while (row->against != NULL && strcmp(row->way[w].name, row->against) != 0)
        w++;
    return w;
}

static double time_of(const struct rounds *r, unsigned way, unsigned round)
{
    const struct sample *sample = &r->sample[way][round];
    return r->row->wall ? sample->wall_ns : sample->cpu_ns;
}

struct spread rounds_times(const struct rounds *r, unsigned way)
{
    struct spread s = { 0 };
    for (unsigned i = 0; i < r->n; i++)
        spread_add(&s, time_of(r, way, i));
    return s;
}

struct spread rounds_ratios(const struct rounds *r, unsigned way)
{
    struct spread s = { 0 };
    for (unsigned i = 0; i < r->n; i++) {
        double ratio = time_of(r, 0, i) / time_of(r, way, i);
        spread_add(&s, r->row->speedup ? 1 / ratio : ratio);
    }
    return s;
}

bool rounds_met(const struct rounds *r)
{
    struct spread s = rounds_ratios(r, rounds_against(r->row));
    double median = spread_median(&s);
    return r->row->speedup ? median >= r->row->goal : median <= r->row->goal;
}
