/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Our side of the rows, but for two threads and the echo.
 */
#include "core/ours.h"

#include <vitrine/vitrine.h>

#include "core/stand.h"

/* A handle as if it had just been loaded: nothing about it is known, nothing read before holds. */
#define hide_data(d) __asm__ volatile("" : "+r"((d).what), "+r"((d).off), "+r"((d).len))

static inline uint64_t alloc_free(struct vtr_heap *heap, uint64_t n)
{
    uint64_t sum = 0;
    size_t size = CORE_BLOCK;
    for (uint64_t i = 0; i < n; i++) {
        struct vtr_buf b;
        hide(size);
        if (vtr_buf_init(heap, 0, size, &b) != 0)
            return 0;
        sum += core_touch(vtr_buf_bytes(&b));
        vtr_buf_fini(&b);
    }
    return sum;
}

uint64_t ours_alloc_free(struct stand *s, uint64_t n) { return alloc_free(s->heap, n); }
uint64_t ours_alloc_free_st(struct stand *s, uint64_t n) { return alloc_free(s->heap_st, n); }

static inline uint64_t alloc_free_bulk(struct vtr_heap *heap, uint64_t n)
{
    uint64_t sum = 0;
    size_t size = CORE_BLOCK;
    struct vtr_buf bufs[CORE_BULK];
    for (uint64_t done = 0; done < n; done += CORE_BULK) {
        hide(size);
        if (vtr_buf_init_bulk(heap, 0, size, bufs, CORE_BULK) != CORE_BULK)
            return 0;
        for (unsigned i = 0; i < CORE_BULK; i++)
            sum += core_touch(vtr_buf_bytes(&bufs[i]));
        vtr_buf_fini_bulk(bufs, CORE_BULK);
    }
    return sum;
}

uint64_t ours_alloc_free_bulk(struct stand *s, uint64_t n) { return alloc_free_bulk(s->heap, n); }
uint64_t ours_alloc_free_bulk_st(struct stand *s, uint64_t n)
{
    return alloc_free_bulk(s->heap_st, n);
}

static inline uint64_t ref(struct vtr_data d)
{
    hide_data(d);
    struct vtr_data r = vtr_data_ref(d);
    hide_data(r);
    uint64_t len = r.len;
    vtr_data_unref(&r);
    return len;
}

static inline uint64_t ref_hot(struct vtr_data d, uint64_t n)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++)
        sum += ref(d);
    return sum;
}

uint64_t ours_ref(struct stand *s, uint64_t n) { return ref_hot(s->whole, n); }
uint64_t ours_ref_st(struct stand *s, uint64_t n) { return ref_hot(s->whole_st, n); }

uint64_t ours_ref_cold(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++)
        sum += ref(s->cold[i]);
    return sum;
}

static inline uint64_t slice(struct vtr_data d, size_t off, size_t len)
{
    struct vtr_data part;
    hide_data(d);
    hide(off);
    hide(len);
    if (!vtr_data_slice(d, off, len, &part))
        return 0;
    hide_data(part);
    uint64_t got = part.len;
    vtr_data_unref(&part);
    return got;
}

uint64_t ours_slice(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    struct vtr_data d = s->whole;
    for (uint64_t i = 0; i < n; i++)
        sum += slice(d, 64, CORE_SLICE);
    return sum;
}

uint64_t ours_slice_cold(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++)
        sum += slice(s->cold[i], 64, CORE_SLICE);
    return sum;
}

uint64_t ours_concat(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    struct vtr_data a = s->half[0], b = s->half[1], both;
    for (uint64_t i = 0; i < n; i++) {
        hide_data(a);
        hide_data(b);
        if (vtr_data_concat(a, b, &both) != 0)
            return 0;
        sum += both.len;
        vtr_data_unref(&both);
    }
    return sum;
}

uint64_t ours_prepend(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    const uint8_t *header = s->bytes;
    size_t len = CORE_HEADER;
    struct vtr_data payload = s->payload, packet;
    for (uint64_t i = 0; i < n; i++) {
        hide(header);
        hide(len);
        hide_data(payload);
        if (vtr_data_prepend(s->heap, header, len, payload, &packet) != 0)
            return 0;
        sum += packet.len;
        vtr_data_unref(&packet);
    }
    return sum;
}

