/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * goals: what the figures of a matrix are to be, and whether they are. A goal is judged by the
 * median over rounds of a ratio that is formed within each round. Owner: everything is borrowed.
 * Threads: any.
 */
#ifndef LOAD_GOALS_H
#define LOAD_GOALS_H

#include <stdbool.h>

#include "matrix.h"

enum { GOALS_MAX = 4 * MATRIX_SIZES * MATRIX_PATHS };

struct goal {
    char text[96];      /* "hybrid at least 15 x kernel at 64 B" */
    double wanted, got; /* NAN: it could not be judged */
    bool at_most;       /* else at least */
};

/** @return how many goals apply to what @p m holds. */
unsigned goals_judge(const struct matrix *m, struct goal goal[GOALS_MAX]);

static inline bool goal_met(const struct goal *g)
{
    return g->at_most ? g->got <= g->wanted : g->got >= g->wanted;
}

#endif
