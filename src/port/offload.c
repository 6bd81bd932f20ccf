/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Offloads in software. Sums go on from what the field holds, as a device does.
 */
#include "port/offload.h"

#include <errno.h>
#include <string.h>

#include <vitrine/buf.h>
#include <vitrine/checksum.h>
#include <vitrine/wire.h>

enum { MACS = 12, TAG = 4, ETH_VLAN = 0x8100 };
enum { L2_MAX = 127, IPV4 = sizeof(struct vtr_ipv4), IPV6 = sizeof(struct vtr_ipv6) };

static uint16_t get16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* The IP header. @return bytes from it on that belong to the packet; 0: it cannot be one. */
static uint32_t read_ip(const struct vtr_pkt *pkt, struct vtr_heads *h)
{
    h->l2 = pkt->l2_len;
    h->l3 = pkt->l3_len;
    if (h->l2 < sizeof(struct vtr_eth) || h->l2 > L2_MAX || h->l3 < IPV4 ||
        !vtr_data_gather(pkt->data, 0, h->bytes, (size_t)h->l2 + h->l3))
        return 0;
    const uint8_t *ip = h->bytes + h->l2;
    uint32_t there = pkt->data.len - h->l2, says;
    h->v6 = ip[0] >> 4 == 6;
    if (h->v6 ? h->l3 < IPV6 : ip[0] >> 4 != 4 || (ip[0] & 0x0f) * 4 != h->l3)
        return 0;
    if (pkt->flags & VTR_PKT_TX_CUT)
        return there; /* its length may be more than the field can say */
    says = h->v6 ? IPV6 + get16(ip + 4) : get16(ip + 2);
    return says >= h->l3 && says <= there ? says : 0;
}

/* The TCP or UDP header. */
static bool read_l4(const struct vtr_pkt *pkt, struct vtr_heads *h)
{
    size_t at = (size_t)h->l2 + h->l3;
    bool tcp = (pkt->flags & (VTR_PKT_TX_TCP_SUM | VTR_PKT_TX_CUT)) != 0;
    if (tcp && (pkt->flags & VTR_PKT_TX_UDP_SUM))
        return false;
    h->l4 = tcp ? sizeof(struct vtr_tcp) : sizeof(struct vtr_udp);
    if (h->l4_len < h->l4 || !vtr_data_gather(pkt->data, at, h->bytes + at, h->l4))
        return false;
    if (tcp)
        h->l4 = (h->bytes[at + offsetof(struct vtr_tcp, data_off)] >> 4) * 4;
    return (!tcp || h->l4 >= sizeof(struct vtr_tcp)) && h->l4_len >= h->l4 &&
           vtr_data_gather(pkt->data, at, h->bytes + at, h->l4);
}

/* Whether the length of the longest frame that is cut off fits into its IP header. */
static bool frame_fits(const struct vtr_pkt *pkt, const struct vtr_heads *h)
{
    uint32_t payload = h->l4_len - h->l4;
    return (h->v6 ? h->l3 - IPV6 : h->l3) + h->l4 + (payload < pkt->mss ? payload : pkt->mss) <=
           UINT16_MAX;
}

bool vtr_heads_read_(const struct vtr_pkt *pkt, struct vtr_heads *h)
{
    h->l2 = h->l3 = h->l4 = h->len = 0;
    if ((pkt->flags & (VTR_PKT_TX_SUMS | VTR_PKT_TX_CUT)) == 0) { /* a tag alone */
        h->len = MACS;
        return pkt->data.len >= sizeof(struct vtr_eth) &&
               vtr_data_gather(pkt->data, 0, h->bytes, MACS);
    }
    uint32_t ip = read_ip(pkt, h);
    if (ip == 0)
        return false;
    h->l4_len = ip - h->l3;
    if ((pkt->flags & VTR_PKT_TX_ANY & ~(VTR_PKT_TX_IP_SUM | VTR_PKT_TX_VLAN)) != 0 &&
        !read_l4(pkt, h))
        return false;
    h->len = (uint16_t)(h->l2 + h->l3 + h->l4);
    return (pkt->flags & VTR_PKT_TX_CUT) == 0 || frame_fits(pkt, h);
}

void vtr_heads_tag_(struct vtr_heads *h, uint16_t tag)
{
    memmove(h->bytes + MACS + TAG, h->bytes + MACS, h->len - (size_t)MACS);
    put16(h->bytes + MACS, ETH_VLAN);
    put16(h->bytes + MACS + 2, tag);
    h->l2 = (uint16_t)(h->l2 + TAG);
    h->len = (uint16_t)(h->len + TAG);
}

