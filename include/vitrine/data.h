/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_data: an immutable run of bytes in one or more segments, shared by counted reference.
 * Owner: whoever holds a reference; the last one to drop it frees the blocks.
 * Threads: any thread may ref, unref and read; nobody can write what a vtr_data shows.
 * Not here: making one from scratch and owning one again (buf.h), of bytes that are there already
 * (adopt.h, static.h), holding it for long (keep.h), reading fields (span.h), sending it (port.h).
 *
 *                   moves payload bytes   costs
 * ref unref slice   no                    one count
 * strip trim        no                    nothing
 * join concat       no                    one count a segment, one list
 * prepend           the new bytes         the same, and a piece of the thread's header block
 * at view           view: if it straddles nothing; view: the bytes gathered
 * copy gather keep  yes; keep: if it pays
 */
#ifndef VITRINE_DATA_H
#define VITRINE_DATA_H

#include <vitrine/base.h>
#include <vitrine/debug.h>
#include <vitrine/heap.h>
#include <vitrine/inline/record.h>
#include <vitrine/span.h>

struct iovec;
struct vtr_buf;

VTR_BEGIN_DECLS

/** ABI: a value, passed in two registers. Only src/data/ looks inside. Zero is the empty data. */
struct vtr_data {
    uint64_t what; /**< private: a block or a segment list; 0 = nothing */
    uint32_t off;  /**< private: bytes */
    uint32_t len;  /**< bytes over all segments */
};
VTR_STATIC_ASSERT(sizeof(struct vtr_data) == 16, "vtr_data is ABI");
/** The empty data, as an initialiser. */
#define VTR_DATA_EMPTY { 0, 0, 0 }

/** The largest vtr_data in bytes. */
#define VTR_DATA_MAX UINT32_MAX

/* Make */

/**
 * Copies bytes into the heap, in as many blocks as they need.
 * @param bytes  borrowed; @p len of them.
 * @param out    owned on success, untouched on failure.
 * @return 0, -ENOMEM (the heap is at its limit), -EDQUOT (over its quota), -EMSGSIZE (more than
 *         VTR_DATA_MAX).
 */
VTR_API VTR_MUST_USE int vtr_data_copy(struct vtr_heap *heap, const void *bytes, size_t len,
                                       struct vtr_data *out);

/**
 * vtr_data_copy() of scattered bytes, gathered into as few blocks as they need.
 * @param iov  borrowed: iov[0..n), as for writev; empty entries are allowed.
 */
VTR_API VTR_MUST_USE int vtr_data_copy_iovec(struct vtr_heap *heap, const struct iovec *iov,
                                             unsigned n, struct vtr_data *out);

/* Share */

/** One more owner. @param d borrowed. @return owned. Cost: one add on one private cache line. */
VTR_INLINE VTR_MUST_USE struct vtr_data vtr_data_ref(struct vtr_data d)
{
    if (d.what != 0)
        vtr_record_ref_(d.what);
    return d;
}

/**
 * A part of @p d, sharing its bytes.
 * @param d    borrowed.
 * @param out  owned on true; untouched on false: the part is not inside @p d.
 * Cost: one count, whatever the size.
 */
VTR_INLINE VTR_MUST_USE bool vtr_data_slice(struct vtr_data d, size_t off, size_t len,
                                            struct vtr_data *out)
{
    if (!vtr_in_bounds(d.len, off, len))
        return false;
    if (len == 0)
        d.what = 0, d.off = 0;
    else
        vtr_record_ref_(d.what), d.off += (uint32_t)off;
    d.len = (uint32_t)len;
    *out = d;
    return true;
}

/** Drops the first @p len bytes of *d. @return false, and nothing changed, if it has fewer. */
VTR_INLINE VTR_MUST_USE bool vtr_data_strip(struct vtr_data *d, size_t len)
{
    if (len > d->len)
        return false;
    d->off += (uint32_t)len;
    d->len -= (uint32_t)len;
    return true;
}

/** Keeps the first @p len bytes of *d. @return false, and nothing changed, if it has fewer. */
VTR_INLINE VTR_MUST_USE bool vtr_data_trim(struct vtr_data *d, size_t len)
{
    if (len > d->len)
        return false;
    d->len = (uint32_t)len;
    return true;
}

