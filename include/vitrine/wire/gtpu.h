/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * GTP-U, version 1: 3GPP TS 29.281 section 5. Of a G-PDU the user's packet lies behind the header
 * and its extension headers:
 *
 *   gtpu = vtr_gtpu_take_options(s, &options, &s);
 *   r = vtr_reader_of(s);
 *   for (x = vtr_gtpu_extensions(gtpu, options); vtr_gtpu_extension_next(&r, &x);)
 *       ...
 *   if (x.next == 0)      r.rest is the packet; else what is left is no extension header
 *
 * Owner: nothing here owns anything.
 * Threads: any.
 * Not here: the information elements of other messages; GTP' (TS 32.295), which is refused.
 */
#ifndef VITRINE_WIRE_GTPU_H
#define VITRINE_WIRE_GTPU_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

VTR_WIRE(vtr_gtpu, 8,
         (uint8_t, flags, 0),         /* VTR_GTPU_* */
         (uint8_t, type, 1),          /* VTR_GTPU_ECHO, ... */
         (struct vtr_be16, len, 2),   /* bytes behind these 8 */
         (struct vtr_be32, teid, 4)); /* of the receiving end of the tunnel */

enum {
    VTR_GTPU_PLAIN = 0x30, /* version 1, and not GTP' */
    VTR_GTPU_VERSION = 0xf0,
    VTR_GTPU_EXTENDED = 0x04, /* the flag E: extension headers follow */
    VTR_GTPU_SEQ = 0x02,
    VTR_GTPU_NPDU = 0x01,

    VTR_GTPU_ECHO = 1,
    VTR_GTPU_ECHO_REPLY = 2,
    VTR_GTPU_ERROR = 26,
    VTR_GTPU_EXTENSIONS = 31,
    VTR_GTPU_END = 254,
    VTR_GTPU_PACKET = 255, /* a G-PDU */

    VTR_GTPU_NO_MORE = 0,          /* extension header types: section 5.2.1 */
    VTR_GTPU_UDP_PORT = 0x40,
    VTR_GTPU_PDU_SESSION = 0x85,   /* TS 38.415 */
    VTR_GTPU_PDCP_NUMBER = 0xc0,

    VTR_GTPU_PORT = 2152,
};

/** A length that is all there; four more bytes of header where any of the last three flags is. */
VTR_INLINE VTR_MUST_USE bool vtr_gtpu_measure(const struct vtr_gtpu *h, size_t len,
                                              struct vtr_extent *e)
{
    (void)len;
    e->header = sizeof *h + (h->flags % 8 != 0 ? 4 : 0);
    e->end = sizeof *h + vtr_be16_get(h->len);
    return (h->flags & VTR_GTPU_VERSION) == VTR_GTPU_PLAIN;
}
VTR_TAKE(vtr_gtpu)

/** @param out untouched on false: there is no sequence number. */
VTR_INLINE VTR_MUST_USE bool vtr_gtpu_seq(const struct vtr_gtpu *h, struct vtr_span options,
                                          uint16_t *out)
{
    return (h->flags & VTR_GTPU_SEQ) != 0 && vtr_span_u16be(options, 0, out);
}
/** @param out untouched on false: there is no N-PDU number. */
VTR_INLINE VTR_MUST_USE bool vtr_gtpu_npdu(const struct vtr_gtpu *h, struct vtr_span options,
                                           uint8_t *out)
{
    return (h->flags & VTR_GTPU_NPDU) != 0 && vtr_span_u8(options, 2, out);
}

/** An extension header, and the place of the next one in the chain. */
struct vtr_gtpu_extension {
    uint8_t type;         /**< VTR_GTPU_PDU_SESSION, ... */
    uint8_t next;         /**< the next one's type; VTR_GTPU_NO_MORE: there is none */
    struct vtr_span data; /**< 2 to 1018 bytes */
};

/** @return the place before the first extension header, for vtr_gtpu_extension_next(). */
VTR_INLINE VTR_MUST_USE struct vtr_gtpu_extension vtr_gtpu_extensions(const struct vtr_gtpu *h,
                                                                      struct vtr_span options)
{
    struct vtr_gtpu_extension x = { VTR_GTPU_NO_MORE, VTR_GTPU_NO_MORE, { NULL, 0 } };
    if ((h->flags & VTR_GTPU_EXTENDED) == 0 || !vtr_span_u8(options, 3, &x.next))
        x.next = VTR_GTPU_NO_MORE;
    return x;
}

/**
 * The next extension header.
 * @param r  of what vtr_gtpu_take() left; on false it is behind the last one, where the packet
 *           begins, or before what is no extension header, and then x->next is not 0.
 * @param x  untouched on false.
 */
VTR_INLINE VTR_MUST_USE bool vtr_gtpu_extension_next(struct vtr_reader *r,
                                                     struct vtr_gtpu_extension *x)
{
    struct vtr_reader at = *r;
    struct vtr_span data;
    uint8_t words, next;
    if (x->next == VTR_GTPU_NO_MORE || !vtr_reader_u8(&at, &words) || words == 0 ||
        !vtr_reader_take(&at, words * 4u - 2, &data) || !vtr_reader_u8(&at, &next))
        return false;
    x->type = x->next;
    x->next = next;
    x->data = data;
    *r = at;
    return true;
}

VTR_END_DECLS
#endif
