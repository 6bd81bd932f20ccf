/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Parsing a packet down to what a program wants of it: by takers, which check every length, and by
 * casts of pointers, which check none. Both ask what protocol comes next, and read the same fields.
 * Where the next packet lies hangs on what was read of the last one, as it does in a queue.
 */
#include "core/parse.h"

#include <vitrine/wire.h>

#define MACS 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1
#define DOC6 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0

static const uint8_t UDP4[] = {
    MACS, 0x08, 0x00,                                                        /* Ethernet */
    0x45, 0, 0, 46, 0, 1, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, /* IPv4 */
    0x9c, 0x40, 0, 53, 0, 26, 0, 0,                                          /* UDP */
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
};

static const uint8_t TCP6[] = {
    MACS, 0x86, 0xdd,                                                            /* Ethernet */
    0x60, 0, 0, 0, 0, 40, 6, 64, DOC6, 1, DOC6, 2,                               /* IPv6 */
    0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0xa0, 2, 0xff, 0xff, 0, 0, 0, 0,  /* TCP */
    2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7,              /* options */
};

static const uint8_t VXLAN[] = {
    MACS, 0x08, 0x00,                                                        /* Ethernet */
    0x45, 0, 0, 94, 0, 1, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, /* IPv4 */
    0x9c, 0x40, 0x12, 0xb5, 0, 74, 0, 0,                                     /* UDP */
    VTR_VXLAN_I, 0, 0, 0, 0, 0, 77, 0,                                       /* VXLAN */
    MACS, 0x08, 0x00,                                                        /* Ethernet */
    0x45, 0, 0, 44, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,    /* IPv4 */
    0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0, /* TCP */
    'd', 'a', 't', 'a',
};

/* What a parser is for: addresses, ports, and where the payload is. */
static inline uint64_t said4(const struct vtr_ipv4 *ip, struct vtr_be16 src, struct vtr_be16 dst,
                             size_t payload)
{
    return (uint64_t)vtr_be32_get(ip->src) + vtr_be32_get(ip->dst) + vtr_be16_get(src) +
           vtr_be16_get(dst) + payload;
}

static inline uint64_t udp4(struct vtr_span s)
{
    const struct vtr_eth *eth = vtr_eth_take(s, &s);
    if (eth == NULL || vtr_be16_get(eth->type) != VTR_ETH_IPV4)
        return 0;
    const struct vtr_ipv4 *ip = vtr_ipv4_take(s, &s);
    if (ip == NULL || ip->protocol != VTR_IP_UDP || vtr_ipv4_is_fragment(ip))
        return 0;
    const struct vtr_udp *udp = vtr_udp_take(s, &s);
    return udp != NULL ? said4(ip, udp->src, udp->dst, s.len) : 0;
}

static inline uint64_t unchecked_udp4(struct vtr_span s)
{
    const struct vtr_eth *eth = (const struct vtr_eth *)s.ptr;
    const struct vtr_ipv4 *ip = (const struct vtr_ipv4 *)(eth + 1);
    if (vtr_be16_get(eth->type) != VTR_ETH_IPV4)
        return 0;
    const uint8_t *after = (const uint8_t *)ip + vtr_ipv4_header_len(ip);
    const struct vtr_udp *udp = (const struct vtr_udp *)after;
    if (ip->protocol != VTR_IP_UDP || vtr_ipv4_is_fragment(ip))
        return 0;
    return said4(ip, udp->src, udp->dst, vtr_be16_get(udp->len) - sizeof *udp);
}

static inline uint64_t said6(const struct vtr_ipv6 *ip, const struct vtr_tcp *tcp)
{
    uint64_t src, dst;
    memcpy(&src, ip->src.bytes + 8, sizeof src);
    memcpy(&dst, ip->dst.bytes + 8, sizeof dst);
    return src + dst + vtr_be16_get(tcp->src) + vtr_be16_get(tcp->dst);
}

