/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * memcached: the frame of UDP, commands and replies of the text protocol with its meta commands,
 * and the header of the binary protocol. Source: memcached's doc/protocol.txt; where that leaves a
 * malformed line open, what memcached 1.6.18 answers. A NUL is an ordinary byte of a key here.
 *
 *   while (vtr_memcached_take(&r, &command))
 *       if (command.error == NULL)
 *           ...
 *   if (r.rest.len != 0)      a command that is not all there
 *
 * Owner: nothing here owns anything.
 * Threads: any.
 * Not here: carrying commands out; which flags a meta command knows; decoding of base64 keys.
 */
#ifndef VITRINE_WIRE_MEMCACHED_H
#define VITRINE_WIRE_MEMCACHED_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

enum {
    VTR_MEMCACHED_PORT = 11211,
    VTR_MEMCACHED_KEY_MAX = 250, /* bytes */
};

/* UDP: doc/protocol.txt, "UDP protocol". */

VTR_WIRE(vtr_memcached_udp, 8,
         (struct vtr_be16, id, 0),        /* the client's; a reply repeats it */
         (struct vtr_be16, seq, 2),       /* of this datagram in the message, from 0 */
         (struct vtr_be16, total, 4),     /* datagrams of the message */
         (struct vtr_be16, reserved, 6)); /* 0 */

/** Any sequence number and total are taken: a request has total 1, a reply more. */
VTR_TAKE_FIXED(vtr_memcached_udp)

/* Binary: memcached's protocol_binary.h. The extras are options; then come key and value. */

VTR_WIRE(vtr_memcached_binary, 24,
         (uint8_t, magic, 0), /* VTR_MEMCACHED_REQUEST, VTR_MEMCACHED_RESPONSE */
         (uint8_t, opcode, 1),
         (struct vtr_be16, key_len, 2),
         (uint8_t, extras_len, 4),
         (uint8_t, data_type, 5),
         (struct vtr_be16, status, 6),   /* of a request: the virtual bucket */
         (struct vtr_be32, body_len, 8), /* bytes: extras, key and value */
         (struct vtr_be32, opaque, 12),  /* the client's; a response repeats it */
         (struct vtr_be64, cas, 16));

enum {
    VTR_MEMCACHED_REQUEST = 0x80,
    VTR_MEMCACHED_RESPONSE = 0x81,
};

/** A body that holds extras and key and is all there. The rest: vtr_memcached_binary_split(). */
VTR_INLINE VTR_MUST_USE bool vtr_memcached_binary_measure(const struct vtr_memcached_binary *h,
                                                          size_t len, struct vtr_extent *e)
{
    (void)len;
    e->header = sizeof *h + h->extras_len;
    e->end = sizeof *h + vtr_be32_get(h->body_len);
    return (h->magic | 1) == VTR_MEMCACHED_RESPONSE &&
           e->header + vtr_be16_get(h->key_len) <= e->end;
}
VTR_TAKE(vtr_memcached_binary)

/** @param rest what vtr_memcached_binary_take() left. @return false: the key is longer than it. */
VTR_INLINE VTR_MUST_USE bool vtr_memcached_binary_split(const struct vtr_memcached_binary *h,
                                                        struct vtr_span rest, struct vtr_span *key,
                                                        struct vtr_span *value)
{
    return vtr_span_split(rest, vtr_be16_get(h->key_len), key, value);
}

/* Text */

/**
 * The next line of a message.
 * @param line  without its LF, and without a CR before that, unless that is all; untouched on
 *              false: there is no LF.
 */
VTR_API VTR_MUST_USE bool vtr_memcached_line_next(struct vtr_reader *r, struct vtr_span *line);

/** The next word of a line: what stands between spaces. @return false: there is none. Inline, so
 * that the reader of the common request stays in registers. */
VTR_INLINE VTR_MUST_USE bool vtr_memcached_word_next(struct vtr_reader *line,
                                                     struct vtr_span *word)
{
    const uint8_t *p = line->rest.ptr, *end = p + line->rest.len;
    while (p != end && *p == ' ')
        p++;
    const uint8_t *from = p;
    while (p != end && *p != ' ')
        p++;
    line->rest = vtr_span_of(p, (size_t)(end - p));
    if (p == from)
        return false;
    *word = vtr_span_of(from, (size_t)(p - from));
    return true;
}

