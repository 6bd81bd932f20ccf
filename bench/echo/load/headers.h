/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * headers: what lies below a UDP payload on a port, from the Ethernet header on: writing it for
 * requests, checking every field of it in replies; and ARP.
 * Owner: nothing. Threads: any.
 */
#ifndef LOAD_HEADERS_H
#define LOAD_HEADERS_H

#include <stddef.h>
#include <stdint.h>
#include <vitrine/data.h>
#include <vitrine/wire.h>

VTR_WIRE(headers_udp, 42, (struct vtr_eth, eth, 0), (struct vtr_ipv4, ip, 14),
         (struct vtr_udp, udp, 34));
VTR_WIRE(headers_arp, 42, (struct vtr_eth, eth, 0), (struct vtr_arp, arp, 14));

/** The two ends. */
struct headers_route {
    struct vtr_mac own_mac, peer_mac;
    struct vtr_be32 own_ip, peer_ip;
};

/** @return headers of @p len bytes of payload from own @p src to the peer's @p dst. */
struct headers_udp headers_udp_to(const struct headers_route *route, uint16_t src, uint16_t dst,
                                  size_t len);

/**
 * Checks the headers of a frame to us.
 * @param h      what headers_udp_to() of the peer would have written; its time to live and id are
 * its own.
 * @param d      the frame.
 * @param ports  src and dst that it must carry; src may be one of two.
 * @param off    on a fault: of the header's field in the frame.
 * @return what is wrong; NULL: nothing, and @p d is as long as it says.
 */
const char *headers_fault(const struct headers_udp *h, struct vtr_data d,
                          const struct headers_route *route, const uint16_t src[2], uint16_t dst,
                          size_t *off);

/** @return a question for the peer's address, or an answer to it, by @p op. */
struct headers_arp headers_arp_to(const struct headers_route *route, uint16_t op);

/**
 * Looks at a frame of ARP.
 * @param mac  the sender's address, if it is the peer and speaks to us; else untouched.
 * @return the operation; 0: not of ARP, not of the peer, or not for us.
 */
uint16_t headers_arp_from(const struct headers_arp *f, const struct headers_route *route,
                          struct vtr_mac *mac);

#endif
