/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_span: a checked view of contiguous bytes. Every read says whether it was inside, and writes
 * nothing if it was not.
 * Owner: nobody; a span is good while the bytes that it shows are. Pass it, do not store it.
 * Threads: any. Bytes that others may write are read once, into what the caller passes.
 * Not here: front to back (reader.h), writing (writer.h), bytes in several segments (data.h).
 *
 *   vtr_span_sub split             a part           bool, outputs untouched on false
 *   vtr_span_u8 u16be ... u64le    a number         bool, output untouched on false
 *   vtr_span_view                  a struct         in place, or NULL
 *   vtr_span_cast                  as array         in place, and what is left over
 */
#ifndef VITRINE_SPAN_H
#define VITRINE_SPAN_H

#include <string.h>
#include <vitrine/base.h>
#include <vitrine/primitive.h>

VTR_BEGIN_DECLS

/** ABI: borrowed bytes, passed in two registers. Any value with @ref len 0 is the empty span. */
struct vtr_span {
    const uint8_t *ptr;
    size_t len;
};
VTR_STATIC_ASSERT(sizeof(struct vtr_span) == 16, "vtr_span is ABI");

/* Bounds */

/**
 * Private: the bounds check at a width, so that tests can try every value of a narrow one. The cast
 * keeps the subtraction at that width, where a wrong order of operations would wrap.
 */
#define VTR_IN_BOUNDS_AT_WIDTH_(fn, type)                                                          \
    VTR_INLINE VTR_MUST_USE bool fn(type n, type off, type len)                                    \
    {                                                                                              \
        return !(len > n || off > (type)(n - len));                                                \
    }

/**
 * bool vtr_in_bounds(size_t n, size_t off, size_t len): are @p len bytes at @p off inside @p n? The
 * one bounds primitive: every checked access of the library is built on it. No value makes it wrap.
 */
VTR_IN_BOUNDS_AT_WIDTH_(vtr_in_bounds, size_t)

/* Make */

/** @return @p len bytes at @p ptr, borrowed. @p ptr may be NULL if @p len is 0. */
VTR_INLINE VTR_MUST_USE struct vtr_span vtr_span_of(const void *ptr, size_t len)
{
    struct vtr_span s;
    s.ptr = (const uint8_t *)ptr;
    s.len = len;
    return s;
}

/** Private: the part of @p s that vtr_in_bounds() has allowed. Nothing is added to a NULL. */
VTR_INLINE VTR_MUST_USE struct vtr_span vtr_span_part_(struct vtr_span s, size_t off, size_t len)
{
    return vtr_span_of(off != 0 ? s.ptr + off : s.ptr, len);
}

/**
 * @p len bytes of @p s from @p off on.
 * @param out  may be the variable that @p s came from; untouched on false: not all are in @p s.
 */
VTR_INLINE VTR_MUST_USE bool vtr_span_sub(struct vtr_span s, size_t off, size_t len,
                                          struct vtr_span *out)
{
    if (!vtr_in_bounds(s.len, off, len))
        return false;
    *out = vtr_span_part_(s, off, len);
    return true;
}

/**
 * The first @p len bytes of @p s, and those behind them.
 * @param head,tail  untouched on false: @p s has fewer.
 */
VTR_INLINE VTR_MUST_USE bool vtr_span_split(struct vtr_span s, size_t len, struct vtr_span *head,
                                            struct vtr_span *tail)
{
    if (!vtr_in_bounds(s.len, 0, len))
        return false;
    *head = vtr_span_part_(s, 0, len);
    *tail = vtr_span_part_(s, len, s.len - len);
    return true;
}

/* Read */

/** Copies bytes out. @return false, and nothing written, if they are not all inside @p s. */
VTR_INLINE VTR_MUST_USE bool vtr_span_copy(struct vtr_span s, size_t off, void *to, size_t len)
{
    if (!vtr_in_bounds(s.len, off, len))
        return false;
    if (len != 0)
        memcpy(to, s.ptr + off, len);
    return true;
}

