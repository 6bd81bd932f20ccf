/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * json: writing JSON (RFC 8259) member by member, indented; commas and escapes are its business.
 * Owner: the storage is the caller's, the file too. Threads: one.
 */
#ifndef MEASURE_JSON_H
#define MEASURE_JSON_H

#include <stdbool.h>
#include <stdio.h>

struct json {
    FILE *to;
    int depth;
    bool more; /* the object or array under way has a member already */
};

/* Each takes the member's name; NULL in an array and at the top. */
void json_object(struct json *j, const char *name);
void json_array(struct json *j, const char *name);
void json_text(struct json *j, const char *name, const char *text);
/** Not a number and infinite, which JSON does not know, are null. */
void json_number(struct json *j, const char *name, double value);
void json_bool(struct json *j, const char *name, bool value);

/** Ends the innermost one. @param kind '}' or ']'. */
void json_end(struct json *j, char kind);

#endif
