/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Taking headers off the front of bytes that nobody has checked. Each call looks at the header in
 * place, checks all lengths in it against what is there, and gives back what the header encloses; so
 * later code has nothing left to check:
 *
 *   if ((eth = vtr_eth_take(s, &s)) && vtr_be16_get(eth->type) == VTR_ETH_IPV4 &&
 *       (ip = vtr_ipv4_take(s, &s)) && ip->protocol == VTR_IP_UDP && !vtr_ipv4_is_fragment(ip) &&
 *       (udp = vtr_udp_take(s, &s)))
 *       on_datagram(udp, s);
 *
 * All of them: @param s borrowed. @param rest what follows the header and its options, cut to the
 * length that the header states; may be the variable that @p s came from; untouched on NULL.
 * @return the header in place, borrowed while the bytes of @p s are; NULL: too short or malformed.
 * Owner: nobody. Threads: any; each length is read once, so bytes that change meanwhile cannot
 * lead out of @p s. Not here: checksums (checksum.h), and what a field may mean.
 */
#ifndef VITRINE_PARSE_H
#define VITRINE_PARSE_H

#include <vitrine/span.h>
#include <vitrine/wire.h>

VTR_BEGIN_DECLS

/** Bytes [from, to) of @p s into *rest, if they lie behind a header of @p min bytes and inside. */
VTR_INLINE VTR_MUST_USE bool vtr_take_between_(struct vtr_span s, size_t min, size_t from, size_t to,
                                               struct vtr_span *rest)
{
    return from >= min && to >= from && vtr_span_sub(s, from, to - from, rest);
}

/** Private: a header of fixed length that says nothing of how long its payload is. */
VTR_INLINE VTR_MUST_USE const void *vtr_take_fixed_(struct vtr_span s, size_t len,
                                                    struct vtr_span *rest)
{
    const void *header = vtr_span_view_(s, 0, len);
    return vtr_in_bounds(s.len, len, 0) && vtr_take_between_(s, len, len, s.len, rest) ? header : NULL;
}

VTR_END_DECLS
#endif
