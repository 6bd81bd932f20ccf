/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * ARP.
 * Not here: answering it.
 */
#ifndef VITRINE_WIRE_ARP_H
#define VITRINE_WIRE_ARP_H

#include <vitrine/parse.h>
#include <vitrine/wire/eth.h>

VTR_BEGIN_DECLS

/* ARP for IPv4 over Ethernet: RFC 826. */

VTR_WIRE(vtr_arp, 28,
         (struct vtr_be16, hardware, 0), /* VTR_ARP_ETHERNET */
         (struct vtr_be16, protocol, 2), /* VTR_ETH_IPV4 */
         (uint8_t, hardware_len, 4),     /* 6 */
         (uint8_t, protocol_len, 5),     /* 4 */
         (struct vtr_be16, op, 6),       /* VTR_ARP_REQUEST, VTR_ARP_REPLY */
         (struct vtr_mac, sender_mac, 8),
         (struct vtr_be32, sender_ip, 14),
         (struct vtr_mac, target_mac, 18),
         (struct vtr_be32, target_ip, 24));

enum {
    VTR_ARP_ETHERNET = 1,
    VTR_ARP_REQUEST = 1,
    VTR_ARP_REPLY = 2,
};

/** ARP for IPv4 over Ethernet only. What follows is padding. */
VTR_INLINE VTR_MUST_USE bool vtr_arp_measure(const struct vtr_arp *h, size_t len,
                                             struct vtr_extent *e)
{
    e->header = sizeof *h;
    e->end = len;
    return vtr_be16_get(h->hardware) == VTR_ARP_ETHERNET &&
           vtr_be16_get(h->protocol) == VTR_ETH_IPV4 && h->hardware_len == 6 &&
           h->protocol_len == 4;
}
VTR_TAKE(vtr_arp)

VTR_END_DECLS
#endif
