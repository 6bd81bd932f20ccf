/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Taking headers off the front of bytes that nobody has checked. A header is a primitive struct,
 * its fixed part, and a *measure*, which says what the header says of its own length and of its
 * payload's. VTR_TAKE makes takers of the two. A taker tests every length against what is there and
 * gives back what the header encloses, so later code has nothing left to check:
 *
 *   VTR_WIRE(note, 4, (uint8_t, kind, 0), (uint8_t, words, 1), (struct vtr_be16, len, 2));
 *   static inline bool note_measure(const struct note *h, size_t len, struct vtr_extent *e)
 *   {
 *       e->header = h->words * 4u;                      options lie between it and the fixed part
 *       e->end = e->header + vtr_be16_get(h->len);
 *       return h->kind == 1;
 *   }
 *   VTR_TAKE(note)
 *
 *   if ((eth = vtr_eth_take(s, &s)) && vtr_be16_get(eth->type) == VTR_ETH_IPV4 &&
 *       (ip = vtr_ipv4_take(s, &s)) && ip->protocol == VTR_IP_UDP && !vtr_ipv4_is_fragment(ip) &&
 *       (udp = vtr_udp_take(s, &s)) && (note = note_take(s, &s)))
 *       on_note(note, s);
 *
 * What is a list (options, labels, chunks, records) has an iterator instead, of one shape:
 *
 *   struct vtr_reader r = vtr_reader_of(options);
 *   while (vtr_tcp_option_next(&r, &option))
 *       on_option(&option);
 *   if (r.rest.len != 0)                                malformed, from r.rest.ptr on
 *
 * It moves forward or returns false: at the end, where nothing is left in the reader, or before
 * what is malformed, which is left there.
 *
 * Owner: nobody; headers, options and payload are borrowed while the bytes are.
 * Threads: any. A length is read once, so bytes that change meanwhile lead nowhere outside.
 * Not here: the headers of the usual protocols (wire.h), headers in segments (walk.h).
 */
#ifndef VITRINE_PARSE_H
#define VITRINE_PARSE_H

#include <vitrine/reader.h>

VTR_BEGIN_DECLS

/** What a header says: where it and what it encloses end, in bytes from its beginning. */
struct vtr_extent {
    size_t header; /**< options included: at least the fixed part */
    size_t end;    /**< of the payload: at least header, at most the bytes there are */
};

/** Private: whether what a measure says is so. */
VTR_INLINE VTR_MUST_USE bool vtr_extent_holds_(struct vtr_extent e, size_t fixed, size_t len)
{
    return fixed <= e.header && e.header <= e.end && e.end <= len;
}

/** Private: a program's own file need not call all that is made for it. */
#define VTR_TAKE_FN_ VTR_INLINE VTR_MUST_USE __attribute__((unused))

/**
 * Makes the takers of struct @p name, which VTR_WIRE has declared, from
 *   bool name_measure(const struct name *h, size_t len, struct vtr_extent *e);
 *     h    a copy of the fixed part, which nobody else can change.
 *     len  how many bytes there are, h's included: where a payload ends that no header limits.
 *     e    what h says, to be filled. It is tested here: a measure need not.
 *     @return false: this is no such header.
 *
 * const struct name *name_take(struct vtr_span s, struct vtr_span *rest);
 *   rest     the payload. May be the variable that s came from. Untouched on NULL.
 *   @return  the header in place; NULL: no such header, or not all that it encloses is in s.
 *
 * const struct name *name_take_options(s, struct vtr_span *options, struct vtr_span *rest);
 *   options  what lies between the fixed part and the payload. Untouched on NULL.
 */
#define VTR_TAKE(name)                                                                             \
    /** Private: for takers: the measure of a copy, tested. */                                     \
    VTR_TAKE_FN_ bool name##_extent_(const void *at, size_t len, struct vtr_extent *e)             \
    {                                                                                              \
        struct name h;                                                                             \
        VTR_ASSERT_PRIMITIVE_(struct name);                                                        \
        memcpy(&h, at, sizeof h);                                                                  \
        return name##_measure(&h, len, e) && vtr_extent_holds_(*e, sizeof h, len);                 \
    }                                                                                              \
    /** The header, its options and its payload: VTR_TAKE. */                                      \
    VTR_TAKE_FN_ const struct name *name##_take_options(                                           \
        struct vtr_span s, struct vtr_span *options, struct vtr_span *rest)                        \
    {                                                                                              \
        const struct name *header = vtr_span_view(s, 0, struct name);                              \
        struct vtr_extent e;                                                                       \
        if (VTR_UNLIKELY(header == NULL || !name##_extent_(header, s.len, &e)))                    \
            return NULL;                                                                           \
        *options = vtr_span_part_(s, sizeof *header, e.header - sizeof *header);                   \
        *rest = vtr_span_part_(s, e.header, e.end - e.header);                                     \
        return header;                                                                             \
    }                                                                                              \
    /** The header and its payload: VTR_TAKE. */                                                   \
    VTR_TAKE_FN_ const struct name *name##_take(struct vtr_span s, struct vtr_span *rest)          \
    {                                                                                              \
        struct vtr_span options;                                                                   \
        return name##_take_options(s, &options, rest);                                             \
    }

/** VTR_TAKE of a header that is always taken: it says nothing of its length or its payload's. */
#define VTR_TAKE_FIXED(name)                                                                       \
    /** Any: the payload is all that follows. */                                                   \
    VTR_TAKE_FN_ bool name##_measure(const struct name *h, size_t len, struct vtr_extent *e)       \
    {                                                                                              \
        e->header = sizeof *h;                                                                     \
        e->end = len;                                                                              \
        return true;                                                                               \
    }                                                                                              \
    VTR_TAKE(name)

VTR_END_DECLS
#endif