/** The byte at @p off. @param out untouched on false: it is not inside @p s. */
VTR_INLINE VTR_MUST_USE bool vtr_span_u8(struct vtr_span s, size_t off, uint8_t *out)
{
    return vtr_span_copy(s, off, out, sizeof *out);
}

/** The number at @p off, at any alignment. @param out untouched on false: it is not inside @p s. */
#define VTR_SPAN_READ_(fn, host, wire)                                                             \
    VTR_INLINE VTR_MUST_USE bool fn(struct vtr_span s, size_t off, host *out)                      \
    {                                                                                              \
        struct wire x;                                                                             \
        if (!vtr_span_copy(s, off, &x, sizeof x))                                                  \
            return false;                                                                          \
        *out = wire##_get(x);                                                                      \
        return true;                                                                               \
    }
VTR_SPAN_READ_(vtr_span_u16be, uint16_t, vtr_be16)
VTR_SPAN_READ_(vtr_span_u32be, uint32_t, vtr_be32)
VTR_SPAN_READ_(vtr_span_u64be, uint64_t, vtr_be64)
VTR_SPAN_READ_(vtr_span_u16le, uint16_t, vtr_le16)
VTR_SPAN_READ_(vtr_span_u32le, uint32_t, vtr_le32)
VTR_SPAN_READ_(vtr_span_u64le, uint64_t, vtr_le64)
#undef VTR_SPAN_READ_

/** Private: vtr_span_view() without the type. */
VTR_INLINE VTR_MUST_USE const void *vtr_span_view_(struct vtr_span s, size_t off, size_t len)
{
    return vtr_in_bounds(s.len, off, len) ? s.ptr + off : NULL;
}

/**
 * The struct at @p off, in place.
 * `const struct vtr_udp *udp = vtr_span_view(s, 34, struct vtr_udp);`
 * @param type  primitive (VTR_WIRE); another does not compile.
 * @return borrowed while the bytes of @p s are; NULL if it is not all inside @p s.
 */
#define vtr_span_view(s, off, type)                                                                \
    __extension__({                                                                                \
        VTR_ASSERT_PRIMITIVE_(type);                                                               \
        (const type *)vtr_span_view_((s), (off), sizeof(type));                                    \
    })

/** Private: vtr_span_cast() without the type. */
VTR_INLINE VTR_MUST_USE const void *vtr_span_cast_(struct vtr_span s, size_t each, size_t *count,
                                                   struct vtr_span *rest)
{
    size_t over = s.len % each;
    *count = s.len / each;
    *rest = vtr_span_part_(s, s.len - over, over);
    return s.ptr;
}

/**
 * All of @p s as an array, in place.
 * `const struct vtr_be32 *ids = vtr_span_cast(s, struct vtr_be32, &count, &rest);`
 * @param type   primitive (VTR_WIRE); another does not compile.
 * @param count  how many whole ones there are; may be 0.
 * @param rest   the bytes behind the last whole one: empty if @p s holds whole ones only. May
 *               be the variable that @p s came from.
 * @return the first of them, borrowed while the bytes of @p s are.
 */
#define vtr_span_cast(s, type, count, rest)                                                        \
    __extension__({                                                                                \
        VTR_ASSERT_PRIMITIVE_(type);                                                               \
        (const type *)vtr_span_cast_((s), sizeof(type), (count), (rest));                          \
    })

/** @return whether both hold the same bytes. */
VTR_INLINE VTR_MUST_USE bool vtr_span_equal(struct vtr_span a, struct vtr_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/** @return <0, 0 or >0 as memcmp(); where one is the beginning of the other, it is less. */
VTR_INLINE VTR_MUST_USE int vtr_span_compare(struct vtr_span a, struct vtr_span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len != 0 ? memcmp(a.ptr, b.ptr, len) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

VTR_END_DECLS
#endif
