/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The headers of the usual protocols as primitive structs, each with the document that it is from:
 * numbers in tuples are offsets in bytes, asserted.
 * Owner: nothing here owns anything.
 * Threads: any. An accessor reads its field once; take a length once, into a local, and test that.
 * Not here: whether bytes are such a header (parse.h), checksums (checksum.h).
 */
#ifndef VITRINE_WIRE_H
#define VITRINE_WIRE_H

#include <vitrine/primitive.h>

VTR_BEGIN_DECLS

/* Ethernet II: IEEE Std 802.3 clause 3.2, with the length/type field as a type. The frame check
 * sequence behind the payload is the device's business. Types: IANA "IEEE 802 Numbers". */

VTR_WIRE(vtr_mac, 6, (uint8_t, bytes, 0, [6]));

VTR_WIRE(vtr_eth, 14,
         (struct vtr_mac, dst, 0),
         (struct vtr_mac, src, 6),
         (struct vtr_be16, type, 12)); /* VTR_ETH_*; below VTR_ETH_TYPE_MIN it is a length */

enum {
    VTR_ETH_IPV4 = 0x0800,
    VTR_ETH_ARP = 0x0806,
    VTR_ETH_IPV6 = 0x86dd,
    VTR_ETH_TYPE_MIN = 0x0600,
};

/* ARP for IPv4 over Ethernet: RFC 826. */

VTR_WIRE(vtr_arp, 28,
         (struct vtr_be16, hardware, 0), /* VTR_ARP_ETHERNET */
         (struct vtr_be16, protocol, 2), /* VTR_ETH_IPV4 */
         (uint8_t, hardware_len, 4),     /* 6 */
         (uint8_t, protocol_len, 5),     /* 4 */
         (struct vtr_be16, op, 6),       /* VTR_ARP_REQUEST, VTR_ARP_REPLY */
         (struct vtr_mac, sender_mac, 8),
         (struct vtr_be32, sender_ip, 14),
         (struct vtr_mac, target_mac, 18),
         (struct vtr_be32, target_ip, 24));

enum {
    VTR_ARP_ETHERNET = 1,
    VTR_ARP_REQUEST = 1,
    VTR_ARP_REPLY = 2,
};

/* IPv4: RFC 791 section 3.1; the second byte as in RFC 2474 (DSCP) and RFC 3168 (ECN).
 * Protocols, of IPv6 as well: IANA "Assigned Internet Protocol Numbers". */

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
    VTR_IP_ICMP = 1,
    VTR_IP_TCP = 6,
    VTR_IP_UDP = 17,
    VTR_IP_ICMPV6 = 58,

    VTR_IPV4_PLAIN = 0x45,
    VTR_IPV4_DF = 0x4000,
    VTR_IPV4_MF = 0x2000,
    VTR_IPV4_FRAG_OFF = 0x1fff, /* in 8 bytes */
};

VTR_INLINE VTR_MUST_USE unsigned vtr_ipv4_version(const struct vtr_ipv4 *ip)
{
    return ip->version_ihl >> 4;
}
/** @return bytes, options included: 0 to 60; less than 20 is malformed. */
VTR_INLINE VTR_MUST_USE size_t vtr_ipv4_header_len(const struct vtr_ipv4 *ip)
{
    return (ip->version_ihl & 0x0fu) * 4u;
}
VTR_INLINE VTR_MUST_USE unsigned vtr_ipv4_dscp(const struct vtr_ipv4 *ip)
{
    return ip->dscp_ecn >> 2;
}
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

/* IPv6: RFC 8200 section 3. Extension headers are payload here. */

VTR_WIRE(vtr_ip6_addr, 16, (uint8_t, bytes, 0, [16]));

VTR_WIRE(vtr_ipv6, 40,
         (struct vtr_be32, version_class_flow, 0), /* vtr_ipv6_word() */
         (struct vtr_be16, payload_len, 4),        /* bytes, this header excluded */
         (uint8_t, next_header, 6),                /* VTR_IP_* or an extension header */
         (uint8_t, hop_limit, 7),
         (struct vtr_ip6_addr, src, 8),
         (struct vtr_ip6_addr, dst, 24));

