/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * IP of both versions, with options and extension headers.
 */
#include "layers.h"

static void dissect_ip4_options(struct report *r, struct vtr_span options)
{
    struct vtr_reader reader = vtr_reader_of(options);
    struct vtr_option option;
    while (vtr_ipv4_option_next(&reader, &option))
        report_number(r, F_IP_OPTION, option.kind);
    report_end(r, "ip option", reader);
}

void dissect_ip4(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s, options;
    const struct vtr_ipv4 *ip = vtr_ipv4_take_options(s, &options, &s);
    if (!report_took(r, "ip", at, ip))
        return;
    report_number(r, F_IP_VERSION, vtr_ipv4_version(ip));
    report_number(r, F_IP_HDR_LEN, vtr_ipv4_header_len(ip));
    report_number(r, F_IP_DSCP, vtr_ipv4_dscp(ip));
    report_number(r, F_IP_ECN, vtr_ipv4_ecn(ip));
    report_number(r, F_IP_LEN, vtr_be16_get(ip->total_len));
    report_number(r, F_IP_ID, vtr_be16_get(ip->id));
    report_number(r, F_IP_DF, (vtr_ipv4_flags(ip) & VTR_IPV4_DF) != 0);
    report_number(r, F_IP_MF, (vtr_ipv4_flags(ip) & VTR_IPV4_MF) != 0);
    report_number(r, F_IP_OFFSET, vtr_ipv4_frag_off(ip) / 8);
    report_number(r, F_IP_TTL, ip->ttl);
    report_number(r, F_IP_PROTO, ip->protocol);
    report_number(r, F_IP_CHECKSUM, vtr_be16_get(ip->sum));
    report_struct(r, F_IP_SRC, &ip->src);
    report_struct(r, F_IP_DST, &ip->dst);
    dissect_ip4_options(r, options);
    bool part = r->part;
    r->part = part || vtr_ipv4_is_fragment(ip);
    if (vtr_ipv4_frag_off(ip) == 0) /* the middle of a datagram begins with no header */
        dissect_protocol(r, ip->protocol, s);
    r->part = part;
}

static void dissect_ip6_options(struct report *r, enum field next, struct vtr_span s)
{
    struct vtr_span options;
    struct vtr_ip6_option option;
    const struct vtr_ip6_ext *ext = vtr_ip6_ext_take_options(s, &options, &s);
    if (ext == NULL)
        return; /* the walk has found it whole */
    report_number(r, next, ext->next_header);
    struct vtr_reader reader = vtr_reader_of(options);
    while (vtr_ip6_option_next(&reader, &option))
        report_number(r, F_IP6_OPTION, option.type);
    report_end(r, "ipv6 option", reader);
}

static void dissect_ah(struct report *r, struct vtr_span s)
{
    const struct vtr_ah *ah = vtr_ah_take(s, &s);
    if (ah != NULL) {
        report_number(r, F_AH_NEXT, ah->next_header);
        report_number(r, F_AH_SPI, vtr_be32_get(ah->spi));
    }
}

/* One that was passed, at the front of @p s. */
static void dissect_extension(struct report *r, unsigned protocol, struct vtr_span s)
{
    const struct vtr_ip6_routing *routing;
    const struct vtr_ip6_fragment *fragment;
    if (protocol == VTR_IP_HOP_BY_HOP)
        dissect_ip6_options(r, F_IP6_HOPOPTS, s);
    else if (protocol == VTR_IP_DESTINATION_OPTIONS)
        dissect_ip6_options(r, F_IP6_DSTOPTS, s);
    else if (protocol == VTR_IP_AH)
        dissect_ah(r, s);
    else if (protocol == VTR_IP_ROUTING && (routing = vtr_ip6_routing_take(s, &s)) != NULL) {
        report_number(r, F_IP6_ROUTING, routing->type);
        report_number(r, F_IP6_SEGLEFT, routing->segments_left);
    } else if (protocol == VTR_IP_FRAGMENT && (fragment = vtr_ip6_fragment_take(s, &s)) != NULL) {
        report_number(r, F_IP6_FRAG_OFF, vtr_ip6_fragment_off(fragment) / 8);
        report_number(r, F_IP6_FRAG_ID, vtr_be32_get(fragment->id));
    }
}

static void dissect_after_ip6(struct report *r, uint8_t next_header, struct vtr_span s)
{
    struct vtr_reader reader = vtr_reader_of(s);
    struct vtr_ip6_walk walk = vtr_ip6_walk_of(next_header);
    for (; vtr_ip6_ext_next(&reader, &walk); s = reader.rest)
        dissect_extension(r, walk.found, s);
    if (walk.stop == VTR_IP6_CUT || walk.stop == VTR_IP6_TOO_MANY)
        report_stop(r, "ipv6 extension", reader.rest);
    if (walk.stop != VTR_IP6_PAYLOAD && walk.stop != VTR_IP6_SECRET)
        return;
    bool part = r->part;
    r->part = part || walk.fragment;
    dissect_protocol(r, walk.protocol, reader.rest);
    r->part = part;
}

void dissect_ip6(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s;
    const struct vtr_ipv6 *ip = vtr_ipv6_take(s, &s);
    if (!report_took(r, "ipv6", at, ip))
        return;
    report_number(r, F_IP_VERSION, vtr_ipv6_version(ip));
    report_number(r, F_IP6_CLASS, vtr_ipv6_dscp(ip) << 2 | vtr_ipv6_ecn(ip));
    report_number(r, F_IP6_FLOW, vtr_ipv6_flow(ip));
    report_number(r, F_IP6_PLEN, vtr_be16_get(ip->payload_len));
    report_number(r, F_IP6_NEXT, ip->next_header);
    report_number(r, F_IP6_HOPS, ip->hop_limit);
    report_struct(r, F_IP6_SRC, &ip->src);
    report_struct(r, F_IP6_DST, &ip->dst);
    dissect_after_ip6(r, ip->next_header, s);
}
