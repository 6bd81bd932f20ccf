/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The extension headers of IPv6, and a walk along them to what they precede.
 * Not here: what a routing header asks for, reassembly, decryption.
 */
#ifndef VITRINE_WIRE_IP6EXT_H
#define VITRINE_WIRE_IP6EXT_H

#include <vitrine/parse.h>
#include <vitrine/wire/ip6.h>

VTR_BEGIN_DECLS

/* Hop-by-hop and destination options: RFC 8200 sections 4.3 and 4.6. HIP (RFC 7401) and Shim6
 * (RFC 5533) begin alike. */

VTR_WIRE(vtr_ip6_ext, 2,
         (uint8_t, next_header, 0),
         (uint8_t, len, 1)); /* in 8 bytes, the first 8 excluded */

/** The options (vtr_ip6_option_next()) and what follows them. */
VTR_INLINE VTR_MUST_USE bool vtr_ip6_ext_measure(const struct vtr_ip6_ext *h, size_t len,
                                                 struct vtr_extent *e)
{
    e->header = (h->len + 1u) * 8u;
    e->end = len;
    return true;
}
VTR_TAKE(vtr_ip6_ext)

/* Routing header: RFC 8200 section 4.4; types: IANA "IPv6 Routing Types". */

VTR_WIRE(vtr_ip6_routing, 4,
         (struct vtr_ip6_ext, ext, 0),
         (uint8_t, type, 2), /* VTR_IP6_ROUTING_* */
         (uint8_t, segments_left, 3));

enum {
    VTR_IP6_ROUTING_SOURCE = 0, /* forbidden: RFC 5095 */
    VTR_IP6_ROUTING_HOME = 2,   /* RFC 6275 section 6.4 */
    VTR_IP6_ROUTING_RPL = 3,    /* RFC 6554 */
    VTR_IP6_ROUTING_SEGMENTS = 4, /* RFC 8754 */
};

/** The options are the data of the type. */
VTR_INLINE VTR_MUST_USE bool vtr_ip6_routing_measure(const struct vtr_ip6_routing *h, size_t len,
                                                     struct vtr_extent *e)
{
    return vtr_ip6_ext_measure(&h->ext, len, e);
}
VTR_TAKE(vtr_ip6_routing)

/* Fragment header: RFC 8200 section 4.5. */

VTR_WIRE(vtr_ip6_fragment, 8,
         (uint8_t, next_header, 0),
         (uint8_t, reserved, 1),
         (struct vtr_be16, off_flags, 2), /* offset in 8 bytes 13, reserved 2, more 1 */
         (struct vtr_be32, id, 4));

/** @return where in the whole datagram this part begins, in bytes: 0 to 65528. */
VTR_INLINE VTR_MUST_USE size_t vtr_ip6_fragment_off(const struct vtr_ip6_fragment *h)
{
    return vtr_be16_get(h->off_flags) & 0xfff8u;
}
/** @return whether parts follow. Neither so nor at an offset: it is whole (RFC 6946). */
VTR_INLINE VTR_MUST_USE bool vtr_ip6_fragment_more(const struct vtr_ip6_fragment *h)
{
    return (vtr_be16_get(h->off_flags) & 1u) != 0;
}
VTR_TAKE_FIXED(vtr_ip6_fragment)

/* Authentication header: RFC 4302 section 2. ESP: RFC 4303 section 2. Both of IPv4 as well. */

VTR_WIRE(vtr_ah, 12,
         (uint8_t, next_header, 0),
         (uint8_t, len, 1), /* in 4 bytes, the first 8 excluded */
         (struct vtr_be16, reserved, 2),
         (struct vtr_be32, spi, 4),
         (struct vtr_be32, seq, 8));

/** The options are the integrity check value. */
VTR_INLINE VTR_MUST_USE bool vtr_ah_measure(const struct vtr_ah *h, size_t len,
                                            struct vtr_extent *e)
{
    e->header = (h->len + 2u) * 4u;
    e->end = len;
    return true;
}
VTR_TAKE(vtr_ah)

