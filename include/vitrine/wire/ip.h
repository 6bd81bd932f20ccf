/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What IPv4 and IPv6 have in common: the numbers of protocols, and options of one grammar.
 * Not here: the headers (ip4.h, ip6.h).
 */
#ifndef VITRINE_WIRE_IP_H
#define VITRINE_WIRE_IP_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

/* Protocols and extension headers: IANA "Assigned Internet Protocol Numbers". */
enum {
    VTR_IP_HOP_BY_HOP = 0, /* an extension header of IPv6, as those marked 6 */
    VTR_IP_ICMP = 1,
    VTR_IP_IGMP = 2,
    VTR_IP_IPV4 = 4, /* IPv4 in IP: RFC 2003 */
    VTR_IP_TCP = 6,
    VTR_IP_UDP = 17,
    VTR_IP_IPV6 = 41,    /* IPv6 in IP: RFC 2473 */
    VTR_IP_ROUTING = 43, /* 6 */
    VTR_IP_FRAGMENT = 44, /* 6 */
    VTR_IP_GRE = 47,
    VTR_IP_ESP = 50,
    VTR_IP_AH = 51, /* also 6 */
    VTR_IP_ICMPV6 = 58,
    VTR_IP_NONE = 59,                /* nothing follows */
    VTR_IP_DESTINATION_OPTIONS = 60, /* 6 */
    VTR_IP_SCTP = 132,
    VTR_IP_MOBILITY = 135, /* 6 */
    VTR_IP_UDPLITE = 136,
    VTR_IP_MPLS = 137, /* RFC 4023 */
    VTR_IP_HIP = 139,   /* 6 */
    VTR_IP_SHIM6 = 140, /* 6 */
};

/* Options of IPv4 and of TCP, which have one grammar: RFC 791 section 3.1, RFC 9293 section 3.1. */

enum {
    VTR_OPTION_END = 0,
    VTR_OPTION_NOP = 1,
};

/** An option of IPv4 or of TCP, which are of one form. */
struct vtr_option {
    uint8_t kind;          /**< VTR_OPTION_NOP, VTR_IPV4_OPTION_*, VTR_TCP_OPTION_* */
    struct vtr_span value; /**< without kind and length */
};

/** Private: the next option, which may be VTR_OPTION_NOP. VTR_OPTION_END ends them. */
VTR_INLINE VTR_MUST_USE bool vtr_option_next_(struct vtr_reader *r, struct vtr_option *out)
{
    const uint8_t *at = r->rest.ptr;
    size_t left = r->rest.len, len;
    if (left == 0)
        return false;
    uint8_t kind = at[0];
    if (kind == VTR_OPTION_NOP) {
        out->kind = kind;
        out->value = vtr_span_of(at + 1, 0);
        r->rest = vtr_span_of(at + 1, left - 1);
        return true;
    }
    if (kind == VTR_OPTION_END)
        r->rest.len = 0;
    if (kind == VTR_OPTION_END || left < 2 || (len = at[1]) < 2 || len > left)
        return false;
    out->kind = kind;
    out->value = vtr_span_of(at + 2, len - 2);
    r->rest = vtr_span_of(at + len, left - len);
    return true;
}

VTR_END_DECLS
#endif
