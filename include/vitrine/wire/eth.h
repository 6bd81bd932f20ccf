/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Ethernet II and 802.3 frames, VLAN tags, LLC and SNAP.
 * Not here: what is in them (the other files of wire/).
 */
#ifndef VITRINE_WIRE_ETH_H
#define VITRINE_WIRE_ETH_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

/* Ethernet: IEEE Std 802.3 clause 3.2. The frame check sequence behind the payload is the device's
 * business. Types: IANA "IEEE 802 Numbers". */

VTR_WIRE(vtr_mac, 6, (uint8_t, bytes, 0, [6]));

VTR_WIRE(vtr_eth, 14,
         (struct vtr_mac, dst, 0),
         (struct vtr_mac, src, 6),
         (struct vtr_be16, type, 12)); /* VTR_ETH_*; below VTR_ETH_TYPE_MIN it is a length */

enum {
    VTR_ETH_IPV4 = 0x0800,
    VTR_ETH_ARP = 0x0806,
    VTR_ETH_VLAN = 0x8100, /* IEEE Std 802.1Q table 9-1: a customer's tag */
    VTR_ETH_IPV6 = 0x86dd,
    VTR_ETH_MPLS = 0x8847,           /* RFC 5332 */
    VTR_ETH_MPLS_UPSTREAM = 0x8848,  /* RFC 5332: labels of the sender's choice */
    VTR_ETH_PPPOE_DISCOVERY = 0x8863,
    VTR_ETH_PPPOE_SESSION = 0x8864,
    VTR_ETH_QINQ = 0x88a8, /* IEEE Std 802.1Q table 9-1: a provider's tag */

    VTR_ETH_TYPE_MIN = 0x0600, /* IEEE Std 802.3 clause 3.2.6 */
    VTR_ETH_LENGTH_MAX = 1500, /* what lies between is neither a length nor a type */
};

/** Any type field is taken. The payload may end in padding, which IP headers cut off: for a frame
 * whose type is a length, vtr_eth_length() does. */
VTR_TAKE_FIXED(vtr_eth)

/**
 * The payload of an 802.3 frame, which begins with an LLC header, without padding.
 * @param type  of a struct vtr_eth or vtr_vlan.
 * @param len   how many bytes follow it.
 * @param out   how many of them are the payload; untouched on false: the field is a type, or a
 *              length that is not all there.
 */
VTR_INLINE VTR_MUST_USE bool vtr_eth_length(struct vtr_be16 type, size_t len, size_t *out)
{
    size_t length = vtr_be16_get(type);
    if (length > VTR_ETH_LENGTH_MAX || length > len)
        return false;
    *out = length;
    return true;
}

/* VLAN tag: IEEE Std 802.1Q clause 9.6. What precedes it is its type, which lies in the header
 * before; so one tag behind another (QinQ) is taken in the same way. */

VTR_WIRE(vtr_vlan, 4,
         (struct vtr_be16, tci, 0),
         (struct vtr_be16, type, 2)); /* of what follows, as in vtr_eth */

/** @return 0 to 4095: 0 is a priority tag, of no VLAN; 4095 is reserved. */
VTR_INLINE VTR_MUST_USE unsigned vtr_vlan_id(const struct vtr_vlan *tag)
{
    return vtr_be16_get(tag->tci) & 0x0fffu;
}
/** @return the priority code point, 0 to 7. */
VTR_INLINE VTR_MUST_USE unsigned vtr_vlan_priority(const struct vtr_vlan *tag)
{
    return vtr_be16_get(tag->tci) >> 13;
}
/** @return whether the frame may be dropped first (DEI). */
VTR_INLINE VTR_MUST_USE bool vtr_vlan_drop_eligible(const struct vtr_vlan *tag)
{
    return (vtr_be16_get(tag->tci) & 0x1000u) != 0;
}
VTR_TAKE_FIXED(vtr_vlan)

/* LLC: ISO/IEC 8802-2 clauses 3 and 5. */

VTR_WIRE(vtr_llc, 3,
         (uint8_t, dsap, 0),
         (uint8_t, ssap, 1),
         (uint8_t, control, 2)); /* of 16 bits, unless VTR_LLC_UNNUMBERED: the rest is an option */

enum {
    VTR_LLC_UNNUMBERED = 3, /* control: if both bits are set */
    VTR_LLC_SNAP = 0xaa,
    VTR_LLC_STP = 0x42,
    VTR_LLC_ISO = 0xfe,
};

/** Three bytes, or four where the control field is of 16 bits. */
VTR_INLINE VTR_MUST_USE bool vtr_llc_measure(const struct vtr_llc *h, size_t len,
                                             struct vtr_extent *e)
{
    bool unnumbered = (h->control & VTR_LLC_UNNUMBERED) == VTR_LLC_UNNUMBERED;
    e->header = unnumbered ? 3 : 4;
    e->end = len;
    return true;
}
VTR_TAKE(vtr_llc)

/* SNAP: IEEE Std 802 clause 10.2, RFC 1042. Behind an LLC header with VTR_LLC_SNAP twice. */

VTR_WIRE(vtr_snap, 5,
         (uint8_t, oui, 0, [3]),      /* 0: type is one of VTR_ETH_* */
         (struct vtr_be16, type, 3));

VTR_TAKE_FIXED(vtr_snap)

VTR_END_DECLS
#endif
