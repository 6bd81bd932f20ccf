/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * report: what the checks found, a line each: subject, state, fact, and a command that helps.
 * Owner: the report owns its lines. Threads: one.
 */
#ifndef DOCTOR_REPORT_H
#define DOCTOR_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "measure/json.h"

enum state {
    STATE_OK,   /* as good as it gets, or as is needed */
    STATE_WARN, /* works, and could work better; or wants care */
    STATE_SKIP, /* not here, and nothing needs it unless it is wanted */
    STATE_FAIL, /* what every mode needs does not work */
};

struct finding {
    const char *subject; /* static */
    enum state state;
    char fact[400]; /* printable ASCII */
    char fix[240];  /* a command that can be pasted, and behind a # what to know of it; or "" */
};

/** Zero is the empty report. */
struct report {
    struct finding *finding;
    unsigned n, room;
};

/** Adds a line. @return it, until the next one is added. */
__attribute__((format(printf, 4, 5))) struct finding *
report_add(struct report *r, const char *subject, enum state state, const char *fact, ...);

/** Says what helps against the last line that was added. */
__attribute__((format(printf, 2, 3))) void report_fix(struct report *r, const char *fix, ...);

/** Appends words to the last line's fact, as far as there is room. */
__attribute__((format(printf, 2, 3))) void report_more(struct report *r, const char *more, ...);

void report_print(const struct report *r, FILE *to, bool colour);

/** Writes the lines as an array "checks" of the object under way. */
void report_json(const struct report *r, struct json *j);

/** @return "ok", "warn", "skip" or "fail". */
const char *state_name(enum state state);

void report_fini(struct report *r);

#endif
