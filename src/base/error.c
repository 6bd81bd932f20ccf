/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Filling a vtr_error.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

int vtr_error_set_(struct vtr_error *err, int code, const char *hint, const char *what, ...)
{
    if (err == NULL)
        return -code;
    va_list args;
    va_start(args, what);
    vsnprintf(err->what, sizeof err->what, what, args);
    va_end(args);
    snprintf(err->hint, sizeof err->hint, "%s", hint != NULL ? hint : "");
    err->code = -code;
    return -code;
}
