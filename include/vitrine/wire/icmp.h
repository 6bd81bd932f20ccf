/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * ICMP and ICMPv6: what all their messages begin with.
 * Not here: checksums (checksum.h).
 */
#ifndef VITRINE_WIRE_ICMP_H
#define VITRINE_WIRE_ICMP_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

/* ICMP: RFC 792. ICMPv6: RFC 4443. */

VTR_WIRE(vtr_icmp, 8,
         (uint8_t, type, 0), /* VTR_ICMP_*, VTR_ICMPV6_* */
         (uint8_t, code, 1),
         (struct vtr_be16, sum, 2),  /* of ICMPv6: with the pseudo-header */
         (struct vtr_be16, id, 4),   /* of echo and its reply; else as the type says */
         (struct vtr_be16, seq, 6)); /* likewise */

enum {
    VTR_ICMP_ECHO_REPLY = 0,
    VTR_ICMP_UNREACHABLE = 3,
    VTR_ICMP_ECHO = 8,
    VTR_ICMP_TIME_EXCEEDED = 11,
    VTR_ICMP_PARAMETER_PROBLEM = 12,

    VTR_ICMPV6_UNREACHABLE = 1,
    VTR_ICMPV6_TOO_BIG = 2,
    VTR_ICMPV6_TIME_EXCEEDED = 3,
    VTR_ICMPV6_PARAMETER_PROBLEM = 4,
    VTR_ICMPV6_ECHO = 128,
    VTR_ICMPV6_ECHO_REPLY = 129,
};

/** ICMP and ICMPv6: eight bytes in every message of RFC 792 and RFC 4443. */
VTR_TAKE_FIXED(vtr_icmp)

VTR_END_DECLS
#endif
