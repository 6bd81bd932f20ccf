/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The store: open addressing with linear probing over words of 16 bits of hash and 48 bits of
 * pointer, so that a lookup reads one line of the table and, but for one time in 65536, only the
 * item it wants. Removal shifts back, so there are no tombstones. Eviction is the clock algorithm
 * (Corbató 1968) over the table itself: hash order is as good as any, and items need no links.
 */
#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <vitrine/buf.h>

enum {
    SLOTS_MIN = 1024,
    LINE = 64, /* bytes of a cache line */
    NUMBERS_MAX = 21, /* " 4294967295 1048576\r\n" */
    HEAD_MAX = 6 + STORE_KEY_MAX + NUMBERS_MAX,
    HEAP_FULL_EVICT = 64,
};

#define TAG_SHIFT 48
#define ADDR_MASK ((UINT64_C(1) << TAG_SHIFT) - 1)

struct store {
    uint64_t *slots; /* 0 = empty */
    uint32_t mask;   /* slots - 1, slots a power of two */
    uint32_t now;
    uint64_t seed;
    uint64_t cas; /* given to the last item stored */
    uint64_t hand; /* where eviction looks next; masked on use */
    struct store_item *dead;
    struct vtr_heap *heap;
    struct store_stat stat;
};

static const char tail[STORE_TAIL + 1] = "\r\nEND\r\n";

int store_open(struct vtr_heap *heap, uint64_t max_bytes, struct store **out)
{
    struct store *store = calloc(1, sizeof *store);
    uint64_t *slots = calloc(SLOTS_MIN, sizeof *slots);
    if (store == NULL || slots == NULL) {
        free(store);
        free(slots);
        return -ENOMEM;
    }
    store->slots = slots;
    store->mask = SLOTS_MIN - 1;
    store->heap = heap;
    store->stat.max_bytes = max_bytes;
    if (getrandom(&store->seed, sizeof store->seed, 0) != sizeof store->seed)
        store->seed = (uint64_t)(uintptr_t)slots * UINT64_C(0x9e3779b97f4a7c15);
    *out = store;
    return 0;
}

static struct store_item *slot_item(uint64_t slot)
{
    return (struct store_item *)(uintptr_t)(slot & ADDR_MASK);
}

static void item_destroy(struct store_item *item)
{
    vtr_data_unref(&item->reply);
    free(item);
}

void store_settle(struct store *store)
{
    while (store->dead != NULL) {
        struct store_item *item = store->dead;
        store->dead = item->next_dead;
        item_destroy(item);
    }
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    store_settle(store);
    for (size_t i = 0; i <= store->mask; i++)
        if (store->slots[i] != 0)
            item_destroy(slot_item(store->slots[i]));
    free(store->slots);
    free(store);
}

uint32_t store_hash(const struct store *store, struct vtr_span key)
{
    return (uint32_t)XXH3_64bits_withSeed(key.ptr, key.len, store->seed);
}

/* The table takes its index from the low bits, so the tag is made of all of them, stirred. */
static uint64_t hash_tag(uint32_t hash)
{
    return (uint64_t)(hash * 0x9e3779b1u >> 16) << TAG_SHIFT;
}

void store_prefetch_slot(const struct store *store, uint32_t hash)
{
    __builtin_prefetch(&store->slots[hash & store->mask]);
}

const struct store_item *store_peek(const struct store *store, uint32_t hash)
{
    uint64_t tag = hash_tag(hash);
    for (uint32_t i = hash & store->mask; store->slots[i] != 0; i = (i + 1) & store->mask)
        if ((store->slots[i] & ~ADDR_MASK) == tag)
            return slot_item(store->slots[i]);
    return NULL;
}

/* In words, the last of which may overlap. memcmp() looks at 32 bytes from anywhere, and so at the
 * line behind the item, which nothing has fetched: 26 % of a get of 1 KiB by reference. */