/* @param next whether where to read hangs on what was read last, as in parsing. */
static inline uint64_t view(struct vtr_data d, size_t off, bool next, uint64_t n)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        struct vtr_ipv4 scratch;
        hide_data(d);
        hide(off);
        const struct vtr_ipv4 *ip = vtr_data_view(d, off, struct vtr_ipv4, &scratch);
        if (ip == NULL)
            return 0;
        uint64_t read = core_header(ip);
        sum += read;
        off += next ? core_nothing(read) : 0;
    }
    return sum;
}

uint64_t ours_view(struct stand *s, uint64_t n) { return view(s->whole, STAND_VIEW, false, n); }
uint64_t ours_view_next(struct stand *s, uint64_t n)
{
    return view(s->whole, STAND_VIEW, true, n);
}
uint64_t ours_view_straddle(struct stand *s, uint64_t n)
{
    return view(s->straddle, STAND_STRADDLE, false, n);
}

static inline uint64_t unchecked(const struct stand *s, bool next, uint64_t n)
{
    uint64_t sum = 0;
    const uint8_t *bytes = vtr_data_span(s->whole).ptr;
    size_t off = STAND_VIEW;
    for (uint64_t i = 0; i < n; i++) {
        hide(bytes);
        hide(off);
        uint64_t read = core_header(bytes + off);
        sum += read;
        off += next ? core_nothing(read) : 0;
    }
    return sum;
}

uint64_t unchecked_view(struct stand *s, uint64_t n) { return unchecked(s, false, n); }
uint64_t unchecked_view_next(struct stand *s, uint64_t n) { return unchecked(s, true, n); }

uint64_t ours_own_seal(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    struct vtr_buf b;
    struct vtr_data d;
    if (vtr_data_copy(s->heap, s->bytes, CORE_BLOCK, &d) != 0)
        return 0;
    for (uint64_t i = 0; i < n; i++) {
        hide_data(d);
        if (!vtr_data_try_own(&d, &b))
            break;
        sum += vtr_buf_len(&b);
        d = vtr_buf_seal(&b);
    }
    vtr_data_unref(&d);
    return sum;
}

/* 64 B pieces off one block, dropped at once, and a new block for every 32 of them. */
uint64_t ours_split(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    size_t len = CORE_BLOCK / CORE_BULK;
    for (uint64_t done = 0; done < n; done += CORE_BULK) {
        struct vtr_buf b;
        struct vtr_data piece;
        if (vtr_buf_init(s->heap, 0, CORE_BLOCK, &b) != 0)
            return 0;
        vtr_buf_commit(&b, CORE_BLOCK);
        for (unsigned i = 0; i < CORE_BULK; i++) {
            hide(len);
            if (!vtr_buf_split(&b, len, &piece))
                break;
            sum += piece.len;
            vtr_data_unref(&piece);
        }
        vtr_buf_fini(&b);
    }
    return sum;
}

static inline void ref_bulk(struct stand *s, struct vtr_data *to)
{
    for (unsigned i = 0; i < CORE_BULK; i++)
        to[i] = vtr_data_ref(s->bulk[i]);
}

uint64_t ours_unref_bulk(struct stand *s, uint64_t n)
{
    struct vtr_data refs[CORE_BULK];
    uint64_t sum = 0;
    for (uint64_t done = 0; done < n; done += CORE_BULK) {
        ref_bulk(s, refs);
        vtr_data_unref_bulk(refs, CORE_BULK);
        sum += CORE_BULK;
    }
    return sum;
}

uint64_t ours_unref_each(struct stand *s, uint64_t n)
{
    struct vtr_data refs[CORE_BULK];
    uint64_t sum = 0;
    for (uint64_t done = 0; done < n; done += CORE_BULK) {
        ref_bulk(s, refs);
        for (unsigned i = 0; i < CORE_BULK; i++)
            vtr_data_unref(&refs[i]);
        sum += CORE_BULK;
    }
    return sum;
}

static inline uint64_t copy(struct stand *s, uint64_t n, size_t len)
{
    uint64_t sum = 0;
    const uint8_t *from = s->bytes;
    struct vtr_data d;
    for (uint64_t i = 0; i < n; i++) {
        hide(from);
        hide(len);
        if (vtr_data_copy(s->heap, from, len, &d) != 0)
            return 0;
        sum += d.len;
        vtr_data_unref(&d);
    }
    return sum;
}

uint64_t ours_copy_64(struct stand *s, uint64_t n) { return copy(s, n, 64); }
uint64_t ours_copy_512(struct stand *s, uint64_t n) { return copy(s, n, 512); }
uint64_t ours_copy_2048(struct stand *s, uint64_t n) { return copy(s, n, 2048); }
