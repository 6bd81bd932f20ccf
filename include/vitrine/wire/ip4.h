/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * IPv4 and its options.
 * Not here: reassembly; checksums (checksum.h).
 */
#ifndef VITRINE_WIRE_IP4_H
#define VITRINE_WIRE_IP4_H

#include <vitrine/parse.h>
#include <vitrine/wire/ip.h>

VTR_BEGIN_DECLS

/* IPv4: RFC 791 section 3.1; the second byte as in RFC 2474 (DSCP) and RFC 3168 (ECN). */

VTR_WIRE(vtr_ipv4, 20,
         (uint8_t, version_ihl, 0), /* VTR_IPV4_PLAIN: version 4, no options */
         (uint8_t, dscp_ecn, 1),
         (struct vtr_be16, total_len, 2), /* bytes, header included */
         (struct vtr_be16, id, 4),
         (struct vtr_be16, frag, 6), /* VTR_IPV4_DF, VTR_IPV4_MF, offset / 8 */
         (uint8_t, ttl, 8),
         (uint8_t, protocol, 9), /* VTR_IP_* */
         (struct vtr_be16, sum, 10),
         (struct vtr_be32, src, 12),
         (struct vtr_be32, dst, 16));

enum {
    VTR_IPV4_PLAIN = 0x45,
    VTR_IPV4_DF = 0x4000,
    VTR_IPV4_MF = 0x2000,
    VTR_IPV4_FRAG_OFF = 0x1fff, /* in 8 bytes */
};

/** @return the version: 4, or this is no IPv4. */
VTR_INLINE VTR_MUST_USE unsigned vtr_ipv4_version(const struct vtr_ipv4 *ip)
{
    return ip->version_ihl >> 4;
}
/** @return bytes, options included: 0 to 60; less than 20 is malformed. */
VTR_INLINE VTR_MUST_USE size_t vtr_ipv4_header_len(const struct vtr_ipv4 *ip)
{
    return (ip->version_ihl & 0x0fu) * 4u;
}
/** @return the code point: RFC 2474. */
VTR_INLINE VTR_MUST_USE unsigned vtr_ipv4_dscp(const struct vtr_ipv4 *ip)
{
    return ip->dscp_ecn >> 2;
}
/** @return the congestion bits: RFC 3168. */
VTR_INLINE VTR_MUST_USE unsigned vtr_ipv4_ecn(const struct vtr_ipv4 *ip)
{
    return ip->dscp_ecn & 3u;
}
/** @return VTR_IPV4_DF and VTR_IPV4_MF. */
VTR_INLINE VTR_MUST_USE unsigned vtr_ipv4_flags(const struct vtr_ipv4 *ip)
{
    return vtr_be16_get(ip->frag) & (VTR_IPV4_DF | VTR_IPV4_MF);
}
/** @return where in the whole datagram this fragment's payload begins, in bytes: 0 to 65528. */
VTR_INLINE VTR_MUST_USE size_t vtr_ipv4_frag_off(const struct vtr_ipv4 *ip)
{
    return (vtr_be16_get(ip->frag) & VTR_IPV4_FRAG_OFF) * 8u;
}
/** @return whether the payload is only a part: it need not begin with a UDP or TCP header. */
VTR_INLINE VTR_MUST_USE bool vtr_ipv4_is_fragment(const struct vtr_ipv4 *ip)
{
    return (vtr_be16_get(ip->frag) & (VTR_IPV4_MF | VTR_IPV4_FRAG_OFF)) != 0;
}

/**
 * Version 4 with 0 to 40 bytes of options, cut to the total length. The payload of a fragment
 * (vtr_ipv4_is_fragment()) need not begin with a header.
 */
VTR_INLINE VTR_MUST_USE bool vtr_ipv4_measure(const struct vtr_ipv4 *h, size_t len,
                                              struct vtr_extent *e)
{
    (void)len;
    e->end = vtr_be16_get(h->total_len);
    /* Foretold, so that what follows need not wait for the length to be read and computed. */
    if (VTR_LIKELY(h->version_ihl == VTR_IPV4_PLAIN)) {
        e->header = sizeof *h;
        return true;
    }
    e->header = vtr_ipv4_header_len(h);
    return vtr_ipv4_version(h) == 4;
}
VTR_TAKE(vtr_ipv4)


/* Options: RFC 791 section 3.1 and as said; IANA "IP Option Numbers". */

enum {
    VTR_IPV4_OPTION_RECORD_ROUTE = 7,
    VTR_IPV4_OPTION_TIMESTAMP = 68,
    VTR_IPV4_OPTION_SECURITY = 130, /* RFC 1108 */
    VTR_IPV4_OPTION_LOOSE_ROUTE = 131,
    VTR_IPV4_OPTION_CIPSO = 134,
    VTR_IPV4_OPTION_STREAM = 136,
    VTR_IPV4_OPTION_STRICT_ROUTE = 137,
    VTR_IPV4_OPTION_ROUTER_ALERT = 148, /* RFC 2113 */

    VTR_IPV4_OPTION_COPIED = 0x80, /* in every fragment */
};

/** The next of the options of an IPv4 header, VTR_OPTION_NOP included; VTR_OPTION_END ends them. */
VTR_INLINE VTR_MUST_USE bool vtr_ipv4_option_next(struct vtr_reader *r, struct vtr_option *out)
{
    return vtr_option_next_(r, out);
}

VTR_END_DECLS
#endif
