/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Requests of a dataset, and their replies piece by piece: a reply is never made as a whole.
 */
#include "stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../value.h"

enum { LINE = DATASET_KEY_MAX + 48 };
static const char end_line[] = "\r\nEND\r\n", stored[] = "STORED\r\n";

int stream_init(const struct stream_opts *opts, struct stream *out)
{
    bool large = opts->dataset.kind == DATASET_FIXED && opts->dataset.size > WORKLOAD_SIZE_MAX;
    if (large || opts->keys == 0 || opts->keys > STREAM_KEYS_MAX)
        return -EINVAL;
    struct stream s = { .opts = *opts, .stride = workload_stride(opts->keys) };
    s.item = malloc(opts->keys * sizeof *s.item);
    if (s.item == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < opts->keys; i++)
        s.item[i] = dataset_item(&opts->dataset, i);
    s.zipf = zipf_of(opts->keys, opts->zipf);
    s.of_key = (struct mix){ mix64(opts->seed + 1) };
    s.of_verb = (struct mix){ mix64(opts->seed + 2) };
    *out = s;
    return 0;
}

void stream_fini(struct stream *s)
{
    free(s->item);
    *s = (struct stream){ 0 };
}

struct ask stream_next(struct stream *s)
{
    uint64_t rank = zipf_draw(&s->zipf, &s->of_key);
    return (struct ask){ .index = (uint32_t)(rank * s->stride % s->opts.keys),
                         .set = mix_next_unit(&s->of_verb) < s->opts.sets };
}

/* The first line of a request, or of the reply to a get. @return its bytes. */
static size_t line_of(const struct stream *s, struct ask ask, const char *verb, const char *format,
                      char line[LINE])
{
    char key[DATASET_KEY_MAX + 1];
    const struct dataset_item *item = &s->item[ask.index];
    dataset_key(&s->opts.dataset, item, ask.index, key);
    size_t len = strlen(verb);
    memcpy(line, verb, len);
    memcpy(line + len, key, item->key);
    len += item->key;
    return len + (size_t)snprintf(line + len, LINE - len, format, item->value);
}

static size_t request_line(const struct stream *s, struct ask ask, char line[LINE])
{
    return ask.set ? line_of(s, ask, "set ", " 0 0 %u\r\n", line)
                   : line_of(s, ask, "get ", "\r\n", line);
}

size_t ask_len(const struct stream *s, struct ask ask)
{
    char line[LINE];
    size_t len = WORKLOAD_FRAME_BYTES + request_line(s, ask, line);
    return ask.set ? len + s->item[ask.index].value + 2 : len;
}

size_t ask_write(const struct stream *s, struct ask ask, uint32_t id, uint8_t *to)
{
    struct vtr_memcached_udp frame = workload_frame(id, 0, 1);
    char line[LINE];
    size_t len = request_line(s, ask, line);
    uint32_t value = s->item[ask.index].value;
    memcpy(to, &frame, sizeof frame);
    memcpy(to + WORKLOAD_FRAME_BYTES, line, len);
    len += WORKLOAD_FRAME_BYTES;
    if (!ask.set)
        return len;
    value_fill(to + len, value, value, ask.index);
    memcpy(to + len + value, "\r\n", 2);
    return len + value + 2;
}

/* Bytes of the whole reply, frames apart; the first line goes into @p line. */
static size_t reply_len(const struct stream *s, struct ask ask, char line[LINE], size_t *line_len)
{
    *line_len = line_of(s, ask, "VALUE ", " 0 %u\r\n", line);
    return *line_len + s->item[ask.index].value + sizeof end_line - 1;
}

uint32_t ask_parts(const struct stream *s, struct ask ask)
{
    char line[LINE];
    size_t line_len;
    if (ask.set)
        return 1;
    size_t len = reply_len(s, ask, line, &line_len);
    return (uint32_t)((len + WORKLOAD_CHUNK_BYTES - 1) / WORKLOAD_CHUNK_BYTES);
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

size_t ask_expect(const struct stream *s, struct ask ask, uint32_t part, uint8_t *to)
{
    char line[LINE];
    size_t line_len, value = s->item[ask.index].value;
    if (ask.set) {
        memcpy(to, stored, sizeof stored - 1);
        return sizeof stored - 1;
    }
    size_t begin = (size_t)part * WORKLOAD_CHUNK_BYTES, at = begin;
    size_t len = reply_len(s, ask, line, &line_len), end = least(begin + WORKLOAD_CHUNK_BYTES, len);
    for (size_t n; at < end; at += n, to += n) {
        if (at < line_len) {
            n = least(line_len, end) - at;
            memcpy(to, line + at, n);
        } else if (at < line_len + value) {
            n = least(line_len + value, end) - at;
            value_fill_from(to, at - line_len, n, (uint32_t)value, ask.index);
        } else {
            n = end - at;
            memcpy(to, end_line + (at - line_len - value), n);
        }
    }
    return end - begin;
}
