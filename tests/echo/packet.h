/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Making request packets, and reading reply packets strictly.
 */
#ifndef ECHO_TESTS_PACKET_H
#define ECHO_TESTS_PACKET_H

#include "support.h"

#include "frame.h"
#include "message.h"

#include <vitrine/wire.h>

enum { PACKET_MAX = 1518, CLIENT_PORT = 40000 };

static const struct vtr_mac client_mac = { { 2, 0, 0, 0, 0, 9 } };
static const struct vtr_ip6_addr client_ip6 = { { 0xfd, 0, 0, 0x77, [15] = 2 } };

static inline struct vtr_be32 client_ip(void) { return vtr_be32_make(0x0a4d0002); }
static inline struct vtr_be32 server_ip(void) { return vtr_be32_make(0x0a4d0001); }

/** A UDP packet to @p self, with both checksums. @return its bytes. */
static inline size_t packet_udp(const struct frame_self *self, uint16_t port, const void *payload,
                                size_t len, uint8_t *to)
{
    struct vtr_eth *eth = (struct vtr_eth *)to;
    struct vtr_ipv4 *ip = (struct vtr_ipv4 *)(eth + 1);
    struct vtr_udp *udp = (struct vtr_udp *)(ip + 1);
    uint16_t udp_len = (uint16_t)(sizeof *udp + len);
    *eth = (struct vtr_eth){ self->host.mac, client_mac, vtr_be16_make(VTR_ETH_IPV4) };
    *ip = (struct vtr_ipv4){ .version_ihl = VTR_IPV4_PLAIN,
                             .total_len = vtr_be16_make((uint16_t)(sizeof *ip + udp_len)),
                             .ttl = 3,
                             .protocol = VTR_IP_UDP,
                             .src = client_ip(),
                             .dst = self->host.ip4 };
    ip->sum = vtr_checksum(ip, sizeof *ip);
    *udp = (struct vtr_udp){ .src = vtr_be16_make(CLIENT_PORT),
                             .dst = vtr_be16_make(port),
                             .len = vtr_be16_make(udp_len) };
    memcpy(udp + 1, payload, len);
    struct vtr_sum sum = vtr_sum_ipv4(ip, VTR_IP_UDP, udp_len);
    vtr_sum_add(&sum, vtr_span_of(udp, udp_len));
    udp->sum = vtr_sum_end_udp(sum);
    return sizeof *eth + sizeof *ip + udp_len;
}

/** A memcached request. */
static inline size_t packet_request(const struct frame_self *self, uint16_t id, const char *text,
                                    uint8_t *to)
{
    uint8_t payload[PACKET_MAX];
    struct vtr_memcached_udp mc = { .id = vtr_be16_make(id), .total = vtr_be16_make(1) };
    memcpy(payload, &mc, sizeof mc);
    memcpy(payload + sizeof mc, text, strlen(text));
    return packet_udp(self, self->udp_port, payload, sizeof mc + strlen(text), to);
}

/** The same over IPv6, with its checksum. */
static inline size_t packet_request6(const struct frame_self *self, uint16_t id, const char *text,
                                     uint8_t *to)
{
    uint8_t four[PACKET_MAX];
    size_t len = packet_request(self, id, text, four) - 34; /* from UDP on */
    struct vtr_eth *eth = (struct vtr_eth *)to;
    struct vtr_ipv6 *ip = (struct vtr_ipv6 *)(eth + 1);
    struct vtr_udp *udp = (struct vtr_udp *)(ip + 1);
    *eth = (struct vtr_eth){ self->host.mac, client_mac, vtr_be16_make(VTR_ETH_IPV6) };
    *ip = (struct vtr_ipv6){ .version_class_flow = vtr_ipv6_word(0, 0),
                             .payload_len = vtr_be16_make((uint16_t)len),
                             .next_header = VTR_IP_UDP,
                             .hop_limit = 3,
                             .src = client_ip6,
                             .dst = self->host.ip6 };
    memcpy(udp, four + 34, len);
    udp->sum = vtr_be16_make(0);
    struct vtr_sum sum = vtr_sum_ipv6(ip, VTR_IP_UDP, (uint32_t)len);
    vtr_sum_add(&sum, vtr_span_of(udp, len));
    udp->sum = vtr_sum_end_udp(sum);
    return sizeof *eth + sizeof *ip + len;
}

