/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * UDP.
 * Not here: checksums (checksum.h).
 */
#ifndef VITRINE_WIRE_UDP_H
#define VITRINE_WIRE_UDP_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

/* UDP: RFC 768. */

VTR_WIRE(vtr_udp, 8,
         (struct vtr_be16, src, 0),
         (struct vtr_be16, dst, 2),
         (struct vtr_be16, len, 4),  /* bytes, header included */
         (struct vtr_be16, sum, 6)); /* 0: none was made */

/** Cut to the length. One below 8 is refused: also 0, as in a jumbogram (RFC 2675). */
VTR_INLINE VTR_MUST_USE bool vtr_udp_measure(const struct vtr_udp *h, size_t len,
                                             struct vtr_extent *e)
{
    (void)len;
    e->header = sizeof *h;
    e->end = vtr_be16_get(h->len);
    return true;
}
VTR_TAKE(vtr_udp)

VTR_END_DECLS
#endif