static void sum_ip(struct vtr_heads *h)
{
    uint8_t *ip = h->bytes + h->l2, *field = ip + offsetof(struct vtr_ipv4, sum);
    if (h->v6)
        return;
    put16(field, 0);
    struct vtr_be16 sum = vtr_checksum(ip, h->l3);
    memcpy(field, &sum, sizeof sum);
}

static uint8_t *l4_field(struct vtr_heads *h, bool tcp)
{
    return h->bytes + h->l2 + h->l3 +
           (tcp ? offsetof(struct vtr_tcp, sum) : offsetof(struct vtr_udp, sum));
}

/* @param payload  what follows the header, to the end of what is summed. */
static void sum_l4(struct vtr_heads *h, bool tcp, struct vtr_data payload)
{
    struct vtr_sum sum = VTR_SUM_EMPTY;
    struct vtr_cursor c = vtr_cursor_of(payload);
    vtr_sum_add(&sum, vtr_span_of(h->bytes + h->l2 + h->l3, h->l4));
    for (struct vtr_span s; vtr_cursor_next(&c, &s);)
        vtr_sum_add(&sum, s);
    struct vtr_be16 field = tcp ? vtr_sum_end(sum) : vtr_sum_end_udp(sum);
    memcpy(l4_field(h, tcp), &field, sizeof field);
}

/* The payload behind the headers; borrowed, and not counted. */
static struct vtr_data behind(struct vtr_data d, uint32_t off, uint32_t len)
{
    struct vtr_data empty = VTR_DATA_EMPTY;
    if (len == 0)
        return empty;
    d.off += off;
    d.len = len;
    return d;
}

uint64_t *vtr_offload_finish_(const struct vtr_port *port, struct vtr_txq *q, struct vtr_pkt *pkt)
{
    uint32_t todo = pkt->flags & VTR_PKT_TX_ANY & ~port->tx_flags;
    struct vtr_heads h;
    if (pkt->flags & VTR_PKT_TX_CUT)
        todo &= VTR_PKT_TX_VLAN; /* the device that cuts sums too */
    if (todo == 0)
        return NULL;
    if (!vtr_heads_read_(pkt, &h))
        return &q->headers;
    uint32_t was = h.len;
    struct vtr_data rest = behind(pkt->data, was, pkt->data.len - was), made;
    if (todo & VTR_PKT_TX_IP_SUM)
        sum_ip(&h);
    if (todo & (VTR_PKT_TX_TCP_SUM | VTR_PKT_TX_UDP_SUM)) /* what pads the frame is not summed */
        sum_l4(&h, (todo & VTR_PKT_TX_TCP_SUM) != 0, behind(pkt->data, was, h.l4_len - h.l4));
    if (todo & VTR_PKT_TX_VLAN)
        vtr_heads_tag_(&h, pkt->vlan);
    if (vtr_data_prepend(port->heap, h.bytes, h.len, rest, &made) != 0)
        return &q->no_block;
    vtr_data_unref(&pkt->data);
    pkt->data = made;
    pkt->l2_len = (uint8_t)(pkt->l2_len + (h.len - was));
    pkt->flags &= ~todo;
    vtr_count_(&q->software, 1);
    return NULL;
}

/* Makes the headers those of the frame that has payload [from, from + len). */
static void restart(struct vtr_heads *h, uint32_t from, uint32_t len, unsigned number, bool last)
{
    uint8_t *ip = h->bytes + h->l2, *tcp = ip + h->l3;
    if (h->v6) {
        put16(ip + 4, h->l3 - IPV6 + h->l4 + len);
    } else {
        put16(ip + 2, h->l3 + h->l4 + len);
        put16(ip + 4, get16(ip + 4) + number);
    }
    struct vtr_be32 seq;
    memcpy(&seq, tcp + offsetof(struct vtr_tcp, seq), sizeof seq);
    seq = vtr_be32_make(vtr_be32_get(seq) + from);
    memcpy(tcp + offsetof(struct vtr_tcp, seq), &seq, sizeof seq);
    uint8_t *flags = tcp + offsetof(struct vtr_tcp, flags);
    *flags &= (uint8_t)(last ? 0xff : ~(VTR_TCP_FIN | VTR_TCP_PSH));
    *flags &= (uint8_t)(from == 0 ? 0xff : ~VTR_TCP_CWR); /* RFC 3168 section 6.1.2: once */
}

