/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Ethernet, IPv4, UDP and ARP as the generator needs them.
 */
#include "headers.h"

#include <string.h>
#include <vitrine/checksum.h>

enum { TTL = 64, PADDED_BYTES = 60 /* IEEE 802.3: the shortest frame, checksum apart */ };

struct headers_udp headers_udp_to(const struct headers_route *route, uint16_t src, uint16_t dst,
                                  size_t len)
{
    struct headers_udp f = {
        .eth = { route->peer_mac, route->own_mac, vtr_be16_make(VTR_ETH_IPV4) },
        .ip = { .version_ihl = VTR_IPV4_PLAIN,
                .total_len = vtr_be16_make((uint16_t)(sizeof f.ip + sizeof f.udp + len)),
                .frag = vtr_be16_make(VTR_IPV4_DF),
                .ttl = TTL,
                .protocol = VTR_IP_UDP,
                .src = route->own_ip,
                .dst = route->peer_ip },
        /* No UDP checksum, as on the kernel's loopback, where none is made or looked at. */
        .udp = { .src = vtr_be16_make(src),
                 .dst = vtr_be16_make(dst),
                 .len = vtr_be16_make((uint16_t)(sizeof f.udp + len)) },
    };
    f.ip.sum = vtr_checksum(&f.ip, sizeof f.ip);
    return f;
}

static bool udp_sum_good(const struct headers_udp *h, struct vtr_data d)
{
    uint16_t len = vtr_be16_get(h->udp.len);
    struct vtr_sum sum = vtr_sum_ipv4(&h->ip, VTR_IP_UDP, len);
    if (!vtr_data_trim(&d, offsetof(struct headers_udp, udp) + len) ||
        !vtr_data_strip(&d, offsetof(struct headers_udp, udp)))
        return false;
    struct vtr_cursor c = vtr_cursor_of(d);
    for (struct vtr_span s; vtr_cursor_next(&c, &s);)
        vtr_sum_add(&sum, s);
    return vtr_sum_good(sum);
}

#define SAME(a, b) (memcmp(&(a), &(b), sizeof(a)) == 0)
#define FAULT_UNLESS(good, field, what)                                                            \
    if (!(good)) {                                                                                 \
        *off = offsetof(struct headers_udp, field);                                                \
        return what;                                                                               \
    }

static const char *ip_fault(const struct headers_udp *h, size_t len,
                            const struct headers_route *route, size_t *off)
{
    size_t total = vtr_be16_get(h->ip.total_len), behind = len - sizeof h->eth;
    FAULT_UNLESS(SAME(h->eth.src, route->peer_mac), eth.src, "wrong sender's hardware address");
    FAULT_UNLESS(vtr_be16_get(h->eth.type) == VTR_ETH_IPV4, eth.type, "not IPv4");
    FAULT_UNLESS(h->ip.version_ihl == VTR_IPV4_PLAIN, ip.version_ihl,
                 "wrong IP version or options");
    FAULT_UNLESS(total == behind || (len == PADDED_BYTES && total < behind), ip.total_len,
                 "wrong IP length");
    FAULT_UNLESS(!vtr_ipv4_is_fragment(&h->ip), ip.frag, "a fragment");
    FAULT_UNLESS(h->ip.protocol == VTR_IP_UDP, ip.protocol, "not UDP");
    FAULT_UNLESS(vtr_checksum_good(&h->ip, sizeof h->ip), ip.sum, "wrong IP checksum");
    FAULT_UNLESS(SAME(h->ip.src, route->peer_ip), ip.src, "wrong IP source");
    FAULT_UNLESS(SAME(h->ip.dst, route->own_ip), ip.dst, "wrong IP destination");
    return NULL;
}

const char *headers_fault(const struct headers_udp *h, struct vtr_data d,
                          const struct headers_route *route, const uint16_t src[2], uint16_t dst,
                          size_t *off)
{
    const char *fault = ip_fault(h, d.len, route, off);
    if (fault != NULL)
        return fault;
    uint16_t from = vtr_be16_get(h->udp.src);
    size_t payload = (size_t)vtr_be16_get(h->ip.total_len) - sizeof h->ip;
    FAULT_UNLESS(from == src[0] || from == src[1], udp.src, "wrong UDP source");
    FAULT_UNLESS(vtr_be16_get(h->udp.dst) == dst, udp.dst, "wrong UDP destination");
    FAULT_UNLESS(vtr_be16_get(h->udp.len) == payload && payload >= sizeof h->udp, udp.len,
                 "wrong UDP length");
    FAULT_UNLESS(vtr_be16_get(h->udp.sum) == 0 || udp_sum_good(h, d), udp.sum,
                 "wrong UDP checksum");
    return NULL;
}
#undef FAULT_UNLESS

struct headers_arp headers_arp_to(const struct headers_route *route, uint16_t op)
{
    const struct vtr_mac everybody = { { 255, 255, 255, 255, 255, 255 } };
    bool asks = op == VTR_ARP_REQUEST;
    return (struct headers_arp){
        .eth = { asks ? everybody : route->peer_mac, route->own_mac, vtr_be16_make(VTR_ETH_ARP) },
        .arp = { .hardware = vtr_be16_make(VTR_ARP_ETHERNET),
                 .protocol = vtr_be16_make(VTR_ETH_IPV4),
                 .hardware_len = 6,
                 .protocol_len = 4,
                 .op = vtr_be16_make(op),
                 .sender_mac = route->own_mac,
                 .sender_ip = route->own_ip,
                 .target_mac = asks ? (struct vtr_mac){ { 0 } } : route->peer_mac,
                 .target_ip = route->peer_ip },
    };
}

uint16_t headers_arp_from(const struct headers_arp *f, const struct headers_route *route,
                          struct vtr_mac *mac)
{
    if (vtr_be16_get(f->eth.type) != VTR_ETH_ARP || !SAME(f->arp.sender_ip, route->peer_ip) ||
        !SAME(f->arp.target_ip, route->own_ip))
        return 0;
    *mac = f->arp.sender_mac;
    return vtr_be16_get(f->arp.op);
}
#undef SAME
