/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * workload: the requests of a run and the bytes each must be answered with. A request has an id,
 * which travels in its memcached UDP frame, and asks for one value of one size; ids in sequence ask
 * in an order that looks random to the server, while everything kept for an id lies in sequence.
 * The echo workload sends the same bytes that a get is answered with, so both move the same
 * payload. Owner: the storage is the caller's, between workload_init() and workload_fini().
 * Threads: constant after init, so any.
 * Not here: which requests are on their way (window.h), headers below the frame (headers.h).
 */
#ifndef LOAD_WORKLOAD_H
#define LOAD_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vitrine/wire.h>

enum {
    WORKLOAD_FRAME_BYTES = sizeof(struct vtr_memcached_udp),
    WORKLOAD_DATAGRAM_BYTES = 1400, /* the most a datagram carries, frame included, as memcached */
    WORKLOAD_CHUNK_BYTES = WORKLOAD_DATAGRAM_BYTES - WORKLOAD_FRAME_BYTES,
    WORKLOAD_IDS_MAX = 65280,  /* the 256 that are left over are for commands */
    WORKLOAD_SIZE_MAX = 65536, /* values; replies then fit the 64 bits of a slot */
};

struct workload {
    uint32_t ids;     /* 0..ids) */
    uint32_t size;    /* of a value, bytes */
    uint32_t message; /* bytes of a whole reply, frames apart */
    uint32_t parts;   /* datagrams of a reply */
    uint32_t sends;   /* datagrams of a request: 1, or parts for an echo */
    bool echo;
    uint8_t *expected; /* ids * message bytes: private memory */
};

/**
 * @param size  of the values, 1..WORKLOAD_SIZE_MAX.
 * @param keys  1..WORKLOAD_IDS_MAX: how many of the server's values of that size are asked for.
 * @param out   owned on success, untouched on failure.
 * @return 0, -EINVAL, -ENOMEM.
 */
VTR_MUST_USE int workload_init(uint32_t size, uint32_t keys, bool echo, struct workload *out);

/** Frees what init took. @param w left empty; empty is allowed. */
void workload_fini(struct workload *w);

/**
 * Writes datagram @p part of request @p id, frame included.
 * @param to  room for WORKLOAD_DATAGRAM_BYTES.
 * @return how many bytes.
 */
size_t workload_request(const struct workload *w, uint32_t id, uint32_t part, uint8_t *to);

/** @return a number that shares no factor with @p n: i * it % n is a permutation of 0..n) that
 * looks random. */
uint32_t workload_stride(uint32_t n);

/** @return a memcached UDP frame. */
static inline struct vtr_memcached_udp workload_frame(uint32_t id, uint32_t seq, uint32_t total)
{
    return (struct vtr_memcached_udp){ .id = vtr_be16_make((uint16_t)id),
                                       .seq = vtr_be16_make((uint16_t)seq),
                                       .total = vtr_be16_make((uint16_t)total) };
}

/** @return the bytes that reply datagram @p part of @p id must carry behind its frame. */
static inline const uint8_t *workload_expected(const struct workload *w, uint32_t id, uint32_t part,
                                               size_t *len)
{
    uint32_t off = part * WORKLOAD_CHUNK_BYTES, left = w->message - off;
    *len = left < WORKLOAD_CHUNK_BYTES ? left : (size_t)WORKLOAD_CHUNK_BYTES;
    return w->expected + (size_t)id * w->message + off;
}

#endif