/** What a command does. */
enum vtr_memcached_verb {
    VTR_MEMCACHED_OTHER, /**< not known here: see vtr_memcached_command.name */
    VTR_MEMCACHED_GET,
    VTR_MEMCACHED_GETS,
    VTR_MEMCACHED_GAT,
    VTR_MEMCACHED_GATS,
    VTR_MEMCACHED_SET,
    VTR_MEMCACHED_ADD,
    VTR_MEMCACHED_REPLACE,
    VTR_MEMCACHED_APPEND,
    VTR_MEMCACHED_PREPEND,
    VTR_MEMCACHED_CAS,
    VTR_MEMCACHED_DELETE,
    VTR_MEMCACHED_INCR,
    VTR_MEMCACHED_DECR,
    VTR_MEMCACHED_TOUCH,
    VTR_MEMCACHED_STATS,
    VTR_MEMCACHED_FLUSH_ALL,
    VTR_MEMCACHED_VERSION,
    VTR_MEMCACHED_VERBOSITY,
    VTR_MEMCACHED_QUIT,
    VTR_MEMCACHED_META_GET,        /**< mg */
    VTR_MEMCACHED_META_SET,        /**< ms */
    VTR_MEMCACHED_META_DELETE,     /**< md */
    VTR_MEMCACHED_META_ARITHMETIC, /**< ma */
    VTR_MEMCACHED_META_NOOP,       /**< mn */
    VTR_MEMCACHED_META_DEBUG,      /**< me */
};

/** A command. What its verb does not have is zero or empty. */
struct vtr_memcached_command {
    enum vtr_memcached_verb verb;
    bool noreply;           /**< not of meta commands, which have a flag for it */
    bool has_value;         /**< a value follows the line */
    const char *error;      /**< NULL; else what memcached answers, without CR LF */
    struct vtr_span name;   /**< the first word */
    struct vtr_span key;    /**< get, gets, gat, gats: the first one; 250 bytes at most */
    struct vtr_reader more; /**< the rest of the line: keys to vtr_memcached_word_next(), flags to
                                 vtr_memcached_flag_next() */
    struct vtr_span value;
    size_t value_len; /**< as announced: at most INT32_MAX - 2 */
    uint32_t flags;   /**< the client's, low 32 bits */
    int32_t exptime;  /**< as sent, low 32 bits: seconds or a date */
    uint64_t number;  /**< cas: the unique; incr, decr: by how much; verbosity: the level */
};

/**
 * A line as a command, without the value that may follow.
 * @param out  always filled; a line that is malformed has @ref vtr_memcached_command.error.
 */
VTR_API void vtr_memcached_parse(struct vtr_span line, struct vtr_memcached_command *out);

/**
 * The value that follows a line with @ref vtr_memcached_command.has_value.
 * @param c  given the value; or an error, if that does not end with CR LF.
 * @return false, and nothing changed: it is not all there.
 */
VTR_API VTR_MUST_USE bool vtr_memcached_value_take(struct vtr_reader *r,
                                                   struct vtr_memcached_command *c);

/** The next command with its value. @param out undefined on false: it is not all there. */
VTR_API VTR_MUST_USE bool vtr_memcached_take(struct vtr_reader *r,
                                             struct vtr_memcached_command *out);

/** A flag of a meta command or of its reply, such as T30. */
struct vtr_memcached_flag {
    uint8_t flag;
    struct vtr_span token; /**< may be empty */
};

/** The next flag. @param more of the command or reply. @param out untouched on false: no more. */
VTR_API VTR_MUST_USE bool vtr_memcached_flag_next(struct vtr_reader *more,
                                                  struct vtr_memcached_flag *out);

/** A reply: a line, and of VALUE and VA what follows it. What it does not have is zero or empty. */
struct vtr_memcached_reply {
    struct vtr_span status; /**< the first word: STORED, HD, ERROR, a number, ... */
    struct vtr_reader more; /**< the rest of the line */
    bool malformed;         /**< VALUE or VA with anything else than they have */
    bool has_value;
    struct vtr_span key;   /**< VALUE */
    uint32_t flags;        /**< VALUE */
    uint64_t cas;          /**< VALUE in reply to gets and gats; else 0 */
    struct vtr_span value; /**< without its CR LF */
};

/** The next reply. @param out undefined on false: it is not all there. */
VTR_API VTR_MUST_USE bool vtr_memcached_reply_take(struct vtr_reader *r,
                                                   struct vtr_memcached_reply *out);

VTR_END_DECLS
#endif