VTR_WIRE(vtr_esp, 8, (struct vtr_be32, spi, 0), (struct vtr_be32, seq, 4));

/** What follows is encrypted, its protocol too. */
VTR_TAKE_FIXED(vtr_esp)

/* Mobility header: RFC 6275 section 6.1. */

VTR_WIRE(vtr_ip6_mobility, 6,
         (struct vtr_ip6_ext, ext, 0),
         (uint8_t, type, 2),
         (uint8_t, reserved, 3),
         (struct vtr_be16, sum, 4)); /* with the pseudo-header */

/** The options are the message's data. */
VTR_INLINE VTR_MUST_USE bool vtr_ip6_mobility_measure(const struct vtr_ip6_mobility *h, size_t len,
                                                      struct vtr_extent *e)
{
    return vtr_ip6_ext_measure(&h->ext, len, e);
}
VTR_TAKE(vtr_ip6_mobility)

/* Options of hop-by-hop and destination options headers: RFC 8200 section 4.2. */

enum {
    VTR_IP6_OPTION_PAD1 = 0,
    VTR_IP6_OPTION_PADN = 1,
    VTR_IP6_OPTION_ROUTER_ALERT = 5, /* RFC 2711 */
    VTR_IP6_OPTION_JUMBO = 0xc2,     /* RFC 2675 */
    VTR_IP6_OPTION_HOME = 0xc9,      /* RFC 6275 section 6.3 */
};

/** An option of the hop-by-hop or destination options. */
struct vtr_ip6_option {
    uint8_t type; /**< VTR_IP6_OPTION_*; high 2 bits: what who does not know it has to do */
    struct vtr_span value;
};

/** The next option, padding included. */
VTR_INLINE VTR_MUST_USE bool vtr_ip6_option_next(struct vtr_reader *r, struct vtr_ip6_option *out)
{
    struct vtr_reader from = *r;
    struct vtr_ip6_option option = { 0, { 0, 0 } };
    uint8_t len = 0;
    if (!vtr_reader_u8(&from, &option.type))
        return false;
    if (option.type != VTR_IP6_OPTION_PAD1 &&
        (!vtr_reader_u8(&from, &len) || !vtr_reader_take(&from, len, &option.value)))
        return false;
    *r = from;
    *out = option;
    return true;
}

/* The walk: RFC 8200 section 4 */

/** Why there is no next extension header. */
enum vtr_ip6_stop {
    VTR_IP6_GOES_ON,  /**< there may be one */
    VTR_IP6_PAYLOAD,  /**< protocol is none: it is the payload's */
    VTR_IP6_PART,     /**< the rest is the middle of a datagram: it begins with no header */
    VTR_IP6_SECRET,   /**< ESP: the rest begins with a struct vtr_esp */
    VTR_IP6_NOTHING,  /**< VTR_IP_NONE: what follows means nothing */
    VTR_IP6_CUT,      /**< the header that protocol names is not all there */
    VTR_IP6_TOO_MANY, /**< VTR_IP6_EXT_MAX were passed */
};

/** More than any packet of this world has; RFC 8504 section 5.3 lets a host drop far shorter. */
#define VTR_IP6_EXT_MAX 32u

/** How far a walk is. `struct vtr_ip6_walk w = vtr_ip6_walk_of(ip->next_header);` */
struct vtr_ip6_walk {
    uint8_t protocol;       /**< of what comes next: VTR_IP_* */
    uint8_t found;          /**< the extension header that was passed last: VTR_IP_* */
    uint8_t passed;         /**< how many extension headers were */
    bool fragment;          /**< one of them says that this is not the whole datagram */
    enum vtr_ip6_stop stop;
};

/** @return a walk before the first extension header. @param next_header  of the IPv6 header. */
VTR_INLINE VTR_MUST_USE struct vtr_ip6_walk vtr_ip6_walk_of(uint8_t next_header)
{
    struct vtr_ip6_walk w = { 0, 0, 0, false, VTR_IP6_GOES_ON };
    w.protocol = next_header;
    return w;
}

