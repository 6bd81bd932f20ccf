/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_answer: what a host answers by itself, without a program: who has its addresses (ARP, RFC
 * 826; neighbor discovery, RFC 4861), and that it is there (echo, RFC 792 and RFC 4443). The answer
 * is made of the question, where it lies: payloads stay as they are, unread but for their checksum.
 *
 *   enum vtr_question q = vtr_question_of(&self, vtr_data_span(pkt->data));
 *   if (q != VTR_QUESTION_NONE && vtr_data_try_own(&pkt->data, &buf)) ...
 *       len = vtr_answer(&self, q, bytes, len);
 *
 * What is malformed, damaged, a fragment, for somebody else, from nobody in particular, or no
 * question, is no question. Nothing is remembered: each frame is answered for itself, to where it
 * came from.
 * Owner: nothing here owns anything.
 * Threads: any. Other threads must not change a frame between the two calls.
 * Not here: asking, and finding out whether an address is taken already.
 */
#ifndef VITRINE_ANSWER_H
#define VITRINE_ANSWER_H

#include <vitrine/wire.h>

VTR_BEGIN_DECLS

/** ABI: who we are. */
struct vtr_host {
    struct vtr_mac mac;
    struct vtr_be32 ip4;     /**< 0.0.0.0: none */
    struct vtr_ip6_addr ip6; /**< all zero: none */
};
VTR_STATIC_ASSERT(sizeof(struct vtr_host) == 26, "vtr_host is ABI");

/** What a frame asks of a host. */
enum vtr_question {
    VTR_QUESTION_NONE,
    VTR_QUESTION_ARP,      /**< who has ip4? */
    VTR_QUESTION_PING,     /**< an echo request to ip4 */
    VTR_QUESTION_PING6,    /**< likewise to ip6 */
    VTR_QUESTION_NEIGHBOR, /**< who has ip6? */
};

enum { VTR_ANSWER_BYTES = 86 }; /**< what an answer needs if the question has less: NEIGHBOR's */

/**
 * Finds out whether a frame asks us something.
 * @param self   borrowed.
 * @param frame  borrowed; from the Ethernet header on. A VLAN tag makes it no question; so do
 *               options of IPv4, which an answer would have to turn round as well.
 * Cost: reads headers; of echoes all bytes, once.
 */
VTR_API VTR_MUST_USE enum vtr_question vtr_question_of(const struct vtr_host *self,
                                                       struct vtr_span frame);

/**
 * Turns a question into its answer.
 * @param self      borrowed; as it was for vtr_question_of().
 * @param question  what that said of these bytes; not VTR_QUESTION_NONE.
 * @param frame     borrowed; @p len bytes, and room for VTR_ANSWER_BYTES if there are fewer.
 * @return how many bytes the answer has.
 */
VTR_API VTR_MUST_USE size_t vtr_answer(const struct vtr_host *self, enum vtr_question question,
                                       uint8_t *frame, size_t len);

/* Turning headers round: source becomes destination. Checksums add up the same words in another
 * order, so none changes. */

/** Exchanges source and destination. */
VTR_INLINE void vtr_eth_turn(struct vtr_eth *eth)
{
    struct vtr_mac src = eth->src;
    eth->src = eth->dst;
    eth->dst = src;
}
/** The same of IPv4 addresses. */
VTR_INLINE void vtr_ipv4_turn(struct vtr_ipv4 *ip)
{
    struct vtr_be32 src = ip->src;
    ip->src = ip->dst;
    ip->dst = src;
}
/** The same of IPv6 addresses. */
VTR_INLINE void vtr_ipv6_turn(struct vtr_ipv6 *ip)
{
    struct vtr_ip6_addr src = ip->src;
    ip->src = ip->dst;
    ip->dst = src;
}
/** The same of ports. */
VTR_INLINE void vtr_udp_turn(struct vtr_udp *udp)
{
    struct vtr_be16 src = udp->src;
    udp->src = udp->dst;
    udp->dst = src;
}

/* Addresses that no single host has, and which an answer therefore never goes to. */

/** @return whether it is of more than one station: multicast or broadcast. */
VTR_INLINE VTR_MUST_USE bool vtr_mac_is_group(const struct vtr_mac *mac)
{
    return (mac->bytes[0] & 1) != 0;
}
/** RFC 1122 section 3.2.1.3: not this network, not loopback, not multicast or beyond. */
VTR_INLINE VTR_MUST_USE bool vtr_ip4_is_host(struct vtr_be32 ip)
{
    uint32_t addr = vtr_be32_get(ip);
    return addr >> 24 != 0 && addr >> 24 != 127 && addr < UINT32_C(0xe0000000);
}
/** RFC 4291 section 2.4: not unspecified, not loopback, not multicast. */
VTR_INLINE VTR_MUST_USE bool vtr_ip6_is_host(const struct vtr_ip6_addr *ip)
{
    static const uint8_t zero[15] = { 0 };
    bool tiny = memcmp(ip->bytes, zero, sizeof zero) == 0 && ip->bytes[15] <= 1;
    return !tiny && ip->bytes[0] != 0xff;
}

VTR_END_DECLS
#endif
