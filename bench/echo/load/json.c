/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * JSON, written as it goes.
 */
#include "json.h"

#include <math.h>

static void quote(struct json *j, const char *text)
{
    putc('"', j->to);
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            fprintf(j->to, "\\%c", c);
        else if (c < 0x20)
            fprintf(j->to, "\\u%04x", c);
        else
            putc(c, j->to);
    }
    putc('"', j->to);
}

static void begin(struct json *j, const char *name)
{
    if (j->depth != 0)
        fprintf(j->to, "%s\n%*s", j->more ? "," : "", 2 * j->depth, "");
    if (name != NULL) {
        quote(j, name);
        fputs(": ", j->to);
    }
    j->more = true;
}

static void open_kind(struct json *j, const char *name, char kind)
{
    begin(j, name);
    putc(kind, j->to);
    j->depth++;
    j->more = false;
}

void json_object(struct json *j, const char *name) { open_kind(j, name, '{'); }
void json_array(struct json *j, const char *name) { open_kind(j, name, '['); }

void json_end(struct json *j, char kind)
{
    j->depth--;
    if (j->more)
        fprintf(j->to, "\n%*s", 2 * j->depth, "");
    putc(kind, j->to);
    j->more = true;
    if (j->depth == 0)
        putc('\n', j->to);
}

void json_text(struct json *j, const char *name, const char *text)
{
    begin(j, name);
    quote(j, text);
}

void json_number(struct json *j, const char *name, double value)
{
    begin(j, name);
    if (isfinite(value))
        fprintf(j->to, "%.10g", value);
    else
        fputs("null", j->to);
}

void json_bool(struct json *j, const char *name, bool value)
{
    begin(j, name);
    fputs(value ? "true" : "false", j->to);
}
