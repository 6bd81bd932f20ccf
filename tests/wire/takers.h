/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Every header that can be taken, by one shape, and what holds of all of them whatever the bytes:
 * for unit tests and for fuzzing. Broken properties abort (vtr_check).
 */
#ifndef VITRINE_TESTS_TAKERS_H
#define VITRINE_TESTS_TAKERS_H

#include <vitrine/static.h>
#include <vitrine/walk.h>
#include <vitrine/wire.h>

/* A fuzz input names one by its place: append only. */
#define TAKERS(X)                                                                                  \
    X(vtr_eth)                                                                                     \
    X(vtr_vlan)                                                                                    \
    X(vtr_llc)                                                                                     \
    X(vtr_snap)                                                                                    \
    X(vtr_arp)                                                                                     \
    X(vtr_mpls)                                                                                    \
    X(vtr_pppoe)                                                                                   \
    X(vtr_ppp)                                                                                     \
    X(vtr_ipv4)                                                                                    \
    X(vtr_ipv6)                                                                                    \
    X(vtr_ip6_ext)                                                                                 \
    X(vtr_ip6_routing)                                                                             \
    X(vtr_ip6_fragment)                                                                            \
    X(vtr_ah)                                                                                      \
    X(vtr_esp)                                                                                     \
    X(vtr_ip6_mobility)                                                                            \
    X(vtr_icmp)                                                                                    \
    X(vtr_nd_rs)                                                                                   \
    X(vtr_nd_ra)                                                                                   \
    X(vtr_nd_ns)                                                                                   \
    X(vtr_nd_na)                                                                                   \
    X(vtr_nd_redirect)                                                                             \
    X(vtr_igmp)                                                                                    \
    X(vtr_igmp3_query)                                                                             \
    X(vtr_igmp3_report)                                                                            \
    X(vtr_igmp3_record)                                                                            \
    X(vtr_mld)                                                                                     \
    X(vtr_mld2_query)                                                                              \
    X(vtr_mld2_report)                                                                             \
    X(vtr_mld2_record)                                                                             \
    X(vtr_udp)                                                                                     \
    X(vtr_tcp)                                                                                     \
    X(vtr_sctp)                                                                                    \
    X(vtr_sctp_data)                                                                               \
    X(vtr_sctp_init)                                                                               \
    X(vtr_sctp_sack)                                                                               \
    X(vtr_memcached_udp)

struct taker {
    const char *name;
    size_t fixed;
    const void *(*span)(struct vtr_span s, struct vtr_span *options, struct vtr_span *rest);
    const void *(*span_short)(struct vtr_span s, struct vtr_span *rest);
    const void *(*data)(struct vtr_data d, void *scratch, struct vtr_data *options,
                        struct vtr_data *rest);
};

#define TAKER_FUNCTIONS(type)                                                                      \
    static const void *span_##type(struct vtr_span s, struct vtr_span *options,                    \
                                   struct vtr_span *rest)                                          \
    {                                                                                              \
        return type##_take_options(s, options, rest);                                              \
    }                                                                                              \
    static const void *short_##type(struct vtr_span s, struct vtr_span *rest)                      \
    {                                                                                              \
        return type##_take(s, rest);                                                               \
    }                                                                                              \
    static const void *data_##type(struct vtr_data d, void *scratch, struct vtr_data *options,     \
                                   struct vtr_data *rest)                                          \
    {                                                                                              \
        struct type *header = (struct type *)scratch;                                              \
        return vtr_data_take_options(type, d, header, options, rest);                              \
    }
TAKERS(TAKER_FUNCTIONS)
#undef TAKER_FUNCTIONS

#define TAKER_ROW(type) { #type, sizeof(struct type), span_##type, short_##type, data_##type },
static const struct taker takers[] = { TAKERS(TAKER_ROW) };
#undef TAKER_ROW
enum { TAKERS_N = sizeof takers / sizeof takers[0], TAKER_FIXED_MAX = 64 };

/** Bytes as a vtr_data of two segments, of which either may be empty. Not to be moved. */
struct segments {
    struct vtr_static part[2];
    struct vtr_data whole;
};