/** Private: what the protocol alone says; GOES_ON: it is an extension header. */
VTR_INLINE VTR_MUST_USE enum vtr_ip6_stop vtr_ip6_stop_at_(uint8_t protocol)
{
    switch (protocol) {
    case VTR_IP_HOP_BY_HOP:
    case VTR_IP_ROUTING:
    case VTR_IP_FRAGMENT:
    case VTR_IP_AH:
    case VTR_IP_DESTINATION_OPTIONS:
    case VTR_IP_MOBILITY:
    case VTR_IP_HIP:
    case VTR_IP_SHIM6:
        return VTR_IP6_GOES_ON;
    case VTR_IP_ESP:
        return VTR_IP6_SECRET;
    case VTR_IP_NONE:
        return VTR_IP6_NOTHING;
    default:
        return VTR_IP6_PAYLOAD;
    }
}

/** Private: what all that have a length of their own begin with; the shortest is as long. */
VTR_WIRE(vtr_ip6_any_, 8, (struct vtr_ip6_ext, ext, 0), (uint8_t, data, 2, [6]));

/** Private: passes the header that @p w is at. @return its bytes; 0: w->stop says why. */
VTR_INLINE VTR_MUST_USE size_t vtr_ip6_pass_(struct vtr_ip6_walk *w, const struct vtr_ip6_any_ *h,
                                             size_t len)
{
    size_t bytes = (h->ext.len + 1u) * 8u, least = sizeof *h;
    if (w->protocol == VTR_IP_FRAGMENT)
        bytes = sizeof(struct vtr_ip6_fragment);
    else if (w->protocol == VTR_IP_AH)
        bytes = (h->ext.len + 2u) * 4u, least = sizeof(struct vtr_ah);
    if (bytes < least || bytes > len) {
        w->stop = VTR_IP6_CUT;
        return 0;
    }
    if (w->protocol == VTR_IP_FRAGMENT) {
        bool off = h->data[0] != 0 || h->data[1] >= 8;
        w->fragment = w->fragment || off || (h->data[1] & 1u) != 0;
        w->stop = off ? VTR_IP6_PART : VTR_IP6_GOES_ON;
    }
    w->found = w->protocol;
    w->protocol = h->ext.next_header;
    w->passed++;
    return bytes;
}

/** Private: one step. @param h  what comes next; NULL: fewer bytes than any of them has. */
VTR_INLINE VTR_MUST_USE size_t vtr_ip6_step_(struct vtr_ip6_walk *w, const struct vtr_ip6_any_ *h,
                                             size_t len)
{
    if (w->stop == VTR_IP6_GOES_ON)
        w->stop = vtr_ip6_stop_at_(w->protocol);
    if (VTR_LIKELY(w->stop != VTR_IP6_GOES_ON))
        return 0;
    if (h != NULL && w->passed < VTR_IP6_EXT_MAX)
        return vtr_ip6_pass_(w, h, len);
    w->stop = h == NULL ? VTR_IP6_CUT : VTR_IP6_TOO_MANY;
    return 0;
}

/**
 * Passes the next extension header, w->found; a taker above gives what is in it:
 * `for (s = r.rest; vtr_ip6_ext_next(&r, &w); s = r.rest)`.
 * @return false: the reader is at what w->stop says, which w->protocol names.
 */
VTR_INLINE VTR_MUST_USE bool vtr_ip6_ext_next(struct vtr_reader *r, struct vtr_ip6_walk *w)
{
    struct vtr_ip6_any_ h;
    bool there = vtr_span_copy(r->rest, 0, &h, sizeof h);
    size_t bytes = vtr_ip6_step_(w, there ? &h : NULL, r->rest.len);
    return bytes != 0 && vtr_reader_skip(r, bytes);
}

/** Passes all of them. @return w->stop, never VTR_IP6_GOES_ON; the rest begins there. */
VTR_INLINE VTR_MUST_USE enum vtr_ip6_stop vtr_ip6_ext_skip(struct vtr_reader *r,
                                                           struct vtr_ip6_walk *w)
{
    while (vtr_ip6_ext_next(r, w))
        ;
    return w->stop;
}

VTR_END_DECLS
#endif
