/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Fields: their names and forms.
 */
#include "field.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    enum form form;
} fields[FIELDS_N] = {
#define FIELD_ENTRY(id, name, form) [F_##id] = { name, form },
    FIELDS(FIELD_ENTRY)
#undef FIELD_ENTRY
};

const char *field_name(enum field f) { return fields[f].name; }

enum field field_find(const char *name, size_t len)
{
    unsigned f = 0;
    while (f < FIELDS_N && (strncmp(fields[f].name, name, len) != 0 || fields[f].name[len] != '\0'))
        f++;
    return (enum field)f;
}

int field_print_number(enum field f, uint64_t n, char *to, size_t size)
{
    static const int digits[] = { [HEX8] = 2, [HEX16] = 4, [HEX24] = 6, [HEX32] = 8 };
    if (fields[f].form == DEC)
        return snprintf(to, size, "%" PRIu64, n);
    return snprintf(to, size, "0x%0*" PRIx64, digits[fields[f].form], n);
}

static int print_hex(struct vtr_span s, const char *between, char *to, size_t size)
{
    size_t at = 0;
    for (size_t i = 0; i < s.len && at < size; i++)
        at += (size_t)snprintf(to + at, size - at, "%s%02x", i != 0 ? between : "", s.ptr[i]);
    return (int)at;
}

/* What is not printable is shown as \xHH, so that a line stays one and a column too. */
static int print_text(struct vtr_span s, char *to, size_t size)
{
    size_t at = 0;
    for (size_t i = 0; i < s.len && at < size; i++)
        if (s.ptr[i] >= ' ' && s.ptr[i] < 0x7f)
            to[at++] = (char)s.ptr[i];
        else
            at += (size_t)snprintf(to + at, size - at, "\\x%02x", s.ptr[i]);
    return (int)at;
}

int field_print_bytes(enum field f, struct vtr_span s, char *to, size_t size)
{
    char address[INET6_ADDRSTRLEN];
    switch (fields[f].form) {
    case IP4:
        inet_ntop(AF_INET, s.ptr, address, sizeof address);
        return snprintf(to, size, "%s", address);
    case IP6:
        inet_ntop(AF_INET6, s.ptr, address, sizeof address);
        return snprintf(to, size, "%s", address);
    case MAC:
        return print_hex(s, ":", to, size);
    case BYTES:
        return print_hex(s, "", to, size);
    default:
        return print_text(s, to, size);
    }
}