VTR_INLINE VTR_MUST_USE unsigned vtr_ipv6_version(const struct vtr_ipv6 *ip)
{
    return vtr_be32_get(ip->version_class_flow) >> 28;
}
VTR_INLINE VTR_MUST_USE unsigned vtr_ipv6_dscp(const struct vtr_ipv6 *ip)
{
    return vtr_be32_get(ip->version_class_flow) >> 22 & 0x3fu;
}
VTR_INLINE VTR_MUST_USE unsigned vtr_ipv6_ecn(const struct vtr_ipv6 *ip)
{
    return vtr_be32_get(ip->version_class_flow) >> 20 & 3u;
}
VTR_INLINE VTR_MUST_USE uint32_t vtr_ipv6_flow(const struct vtr_ipv6 *ip)
{
    return vtr_be32_get(ip->version_class_flow) & 0xfffffu;
}
/** @return the first four bytes. @param flow the low 20 bits count. */
VTR_INLINE VTR_MUST_USE struct vtr_be32 vtr_ipv6_word(uint8_t dscp_ecn, uint32_t flow)
{
    return vtr_be32_make(6u << 28 | (uint32_t)dscp_ecn << 20 | (flow & 0xfffffu));
}

/* ICMP: RFC 792. ICMPv6: RFC 4443. */

VTR_WIRE(vtr_icmp, 8,
         (uint8_t, type, 0), /* VTR_ICMP_*, VTR_ICMPV6_* */
         (uint8_t, code, 1),
         (struct vtr_be16, sum, 2),  /* of ICMPv6: with the pseudo-header */
         (struct vtr_be16, id, 4),   /* of echo and its reply; else as the type says */
         (struct vtr_be16, seq, 6)); /* likewise */

enum {
    VTR_ICMP_ECHO_REPLY = 0,
    VTR_ICMP_UNREACHABLE = 3,
    VTR_ICMP_ECHO = 8,
    VTR_ICMP_TIME_EXCEEDED = 11,
    VTR_ICMP_PARAMETER_PROBLEM = 12,

    VTR_ICMPV6_UNREACHABLE = 1,
    VTR_ICMPV6_TOO_BIG = 2,
    VTR_ICMPV6_TIME_EXCEEDED = 3,
    VTR_ICMPV6_PARAMETER_PROBLEM = 4,
    VTR_ICMPV6_ECHO = 128,
    VTR_ICMPV6_ECHO_REPLY = 129,
};

/* UDP: RFC 768. */

VTR_WIRE(vtr_udp, 8,
         (struct vtr_be16, src, 0),
         (struct vtr_be16, dst, 2),
         (struct vtr_be16, len, 4),  /* bytes, header included */
         (struct vtr_be16, sum, 6)); /* 0: none was made */

/* TCP: RFC 9293 section 3.1. */

VTR_WIRE(vtr_tcp, 20,
         (struct vtr_be16, src, 0),
         (struct vtr_be16, dst, 2),
         (struct vtr_be32, seq, 4),
         (struct vtr_be32, ack, 8),
         (uint8_t, data_off, 12), /* high 4 bits: header in 4 bytes; VTR_TCP_PLAIN */
         (uint8_t, flags, 13),
         (struct vtr_be16, window, 14),
         (struct vtr_be16, sum, 16),
         (struct vtr_be16, urgent, 18));

enum {
    VTR_TCP_FIN = 1u << 0,
    VTR_TCP_SYN = 1u << 1,
    VTR_TCP_RST = 1u << 2,
    VTR_TCP_PSH = 1u << 3,
    VTR_TCP_ACK = 1u << 4,
    VTR_TCP_URG = 1u << 5,
    VTR_TCP_ECE = 1u << 6,
    VTR_TCP_CWR = 1u << 7,

    VTR_TCP_PLAIN = 0x50, /* no options */
};

/** @return bytes, options included: 0 to 60; less than 20 is malformed. */
VTR_INLINE VTR_MUST_USE size_t vtr_tcp_header_len(const struct vtr_tcp *tcp)
{
    return (tcp->data_off >> 4) * 4u;
}

/* memcached over UDP: doc/protocol.txt of memcached, "UDP protocol". */

VTR_WIRE(vtr_memcached_udp, 8,
         (struct vtr_be16, id, 0),        /* the client's; a reply repeats it */
         (struct vtr_be16, seq, 2),       /* of this datagram in the message, from 0 */
         (struct vtr_be16, total, 4),     /* datagrams of the message */
         (struct vtr_be16, reserved, 6)); /* 0 */

enum { VTR_MEMCACHED_PORT = 11211 };

VTR_END_DECLS
#endif