/* What of an option a connection wants. */
static inline uint64_t said_option(const struct vtr_option *o)
{
    const struct vtr_tcp_timestamps *stamps;
    uint16_t mss;
    uint8_t shift;
    switch (o->kind) {
    case VTR_TCP_OPTION_MSS:
        return vtr_tcp_option_mss(o, &mss) ? mss : 0;
    case VTR_TCP_OPTION_WINDOW_SCALE:
        return vtr_tcp_option_window_scale(o, &shift) ? shift : 0;
    case VTR_TCP_OPTION_TIMESTAMPS:
        stamps = vtr_tcp_option_timestamps(o);
        return stamps != NULL ? vtr_be32_get(stamps->value) : 0;
    default:
        return 0;
    }
}

static inline uint64_t unchecked_option(uint8_t kind, const uint8_t *value)
{
    switch (kind) {
    case VTR_TCP_OPTION_MSS:
        return vtr_be16_get(*(const struct vtr_be16 *)value);
    case VTR_TCP_OPTION_WINDOW_SCALE:
        return *value;
    case VTR_TCP_OPTION_TIMESTAMPS:
        return vtr_be32_get(*(const struct vtr_be32 *)value);
    default:
        return 0;
    }
}

static inline uint64_t tcp6(struct vtr_span s)
{
    struct vtr_span options;
    const struct vtr_eth *eth = vtr_eth_take(s, &s);
    if (eth == NULL || vtr_be16_get(eth->type) != VTR_ETH_IPV6)
        return 0;
    const struct vtr_ipv6 *ip = vtr_ipv6_take(s, &s);
    if (ip == NULL || ip->next_header != VTR_IP_TCP)
        return 0;
    const struct vtr_tcp *tcp = vtr_tcp_take_options(s, &options, &s);
    if (tcp == NULL)
        return 0;
    uint64_t sum = said6(ip, tcp) + s.len;
    struct vtr_reader r = vtr_reader_of(options);
    struct vtr_option o;
    while (vtr_tcp_option_next(&r, &o))
        sum += said_option(&o);
    return sum;
}

static inline uint64_t unchecked_tcp6(struct vtr_span s)
{
    const struct vtr_eth *eth = (const struct vtr_eth *)s.ptr;
    const struct vtr_ipv6 *ip = (const struct vtr_ipv6 *)(eth + 1);
    const struct vtr_tcp *tcp = (const struct vtr_tcp *)(ip + 1);
    if (vtr_be16_get(eth->type) != VTR_ETH_IPV6 || ip->next_header != VTR_IP_TCP)
        return 0;
    size_t header = vtr_tcp_header_len(tcp);
    uint64_t sum = said6(ip, tcp) + vtr_be16_get(ip->payload_len) - header;
    const uint8_t *at = (const uint8_t *)(tcp + 1), *end = (const uint8_t *)tcp + header;
    while (at < end && *at != VTR_OPTION_END) {
        if (*at == VTR_OPTION_NOP) {
            at++;
            continue;
        }
        sum += unchecked_option(at[0], at + 2);
        at += at[1];
    }
    return sum;
}

static inline uint64_t inner(const struct vtr_vxlan *vxlan, const struct vtr_ipv4 *ip,
                             const struct vtr_tcp *tcp, size_t payload)
{
    return vtr_vxlan_vni(vxlan) + said4(ip, tcp->src, tcp->dst, payload);
}

static inline uint64_t vxlan(struct vtr_span s)
{
    const struct vtr_eth *eth = vtr_eth_take(s, &s);
    if (eth == NULL || vtr_be16_get(eth->type) != VTR_ETH_IPV4)
        return 0;
    const struct vtr_ipv4 *ip = vtr_ipv4_take(s, &s);
    if (ip == NULL || ip->protocol != VTR_IP_UDP || vtr_ipv4_is_fragment(ip))
        return 0;
    const struct vtr_udp *udp = vtr_udp_take(s, &s);
    if (udp == NULL || vtr_be16_get(udp->dst) != VTR_VXLAN_PORT)
        return 0;
    const struct vtr_vxlan *vx = vtr_vxlan_take(s, &s);
    if (vx == NULL || (eth = vtr_eth_take(s, &s)) == NULL ||
        vtr_be16_get(eth->type) != VTR_ETH_IPV4 || (ip = vtr_ipv4_take(s, &s)) == NULL ||
        ip->protocol != VTR_IP_TCP || vtr_ipv4_is_fragment(ip))
        return 0;
    const struct vtr_tcp *tcp = vtr_tcp_take(s, &s);
    return tcp != NULL ? inner(vx, ip, tcp, s.len) : 0;
}

