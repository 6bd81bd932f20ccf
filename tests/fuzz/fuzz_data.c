/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Fuzz target: bytes are operations on a few vtr_data and vtr_buf, each beside the flat bytes that
 * it must be equal to. After every operation all of them are compared; at the end all are ended,
 * and nothing is live.
 *
 * operation   byte: bits 0..4 which, bit 7: the allocation after the next k fails (debug builds)
 * k           byte, if bit 7 is set
 * arguments   bytes, as the operation takes them; zero behind the end
 *
 * A call that fails leaves its outputs as they were, and fails only for a reason: an allocation that
 * was to fail, a quota that is used up, or too long a header.
 */
#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <vitrine/vitrine.h>

#include "base/system.h"
#include "heap/block.h"

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

static uint8_t any(struct world *w)
{
    uint8_t byte = 0;
    return vtr_reader_u8(&w->in, &byte) ? byte : 0;
}

/* Small ones exactly, and up to 4,699. */
static size_t any_size(struct world *w)
{
    uint8_t n = any(w);
    return n < 128 ? n : (n - 128u) * 37u;
}

static struct value *any_value(struct world *w) { return &w->value[any(w) % VALUES]; }
static struct open_buf *any_open(struct world *w) { return &w->open[any(w) % BUFS]; }

static void pattern(uint8_t *to, size_t len, uint8_t first)
{
    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)(first + i * 7);
}

/* Whether the call of this operation may fail for want of memory. */
static bool fault_came(void)
{
#if VTR_DEBUG
    return vtr_test_failed_();
#else
    return false;
#endif
}

static void arm(struct world *w, bool faulty)
{
    unsigned k = faulty ? any(w) : 0;
#if VTR_DEBUG
    vtr_test_fail_after_(faulty ? VTR_FAULT_MEMORY | VTR_FAULT_BLOCK : 0, k);
#else
    (void)k;
#endif
}

/* @param bytes  of the block asked for; 0: a list. */
static void refused(struct world *w, int rc, size_t bytes)
{
    struct vtr_heap_stat stat;
    if (fault_came())
        return;
    int klass = vtr_class_for_(bytes);
    uint64_t block = klass >= 0 ? vtr_class_bytes_((unsigned)klass) : (bytes | ((2 << 20) - 1)) + 1;
    vtr_heap_stat(w->heap, &stat);
    vtr_check(rc == -EDQUOT && stat.live_bytes + block + HEADER_BLOCK > QUOTA);
}

/* *v becomes what was made, beside its flat bytes. */
static void put(struct value *v, struct vtr_data d, const uint8_t *flat)
{
    memmove(v->flat, flat, d.len);
    vtr_data_unref(&v->data);
    v->data = d;
}

static bool is_empty_buf(const struct vtr_buf *b) { return b->rec == NULL; }

static void start(struct open_buf *o, struct vtr_buf b, size_t len)
{
    vtr_buf_fini(&o->buf);
    o->buf = b;
    o->len = len;
    o->headroom = vtr_buf_headroom(&b);
    o->tailroom = vtr_buf_tailroom(&b);
}

static const struct vtr_data UNTOUCHED = { 0, 7, 7 };

static bool untouched(struct vtr_data d)
{
    return d.what == UNTOUCHED.what && d.off == UNTOUCHED.off && d.len == UNTOUCHED.len;
}

static void op_copy(struct world *w)
{
    struct value *v = any_value(w);
    uint8_t bytes[VALUE_MAX];
    struct vtr_data d = UNTOUCHED;
    size_t len = any_size(w);
    pattern(bytes, len, any(w));
    int rc = vtr_data_copy(w->heap, bytes, len, &d);
    if (rc == 0)
        put(v, d, bytes);
    else
        refused(w, rc, len), vtr_check(untouched(d));
}

static void op_ref(struct world *w)
{
    struct value *from = any_value(w), *to = any_value(w);
    put(to, vtr_data_ref(from->data), from->flat);
}

static void op_slice(struct world *w)
{
    struct value *from = any_value(w), *to = any_value(w);
    size_t off = any_size(w), len = any_size(w), all = from->data.len;
    struct vtr_data d = UNTOUCHED;
    bool inside = off + len <= all;
    vtr_check(vtr_data_slice(from->data, off, len, &d) == inside);
    if (inside)
        put(to, d, from->flat + off);
    else
        vtr_check(untouched(d));
}

static void op_strip(struct world *w)
{
    struct value *v = any_value(w);
    size_t len = any_size(w), all = v->data.len;
    vtr_check(vtr_data_strip(&v->data, len) == (len <= all));
    if (len <= all)
        memmove(v->flat, v->flat + len, all - len);
}