static bool key_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    uint64_t x, y;
    if (len < sizeof x)
        return memcmp(a, b, len) == 0;
    for (size_t at = 0; at < len; at += sizeof x) {
        size_t from = at <= len - sizeof x ? at : len - sizeof x;
        memcpy(&x, a + from, sizeof x);
        memcpy(&y, b + from, sizeof y);
        if (x != y)
            return false;
    }
    return true;
}

/* The slot that holds the key, or the empty one where it belongs. */
static uint32_t slot_find(const struct store *store, struct vtr_span key, uint32_t hash)
{
    uint64_t tag = hash_tag(hash);
    uint32_t i = hash & store->mask;
    for (; store->slots[i] != 0; i = (i + 1) & store->mask) {
        if ((store->slots[i] & ~ADDR_MASK) != tag)
            continue;
        const struct store_item *item = slot_item(store->slots[i]);
        if (item->key_len == key.len && key_equal(item->key, key.ptr, key.len))
            break;
    }
    return i;
}

static uint64_t item_bytes(const struct store_item *item)
{
    return sizeof *item + item->key_len + item->reply.len;
}

/* Empties slot i and moves back what only lies behind it because it was taken. */
static void slot_clear(struct store *store, uint32_t i)
{
    uint32_t mask = store->mask;
    for (uint32_t next = (i + 1) & mask; store->slots[next] != 0; next = (next + 1) & mask) {
        uint32_t home = slot_item(store->slots[next])->hash & mask;
        if (((next - home) & mask) < ((next - i) & mask))
            continue;
        store->slots[i] = store->slots[next];
        i = next;
    }
    store->slots[i] = 0;
}

static void slot_remove(struct store *store, uint32_t i)
{
    struct store_item *item = slot_item(store->slots[i]);
    store->stat.items--;
    store->stat.bytes -= item_bytes(item);
    slot_clear(store, i);
    item->next_dead = store->dead;
    store->dead = item;
}

static bool item_expired(const struct store *store, const struct store_item *item)
{
    return item->expires != 0 && item->expires <= store->now;
}

const struct store_item *store_find(struct store *store, struct vtr_span key, uint32_t hash)
{
    uint32_t i = slot_find(store, key, hash);
    if (store->slots[i] == 0)
        return NULL;
    struct store_item *item = slot_item(store->slots[i]);
    if (VTR_UNLIKELY(item_expired(store, item))) {
        slot_remove(store, i);
        store->stat.expired++;
        return NULL;
    }
    if (!item->used)
        item->used = 1;
    return item;
}

/* One item less. Two turns of the hand suffice: the first takes every second chance away. */
static bool evict_one(struct store *store)
{
    for (uint64_t left = 2 * ((uint64_t)store->mask + 1); left > 0; left--, store->hand++) {
        uint32_t i = (uint32_t)store->hand & store->mask;
        if (store->slots[i] == 0)
            continue;
        struct store_item *item = slot_item(store->slots[i]);
        if (item->used && !item_expired(store, item)) {
            item->used = 0;
            continue;
        }
        slot_remove(store, i);
        store->stat.evictions++;
        return true;
    }
    return false;
}

/* Doubles the table when it is half full. @return false if there is no memory for it. */
static bool table_grow(struct store *store)
{
    if (store->stat.items * 2 <= store->mask)
        return true;
    uint64_t n = ((uint64_t)store->mask + 1) * 2;
    uint64_t *slots = n <= UINT32_MAX ? calloc(n, sizeof *slots) : NULL;
    if (slots == NULL)
        return store->stat.items < store->mask;
    uint64_t *old = store->slots;
    uint32_t old_mask = store->mask;
    store->slots = slots;
    store->mask = (uint32_t)(n - 1);
    for (size_t i = 0; i <= old_mask; i++) {
        if (old[i] == 0)
            continue;
        uint32_t to = slot_item(old[i])->hash & store->mask;
        while (slots[to] != 0)
            to = (to + 1) & store->mask;
        slots[to] = old[i];
    }
    free(old);
    return true;
}

