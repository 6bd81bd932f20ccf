/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Messages put together without stdio, memory or locks, so that a signal handler may do it too.
 * What does not fit is left out.
 * Owner: the caller's storage. Threads: one at a time.
 */
#ifndef VITRINE_BASE_TEXT_H
#define VITRINE_BASE_TEXT_H

#include <vitrine/base.h>

struct vtr_text {
    size_t len; /* of at[], which is always terminated */
    char at[1000];
};

void vtr_text_add(struct vtr_text *t, const char *s);
void vtr_text_number(struct vtr_text *t, uint64_t n);
void vtr_text_signed(struct vtr_text *t, int64_t n);
void vtr_text_hex(struct vtr_text *t, uint64_t n);

/** Writes it to standard error, in one call if the system takes it in one. */
void vtr_text_write(const struct vtr_text *t);

/** The same, and ends the process. */
VTR_COLD __attribute__((noreturn)) void vtr_text_abort(const struct vtr_text *t);

#endif