static void op_trim(struct world *w)
{
    struct value *v = any_value(w);
    size_t len = any_size(w), all = v->data.len;
    vtr_check(vtr_data_trim(&v->data, len) == (len <= all));
    vtr_check(v->data.len == (len <= all ? len : all));
}

/* Up to five parts, which may be the same. @return bytes, or SIZE_MAX: too many. */
static size_t parts(struct world *w, struct vtr_data *part, unsigned *n, uint8_t *flat)
{
    size_t len = 0;
    *n = any(w) % 6;
    for (unsigned i = 0; i < *n; i++) {
        struct value *v = any_value(w);
        part[i] = v->data;
        if (len + v->data.len > VALUE_MAX)
            return SIZE_MAX;
        memcpy(flat + len, v->flat, v->data.len);
        len += v->data.len;
    }
    return len;
}

static void op_join(struct world *w)
{
    struct vtr_data part[5], d = UNTOUCHED;
    uint8_t flat[VALUE_MAX];
    unsigned n;
    size_t len = parts(w, part, &n, flat);
    if (len == SIZE_MAX)
        return;
    int rc = n == 2 ? vtr_data_concat(part[0], part[1], &d) : vtr_data_join(part, n, &d);
    if (rc != 0) {
        vtr_check(rc == -ENOMEM && fault_came() && untouched(d));
        return;
    }
    vtr_check(d.len == len);
    put(any_value(w), d, flat);
}

static void op_join_take(struct world *w)
{
    struct vtr_data part[5], before[5], d = UNTOUCHED;
    uint8_t flat[VALUE_MAX];
    unsigned n;
    size_t len = parts(w, part, &n, flat);
    if (len == SIZE_MAX)
        return;
    for (unsigned i = 0; i < n; i++)
        before[i] = part[i] = vtr_data_ref(part[i]);
    int rc = vtr_data_join_take(part, n, &d);
    if (rc == 0) {
        for (unsigned i = 0; i < n; i++)
            vtr_check(part[i].what == 0 && part[i].len == 0);
        vtr_check(d.len == len);
        put(any_value(w), d, flat);
        return;
    }
    vtr_check(rc == -ENOMEM && fault_came() && untouched(d));
    vtr_check(n == 0 || memcmp(part, before, n * sizeof part[0]) == 0);
    vtr_data_unref_bulk(part, n);
}

static void op_prepend(struct world *w)
{
    struct value *from = any_value(w), *to = any_value(w);
    uint8_t flat[VALUE_MAX];
    struct vtr_data d = UNTOUCHED;
    size_t len = any_size(w);
    if (len + from->data.len > VALUE_MAX)
        return;
    pattern(flat, len, any(w));
    memcpy(flat + len, from->flat, from->data.len);
    int rc = vtr_data_prepend(w->heap, flat, len, from->data, &d);
    if (rc == 0) {
        vtr_check(d.len == len + from->data.len);
        put(to, d, flat);
    } else {
        vtr_check(untouched(d) && (rc == -EMSGSIZE) == (len > 1024));
        if (rc != -EMSGSIZE)
            refused(w, rc, HEADER_BLOCK);
    }
}

struct five {
    uint8_t byte[5];
};

static void op_view(struct world *w)
{
    struct value *v = any_value(w);
    struct five scratch;
    size_t off = any_size(w), run = 0, all = v->data.len;
    const struct five *view = vtr_data_view(v->data, off, struct five, &scratch);
    vtr_check((view != NULL) == (all >= 5 && off <= all - 5));
    vtr_check(view == NULL || memcmp(view, v->flat + off, 5) == 0);
    const uint8_t *at = vtr_data_at(v->data, off, &run);
    vtr_check((at != NULL) == (off < all));
    vtr_check(at == NULL || (run >= 1 && run <= all - off && *at == v->flat[off]));
}

static void op_cursor(struct world *w)
{
    struct value *v = any_value(w);
    struct vtr_cursor c = vtr_cursor_of(v->data);
    struct vtr_span s;
    uint8_t bytes[VALUE_MAX];
    size_t first = any_size(w), at = first <= v->data.len ? first : 0;
    vtr_check(vtr_cursor_read(&c, bytes, first) == (first <= v->data.len));
    vtr_check(memcmp(bytes, v->flat, at) == 0);
    for (; vtr_cursor_next(&c, &s); at += s.len)
        vtr_check(s.len != 0 && memcmp(s.ptr, v->flat + at, s.len) == 0);
    vtr_check(at == v->data.len);
}

