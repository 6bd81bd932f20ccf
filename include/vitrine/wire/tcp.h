/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * TCP.
 * Not here: connections; checksums (checksum.h).
 */
#ifndef VITRINE_WIRE_TCP_H
#define VITRINE_WIRE_TCP_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

/* TCP: RFC 9293 section 3.1. */

VTR_WIRE(vtr_tcp, 20,
         (struct vtr_be16, src, 0),
         (struct vtr_be16, dst, 2),
         (struct vtr_be32, seq, 4),
         (struct vtr_be32, ack, 8),
         (uint8_t, data_off, 12), /* high 4 bits: header in 4 bytes; VTR_TCP_PLAIN */
         (uint8_t, flags, 13),
         (struct vtr_be16, window, 14),
         (struct vtr_be16, sum, 16),
         (struct vtr_be16, urgent, 18));

enum {
    VTR_TCP_FIN = 1u << 0,
    VTR_TCP_SYN = 1u << 1,
    VTR_TCP_RST = 1u << 2,
    VTR_TCP_PSH = 1u << 3,
    VTR_TCP_ACK = 1u << 4,
    VTR_TCP_URG = 1u << 5,
    VTR_TCP_ECE = 1u << 6,
    VTR_TCP_CWR = 1u << 7,

    VTR_TCP_PLAIN = 0x50, /* no options */
};

/** @return bytes, options included: 0 to 60; less than 20 is malformed. */
VTR_INLINE VTR_MUST_USE size_t vtr_tcp_header_len(const struct vtr_tcp *tcp)
{
    return (tcp->data_off >> 4) * 4u;
}

/** With 0 to 40 bytes of options; the payload is all that follows. */
VTR_INLINE VTR_MUST_USE bool vtr_tcp_measure(const struct vtr_tcp *h, size_t len,
                                             struct vtr_extent *e)
{
    e->header = vtr_tcp_header_len(h);
    e->end = len;
    return true;
}
VTR_TAKE(vtr_tcp)

VTR_END_DECLS
#endif
