/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Ethernet and what it carries.
 */
#include "layers.h"

static void dissect_llc(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s;
    const struct vtr_llc *llc = vtr_llc_take(s, &s);
    if (!report_took(r, "llc", at, llc))
        return;
    report_number(r, F_LLC_DSAP, llc->dsap);
    report_number(r, F_LLC_SSAP, llc->ssap);
    if (llc->dsap != VTR_LLC_SNAP || llc->ssap != VTR_LLC_SNAP)
        return;
    at = s;
    const struct vtr_snap *snap = vtr_snap_take(s, &s);
    if (snap == NULL) {
        report_stop(r, "snap", at);
        return;
    }
    report_number(r, F_LLC_TYPE, vtr_be16_get(snap->type));
    if ((snap->oui[0] | snap->oui[1] | snap->oui[2]) == 0)
        dissect_ethertype(r, vtr_be16_get(snap->type), s);
}

/* A type, or the length of an LLC packet. */
static void dissect_type_or_length(struct report *r, struct vtr_be16 type, struct vtr_span s)
{
    size_t len;
    if (vtr_be16_get(type) >= VTR_ETH_TYPE_MIN)
        dissect_ethertype(r, vtr_be16_get(type), s);
    else if (vtr_eth_length(type, s.len, &len) && vtr_span_sub(s, 0, len, &s))
        dissect_llc(r, s);
    else
        report_stop(r, "llc", s);
}

void dissect_eth(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s;
    const struct vtr_eth *eth = vtr_eth_take(s, &s);
    if (!report_took(r, "eth", at, eth))
        return;
    unsigned type = vtr_be16_get(eth->type);
    report_struct(r, F_ETH_DST, &eth->dst);
    report_struct(r, F_ETH_SRC, &eth->src);
    report_number(r, type >= VTR_ETH_TYPE_MIN ? F_ETH_TYPE : F_ETH_LEN, type);
    dissect_type_or_length(r, eth->type, s);
}

static void dissect_vlan(struct report *r, unsigned type, struct vtr_span s)
{
    struct vtr_span at = s;
    const struct vtr_vlan *tag = vtr_vlan_take(s, &s);
    bool provider = type == VTR_ETH_QINQ;
    if (!report_took(r, provider ? "qinq" : "vlan", at, tag))
        return;
    report_number(r, provider ? F_QINQ_PRIORITY : F_VLAN_PRIORITY, vtr_vlan_priority(tag));
    report_number(r, provider ? F_QINQ_ID : F_VLAN_ID, vtr_vlan_id(tag));
    if (!provider) {
        report_number(r, F_VLAN_DEI, vtr_vlan_drop_eligible(tag));
        if (vtr_be16_get(tag->type) >= VTR_ETH_TYPE_MIN)
            report_number(r, F_VLAN_ETYPE, vtr_be16_get(tag->type));
    }
    dissect_type_or_length(r, tag->type, s);
}

static void dissect_arp(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s;
    const struct vtr_arp *arp = vtr_arp_take(s, &s);
    if (!report_took(r, "arp", at, arp))
        return;
    report_number(r, F_ARP_OPCODE, vtr_be16_get(arp->op));
    report_struct(r, F_ARP_SRC_MAC, &arp->sender_mac);
    report_struct(r, F_ARP_SRC_IP, &arp->sender_ip);
    report_struct(r, F_ARP_DST_MAC, &arp->target_mac);
    report_struct(r, F_ARP_DST_IP, &arp->target_ip);
}

/* What is under a label stack only its ends know; IP shows itself. */
static void dissect_under_labels(struct report *r, struct vtr_span s)
{
    uint8_t first;
    if (!vtr_span_u8(s, 0, &first))
        report_stop(r, "mpls", s);
    else if (first >> 4 == 4)
        dissect_ip4(r, s);
    else if (first >> 4 == 6)
        dissect_ip6(r, s);
}

void dissect_mpls(struct report *r, struct vtr_span s)
{
    struct vtr_reader reader = vtr_reader_of(s);
    struct vtr_mpls_label label = { .bottom = false };
    if (!report_layer(r, "mpls", s))
        return;
    while (vtr_mpls_next(&reader, &label)) {
        report_number(r, F_MPLS_LABEL, label.label);
        report_number(r, F_MPLS_EXP, label.traffic_class);
        report_number(r, F_MPLS_BOTTOM, label.bottom);
        report_number(r, F_MPLS_TTL, label.ttl);
    }
    if (label.bottom)
        dissect_under_labels(r, reader.rest);
    else
        report_stop(r, "mpls", reader.rest);
}

static void dissect_ppp(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s;
    const struct vtr_ppp *ppp = vtr_ppp_take(s, &s);
    if (!report_took(r, "ppp", at, ppp))
        return;
    report_number(r, F_PPP_PROTOCOL, vtr_be16_get(ppp->protocol));
    if (vtr_be16_get(ppp->protocol) == VTR_PPP_IPV4)
        dissect_ip4(r, s);
    else if (vtr_be16_get(ppp->protocol) == VTR_PPP_IPV6)
        dissect_ip6(r, s);
}

static void dissect_pppoe(struct report *r, unsigned type, struct vtr_span s)
{
    struct vtr_span at = s;
    struct vtr_pppoe_tag tag;
    const struct vtr_pppoe *pppoe = vtr_pppoe_take(s, &s);
    if (!report_took(r, "pppoe", at, pppoe))
        return;
    report_number(r, F_PPPOE_CODE, pppoe->code);
    report_number(r, F_PPPOE_SESSION, vtr_be16_get(pppoe->session));
    report_number(r, F_PPPOE_LENGTH, vtr_be16_get(pppoe->len));
    if (type == VTR_ETH_PPPOE_SESSION) {
        dissect_ppp(r, s);
        return;
    }
    struct vtr_reader reader = vtr_reader_of(s);
    while (vtr_pppoe_tag_next(&reader, &tag))
        ;
    report_end(r, "pppoe tag", reader);
}

void dissect_ethertype(struct report *r, unsigned type, struct vtr_span s)
{
    switch (type) {
    case VTR_ETH_IPV4:
        dissect_ip4(r, s);
        break;
    case VTR_ETH_IPV6:
        dissect_ip6(r, s);
        break;
    case VTR_ETH_ARP:
        dissect_arp(r, s);
        break;
    case VTR_ETH_VLAN:
    case VTR_ETH_QINQ:
        dissect_vlan(r, type, s);
        break;
    case VTR_ETH_MPLS:
    case VTR_ETH_MPLS_UPSTREAM:
        dissect_mpls(r, s);
        break;
    case VTR_ETH_PPPOE_DISCOVERY:
    case VTR_ETH_PPPOE_SESSION:
        dissect_pppoe(r, type, s);
        break;
    case VTR_GRE_ETHERNET:
        dissect_eth(r, s);
        break;
    default: /* no header of ours */
        break;
    }
}
