/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_writer: bytes written front to back into room of a fixed size. A write that does not fit
 * changes nothing, neither the writer nor a byte of the room.
 * Owner: nobody; it borrows the room it was made of.
 * Threads: one at a time.
 * Not here: where the room comes from (vtr_buf_reserve() in buf.h, or any array).
 */
#ifndef VITRINE_WRITER_H
#define VITRINE_WRITER_H

#include <vitrine/span.h>

VTR_BEGIN_DECLS

/** Room, and how much of it is written. */
struct vtr_writer {
    uint8_t *ptr; /**< the room */
    size_t cap;   /**< bytes of room */
    size_t len;   /**< bytes written so far, at most @ref cap */
};

/** @return a writer at the beginning of @p cap bytes of room at @p room. */
VTR_INLINE VTR_MUST_USE struct vtr_writer vtr_writer_of(void *room, size_t cap)
{
    struct vtr_writer w;
    w.ptr = (uint8_t *)room;
    w.cap = cap;
    w.len = 0;
    return w;
}

/** @return what has been written, borrowed: later writes do not move it, patches change it. */
VTR_INLINE VTR_MUST_USE struct vtr_span vtr_writer_span(const struct vtr_writer *w)
{
    return vtr_span_of(w->ptr, w->len);
}

/** Appends @p len bytes. @param bytes borrowed. @return false, and nothing changed: no room. */
VTR_INLINE VTR_MUST_USE bool vtr_writer_put(struct vtr_writer *w, const void *bytes, size_t len)
{
    if (!vtr_in_bounds(w->cap, w->len, len))
        return false;
    if (len != 0)
        memcpy(w->ptr + w->len, bytes, len);
    w->len += len;
    return true;
}

/** Writes over @p len bytes at @p off. @return false, and nothing changed: not written so far. */
VTR_INLINE VTR_MUST_USE bool vtr_writer_patch(struct vtr_writer *w, size_t off, const void *bytes,
                                              size_t len)
{
    if (!vtr_in_bounds(w->len, off, len))
        return false;
    if (len != 0)
        memcpy(w->ptr + off, bytes, len);
    return true;
}

/** Appends a byte. @return false, and nothing changed: no room. */
VTR_INLINE VTR_MUST_USE bool vtr_writer_u8(struct vtr_writer *w, uint8_t v)
{
    return vtr_writer_put(w, &v, sizeof v);
}

/** Appends a number; and writes one over what was written at @p off, for a length known late. */
#define VTR_WRITER_WRITE_(order, host, wire)                                                       \
    VTR_INLINE VTR_MUST_USE bool vtr_writer_##order(struct vtr_writer *w, host v)                  \
    {                                                                                              \
        struct wire x = wire##_make(v);                                                            \
        return vtr_writer_put(w, &x, sizeof x);                                                    \
    }                                                                                              \
    VTR_INLINE VTR_MUST_USE bool vtr_writer_patch_##order(struct vtr_writer *w, size_t off,        \
                                                          host v)                                  \
    {                                                                                              \
        struct wire x = wire##_make(v);                                                            \
        return vtr_writer_patch(w, off, &x, sizeof x);                                             \
    }
VTR_WRITER_WRITE_(u16be, uint16_t, vtr_be16)
VTR_WRITER_WRITE_(u32be, uint32_t, vtr_be32)
VTR_WRITER_WRITE_(u64be, uint64_t, vtr_be64)
VTR_WRITER_WRITE_(u16le, uint16_t, vtr_le16)
VTR_WRITER_WRITE_(u32le, uint32_t, vtr_le32)
VTR_WRITER_WRITE_(u64le, uint64_t, vtr_le64)
#undef VTR_WRITER_WRITE_

/** Private: vtr_writer_claim() without the type. */
VTR_INLINE VTR_MUST_USE void *vtr_writer_claim_(struct vtr_writer *w, size_t len)
{
    if (!vtr_in_bounds(w->cap, w->len, len))
        return NULL;
    void *claimed = w->ptr + w->len;
    w->len += len;
    return memset(claimed, 0, len);
}

/**
 * Appends a struct, to be filled in place.
 * `struct vtr_udp *udp = vtr_writer_claim(&w, struct vtr_udp);`
 * It begins as zeros, so that what the room held before cannot leak out.
 * @param type  primitive (VTR_WIRE); another does not compile.
 * @return borrowed while the room is; NULL, and nothing changed: no room.
 */
#define vtr_writer_claim(w, type)                                                                  \
    __extension__({                                                                                \
        VTR_ASSERT_PRIMITIVE_(type);                                                               \
        (type *)vtr_writer_claim_((w), sizeof(type));                                              \
    })

VTR_END_DECLS
#endif
