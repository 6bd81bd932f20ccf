/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_data_cost: references counted per block, those of lists through the lists' own counts.
 */
#include <vitrine/keep.h>

#include <errno.h>
#include <string.h>

#include "data/join.h"
#include "data/pin.h"
#include "data/tally.h"
#include "heap/block.h"

/* n: references that end with the set; share: those, and parts of lists that others hold too. */
static bool add_block(struct vtr_tally *blocks, uint64_t what, unsigned ends, double share)
{
    const struct vtr_record *rec = vtr_what_record_(what);
    if (vtr_pin_bytes(rec) == 0)
        return true;
    struct vtr_tallied *t = vtr_tally_at(blocks, rec);
    if (t == NULL)
        return false;
    t->n += ends;
    t->share += share;
    return true;
}

/* n of a list: references to it in the set. */
static bool add_lists(struct vtr_tally *blocks, const struct vtr_tally *lists)
{
    for (uint32_t i = 0; i < lists->cap; i++) {
        const struct vtr_list *list = (const struct vtr_list *)lists->at[i].key;
        if (list == NULL)
            continue;
        uint64_t here = lists->at[i].n;
        int32_t count = __atomic_load_n(&list->count, __ATOMIC_RELAXED); /* O: a statistic */
        double share = count > 0 ? (double)here / count : 1;
        for (uint32_t k = 0; k < list->segs; k++)
            if (!add_block(blocks, list->seg[k].what, here == (uint64_t)count, share))
                return false;
    }
    return true;
}

static bool add_all(struct vtr_tally *blocks, struct vtr_tally *lists, const struct vtr_data *d,
                    unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (d[i].what == 0)
            continue;
        if ((d[i].what & VTR_WHAT_LIST) == 0) {
            if (!add_block(blocks, d[i].what, 1, 1))
                return false;
            continue;
        }
        struct vtr_tallied *t = vtr_tally_at(lists, vtr_list_of_(d[i].what));
        if (t == NULL)
            return false;
        t->n++;
    }
    return add_lists(blocks, lists);
}

/* References to the block that are somebody's. */
static int32_t references(const struct vtr_record *rec)
{
    int32_t count = __atomic_load_n(&rec->count, __ATOMIC_RELAXED); /* O: a statistic */
    if (vtr_record_flags_(rec) & VTR_RECORD_CARVED) /* all that its thread holds are one */
        count -= __atomic_load_n(&rec->fill, __ATOMIC_RELAXED) - 1;
    return count;
}

/* Processes that hold the block, and whether others do, or softly. */
static unsigned holders(const struct vtr_record *rec, bool *others)
{
    *others = false;
    if (vtr_record_flags_(rec) & VTR_RECORD_FOREIGN)
        return 1;
    uint64_t word = __atomic_load_n(&vtr_holders_of(rec)->word, __ATOMIC_RELAXED); /* O: the same */
    int strong = __builtin_popcountll(word & UINT32_MAX);
    *others = word != vtr_pageblock_of(rec)->own_bit;
    return strong > 0 ? (unsigned)strong : 1;
}

static void sum_blocks(const struct vtr_tally *blocks, struct vtr_data_cost *c)
{
    double fair = 0;
    for (uint32_t i = 0; i < blocks->cap; i++) {
        const struct vtr_tallied *t = &blocks->at[i];
        const struct vtr_record *rec = (const struct vtr_record *)t->key;
        bool others;
        if (rec == NULL)
            continue;
        uint64_t bytes = vtr_pin_bytes(rec);
        int32_t count = references(rec);
        unsigned processes = holders(rec, &others);
        c->blocks++;
        c->pinned_bytes += bytes;
        if (!others && t->n == (uint64_t)count)
            c->unique_bytes += bytes;
        fair += (double)bytes / processes * (count > 0 ? t->share / count : 1);
    }
    c->fair_bytes = (uint64_t)(fair + 0.5);
}

int vtr_data_cost(const struct vtr_data *d, unsigned n, struct vtr_data_cost *out)
{
    struct vtr_data_cost c = { .size = out->size };
    struct vtr_tally blocks, lists;
    vtr_check(out->size >= sizeof out->size && out->size <= sizeof *out);
    vtr_tally_init(&blocks);
    vtr_tally_init(&lists);
    for (unsigned i = 0; i < n; i++) {
        c.visible_bytes += d[i].len;
        c.segments += vtr_segments(d[i], "cost");
    }
    bool done = add_all(&blocks, &lists, d, n);
    if (done) {
        sum_blocks(&blocks, &c);
        memcpy(out, &c, out->size);
    }
    vtr_tally_fini(&blocks);
    vtr_tally_fini(&lists);
    return done ? 0 : -ENOMEM;
}
