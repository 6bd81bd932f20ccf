/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_data: making, joining and reading. Counting is inline in the header.
 */
#include <vitrine/buf.h>
#include <vitrine/data.h>

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "data/list.h"
#include "heap/block.h"
#include "heap/magazine.h"
#include "heap/place.h"

enum { HEADER_MAX = 1024, HEADER_BLOCK = 8 << 10, HEADER_ALIGN = 16 };

/* Adds @p len bytes at @p off of a block to the list, which takes over one count. */
static void list_add(struct vtr_list *list, uint64_t what, uint32_t off, uint32_t len)
{
    struct vtr_seg *s = &list->seg[list->segs];
    s->what = what;
    s->off = off;
    s->end = vtr_list_start_(list, list->segs) + len;
    list->flags |= (uint8_t)(vtr_record_flags_(vtr_what_record_(what)) & VTR_RECORD_SINGLE);
    list->segs++;
}

static struct vtr_data list_data(const struct vtr_list *list)
{
    struct vtr_data d = { vtr_list_what_(list), 0, vtr_list_start_(list, list->segs) };
    return d;
}

static int copy_block(struct vtr_heap *heap, const uint8_t *bytes, size_t len,
                      struct vtr_data *out)
{
    struct vtr_buf b;
    int rc = vtr_buf_init(heap, 0, len, &b);
    if (rc != 0)
        return rc;
    bool fits = vtr_buf_append(&b, bytes, len);
    vtr_check(fits);
    *out = vtr_buf_seal(&b);
    return 0;
}

static int copy_blocks(struct vtr_heap *heap, const uint8_t *bytes, size_t len,
                       struct vtr_data *out)
{
    size_t max = vtr_heap_block_max();
    struct vtr_list *list = vtr_list_create((uint32_t)((len + max - 1) / max));
    if (list == NULL)
        return -ENOMEM;
    for (size_t done = 0; done < len;) {
        size_t n = len - done < max ? len - done : max;
        struct vtr_data part = VTR_DATA_EMPTY;
        int rc = copy_block(heap, bytes + done, n, &part);
        if (rc != 0) {
            vtr_record_unref_(vtr_list_what_(list));
            return rc;
        }
        list_add(list, part.what, part.off, part.len);
        done += n;
    }
    *out = list_data(list);
    return 0;
}

int vtr_data_copy(struct vtr_heap *heap, const void *bytes, size_t len, struct vtr_data *out)
{
    VTR_PLACE_CALL_;
    struct vtr_data empty = VTR_DATA_EMPTY;
    if (len > VTR_DATA_MAX)
        return -EMSGSIZE;
    if (len == 0) {
        *out = empty;
        return 0;
    }
    return len <= vtr_heap_block_max() ? copy_block(heap, (const uint8_t *)bytes, len, out)
                                       : copy_blocks(heap, (const uint8_t *)bytes, len, out);
}

/* How many segments @p d shows. */
static uint32_t segments(struct vtr_data d)
{
    if (d.len == 0)
        return 0;
    if (VTR_UNLIKELY(vtr_what_record_(d.what)->gen != (uint16_t)(d.what >> VTR_WHAT_GEN_SHIFT)))
        vtr_record_broken_(d.what, "join");
    if ((d.what & VTR_WHAT_LIST) == 0)
        return 1;
    const struct vtr_list *list = vtr_list_of_(d.what);
    return vtr_list_find_(list, d.off + d.len - 1) - vtr_list_find_(list, d.off) + 1;
}

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
        list_add(list, s->what, s->off + (at - vtr_list_start_(from, i)), end - at);
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
        list_add(list, d.what, d.off, d.len);
    }
}

/* Checks parts[0..n) and makes a list with room for what they show. */
static int join_begin(const struct vtr_data *parts, unsigned n, struct vtr_list **list)
{
    uint64_t bytes = 0, segs = 0;
    for (unsigned i = 0; i < n; i++) {
        bytes += parts[i].len;
        segs += segments(parts[i]);
    }
    if (bytes > VTR_DATA_MAX)
        return -EMSGSIZE;
    *list = segs <= UINT32_MAX ? vtr_list_create((uint32_t)segs) : NULL;
    return *list != NULL ? 0 : -ENOMEM;
}

