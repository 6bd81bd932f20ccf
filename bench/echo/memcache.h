/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * memcached's text protocol, the requesting side: bytes of a datagram to commands.
 * Source: memcached's doc/protocol.txt; where that leaves a malformed line open, what memcached
 * 1.6.18 answers. Deliberate differences: a NUL is an ordinary byte of a key, and commands that are
 * not listed here are unknown.
 * Owner: nothing; spans are borrowed from the request. Threads: any.
 * Not here: carrying commands out (engine.h).
 */
#ifndef ECHO_MEMCACHE_H
#define ECHO_MEMCACHE_H

#include <vitrine/span.h>

enum memcache_verb {
    MEMCACHE_GET,
    MEMCACHE_GETS,
    MEMCACHE_SET,
    MEMCACHE_DELETE,
    MEMCACHE_VERSION,
    MEMCACHE_VERBOSITY,
    MEMCACHE_STATS,
    MEMCACHE_MODE, /* ours: "mode hybrid|reference|copy" */
    MEMCACHE_QUIT,
    MEMCACHE_ANSWER, /* malformed or unknown: @ref memcache_command.answer is the reply */
    MEMCACHE_DROP,   /* no reply, and nothing behind it is read */
};

struct memcache_command {
    enum memcache_verb verb;
    bool noreply;
    struct vtr_span key;  /* set, delete: the key; get, gets: the first one */
    struct vtr_span more; /* get, gets: the rest of the line, to memcache_word(); mode: which */
    struct vtr_span data; /* set: the value; shorter than value_len only if that is too large */
    uint32_t flags;
    int32_t exptime;   /* as sent */
    size_t value_len;  /* set: as announced */
    const char *answer; /* without CR LF */
};


/**
 * Takes the next command off a request.
 * @param in   what has not been read; moved on. Left empty with MEMCACHE_DROP and where a value is
 *             announced that is too large.
 * @param out  undefined on false.
 * @return false, and *in unchanged: no complete command is left.
 */
VTR_MUST_USE bool memcache_take(struct vtr_span *in, struct memcache_command *out);

/**
 * Takes the next word off a line: what stands between spaces. @return false: there is none.
 * Inline, so that spans of the common request stay in registers.
 */
VTR_MUST_USE static inline bool memcache_word(struct vtr_span *line, struct vtr_span *word)
{
    const uint8_t *p = line->ptr, *end = p + line->len;
    while (p != end && *p == ' ')
        p++;
    const uint8_t *from = p;
    while (p != end && *p != ' ')
        p++;
    *line = vtr_span_of(p, (size_t)(end - p));
    *word = vtr_span_of(from, (size_t)(p - from));
    return p != from;
}

#endif
