/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Questions told from everything else, and turned into answers.
 */
#include <vitrine/answer.h>
#include <vitrine/checksum.h>

enum { TTL = 64, ND_HOP_LIMIT = 255 /* RFC 4861 section 7.1: it comes from this link */ };

#define SAME(a, b) (memcmp(&(a), &(b), sizeof(a)) == 0)

static const struct vtr_mac broadcast = { { 255, 255, 255, 255, 255, 255 } };

static bool is_zero(const void *bytes, size_t len)
{
    static const uint8_t zero[sizeof(struct vtr_ip6_addr)] = { 0 };
    return memcmp(bytes, zero, len) == 0;
}

/* ff02::1:ffxx:xxxx of an address (RFC 4291 section 2.7.1). */
static struct vtr_ip6_addr solicited_node(const struct vtr_ip6_addr *ip)
{
    struct vtr_ip6_addr to = { { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0 } };
    memcpy(to.bytes + 13, ip->bytes + 13, 3);
    return to;
}

/* 33:33:xx:xx:xx:xx of a group (RFC 2464 section 7). */
static struct vtr_mac group_mac(const struct vtr_ip6_addr *group)
{
    struct vtr_mac mac = { { 0x33, 0x33, 0, 0, 0, 0 } };
    memcpy(mac.bytes + 2, group->bytes + 12, 4);
    return mac;
}

static bool asks_arp(const struct vtr_host *self, const struct vtr_eth *eth, struct vtr_span s)
{
    const struct vtr_arp *arp = vtr_arp_take(s, &s);
    return arp != NULL && vtr_be16_get(arp->op) == VTR_ARP_REQUEST &&
           (SAME(eth->dst, self->mac) || SAME(eth->dst, broadcast)) &&
           SAME(arp->sender_mac, eth->src) && SAME(arp->target_ip, self->ip4) &&
           !SAME(arp->sender_ip, self->ip4) && !is_zero(&self->ip4, sizeof self->ip4);
}

static bool is_echo(struct vtr_span s, uint8_t type)
{
    const struct vtr_icmp *icmp = vtr_icmp_take(s, &s);
    return icmp != NULL && icmp->type == type && icmp->code == 0;
}

static bool asks_ping(const struct vtr_host *self, const struct vtr_eth *eth, struct vtr_span s)
{
    struct vtr_span options, rest;
    const struct vtr_ipv4 *ip = vtr_ipv4_take_options(s, &options, &rest);
    return ip != NULL && options.len == 0 && ip->protocol == VTR_IP_ICMP &&
           !vtr_ipv4_is_fragment(ip) && SAME(eth->dst, self->mac) && SAME(ip->dst, self->ip4) &&
           vtr_ip4_is_host(ip->src) && !SAME(ip->src, self->ip4) &&
           vtr_checksum_good(ip, sizeof *ip) && is_echo(rest, VTR_ICMP_ECHO) &&
           vtr_checksum_good(rest.ptr, rest.len);
}

static bool is_ping6(const struct vtr_host *self, const struct vtr_eth *eth,
                     const struct vtr_ipv6 *ip, struct vtr_span s)
{
    return is_echo(s, VTR_ICMPV6_ECHO) && SAME(eth->dst, self->mac) && SAME(ip->dst, self->ip6) &&
           vtr_ip6_is_host(&ip->src) && !SAME(ip->src, self->ip6);
}

/* Whether all options are well-formed; *named whether one says where the question comes from. */
static bool options_good(struct vtr_span options, bool *named)
{
    struct vtr_reader r = vtr_reader_of(options);
    struct vtr_nd_option option;
    *named = false;
    while (vtr_nd_option_next(&r, &option))
        *named = *named || option.type == VTR_ND_OPTION_SOURCE;
    return r.rest.len == 0;
}

/* RFC 4861 section 7.1.1, point by point. Who asks from no address tries whether ours is free. */
static bool is_neighbor(const struct vtr_host *self, const struct vtr_eth *eth,
                        const struct vtr_ipv6 *ip, struct vtr_span s)
{
    struct vtr_span options;
    struct vtr_ip6_addr group = solicited_node(&self->ip6);
    struct vtr_mac mac = group_mac(&group);
    const struct vtr_nd_ns *ns = vtr_nd_ns_take(s, &options);
    bool named, to_group = SAME(ip->dst, group);
    if (ns == NULL || ip->hop_limit != ND_HOP_LIMIT || !SAME(ns->target, self->ip6) ||
        !options_good(options, &named) ||
        !(SAME(eth->dst, self->mac) || (to_group && SAME(eth->dst, mac))))
        return false;
    if (is_zero(&ip->src, sizeof ip->src))
        return to_group && !named;
    return (to_group || SAME(ip->dst, self->ip6)) && vtr_ip6_is_host(&ip->src) &&
           !SAME(ip->src, self->ip6);
}

static enum vtr_question question6(const struct vtr_host *self, const struct vtr_eth *eth,
                                   struct vtr_span s)
{
    const struct vtr_ipv6 *ip = vtr_ipv6_take(s, &s);
    if (ip == NULL || ip->next_header != VTR_IP_ICMPV6 || is_zero(&self->ip6, sizeof self->ip6))
        return VTR_QUESTION_NONE;
    enum vtr_question q = is_ping6(self, eth, ip, s)      ? VTR_QUESTION_PING6
                          : is_neighbor(self, eth, ip, s) ? VTR_QUESTION_NEIGHBOR
                                                          : VTR_QUESTION_NONE;
    struct vtr_sum sum = vtr_sum_ipv6(ip, VTR_IP_ICMPV6, (uint32_t)s.len);
    vtr_sum_add(&sum, s);
    return vtr_sum_good(sum) ? q : VTR_QUESTION_NONE;
}

