/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What is behind IP: by the protocol's number, then by ports.
 */
#include "layers.h"

static void dissect_udp(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s;
    const struct vtr_udp *udp = vtr_udp_take(s, &s);
    if (!report_took(r, "udp", at, udp))
        return;
    report_number(r, F_UDP_SRC, vtr_be16_get(udp->src));
    report_number(r, F_UDP_DST, vtr_be16_get(udp->dst));
    report_number(r, F_UDP_LENGTH, vtr_be16_get(udp->len));
    report_number(r, F_UDP_CHECKSUM, vtr_be16_get(udp->sum));
    dissect_udp_payload(r, vtr_be16_get(udp->src), vtr_be16_get(udp->dst), s);
}

static void dissect_tcp_options(struct report *r, struct vtr_span options)
{
    struct vtr_reader reader = vtr_reader_of(options);
    struct vtr_option option;
    while (vtr_tcp_option_next(&reader, &option)) {
        const struct vtr_tcp_timestamps *stamps = vtr_tcp_option_timestamps(&option);
        uint16_t mss;
        uint8_t shift;
        report_number(r, F_TCP_OPTION, option.kind);
        if (vtr_tcp_option_mss(&option, &mss))
            report_number(r, F_TCP_MSS, mss);
        if (vtr_tcp_option_window_scale(&option, &shift))
            report_number(r, F_TCP_WSCALE, shift);
        if (stamps != NULL) {
            report_number(r, F_TCP_TSVAL, vtr_be32_get(stamps->value));
            report_number(r, F_TCP_TSECR, vtr_be32_get(stamps->echo));
        }
    }
    report_end(r, "tcp option", reader);
}

static void dissect_tcp(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s, options;
    const struct vtr_tcp *tcp = vtr_tcp_take_options(s, &options, &s);
    if (!report_took(r, "tcp", at, tcp))
        return;
    report_number(r, F_TCP_SRC, vtr_be16_get(tcp->src));
    report_number(r, F_TCP_DST, vtr_be16_get(tcp->dst));
    report_number(r, F_TCP_SEQ, vtr_be32_get(tcp->seq));
    report_number(r, F_TCP_ACK, vtr_be32_get(tcp->ack));
    report_number(r, F_TCP_HDR_LEN, vtr_tcp_header_len(tcp));
    report_number(r, F_TCP_FLAGS, tcp->flags);
    report_number(r, F_TCP_WINDOW, vtr_be16_get(tcp->window));
    report_number(r, F_TCP_CHECKSUM, vtr_be16_get(tcp->sum));
    report_number(r, F_TCP_URGENT, vtr_be16_get(tcp->urgent));
    dissect_tcp_options(r, options);
    if (s.len != 0)
        dissect_tcp_payload(r, vtr_be16_get(tcp->src), vtr_be16_get(tcp->dst), s);
}

static void dissect_sctp(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s;
    struct vtr_sctp_chunk chunk;
    const struct vtr_sctp *sctp = vtr_sctp_take(s, &s);
    if (!report_took(r, "sctp", at, sctp))
        return;
    report_number(r, F_SCTP_SRC, vtr_be16_get(sctp->src));
    report_number(r, F_SCTP_DST, vtr_be16_get(sctp->dst));
    report_number(r, F_SCTP_TAG, vtr_be32_get(sctp->tag));
    struct vtr_reader reader = vtr_reader_of(s);
    while (vtr_sctp_chunk_next(&reader, &chunk))
        report_number(r, F_SCTP_CHUNK, chunk.type);
    report_end(r, "sctp chunk", reader);
}

static void dissect_esp(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s;
    const struct vtr_esp *esp = vtr_esp_take(s, &s);
    if (!report_took(r, "esp", at, esp))
        return;
    report_number(r, F_ESP_SPI, vtr_be32_get(esp->spi));
    report_number(r, F_ESP_SEQ, vtr_be32_get(esp->seq));
}

/* In front of an IPv4 payload; in IPv6 it is an extension header. */
static void dissect_ah4(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s;
    const struct vtr_ah *ah = vtr_ah_take(s, &s);
    if (!report_took(r, "ah", at, ah))
        return;
    report_number(r, F_AH_NEXT, ah->next_header);
    report_number(r, F_AH_SPI, vtr_be32_get(ah->spi));
    dissect_protocol(r, ah->next_header, s);
}

void dissect_protocol(struct report *r, unsigned protocol, struct vtr_span s)
{
    static const struct {
        unsigned protocol;
        void (*dissect)(struct report *r, struct vtr_span s);
    } known[] = {
        { VTR_IP_ICMP, dissect_icmp }, { VTR_IP_IGMP, dissect_igmp },
        { VTR_IP_IPV4, dissect_ip4 },  { VTR_IP_TCP, dissect_tcp },
        { VTR_IP_UDP, dissect_udp },   { VTR_IP_IPV6, dissect_ip6 },
        { VTR_IP_GRE, dissect_gre },   { VTR_IP_ESP, dissect_esp },
        { VTR_IP_SCTP, dissect_sctp }, { VTR_IP_ICMPV6, dissect_icmp6 },
        { VTR_IP_MPLS, dissect_mpls }, { VTR_IP_AH, dissect_ah4 },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].protocol == protocol)
            known[i].dissect(r, s);
}
