/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * IGMP versions 1 to 3, and MLD versions 1 and 2: the same for IPv6, inside ICMPv6.
 * Not here: who is in which group; checksums (checksum.h).
 */
#ifndef VITRINE_WIRE_IGMP_H
#define VITRINE_WIRE_IGMP_H

#include <vitrine/parse.h>
#include <vitrine/wire/ip6.h>

VTR_BEGIN_DECLS

/* IGMP: version 1 RFC 1112 appendix I, version 2 RFC 2236 section 2, version 3 RFC 3376 section 4.
 * A query of 8 bytes is of version 2, or 1 if max_resp is 0; a longer one of version 3. */

VTR_WIRE(vtr_igmp, 8,
         (uint8_t, type, 0),     /* VTR_IGMP_* */
         (uint8_t, max_resp, 1), /* in 1/10 s; of version 3: vtr_igmp_code() */
         (struct vtr_be16, sum, 2),
         (struct vtr_be32, group, 4)); /* of a version 3 report: number of records in low 16 bits */

enum {
    VTR_IGMP_QUERY = 0x11,
    VTR_IGMP_REPORT1 = 0x12,
    VTR_IGMP_REPORT2 = 0x16,
    VTR_IGMP_LEAVE = 0x17,
    VTR_IGMP_REPORT3 = 0x22, /* vtr_igmp3_report_take() */
};

/** Any type: eight bytes in every message of all versions. */
VTR_TAKE_FIXED(vtr_igmp)

VTR_WIRE(vtr_igmp3_query, 12,
         (struct vtr_igmp, igmp, 0),
         (uint8_t, flags, 8), /* suppress 1, robustness 3 */
         (uint8_t, interval, 9), /* of queries, in s: vtr_igmp_code() */
         (struct vtr_be16, sources, 10));

/** A version 3 query; its payload is the sources, struct vtr_be32 each. */
VTR_INLINE VTR_MUST_USE bool vtr_igmp3_query_measure(const struct vtr_igmp3_query *h, size_t len,
                                                     struct vtr_extent *e)
{
    (void)len;
    e->header = sizeof *h;
    e->end = sizeof *h + vtr_be16_get(h->sources) * sizeof(struct vtr_be32);
    return h->igmp.type == VTR_IGMP_QUERY;
}
VTR_TAKE(vtr_igmp3_query)

/** @return the number that max_resp or interval stands for: RFC 3376 section 4.1.1. */
VTR_INLINE VTR_MUST_USE unsigned vtr_igmp_code(uint8_t code)
{
    return code < 128 ? code : ((code & 0x0fu) | 0x10u) << ((code >> 4 & 7u) + 3);
}

VTR_WIRE(vtr_igmp3_report, 8,
         (uint8_t, type, 0),
         (uint8_t, reserved, 1),
         (struct vtr_be16, sum, 2),
         (struct vtr_be16, reserved2, 4),
         (struct vtr_be16, records, 6));  /* vtr_igmp3_record_next() */

/** A version 3 report; its payload begins with its records. */
VTR_INLINE VTR_MUST_USE bool vtr_igmp3_report_measure(const struct vtr_igmp3_report *h, size_t len,
                                                      struct vtr_extent *e)
{
    e->header = sizeof *h;
    e->end = len;
    return h->type == VTR_IGMP_REPORT3;
}
VTR_TAKE(vtr_igmp3_report)

/* Records of reports: RFC 3376 section 4.2.4, RFC 3810 section 5.2.5. */

VTR_WIRE(vtr_igmp3_record, 8,
         (uint8_t, type, 0), /* VTR_GROUP_* */
         (uint8_t, aux_words, 1), /* of 4 bytes, behind the sources */
         (struct vtr_be16, sources, 2),
         (struct vtr_be32, group, 4));

enum {
    VTR_GROUP_IS_INCLUDE = 1,
    VTR_GROUP_IS_EXCLUDE = 2,
    VTR_GROUP_TO_INCLUDE = 3,
    VTR_GROUP_TO_EXCLUDE = 4,
    VTR_GROUP_ALLOW = 5,
    VTR_GROUP_BLOCK = 6,
};

/** A record; its payload is the auxiliary data, its options the sources. */
VTR_INLINE VTR_MUST_USE bool vtr_igmp3_record_measure(const struct vtr_igmp3_record *h, size_t len,
                                                      struct vtr_extent *e)
{
    (void)len;
    e->header = sizeof *h + vtr_be16_get(h->sources) * sizeof(struct vtr_be32);
    e->end = e->header + h->aux_words * 4u;
    return true;
}
VTR_TAKE(vtr_igmp3_record)

/** A record of a report, and how many are left: `{ .left = vtr_be16_get(report->records) }`. */
struct vtr_igmp3_group {
    unsigned left; /**< behind this one */
    const struct vtr_igmp3_record *record;
    struct vtr_span sources; /**< struct vtr_be32 each */
    struct vtr_span aux;
};

/** The next record. @return false: none is left, and bytes behind them mean nothing; or the next is
 * not all there. */