static bool cut_one(const struct vtr_port *port, struct vtr_heads h, const struct vtr_pkt *pkt,
                    uint32_t from, uint32_t len, struct vtr_pkt *out)
{
    uint32_t payload = h.l4_len - h.l4, at = pkt->data.len - payload + from;
    struct vtr_data part = behind(pkt->data, at, len);
    restart(&h, from, len, from / pkt->mss, from + len == payload);
    memset(out, 0, sizeof *out);
    out->flags =
        (VTR_PKT_TX_TCP_SUM | (h.v6 ? 0 : VTR_PKT_TX_IP_SUM) | (pkt->flags & VTR_PKT_TX_VLAN)) &
        port->tx_flags;
    out->vlan = pkt->vlan;
    out->l2_len = (uint8_t)h.l2;
    out->l3_len = (uint8_t)h.l3;
    if (out->flags & VTR_PKT_TX_IP_SUM)
        put16(h.bytes + h.l2 + offsetof(struct vtr_ipv4, sum), 0);
    else
        sum_ip(&h);
    /* The pseudo-header's sum gets the length it came without. */
    uint8_t *field = l4_field(&h, true);
    put16(field, vtr_sum_fold_((uint64_t)get16(field) + h.l4 + len));
    if ((out->flags & VTR_PKT_TX_TCP_SUM) == 0)
        sum_l4(&h, true, part);
    return vtr_data_prepend(port->heap, h.bytes, h.len, part, &out->data) == 0;
}

unsigned vtr_offload_cut_(const struct vtr_port *port, const struct vtr_heads *h,
                          const struct vtr_pkt *pkt, uint32_t from, struct vtr_pkt *out, unsigned n)
{
    uint32_t payload = h->l4_len - h->l4;
    unsigned made = 0;
    do {
        uint32_t left = payload - from, len = left < pkt->mss ? left : pkt->mss;
        if (!cut_one(port, *h, pkt, from, len, &out[made]))
            break;
        from += len;
        made++;
    } while (made < n && from < payload);
    return made;
}

bool vtr_offload_advance_(const struct vtr_port *port, struct vtr_pkt *pkt, uint32_t from)
{
    struct vtr_heads h;
    struct vtr_data made;
    if (from == 0)
        return true;
    if (!vtr_heads_read_(pkt, &h))
        return false;
    uint32_t left = h.l4_len - h.l4 - from;
    restart(&h, from, left, from / pkt->mss, true);
    if (vtr_data_prepend(port->heap, h.bytes, h.len, behind(pkt->data, h.len + from, left),
                         &made) != 0)
        return false;
    vtr_data_unref(&pkt->data);
    pkt->data = made;
    return true;
}

uint64_t *vtr_offload_gather_(const struct vtr_port *port, struct vtr_txq *q, struct vtr_pkt *pkt)
{
    struct vtr_buf b;
    struct vtr_cursor c = vtr_cursor_of(pkt->data);
    int rc = vtr_buf_init(port->heap, 0, pkt->data.len, &b);
    if (rc != 0)
        return rc == -EMSGSIZE ? &q->too_many : &q->no_block;
    for (struct vtr_span s; vtr_cursor_next(&c, &s);)
        vtr_check(vtr_buf_append(&b, s.ptr, s.len));
    vtr_data_unref(&pkt->data);
    pkt->data = vtr_buf_seal(&b);
    vtr_count_(&q->copies, 1);
    return NULL;
}

void vtr_offload_request_(struct rte_mbuf *m, const struct vtr_pkt *pkt)
{
    struct vtr_heads h;
    uint32_t flags = pkt->flags;
    vtr_check(vtr_heads_read_(pkt, &h));
    bool cut = (flags & VTR_PKT_TX_CUT) != 0;
    m->tx_offload = 0;
    m->l2_len = h.l2;
    m->l3_len = h.l3;
    m->l4_len = h.l4;
    m->tso_segsz = cut ? pkt->mss : 0;
    m->vlan_tci = pkt->vlan;
    if (h.l3 != 0)
        m->ol_flags |= h.v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4;
    if ((flags & VTR_PKT_TX_IP_SUM || cut) && !h.v6)
        m->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
    if (flags & VTR_PKT_TX_UDP_SUM)
        m->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
    if (flags & VTR_PKT_TX_TCP_SUM || cut)
        m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
    m->ol_flags |= cut ? RTE_MBUF_F_TX_TCP_SEG : 0;
    m->ol_flags |= flags & VTR_PKT_TX_VLAN ? RTE_MBUF_F_TX_VLAN : 0;
}
