/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Tunnels: what carries packets again.
 */
#include "layers.h"

void dissect_gre(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s, options;
    uint32_t number;
    const struct vtr_gre *gre = vtr_gre_take_options(s, &options, &s);
    if (!report_took(r, "gre", at, gre))
        return;
    report_number(r, F_GRE_FLAGS, vtr_be16_get(gre->flags));
    report_number(r, F_GRE_PROTO, vtr_be16_get(gre->protocol));
    if (vtr_gre_key(gre, options, &number))
        report_number(r, F_GRE_KEY, number);
    if (vtr_gre_seq(gre, options, &number))
        report_number(r, F_GRE_SEQ, number);
    dissect_ethertype(r, vtr_be16_get(gre->protocol), s);
}

void dissect_vxlan(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s;
    const struct vtr_vxlan *vxlan = vtr_vxlan_take(s, &s);
    if (!report_took(r, "vxlan", at, vxlan))
        return;
    report_number(r, F_VXLAN_VNI, vtr_vxlan_vni(vxlan));
    dissect_eth(r, s);
}

void dissect_geneve(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s, options;
    struct vtr_geneve_option option;
    const struct vtr_geneve *geneve = vtr_geneve_take_options(s, &options, &s);
    if (!report_took(r, "geneve", at, geneve))
        return;
    report_number(r, F_GENEVE_PROTO, vtr_be16_get(geneve->protocol));
    report_number(r, F_GENEVE_VNI, vtr_geneve_vni(geneve));
    struct vtr_reader reader = vtr_reader_of(options);
    while (vtr_geneve_option_next(&reader, &option)) {
        report_number(r, F_GENEVE_CLASS, option.space);
        report_number(r, F_GENEVE_TYPE, option.type);
    }
    report_end(r, "geneve option", reader);
    dissect_ethertype(r, vtr_be16_get(geneve->protocol), s);
}

/* A user's packet, which says itself of which version it is. */
static void dissect_user_packet(struct report *r, struct vtr_span s)
{
    uint8_t first;
    if (!vtr_span_u8(s, 0, &first))
        report_stop(r, "gtp", s);
    else if (first >> 4 == 4)
        dissect_ip4(r, s);
    else if (first >> 4 == 6)
        dissect_ip6(r, s);
}

void dissect_gtpu(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s, options;
    uint16_t seq;
    const struct vtr_gtpu *gtpu = vtr_gtpu_take_options(s, &options, &s);
    if (!report_took(r, "gtp", at, gtpu))
        return;
    report_number(r, F_GTP_MESSAGE, gtpu->type);
    report_number(r, F_GTP_LENGTH, vtr_be16_get(gtpu->len));
    report_number(r, F_GTP_TEID, vtr_be32_get(gtpu->teid));
    if (vtr_gtpu_seq(gtpu, options, &seq))
        report_number(r, F_GTP_SEQ, seq);
    struct vtr_reader reader = vtr_reader_of(s);
    struct vtr_gtpu_extension x = vtr_gtpu_extensions(gtpu, options);
    while (vtr_gtpu_extension_next(&reader, &x))
        ;
    if (x.next != VTR_GTPU_NO_MORE)
        report_stop(r, "gtp extension", reader.rest);
    else if (gtpu->type == VTR_GTPU_PACKET)
        dissect_user_packet(r, reader.rest);
}