/* A list of one segment is that segment, of none nothing. */
static struct vtr_data join_end(struct vtr_list *list)
{
    struct vtr_data d = VTR_DATA_EMPTY;
    if (VTR_LIKELY(list->segs > 1))
        return list_data(list);
    if (list->segs == 1) {
        d.what = list->seg[0].what;
        d.off = list->seg[0].off;
        d.len = list->seg[0].end;
    }
    vtr_list_free_shell_(list);
    return d;
}

int vtr_data_join(const struct vtr_data *parts, unsigned n, struct vtr_data *out)
{
    struct vtr_list *list;
    int rc = join_begin(parts, n, &list);
    if (rc != 0)
        return rc;
    for (unsigned i = 0; i < n; i++)
        list_add_shared(list, parts[i]);
    *out = join_end(list);
    return 0;
}

int vtr_data_join_take(struct vtr_data *parts, unsigned n, struct vtr_data *out)
{
    struct vtr_list *list;
    int rc = join_begin(parts, n, &list);
    if (rc != 0)
        return rc;
    for (unsigned i = 0; i < n; i++) {
        struct vtr_data d = parts[i];
        if (d.len != 0 && (d.what & VTR_WHAT_LIST) == 0) {
            list_add(list, d.what, d.off, d.len);
            parts[i].what = 0;
        } else {
            list_add_shared(list, d);
        }
        vtr_data_unref(&parts[i]);
    }
    *out = join_end(list);
    return 0;
}

/* The thread's header block, with room for @p len bytes. @return false: no memory. */
static bool header_room(struct vtr_heap *heap, struct vtr_carved *h, size_t len)
{
    struct vtr_record *rec;
    int klass = vtr_class_for_(HEADER_BLOCK);
    if (VTR_LIKELY(h->rec != NULL && len <= h->cap - h->next))
        return true;
    if (vtr_block_take_(heap, (unsigned)klass, &rec, 1) != 1)
        return false;
    vtr_carved_set_(h, rec);
    h->base = vtr_block_writable_(rec);
    h->next = 0;
    h->cap = vtr_block_bytes_(rec);
    return true;
}

int vtr_data_prepend(struct vtr_heap *heap, const void *header, size_t len, struct vtr_data d,
                     struct vtr_data *out)
{
    VTR_PLACE_CALL_;
    struct vtr_cache *cache = vtr_cache_of_(heap);
    if (len > HEADER_MAX || len > VTR_DATA_MAX - d.len)
        return -EMSGSIZE;
    if (cache == NULL || !header_room(heap, &cache->header, len))
        return -ENOMEM;
    struct vtr_carved *h = &cache->header;
    struct vtr_data head = { vtr_what_(h->rec, 0), h->next, (uint32_t)len };
    struct vtr_data parts[2] = { head, d };
    if (len != 0)
        memcpy(h->base + h->next, header, len);
    int rc = vtr_data_join(parts, 2, out);
    if (rc == 0)
        h->next += (uint32_t)((len + HEADER_ALIGN - 1) & ~(size_t)(HEADER_ALIGN - 1));
    return rc;
}

bool vtr_data_gather(struct vtr_data d, size_t off, void *to, size_t len)
{
    if (!vtr_in_bounds(d.len, off, len))
        return false;
    for (size_t done = 0; done < len;) {
        size_t run = 0;
        const uint8_t *p = vtr_data_at(d, off + done, &run);
        if (run > len - done)
            run = len - done;
        memcpy((uint8_t *)to + done, p, run);
        done += run;
    }
    return true;
}

int vtr_data_compare(struct vtr_data a, struct vtr_data b)
{
    uint32_t common = a.len < b.len ? a.len : b.len;
    for (uint32_t at = 0; at < common;) {
        size_t run_a = 0, run_b = 0;
        const uint8_t *pa = vtr_data_at(a, at, &run_a), *pb = vtr_data_at(b, at, &run_b);
        size_t run = run_a < run_b ? run_a : run_b;
        if (run > common - at)
            run = common - at;
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
    return i + segments(c.rest);
}
