/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Neighbor discovery: five messages of ICMPv6, and their options.
 * Not here: answering them; whether they come from the link (a hop limit of 255: ip6.h).
 */
#ifndef VITRINE_WIRE_ND_H
#define VITRINE_WIRE_ND_H

#include <vitrine/parse.h>
#include <vitrine/wire/eth.h>
#include <vitrine/wire/ip6.h>

VTR_BEGIN_DECLS

/* Messages: RFC 4861 section 4. A taker looks at type and code; what follows is options. */

enum {
    VTR_ND_RS = 133,
    VTR_ND_RA = 134,
    VTR_ND_NS = 135,
    VTR_ND_NA = 136,
    VTR_ND_REDIRECT = 137,

    VTR_ND_RA_MANAGED = 0x80,
    VTR_ND_RA_OTHER = 0x40,
};

/** From a router. */
#define VTR_ND_NA_ROUTER 0x80000000u
/** In answer to a solicitation. */
#define VTR_ND_NA_SOLICITED 0x40000000u
/** In place of what is known. */
#define VTR_ND_NA_OVERRIDE 0x20000000u

VTR_WIRE(vtr_nd_rs, 8,
         (uint8_t, type, 0),
         (uint8_t, code, 1),
         (struct vtr_be16, sum, 2),
         (struct vtr_be32, reserved, 4));

/** Router solicitation: section 4.1. */
VTR_INLINE VTR_MUST_USE bool vtr_nd_rs_measure(const struct vtr_nd_rs *h, size_t len,
                                               struct vtr_extent *e)
{
    e->header = sizeof *h;
    e->end = len;
    return h->type == VTR_ND_RS && h->code == 0;
}
VTR_TAKE(vtr_nd_rs)

VTR_WIRE(vtr_nd_ra, 16,
         (uint8_t, type, 0),
         (uint8_t, code, 1),
         (struct vtr_be16, sum, 2),
         (uint8_t, hop_limit, 4),
         (uint8_t, flags, 5), /* VTR_ND_RA_* */
         (struct vtr_be16, lifetime_s, 6),
         (struct vtr_be32, reachable_ms, 8),
         (struct vtr_be32, retrans_ms, 12));

/** Router advertisement: section 4.2. */
VTR_INLINE VTR_MUST_USE bool vtr_nd_ra_measure(const struct vtr_nd_ra *h, size_t len,
                                               struct vtr_extent *e)
{
    e->header = sizeof *h;
    e->end = len;
    return h->type == VTR_ND_RA && h->code == 0;
}
VTR_TAKE(vtr_nd_ra)

VTR_WIRE(vtr_nd_ns, 24,
         (uint8_t, type, 0),
         (uint8_t, code, 1),
         (struct vtr_be16, sum, 2),
         (struct vtr_be32, reserved, 4),
         (struct vtr_ip6_addr, target, 8));

/** Neighbor solicitation: section 4.3. */
VTR_INLINE VTR_MUST_USE bool vtr_nd_ns_measure(const struct vtr_nd_ns *h, size_t len,
                                               struct vtr_extent *e)
{
    e->header = sizeof *h;
    e->end = len;
    return h->type == VTR_ND_NS && h->code == 0;
}
VTR_TAKE(vtr_nd_ns)

VTR_WIRE(vtr_nd_na, 24,
         (uint8_t, type, 0),
         (uint8_t, code, 1),
         (struct vtr_be16, sum, 2),
         (struct vtr_be32, flags, 4), /* VTR_ND_NA_* */
         (struct vtr_ip6_addr, target, 8));

/** Neighbor advertisement: section 4.4. */
VTR_INLINE VTR_MUST_USE bool vtr_nd_na_measure(const struct vtr_nd_na *h, size_t len,
                                               struct vtr_extent *e)
{
    e->header = sizeof *h;
    e->end = len;
    return h->type == VTR_ND_NA && h->code == 0;
}
VTR_TAKE(vtr_nd_na)

VTR_WIRE(vtr_nd_redirect, 40,
         (uint8_t, type, 0),
         (uint8_t, code, 1),
         (struct vtr_be16, sum, 2),
         (struct vtr_be32, reserved, 4),
         (struct vtr_ip6_addr, target, 8),
         (struct vtr_ip6_addr, dst, 24));

/** Redirect: section 4.5. */
VTR_INLINE VTR_MUST_USE bool vtr_nd_redirect_measure(const struct vtr_nd_redirect *h, size_t len,
                                                     struct vtr_extent *e)
{
    e->header = sizeof *h;
    e->end = len;
    return h->type == VTR_ND_REDIRECT && h->code == 0;
}
VTR_TAKE(vtr_nd_redirect)

/* Options: RFC 4861 section 4.6, and as said. The structs are an option's value. */

enum {
    VTR_ND_OPTION_SOURCE = 1, /* a link-layer address: struct vtr_mac, on Ethernet */
    VTR_ND_OPTION_TARGET = 2, /* likewise */
    VTR_ND_OPTION_PREFIX = 3, /* struct vtr_nd_prefix */
    VTR_ND_OPTION_REDIRECTED = 4, /* 6 bytes reserved, then the packet's beginning */
    VTR_ND_OPTION_MTU = 5,    /* struct vtr_nd_mtu */
    VTR_ND_OPTION_ROUTE = 24, /* RFC 4191 section 2.3 */
    VTR_ND_OPTION_RDNSS = 25, /* RFC 8106 section 5.1: struct vtr_nd_rdnss, then addresses */
    VTR_ND_OPTION_DNSSL = 31, /* RFC 8106 section 5.2 */

    VTR_ND_PREFIX_ON_LINK = 0x80,
    VTR_ND_PREFIX_AUTONOMOUS = 0x40,
};

VTR_WIRE(vtr_nd_prefix, 30,
         (uint8_t, prefix_len, 0), /* bits */
         (uint8_t, flags, 1),      /* VTR_ND_PREFIX_* */
         (struct vtr_be32, valid_s, 2),
         (struct vtr_be32, preferred_s, 6),
         (struct vtr_be32, reserved, 10),
         (struct vtr_ip6_addr, prefix, 14));

VTR_WIRE(vtr_nd_mtu, 6, (struct vtr_be16, reserved, 0), (struct vtr_be32, mtu, 2));

VTR_WIRE(vtr_nd_rdnss, 6, (struct vtr_be16, reserved, 0), (struct vtr_be32, lifetime_s, 2));

/** An option of a message. */
struct vtr_nd_option {
    uint8_t type; /**< VTR_ND_OPTION_* */
    struct vtr_span value; /**< 6 bytes at least: vtr_span_view() it */
};

/** The next option. A length of 0 is malformed: RFC 4861 section 6.1.1. */
VTR_INLINE VTR_MUST_USE bool vtr_nd_option_next(struct vtr_reader *r, struct vtr_nd_option *out)
{
    struct vtr_reader from = *r;
    struct vtr_nd_option option;
    uint8_t words;
    if (!vtr_reader_u8(&from, &option.type) || !vtr_reader_u8(&from, &words) || words == 0 ||
        !vtr_reader_take(&from, words * 8u - 2u, &option.value))
        return false;
    *r = from;
    *out = option;
    return true;
}

VTR_END_DECLS
#endif
