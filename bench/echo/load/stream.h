/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * stream: what an open loop asks for, request by request: which item of a dataset, and whether it
 * is read or written. A set writes the bytes that the item has already, so that every byte of every
 * get can be compared whatever overtakes what.
 * Owner: the storage is the caller's, between stream_init() and stream_fini().
 * Threads: one.
 * Not here: when (arrivals.h), what is under way (flight.h).
 */
#ifndef LOAD_STREAM_H
#define LOAD_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vitrine/base.h>

#include "../dataset.h"
#include "workload.h"
#include "zipf.h"

enum {
    STREAM_KEYS_MAX = 1 << 24,
    /* A set of the largest value: frame, command line, value, CR LF. */
    STREAM_REQUEST_MAX = WORKLOAD_FRAME_BYTES + DATASET_KEY_MAX + 32 + WORKLOAD_SIZE_MAX + 2,
};

struct stream_opts {
    struct dataset dataset;
    uint32_t keys; /* 1..STREAM_KEYS_MAX: items 0..keys) are asked for */
    double zipf;   /* exponent of their popularity; 0: all alike */
    double sets;   /* share of requests that write, 0..1 */
    uint64_t seed;
};

struct stream {
    struct stream_opts opts;
    struct dataset_item *item; /* keys of them: private memory */
    uint32_t stride;           /* of the permutation from rank to item */
    struct zipf zipf;
    struct mix of_key, of_verb; /* apart, so that the same keys follow whatever the mix */
};

/** One request. */
struct ask {
    uint32_t index;
    bool set;
};

/** @return 0, -EINVAL (a value too large, or too many keys), -ENOMEM. @param out untouched then. */
VTR_MUST_USE int stream_init(const struct stream_opts *opts, struct stream *out);

/** @param s left empty; empty is allowed. */
void stream_fini(struct stream *s);

struct ask stream_next(struct stream *s);

/** @return bytes of the request's datagram, memcached's frame included. */
size_t ask_len(const struct stream *s, struct ask ask);

/** Writes the datagram. @param to room for ask_len() + 1. @return how many bytes. */
size_t ask_write(const struct stream *s, struct ask ask, uint32_t id, uint8_t *to);

/** @return how many datagrams answer it, 1..64. */
uint32_t ask_parts(const struct stream *s, struct ask ask);

/** Writes what reply datagram @p part must carry behind its frame. @param to room for
 * WORKLOAD_CHUNK_BYTES. @return how many bytes. */
size_t ask_expect(const struct stream *s, struct ask ask, uint32_t part, uint8_t *to);

#endif
