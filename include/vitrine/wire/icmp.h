/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * ICMP and ICMPv6: what all their messages begin with.
 * Not here: ND (nd.h), MLD (igmp.h), checksums (checksum.h).
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

/* Types: IANA "ICMP Type Numbers", "ICMPv6 type Numbers". */
enum {
    VTR_ICMP_ECHO_REPLY = 0,
    VTR_ICMP_UNREACHABLE = 3,
    VTR_ICMP_REDIRECT = 5, /* id and seq: the router's address */
    VTR_ICMP_ECHO = 8,
    VTR_ICMP_TIME_EXCEEDED = 11,
    VTR_ICMP_PARAMETER_PROBLEM = 12,
    VTR_ICMP_TIMESTAMP = 13,
    VTR_ICMP_TIMESTAMP_REPLY = 14,

    VTR_ICMP_TOO_BIG = 4, /* code of VTR_ICMP_UNREACHABLE; seq: the next link's MTU (RFC 1191) */

    VTR_ICMPV6_UNREACHABLE = 1,
    VTR_ICMPV6_TOO_BIG = 2, /* id and seq: the next link's MTU */
    VTR_ICMPV6_TIME_EXCEEDED = 3,
    VTR_ICMPV6_PARAMETER_PROBLEM = 4,
    VTR_ICMPV6_ECHO = 128,
    VTR_ICMPV6_ECHO_REPLY = 129,
    /* 130 to 132 and 143: igmp.h; 133 to 137: nd.h */
};

/** ICMP and ICMPv6: eight bytes in every message of RFC 792 and RFC 4443. */
VTR_TAKE_FIXED(vtr_icmp)


/** @return whether the payload begins with the packet that was the cause, its IP header first. */
VTR_INLINE VTR_MUST_USE bool vtr_icmp_is_error(const struct vtr_icmp *icmp)
{
    uint8_t type = icmp->type;
    return type == VTR_ICMP_UNREACHABLE || type == VTR_ICMP_REDIRECT ||
           type == VTR_ICMP_TIME_EXCEEDED || type == VTR_ICMP_PARAMETER_PROBLEM;
}
/** The same of ICMPv6: RFC 4443 section 2.1. */
VTR_INLINE VTR_MUST_USE bool vtr_icmpv6_is_error(const struct vtr_icmp *icmp)
{
    return icmp->type < 128;
}

VTR_END_DECLS
#endif
