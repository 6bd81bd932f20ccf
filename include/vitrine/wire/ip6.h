/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * IPv6.
 * Not here: extension headers (ip6ext.h), numbers of protocols (ip.h), checksums (checksum.h).
 */
#ifndef VITRINE_WIRE_IP6_H
#define VITRINE_WIRE_IP6_H

#include <vitrine/parse.h>
#include <vitrine/wire/ip.h>

VTR_BEGIN_DECLS

/* IPv6: RFC 8200 section 3. Extension headers are payload here: ip6ext.h takes them. */

VTR_WIRE(vtr_ip6_addr, 16, (uint8_t, bytes, 0, [16]));

VTR_WIRE(vtr_ipv6, 40,
         (struct vtr_be32, version_class_flow, 0), /* vtr_ipv6_word() */
         (struct vtr_be16, payload_len, 4),        /* bytes, this header excluded */
         (uint8_t, next_header, 6),                /* VTR_IP_* or an extension header */
         (uint8_t, hop_limit, 7),
         (struct vtr_ip6_addr, src, 8),
         (struct vtr_ip6_addr, dst, 24));

/** @return the version: 6, or this is no IPv6. */
VTR_INLINE VTR_MUST_USE unsigned vtr_ipv6_version(const struct vtr_ipv6 *ip)
{
    return vtr_be32_get(ip->version_class_flow) >> 28;
}
/** @return the code point: RFC 2474. */
VTR_INLINE VTR_MUST_USE unsigned vtr_ipv6_dscp(const struct vtr_ipv6 *ip)
{
    return vtr_be32_get(ip->version_class_flow) >> 22 & 0x3fu;
}
/** @return the congestion bits: RFC 3168. */
VTR_INLINE VTR_MUST_USE unsigned vtr_ipv6_ecn(const struct vtr_ipv6 *ip)
{
    return vtr_be32_get(ip->version_class_flow) >> 20 & 3u;
}
/** @return the flow label: RFC 6437. */
VTR_INLINE VTR_MUST_USE uint32_t vtr_ipv6_flow(const struct vtr_ipv6 *ip)
{
    return vtr_be32_get(ip->version_class_flow) & 0xfffffu;
}
/** @return the first four bytes. @param flow the low 20 bits count. */
VTR_INLINE VTR_MUST_USE struct vtr_be32 vtr_ipv6_word(uint8_t dscp_ecn, uint32_t flow)
{
    return vtr_be32_make(6u << 28 | (uint32_t)dscp_ecn << 20 | (flow & 0xfffffu));
}

/**
 * Version 6, cut to the payload length. The payload begins with the extension headers, if any; that
 * of a jumbogram (RFC 2675), which states its length elsewhere, is empty.
 */
VTR_INLINE VTR_MUST_USE bool vtr_ipv6_measure(const struct vtr_ipv6 *h, size_t len,
                                              struct vtr_extent *e)
{
    (void)len;
    e->header = sizeof *h;
    e->end = sizeof *h + vtr_be16_get(h->payload_len);
    return vtr_ipv6_version(h) == 6;
}
VTR_TAKE(vtr_ipv6)

VTR_END_DECLS
#endif