static int sign(int n) { return (n > 0) - (n < 0); }

static void op_compare(struct world *w)
{
    struct value *a = any_value(w), *b = any_value(w);
    size_t n = a->data.len < b->data.len ? a->data.len : b->data.len;
    int want = sign(memcmp(a->flat, b->flat, n));
    if (want == 0)
        want = (a->data.len > b->data.len) - (a->data.len < b->data.len);
    vtr_check(sign(vtr_data_compare(a->data, b->data)) == want);
}

static void op_iovec(struct world *w)
{
    struct value *v = any_value(w);
    struct iovec iov[8];
    unsigned room = any(w) % 9, n = vtr_data_to_iovec(v->data, iov, room);
    size_t at = 0;
    for (unsigned i = 0; i < n && i < room; at += iov[i++].iov_len)
        vtr_check(iov[i].iov_len != 0 &&
                  memcmp(iov[i].iov_base, v->flat + at, iov[i].iov_len) == 0);
    vtr_check(n <= room ? at == v->data.len : at < v->data.len || room == 0);
}

static void op_try_own(struct world *w)
{
    struct value *v = any_value(w);
    struct open_buf *o = any_open(w);
    struct vtr_data before = v->data;
    struct vtr_buf b = VTR_BUF_EMPTY;
    if (!vtr_data_try_own(&v->data, &b)) {
        vtr_check(is_empty_buf(&b) && memcmp(&v->data, &before, sizeof before) == 0);
        return;
    }
    for (unsigned i = 0; i < VALUES; i++)
        vtr_check(w->value[i].data.what != before.what); /* it was the only one */
    vtr_check(v->data.what == 0 && v->data.len == 0 && vtr_buf_len(&b) == before.len);
    memcpy(o->flat, v->flat, before.len);
    start(o, b, before.len);
}

static void op_unref(struct world *w)
{
    struct value *v = any_value(w);
    vtr_data_unref(&v->data);
    vtr_check(v->data.what == 0 && v->data.len == 0);
}

static void op_init(struct world *w)
{
    struct open_buf *o = any_open(w);
    struct vtr_buf b = VTR_BUF_EMPTY;
    size_t headroom = any_size(w), room = any_size(w);
    uint8_t large = any(w);
    if (large >= 0xf0)
        room += (size_t)(large - 0xef) << 20;
    int rc = vtr_buf_init(w->heap, headroom, room, &b);
    if (rc != 0) {
        vtr_check(is_empty_buf(&b));
        refused(w, rc, headroom + room);
        return;
    }
    vtr_check(vtr_buf_headroom(&b) == headroom && vtr_buf_tailroom(&b) >= room);
    start(o, b, 0);
}

static void op_append(struct world *w)
{
    struct open_buf *o = any_open(w);
    size_t len = any_size(w);
    uint8_t bytes[VALUE_MAX];
    if (is_empty_buf(&o->buf) || o->len + len > VALUE_MAX)
        return;
    pattern(bytes, len, any(w));
    bool fits = vtr_buf_append(&o->buf, bytes, len);
    vtr_check(fits == (len <= o->tailroom));
    if (!fits)
        return;
    memcpy(o->flat + o->len, bytes, len);
    o->len += len;
    o->tailroom -= len;
}

static void op_push(struct world *w)
{
    struct open_buf *o = any_open(w);
    size_t len = any_size(w);
    if (is_empty_buf(&o->buf) || o->len + len > VALUE_MAX)
        return;
    uint8_t *to = vtr_buf_push(&o->buf, len);
    vtr_check((to != NULL) == (len <= o->headroom));
    if (to == NULL)
        return;
    memmove(o->flat + len, o->flat, o->len);
    pattern(o->flat, len, any(w));
    memcpy(to, o->flat, len);
    o->len += len;
    o->headroom -= len;
}

static void op_cut(struct world *w)
{
    struct open_buf *o = any_open(w);
    size_t len = any_size(w);
    bool front = any(w) % 2 != 0, inside = len <= o->len;
    if (is_empty_buf(&o->buf))
        return;
    vtr_check((front ? vtr_buf_strip(&o->buf, len) : vtr_buf_trim(&o->buf, len)) == inside);
    if (!inside)
        return;
    if (front) {
        memmove(o->flat, o->flat + len, o->len - len);
        o->headroom += len;
        o->len -= len;
    } else {
        o->tailroom += o->len - len;
        o->len = len;
    }
}

