/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Packets told apart, and turned around.
 */
#include "frame.h"

enum { TTL = 64, PORT_CHARGEN = 19 /* the last of echo, daytime, qotd: all answer anything */ };

#define SAME(a, b) (memcmp(&(a), &(b), sizeof(a)) == 0)

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

static void parse_question(const struct frame_self *self, struct vtr_span packet, enum drop else_,
                           struct frame *out)
{
    out->question = vtr_question_of(&self->host, packet);
    out->kind = FRAME_QUESTION;
    if (out->question == VTR_QUESTION_NONE)
        drop(out, else_);
}

/* An echo is not checked: its checksum goes back as it came, so the sender sees what went wrong. */
static bool udp_sum_good(struct vtr_sum sum, const struct vtr_udp *udp, struct vtr_span payload)
{
    vtr_sum_add(&sum, vtr_span_of(udp, sizeof *udp + payload.len));
    return vtr_sum_good(sum);
}

/* @param ip the header before it, IPv4 or IPv6 as out->six says. */
static bool udp_good(const void *ip, const struct vtr_udp *udp, struct vtr_span payload,
                     const struct frame *out)
{
    uint16_t len = (uint16_t)(sizeof *udp + payload.len);
    if (VTR_UNLIKELY(out->six)) /* where a sum of 0 is wrong */
        return vtr_be16_get(udp->sum) != 0 &&
               udp_sum_good(vtr_sum_ipv6(ip, VTR_IP_UDP, len), udp, payload);
    return vtr_be16_get(udp->sum) == 0 ||
           udp_sum_good(vtr_sum_ipv4(ip, VTR_IP_UDP, len), udp, payload);
}

static void parse_udp(const struct frame_self *self, const void *ip, struct vtr_span rest,
                      unsigned checked, struct frame *out)
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
    else if (!(checked & FRAME_UDP_GOOD) && !udp_good(ip, udp, rest, out))
        drop(out, DROP_udp_sum);
}

/* @param rest of @p packet, behind the Ethernet header. */
static void parse_ip4(const struct frame_self *self, struct vtr_span packet, struct vtr_span rest,
                      unsigned checked, struct frame *out)
{
    const struct vtr_ipv4 *ip = vtr_ipv4_take(rest, &rest);
    if (VTR_UNLIKELY(ip == NULL)) {
        drop(out, DROP_ip);
        return;
    }
    out->ip_len = (uint32_t)vtr_ipv4_header_len(ip);
    if (VTR_UNLIKELY(!SAME(ip->dst, self->host.ip4) || !vtr_ip4_is_host(ip->src) ||
                     SAME(ip->src, self->host.ip4)))
        drop(out, DROP_address);
    else if (!(checked & FRAME_IP_GOOD) && !vtr_checksum_good(ip, out->ip_len))
        drop(out, DROP_ip_sum);
    else if (VTR_UNLIKELY(vtr_ipv4_is_fragment(ip)))
        drop(out, DROP_fragment);
    else if (VTR_LIKELY(ip->protocol == VTR_IP_UDP))
        parse_udp(self, ip, rest, checked, out);
    else
        parse_question(self, packet, DROP_protocol, out);
}

static void parse_ip6(const struct frame_self *self, struct vtr_span packet, struct vtr_span rest,
                      unsigned checked, struct frame *out)
{
    const struct vtr_ipv6 *ip = vtr_ipv6_take(rest, &rest);
    out->six = true;
    out->ip_len = sizeof *ip;
    if (ip == NULL)
        drop(out, DROP_ip);
    else if (ip->next_header == VTR_IP_ICMPV6)
        parse_question(self, packet, DROP_protocol, out);
    else if (!SAME(ip->dst, self->host.ip6) || !vtr_ip6_is_host(&ip->src) ||
             SAME(ip->src, self->host.ip6))
        drop(out, DROP_address);
    else if (ip->next_header == VTR_IP_FRAGMENT)
        drop(out, DROP_fragment);
    else if (ip->next_header == VTR_IP_UDP)
        parse_udp(self, ip, rest, checked, out);
    else
        drop(out, DROP_protocol);
}

/* Questions about neighbors come to groups. */
static bool may_be_ours(const struct frame_self *self, const struct vtr_eth *eth, uint16_t type)
{
    return SAME(eth->dst, self->host.mac) ||
           (type == VTR_ETH_IPV6 && vtr_mac_is_group(&eth->dst));
}

void frame_parse(const struct frame_self *self, struct vtr_span packet, unsigned checked,
                 struct frame *out)
{
    struct vtr_span rest;
    const struct vtr_eth *eth = vtr_eth_take(packet, &rest);
    uint16_t type = eth != NULL ? vtr_be16_get(eth->type) : 0;
    out->six = false;
    if (VTR_UNLIKELY(eth == NULL || vtr_mac_is_group(&eth->src)))
        drop(out, DROP_ethernet);
    else if (VTR_UNLIKELY(type == VTR_ETH_ARP))
        parse_question(self, packet, DROP_arp, out);
    else if (VTR_UNLIKELY(!may_be_ours(self, eth, type)))
        drop(out, DROP_ethernet);
    else if (VTR_LIKELY(type == VTR_ETH_IPV4))
        parse_ip4(self, packet, rest, checked, out);
    else if (type == VTR_ETH_IPV6)
        parse_ip6(self, packet, rest, checked, out);
    else
        drop(out, DROP_protocol);
}
#undef SAME

