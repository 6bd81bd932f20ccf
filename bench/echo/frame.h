/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Ethernet, ARP, IPv4, ICMP echo and UDP as far as a server needs them that keeps no state about
 * its peers: a packet is told by its headers, and a reply goes back to where the request came from.
 * Replies carry no UDP checksum (RFC 768: zero means none), since making one would read a value
 * that is sent by reference. They are never fragmented (DF), so their identification is free to be
 * zero (RFC 6864 section 4.1).
 * Owner: nothing. Threads: any.
 * Not here: what the datagram says (vitrine/wire/memcached.h), who sends packets (packets.h).
 */
#ifndef ECHO_FRAME_H
#define ECHO_FRAME_H

#include "drops.h"

#include <vitrine/checksum.h>
#include <vitrine/wire.h>

/** Who we are. */
struct frame_self {
    struct vtr_mac mac;
    struct vtr_be32 ip;
    uint16_t udp_port, echo_port;
};

enum frame_kind { FRAME_REQUEST, FRAME_ECHO, FRAME_ARP, FRAME_PING, FRAME_DROP };

/** What a packet is. */
struct frame {
    enum frame_kind kind;
    enum drop reason;        /* of FRAME_DROP */
    uint32_t ip_len;         /* bytes of the IPv4 header */
    struct vtr_span payload; /* FRAME_REQUEST: of the UDP datagram, memcached frame included */
};

/** The headers of a reply, in the order of the wire. */
struct frame_head {
    struct vtr_eth eth;
    struct vtr_ipv4 ip;
    struct vtr_udp udp;
    struct vtr_memcached_udp mc;
};
VTR_STATIC_ASSERT(sizeof(struct frame_head) == 14 + 20 + 8 + 8, "headers follow each other");

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

/** Writes one datagram's headers. @param payload bytes behind them. */
void frame_head_write(const struct frame_head *head, uint32_t payload, uint32_t seq, uint32_t total,
                      uint8_t *to);

/** Turns a packet around where it lies. @param frame of that kind, parsed from these bytes. */
void frame_echo(uint8_t *packet, const struct frame *frame);
void frame_ping(uint8_t *packet, const struct frame *frame);
void frame_arp(uint8_t *packet, const struct frame_self *self);

/** @return whether an answer to @p port may meet a server that answers it in turn. */
bool frame_port_loops(const struct frame_self *self, uint16_t port);

#endif
