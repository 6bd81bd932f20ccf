/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Ethernet II.
 * Not here: which type is which header's (the other files of wire/).
 */
#ifndef VITRINE_WIRE_ETH_H
#define VITRINE_WIRE_ETH_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

/* Ethernet II: IEEE Std 802.3 clause 3.2, with the length/type field as a type. The frame check
 * sequence behind the payload is the device's business. Types: IANA "IEEE 802 Numbers". */

VTR_WIRE(vtr_mac, 6, (uint8_t, bytes, 0, [6]));

VTR_WIRE(vtr_eth, 14,
         (struct vtr_mac, dst, 0),
         (struct vtr_mac, src, 6),
         (struct vtr_be16, type, 12)); /* VTR_ETH_*; below VTR_ETH_TYPE_MIN it is a length */

enum {
    VTR_ETH_IPV4 = 0x0800,
    VTR_ETH_ARP = 0x0806,
    VTR_ETH_IPV6 = 0x86dd,
    VTR_ETH_TYPE_MIN = 0x0600,
};

/** Any type field is taken, also one below VTR_ETH_TYPE_MIN; the payload may end in padding. */
VTR_TAKE_FIXED(vtr_eth)

VTR_END_DECLS
#endif