static inline uint64_t unchecked_vxlan(struct vtr_span s)
{
    const struct vtr_eth *eth = (const struct vtr_eth *)s.ptr;
    const struct vtr_ipv4 *ip = (const struct vtr_ipv4 *)(eth + 1);
    if (vtr_be16_get(eth->type) != VTR_ETH_IPV4 || ip->protocol != VTR_IP_UDP ||
        vtr_ipv4_is_fragment(ip))
        return 0;
    const uint8_t *at = (const uint8_t *)ip + vtr_ipv4_header_len(ip);
    const struct vtr_udp *udp = (const struct vtr_udp *)at;
    const struct vtr_vxlan *vx = (const struct vtr_vxlan *)(udp + 1);
    if (vtr_be16_get(udp->dst) != VTR_VXLAN_PORT || (vx->flags & VTR_VXLAN_I) == 0)
        return 0;
    eth = (const struct vtr_eth *)(vx + 1);
    ip = (const struct vtr_ipv4 *)(eth + 1);
    if (vtr_be16_get(eth->type) != VTR_ETH_IPV4 || ip->protocol != VTR_IP_TCP ||
        vtr_ipv4_is_fragment(ip))
        return 0;
    at = (const uint8_t *)ip + vtr_ipv4_header_len(ip);
    const struct vtr_tcp *tcp = (const struct vtr_tcp *)at;
    size_t headers = vtr_ipv4_header_len(ip) + vtr_tcp_header_len(tcp);
    return inner(vx, ip, tcp, vtr_be16_get(ip->total_len) - headers);
}

#define PARSE(parse, packet)                                                                       \
    struct vtr_span s = vtr_span_of(packet, sizeof packet);                                        \
    uint64_t sum = 0;                                                                              \
    for (uint64_t i = 0; i < n; i++) {                                                             \
        hide(s.ptr);                                                                               \
        hide(s.len);                                                                               \
        uint64_t said = parse(s);                                                                  \
        sum += said;                                                                               \
        s.ptr += core_nothing(said);                                                               \
    }                                                                                              \
    return sum

uint64_t ours_parse_udp4(struct stand *st, uint64_t n) { PARSE(udp4, UDP4); }
uint64_t unchecked_parse_udp4(struct stand *st, uint64_t n) { PARSE(unchecked_udp4, UDP4); }
uint64_t ours_parse_tcp6(struct stand *st, uint64_t n) { PARSE(tcp6, TCP6); }
uint64_t unchecked_parse_tcp6(struct stand *st, uint64_t n) { PARSE(unchecked_tcp6, TCP6); }
uint64_t ours_parse_vxlan(struct stand *st, uint64_t n) { PARSE(vxlan, VXLAN); }
uint64_t unchecked_parse_vxlan(struct stand *st, uint64_t n) { PARSE(unchecked_vxlan, VXLAN); }

uint64_t parse_udp4_says(const struct stand *st)
{
    return 0xc0000201ull + 0xc0000202 + 40000 + 53 + 18;
}
uint64_t parse_tcp6_says(const struct stand *st)
{
    return (1ull << 56) + (2ull << 56) + 40000 + 80 + 1460 + 1 + 7;
}
uint64_t parse_vxlan_says(const struct stand *st)
{
    return 77 + 0x0a000001ull + 0x0a000002 + 40000 + 80 + 4;
}