VTR_INLINE VTR_MUST_USE bool vtr_igmp3_record_next(struct vtr_reader *r, struct vtr_igmp3_group *g)
{
    const struct vtr_igmp3_record *record;
    struct vtr_span s = r->rest;
    if (g->left == 0 || !(record = vtr_igmp3_record_take_options(s, &g->sources, &g->aux)))
        return false;
    g->left--;
    g->record = record;
    return vtr_reader_skip(r, sizeof *record + g->sources.len + g->aux.len);
}

/* MLD: version 1 RFC 2710 section 3, version 2 RFC 3810 section 5. A query of 24 bytes is of
 * version 1. */

VTR_WIRE(vtr_mld, 24,
         (uint8_t, type, 0), /* VTR_MLD_* */
         (uint8_t, code, 1),
         (struct vtr_be16, sum, 2),
         (struct vtr_be16, max_resp_ms, 4), /* of version 2: vtr_mld_code() */
         (struct vtr_be16, reserved, 6),
         (struct vtr_ip6_addr, group, 8));

enum {
    VTR_MLD_QUERY = 130,
    VTR_MLD_REPORT = 131,
    VTR_MLD_DONE = 132,
    VTR_MLD_REPORT2 = 143, /* vtr_mld2_report_take() */
};

/** A query of any version, a report of version 1, or a done. */
VTR_INLINE VTR_MUST_USE bool vtr_mld_measure(const struct vtr_mld *h, size_t len,
                                             struct vtr_extent *e)
{
    e->header = sizeof *h;
    e->end = len;
    return h->type >= VTR_MLD_QUERY && h->type <= VTR_MLD_DONE;
}
VTR_TAKE(vtr_mld)

VTR_WIRE(vtr_mld2_query, 28,
         (struct vtr_mld, mld, 0),
         (uint8_t, flags, 24),    /* suppress 1, robustness 3 */
         (uint8_t, interval, 25), /* of queries, in s: vtr_igmp_code() */
         (struct vtr_be16, sources, 26));

/** A version 2 query; its payload is the sources, struct vtr_ip6_addr each. */
VTR_INLINE VTR_MUST_USE bool vtr_mld2_query_measure(const struct vtr_mld2_query *h, size_t len,
                                                    struct vtr_extent *e)
{
    (void)len;
    e->header = sizeof *h;
    e->end = sizeof *h + vtr_be16_get(h->sources) * sizeof(struct vtr_ip6_addr);
    return h->mld.type == VTR_MLD_QUERY;
}
VTR_TAKE(vtr_mld2_query)

/** @return the milliseconds that max_resp_ms stands for: RFC 3810 section 5.1.3. */
VTR_INLINE VTR_MUST_USE unsigned vtr_mld_code(uint16_t code)
{
    return code < 32768 ? code : ((code & 0x0fffu) | 0x1000u) << ((code >> 12 & 7u) + 3);
}

VTR_WIRE(vtr_mld2_report, 8, (struct vtr_igmp3_report, igmp, 0)); /* the same, of another type */

/** A version 2 report; its payload begins with its records. */
VTR_INLINE VTR_MUST_USE bool vtr_mld2_report_measure(const struct vtr_mld2_report *h, size_t len,
                                                     struct vtr_extent *e)
{
    e->header = sizeof *h;
    e->end = len;
    return h->igmp.type == VTR_MLD_REPORT2;
}
VTR_TAKE(vtr_mld2_report)

VTR_WIRE(vtr_mld2_record, 20,
         (uint8_t, type, 0), /* VTR_GROUP_* */
         (uint8_t, aux_words, 1),
         (struct vtr_be16, sources, 2),
         (struct vtr_ip6_addr, group, 4));

/** A record; its payload is the auxiliary data, its options the sources. */
VTR_INLINE VTR_MUST_USE bool vtr_mld2_record_measure(const struct vtr_mld2_record *h, size_t len,
                                                     struct vtr_extent *e)
{
    (void)len;
    e->header = sizeof *h + vtr_be16_get(h->sources) * sizeof(struct vtr_ip6_addr);
    e->end = e->header + h->aux_words * 4u;
    return true;
}
VTR_TAKE(vtr_mld2_record)

/** A record of a report, and how many are left: `{ .left = vtr_be16_get(r->igmp.records) }`. */
struct vtr_mld2_group {
    unsigned left; /**< behind this one */
    const struct vtr_mld2_record *record;
    struct vtr_span sources; /**< struct vtr_ip6_addr each */
    struct vtr_span aux;
};

/** The next record, as vtr_igmp3_record_next(). */
VTR_INLINE VTR_MUST_USE bool vtr_mld2_record_next(struct vtr_reader *r, struct vtr_mld2_group *g)
{
    const struct vtr_mld2_record *record;
    struct vtr_span s = r->rest;
    if (g->left == 0 || !(record = vtr_mld2_record_take_options(s, &g->sources, &g->aux)))
        return false;
    g->left--;
    g->record = record;
    return vtr_reader_skip(r, sizeof *record + g->sources.len + g->aux.len);
}

VTR_END_DECLS
#endif
