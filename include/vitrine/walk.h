/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Taking headers (parse.h) off the front of a vtr_data, wherever its segments end. Each type that
 * VTR_TAKE has made takers of can be taken here.
 *
 *   struct { struct vtr_ipv4 ip; struct vtr_udp udp; } scratch;
 *   struct vtr_data d = packet;                                  not a reference of its own
 *   if ((ip = vtr_data_take(vtr_ipv4, d, &scratch.ip, &d)) && ip->protocol == VTR_IP_UDP &&
 *       (udp = vtr_data_take(vtr_udp, d, &scratch.udp, &d)))
 *       on_datagram(udp, d);
 *
 * Owner: nobody. The data given back are borrowed and not counted: good while the packet's
 * reference is, and never to be unreferenced. To hold one longer: vtr_data_ref() of it.
 * Threads: any.
 * Not here: headers in one piece of memory (parse.h), reading at an offset (data.h).
 */
#ifndef VITRINE_WALK_H
#define VITRINE_WALK_H

#include <vitrine/data.h>
#include <vitrine/parse.h>
#include <vitrine/wire/ip6ext.h>

VTR_BEGIN_DECLS

/** Private: name_extent_() of a type, as VTR_TAKE makes it. */
typedef bool vtr_extent_fn_(const void *at, size_t len, struct vtr_extent *e);

/** Private: the part of @p d that was found to be inside it, borrowed. */
VTR_INLINE VTR_MUST_USE struct vtr_data vtr_data_part_(struct vtr_data d, size_t off, size_t len)
{
    d.off += (uint32_t)off;
    d.len = (uint32_t)len;
    return d;
}

/** Private: vtr_data_take_options() without the type. */
VTR_INLINE VTR_MUST_USE const void *vtr_data_take_(struct vtr_data d, size_t fixed,
                                                   vtr_extent_fn_ *extent, void *scratch,
                                                   struct vtr_data *options, struct vtr_data *rest)
{
    struct vtr_extent e;
    const void *header = vtr_data_view_(d, 0, fixed, scratch);
    if (header == NULL || !extent(header, d.len, &e))
        return NULL;
    *options = vtr_data_part_(d, fixed, e.header - fixed);
    *rest = vtr_data_part_(d, e.header, e.end - e.header);
    return header;
}

/**
 * A header with its options: name_take_options() of a vtr_data.
 * @param name     a struct of VTR_TAKE, without the word struct.
 * @param scratch  a struct name of the caller's: what it holds is undefined unless it is what was
 *                 returned.
 * @param options  a struct vtr_data, borrowed from @p d; untouched on NULL. vtr_data_flat() makes
 *                 of it what iterators read.
 * @param rest     likewise; may be the variable that @p d came from.
 * @return in place, or @p scratch where it straddles segments; NULL as of name_take().
 */
#define vtr_data_take_options(name, d, scratch, options, rest)                                     \
    ((const struct name *)vtr_data_take_((d), sizeof(struct name), name##_extent_,                 \
                                         (0 ? (struct name *)0 : (scratch)), (options), (rest)))

/** A header: name_take() of a vtr_data. As vtr_data_take_options(). */
#define vtr_data_take(name, d, scratch, rest)                                                      \
    __extension__({                                                                                \
        struct vtr_data vtr_options_;                                                              \
        vtr_data_take_options(name, d, scratch, &vtr_options_, rest);                              \
    })

/**
 * All of @p d in one piece, for a reader or an iterator.
 * @param scratch  @p room bytes of the caller's.
 * @param out      in place where @p d lies in one segment, else gathered into @p scratch; borrowed
 *                 from both. Untouched on false: @p d straddles and is longer than @p room.
 */
VTR_INLINE VTR_MUST_USE bool vtr_data_flat(struct vtr_data d, void *scratch, size_t room,
                                           struct vtr_span *out)
{
    struct vtr_span s = vtr_data_span(d);
    if (VTR_UNLIKELY(s.len != d.len)) {
        if (d.len > room || !vtr_data_gather(d, 0, scratch, d.len))
            return false;
        s = vtr_span_of(scratch, d.len);
    }
    *out = s;
    return true;
}

/** vtr_ip6_ext_next() of a vtr_data. @param d  left at what comes next. */
VTR_INLINE VTR_MUST_USE bool vtr_data_ip6_ext_next(struct vtr_data *d, struct vtr_ip6_walk *w)
{
    struct vtr_ip6_any_ h;
    bool there = vtr_data_gather(*d, 0, &h, sizeof h);
    size_t bytes = vtr_ip6_step_(w, there ? &h : NULL, d->len);
    return bytes != 0 && vtr_data_strip(d, bytes);
}

/** vtr_ip6_ext_skip() of a vtr_data. @param d  left at what comes next. */
VTR_INLINE VTR_MUST_USE enum vtr_ip6_stop vtr_data_ip6_ext_skip(struct vtr_data *d,
                                                                struct vtr_ip6_walk *w)
{
    while (vtr_data_ip6_ext_next(d, w))
        ;
    return w->stop;
}

VTR_END_DECLS
#endif
