/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What fuzz_data.c and its other operations share: the values, the bufs, and the bytes that decide.
 */
#ifndef VITRINE_FUZZ_DATA_WORLD_H
#define VITRINE_FUZZ_DATA_WORLD_H

#include <string.h>
#include <vitrine/vitrine.h>

enum {
    VALUES = 8,
    BUFS = 2,
    VALUE_MAX = 6000,
    BULK_MAX = 100,
    HEADER_BLOCK = 8256, /* one a thread, which is charged and not counted as live */
    QUOTA = 5 << 20,
};

struct value {
    struct vtr_data data;
    uint8_t flat[VALUE_MAX];
};

struct open_buf {
    struct vtr_buf buf;
    size_t len, headroom, tailroom;
    uint8_t flat[VALUE_MAX];
};

struct world {
    struct vtr_heap *heap;
    struct vtr_reader in;
    struct value value[VALUES];
    struct open_buf open[BUFS];
};

static inline uint8_t any(struct world *w)
{
    uint8_t byte = 0;
    return vtr_reader_u8(&w->in, &byte) ? byte : 0;
}

/* Small ones exactly, and up to 4,699. */
static inline size_t any_size(struct world *w)
{
    uint8_t n = any(w);
    return n < 128 ? n : (n - 128u) * 37u;
}

static inline struct value *any_value(struct world *w) { return &w->value[any(w) % VALUES]; }
static inline struct open_buf *any_open(struct world *w) { return &w->open[any(w) % BUFS]; }

static inline void pattern(uint8_t *to, size_t len, uint8_t first)
{
    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)(first + i * 7);
}

/* *v becomes what was made, beside its flat bytes. */
static inline void put(struct value *v, struct vtr_data d, const uint8_t *flat)
{
    memmove(v->flat, flat, d.len);
    vtr_data_unref(&v->data);
    v->data = d;
}

static inline bool is_empty_buf(const struct vtr_buf *b) { return b->rec == NULL; }

static const struct vtr_data UNTOUCHED = { 0, 7, 7 };

static inline bool untouched(struct vtr_data d)
{
    return d.what == UNTOUCHED.what && d.off == UNTOUCHED.off && d.len == UNTOUCHED.len;
}

/** Checks that a refusal has its reason. @param bytes  of the block asked for. */
void refused(struct world *w, int rc, size_t bytes);

void op_try_own(struct world *w);
void op_init(struct world *w);
void op_append(struct world *w);
void op_push(struct world *w);
void op_cut(struct world *w);
void op_split(struct world *w);
void op_seal(struct world *w);
void op_fini(struct world *w);
void op_bulk(struct world *w);
void op_adopt(struct world *w);
void op_static(struct world *w);
void op_keep(struct world *w);
void op_copy_iovec(struct world *w);
void op_hash(struct world *w);
void op_cost(struct world *w);

/** What was lent to the heap was given back. */
void all_is_given_back(const struct world *w);

#endif
