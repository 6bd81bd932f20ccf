/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The Internet checksum: RFC 1071, updated as in RFC 1624, with the pseudo-headers of RFC 768,
 * RFC 9293 and RFC 8200. Results are struct vtr_be16: what goes into a header's field, as it is.
 * Owner: nothing here owns anything.
 * Threads: any; a vtr_sum is one thread's.
 * Not here: which bytes a protocol sums (each header's source says so).
 *
 *   ip->sum = vtr_checksum(ip, header_len);            (with the field zero before)
 *   good    = vtr_checksum_good(ip, header_len);       (with the field as it came)
 *
 *   struct vtr_sum sum = vtr_sum_ipv4(ip, VTR_IP_UDP, udp_len);
 *   vtr_sum_add(&sum, vtr_span_of(udp, udp_len));      (or piece by piece)
 *   udp->sum = vtr_sum_end_udp(sum);                    good = vtr_sum_good(sum);
 */
#ifndef VITRINE_CHECKSUM_H
#define VITRINE_CHECKSUM_H

#include <vitrine/span.h>
#include <vitrine/wire/ip4.h>
#include <vitrine/wire/ip6.h>

VTR_BEGIN_DECLS

/**
 * Private: the one's complement sum of the 16-bit words of @p len bytes, each word as it lies in
 * memory; an odd last byte is followed by a zero. At most 16 GiB; no protocol sums more than 4.
 * @return 0 only if all bytes are 0.
 * Cost: 2.5 ns for 20 bytes, 16 ns for 1460 (AMD Zen 4, AVX2; without it 52).
 */
VTR_API VTR_MUST_USE uint16_t vtr_sum_bytes_(const void *bytes, size_t len);

/** A sum under way over bytes that need not lie together. Zero is the sum of nothing. */
struct vtr_sum {
    uint64_t words; /**< private: word sums, to be folded */
    uint64_t len;   /**< bytes so far: after an odd number the next one is the second of a word */
};
VTR_STATIC_ASSERT(sizeof(struct vtr_sum) == 16, "vtr_sum is ABI");
/** The sum of nothing, as an initialiser. */
#define VTR_SUM_EMPTY { 0, 0 }

/** Goes on with the bytes of @p s, wherever in a word the bytes before them ended. */
VTR_INLINE void vtr_sum_add(struct vtr_sum *sum, struct vtr_span s)
{
    uint16_t words = vtr_sum_bytes_(s.ptr, s.len);
    sum->words += sum->len % 2 != 0 ? __builtin_bswap16(words) : words; /* RFC 1071 §2 (B) */
    sum->len += s.len;
}

/** Private: 64 bits of word sums, in one word. */
VTR_INLINE VTR_MUST_USE uint16_t vtr_sum_fold_(uint64_t words)
{
    words = (words & 0xffffffffu) + (words >> 32);
    words = (words & 0xffffffffu) + (words >> 32);
    words = (words & 0xffffu) + (words >> 16);
    words = (words & 0xffffu) + (words >> 16);
    return (uint16_t)words;
}

/** Private: a word as it lies in memory, as a field. */
VTR_INLINE VTR_MUST_USE struct vtr_be16 vtr_sum_field_(uint16_t word)
{
    struct vtr_be16 field;
    memcpy(field.bytes, &word, sizeof word);
    return field;
}

/** @return the checksum of what was added. */
VTR_INLINE VTR_MUST_USE struct vtr_be16 vtr_sum_end(struct vtr_sum sum)
{
    return vtr_sum_field_((uint16_t)~vtr_sum_fold_(sum.words));
}

/** @return what was added, not inverted: what the checksum's field holds when somebody else is to
 * go on from there (VTR_PKT_TX_TCP_SUM, VTR_PKT_TX_UDP_SUM of port.h). */
VTR_INLINE VTR_MUST_USE struct vtr_be16 vtr_sum_partial(struct vtr_sum sum)
{
    return vtr_sum_field_(vtr_sum_fold_(sum.words));
}

/** vtr_sum_end() for UDP, where a field of 0 means none: 0xffff then, which is the same number. */
VTR_INLINE VTR_MUST_USE struct vtr_be16 vtr_sum_end_udp(struct vtr_sum sum)
{
    uint16_t field = (uint16_t)~vtr_sum_fold_(sum.words);
    return vtr_sum_field_(field != 0 ? field : 0xffff);
}

/** @return whether what was added, its checksum included, is as it was sent. */
VTR_INLINE VTR_MUST_USE bool vtr_sum_good(struct vtr_sum sum)
{
    return vtr_sum_fold_(sum.words) == 0xffff;
}

/** @return the checksum of @p len bytes. */
VTR_INLINE VTR_MUST_USE struct vtr_be16 vtr_checksum(const void *bytes, size_t len)
{
    return vtr_sum_field_((uint16_t)~vtr_sum_bytes_(bytes, len));
}

/** @return whether @p len bytes, their checksum included, are as they were sent. */
VTR_INLINE VTR_MUST_USE bool vtr_checksum_good(const void *bytes, size_t len)
{
    return vtr_sum_bytes_(bytes, len) == 0xffff;
}

/* Pseudo-headers */

/**
 * @return the sum of the pseudo-header (RFC 768; RFC 9293 section 3.1), to go on with.
 * @param ip   only its addresses are read.
 * @param len  bytes of the UDP or TCP header and what follows it.
 */
VTR_INLINE VTR_MUST_USE struct vtr_sum vtr_sum_ipv4(const struct vtr_ipv4 *ip, uint8_t protocol,
                                                    uint16_t len)
{
    struct vtr_sum sum = VTR_SUM_EMPTY;
    sum.words += __builtin_bswap32(vtr_be32_get(ip->src));
    sum.words += __builtin_bswap32(vtr_be32_get(ip->dst));
    sum.words += __builtin_bswap16(protocol);
    sum.words += __builtin_bswap16(len);
    return sum;
}

/**
 * @return the sum of the pseudo-header (RFC 8200 section 8.1), to go on with.
 * @param ip        only its addresses are read. Behind a routing header the destination that counts
 *                  is the last one, not this.
 * @param protocol  of the header that is summed, which behind extension headers is not ip's.
 * @param len       bytes of that header and what follows it.
 */
VTR_INLINE VTR_MUST_USE struct vtr_sum vtr_sum_ipv6(const struct vtr_ipv6 *ip, uint8_t protocol,
                                                    uint32_t len)
{
    struct vtr_sum sum = VTR_SUM_EMPTY;
    sum.words += vtr_sum_bytes_(ip->src.bytes, sizeof ip->src);
    sum.words += vtr_sum_bytes_(ip->dst.bytes, sizeof ip->dst);
    sum.words += __builtin_bswap16(protocol);
    sum.words += __builtin_bswap32(len);
    return sum;
}

/* Updates */

/**
 * The checksum after one of the words under it changed: RFC 1624 equation 3, right in the corner
 * where RFC 1141 is not.
 * @param sum  as it was. A UDP checksum of 0 means none, and stays 0: do not update it.
 * @param was,is  a word at an even offset, before and after.
 * @return 0 may be the right answer; UDP writes it as 0xffff.
 */
VTR_INLINE VTR_MUST_USE struct vtr_be16 vtr_checksum_update16(struct vtr_be16 sum,
                                                              struct vtr_be16 was,
                                                              struct vtr_be16 is)
{
    uint32_t words = (uint16_t)~vtr_be16_get(sum);
    words += (uint16_t)~vtr_be16_get(was);
    words += vtr_be16_get(is);
    return vtr_be16_make((uint16_t)~vtr_sum_fold_(words));
}

/** vtr_checksum_update16() for two words at once: an IPv4 address, a sequence number. */
VTR_INLINE VTR_MUST_USE struct vtr_be16 vtr_checksum_update32(struct vtr_be16 sum,
                                                              struct vtr_be32 was,
                                                              struct vtr_be32 is)
{
    uint64_t words = (uint16_t)~vtr_be16_get(sum);
    words += (uint32_t)~vtr_be32_get(was);
    words += vtr_be32_get(is);
    return vtr_be16_make((uint16_t)~vtr_sum_fold_(words));
}

VTR_END_DECLS
#endif
