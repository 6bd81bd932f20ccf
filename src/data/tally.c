/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Tally: open addressing, at most three quarters full.
 */
#include "data/tally.h"

#include <string.h>

#include "base/memory.h"

void vtr_tally_init(struct vtr_tally *t)
{
    memset(t, 0, sizeof *t);
    t->at = t->small;
    t->cap = VTR_TALLY_SMALL;
}

void vtr_tally_fini(struct vtr_tally *t)
{
    if (t->at != t->small)
        vtr_memory_free_(t->at);
}

/* Records and lists are multiples of 16 bytes apart. Knuth's multiplier spreads what is above. */
static struct vtr_tallied *place(struct vtr_tallied *at, uint32_t cap, const void *key)
{
    uint64_t hash = ((uintptr_t)key >> 4) * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t i = (uint32_t)(hash >> 32) & (cap - 1);
    while (at[i].key != NULL && at[i].key != key)
        i = (i + 1) & (cap - 1);
    return &at[i];
}

static bool grow(struct vtr_tally *t)
{
    if (t->cap > UINT32_MAX / 4)
        return false;
    size_t bytes = (size_t)t->cap * 4 * sizeof t->at[0];
    struct vtr_tallied *at = (struct vtr_tallied *)vtr_memory_zalloc_(bytes, 16);
    if (at == NULL)
        return false;
    for (uint32_t i = 0; i < t->cap; i++)
        if (t->at[i].key != NULL)
            *place(at, t->cap * 4, t->at[i].key) = t->at[i];
    vtr_tally_fini(t);
    t->at = at;
    t->cap *= 4;
    return true;
}

struct vtr_tallied *vtr_tally_at(struct vtr_tally *t, const void *key)
{
    struct vtr_tallied *e = place(t->at, t->cap, key);
    if (e->key != NULL)
        return e;
    if (t->used >= t->cap / 4 * 3) {
        if (!grow(t))
            return NULL;
        e = place(t->at, t->cap, key);
    }
    t->used++;
    e->key = key;
    return e;
}
