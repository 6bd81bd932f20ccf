/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_reader: a span read front to back. A read that finds too few bytes changes neither the reader
 * nor its output, so a parser may try, and try something else.
 * Owner: nobody; it borrows the bytes of the span it was made of.
 * Threads: one at a time.
 * Not here: reading at an offset (span.h), taking headers (parse.h).
 */
#ifndef VITRINE_READER_H
#define VITRINE_READER_H

#include <vitrine/span.h>

VTR_BEGIN_DECLS

/** What has not been read. Copying it remembers the place. */
struct vtr_reader {
    struct vtr_span rest;
};

/** @return a reader before the first byte of @p s. */
VTR_INLINE VTR_MUST_USE struct vtr_reader vtr_reader_of(struct vtr_span s)
{
    struct vtr_reader r;
    r.rest = s;
    return r;
}

/** The next @p len bytes, in place. @param out untouched on false: there are fewer. */
VTR_INLINE VTR_MUST_USE bool vtr_reader_take(struct vtr_reader *r, size_t len, struct vtr_span *out)
{
    return vtr_span_split(r->rest, len, out, &r->rest);
}

/** Drops the next @p len bytes. @return false, and nothing dropped, if there are fewer. */
VTR_INLINE VTR_MUST_USE bool vtr_reader_skip(struct vtr_reader *r, size_t len)
{
    struct vtr_span skipped;
    return vtr_reader_take(r, len, &skipped);
}

/** Copies the next @p len bytes out. @return false, and nothing written, if there are fewer. */
VTR_INLINE VTR_MUST_USE bool vtr_reader_copy(struct vtr_reader *r, void *to, size_t len)
{
    return vtr_span_copy(r->rest, 0, to, len) && vtr_reader_skip(r, len);
}

/** The next byte. @param out untouched on false: there is none. */
VTR_INLINE VTR_MUST_USE bool vtr_reader_u8(struct vtr_reader *r, uint8_t *out)
{
    return vtr_reader_copy(r, out, sizeof *out);
}

/** The next bytes as a number. @param out untouched on false: there are too few. */
#define VTR_READER_READ_(order, host)                                                              \
    VTR_INLINE VTR_MUST_USE bool vtr_reader_##order(struct vtr_reader *r, host *out)               \
    {                                                                                              \
        return vtr_span_##order(r->rest, 0, out) && vtr_reader_skip(r, sizeof *out);               \
    }
VTR_READER_READ_(u16be, uint16_t)
VTR_READER_READ_(u32be, uint32_t)
VTR_READER_READ_(u64be, uint64_t)
VTR_READER_READ_(u16le, uint16_t)
VTR_READER_READ_(u32le, uint32_t)
VTR_READER_READ_(u64le, uint64_t)
#undef VTR_READER_READ_

/** The bytes behind a length of one byte. @param out untouched on false, like *r: not all there. */
VTR_INLINE VTR_MUST_USE bool vtr_reader_vector8(struct vtr_reader *r, struct vtr_span *out)
{
    struct vtr_reader at = *r;
    uint8_t len;
    if (!vtr_reader_u8(&at, &len) || !vtr_reader_take(&at, len, out))
        return false;
    *r = at;
    return true;
}

/** The bytes behind a length of two bytes, big-endian. @param out as vtr_reader_vector8(). */
VTR_INLINE VTR_MUST_USE bool vtr_reader_vector16(struct vtr_reader *r, struct vtr_span *out)
{
    struct vtr_reader at = *r;
    uint16_t len;
    if (!vtr_reader_u16be(&at, &len) || !vtr_reader_take(&at, len, out))
        return false;
    *r = at;
    return true;
}

/** Private: vtr_reader_view() without the type. */
VTR_INLINE VTR_MUST_USE const void *vtr_reader_view_(struct vtr_reader *r, size_t len)
{
    const void *view = vtr_span_view_(r->rest, 0, len);
    return vtr_reader_skip(r, len) ? view : NULL;
}

/**
 * The next bytes as a struct, in place.
 * `const struct vtr_udp *udp = vtr_reader_view(&r, struct vtr_udp);`
 * @param type  primitive (VTR_WIRE); another does not compile.
 * @return borrowed while the bytes are; NULL, and *r unchanged, if there are too few.
 */
#define vtr_reader_view(r, type)                                                                   \
    __extension__({                                                                                \
        VTR_ASSERT_PRIMITIVE_(type);                                                               \
        (const type *)vtr_reader_view_((r), sizeof(type));                                         \
    })

VTR_END_DECLS
#endif
