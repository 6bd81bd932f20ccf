/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Ethernet, IPv4, IPv6 and UDP as far as a server needs them that keeps no state about its peers: a
 * packet is told by its headers, and a reply goes back to where the request came from. What a host
 * answers by itself is <vitrine/answer.h>'s.
 * Replies over IPv4 carry no UDP checksum (RFC 768: zero means none), since making one would read a
 * value that is sent by reference. They are never fragmented (DF), so their identification is free
 * to be zero (RFC 6864 section 4.1). IPv6 wants a checksum (RFC 8200 section 8.1), and values are
 * read once for it.
 * Owner: nothing. Threads: any.
 * Not here: what the datagram says (vitrine/wire/memcached.h), who sends packets (packets.h).
 */
#ifndef ECHO_FRAME_H
#define ECHO_FRAME_H

#include "drops.h"

#include <vitrine/answer.h>
#include <vitrine/checksum.h>
#include <vitrine/wire.h>

/** Who we are. */
struct frame_self {
    struct vtr_host host;
    uint16_t udp_port, echo_port;
};

enum frame_kind { FRAME_REQUEST, FRAME_ECHO, FRAME_QUESTION, FRAME_DROP };

/** What a packet is. */
struct frame {
    enum frame_kind kind;
    enum drop reason;        /* of FRAME_DROP */
    enum vtr_question question; /* of FRAME_QUESTION */
    bool six;                /* IPv6 */
    uint32_t ip_len;         /* bytes of the IP header */
    struct vtr_span payload; /* FRAME_REQUEST: of the UDP datagram, memcached frame included */
};

/** The headers of a reply, in the order of the wire. */
struct frame_head4 {
    struct vtr_eth eth;
    struct vtr_ipv4 ip;
    struct vtr_udp udp;
    struct vtr_memcached_udp mc;
};
struct frame_head6 {
    struct vtr_eth eth;
    struct vtr_ipv6 ip;
    struct vtr_udp udp;
    struct vtr_memcached_udp mc;
};
VTR_STATIC_ASSERT(sizeof(struct frame_head4) == 14 + 20 + 8 + 8, "headers follow each other");
VTR_STATIC_ASSERT(sizeof(struct frame_head6) == 14 + 40 + 8 + 8, "headers follow each other");

/** Both of them, of which one is in use. */
struct frame_head {
    bool six;
    struct frame_head4 four;
    struct frame_head6 sixth;
};

enum frame_checked { FRAME_IP_GOOD = 1, FRAME_UDP_GOOD = 2 }; /* by the device */

/**
 * Tells what @p packet is.
 * @param checked  enum frame_checked.
 * @param out      borrows from the packet; fields that its kind does not have are undefined.
 */
void frame_parse(const struct frame_self *self, struct vtr_span packet, unsigned checked,
                 struct frame *out);

/** What the headers of all replies share. The checksum is that of the rest as it is, zeros. */
struct frame_head frame_head_of(const struct frame_self *self);

/** Addresses the headers to whom the request came from. @param request  FRAME_REQUEST. */
void frame_head_address(struct frame_head *head, const uint8_t *request, const struct frame *frame);

/** @return bytes of the headers in use. */
static inline uint32_t frame_head_len(const struct frame_head *head)
{
    return VTR_UNLIKELY(head->six) ? sizeof(struct frame_head6) : sizeof(struct frame_head4);
}

/** Writes one datagram's headers. @param payload bytes behind them. */
void frame_head_write(const struct frame_head *head, uint32_t payload, uint32_t seq, uint32_t total,
                      uint8_t *to);

/** @return the sum of what a UDP checksum covers of headers just written, to go on with. */
struct vtr_sum frame_head_sum(const struct frame_head6 *written);

/** Turns a FRAME_ECHO around where it lies. @param frame parsed from these bytes. */
void frame_echo(uint8_t *packet, const struct frame *frame);

/** @return whether an answer to @p port may meet a server that answers it in turn. */
bool frame_port_loops(const struct frame_self *self, uint16_t port);

#endif
