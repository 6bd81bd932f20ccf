/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The operations of fuzz_data.c on vtr_buf.
 */
#include "data_world.h"

#include <errno.h>

static void start(struct open_buf *o, struct vtr_buf b, size_t len)
{
    vtr_buf_fini(&o->buf);
    o->buf = b;
    o->len = len;
    o->headroom = vtr_buf_headroom(&b);
    o->tailroom = vtr_buf_tailroom(&b);
}

void op_try_own(struct world *w)
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

void op_init(struct world *w)
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

void op_append(struct world *w)
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

void op_push(struct world *w)
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

void op_cut(struct world *w)
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

void op_split(struct world *w)
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

void op_seal(struct world *w)
{
    struct open_buf *o = any_open(w);
    if (is_empty_buf(&o->buf))
        return;
    struct vtr_data d = vtr_buf_seal(&o->buf);
    vtr_check(is_empty_buf(&o->buf) && d.len == o->len && (d.what == 0) == (o->len == 0));
    put(any_value(w), d, o->flat);
    o->len = 0;
}

void op_fini(struct world *w)
{
    struct open_buf *o = any_open(w);
    vtr_buf_fini(&o->buf);
    vtr_check(is_empty_buf(&o->buf));
    o->len = 0;
}

void op_bulk(struct world *w)
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
