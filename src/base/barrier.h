/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The expensive side of an asymmetric fence. A thread that is often somewhere says so by a plain
 * store, a compiler barrier and a look whether it is wanted elsewhere; who wants it, rarely, says
 * so, has every thread pass a barrier, and looks who is inside. Either sees the other (Dekker's
 * algorithm; liburcu's memb flavour does the same).
 */
#ifndef VITRINE_BASE_BARRIER_H
#define VITRINE_BASE_BARRIER_H

#include <vitrine/base.h>

/**
 * Every thread of the process that is running passes a full memory barrier before this returns, and
 * so does the caller.
 * @return false: the kernel refuses membarrier(2); nothing may be concluded about other threads.
 * Cost: a system call and an interrupt of the other CPUs, microseconds.
 */
VTR_API VTR_COLD VTR_MUST_USE bool vtr_barrier_(void);

#endif
