/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * reply: a datagram that came back, as a link hands it over, and the check of every byte of it.
 * Owner: the bytes are the link's until its next poll.
 * Threads: any.
 */
#ifndef LOAD_REPLY_H
#define LOAD_REPLY_H

#include <stddef.h>
#include <stdint.h>
#include <vitrine/span.h>
#include <vitrine/wire.h>

#include "workload.h"

enum { REPLY_PIECES = 6 }; /* segments of a datagram that are looked at in place */

struct reply {
    const char
        *fault;       /* what is wrong below the frame, NULL: nothing; the rest is then undefined */
    size_t fault_off; /* where, from the first byte that the link saw */
    uint32_t len;     /* bytes of UDP payload */
    uint32_t base;    /* where the payload begins, from the first byte that the link saw */
    uint32_t pieces;
    struct vtr_memcached_udp frame;
    struct vtr_span piece[REPLY_PIECES]; /* the bytes behind the frame, in order */
};

/** What a reply's frame says, in host order. */
struct reply_frame {
    uint32_t id, seq, total, reserved;
};

static inline struct reply_frame reply_frame(const struct reply *r)
{
    return (struct reply_frame){ vtr_be16_get(r->frame.id), vtr_be16_get(r->frame.seq),
                                 vtr_be16_get(r->frame.total), vtr_be16_get(r->frame.reserved) };
}

/**
 * Compares a reply with what @p w expects: frame, length, and all bytes of all pieces.
 * @param off  on a fault: where, from the first byte of the UDP payload.
 * @return what is wrong; NULL: nothing. Cost: one memcmp() a piece.
 */
const char *reply_fault(const struct reply *r, const struct workload *w, size_t *off);

/** The same in steps, for who finds out what is expected from the step before. */
const char *reply_fault_id(const struct reply *r, uint32_t ids, size_t *off);
const char *reply_fault_frame(const struct reply *r, uint32_t parts, size_t *off);
const char *reply_fault_bytes(const struct reply *r, const uint8_t *want, size_t len, size_t *off);

#endif
