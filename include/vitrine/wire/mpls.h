/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * MPLS: the label stack.
 * Not here: what is under it, which only who made the labels knows.
 */
#ifndef VITRINE_WIRE_MPLS_H
#define VITRINE_WIRE_MPLS_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

/* MPLS: RFC 3032 section 2.1; the traffic class as in RFC 5462. */

VTR_WIRE(vtr_mpls, 4, (struct vtr_be32, word, 0)); /* label 20, traffic class 3, bottom 1, TTL 8 */

enum {
    VTR_MPLS_EXPLICIT_NULL = 0, /* RFC 3032: IPv4 is under it */
    VTR_MPLS_ROUTER_ALERT = 1,
    VTR_MPLS_EXPLICIT_NULL6 = 2, /* IPv6 is under it */
    VTR_MPLS_IMPLICIT_NULL = 3,
    VTR_MPLS_ENTROPY = 7, /* RFC 6790 */
};

/** One entry of a label stack. */
VTR_TAKE_FIXED(vtr_mpls)

/** An entry, and how far a walk down the stack is: zero before the first. */
struct vtr_mpls_label {
    uint32_t label;        /**< 20 bits */
    uint8_t traffic_class; /**< 3 bits */
    uint8_t ttl;
    bool bottom; /**< the last one: the payload follows */
};

/**
 * The next entry of a label stack: `struct vtr_mpls_label l = { 0 };` before the first.
 * @param l  untouched on false: l->bottom, and the payload is in the reader; or the stack is cut
 *           short where the reader is.
 */
VTR_INLINE VTR_MUST_USE bool vtr_mpls_next(struct vtr_reader *r, struct vtr_mpls_label *l)
{
    uint32_t word;
    if (l->bottom || !vtr_reader_u32be(r, &word))
        return false;
    l->label = word >> 12;
    l->traffic_class = (uint8_t)(word >> 9 & 7u);
    l->bottom = (word >> 8 & 1u) != 0;
    l->ttl = (uint8_t)word;
    return true;
}

VTR_END_DECLS
#endif
