/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * GRE: RFC 2784, with the key and the sequence number of RFC 2890; NVGRE (RFC 7637), which is GRE
 * with a key; and version 1, as PPTP (RFC 2637) has it, whose header is another one.
 *
 *   gre = vtr_gre_take_options(s, &options, &s);      version 0; then vtr_be16_get(gre->protocol)
 *   pptp = vtr_pptp_take_options(s, &options, &s);    version 1; the rest is a piece of PPP
 *
 * Owner: nothing here owns anything.
 * Threads: any.
 * Not here: routing (RFC 1701), which RFC 2784 took out: such a header is refused.
 */
#ifndef VITRINE_WIRE_GRE_H
#define VITRINE_WIRE_GRE_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

VTR_WIRE(vtr_gre, 4,
         (struct vtr_be16, flags, 0),     /* VTR_GRE_*; the version in the last three bits */
         (struct vtr_be16, protocol, 2)); /* VTR_ETH_*; VTR_GRE_ETHERNET */

enum {
    VTR_GRE_CHECKSUM = 0x8000,
    VTR_GRE_KEY = 0x2000,
    VTR_GRE_SEQ = 0x1000,
    VTR_GRE_MUST_BE_0 = 0x4c00, /* RFC 2784 section 2.3: bits 1 to 5 but for those of RFC 2890 */
    VTR_GRE_VERSION = 0x0007,

    VTR_GRE_ETHERNET = 0x6558, /* protocol: a frame; RFC 7637 section 3.2 */
};

/** Version 0. The options are the checksum, the key and the sequence number that are there. */
VTR_INLINE VTR_MUST_USE bool vtr_gre_measure(const struct vtr_gre *h, size_t len,
                                             struct vtr_extent *e)
{
    unsigned flags = vtr_be16_get(h->flags);
    unsigned words = (flags >> 15) + (flags >> 13 & 1) + (flags >> 12 & 1);
    e->header = sizeof *h + words * 4;
    e->end = len;
    return (flags & (VTR_GRE_MUST_BE_0 | VTR_GRE_VERSION)) == 0;
}
VTR_TAKE(vtr_gre)

/** The checksum of header and payload. @param out untouched on false: there is none. */
VTR_INLINE VTR_MUST_USE bool vtr_gre_checksum(const struct vtr_gre *h, struct vtr_span options,
                                              uint16_t *out)
{
    return (vtr_be16_get(h->flags) & VTR_GRE_CHECKSUM) != 0 && vtr_span_u16be(options, 0, out);
}
/** @param out untouched on false: there is none. */
VTR_INLINE VTR_MUST_USE bool vtr_gre_key(const struct vtr_gre *h, struct vtr_span options,
                                         uint32_t *out)
{
    unsigned flags = vtr_be16_get(h->flags);
    return (flags & VTR_GRE_KEY) != 0 && vtr_span_u32be(options, (flags >> 15) * 4, out);
}
/** @param out untouched on false: there is none. */
VTR_INLINE VTR_MUST_USE bool vtr_gre_seq(const struct vtr_gre *h, struct vtr_span options,
                                         uint32_t *out)
{
    unsigned flags = vtr_be16_get(h->flags);
    return (flags & VTR_GRE_SEQ) != 0 &&
           vtr_span_u32be(options, ((flags >> 15) + (flags >> 13 & 1)) * 4, out);
}

/** NVGRE, RFC 7637 section 3.2: a key and nothing else, and a frame inside. */
VTR_INLINE VTR_MUST_USE bool vtr_gre_is_nvgre(const struct vtr_gre *h)
{
    return vtr_be16_get(h->flags) == VTR_GRE_KEY && vtr_be16_get(h->protocol) == VTR_GRE_ETHERNET;
}
/** @return the virtual subnet of NVGRE's key, 24 bits; the flow is its low 8 bits. */
VTR_INLINE VTR_MUST_USE uint32_t vtr_nvgre_vsid(uint32_t key) { return key >> 8; }

/* Version 1: RFC 2637 section 4.1. The key, which is always there, is a length and a call. */

VTR_WIRE(vtr_pptp, 8,
         (struct vtr_be16, flags, 0),    /* VTR_GRE_KEY, VTR_GRE_SEQ, VTR_PPTP_ACK; version 1 */
         (struct vtr_be16, protocol, 2), /* VTR_PPTP_PPP */
         (struct vtr_be16, payload_len, 4), /* bytes, this header excluded */
         (struct vtr_be16, call, 6));       /* the peer's */

enum {
    VTR_PPTP_ACK = 0x0080,
    VTR_PPTP_PPP = 0x880b,
    VTR_PPTP_FIXED = 0xef7f, /* flags and version: all but VTR_GRE_SEQ and VTR_PPTP_ACK */
};

/** The options are the sequence number and the acknowledgement that are there. */
VTR_INLINE VTR_MUST_USE bool vtr_pptp_measure(const struct vtr_pptp *h, size_t len,
                                              struct vtr_extent *e)
{
    unsigned flags = vtr_be16_get(h->flags);
    (void)len;
    e->header = sizeof *h + ((flags >> 12 & 1) + (flags >> 7 & 1)) * 4;
    e->end = e->header + vtr_be16_get(h->payload_len);
    return (flags & VTR_PPTP_FIXED) == (VTR_GRE_KEY | 1) &&
           vtr_be16_get(h->protocol) == VTR_PPTP_PPP;
}
VTR_TAKE(vtr_pptp)

/** @param out untouched on false: there is none, and then no payload either. */
VTR_INLINE VTR_MUST_USE bool vtr_pptp_seq(const struct vtr_pptp *h, struct vtr_span options,
                                          uint32_t *out)
{
    return (vtr_be16_get(h->flags) & VTR_GRE_SEQ) != 0 && vtr_span_u32be(options, 0, out);
}
/** The highest sequence number that was received. @param out untouched on false: there is none. */
VTR_INLINE VTR_MUST_USE bool vtr_pptp_ack(const struct vtr_pptp *h, struct vtr_span options,
                                          uint32_t *out)
{
    unsigned flags = vtr_be16_get(h->flags);
    return (flags & VTR_PPTP_ACK) != 0 && vtr_span_u32be(options, (flags >> 12 & 1) * 4, out);
}

VTR_END_DECLS
#endif
