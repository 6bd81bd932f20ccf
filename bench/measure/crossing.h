/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * crossing: how long a cache line takes from one processor to another. Everything that two threads
 * pass through memory waits for that, and where virtual processors move between cores it changes
 * within a run, by a factor of five: a figure says little without it.
 * Threads: one, and one of its own while it measures.
 */
#ifndef MEASURE_CROSSING_H
#define MEASURE_CROSSING_H

/**
 * @param there  the other processor; the caller is pinned to its own.
 * @return ns one way, the median of some thousand round trips, in about 2 ms; NAN if no thread was
 *         to be had.
 */
double crossing_ns(int there);

#endif
