/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Keeping and printing what was found.
 */
#include "doctor/report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <vitrine/base.h>

#include "doctor/tree.h"

static const struct {
    const char *name, *colour;
} states[] = {
    [STATE_OK] = { "ok", "\033[32m" },
    [STATE_WARN] = { "warn", "\033[33m" },
    [STATE_SKIP] = { "skip", "\033[2m" },
    [STATE_FAIL] = { "fail", "\033[31m" },
};

const char *state_name(enum state state) { return states[state].name; }

/* Appends to a line that stays one line of printable ASCII. */
static void append(char *line, size_t size, const char *format, va_list args)
{
    size_t len = strlen(line);
    vsnprintf(line + len, size - len, format, args);
    tree_clean(line + len);
    for (char *at = line + len; *at != '\0'; at++)
        *at = *at == '\n' || *at == '\t' ? ' ' : *at;
}

struct finding *report_add(struct report *r, const char *subject, enum state state,
                           const char *fact, ...)
{
    if (r->n == r->room) {
        r->room = r->room * 2 + 16;
        r->finding = realloc(r->finding, r->room * sizeof r->finding[0]);
        vtr_check(r->finding != NULL);
    }
    struct finding *f = &r->finding[r->n++];
    *f = (struct finding){ .subject = subject, .state = state };
    va_list args;
    va_start(args, fact);
    append(f->fact, sizeof f->fact, fact, args);
    va_end(args);
    return f;
}

void report_fix(struct report *r, const char *fix, ...)
{
    va_list args;
    va_start(args, fix);
    append(r->finding[r->n - 1].fix, sizeof r->finding[0].fix, fix, args);
    va_end(args);
}

void report_more(struct report *r, const char *more, ...)
{
    va_list args;
    va_start(args, more);
    append(r->finding[r->n - 1].fact, sizeof r->finding[0].fact, more, args);
    va_end(args);
}

void report_print(const struct report *r, FILE *to, bool colour)
{
    for (unsigned i = 0; i < r->n; i++) {
        const struct finding *f = &r->finding[i];
        fprintf(to, "%-11s%s%-6s%s%s", f->subject, colour ? states[f->state].colour : "",
                state_name(f->state), colour ? "\033[0m" : "", f->fact);
        if (f->fix[0] != '\0')
            fprintf(to, "  -> %s", f->fix);
        putc('\n', to);
    }
}

void report_json(const struct report *r, struct json *j)
{
    json_array(j, "checks");
    for (unsigned i = 0; i < r->n; i++) {
        json_object(j, NULL);
        json_text(j, "subject", r->finding[i].subject);
        json_text(j, "state", state_name(r->finding[i].state));
        json_text(j, "fact", r->finding[i].fact);
        if (r->finding[i].fix[0] != '\0')
            json_text(j, "fix", r->finding[i].fix);
        json_end(j, '}');
    }
    json_end(j, ']');
}

void report_fini(struct report *r)
{
    free(r->finding);
    *r = (struct report){ .n = 0 };
}
