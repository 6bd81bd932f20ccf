/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Fuzz target: bytes are operations on a few vtr_data and vtr_buf, each beside the flat bytes that
 * it must be equal to. After every operation all of them are compared; at the end all are ended,
 * and nothing is live.
 *
 * operation   byte: bits 0..4 which; bit 7: in debug builds the next allocation but k fails
 * k           byte, if bit 7 is set
 * arguments   bytes, as the operation takes them; zero behind the end
 *
 * A call that fails leaves its outputs as they were, and fails for a reason only: an allocation
 * that was to fail, a quota that is used up, or too long a header.
 */
#include "fuzz.h"

#include <errno.h>
#include <sys/uio.h>

#include "base/system.h"
#include "data_world.h"
#include "heap/block.h"

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

void refused(struct world *w, int rc, size_t bytes)
{
    struct vtr_heap_stat stat = { .size = sizeof stat };
    if (fault_came())
        return;
    int klass = vtr_class_for_(bytes);
    uint64_t block = ((bytes - 1) | ((2 << 20) - 1)) + 1;
    if (klass >= 0)
        block = vtr_class_bytes_((unsigned)klass);
    vtr_heap_stat(w->heap, &stat);
    vtr_check(rc == -EDQUOT && stat.live_bytes + block + HEADER_BLOCK > QUOTA);
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

static void op_unref(struct world *w)
{
    struct value *v = any_value(w);
    vtr_data_unref(&v->data);
    vtr_check(v->data.what == 0 && v->data.len == 0);
}

static void (*const ops[])(struct world *) = {
    op_copy,    op_ref,     op_slice, op_strip,  op_trim, op_join,   op_join_take, op_prepend,
    op_view,    op_cursor,  op_compare, op_iovec, op_try_own, op_unref, op_init,   op_append,
    op_push,    op_cut,     op_split, op_seal,   op_fini, op_bulk,
    op_adopt,   op_static,  op_keep,  op_copy_iovec, op_hash, op_cost,
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
    struct vtr_heap_stat stat = { .size = sizeof stat };
    for (unsigned i = 0; i < VALUES; i++)
        vtr_data_unref(&w->value[i].data);
    for (unsigned i = 0; i < BUFS; i++)
        vtr_buf_fini(&w->open[i].buf);
    vtr_heap_stat(w->heap, &stat);
    vtr_check(stat.live_blocks == 0 && stat.live_bytes == 0);
    all_is_given_back(w);
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
