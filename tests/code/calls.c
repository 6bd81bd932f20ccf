/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * One function for each call.
 */
#include "calls.h"

struct vtr_data code_ref(struct vtr_data d) { return vtr_data_ref(d); }
void code_unref(struct vtr_data *d) { vtr_data_unref(d); }

bool code_slice(struct vtr_data d, size_t off, size_t len, struct vtr_data *out)
{
    return vtr_data_slice(d, off, len, out);
}

const uint8_t *code_at(struct vtr_data d, size_t off, size_t *run)
{
    return vtr_data_at(d, off, run);
}

struct vtr_span code_span(struct vtr_data d) { return vtr_data_span(d); }

const struct vtr_ipv4 *code_view(struct vtr_data d, size_t off, struct vtr_ipv4 *scratch)
{
    return vtr_data_view(d, off, struct vtr_ipv4, scratch);
}

bool code_span_u16be(struct vtr_span s, size_t off, uint16_t *out)
{
    return vtr_span_u16be(s, off, out);
}

const struct vtr_udp *code_udp_take(struct vtr_span s, struct vtr_span *rest)
{
    return vtr_udp_take(s, rest);
}

bool code_cursor_next(struct vtr_cursor *c, struct vtr_span *out)
{
    return vtr_cursor_next(c, out);
}

uint8_t *code_reserve(struct vtr_buf *b, size_t len) { return vtr_buf_reserve(b, len); }
void code_commit(struct vtr_buf *b, size_t len) { vtr_buf_commit(b, len); }

int code_buf_init(struct vtr_heap *heap, size_t room, struct vtr_buf *out)
{
    return vtr_buf_init(heap, 0, room, out);
}

unsigned code_buf_init_bulk(struct vtr_heap *heap, size_t room, struct vtr_buf *bufs, unsigned n)
{
    return vtr_buf_init_bulk(heap, 0, room, bufs, n);
}

void code_buf_fini(struct vtr_buf *b) { vtr_buf_fini(b); }
struct vtr_data code_buf_seal(struct vtr_buf *b) { return vtr_buf_seal(b); }

bool code_buf_split(struct vtr_buf *b, size_t len, struct vtr_data *out)
{
    return vtr_buf_split(b, len, out);
}

bool code_try_own(struct vtr_data *d, struct vtr_buf *out) { return vtr_data_try_own(d, out); }
void code_unref_bulk(struct vtr_data *d, unsigned n) { vtr_data_unref_bulk(d, n); }

int code_concat(struct vtr_data a, struct vtr_data b, struct vtr_data *out)
{
    return vtr_data_concat(a, b, out);
}

int code_prepend(struct vtr_heap *heap, const void *header, size_t len, struct vtr_data d,
                 struct vtr_data *out)
{
    return vtr_data_prepend(heap, header, len, d, out);
}

struct vtr_data code_worse_locked(struct vtr_data d)
{
    static int more;
    __atomic_fetch_add(&more, 1, __ATOMIC_RELAXED); /* O: it counts nothing */
    return vtr_data_ref(d);
}

__attribute__((noinline)) static void one_call_more(struct vtr_data *d) { __asm__("" : "+m"(*d)); }

struct vtr_data code_worse_call(struct vtr_data d)
{
    one_call_more(&d);
    return vtr_data_ref(d);
}
