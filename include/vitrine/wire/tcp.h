/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * TCP and its options.
 * Not here: connections; checksums (checksum.h).
 */
#ifndef VITRINE_WIRE_TCP_H
#define VITRINE_WIRE_TCP_H

#include <vitrine/parse.h>
#include <vitrine/wire/ip.h>

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


/* Options: RFC 9293 section 3.2, and as said; IANA "TCP Option Kind Numbers". Of one whose length
 * is not that of its kind, the getters say that it is not there. */

enum {
    VTR_TCP_OPTION_MSS = 2,
    VTR_TCP_OPTION_WINDOW_SCALE = 3,   /* RFC 7323 section 2 */
    VTR_TCP_OPTION_SACK_PERMITTED = 4, /* RFC 2018 section 2 */
    VTR_TCP_OPTION_SACK = 5,           /* RFC 2018 section 3 */
    VTR_TCP_OPTION_TIMESTAMPS = 8,     /* RFC 7323 section 3 */
    VTR_TCP_OPTION_MD5 = 19,           /* RFC 2385: 16 bytes */
    VTR_TCP_OPTION_AO = 29,            /* RFC 5925: key id, next key id, MAC */
    VTR_TCP_OPTION_MPTCP = 30,         /* RFC 8684 */
    VTR_TCP_OPTION_FAST_OPEN = 34,     /* RFC 7413: a cookie of 4 to 16 bytes, or a request: none */
};

VTR_WIRE(vtr_tcp_sack, 8, (struct vtr_be32, left, 0), (struct vtr_be32, right, 4));
VTR_WIRE(vtr_tcp_timestamps, 8, (struct vtr_be32, value, 0), (struct vtr_be32, echo, 4));
VTR_WIRE(vtr_tcp_md5, 16, (uint8_t, digest, 0, [16]));

/** The next of the options of a TCP header, VTR_OPTION_NOP included; VTR_OPTION_END ends them. */
VTR_INLINE VTR_MUST_USE bool vtr_tcp_option_next(struct vtr_reader *r, struct vtr_option *out)
{
    enum { KIND = VTR_TCP_OPTION_TIMESTAMPS, LEN = 2 + sizeof(struct vtr_tcp_timestamps) };
    const uint8_t *at = r->rest.ptr;
    /* What most segments have: foretold, the next option need not wait for this one's length. */
    if (r->rest.len >= LEN && at[0] == KIND && at[1] == LEN) {
        out->kind = KIND;
        out->value = vtr_span_of(at + 2, LEN - 2);
        r->rest = vtr_span_of(at + LEN, r->rest.len - LEN);
        return true;
    }
    return vtr_option_next_(r, out);
}

/** @return whether it is a maximum segment size. @param mss  bytes; untouched on false. */
VTR_INLINE VTR_MUST_USE bool vtr_tcp_option_mss(const struct vtr_option *o, uint16_t *mss)
{
    return o->kind == VTR_TCP_OPTION_MSS && o->value.len == sizeof *mss &&
           vtr_span_u16be(o->value, 0, mss);
}

/** @return whether it is a window scale. @param shift  in bits, as sent: above 14 means 14;
 * untouched on false. */
VTR_INLINE VTR_MUST_USE bool vtr_tcp_option_window_scale(const struct vtr_option *o, uint8_t *shift)
{
    return o->kind == VTR_TCP_OPTION_WINDOW_SCALE && o->value.len == 1 &&
           vtr_span_u8(o->value, 0, shift);
}

/** @return whether it says that selective acknowledgements may be sent. */
VTR_INLINE VTR_MUST_USE bool vtr_tcp_option_sack_permitted(const struct vtr_option *o)
{
    return o->kind == VTR_TCP_OPTION_SACK_PERMITTED && o->value.len == 0;
}

/** @return the first of 1 to 4 blocks; NULL: it is no selective acknowledgement.
 * @param count  untouched on NULL. */
VTR_INLINE VTR_MUST_USE const struct vtr_tcp_sack *vtr_tcp_option_sack(const struct vtr_option *o,
                                                                       size_t *count)
{
    const struct vtr_tcp_sack *first = vtr_span_view(o->value, 0, struct vtr_tcp_sack);
    if (o->kind != VTR_TCP_OPTION_SACK || first == NULL || o->value.len % sizeof *first != 0)
        return NULL;
    *count = o->value.len / sizeof *first;
    return first;
}

/** @return the two of them; NULL: it is something else. */
VTR_INLINE VTR_MUST_USE const struct vtr_tcp_timestamps *
vtr_tcp_option_timestamps(const struct vtr_option *o)
{
    return o->kind == VTR_TCP_OPTION_TIMESTAMPS && o->value.len == sizeof(struct vtr_tcp_timestamps)
               ? vtr_span_view(o->value, 0, struct vtr_tcp_timestamps)
               : NULL;
}

/** @return the digest; NULL: it is something else. */
VTR_INLINE VTR_MUST_USE const struct vtr_tcp_md5 *vtr_tcp_option_md5(const struct vtr_option *o)
{
    return o->kind == VTR_TCP_OPTION_MD5 && o->value.len == sizeof(struct vtr_tcp_md5)
               ? vtr_span_view(o->value, 0, struct vtr_tcp_md5)
               : NULL;
}

/** @return whether it is for fast open. @param cookie  empty: one is asked for; untouched on
 * false. */
VTR_INLINE VTR_MUST_USE bool vtr_tcp_option_fast_open(const struct vtr_option *o,
                                                      struct vtr_span *cookie)
{
    size_t len = o->value.len;
    if (o->kind != VTR_TCP_OPTION_FAST_OPEN || (len != 0 && (len < 4 || len > 16 || len % 2 != 0)))
        return false;
    *cookie = o->value;
    return true;
}

VTR_END_DECLS
#endif
