/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Errors of the load generator.
 */
#include "measure/complain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int complain(struct vtr_error *err, int code, const char *hint, const char *what, ...)
{
    if (err == NULL)
        return code;
    va_list args;
    va_start(args, what);
    err->code = code;
    vsnprintf(err->what, sizeof err->what, what, args);
    va_end(args);
    snprintf(err->hint, sizeof err->hint, "%s", hint != NULL ? hint : "");
    return code;
}

void complain_print(const struct vtr_error *err)
{
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, err->what);
    if (err->hint[0] != '\0')
        fprintf(stderr, "  try:  %s\n", err->hint);
}
