/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * VXLAN: RFC 7348 section 5; and its generic form, GPE (draft-ietf-nvo3-vxlan-gpe section 3),
 * which names what is inside. The port says which of the two it is.
 * Owner: nothing here owns anything.
 * Threads: any.
 */
#ifndef VITRINE_WIRE_VXLAN_H
#define VITRINE_WIRE_VXLAN_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

VTR_WIRE(vtr_vxlan, 8,
         (uint8_t, flags, 0),         /* VTR_VXLAN_* */
         (uint8_t, reserved, 1, [2]), /* ignored */
         (uint8_t, next, 3),          /* GPE with VTR_VXLAN_P: what is inside; else ignored */
         (struct vtr_be32, vni, 4));  /* vtr_vxlan_vni(); the low 8 bits are ignored */

enum {
    VTR_VXLAN_I = 0x08,       /* there is a network identifier: always */
    VTR_VXLAN_P = 0x04,       /* GPE: @ref vtr_vxlan.next counts */
    VTR_VXLAN_VERSION = 0x30, /* GPE: 0 */

    VTR_VXLAN_PORT = 4789,
    VTR_VXLAN_GPE_PORT = 4790,

    VTR_VXLAN_IPV4 = 1,
    VTR_VXLAN_IPV6 = 2,
    VTR_VXLAN_ETHERNET = 3,
    VTR_VXLAN_NSH = 4,
};

/** The rest is a frame, unless GPE says otherwise. */
VTR_INLINE VTR_MUST_USE bool vtr_vxlan_measure(const struct vtr_vxlan *h, size_t len,
                                               struct vtr_extent *e)
{
    e->header = sizeof *h;
    e->end = len;
    return (h->flags & VTR_VXLAN_I) != 0;
}
VTR_TAKE(vtr_vxlan)

/** @return the network identifier, 24 bits. */
VTR_INLINE VTR_MUST_USE uint32_t vtr_vxlan_vni(const struct vtr_vxlan *h)
{
    return vtr_be32_get(h->vni) >> 8;
}
/** What follows a header that came to VTR_VXLAN_GPE_PORT. @return VTR_VXLAN_ETHERNET, ... */
VTR_INLINE VTR_MUST_USE unsigned vtr_vxlan_gpe_next(const struct vtr_vxlan *h)
{
    return (h->flags & VTR_VXLAN_P) != 0 ? h->next : (unsigned)VTR_VXLAN_ETHERNET;
}

VTR_END_DECLS
#endif