static void op_split(struct world *w)
{
    struct open_buf *o = any_open(w);
    size_t len = any_size(w);
    struct vtr_data d = UNTOUCHED;
    if (is_empty_buf(&o->buf))
        return;
    bool could = len != 0 && len <= o->len;
    vtr_check(vtr_buf_split(&o->buf, len, &d) == could);
    if (!could) {
        vtr_check(untouched(d));
        return;
    }
    put(any_value(w), d, o->flat);
    memmove(o->flat, o->flat + len, o->len - len);
    o->len -= len;
    o->headroom = 0;
}

static void op_seal(struct world *w)
{
    struct open_buf *o = any_open(w);
    if (is_empty_buf(&o->buf))
        return;
    struct vtr_data d = vtr_buf_seal(&o->buf);
    vtr_check(is_empty_buf(&o->buf) && d.len == o->len && (d.what == 0) == (o->len == 0));
    put(any_value(w), d, o->flat);
    o->len = 0;
}

static void op_fini(struct world *w)
{
    struct open_buf *o = any_open(w);
    vtr_buf_fini(&o->buf);
    vtr_check(is_empty_buf(&o->buf));
    o->len = 0;
}

static void op_bulk(struct world *w)
{
    struct vtr_buf bufs[BULK_MAX];
    struct vtr_data d[BULK_MAX];
    unsigned n = any(w) % BULK_MAX;
    size_t room = any_size(w);
    memset(bufs, 0, sizeof bufs);
    unsigned got = vtr_buf_init_bulk(w->heap, 0, room, bufs, n);
    vtr_check(got <= n && (got == n || is_empty_buf(&bufs[got])));
    for (unsigned i = 0; i < got; i++) {
        vtr_check(room == 0 || vtr_buf_append(&bufs[i], &i, 1));
        d[i] = vtr_buf_seal(&bufs[i]);
    }
    for (unsigned i = 0; i < got; i++)
        vtr_check(room == 0 || *vtr_data_span(d[i]).ptr == i);
    vtr_data_unref_bulk(d, got);
    if (got < n)
        refused(w, -EDQUOT, room);
}

static void (*const ops[])(struct world *) = {
    op_copy,    op_ref,     op_slice, op_strip,  op_trim, op_join,   op_join_take, op_prepend,
    op_view,    op_cursor,  op_compare, op_iovec, op_try_own, op_unref, op_init,   op_append,
    op_push,    op_cut,     op_split, op_seal,   op_fini, op_bulk,
};
enum { OPS = sizeof ops / sizeof ops[0] };

static void compare(const struct world *w)
{
    uint8_t bytes[VALUE_MAX];
    for (unsigned i = 0; i < VALUES; i++) {
        const struct value *v = &w->value[i];
        vtr_check(vtr_data_gather(v->data, 0, bytes, v->data.len));
        vtr_check(memcmp(bytes, v->flat, v->data.len) == 0);
    }
    for (unsigned i = 0; i < BUFS; i++) {
        const struct open_buf *o = &w->open[i];
        if (is_empty_buf(&o->buf))
            continue;
        vtr_check(vtr_buf_len(&o->buf) == o->len && vtr_buf_headroom(&o->buf) == o->headroom &&
                  vtr_buf_tailroom(&o->buf) == o->tailroom);
        vtr_check(memcmp(vtr_buf_bytes(&o->buf), o->flat, o->len) == 0);
    }
}

static void end(struct world *w)
{
    struct vtr_heap_stat stat;
    for (unsigned i = 0; i < VALUES; i++)
        vtr_data_unref(&w->value[i].data);
    for (unsigned i = 0; i < BUFS; i++)
        vtr_buf_fini(&w->open[i].buf);
    vtr_heap_stat(w->heap, &stat);
    vtr_check(stat.live_blocks == 0 && stat.live_bytes == 0);
}

/* One for all inputs: what one leaves in magazines and pageblocks, the next one finds. */
static struct vtr_heap *heap_of_all(void)
{
    static struct vtr_heap *heap;
    struct vtr_heap_opts opts = {
        .size = sizeof opts, .name = "fuzz", .max_bytes = 64 << 20, .quota_bytes = QUOTA
    };
    if (heap == NULL)
        vtr_check(vtr_heap_open(&opts, &heap, NULL) == 0);
    return heap;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct world w;
    memset(&w, 0, sizeof w);
    w.heap = heap_of_all();
    w.in = vtr_reader_of(vtr_span_of(bytes, len));
    for (uint8_t op; vtr_reader_u8(&w.in, &op);) {
        arm(&w, (op & 0x80) != 0);
        ops[op % 32 % OPS](&w);
        arm(&w, false);
        compare(&w);
    }
    end(&w);
    return 0;
}
