/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * rounds: a row measured. Its ways take turns in slices of about a millisecond, first one, then the
 * other, several times in a round, so that drift meets all of them alike; a ratio is formed within
 * each round. Every slice's sum is checked. A round is its slices together or, of two threads, its
 * fastest.
 * Owner: the storage is the caller's. Threads: one.
 */
#ifndef CORE_ROUNDS_H
#define CORE_ROUNDS_H

#include <vitrine/base.h>

#include "core/row.h"
#include "measure/spread.h"

/** What one round of one way gave, in ns an operation. */
struct sample {
    double cpu_ns, wall_ns;
    double iterations;
};

struct rounds {
    const struct row *row;
    unsigned n;             /* rounds done; 0: it could not be measured here */
    unsigned burst;         /* packets at once, of an echo; else 0 */
    uint64_t slice[CORE_WAYS]; /* operations of a thread in a slice */
    struct sample sample[CORE_WAYS][SPREAD_MAX];
};

struct rounds_opts {
    unsigned rounds;
    unsigned turns; /* slices of each way in a round */
    uint64_t slice_ns;
};

/**
 * @return 0, -ENOTSUP (it wants two CPUs; @p out has no rounds), -EILSEQ (a way did not add up, was
 *         too fast to be true, or left something behind).
 */
VTR_MUST_USE int rounds_measure(const struct row *row, struct stand *s,
                                const struct rounds_opts *opts, struct rounds *out,
                                struct vtr_error *err);

/** @return the ways of a row. */
unsigned rounds_ways(const struct row *row);

/** @return which way the row's goal is about, or, without a goal, the second. */
unsigned rounds_against(const struct row *row);

/** ns an operation by the clock that counts for the row, of one way over the rounds. */
struct spread rounds_times(const struct rounds *r, unsigned way);

/** Our time over that of @p way, round by round; of a speedup, its rate over ours turned round. */
struct spread rounds_ratios(const struct rounds *r, unsigned way);

/** @return whether the median ratio is what the goal wants. */
bool rounds_met(const struct rounds *r);

#endif