/** A datagram of a reply over IPv6: every header field is checked. @return its payload. */
static inline struct vtr_span packet_reply6(const struct frame_self *self, struct vtr_span s,
                                            uint16_t id, unsigned seq)
{
    const struct vtr_eth *eth = vtr_eth_take(s, &s);
    assert_non_null(eth);
    assert_memory_equal(&eth->dst, &client_mac, 6);
    assert_memory_equal(&eth->src, &self->host.mac, 6);
    size_t frame = s.len;
    const struct vtr_ipv6 *ip = vtr_ipv6_take(s, &s);
    assert_non_null(ip);
    assert_int_equal(frame, 40 + s.len);
    assert_int_equal(ip->next_header, VTR_IP_UDP);
    assert_int_equal(ip->hop_limit, 64);
    assert_memory_equal(&ip->src, &self->host.ip6, 16);
    assert_memory_equal(&ip->dst, &client_ip6, 16);
    struct vtr_sum sum = vtr_sum_ipv6(ip, VTR_IP_UDP, (uint32_t)s.len);
    vtr_sum_add(&sum, s);
    assert_true(vtr_sum_good(sum));
    const struct vtr_udp *udp = vtr_udp_take(s, &s);
    assert_non_null(udp);
    assert_int_not_equal(vtr_be16_get(udp->sum), 0);
    assert_int_equal(vtr_be16_get(udp->src), self->udp_port);
    assert_int_equal(vtr_be16_get(udp->dst), CLIENT_PORT);
    const struct vtr_memcached_udp *mc = vtr_memcached_udp_take(s, &s);
    assert_non_null(mc);
    assert_int_equal(vtr_be16_get(mc->id), id);
    assert_int_equal(vtr_be16_get(mc->seq), seq);
    return s;
}

/** The next datagram of a reply: every header field is checked. @return its payload. */
static inline struct vtr_span packet_reply(const struct frame_self *self, struct vtr_span s,
                                           uint16_t id, unsigned seq, unsigned total)
{
    const struct vtr_eth *eth = vtr_eth_take(s, &s);
    assert_non_null(eth);
    assert_memory_equal(&eth->dst, &client_mac, 6);
    assert_memory_equal(&eth->src, &self->host.mac, 6);
    size_t frame = s.len;
    const struct vtr_ipv4 *ip = vtr_ipv4_take(s, &s);
    assert_non_null(ip);
    assert_int_equal(frame, vtr_be16_get(ip->total_len));
    assert_true(vtr_checksum_good(ip, sizeof *ip));
    assert_int_equal(ip->version_ihl, VTR_IPV4_PLAIN);
    assert_int_equal(vtr_be16_get(ip->frag), VTR_IPV4_DF);
    assert_int_equal(ip->protocol, VTR_IP_UDP);
    assert_memory_equal(&ip->src, &self->host.ip4, 4);
    assert_int_equal(vtr_be32_get(ip->dst), vtr_be32_get(client_ip()));
    const struct vtr_udp *udp = vtr_udp_take(s, &s);
    assert_non_null(udp);
    assert_int_equal(vtr_be16_get(udp->src), self->udp_port);
    assert_int_equal(vtr_be16_get(udp->dst), CLIENT_PORT);
    assert_int_equal(vtr_be16_get(udp->sum), 0);
    assert_true(s.len <= MESSAGE_FRAME + MESSAGE_PAYLOAD);
    const struct vtr_memcached_udp *mc = vtr_memcached_udp_take(s, &s);
    assert_non_null(mc);
    assert_int_equal(vtr_be16_get(mc->id), id);
    assert_int_equal(vtr_be16_get(mc->seq), seq);
    assert_int_equal(vtr_be16_get(mc->total), total);
    assert_int_equal(vtr_be16_get(mc->reserved), 0);
    return s;
}

#endif
