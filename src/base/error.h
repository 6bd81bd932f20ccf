/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Filling a vtr_error: what failed, on what operand, why; then what to try.
 */
#ifndef VITRINE_BASE_ERROR_H
#define VITRINE_BASE_ERROR_H

#include <vitrine/base.h>

/**
 * @param err   may be NULL.
 * @param code  a positive errno.
 * @param hint  a command or a choice; NULL for none.
 * @return -code.
 */
VTR_API VTR_COLD __attribute__((format(printf, 4, 5))) int
vtr_error_set_(struct vtr_error *err, int code, const char *hint, const char *what, ...);

#endif
