/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * second: a thread on another CPU that does one thing at a time, when asked. It sleeps in between.
 * Owner: second_close() ends it. Threads: one asks.
 */
#ifndef CORE_SECOND_H
#define CORE_SECOND_H

#include <vitrine/base.h>

#include "core/row.h"

struct second;

/** @return 0 or a negative errno. */
VTR_MUST_USE int second_open(int cpu, struct second **out);
void second_close(struct second *second);

/**
 * Does @p run here and @p peer there, beginning together.
 * @return what both add up to. @param wall_ns  until both were done; cpu_ns of both.
 */
uint64_t second_race(struct second *second, struct stand *s, way_run *run, way_run *peer,
                     uint64_t n, uint64_t *wall_ns, uint64_t *cpu_ns);

#endif