static inline void segments_open(struct segments *s, struct vtr_span bytes, size_t cut)
{
    struct vtr_data parts[2];
    for (int i = 0; i < 2; i++) {
        size_t from = i == 0 ? 0 : cut, to = i == 0 ? cut : bytes.len;
        struct vtr_static part = { { VTR_COUNT_FIXED, 0, 255, VTR_RECORD_FIXED, NULL }, 0, 0 };
        part.rec.base = from != 0 ? bytes.ptr + from : bytes.ptr;
        part.len = (uint32_t)(to - from);
        s->part[i] = part;
        parts[i] = vtr_data_static(&s->part[i]);
    }
    vtr_check(vtr_data_join(parts, 2, &s->whole) == 0);
}

static inline void segments_close(struct segments *s) { vtr_data_unref(&s->whole); }

/** @return whether a part of the packet's data holds the bytes at @p from. */
static inline bool taker_same(struct vtr_data d, struct vtr_span want)
{
    size_t off = 0;
    struct vtr_cursor c = vtr_cursor_of(d);
    struct vtr_span got;
    for (; vtr_cursor_next(&c, &got); off += got.len)
        if (off + got.len > want.len || got.ptr != want.ptr + off) /* in place: nothing is copied */
            return false;
    return off == want.len && d.len == want.len;
}

/** The data taker, with the bytes in two segments, says what the span taker says. */
static inline void taker_agrees_at(const struct taker *t, struct vtr_span s, size_t cut,
                                   const void *header, struct vtr_span options,
                                   struct vtr_span rest)
{
    static const struct vtr_data untouched = { 0, 7, 7 };
    struct segments in;
    uint8_t scratch[TAKER_FIXED_MAX];
    struct vtr_data got_options = untouched, got_rest = untouched;
    segments_open(&in, s, cut);
    const void *got = t->data(in.whole, scratch, &got_options, &got_rest);
    vtr_check((got != NULL) == (header != NULL));
    if (got == NULL) {
        vtr_check(memcmp(&got_options, &untouched, sizeof untouched) == 0);
        vtr_check(memcmp(&got_rest, &untouched, sizeof untouched) == 0);
    } else {
        vtr_check(got == (cut > 0 && cut < t->fixed ? (const void *)scratch : s.ptr));
        vtr_check(memcmp(got, header, t->fixed) == 0);
        vtr_check(taker_same(got_options, options) && taker_same(got_rest, rest));
    }
    segments_close(&in);
}

/**
 * What holds of a taker whatever the bytes: all that it gives lies in them, in order; what it
 * refuses leaves the outputs alone; and bytes in two segments, cut anywhere in the header or just
 * behind it, give the same.
 * @return whether there is such a header. @param end  where its payload ends; may be NULL.
 */
static inline bool taker_holds(const struct taker *t, struct vtr_span s, size_t *header_end,
                               size_t *end)
{
    static const uint8_t elsewhere[1];
    const struct vtr_span untouched = { elsewhere, 77 };
    struct vtr_span options = untouched, rest = untouched, alias = s;
    const void *header = t->span(s, &options, &rest);
    const void *again = t->span_short(alias, &alias);
    vtr_check(header == again);
    if (header == NULL) {
        vtr_check(options.ptr == elsewhere && options.len == 77);
        vtr_check(rest.ptr == elsewhere && rest.len == 77);
        vtr_check(alias.ptr == s.ptr && alias.len == s.len);
    } else {
        vtr_check(header == s.ptr && t->fixed <= s.len);
        vtr_check(options.ptr == s.ptr + t->fixed && options.len <= s.len - t->fixed);
        vtr_check(rest.ptr == options.ptr + options.len);
        vtr_check(rest.len <= s.len - t->fixed - options.len);
        vtr_check(alias.ptr == rest.ptr && alias.len == rest.len);
        *header_end = t->fixed + options.len;
        *end = *header_end + rest.len;
    }
    size_t last = header != NULL ? *header_end + 1 : t->fixed;
    for (size_t cut = 0; cut <= s.len && cut <= last; cut++)
        taker_agrees_at(t, s, cut, header, options, rest);
    return header != NULL;
}

#endif
