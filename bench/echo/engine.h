/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The server without its transport: a datagram's payload in, a message out. Both servers, over a
 * port and over kernel sockets, are a loop around one of these.
 * Owner: whoever opened it.
 * Threads: one.
 * Not here: packets (packets.h), sockets (kernel.h).
 */
#ifndef ECHO_ENGINE_H
#define ECHO_ENGINE_H

#include "dataset.h"
#include "drops.h"
#include "message.h"
#include "slices.h"
#include "store.h"
#include "threshold.h"

#include <vitrine/wire/memcached.h>

/** How values get into replies. */
enum engine_mode { ENGINE_HYBRID, ENGINE_REFERENCE, ENGINE_COPY };

struct engine_counts {
    uint64_t requests; /* datagrams understood, echoes included */
    uint64_t cmd_get, cmd_set, get_hits, get_misses; /* gets are counted by key */
    uint64_t payload_bytes_copied; /* value bytes that we copied into replies */
    uint64_t payload_bytes_kernel; /* value bytes that we handed to the kernel to copy */
    uint64_t tx_retries;
    uint64_t drop[DROP_REASONS];
};

struct engine {
    enum engine_mode mode;
    bool reads; /* whoever sends our replies reads them: the kernel, or a port that copies */
    struct store *store;
    struct threshold threshold;
    struct slices slices;
    struct engine_counts counts;
    int64_t started; /* CLOCK_REALTIME, seconds: the store's clock began 2 seconds before */
    int64_t started_mono;
    /* more lines of `stats`; may be NULL */
    bool (*stats)(void *of, struct message *m);
    void *stats_of;
    struct message message; /* the reply that engine_answer() made */
};

/** A request on its way: borrowed from the datagram. */
struct engine_request {
    struct vtr_memcached_command first;
    struct vtr_reader rest;
    uint32_t hash; /* of the first command's key */
};

enum engine_answer { ENGINE_SILENT, ENGINE_REPLY, ENGINE_QUIT };

/** Zeroes *e. @return 0 or -ENOMEM. */
VTR_MUST_USE int engine_init(struct engine *e, struct vtr_heap *heap, uint64_t max_bytes);
void engine_fini(struct engine *e);

/** Stores the first @p count items of a dataset. @return 0, -ENOMEM, -EMSGSIZE. */
VTR_MUST_USE int engine_preload(struct engine *e, const struct dataset *d, uint32_t count);

/**
 * Looks at a datagram and fetches what answering it will read.
 * @return false: there will be no answer; counted by reason.
 */
VTR_MUST_USE bool engine_read(struct engine *e, struct vtr_span datagram,
                              struct engine_request *out);

/** Fetches the item, when what engine_read() asked for has arrived. */
static inline void engine_prefetch(const struct engine *e, const struct engine_request *r)
{
    if (r->first.key.len != 0)
        __builtin_prefetch(store_peek(e->store, r->hash));
}

/** Fetches the value, when the item has arrived, if anybody is going to read it. */
void engine_prefetch_value(const struct engine *e, const struct engine_request *r);

/** How many requests before its turn a value is asked for: 4 of 1 KiB fill an eighth of an L1. */
enum { ENGINE_AHEAD = 4 };

/**
 * Carries a request's commands out, in order. All their replies make one message, because a client
 * could not tell two messages with one id apart (memcached sends two).
 * @return ENGINE_REPLY: e->message is to be sent; ENGINE_QUIT: an empty datagram is, whose count of
 *         datagrams is 0 as in memcached.
 */
enum engine_answer engine_answer(struct engine *e, const struct engine_request *r);

/** Counts what gets no answer. @return false. */
static inline bool engine_drop(struct engine *e, enum drop reason)
{
    e->counts.drop[reason]++;
    return false;
}

/** Reads the clock. For every slice, and after sleeping. */
void engine_tick(struct engine *e);

/** The lines of `stats`. @return false: they do not fit. */
VTR_MUST_USE bool engine_stats(struct engine *e, struct message *m);

const char *engine_mode_name(enum engine_mode mode);
VTR_MUST_USE bool engine_mode_parse(struct vtr_span name, enum engine_mode *out);

#endif