struct frame_head frame_head_of(const struct frame_self *self)
{
    const struct vtr_host *host = &self->host;
    struct vtr_udp udp = { .src = vtr_be16_make(self->udp_port) };
    struct frame_head head = {
        .four = { .eth = { .src = host->mac, .type = vtr_be16_make(VTR_ETH_IPV4) },
                  .ip = { .version_ihl = VTR_IPV4_PLAIN,
                          .frag = vtr_be16_make(VTR_IPV4_DF),
                          .ttl = TTL,
                          .protocol = VTR_IP_UDP,
                          .src = host->ip4 },
                  .udp = udp },
        .sixth = { .eth = { .src = host->mac, .type = vtr_be16_make(VTR_ETH_IPV6) },
                   .ip = { .version_class_flow = vtr_ipv6_word(0, 0),
                           .next_header = VTR_IP_UDP,
                           .hop_limit = TTL,
                           .src = host->ip6 },
                   .udp = udp },
    };
    head.four.ip.sum = vtr_checksum(&head.four.ip, sizeof head.four.ip);
    return head;
}

void frame_head_address(struct frame_head *head, const uint8_t *request, const struct frame *frame)
{
    const struct vtr_eth *eth = (const struct vtr_eth *)request;
    const struct vtr_udp *udp = (const struct vtr_udp *)(request + sizeof *eth + frame->ip_len);
    const struct vtr_memcached_udp *mc = (const struct vtr_memcached_udp *)frame->payload.ptr;
    head->six = frame->six;
    if (VTR_UNLIKELY(frame->six)) {
        struct frame_head6 *h = &head->sixth;
        h->eth.dst = eth->src;
        h->ip.dst = ((const struct vtr_ipv6 *)(eth + 1))->src;
        h->udp.dst = udp->src;
        h->mc.id = mc->id;
        return;
    }
    struct frame_head4 *h = &head->four;
    struct vtr_be32 src = ((const struct vtr_ipv4 *)(eth + 1))->src;
    h->eth.dst = eth->src;
    h->ip.sum = vtr_checksum_update32(h->ip.sum, h->ip.dst, src);
    h->ip.dst = src;
    h->udp.dst = udp->src;
    h->mc.id = mc->id;
}

static void frame_mc_write(struct vtr_memcached_udp *mc, uint32_t seq, uint32_t total)
{
    mc->seq = vtr_be16_make((uint16_t)seq);
    mc->total = vtr_be16_make((uint16_t)total);
}

/* Field by field into the packet: a struct made first and copied would be loaded before its parts
 * are stored, and wait for them. */
void frame_head_write(const struct frame_head *head, uint32_t payload, uint32_t seq, uint32_t total,
                      uint8_t *to)
{
    uint16_t mc_len = (uint16_t)(sizeof(struct vtr_memcached_udp) + payload);
    uint16_t udp_len = (uint16_t)(sizeof(struct vtr_udp) + mc_len);
    if (VTR_UNLIKELY(head->six)) {
        struct frame_head6 *h = (struct frame_head6 *)to;
        memcpy(h, &head->sixth, sizeof *h);
        h->ip.payload_len = h->udp.len = vtr_be16_make(udp_len);
        frame_mc_write(&h->mc, seq, total);
        return;
    }
    struct frame_head4 *h = (struct frame_head4 *)to;
    struct vtr_be16 ip_len = vtr_be16_make((uint16_t)(sizeof h->ip + udp_len));
    memcpy(h, &head->four, sizeof *h);
    h->ip.total_len = ip_len;
    h->ip.sum = vtr_checksum_update16(head->four.ip.sum, head->four.ip.total_len, ip_len);
    h->udp.len = vtr_be16_make(udp_len);
    frame_mc_write(&h->mc, seq, total);
}

struct vtr_sum frame_head_sum(const struct frame_head6 *written)
{
    struct vtr_sum sum = vtr_sum_ipv6(&written->ip, VTR_IP_UDP, vtr_be16_get(written->udp.len));
    vtr_sum_add(&sum, vtr_span_of(&written->udp, sizeof written->udp + sizeof written->mc));
    return sum;
}

void frame_echo(uint8_t *packet, const struct frame *frame)
{
    struct vtr_eth *eth = (struct vtr_eth *)packet;
    vtr_udp_turn((struct vtr_udp *)(packet + sizeof *eth + frame->ip_len));
    vtr_eth_turn(eth);
    if (frame->six)
        vtr_ipv6_turn((struct vtr_ipv6 *)(eth + 1));
    else
        vtr_ipv4_turn((struct vtr_ipv4 *)(eth + 1));
}
