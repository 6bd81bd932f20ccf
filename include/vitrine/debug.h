/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What the library notices of a program's mistakes, and how it says so: on stderr, what happened to
 * which buffer, whose it is, and what to try; then the process ends by SIGABRT.
 *
 *                                                                          release  debug  ASan
 * a handle of a buffer that was released before, or of what is now another:
 *   ref, slice, unref, at, view, span, join, prepend, keep, tx, try_own     yes      yes    yes
 * a count that would fall below zero, or pass two thousand million          yes      yes    yes
 * a vtr_buf sealed or ended twice; arguments that break a contract          yes      yes    yes
 * a second thread that allocates or frees in a single-threaded heap         yes      yes    yes
 * a store through a span or another read pointer: SIGSEGV                   yes      yes    yes
 * the same with the buffer's name: vtr_fault_report_enable()                yes      yes    yes
 * references left at vtr_heap_close(): their number                         yes      yes    yes
 * the same, and where they were made                                        -        yes    -
 * a write to a freed buffer, noticed when it is taken again                 -        yes    -
 * any access to a freed buffer, when it happens                             -        -      yes
 * where a buffer that a message names was made, and last ended              -        yes    -
 *
 * debug: the library is built with -Dbuildtype=debug. Its places are functions or offsets in a
 * module; they are files and lines if the program too is compiled with -DVTR_DEBUG, for it alone
 * or for both. Programs and libraries of both kinds go together: the ABI is the same.
 * A generation has 16 bits, and a handle kept for exactly 32,768 lives of its block is not noticed.
 *
 * Owner: nothing here owns anything. Threads: any.
 */
#ifndef VITRINE_DEBUG_H
#define VITRINE_DEBUG_H

#include <vitrine/base.h>

struct vtr_record;

VTR_BEGIN_DECLS

/**
 * From here on, a store into immutable bytes of any heap is named before it ends the process:
 * buffer, generation, owner, offset, instruction. A handler for SIGSEGV and SIGBUS that was there
 * before is called then, as it is for all other faults; without one, the process dies of the signal
 * as ever. Twice is as once.
 * @return 0, or what sigaction failed with.
 * Cost: nothing until a fault. The handler uses the thread's alternate stack if it has one; it
 * takes no lock and no memory.
 */
VTR_API VTR_COLD int vtr_fault_report_enable(void);

/** Puts the former handlers back. A handler put on top of ours meanwhile stays, and what it hands
 * on goes to the former ones. */
VTR_API VTR_COLD void vtr_fault_report_disable(void);

/** Private: where the next call that makes or ends a buffer is made from. @param file  static. */
VTR_API void vtr_made_at_(const char *file, int line);

/** Private: the block is open again, from here. @param file  static. */
VTR_API void vtr_made_again_(const struct vtr_record *rec, const char *file, int line);

/* The first argument of a call that is noted. */
#define VTR_HERE_(argument) (vtr_made_at_(__FILE__, __LINE__), (argument))

VTR_END_DECLS
#endif