/**
 * The bytes of parts[0..n), one after the other, as one value.
 * @param parts  borrowed.
 * @param out    owned on success, untouched on failure; must not be one of the parts.
 * @return 0, -ENOMEM, -EMSGSIZE (more than VTR_DATA_MAX bytes).
 * Cost: one count for each segment that is not empty; no byte is copied.
 */
VTR_API VTR_MUST_USE int vtr_data_join(const struct vtr_data *parts, unsigned n,
                                       struct vtr_data *out);

/** vtr_data_join() of two. */
VTR_API VTR_MUST_USE int vtr_data_concat(struct vtr_data a, struct vtr_data b,
                                         struct vtr_data *out);

/**
 * vtr_data_join() that takes the parts: cheaper by a count for each of them.
 * @param parts  consumed on success and left empty; on failure owned by the caller, unchanged.
 */
VTR_API VTR_MUST_USE int vtr_data_join_take(struct vtr_data *parts, unsigned n,
                                            struct vtr_data *out);

/**
 * A header and @p d. The header's bytes go into a piece of a block that the calling thread shares
 * among its headers.
 * @param header  borrowed, at most 1024 bytes.
 * @param d       borrowed.
 * @param out     owned on success, untouched on failure.
 * @return 0, -ENOMEM, -EDQUOT, -EMSGSIZE.
 */
VTR_API VTR_MUST_USE int vtr_data_prepend(struct vtr_heap *heap, const void *header, size_t len,
                                          struct vtr_data d, struct vtr_data *out);

/* Read */

/** Private: the segment of a list that holds byte @p off. */
VTR_API const uint8_t *vtr_list_at_(struct vtr_data d, size_t off, size_t *run);

/**
 * Where byte @p off lies.
 * @param run  how many bytes are contiguous from there, at least 1; untouched on NULL.
 * @return borrowed while @p d is referenced; NULL if @p off is not inside @p d.
 */
VTR_INLINE VTR_MUST_USE const uint8_t *vtr_data_at(struct vtr_data d, size_t off, size_t *run)
{
    if (off >= d.len)
        return NULL;
    if (VTR_UNLIKELY(d.what & VTR_WHAT_LIST))
        return vtr_list_at_(d, off, run);
    struct vtr_record *rec = vtr_what_record_(d.what);
    if (VTR_UNLIKELY(rec->gen != (uint16_t)(d.what >> VTR_WHAT_GEN_SHIFT)))
        vtr_record_broken_(d.what, "at");
    *run = d.len - off;
    return rec->base + d.off + off;
}

/** @return the first contiguous bytes: all of them, unless @p d has segments. */
VTR_INLINE VTR_MUST_USE struct vtr_span vtr_data_span(struct vtr_data d)
{
    struct vtr_span s = { NULL, 0 };
    s.ptr = vtr_data_at(d, 0, &s.len);
    return s;
}

/** Copies bytes out. @return false, and nothing written, if they are not all inside @p d. */
VTR_API VTR_MUST_USE bool vtr_data_gather(struct vtr_data d, size_t off, void *to, size_t len);

/** Private: vtr_data_view_() of a list that holds all of it. */
VTR_API const void *vtr_list_view_(struct vtr_data d, size_t off, size_t len, void *scratch);

/** Private: vtr_data_view() without the type. @param len  not zero. */
VTR_INLINE VTR_MUST_USE const void *vtr_data_view_(struct vtr_data d, size_t off, size_t len,
                                                   void *scratch)
{
    size_t run = 0;
    if (VTR_UNLIKELY(!vtr_in_bounds(d.len, off, len)))
        return NULL;
    if (VTR_UNLIKELY(d.what & VTR_WHAT_LIST))
        return vtr_list_view_(d, off, len, scratch);
    return vtr_data_at(d, off, &run);
}

/**
 * A wire struct at @p off, in place; gathered into *@p scratch only where it straddles segments.
 * `const struct vtr_udp *u = vtr_data_view(d, off, struct vtr_udp, &scratch);`
 * @param type     primitive (VTR_WIRE); another does not compile.
 * @param scratch  the caller's; what it holds is undefined unless it is what was returned.
 * @return borrowed while @p d is referenced and scratch lives; NULL if it is not inside @p d.
 */
