/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_data_keep: which blocks are worth leaving, and the copy of what they show.
 */
#include <vitrine/buf.h>
#include <vitrine/keep.h>

#include <errno.h>

#include "data/join.h"
#include "data/pin.h"
#include "data/tally.h"
#include "heap/heap.h"
#include "heap/place.h"

/* A list on its way to a new one. */
struct keeping {
    struct vtr_heap *heap;
    struct vtr_data d;      /* the old one */
    struct vtr_tally shown; /* n: bytes that d shows of a block */
    uint64_t copied;        /* bytes */
    uint64_t saved;         /* bytes of blocks that are left */
    uint32_t segs;          /* that d shows */
    struct vtr_list *list;  /* the new one */
    struct vtr_buf buf;     /* what is copied goes here, split off run by run */
    uint64_t left;          /* bytes still to be copied */
};

/* Half: the header gives the reason. */
static inline bool worth_leaving(uint64_t pinned, uint64_t shown)
{
    return pinned != 0 && vtr_pin_least(shown) <= pinned / 2;
}

static void count(struct vtr_heap *heap, uint64_t copied, uint64_t saved)
{
    /* O: statistics */
    __atomic_add_fetch(copied != 0 ? &heap->keep_copies : &heap->keep_refs, 1, __ATOMIC_RELAXED);
    if (copied != 0)
        __atomic_add_fetch(&heap->keep_bytes, copied, __ATOMIC_RELAXED);
    if (saved != 0)
        __atomic_add_fetch(&heap->keep_saved, saved, __ATOMIC_RELAXED);
}

/* Bytes of the blocks that a copy takes. */
static uint64_t copy_pins(uint64_t bytes)
{
    uint64_t max = vtr_heap_block_max(), rest = bytes % max;
    return bytes - rest + (rest != 0 ? vtr_pin_least(rest) : 0);
}

/* Adds up what is shown of each block, hidden segments of the list included. */
static bool tally(struct keeping *k)
{
    const struct vtr_list *list = vtr_list_of_(k->d.what);
    uint32_t from = k->d.off, to = from + k->d.len;
    for (uint32_t i = 0, start = 0; i < list->segs; start = list->seg[i++].end) {
        const struct vtr_seg *s = &list->seg[i];
        uint32_t first = start > from ? start : from, last = s->end < to ? s->end : to;
        struct vtr_tallied *t = vtr_tally_at(&k->shown, vtr_what_record_(s->what));
        if (t == NULL)
            return false;
        if (first >= last)
            continue;
        t->n += last - first;
        k->segs++;
    }
    return true;
}

/* Decides on each block. */
static void decide(struct keeping *k)
{
    for (uint32_t i = 0; i < k->shown.cap; i++) {
        struct vtr_tallied *t = &k->shown.at[i];
        if (t->key == NULL)
            continue;
        uint64_t pinned = vtr_pin_bytes((const struct vtr_record *)t->key);
        if (t->n != 0 && !worth_leaving(pinned, t->n))
            continue;
        k->copied += t->n;
        k->saved += pinned;
        t->share = 1; /* the block is left */
    }
    k->left = k->copied;
    k->saved -= k->copied != 0 ? copy_pins(k->copied) : 0;
}

/* The run of copied bytes that ends here is one segment. */
static void end_run(struct keeping *k)
{
    struct vtr_data run;
    if (k->buf.rec != NULL && vtr_buf_split(&k->buf, vtr_buf_len(&k->buf), &run))
        vtr_list_add(k->list, run.what, run.off, run.len);
}

static int copy(struct keeping *k, const uint8_t *bytes, size_t len)
{
    size_t max = vtr_heap_block_max();
    while (len != 0) {
        if (k->buf.rec == NULL || vtr_buf_tailroom(&k->buf) == 0) {
            end_run(k);
            vtr_buf_fini(&k->buf);
            int rc = vtr_buf_init(k->heap, 0, k->left < max ? k->left : max, &k->buf);
            if (rc != 0)
                return rc;
        }
        size_t room = vtr_buf_tailroom(&k->buf), n = len < room ? len : room;
        vtr_check(vtr_buf_append(&k->buf, bytes, n));
        bytes += n;
        len -= n;
        k->left -= n;
    }
    return 0;
}

/* The new list, segment by segment. */
static int rebuild(struct keeping *k)
{
    const struct vtr_list *from = vtr_list_of_(k->d.what);
    uint32_t at = k->d.off, stop = at + k->d.len;
    for (uint32_t i = vtr_list_find_(from, at); at < stop; i++) {
        const struct vtr_seg *s = &from->seg[i];
        const struct vtr_record *rec = vtr_what_record_(s->what);
        uint32_t end = s->end < stop ? s->end : stop;
        uint32_t off = s->off + (at - vtr_list_start_(from, i));
        const struct vtr_tallied *t = vtr_tally_at(&k->shown, rec); /* is there */
        if (t->share != 0) {
            int rc = copy(k, rec->base + off, end - at);
            if (rc != 0)
                return rc;
        } else {
            end_run(k);
            vtr_record_ref_(s->what);
            vtr_list_add(k->list, s->what, off, end - at);
        }
        at = end;
    }
    end_run(k);
    return 0;
}

static int keep_rebuilt(struct keeping *k, struct vtr_data *out)
{
    uint64_t blocks = k->copied / vtr_heap_block_max() + 1; /* each may cut a run in two */
    uint64_t segs = k->segs + blocks;
    k->list = segs <= UINT32_MAX ? vtr_list_create((uint32_t)segs) : NULL;
    if (k->list == NULL)
        return -ENOMEM;
    int rc = rebuild(k);
    vtr_buf_fini(&k->buf);
    if (rc != 0) {
        vtr_list_drop(k->list);
        return rc;
    }
    *out = vtr_list_made(k->list);
    return 0;
}

static int keep_list(struct vtr_heap *heap, struct vtr_data d, struct vtr_data *out)
{
    struct keeping k = { .heap = heap, .d = d };
    int rc = -ENOMEM;
    vtr_tally_init(&k.shown);
    if (tally(&k)) {
        decide(&k);
        rc = 0;
        if (k.copied == 0 && k.segs == vtr_list_of_(d.what)->segs)
            *out = vtr_data_ref(d);
        else
            rc = keep_rebuilt(&k, out);
    }
    if (rc == 0)
        count(heap, k.copied, k.saved);
    vtr_tally_fini(&k.shown);
    return rc;
}

static int keep_block(struct vtr_heap *heap, struct vtr_data d, struct vtr_data *out)
{
    uint64_t pinned = vtr_pin_bytes(vtr_what_record_(d.what));
    bool copies = worth_leaving(pinned, d.len);
    int rc = 0;
    if (copies)
        rc = vtr_data_copy(heap, vtr_data_span(d).ptr, d.len, out);
    else
        *out = vtr_data_ref(d);
    if (rc == 0)
        count(heap, copies ? d.len : 0, copies ? pinned - copy_pins(d.len) : 0);
    return rc;
}

int vtr_data_keep(struct vtr_heap *heap, struct vtr_data d, struct vtr_data *out)
{
    VTR_PLACE_CALL_;
    struct vtr_data empty = VTR_DATA_EMPTY;
    if (d.len == 0) {
        *out = empty;
        return 0;
    }
    if (VTR_UNLIKELY(vtr_record_stale_(d.what)))
        vtr_record_broken_(d.what, "keep");
    return d.what & VTR_WHAT_LIST ? keep_list(heap, d, out) : keep_block(heap, d, out);
}
