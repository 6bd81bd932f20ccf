/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Collecting the pieces of a reply and cutting them into datagrams.
 */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>

static struct message_piece *piece_last(struct message *m)
{
    return m->pieces != 0 ? &m->piece[m->pieces - 1] : NULL;
}

struct message_mark message_mark(const struct message *m)
{
    uint32_t last = m->pieces != 0 ? m->piece[m->pieces - 1].len : 0;
    return (struct message_mark){ m->bytes, m->pieces, m->text_len, last };
}

void message_rewind(struct message *m, struct message_mark mark)
{
    m->bytes = mark.bytes;
    m->pieces = mark.pieces;
    m->text_len = mark.text_len;
    if (mark.pieces != 0)
        m->piece[mark.pieces - 1].len = mark.last_len;
}

/* Text behind text makes one piece. */
static bool text_commit(struct message *m, size_t len)
{
    struct message_piece *last = piece_last(m);
    if (len == 0)
        return true;
    if (len > MESSAGE_MAX - m->bytes)
        return false;
    if (last != NULL && last->data.len == 0) {
        last->len += (uint32_t)len;
    } else {
        if (m->pieces == MESSAGE_PIECES)
            return false;
        m->piece[m->pieces++] =
            (struct message_piece){ .off = m->text_len, .len = (uint32_t)len };
    }
    m->text_len += (uint32_t)len;
    m->bytes += (uint32_t)len;
    return true;
}

bool message_text(struct message *m, const void *text, size_t len)
{
    if (len > MESSAGE_TEXT - m->text_len)
        return false;
    memcpy(m->text + m->text_len, text, len);
    return text_commit(m, len);
}

bool message_format(struct message *m, const char *format, ...)
{
    size_t room = MESSAGE_TEXT - m->text_len;
    va_list args;
    va_start(args, format);
    int len = vsnprintf((char *)m->text + m->text_len, room, format, args);
    va_end(args);
    return len >= 0 && (size_t)len < room && text_commit(m, (size_t)len);
}

struct message_piece *message_data(struct message *m, uint32_t len)
{
    if (m->pieces == MESSAGE_PIECES || len > MESSAGE_MAX - m->bytes)
        return NULL;
    struct message_piece *piece = &m->piece[m->pieces++];
    piece->len = len;
    m->bytes += len;
    return piece;
}

void message_extend(struct message *m, uint32_t len)
{
    struct message_piece *last = piece_last(m);
    vtr_check(last != NULL && last->data.len - last->off - last->len >= len);
    last->len += len;
    m->bytes += len;
}

bool message_next(struct message *m, uint32_t room, struct message_chunk *out)
{
    if (m->piece_next == m->pieces || room == 0)
        return false;
    const struct message_piece *piece = &m->piece[m->piece_next];
    uint32_t left = piece->len - m->off_next;
    uint32_t len = left < room ? left : room;
    *out = (struct message_chunk){ piece, piece->off + m->off_next, len };
    m->off_next += len;
    if (m->off_next == piece->len) {
        m->piece_next++;
        m->off_next = 0;
    }
    return true;
}

void message_copy(const struct message *m, const struct message_chunk *chunk, uint8_t *to)
{
    if (chunk->piece->data.len == 0)
        memcpy(to, m->text + chunk->off, chunk->len);
    else
        vtr_check(vtr_data_gather(chunk->piece->data, chunk->off, to, chunk->len));
}

void message_sum(const struct message *m, const struct message_chunk *chunk, struct vtr_sum *sum)
{
    struct vtr_data data = chunk->piece->data;
    if (data.len == 0) {
        vtr_sum_add(sum, vtr_span_of(m->text + chunk->off, chunk->len));
        return;
    }
    vtr_check(vtr_data_trim(&data, (size_t)chunk->off + chunk->len) &&
              vtr_data_strip(&data, chunk->off));
    struct vtr_cursor c = vtr_cursor_of(data);
    for (struct vtr_span s; vtr_cursor_next(&c, &s);)
        vtr_sum_add(sum, s);
}

uint32_t message_value_bytes(const struct message_chunk *chunk)
{
    const struct message_piece *piece = chunk->piece;
    uint32_t end = chunk->off + chunk->len;
    uint32_t from = chunk->off > piece->value ? chunk->off : piece->value;
    uint32_t to = end < piece->value_end ? end : piece->value_end;
    return to > from ? to - from : 0;
}