#define vtr_data_view(d, off, type, scratch)                                                       \
    __extension__({                                                                                \
        VTR_ASSERT_PRIMITIVE_(type);                                                               \
        (const type *)vtr_data_view_((d), (off), sizeof(type), (0 ? (type *)0 : (scratch)));       \
    })

/** Segment by segment: `struct vtr_cursor c = vtr_cursor_of(d);`. Borrows @p d. */
struct vtr_cursor {
    struct vtr_data rest; /**< what has not been read; not a reference of its own */
};

/** @return a cursor before the first segment. */
VTR_INLINE VTR_MUST_USE struct vtr_cursor vtr_cursor_of(struct vtr_data d)
{
    struct vtr_cursor c;
    c.rest = d;
    return c;
}

/** The next contiguous bytes. @param out borrowed from the data; untouched on false: no more. */
VTR_INLINE VTR_MUST_USE bool vtr_cursor_next(struct vtr_cursor *c, struct vtr_span *out)
{
    struct vtr_span s = vtr_data_span(c->rest);
    if (s.ptr == NULL)
        return false;
    c->rest.off += (uint32_t)s.len;
    c->rest.len -= (uint32_t)s.len;
    *out = s;
    return true;
}

/** The next @p len bytes, copied out. @return false, and *c unchanged, if there are fewer. */
VTR_INLINE VTR_MUST_USE bool vtr_cursor_read(struct vtr_cursor *c, void *to, size_t len)
{
    return vtr_data_gather(c->rest, 0, to, len) && vtr_data_strip(&c->rest, len);
}

/** @return <0, 0 or >0 as memcmp(); a beginning is less than the whole. */
VTR_API VTR_MUST_USE int vtr_data_compare(struct vtr_data a, struct vtr_data b);

/** @return XXH3_64bits_withSeed() of the bytes, however they are cut: the same on every machine and
 * for ever. Collisions can be made by whoever knows the seed. */
VTR_API VTR_MUST_USE uint64_t vtr_data_hash(struct vtr_data d, uint64_t seed);

/**
 * For writev, sendmsg and io_uring.
 * @param iov  iov[0..n) is filled in order, as far as it goes; may be NULL if @p n is 0.
 * @return how many entries all of @p d needs. The pointers are for reading only.
 */
VTR_API VTR_MUST_USE unsigned vtr_data_to_iovec(struct vtr_data d, struct iovec *iov, unsigned n);

/* End */

/** Ends *d. @param d consumed, left empty; empty is allowed. */
VTR_INLINE void vtr_data_unref(struct vtr_data *d)
{
    uint64_t what = d->what;
    d->what = 0;
    d->off = d->len = 0;
    if (what != 0)
        vtr_record_unref_(what);
}

/** vtr_data_unref() of d[0..n). @param d consumed, left empty; empty ones are allowed. */
VTR_API void vtr_data_unref_bulk(struct vtr_data *d, unsigned n);

VTR_INLINE void vtr_data_cleanup_(struct vtr_data *d) { vtr_data_unref(d); }

#if defined VTR_DEBUG && !defined VTR_INSIDE_ /* debug.h: notes file and line */
VTR_INLINE void vtr_data_unref_here_(struct vtr_data *d, const char *file, int line)
{
    vtr_made_at_(file, line);
    vtr_data_unref(d);
    vtr_made_at_(NULL, 0);
}
#define vtr_data_unref(d) vtr_data_unref_here_((d), __FILE__, __LINE__)
#define vtr_data_unref_bulk(d, n) vtr_data_unref_bulk(VTR_HERE_(d), n)
#define vtr_data_copy(heap, ...) vtr_data_copy(VTR_HERE_(heap), __VA_ARGS__)
#define vtr_data_copy_iovec(heap, ...) vtr_data_copy_iovec(VTR_HERE_(heap), __VA_ARGS__)
#define vtr_data_prepend(heap, ...) vtr_data_prepend(VTR_HERE_(heap), __VA_ARGS__)
#endif

VTR_END_DECLS
#endif
