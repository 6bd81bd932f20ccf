/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * JSON, written as it goes.
 */
#include "measure/json.h"

#include <math.h>

/* Bytes of the character that begins at p, 0 if none does: Unicode 15, table 3-7. */
static size_t utf8_len(const unsigned char *p)
{
    size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    unsigned low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    unsigned high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    if (p[0] > 0xf4 || (len > 1 && (p[1] < low || p[1] > high)))
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

/* RFC 8259 wants UTF-8, and a command line may hold any bytes, or end within a character. */
static void quote(struct json *j, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    putc('"', j->to);
    for (size_t len; *p != '\0'; p += len != 0 ? len : 1) {
        len = utf8_len(p);
        if (len == 0)
            fputs("\\ufffd", j->to);
        else if (*p == '"' || *p == '\\')
            fprintf(j->to, "\\%c", *p);
        else if (*p < 0x20)
            fprintf(j->to, "\\u%04x", *p);
        else
            fwrite(p, 1, len, j->to);
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