enum vtr_question vtr_question_of(const struct vtr_host *self, struct vtr_span frame)
{
    struct vtr_span rest;
    const struct vtr_eth *eth = vtr_eth_take(frame, &rest);
    if (eth == NULL || vtr_mac_is_group(&eth->src))
        return VTR_QUESTION_NONE;
    switch (vtr_be16_get(eth->type)) {
    case VTR_ETH_ARP: return asks_arp(self, eth, rest) ? VTR_QUESTION_ARP : VTR_QUESTION_NONE;
    case VTR_ETH_IPV4: return asks_ping(self, eth, rest) ? VTR_QUESTION_PING : VTR_QUESTION_NONE;
    case VTR_ETH_IPV6: return question6(self, eth, rest);
    default: return VTR_QUESTION_NONE;
    }
}

static void answer_arp(const struct vtr_host *self, struct vtr_eth *eth)
{
    struct vtr_arp *arp = (struct vtr_arp *)(eth + 1);
    eth->dst = arp->target_mac = arp->sender_mac;
    arp->target_ip = arp->sender_ip;
    arp->sender_ip = self->ip4;
    eth->src = arp->sender_mac = self->mac;
    arp->op = vtr_be16_make(VTR_ARP_REPLY);
}

/* Type and code, which are one word of the checksum. */
static void retype(struct vtr_icmp *icmp, uint8_t type)
{
    struct vtr_be16 was = vtr_be16_make((uint16_t)(icmp->type << 8));
    icmp->sum = vtr_checksum_update16(icmp->sum, was, vtr_be16_make((uint16_t)(type << 8)));
    icmp->type = type;
}

static void answer_ping(struct vtr_eth *eth)
{
    struct vtr_ipv4 *ip = (struct vtr_ipv4 *)(eth + 1);
    struct vtr_be16 was = vtr_be16_make((uint16_t)(ip->ttl << 8 | ip->protocol));
    ip->ttl = TTL;
    ip->sum = vtr_checksum_update16(ip->sum, was, vtr_be16_make(TTL << 8 | VTR_IP_ICMP));
    vtr_eth_turn(eth);
    vtr_ipv4_turn(ip);
    retype((struct vtr_icmp *)(ip + 1), VTR_ICMP_ECHO_REPLY);
}

static void answer_ping6(struct vtr_eth *eth)
{
    struct vtr_ipv6 *ip = (struct vtr_ipv6 *)(eth + 1);
    ip->hop_limit = TTL;
    vtr_eth_turn(eth);
    vtr_ipv6_turn(ip);
    retype((struct vtr_icmp *)(ip + 1), VTR_ICMPV6_ECHO_REPLY);
}

/* RFC 4861 section 7.2.4, with our hardware address as its only option. */
VTR_WIRE(advertisement, 32, (struct vtr_nd_na, na, 0), (uint8_t, option, 24), (uint8_t, words, 25),
         (struct vtr_mac, mac, 26));

static size_t answer_neighbor(const struct vtr_host *self, struct vtr_eth *eth)
{
    static const struct vtr_ip6_addr all_nodes = { { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                                     0, 1 } };
    struct vtr_ipv6 *ip = (struct vtr_ipv6 *)(eth + 1);
    struct advertisement *a = (struct advertisement *)(ip + 1);
    bool solicited = !is_zero(&ip->src, sizeof ip->src);
    eth->dst = solicited ? eth->src : group_mac(&all_nodes);
    eth->src = self->mac;
    ip->dst = solicited ? ip->src : all_nodes;
    ip->src = self->ip6;
    ip->hop_limit = ND_HOP_LIMIT;
    ip->payload_len = vtr_be16_make(sizeof *a);
    *a = (struct advertisement){ .na = { .type = VTR_ND_NA, .target = self->ip6 },
                                 .option = VTR_ND_OPTION_TARGET,
                                 .words = 1,
                                 .mac = self->mac };
    a->na.flags = vtr_be32_make(VTR_ND_NA_OVERRIDE | (solicited ? VTR_ND_NA_SOLICITED : 0));
    struct vtr_sum sum = vtr_sum_ipv6(ip, VTR_IP_ICMPV6, sizeof *a);
    vtr_sum_add(&sum, vtr_span_of(a, sizeof *a));
    a->na.sum = vtr_sum_end(sum);
    return sizeof *eth + sizeof *ip + sizeof *a;
}
#undef SAME

size_t vtr_answer(const struct vtr_host *self, enum vtr_question question, uint8_t *frame,
                  size_t len)
{
    struct vtr_eth *eth = (struct vtr_eth *)frame;
    vtr_check(question != VTR_QUESTION_NONE);
    switch (question) {
    case VTR_QUESTION_ARP: answer_arp(self, eth); return len;
    case VTR_QUESTION_PING: answer_ping(eth); return len;
    case VTR_QUESTION_PING6: answer_ping6(eth); return len;
    default: return answer_neighbor(self, eth);
    }
}
