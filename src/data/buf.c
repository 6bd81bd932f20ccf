/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_buf: its life around a block.
 */
#include <vitrine/buf.h>
#include <vitrine/data.h>

#include <errno.h>

#include "heap/block.h"

enum { SPLIT_COUNTS = 32 };

int vtr_buf_init(struct vtr_heap *heap, size_t headroom, size_t room, struct vtr_buf *out)
{
    struct vtr_record *rec;
    size_t max = vtr_heap_block_max();
    if (headroom > max || room > max - headroom)
        return -EMSGSIZE;
    unsigned klass = (unsigned)vtr_class_for_(headroom + room);
    if (vtr_block_take_(heap, klass, &rec, 1) != 1)
        return -ENOMEM;
    out->rec = rec;
    out->base = vtr_block_writable_(rec);
    out->floor = 0;
    out->head = out->tail = (uint32_t)headroom;
    out->cap = vtr_class_bytes_(klass);
    out->ahead = 0;
    return 0;
}

static void buf_clear(struct vtr_buf *b)
{
    static const struct vtr_buf empty = VTR_BUF_EMPTY;
    *b = empty;
}

/* One count of the block for what is split off. A buf that is split again takes several at once:
 * where another core ends the pieces, each count moves a cache line there and back. */
static void take_count(struct vtr_buf *b)
{
    if (b->ahead == 0) {
        b->ahead = b->floor == 0 ? 1 : SPLIT_COUNTS;
        vtr_record_ref_n_(vtr_what_(b->rec, 0), (int32_t)b->ahead);
    }
    b->ahead--;
}

static void return_counts(struct vtr_buf *b)
{
    /* R1. The buf's own is still there, so this is never the last. */
    if (b->ahead != 0)
        __atomic_sub_fetch(&b->rec->count, (int32_t)b->ahead, __ATOMIC_RELEASE);
    b->ahead = 0;
}

void vtr_buf_fini(struct vtr_buf *b)
{
    struct vtr_record *rec = b->rec;
    if (rec == NULL)
        return;
    return_counts(b);
    buf_clear(b);
    vtr_block_seal_(rec); /* nobody writes it any more, and what was split off may live on */
    vtr_block_unref_(rec);
}

bool vtr_buf_split(struct vtr_buf *b, size_t len, struct vtr_data *out)
{
    if (len == 0 || len > vtr_buf_len(b))
        return false;
    struct vtr_data d = { vtr_what_(b->rec, 0), b->head, (uint32_t)len };
    take_count(b);
    b->head += (uint32_t)len;
    b->floor = b->head;
    *out = d;
    return true;
}

struct vtr_data vtr_buf_seal(struct vtr_buf *b)
{
    struct vtr_data d = VTR_DATA_EMPTY;
    vtr_check(b->rec != NULL);
    if (vtr_buf_len(b) == 0) {
        vtr_buf_fini(b);
        return d;
    }
    return_counts(b);
    d.what = vtr_block_seal_(b->rec);
    d.off = b->head;
    d.len = (uint32_t)vtr_buf_len(b);
    buf_clear(b);
    return d;
}

bool vtr_data_try_own(struct vtr_data *d, struct vtr_buf *out)
{
    struct vtr_record *rec = vtr_what_record_(d->what);
    if (d->what == 0 || (d->what & VTR_WHAT_LIST) != 0)
        return false;
    if (VTR_UNLIKELY(rec->gen != (uint16_t)(d->what >> VTR_WHAT_GEN_SHIFT)))
        vtr_record_broken_(d->what, "try_own");
    if (!vtr_block_reopen_(rec))
        return false;
    out->rec = rec;
    out->base = vtr_block_writable_(rec);
    out->floor = 0;
    out->head = d->off;
    out->tail = d->off + d->len;
    out->cap = vtr_class_bytes_(rec->klass);
    out->ahead = 0;
    d->what = 0;
    d->off = d->len = 0;
    return true;
}
