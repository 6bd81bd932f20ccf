/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The key-value store: a hash table of items whose bytes lie in the heap as one immutable block.
 * The block of an item is its whole reply, ready to be sent by reference:
 *
 *     "VALUE <key> <flags> <size>\r\n"  <size bytes>  "\r\nEND\r\n"
 *     |---------- head ------------|                  |- STORE_TAIL -|
 *
 * Owner: the store owns its items; what store_find() gives is borrowed until store_settle(), even
 * if the item is replaced, deleted or evicted meanwhile.
 * Threads: one.
 * Not here: the protocol (vitrine/wire/memcached.h), what a reply is made of (reply.h).
 */
#ifndef ECHO_STORE_H
#define ECHO_STORE_H

#include <vitrine/data.h>
#include <vitrine/heap.h>
#include <vitrine/span.h>

enum {
    STORE_KEY_MAX = 250, /* memcached's, protocol.txt */
    STORE_TAIL = 7,      /* "\r\nEND\r\n" */
};

struct store;

/** One cache line when the key has at most 28 bytes. */
struct store_item {
    struct vtr_data reply; /* the block described above */
    union {
        uint64_t cas;                 /* while in the table */
        struct store_item *next_dead; /* between its removal and store_settle() */
    };
    uint32_t hash;
    uint32_t expires; /* second of the store's clock; 0 = never */
    uint16_t head;    /* bytes before the value */
    uint8_t key_len;
    uint8_t used; /* read since the eviction hand last came by */
    uint8_t key[];
};

/** What store_set() stores. Everything in it is borrowed. */
struct store_put {
    struct vtr_span key; /* 1..STORE_KEY_MAX bytes */
    uint32_t hash;       /* store_hash() of it */
    uint32_t flags;
    uint32_t expires; /* second of the store's clock; 0 = never */
    struct vtr_span value;
};

struct store_stat {
    uint64_t items, bytes, max_bytes, evictions, expired;
};

/**
 * @param heap       borrowed; must outlive the store.
 * @param max_bytes  of items, keys and blocks together; beyond it, what was not read lately goes.
 * @param out        owned on success, untouched on failure.
 * @return 0 or -ENOMEM.
 */
VTR_MUST_USE int store_open(struct vtr_heap *heap, uint64_t max_bytes, struct store **out);

/** @param store consumed; NULL is allowed. */
void store_close(struct store *store);

/** @return bytes of the largest value: with head and tail it still fits the largest block. */
size_t store_value_max(void);

/** @return the keyed hash that the calls below want: a client cannot choose keys that collide. */
uint32_t store_hash(const struct store *store, struct vtr_span key);

/** Fetches the table's line for @p hash into the cache. */
void store_prefetch_slot(const struct store *store, uint32_t hash);

/** @return what a key of @p hash probably finds, unread, to prefetch it; NULL: nothing. */
const struct store_item *store_peek(const struct store *store, uint32_t hash);

/** @return borrowed until store_settle(); NULL: no such item, or it has expired. */
VTR_MUST_USE const struct store_item *store_find(struct store *store, struct vtr_span key,
                                                 uint32_t hash);

/**
 * Stores a copy, in place of what the key had. On failure the key has nothing, as in memcached: a
 * reader must not get a value that its writer believes replaced.
 * @return 0, -ENOMEM (nothing left to evict), -EMSGSIZE (more than store_value_max()).
 */
VTR_MUST_USE int store_set(struct store *store, const struct store_put *put);

/** @return whether there was such an item. */
bool store_delete(struct store *store, struct vtr_span key, uint32_t hash);

/** Ends what was removed since the last call: nothing found before is borrowed any more. */
void store_settle(struct store *store);

/** Sets the store's clock, in seconds; it starts at 0 and must not go back. */
void store_tick(struct store *store, uint32_t now);
uint32_t store_now(const struct store *store);

void store_stat(const struct store *store, struct store_stat *out);

/** @return bytes of the item's value. */
static inline uint32_t store_value_len(const struct store_item *item)
{
    return item->reply.len - item->head - STORE_TAIL;
}

#endif
