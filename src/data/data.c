/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_data: joining and reading. Counting is inline in the header.
 */
#include <vitrine/buf.h>
#include <vitrine/data.h>

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "data/join.h"
#include "heap/block.h"
#include "heap/magazine.h"
#include "heap/place.h"

enum { HEADER_MAX = 1024, HEADER_BLOCK = 8 << 10, HEADER_ALIGN = 16, HEADER_COUNTS = 32 };

/* Adds what @p d, a list, shows; the new one takes counts of its own. */
static void list_add_list(struct vtr_list *list, struct vtr_data d)
{
    const struct vtr_list *from = vtr_list_of_(d.what);
    uint32_t stop = d.off + d.len;
    if (d.len == 0)
        return;
    for (uint32_t i = vtr_list_find_(from, d.off), at = d.off; at < stop; i++) {
        const struct vtr_seg *s = &from->seg[i];
        uint32_t end = s->end < stop ? s->end : stop;
        vtr_record_ref_(s->what);
        vtr_list_add(list, s->what, s->off + (at - vtr_list_start_(from, i)), end - at);
        at = end;
    }
}

/* Adds what @p d shows; the list takes counts of its own. */
static void list_add_shared(struct vtr_list *list, struct vtr_data d)
{
    if (d.what & VTR_WHAT_LIST) {
        list_add_list(list, d);
    } else if (d.len != 0) {
        vtr_record_ref_(d.what);
        vtr_list_add(list, d.what, d.off, d.len);
    }
}

/* Looks at parts[0..n), and makes a list with room for what they show. */
static int join_begin(const struct vtr_data *parts, unsigned n, struct vtr_list **list)
{
    uint64_t bytes = 0, segs = 0;
    for (unsigned i = 0; i < n; i++) {
        bytes += parts[i].len;
        segs += vtr_segments(parts[i], "join");
    }
    if (bytes > VTR_DATA_MAX)
        return -EMSGSIZE;
    *list = vtr_list_create((uint32_t)segs); /* of a byte at least, each */
    return *list != NULL ? 0 : -ENOMEM;
}

static inline bool is_segment(struct vtr_data d)
{
    return d.len != 0 && (d.what & VTR_WHAT_LIST) == 0;
}

/* Makes a list of two segments, which takes over a count of each. That is what a header before a
 * payload is; it saves two walks over the parts, one to count what they show and one to add it. */
static inline struct vtr_data pair_made(struct vtr_list *list, struct vtr_data a, struct vtr_data b)
{
    unsigned flags = vtr_record_flags_(vtr_what_record_(a.what)) |
                     vtr_record_flags_(vtr_what_record_(b.what));
    list->seg[0] = (struct vtr_seg){ a.what, a.off, a.len };
    list->seg[1] = (struct vtr_seg){ b.what, b.off, a.len + b.len };
    list->flags = (uint8_t)(flags & VTR_RECORD_SINGLE);
    list->segs = 2;
    return (struct vtr_data){ vtr_list_what_(list), 0, a.len + b.len };
}

/* Of two segments, of which the list takes counts of its own. */
static inline int join_pair(struct vtr_data a, struct vtr_data b, struct vtr_data *out)
{
    if (a.len > VTR_DATA_MAX - b.len)
        return -EMSGSIZE;
    struct vtr_list *list = vtr_list_create(2);
    if (VTR_UNLIKELY(list == NULL))
        return -ENOMEM;
    vtr_record_ref_for_(a.what, 1, "join");
    vtr_record_ref_for_(b.what, 1, "join");
    *out = pair_made(list, a, b);
    return 0;
}

int vtr_data_join(const struct vtr_data *parts, unsigned n, struct vtr_data *out)
{
    struct vtr_list *list;
    int rc = join_begin(parts, n, &list);
    if (rc != 0)
        return rc;
    for (unsigned i = 0; i < n; i++)
        list_add_shared(list, parts[i]);
    *out = vtr_list_made(list);
    return 0;
}

int vtr_data_join_take(struct vtr_data *parts, unsigned n, struct vtr_data *out)
{
    VTR_PLACE_CALL_;
    struct vtr_list *list;
    int rc = join_begin(parts, n, &list);
    if (rc != 0)
        return rc;
    for (unsigned i = 0; i < n; i++) {
        struct vtr_data d = parts[i];
        if (d.len != 0 && (d.what & VTR_WHAT_LIST) == 0) {
            vtr_list_add(list, d.what, d.off, d.len);
            parts[i].what = 0;
        } else {
            list_add_shared(list, d);
        }
        vtr_data_unref(&parts[i]);
    }
    *out = vtr_list_made(list);
    return 0;
}

