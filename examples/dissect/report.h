/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What is found in one packet: layers, fields, and where parsing stopped.
 */
#ifndef DISSECT_REPORT_H
#define DISSECT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include <vitrine/reader.h>

#include "field.h"

enum { LAYERS_MAX = 32, VALUES_MAX = 8192, TEXT_MAX = 1 << 18 };

struct value {
    enum field field;
    unsigned at, len; /* in the text */
};

/** Reused for each packet; values and text beyond the room are left out, and `full` says so. */
struct report {
    struct vtr_span packet;
    const char *layer[LAYERS_MAX];
    unsigned layers;
    struct value value[VALUES_MAX];
    unsigned values;
    char text[TEXT_MAX];
    unsigned len;
    bool full;
    bool part; /* what is parsed now may be cut short */
    const char *stopped; /* the layer at which parsing stopped; NULL: it did not */
    size_t stopped_at;   /* byte of the packet */
};

void report_begin(struct report *r, uint64_t number, struct vtr_span packet);

/** What begins with @p s is cut short or malformed. The first one is kept. */
void report_stop(struct report *r, const char *layer, struct vtr_span s);

/** A layer begins. @return false: there are too many, and parsing has stopped. */
bool report_layer(struct report *r, const char *name, struct vtr_span s);

/** The same of what was taken: a NULL header is where parsing stops. @return whether it goes on. */
static inline bool report_took(struct report *r, const char *name, struct vtr_span s,
                               const void *header)
{
    if (header == NULL)
        report_stop(r, name, s);
    return header != NULL && report_layer(r, name, s);
}

void report_number(struct report *r, enum field f, uint64_t n);
void report_bytes(struct report *r, enum field f, struct vtr_span s);
/** report_bytes() of a primitive struct. */
#define report_struct(r, f, at) report_bytes((r), (f), vtr_span_of((at), sizeof *(at)))

/** What an iterator left: nothing, or what is malformed. */
static inline void report_end(struct report *r, const char *layer, struct vtr_reader left)
{
    if (left.rest.len != 0)
        report_stop(r, layer, left.rest);
}

/** A line for people; the columns of --fields; an object of JSON. */
void report_line(const struct report *r, FILE *out);
void report_columns(const struct report *r, const enum field *wanted, unsigned n, FILE *out);
void report_json(const struct report *r, FILE *out);

#endif
