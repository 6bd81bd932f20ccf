/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * flow: the walk to a packet's addresses and ports. It is written once, over vtr_data; a span is
 * made one for as long as the walk takes.
 */
#include <vitrine/flow.h>

#include <vitrine/static.h>
#include <vitrine/walk.h>
#include <vitrine/wire.h>

VTR_WIRE(flow_ports, 4, (struct vtr_be16, src, 0), (struct vtr_be16, dst, 2));
VTR_TAKE_FIXED(flow_ports)

/* Passes the tags behind an Ethernet header. @return false: one of them is cut short. */
static bool pass_tags(struct vtr_data *d, struct vtr_be16 *type, struct vtr_flow *f)
{
    struct vtr_vlan scratch;
    for (unsigned tags = 0;; tags++) {
        uint16_t is = vtr_be16_get(*type);
        if (is != VTR_ETH_VLAN && is != VTR_ETH_QINQ)
            return true;
        const struct vtr_vlan *tag = vtr_data_take(vtr_vlan, *d, &scratch, d);
        if (tag == NULL)
            return false;
        struct vtr_be16 id = vtr_be16_make((uint16_t)vtr_vlan_id(tag));
        if (tags == 0)
            f->vlan = id;
        else if (tags == 1)
            f->inner_vlan = id;
        *type = tag->type;
    }
}

static bool read_ipv4(struct vtr_data *d, struct vtr_flow *f)
{
    struct vtr_ipv4 scratch;
    const struct vtr_ipv4 *ip = vtr_data_take(vtr_ipv4, *d, &scratch, d);
    if (ip == NULL)
        return false;
    memcpy(f->src.bytes, ip->src.bytes, sizeof ip->src);
    memcpy(f->dst.bytes, ip->dst.bytes, sizeof ip->dst);
    f->version = 4;
    f->protocol = ip->protocol;
    f->fragment = vtr_ipv4_is_fragment(ip);
    return true;
}

static bool read_ipv6(struct vtr_data *d, struct vtr_flow *f)
{
    struct vtr_ipv6 scratch;
    const struct vtr_ipv6 *ip = vtr_data_take(vtr_ipv6, *d, &scratch, d);
    if (ip == NULL)
        return false;
    struct vtr_ip6_walk w = vtr_ip6_walk_of(ip->next_header);
    f->src = ip->src;
    f->dst = ip->dst;
    enum vtr_ip6_stop stop = vtr_data_ip6_ext_skip(d, &w);
    f->version = 6;
    f->protocol = w.protocol;
    f->fragment = w.fragment;
    return stop != VTR_IP6_CUT && stop != VTR_IP6_TOO_MANY;
}

static void read_ports(struct vtr_data d, struct vtr_flow *f)
{
    struct flow_ports scratch;
    if (f->fragment || (f->protocol != VTR_IP_TCP && f->protocol != VTR_IP_UDP &&
                        f->protocol != VTR_IP_SCTP))
        return;
    const struct flow_ports *ports = vtr_data_take(flow_ports, d, &scratch, &d);
    if (ports == NULL)
        return;
    f->src_port = ports->src;
    f->dst_port = ports->dst;
}

bool vtr_flow_of_data(struct vtr_data frame, struct vtr_flow *out)
{
    struct vtr_flow f = { 0 };
    struct vtr_eth scratch;
    const struct vtr_eth *eth = vtr_data_take(vtr_eth, frame, &scratch, &frame);
    if (eth == NULL)
        return false;
    struct vtr_be16 type = eth->type;
    if (!pass_tags(&frame, &type, &f))
        return false;
    uint16_t is = vtr_be16_get(type);
    if (!(is == VTR_ETH_IPV4 && read_ipv4(&frame, &f)) &&
        !(is == VTR_ETH_IPV6 && read_ipv6(&frame, &f)))
        return false;
    read_ports(frame, &f);
    *out = f;
    return true;
}

bool vtr_flow_of_span(struct vtr_span frame, struct vtr_flow *out)
{
    /* Headers end long before the 4 GiB that a vtr_data may have. */
    size_t len = frame.len < VTR_DATA_MAX ? frame.len : VTR_DATA_MAX;
    struct vtr_static bytes = {
        { VTR_COUNT_FIXED, 0, 255, VTR_RECORD_FIXED, frame.ptr }, (uint32_t)len, 0
    };
    return vtr_flow_of_data(vtr_data_static(&bytes), out);
}

bool vtr_flow_canonical(struct vtr_flow *flow)
{
    int order = memcmp(&flow->src, &flow->dst, sizeof flow->src);
    if (order == 0)
        order = memcmp(&flow->src_port, &flow->dst_port, sizeof flow->src_port);
    if (order <= 0)
        return false;
    struct vtr_flow was = *flow;
    flow->src = was.dst;
    flow->dst = was.src;
    flow->src_port = was.dst_port;
    flow->dst_port = was.src_port;
    return true;
}
