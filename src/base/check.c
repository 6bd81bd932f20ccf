/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Broken contracts: said once, then the process ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <vitrine/base.h>

void vtr_check_failed_(const char *cond, const char *file, int line)
{
    fprintf(stderr, "vitrine: %s:%d: broken contract: %s\n", file, line, cond);
    abort();
}
