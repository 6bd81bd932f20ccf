/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_buf: its life around a block.
 */
#include <vitrine/buf.h>
#include <vitrine/data.h>

#include <errno.h>
#include <sys/uio.h>

#include "base/text.h"
#include "heap/block.h"
#include "heap/name.h"

enum { SPLIT_COUNTS = 32, BULK = 64 };

static bool fits_a_block(size_t headroom, size_t room)
{
    const size_t max = VTR_SEGMENT_BYTES;
    return headroom <= max && room <= max - headroom;
}

int vtr_buf_take_(struct vtr_heap *heap, size_t headroom, size_t room, struct vtr_record **out)
{
    VTR_PLACE_CALL_;
    if (!fits_a_block(headroom, room))
        return -EMSGSIZE;
    struct vtr_record *rec = vtr_block_take_for(heap, headroom + room);
    if (rec == NULL)
        return vtr_block_refused_(heap, headroom + room);
    *out = rec;
    return 0;
}

unsigned vtr_buf_init_bulk(struct vtr_heap *heap, size_t headroom, size_t room,
                           struct vtr_buf *bufs, unsigned n)
{
    VTR_PLACE_CALL_;
    struct vtr_record *recs[BULK];
    unsigned done = 0, got = BULK;
    int klass = fits_a_block(headroom, room) ? vtr_class_for_(headroom + room) : -1;
    for (; klass >= 0 && done < n && got == BULK; done += got) {
        unsigned want = n - done < BULK ? n - done : BULK;
        got = vtr_block_take_(heap, (unsigned)klass, recs, want);
        for (unsigned i = 0; i < got; i++)
            vtr_buf_begin_(recs[i], (uint32_t)headroom, (uint32_t)headroom, &bufs[done + i]);
    }
    while (klass < 0 && done < n && vtr_buf_init(heap, headroom, room, &bufs[done]) == 0)
        done++;
    return done;
}

size_t vtr_buf_to_iovec(const struct vtr_buf *bufs, unsigned n, struct iovec *iov)
{
    size_t room = 0;
    for (unsigned i = 0; i < n; i++) {
        iov[i].iov_base = bufs[i].base + bufs[i].tail;
        iov[i].iov_len = vtr_buf_tailroom(&bufs[i]);
        room += iov[i].iov_len;
    }
    return room;
}

unsigned vtr_buf_commit_iovec(struct vtr_buf *bufs, unsigned n, size_t len)
{
    unsigned i = 0;
    for (; len != 0; i++) {
        vtr_check(i < n);
        size_t room = vtr_buf_tailroom(&bufs[i]), here = len < room ? len : room;
        vtr_buf_commit(&bufs[i], here);
        len -= here;
    }
    return i;
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

void vtr_buf_return_counts_(struct vtr_record *rec, uint32_t ahead)
{
    /* The buf's own is still there, so this is never the last. */
    if (ahead != 0)
        vtr_record_ref_n_(vtr_what_(rec, 0), -(int32_t)ahead);
}

/* A copy of a buf that was sealed or ended since: its block is immutable, or gone. */
void vtr_buf_broken_(const struct vtr_record *rec, const char *call)
{
    struct vtr_text t = { .len = 0 };
    vtr_text_add(&t, "vitrine: ");
    vtr_text_add(&t, call);
    vtr_text_add(&t, rec == NULL ? ": the buf is empty: it was sealed or ended before, or never "
                                      "begun"
                                    : ": a copy of this buf was sealed or ended before: ");
    if (rec != NULL)
        vtr_text_handle(&t, vtr_what_(rec, 0));
    vtr_text_add(&t, "\n  try: keep one vtr_buf a block, and hand it on by vtr_move()\n");
    vtr_text_abort(&t);
}

/* Whether nothing else refers to the block, which then needs no sealing to end. */
static inline bool is_whole(const struct vtr_record *rec, uint32_t ahead)
{
    /* An odd generation: a copy of it was among those that end with it. */
    if (VTR_UNLIKELY(!vtr_block_is_open_(rec) || (rec->gen & 1) != 0))
        vtr_buf_broken_(rec, "vtr_buf_fini");
    return VTR_LIKELY(ahead == 0 && vtr_record_last_(rec));
}

void vtr_buf_end_(struct vtr_record *rec, uint32_t ahead, uint32_t tail)
{
    VTR_PLACE_CALL_;
    if (is_whole(rec, ahead)) {
        vtr_block_end(rec);
        return;
    }
    vtr_buf_return_counts_(rec, ahead);
    /* Nobody writes it any more, and what was split off may live on. */
    vtr_record_unref_(vtr_block_seal_(rec, tail));
}

void vtr_buf_fini_bulk(struct vtr_buf *bufs, unsigned n)
{
    VTR_PLACE_CALL_;
    struct vtr_record *recs[BULK];
    unsigned whole = 0;
    for (unsigned i = 0; i < n; i++) {
        struct vtr_buf *b = &bufs[i];
        struct vtr_record *rec = b->rec;
        uint32_t ahead = b->ahead, tail = b->tail;
        if (rec == NULL)
            continue;
        memset(b, 0, sizeof *b);
        if (VTR_UNLIKELY(!is_whole(rec, ahead))) {
            vtr_buf_end_(rec, ahead, tail);
            continue;
        }
        rec->gen |= 1;
        recs[whole++] = rec;
        if (whole == BULK) {
            vtr_blocks_end(recs, whole);
            whole = 0;
        }
    }
    vtr_blocks_end(recs, whole);
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