int vtr_data_concat(struct vtr_data a, struct vtr_data b, struct vtr_data *out)
{
    if (VTR_LIKELY(is_segment(a) && is_segment(b)))
        return join_pair(a, b, out);
    struct vtr_data parts[2] = { a, b };
    return vtr_data_join(parts, 2, out);
}

/* A new header block for the thread. @return 0, -ENOMEM or -EDQUOT. */
static VTR_COLD int header_new(struct vtr_heap *heap, struct vtr_carved *h)
{
    struct vtr_record *rec = vtr_block_take_for(heap, HEADER_BLOCK);
    if (rec == NULL)
        return vtr_block_refused_(heap);
    vtr_carved_set_(h, rec);
    h->base = vtr_block_writable_(rec);
    h->next = 0;
    h->cap = vtr_block_bytes_(rec);
    return 0;
}

/* One count of the header block for what is carved. Several are taken at once, which leaves one
 * locked instruction of two for each header. */
static inline void header_count(struct vtr_carved *h)
{
    if (VTR_UNLIKELY(h->ahead == 0)) {
        vtr_record_ref_n_(vtr_what_(h->rec, 0), HEADER_COUNTS);
        h->ahead = HEADER_COUNTS;
    }
    h->ahead--;
    __atomic_store_n(&h->rec->fill, (uint8_t)(h->ahead + 1), __ATOMIC_RELAXED); /* O: a statistic */
}

/* Joins a header, whose bytes are there, and @p d. */
static inline int header_join(struct vtr_carved *h, struct vtr_data head, struct vtr_data d,
                              struct vtr_data *out)
{
    if (VTR_UNLIKELY(!is_segment(head) || !is_segment(d)))
        return vtr_data_concat(head, d, out);
    struct vtr_list *list = vtr_list_create(2);
    if (VTR_UNLIKELY(list == NULL))
        return -ENOMEM;
    header_count(h);
    vtr_record_ref_for_(d.what, 1, "join");
    *out = pair_made(list, head, d);
    return 0;
}

int vtr_data_prepend(struct vtr_heap *heap, const void *header, size_t len, struct vtr_data d,
                     struct vtr_data *out)
{
    VTR_PLACE_CALL_;
    struct vtr_cache *cache = vtr_cache_of(heap);
    int rc = 0;
    if (VTR_UNLIKELY(len > HEADER_MAX || len > VTR_DATA_MAX - d.len))
        return -EMSGSIZE;
    if (VTR_UNLIKELY(cache == NULL))
        return -ENOMEM;
    struct vtr_carved *h = &cache->header;
    if (VTR_UNLIKELY(h->rec == NULL || len > h->cap - h->next) &&
        (rc = header_new(heap, h)) != 0)
        return rc;
    struct vtr_data head = { vtr_what_(h->rec, 0), h->next, (uint32_t)len };
    if (len != 0)
        memcpy(h->base + h->next, header, len);
    rc = header_join(h, head, d, out);
    if (VTR_LIKELY(rc == 0))
        h->next += (uint32_t)((len + HEADER_ALIGN - 1) & ~(size_t)(HEADER_ALIGN - 1));
    return rc;
}

bool vtr_data_gather(struct vtr_data d, size_t off, void *to, size_t len)
{
    if (!vtr_in_bounds(d.len, off, len))
        return false;
    if (d.what & VTR_WHAT_LIST) {
        vtr_list_gather(d, off, to, len);
    } else if (len != 0) {
        size_t run;
        memcpy(to, vtr_data_at(d, off, &run), len);
    }
    return true;
}

int vtr_data_compare(struct vtr_data a, struct vtr_data b)
{
    uint32_t common = a.len < b.len ? a.len : b.len;
    for (uint32_t at = 0; at < common;) {
        size_t run_a = 0, run_b = 0;
        const uint8_t *pa = vtr_data_at(a, at, &run_a), *pb = vtr_data_at(b, at, &run_b);
        size_t run = run_a < run_b ? run_a : run_b; /* ends where the shorter one does at most */
        int order = pa == pb ? 0 : memcmp(pa, pb, run);
        if (order != 0)
            return order;
        at += (uint32_t)run;
    }
    return (a.len > b.len) - (a.len < b.len);
}

unsigned vtr_data_to_iovec(struct vtr_data d, struct iovec *iov, unsigned n)
{
    struct vtr_cursor c = vtr_cursor_of(d);
    struct vtr_span s;
    unsigned i = 0;
    for (; i < n && vtr_cursor_next(&c, &s); i++) {
        iov[i].iov_base = (void *)(uintptr_t)s.ptr;
        iov[i].iov_len = s.len;
    }
    return i + vtr_segments(c.rest, "join");
}
