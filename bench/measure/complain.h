/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * complain: errors for a person, in the shape the library's setup calls use: what failed, on what
 * operand, why; then what to try.
 * Owner: nothing. Threads: any.
 */
#ifndef MEASURE_COMPLAIN_H
#define MEASURE_COMPLAIN_H

#include <vitrine/base.h>

/**
 * Fills *err.
 * @param err   may be NULL.
 * @param code  a negative errno.
 * @param hint  a command or a choice; NULL for none.
 * @return @p code.
 */
__attribute__((format(printf, 4, 5))) int complain(struct vtr_error *err, int code,
                                                   const char *hint, const char *what, ...);

/** Writes *err to stderr behind the program's name. */
void complain_print(const struct vtr_error *err);

#endif
