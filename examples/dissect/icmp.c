/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * ICMP, ICMPv6 with neighbor discovery and MLD, and IGMP.
 */
#include "layers.h"

void dissect_icmp(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s;
    const struct vtr_icmp *icmp = vtr_icmp_take(s, &s);
    if (!report_took(r, "icmp", at, icmp))
        return;
    report_number(r, F_ICMP_TYPE, icmp->type);
    report_number(r, F_ICMP_CODE, icmp->code);
    report_number(r, F_ICMP_CHECKSUM, vtr_be16_get(icmp->sum));
    if (icmp->type == VTR_ICMP_ECHO || icmp->type == VTR_ICMP_ECHO_REPLY) {
        report_number(r, F_ICMP_IDENT, vtr_be16_get(icmp->id));
        report_number(r, F_ICMP_SEQ, vtr_be16_get(icmp->seq));
    }
    if (vtr_icmp_is_error(icmp))
        dissect_part(r, dissect_ip4, s);
}

static void dissect_nd_options(struct report *r, struct vtr_span s)
{
    struct vtr_reader reader = vtr_reader_of(s);
    struct vtr_nd_option option;
    while (vtr_nd_option_next(&reader, &option)) {
        const struct vtr_nd_prefix *prefix = vtr_span_view(option.value, 0, struct vtr_nd_prefix);
        const struct vtr_nd_mtu *mtu = vtr_span_view(option.value, 0, struct vtr_nd_mtu);
        report_number(r, F_ND_OPTION, option.type);
        if (option.type == VTR_ND_OPTION_PREFIX && prefix != NULL)
            report_struct(r, F_ND_PREFIX, &prefix->prefix);
        if (option.type == VTR_ND_OPTION_MTU && mtu != NULL)
            report_number(r, F_ND_MTU, vtr_be32_get(mtu->mtu));
    }
    report_end(r, "nd option", reader);
}

static void dissect_mld_report(struct report *r, struct vtr_span s)
{
    const struct vtr_mld2_report *report = vtr_mld2_report_take(s, &s);
    if (report == NULL) {
        report_stop(r, "mld", s);
        return;
    }
    struct vtr_reader reader = vtr_reader_of(s);
    struct vtr_mld2_group group = { .left = vtr_be16_get(report->igmp.records) };
    report_number(r, F_MLD_RECORDS, group.left);
    while (vtr_mld2_record_next(&reader, &group)) {
        report_number(r, F_MLD_RECORD, group.record->type);
        report_struct(r, F_MLD2_GROUP, &group.record->group);
    }
    if (group.left != 0)
        report_stop(r, "mld record", reader.rest);
}

static void dissect_nd_ra(struct report *r, struct vtr_span s)
{
    struct vtr_span options;
    const struct vtr_nd_ra *ra = vtr_nd_ra_take(s, &options);
    if (ra == NULL) {
        report_stop(r, "nd", s);
        return;
    }
    report_number(r, F_ND_HOPS, ra->hop_limit);
    dissect_nd_options(r, options);
}

static void dissect_nd_rs(struct report *r, struct vtr_span s)
{
    struct vtr_span options;
    if (vtr_nd_rs_take(s, &options) != NULL)
        dissect_nd_options(r, options);
    else
        report_stop(r, "nd", s);
}

static void dissect_nd_ns(struct report *r, struct vtr_span s)
{
    struct vtr_span options;
    const struct vtr_nd_ns *ns = vtr_nd_ns_take(s, &options);
    if (ns == NULL) {
        report_stop(r, "nd", s);
        return;
    }
    report_struct(r, F_ND_NS, &ns->target);
    dissect_nd_options(r, options);
}

static void dissect_nd_na(struct report *r, struct vtr_span s)
{
    struct vtr_span options;
    const struct vtr_nd_na *na = vtr_nd_na_take(s, &options);
    if (na == NULL) {
        report_stop(r, "nd", s);
        return;
    }
    report_struct(r, F_ND_NA, &na->target);
    dissect_nd_options(r, options);
}

static void dissect_mld(struct report *r, struct vtr_span s)
{
    const struct vtr_mld *mld = vtr_mld_take(s, &s);
    if (mld != NULL)
        report_struct(r, F_MLD_GROUP, &mld->group);
    else
        report_stop(r, "mld", s);
}

static void dissect_echo6(struct report *r, struct vtr_span s)
{
    const struct vtr_icmp *echo = vtr_icmp_take(s, &s);
    if (echo == NULL)
        return; /* it was taken before */
    report_number(r, F_ICMP6_IDENT, vtr_be16_get(echo->id));
    report_number(r, F_ICMP6_SEQ, vtr_be16_get(echo->seq));
}

/* Messages that have more than every message has. */
static const struct {
    unsigned type;
    void (*dissect)(struct report *r, struct vtr_span s);
} messages6[] = {
    { VTR_ICMPV6_ECHO, dissect_echo6 }, { VTR_ICMPV6_ECHO_REPLY, dissect_echo6 },
    { VTR_MLD_QUERY, dissect_mld },     { VTR_MLD_REPORT, dissect_mld },
    { VTR_MLD_DONE, dissect_mld },      { VTR_MLD_REPORT2, dissect_mld_report },
    { VTR_ND_RS, dissect_nd_rs },       { VTR_ND_RA, dissect_nd_ra },
    { VTR_ND_NS, dissect_nd_ns },       { VTR_ND_NA, dissect_nd_na },
};

void dissect_icmp6(struct report *r, struct vtr_span s)
{
    struct vtr_span rest;
    const struct vtr_icmp *icmp = vtr_icmp_take(s, &rest);
    if (!report_took(r, "icmpv6", s, icmp))
        return;
    report_number(r, F_ICMP6_TYPE, icmp->type);
    report_number(r, F_ICMP6_CODE, icmp->code);
    report_number(r, F_ICMP6_CHECKSUM, vtr_be16_get(icmp->sum));
    if (vtr_icmpv6_is_error(icmp))
        dissect_part(r, dissect_ip6, rest);
    for (size_t i = 0; i < sizeof messages6 / sizeof messages6[0]; i++)
        if (messages6[i].type == icmp->type)
            messages6[i].dissect(r, s);
}

static void dissect_igmp_report(struct report *r, struct vtr_span s)
{
    const struct vtr_igmp3_report *report = vtr_igmp3_report_take(s, &s);
    if (report == NULL) {
        report_stop(r, "igmp", s);
        return;
    }
    struct vtr_reader reader = vtr_reader_of(s);
    struct vtr_igmp3_group group = { .left = vtr_be16_get(report->records) };
    report_number(r, F_IGMP_RECORDS, group.left);
    while (vtr_igmp3_record_next(&reader, &group)) {
        report_number(r, F_IGMP_RECORD, group.record->type);
        report_struct(r, F_IGMP_GROUP, &group.record->group);
    }
    if (group.left != 0)
        report_stop(r, "igmp record", reader.rest);
}

void dissect_igmp(struct report *r, struct vtr_span s)
{
    struct vtr_span rest;
    const struct vtr_igmp *igmp = vtr_igmp_take(s, &rest);
    if (!report_took(r, "igmp", s, igmp))
        return;
    report_number(r, F_IGMP_TYPE, igmp->type);
    if (igmp->type == VTR_IGMP_REPORT3)
        dissect_igmp_report(r, s);
    else
        report_struct(r, F_IGMP_GROUP, &igmp->group);
}
