/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * A reply on its way: pieces of text and of stored blocks, cut into the datagrams of one message.
 *
 *     pieces      "END\r\n" | VALUE a.. | VALUE b..END      text, or a range of a block
 *     datagrams   frame + 1392 bytes | frame + 1392 bytes | frame + the rest
 *
 * Each piece says whether its bytes are copied into the datagram or sent by reference; text always
 * is copied.
 * Owner: the storage is the caller's; blocks are borrowed (until store_settle()).
 * Threads: one.
 * Not here: what the pieces are (engine.h), headers below the memcached frame (frame.h).
 */
#ifndef ECHO_MESSAGE_H
#define ECHO_MESSAGE_H

#include <vitrine/checksum.h>
#include <vitrine/data.h>

enum {
    MESSAGE_PIECES = 1024,
    MESSAGE_TEXT = 64 << 10,
    MESSAGE_MAX = 8 << 20,                  /* bytes of one message, but for an END */
    MESSAGE_FRAME = 8,                      /* bytes before each datagram's payload */
    MESSAGE_PAYLOAD = 1400 - MESSAGE_FRAME, /* as memcached's UDP_MAX_PAYLOAD_SIZE */
};
VTR_STATIC_ASSERT(MESSAGE_MAX / MESSAGE_PAYLOAD < 65535, "protocol.txt: 16 bits of datagram count");

struct message_piece {
    struct vtr_data data; /* borrowed; empty: text */
    uint32_t off, len;    /* in the data, or in the text */
    uint32_t value, value_end; /* which of the data's bytes are a value */
    bool refer;
};

struct message {
    uint32_t bytes, pieces, text_len;
    uint32_t piece_next, off_next; /* where message_next() goes on */
    struct message_piece piece[MESSAGE_PIECES];
    uint8_t text[MESSAGE_TEXT];
};

/** A run of bytes of one piece, inside one datagram. Borrowed from the message. */
struct message_chunk {
    const struct message_piece *piece;
    uint32_t off, len; /* in the piece's data or text */
};

/** A state to go back to. */
struct message_mark {
    uint32_t bytes, pieces, text_len, last_len;
};

static inline void message_reset(struct message *m)
{
    m->bytes = m->pieces = m->text_len = m->piece_next = m->off_next = 0;
}

struct message_mark message_mark(const struct message *m);
void message_rewind(struct message *m, struct message_mark mark);

/** Appends a copy of text. @return false, and nothing changed: the message is full. */
VTR_MUST_USE bool message_text(struct message *m, const void *text, size_t len);

/** message_text() of a format. */
__attribute__((format(printf, 2, 3))) VTR_MUST_USE bool message_format(struct message *m,
                                                                       const char *format, ...);

/** Appends a piece of @p len bytes of a block. @return it, to be filled in, or NULL: full. */
VTR_MUST_USE struct message_piece *message_data(struct message *m, uint32_t len);

/** The last piece, a range of a block, goes on for @p len bytes; they always fit. */
void message_extend(struct message *m, uint32_t len);

/** @return how many datagrams carry the message; at least 1. */
static inline uint32_t message_datagrams(const struct message *m)
{
    return m->bytes <= MESSAGE_PAYLOAD ? 1 : (m->bytes + MESSAGE_PAYLOAD - 1) / MESSAGE_PAYLOAD;
}

/** The next run of at most @p room bytes. @return false: all of it has been given out. */
VTR_MUST_USE bool message_next(struct message *m, uint32_t room, struct message_chunk *out);

/** @return whether message_next() has given out all of it. */
static inline bool message_done(const struct message *m) { return m->piece_next == m->pieces; }

/** Copies a chunk's bytes. */
void message_copy(const struct message *m, const struct message_chunk *chunk, uint8_t *to);

/** Goes on with @p sum over a chunk's bytes, where they lie. */
void message_sum(const struct message *m, const struct message_chunk *chunk, struct vtr_sum *sum);

/** @return how many of the chunk's bytes are value bytes. */
uint32_t message_value_bytes(const struct message_chunk *chunk);

#endif