/* An item of memcached's is at most 1 MiB by default, too. */
size_t store_value_max(void) { return ((size_t)1 << 20) - HEAD_MAX - STORE_TAIL; }

/* Head, value and tail, written once. The key may hold any byte, so it is not printed. */
static int reply_build(struct vtr_heap *heap, const struct store_put *put, uint16_t *head,
                       struct vtr_data *out)
{
    char numbers[NUMBERS_MAX + 1];
    int n = snprintf(numbers, sizeof numbers, " %u %zu\r\n", put->flags, put->value.len);
    size_t before = sizeof "VALUE " - 1 + put->key.len + (size_t)n;
    struct vtr_buf buf;
    int rc = vtr_buf_init(heap, 0, before + put->value.len + STORE_TAIL, &buf);
    if (rc != 0)
        return rc;
    bool whole = vtr_buf_append(&buf, "VALUE ", sizeof "VALUE " - 1) &&
                 vtr_buf_append(&buf, put->key.ptr, put->key.len) &&
                 vtr_buf_append(&buf, numbers, (size_t)n) &&
                 vtr_buf_append(&buf, put->value.ptr, put->value.len) &&
                 vtr_buf_append(&buf, tail, STORE_TAIL);
    vtr_check(whole);
    *head = (uint16_t)before;
    *out = vtr_buf_seal(&buf);
    return 0;
}

static int item_create(struct vtr_heap *heap, const struct store_put *put, struct store_item **out)
{
    size_t lines = (offsetof(struct store_item, key) + put->key.len + LINE - 1) / LINE;
    struct store_item *item = aligned_alloc(LINE, lines * LINE);
    if (item == NULL)
        return -ENOMEM;
    memset(item, 0, sizeof *item);
    item->hash = put->hash;
    item->expires = put->expires;
    item->key_len = (uint8_t)put->key.len;
    memcpy(item->key, put->key.ptr, put->key.len);
    int rc = reply_build(heap, put, &item->head, &item->reply);
    if (rc != 0)
        free(item);
    else
        *out = item;
    return rc;
}

/* Evicts until @p need more bytes fit. @return false if they cannot. */
static bool make_room(struct store *store, uint64_t need)
{
    while (store->stat.bytes + need > store->stat.max_bytes)
        if (need > store->stat.max_bytes || !evict_one(store))
            return false;
    return true;
}

static int item_insert(struct store *store, struct store_item *item)
{
    uint64_t need = item_bytes(item);
    if (!make_room(store, need) || !table_grow(store))
        return -ENOMEM;
    struct vtr_span key = { item->key, item->key_len };
    item->cas = ++store->cas;
    store->slots[slot_find(store, key, item->hash)] =
        (uint64_t)(uintptr_t)item | hash_tag(item->hash);
    store->stat.items++;
    store->stat.bytes += need;
    return 0;
}

int store_set(struct store *store, const struct store_put *put)
{
    vtr_check(put->key.len > 0 && put->key.len <= STORE_KEY_MAX);
    (void)store_delete(store, put->key, put->hash);
    if (put->value.len > store_value_max())
        return -EMSGSIZE;
    struct store_item *item;
    int rc = item_create(store->heap, put, &item);
    if (rc != 0) {
        /* The heap is at its limit before the store is. What is evicted now may still be borrowed,
         * so it serves the next one. */
        for (unsigned i = 0; i < HEAP_FULL_EVICT && evict_one(store); i++)
            ;
        return rc;
    }
    if ((rc = item_insert(store, item)) != 0)
        item_destroy(item);
    return rc;
}

bool store_delete(struct store *store, struct vtr_span key, uint32_t hash)
{
    uint32_t i = slot_find(store, key, hash);
    if (store->slots[i] == 0)
        return false;
    bool live = !item_expired(store, slot_item(store->slots[i]));
    slot_remove(store, i);
    return live;
}

void store_tick(struct store *store, uint32_t now) { store->now = now; }
uint32_t store_now(const struct store *store) { return store->now; }
void store_stat(const struct store *store, struct store_stat *out) { *out = store->stat; }
