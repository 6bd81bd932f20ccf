/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Packets told apart, and turned around.
 */
#include "frame.h"

#include <vitrine/wire.h>

enum { TTL = 64, PORT_CHARGEN = 19 /* the last of echo, daytime, qotd: all answer anything */ };

static bool mac_equal(struct vtr_mac a, struct vtr_mac b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool mac_is_group(struct vtr_mac mac) { return (mac.bytes[0] & 1) != 0; }

/* RFC 1122 section 3.2.1.3: what can never be one host's address. */
static bool ip_is_host(uint32_t ip)
{
    return ip >> 24 != 0 && ip >> 24 != 127 && ip < UINT32_C(0xe0000000);
}

static void drop(struct frame *f, enum drop reason)
{
    f->kind = FRAME_DROP;
    f->reason = reason;
}

bool frame_port_loops(const struct frame_self *self, uint16_t port)
{
    return port == self->udp_port || port == self->echo_port || port == VTR_MEMCACHED_PORT ||
           port <= PORT_CHARGEN;
}

static void parse_arp(const struct frame_self *self, const struct vtr_eth *eth,
                      struct vtr_span packet, struct frame *out)
{
    const struct vtr_arp *arp = vtr_arp_take(packet, &packet);
    if (arp == NULL || vtr_be16_get(arp->op) != VTR_ARP_REQUEST ||
        memcmp(&arp->target_ip, &self->ip, sizeof self->ip) != 0 ||
        !mac_equal(arp->sender_mac, eth->src))
        drop(out, DROP_arp);
    else
        out->kind = FRAME_ARP;
}

static void parse_ping(struct vtr_span packet, struct frame *out)
{
    const struct vtr_icmp *icmp = vtr_icmp_take(packet, &packet);
    if (icmp == NULL || icmp->type != VTR_ICMP_ECHO || icmp->code != 0)
        drop(out, DROP_protocol);
    else
        out->kind = FRAME_PING;
}

/* An echo is not checked: its checksum goes back as it came, so the sender sees what went wrong. */
static bool udp_sum_good(const struct vtr_ipv4 *ip, const struct vtr_udp *udp,
                         struct vtr_span payload)
{
    if (vtr_be16_get(udp->sum) == 0)
        return true;
    uint16_t len = (uint16_t)(sizeof *udp + payload.len);
    struct vtr_sum sum = vtr_sum_ipv4(ip, VTR_IP_UDP, len);
    vtr_sum_add(&sum, vtr_span_of(udp, len));
    return vtr_sum_good(sum);
}

static void parse_udp(const struct frame_self *self, const struct vtr_ipv4 *ip,
                      struct vtr_span rest, unsigned checked, struct frame *out)
{
    const struct vtr_udp *udp = vtr_udp_take(rest, &rest);
    if (VTR_UNLIKELY(udp == NULL)) {
        drop(out, DROP_udp);
        return;
    }
    uint16_t port = vtr_be16_get(udp->dst);
    out->kind = port == self->echo_port ? FRAME_ECHO : FRAME_REQUEST;
    out->payload = rest;
    if (VTR_UNLIKELY(frame_port_loops(self, vtr_be16_get(udp->src))))
        drop(out, DROP_loop);
    else if (out->kind == FRAME_ECHO)
        return;
    else if (VTR_UNLIKELY(port != self->udp_port))
        drop(out, DROP_port);
    else if (!(checked & FRAME_UDP_GOOD) && !udp_sum_good(ip, udp, rest))
        drop(out, DROP_udp_sum);
}

static void parse_ip(const struct frame_self *self, struct vtr_span packet, unsigned checked,
                     struct frame *out)
{
    struct vtr_span rest;
    const struct vtr_ipv4 *ip = vtr_ipv4_take(packet, &rest);
    if (VTR_UNLIKELY(ip == NULL)) {
        drop(out, DROP_ip);
        return;
    }
    uint32_t src = vtr_be32_get(ip->src);
    out->ip_len = (uint32_t)vtr_ipv4_header_len(ip);
    if (VTR_UNLIKELY(memcmp(&ip->dst, &self->ip, sizeof self->ip) != 0 || !ip_is_host(src) ||
                     src == vtr_be32_get(self->ip)))
        drop(out, DROP_address);
    else if (!(checked & FRAME_IP_GOOD) && !vtr_checksum_good(ip, out->ip_len))
        drop(out, DROP_ip_sum);
    else if (VTR_UNLIKELY(vtr_ipv4_is_fragment(ip)))
        drop(out, DROP_fragment);
    else if (VTR_LIKELY(ip->protocol == VTR_IP_UDP))
        parse_udp(self, ip, rest, checked, out);
    else if (ip->protocol == VTR_IP_ICMP)
        parse_ping(rest, out);
    else
        drop(out, DROP_protocol);
}

void frame_parse(const struct frame_self *self, struct vtr_span packet, unsigned checked,
                 struct frame *out)
{
    const struct vtr_eth *eth = vtr_eth_take(packet, &packet);
    uint16_t type = eth != NULL ? vtr_be16_get(eth->type) : 0;
    if (VTR_UNLIKELY(eth == NULL || mac_is_group(eth->src)))
        drop(out, DROP_ethernet);
    else if (VTR_UNLIKELY(type == VTR_ETH_ARP))
        parse_arp(self, eth, packet, out);
    else if (VTR_UNLIKELY(!mac_equal(eth->dst, self->mac)))
        drop(out, DROP_ethernet);
    else if (VTR_LIKELY(type == VTR_ETH_IPV4))
        parse_ip(self, packet, checked, out);
    else
        drop(out, DROP_protocol);
}

struct frame_head frame_head_of(const struct frame_self *self)
{
    struct frame_head head = { .eth = { .src = self->mac, .type = vtr_be16_make(VTR_ETH_IPV4) },
                               .ip = { .version_ihl = VTR_IPV4_PLAIN,
                                       .frag = vtr_be16_make(VTR_IPV4_DF),
                                       .ttl = TTL,
                                       .protocol = VTR_IP_UDP,
                                       .src = self->ip },
                               .udp = { .src = vtr_be16_make(self->udp_port) } };
    head.ip.sum = vtr_checksum(&head.ip, sizeof head.ip);
    return head;
}

void frame_head_address(struct frame_head *head, const uint8_t *request, const struct frame *frame)
{
    const struct frame_head *in = (const struct frame_head *)request;
    const struct vtr_udp *udp = (const struct vtr_udp *)(request + sizeof in->eth + frame->ip_len);
    const struct vtr_memcached_udp *mc = (const struct vtr_memcached_udp *)frame->payload.ptr;
    head->eth.dst = in->eth.src;
    head->ip.sum = vtr_checksum_update32(head->ip.sum, head->ip.dst, in->ip.src);
    head->ip.dst = in->ip.src;
    head->udp.dst = udp->src;
    head->mc.id = mc->id;
}

/* Field by field into the packet: a struct made first and copied would be loaded before its parts
 * are stored, and wait for them. */
void frame_head_write(const struct frame_head *head, uint32_t payload, uint32_t seq, uint32_t total,
                      uint8_t *to)
{
    struct frame_head *h = (struct frame_head *)to;
    uint16_t mc_len = (uint16_t)(sizeof h->mc + payload);
    uint16_t udp_len = (uint16_t)(sizeof h->udp + mc_len);
    struct vtr_be16 ip_len = vtr_be16_make((uint16_t)(sizeof h->ip + udp_len));
    memcpy(h, head, sizeof *h);
    h->ip.total_len = ip_len;
    h->ip.sum = vtr_checksum_update16(head->ip.sum, head->ip.total_len, ip_len);
    h->udp.len = vtr_be16_make(udp_len);
    h->mc.seq = vtr_be16_make((uint16_t)seq);
    h->mc.total = vtr_be16_make((uint16_t)total);
}

/* None of the sums changes: they add up the same words in another order. */
static void swap_addresses(uint8_t *packet)
{
    struct vtr_eth *eth = (struct vtr_eth *)packet;
    struct vtr_ipv4 *ip = (struct vtr_ipv4 *)(packet + sizeof *eth);
    struct vtr_mac mac = eth->src;
    struct vtr_be32 addr = ip->src;
    eth->src = eth->dst;
    eth->dst = mac;
    ip->src = ip->dst;
    ip->dst = addr;
}

void frame_echo(uint8_t *packet, const struct frame *frame)
{
    struct vtr_udp *udp = (struct vtr_udp *)(packet + sizeof(struct vtr_eth) + frame->ip_len);
    struct vtr_be16 port = udp->src;
    udp->src = udp->dst;
    udp->dst = port;
    swap_addresses(packet);
}

void frame_ping(uint8_t *packet, const struct frame *frame)
{
    struct vtr_icmp *icmp = (struct vtr_icmp *)(packet + sizeof(struct vtr_eth) + frame->ip_len);
    icmp->type = VTR_ICMP_ECHO_REPLY;
    icmp->sum = vtr_checksum_update16(icmp->sum, vtr_be16_make(VTR_ICMP_ECHO << 8),
                                      vtr_be16_make(VTR_ICMP_ECHO_REPLY << 8));
    swap_addresses(packet);
}

void frame_arp(uint8_t *packet, const struct frame_self *self)
{
    struct vtr_eth *eth = (struct vtr_eth *)packet;
    struct vtr_arp *arp = (struct vtr_arp *)(packet + sizeof *eth);
    eth->dst = arp->target_mac = arp->sender_mac;
    arp->target_ip = arp->sender_ip;
    arp->sender_ip = self->ip;
    eth->src = arp->sender_mac = self->mac;
    arp->op = vtr_be16_make(VTR_ARP_REPLY);
}
