/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Taking headers off the front of bytes that nobody has checked. Each call looks at the header in
 * place, tests every length in it against what is there, and gives back what the header encloses,
 * so later code has nothing left to check:
 *
 *   if ((eth = vtr_eth_take(s, &s)) && vtr_be16_get(eth->type) == VTR_ETH_IPV4 &&
 *       (ip = vtr_ipv4_take(s, &s)) && ip->protocol == VTR_IP_UDP && !vtr_ipv4_is_fragment(ip) &&
 *       (udp = vtr_udp_take(s, &s)))
 *       on_datagram(udp, s);
 *
 * Of all of them:
 *   s      borrowed.
 *   rest   what follows the header and its options, cut to the length that the header states. May
 *          be the variable that s came from. Untouched on NULL.
 *   @return the header in place, borrowed while the bytes of s are; NULL: cut short or malformed.
 * Owner: nobody.
 * Threads: any. A length is read once, so bytes that change meanwhile lead nowhere outside s.
 * Not here: checksums (checksum.h); what the fields mean.
 */
#ifndef VITRINE_PARSE_H
#define VITRINE_PARSE_H

#include <vitrine/reader.h>
#include <vitrine/wire.h>

VTR_BEGIN_DECLS

/** Private: a header that says nothing about its length or that of its payload. */
#define VTR_TAKE_FIXED_(name)                                                                      \
    VTR_INLINE VTR_MUST_USE const struct name *name##_take(struct vtr_span s,                      \
                                                           struct vtr_span *rest)                  \
    {                                                                                              \
        struct vtr_reader r = vtr_reader_of(s);                                                    \
        const struct name *header = vtr_reader_view(&r, struct name);                              \
        if (header != NULL)                                                                        \
            *rest = r.rest;                                                                        \
        return header;                                                                             \
    }

/** Any type field is taken, also one below VTR_ETH_TYPE_MIN; the rest may end in padding. */
VTR_TAKE_FIXED_(vtr_eth)
/** ICMP and ICMPv6: eight bytes in every message of RFC 792 and RFC 4443. */
VTR_TAKE_FIXED_(vtr_icmp)
/** Any sequence number and total are taken: a request has total 1, a reply more. */
VTR_TAKE_FIXED_(vtr_memcached_udp)

#undef VTR_TAKE_FIXED_

/** ARP for IPv4 over Ethernet; NULL also if it is for anything else. */
VTR_INLINE VTR_MUST_USE const struct vtr_arp *vtr_arp_take(struct vtr_span s, struct vtr_span *rest)
{
    struct vtr_reader r = vtr_reader_of(s);
    const struct vtr_arp *arp = vtr_reader_view(&r, struct vtr_arp);
    if (arp == NULL || vtr_be16_get(arp->hardware) != VTR_ARP_ETHERNET ||
        vtr_be16_get(arp->protocol) != VTR_ETH_IPV4 || arp->hardware_len != 6 ||
        arp->protocol_len != 4)
        return NULL;
    *rest = r.rest;
    return arp;
}

/** Private: a header with options: bytes [fixed, header) of @p s; its payload: [header, end). */
VTR_INLINE VTR_MUST_USE bool vtr_take_cut_(struct vtr_span s, size_t fixed, size_t header,
                                           size_t end, struct vtr_span *options,
                                           struct vtr_span *rest)
{
    if (header < fixed || end < header || !vtr_in_bounds(s.len, 0, end))
        return false;
    *options = vtr_span_part_(s, fixed, header - fixed);
    *rest = vtr_span_part_(s, header, end - header);
    return true;
}

/** vtr_ipv4_take() with the options, 0 to 40 bytes. @param options untouched on NULL. */
VTR_INLINE VTR_MUST_USE const struct vtr_ipv4 *
vtr_ipv4_take_options(struct vtr_span s, struct vtr_span *options, struct vtr_span *rest)
{
    const struct vtr_ipv4 *ip = vtr_span_view(s, 0, struct vtr_ipv4);
    if (ip == NULL)
        return NULL;
    struct vtr_ipv4 h = *ip;
    size_t header = vtr_ipv4_header_len(&h), end = vtr_be16_get(h.total_len);
    if (vtr_ipv4_version(&h) != 4 || !vtr_take_cut_(s, sizeof h, header, end, options, rest))
        return NULL;
    return ip;
}

/**
 * Version 4, a header of 20 bytes at least, and a total length that encloses it and is all there.
 * The rest of a fragment (vtr_ipv4_is_fragment()) need not begin with a header.
 */
VTR_INLINE VTR_MUST_USE const struct vtr_ipv4 *vtr_ipv4_take(struct vtr_span s,
                                                             struct vtr_span *rest)
{
    struct vtr_span options;
    return vtr_ipv4_take_options(s, &options, rest);
}

/**
 * Version 6 and a payload that is all there. The rest begins with the extension headers, if any. A
 * jumbogram (RFC 2675), which states its length elsewhere, has an empty rest.
 */
VTR_INLINE VTR_MUST_USE const struct vtr_ipv6 *vtr_ipv6_take(struct vtr_span s,
                                                             struct vtr_span *rest)
{
    struct vtr_reader r = vtr_reader_of(s);
    const struct vtr_ipv6 *ip = vtr_reader_view(&r, struct vtr_ipv6);
    if (ip == NULL || vtr_ipv6_version(ip) != 6 ||
        !vtr_reader_take(&r, vtr_be16_get(ip->payload_len), rest))
        return NULL;
    return ip;
}

/** A length of 8 at least that is all there; 0, as in a jumbogram, is none. */
VTR_INLINE VTR_MUST_USE const struct vtr_udp *vtr_udp_take(struct vtr_span s, struct vtr_span *rest)
{
    struct vtr_reader r = vtr_reader_of(s);
    const struct vtr_udp *udp = vtr_reader_view(&r, struct vtr_udp);
    if (udp == NULL)
        return NULL;
    size_t len = vtr_be16_get(udp->len);
    return len >= sizeof *udp && vtr_reader_take(&r, len - sizeof *udp, rest) ? udp : NULL;
}

/** vtr_tcp_take() with the options, 0 to 40 bytes. @param options untouched on NULL. */
VTR_INLINE VTR_MUST_USE const struct vtr_tcp *
vtr_tcp_take_options(struct vtr_span s, struct vtr_span *options, struct vtr_span *rest)
{
    const struct vtr_tcp *tcp = vtr_span_view(s, 0, struct vtr_tcp);
    if (tcp == NULL ||
        !vtr_take_cut_(s, sizeof *tcp, vtr_tcp_header_len(tcp), s.len, options, rest))
        return NULL;
    return tcp;
}

/** A data offset of 20 bytes at least that is all there. */
VTR_INLINE VTR_MUST_USE const struct vtr_tcp *vtr_tcp_take(struct vtr_span s, struct vtr_span *rest)
{
    struct vtr_span options;
    return vtr_tcp_take_options(s, &options, rest);
}

VTR_END_DECLS
#endif
