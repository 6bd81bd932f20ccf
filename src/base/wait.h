/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Waiting for what another thread is about to do: it is in the middle of a few instructions.
 * Owner: a wait is its thread's, and begins as zero. Threads: any.
 */
#ifndef VITRINE_BASE_WAIT_H
#define VITRINE_BASE_WAIT_H

#include <vitrine/base.h>

struct vtr_wait {
    unsigned times;
};

/** Lets others run: at first those of the same priority, then all of them. A thread under
 * SCHED_FIFO that only yields keeps its core from the one that it waits for. */
VTR_API void vtr_wait_(struct vtr_wait *wait);

#endif
