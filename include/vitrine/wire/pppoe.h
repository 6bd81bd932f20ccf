/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * PPPoE: discovery, its tags, and PPP in a session.
 * Not here: what PPP negotiates.
 */
#ifndef VITRINE_WIRE_PPPOE_H
#define VITRINE_WIRE_PPPOE_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

/* PPPoE: RFC 2516 section 4, in both stages. */

VTR_WIRE(vtr_pppoe, 6,
         (uint8_t, version_type, 0), /* VTR_PPPOE_1 */
         (uint8_t, code, 1),         /* VTR_PPPOE_* */
         (struct vtr_be16, session, 2),
         (struct vtr_be16, len, 4)); /* bytes, this header excluded */

enum {
    VTR_PPPOE_1 = 0x11, /* version 1, type 1 */

    VTR_PPPOE_SESSION = 0x00, /* data: PPP follows; the others: tags */
    VTR_PPPOE_PADO = 0x07,
    VTR_PPPOE_PADI = 0x09,
    VTR_PPPOE_PADR = 0x19,
    VTR_PPPOE_PADS = 0x65,
    VTR_PPPOE_PADT = 0xa7,
};

/** Version and type 1, cut to the length. */
VTR_INLINE VTR_MUST_USE bool vtr_pppoe_measure(const struct vtr_pppoe *h, size_t len,
                                               struct vtr_extent *e)
{
    (void)len;
    e->header = sizeof *h;
    e->end = sizeof *h + vtr_be16_get(h->len);
    return h->version_type == VTR_PPPOE_1;
}
VTR_TAKE(vtr_pppoe)

/* Tags: RFC 2516 section 5 and appendix A. */

enum {
    VTR_PPPOE_TAG_END = 0x0000,
    VTR_PPPOE_TAG_SERVICE = 0x0101,
    VTR_PPPOE_TAG_AC_NAME = 0x0102,
    VTR_PPPOE_TAG_HOST_UNIQ = 0x0103,
    VTR_PPPOE_TAG_AC_COOKIE = 0x0104,
    VTR_PPPOE_TAG_VENDOR = 0x0105,
    VTR_PPPOE_TAG_RELAY = 0x0110,
    VTR_PPPOE_TAG_SERVICE_ERROR = 0x0201,
    VTR_PPPOE_TAG_AC_ERROR = 0x0202,
    VTR_PPPOE_TAG_ERROR = 0x0203,
};

/** A tag of a discovery packet. */
struct vtr_pppoe_tag {
    uint16_t type; /**< VTR_PPPOE_TAG_* */
    struct vtr_span value;
};

/** The next tag of a discovery packet. An end-of-list tag ends it, whatever follows. */
VTR_INLINE VTR_MUST_USE bool vtr_pppoe_tag_next(struct vtr_reader *r, struct vtr_pppoe_tag *out)
{
    struct vtr_reader from = *r;
    struct vtr_pppoe_tag tag;
    uint16_t len;
    if (!vtr_reader_u16be(&from, &tag.type) || !vtr_reader_u16be(&from, &len) ||
        !vtr_reader_take(&from, len, &tag.value))
        return false;
    if (tag.type == VTR_PPPOE_TAG_END) {
        r->rest.len = 0;
        return false;
    }
    *r = from;
    *out = tag;
    return true;
}

/* PPP in a session: RFC 1661 section 2, with the protocol in two bytes (RFC 2516 section 7). */

VTR_WIRE(vtr_ppp, 2, (struct vtr_be16, protocol, 0)); /* VTR_PPP_* */

enum {
    VTR_PPP_IPV4 = 0x0021,
    VTR_PPP_IPV6 = 0x0057,
    VTR_PPP_IPCP = 0x8021,
    VTR_PPP_IPV6CP = 0x8057,
    VTR_PPP_LCP = 0xc021,
    VTR_PPP_PAP = 0xc023,
    VTR_PPP_CHAP = 0xc223,

    VTR_PPP_PARITY = 0x0101, /* RFC 1661: an even first byte, an odd second one */
};

/** A protocol field of two bytes, which says so itself. */
VTR_INLINE VTR_MUST_USE bool vtr_ppp_measure(const struct vtr_ppp *h, size_t len,
                                             struct vtr_extent *e)
{
    e->header = sizeof *h;
    e->end = len;
    return (vtr_be16_get(h->protocol) & VTR_PPP_PARITY) == 1;
}
VTR_TAKE(vtr_ppp)

VTR_END_DECLS
#endif
