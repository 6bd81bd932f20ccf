/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What is found at well-known ports.
 */
#include "layers.h"

#include <vitrine/writer.h>

static void report_name(struct report *r, enum field f, struct vtr_dns_name name)
{
    uint8_t text[VTR_DNS_TEXT_MAX];
    struct vtr_writer w = vtr_writer_of(text, sizeof text);
    if (!vtr_dns_name_text(name, &w))
        return;
    struct vtr_span s = vtr_writer_span(&w), root = vtr_span_of("<Root>", 6);
    report_bytes(r, f, s.len == 1 && s.ptr[0] == '.' ? root : s);
}

static void dissect_dns_record(struct report *r, struct vtr_span message,
                               const struct vtr_dns_record *record)
{
    struct vtr_reader data = vtr_reader_of(record->data);
    struct vtr_dns_name name;
    report_name(r, F_DNS_RESP_NAME, record->name);
    report_number(r, F_DNS_RESP_TYPE, record->type);
    if (record->type != VTR_DNS_OPT)
        report_number(r, F_DNS_RESP_TTL, record->ttl_s);
    if (record->type == VTR_DNS_A && record->data.len == 4)
        report_bytes(r, F_DNS_A, record->data);
    if (record->type == VTR_DNS_AAAA && record->data.len == 16)
        report_bytes(r, F_DNS_AAAA, record->data);
    if (record->type == VTR_DNS_CNAME) {
        if (vtr_dns_name_next(message, &data, &name))
            report_name(r, F_DNS_CNAME, name);
        else
            report_stop(r, "dns name", data.rest);
    }
}

static void dissect_dns(struct report *r, struct vtr_span s)
{
    struct vtr_span rest;
    struct vtr_dns_question question;
    struct vtr_dns_record record;
    const struct vtr_dns *dns = vtr_dns_take(s, &rest);
    if (!report_took(r, "dns", s, dns))
        return;
    report_number(r, F_DNS_ID, vtr_be16_get(dns->id));
    report_number(r, F_DNS_FLAGS, vtr_be16_get(dns->flags));
    report_number(r, F_DNS_QUERIES, vtr_be16_get(dns->questions));
    report_number(r, F_DNS_ANSWERS, vtr_be16_get(dns->answers));
    struct vtr_dns_walk walk = vtr_dns_walk_of(s);
    while (vtr_dns_question_next(&walk, &question)) {
        report_name(r, F_DNS_QRY_NAME, question.name);
        report_number(r, F_DNS_QRY_TYPE, question.type);
    }
    while (vtr_dns_record_next(&walk, &record))
        dissect_dns_record(r, s, &record);
    if (!vtr_dns_walk_done(&walk))
        report_stop(r, "dns", walk.r.rest);
}

static void dissect_dns_tcp(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s;
    if (vtr_dns_tcp_take(s, &s) != NULL)
        dissect_dns(r, s);
    else
        report_stop(r, "dns", at);
}

static void dissect_dhcp(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s;
    struct vtr_dhcp_option option;
    uint8_t type;
    const struct vtr_dhcp *dhcp = vtr_dhcp_take(s, &s);
    if (!report_took(r, "dhcp", at, dhcp))
        return;
    report_number(r, F_DHCP_OP, dhcp->op);
    report_number(r, F_DHCP_ID, vtr_be32_get(dhcp->id));
    report_struct(r, F_DHCP_CLIENT, &dhcp->client_ip);
    report_struct(r, F_DHCP_YOUR, &dhcp->your_ip);
    if (dhcp->hardware == 1 && dhcp->hardware_len == sizeof(struct vtr_mac))
        report_bytes(r, F_DHCP_MAC, vtr_span_of(dhcp->client, sizeof(struct vtr_mac)));
    struct vtr_dhcp_walk walk = vtr_dhcp_walk_of(dhcp, s);
    while (vtr_dhcp_option_next(&walk, &option)) {
        if (option.code == VTR_DHCP_REQUESTED_IP && option.data.len == 4)
            report_bytes(r, F_DHCP_REQUESTED, option.data);
        if (option.code == VTR_DHCP_TYPE && vtr_span_u8(option.data, 0, &type))
            report_number(r, F_DHCP_TYPE, type);
    }
    if (!vtr_dhcp_walk_done(&walk))
        report_stop(r, "dhcp option", walk.r.rest);
}

static void dissect_ntp(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s;
    const struct vtr_ntp *ntp = vtr_ntp_take(s, &s);
    if (!report_took(r, "ntp", at, ntp))
        return;
    report_number(r, F_NTP_VERSION, vtr_ntp_version(ntp));
    report_number(r, F_NTP_MODE, vtr_ntp_mode(ntp));
    report_number(r, F_NTP_STRATUM, ntp->stratum);
}

/* Who chose a connection's name knows how long it is; nobody else does. */
enum { QUIC_CID_UNKNOWN = 0 };

static void dissect_quic(struct report *r, struct vtr_span s)
{
    struct vtr_reader reader = vtr_reader_of(s);
    struct vtr_quic_packet packet;
    if (!report_layer(r, "quic", s))
        return;
    while (vtr_quic_packet_next(&reader, QUIC_CID_UNKNOWN, &packet)) {
        bool is_short = packet.kind == VTR_QUIC_SHORT;
        report_number(r, F_QUIC_FORM, !is_short);
        if (is_short)
            continue;
        if (packet.kind <= VTR_QUIC_RETRY)
            report_number(r, F_QUIC_TYPE, packet.kind);
        report_number(r, F_QUIC_VERSION, packet.version);
        report_bytes(r, F_QUIC_DCID, packet.dcid);
        report_bytes(r, F_QUIC_SCID, packet.scid);
    }
    report_end(r, "quic", reader);
}

static void dissect_tls_extension(struct report *r, const struct vtr_tls_extension *x)
{
    struct vtr_span name;
    struct vtr_reader protocols;
    report_number(r, F_TLS_EXTENSION, x->type);
    if (vtr_tls_server_name(x, &name))
        report_bytes(r, F_TLS_SNI, name);
    if (vtr_tls_alpn(x, &protocols)) {
        while (vtr_tls_alpn_next(&protocols, &name))
            report_bytes(r, F_TLS_ALPN, name);
        report_end(r, "tls alpn", protocols);
    }
}

static void dissect_tls_extensions(struct report *r, struct vtr_span s)
{
    struct vtr_reader reader = vtr_reader_of(s);
    struct vtr_tls_extension x;
    while (vtr_tls_extension_next(&reader, &x))
        dissect_tls_extension(r, &x);
    report_end(r, "tls extension", reader);
}

static void dissect_tls_handshake(struct report *r, struct vtr_span s)
{
    struct vtr_span at = s;
    struct vtr_tls_client_hello client;
    struct vtr_tls_server_hello server;
    const struct vtr_tls_handshake *message = vtr_tls_handshake_take(s, &s);
    if (message == NULL) {
        report_stop(r, "tls handshake", at);
        return;
    }
    report_number(r, F_TLS_HANDSHAKE, message->type);
    if (message->type == VTR_TLS_CLIENT_HELLO && vtr_tls_client_hello_take(s, &client))
        dissect_tls_extensions(r, client.extensions);
    else if (message->type == VTR_TLS_SERVER_HELLO && vtr_tls_server_hello_take(s, &server))
        dissect_tls_extensions(r, server.extensions);
    else if (message->type == VTR_TLS_CLIENT_HELLO || message->type == VTR_TLS_SERVER_HELLO)
        report_stop(r, "tls hello", s);
}

static void dissect_tls(struct report *r, struct vtr_span s)
{
    if (!report_layer(r, "tls", s))
        return;
    while (s.len != 0) {
        struct vtr_span at = s, body;
        const struct vtr_tls_record *record = vtr_tls_record_take(s, &body);
        if (record == NULL || !vtr_span_sub(at, sizeof *record + body.len,
                                            at.len - sizeof *record - body.len, &s)) {
            report_stop(r, "tls", at);
            return;
        }
        report_number(r, F_TLS_CONTENT, record->type);
        report_number(r, F_TLS_VERSION, vtr_be16_get(record->version));
        report_number(r, F_TLS_LENGTH, body.len);
        if (record->type == VTR_TLS_HANDSHAKE)
            dissect_tls_handshake(r, body);
    }
}

static void dissect_memcache_text(struct report *r, struct vtr_span s)
{
    struct vtr_reader reader = vtr_reader_of(s);
    struct vtr_memcached_command command;
    while (reader.rest.len != 0 && vtr_memcached_take(&reader, &command)) {
        report_bytes(r, F_MEMCACHE_COMMAND, command.name);
        if (command.key.len != 0)
            report_bytes(r, F_MEMCACHE_KEY, command.key);
        if (command.error != NULL) {
            report_stop(r, "memcache", command.name);
            return;
        }
    }
    report_end(r, "memcache", reader);
}

static void dissect_memcache_binary(struct report *r, struct vtr_span s)
{
    while (s.len != 0) {
        struct vtr_span at = s, body, key, value;
        const struct vtr_memcached_binary *h = vtr_memcached_binary_take(s, &body);
        if (h == NULL || !vtr_memcached_binary_split(h, body, &key, &value)) {
            report_stop(r, "memcache", at);
            return;
        }
        report_number(r, F_MEMCACHE_MAGIC, h->magic);
        report_number(r, F_MEMCACHE_OPCODE, h->opcode);
        report_number(r, F_MEMCACHE_OPAQUE, vtr_be32_get(h->opaque));
        if (key.len != 0)
            report_bytes(r, F_MEMCACHE_KEY, key);
        size_t used = (size_t)(body.ptr + body.len - at.ptr);
        s = vtr_span_of(at.ptr + used, at.len - used);
    }
}

/* A server's replies are not told from commands by port alone: only what goes to it is parsed. */
static void dissect_memcache(struct report *r, struct vtr_span s)
{
    uint8_t first;
    if (!report_layer(r, "memcache", s) || !vtr_span_u8(s, 0, &first))
        return;
    if (first == VTR_MEMCACHED_REQUEST || first == VTR_MEMCACHED_RESPONSE)
        dissect_memcache_binary(r, s);
    else
        dissect_memcache_text(r, s);
}

struct service {
    unsigned port;
    bool answers; /* what comes from the port is of the protocol too */
    void (*dissect)(struct report *r, struct vtr_span s);
};

static void find(struct report *r, const struct service *known, size_t n, unsigned src,
                 unsigned dst, struct vtr_span s)
{
    for (size_t i = 0; i < n; i++)
        if (known[i].port == dst || (known[i].answers && known[i].port == src)) {
            known[i].dissect(r, s);
            return;
        }
}

void dissect_udp_payload(struct report *r, unsigned src, unsigned dst, struct vtr_span s)
{
    static const struct service known[] = {
        { VTR_DNS_PORT, true, dissect_dns },
        { VTR_DHCP_SERVER_PORT, true, dissect_dhcp },
        { VTR_DHCP_CLIENT_PORT, true, dissect_dhcp },
        { VTR_NTP_PORT, true, dissect_ntp },
        { 443, true, dissect_quic },
        { VTR_GTPU_PORT, true, dissect_gtpu },
        { VTR_VXLAN_PORT, false, dissect_vxlan },
        { VTR_GENEVE_PORT, false, dissect_geneve },
    };
    find(r, known, sizeof known / sizeof known[0], src, dst, s);
}

void dissect_tcp_payload(struct report *r, unsigned src, unsigned dst, struct vtr_span s)
{
    static const struct service known[] = {
        { VTR_DNS_PORT, true, dissect_dns_tcp },
        { 443, true, dissect_tls },
        { VTR_MEMCACHED_PORT, false, dissect_memcache },
    };
    find(r, known, sizeof known / sizeof known[0], src, dst, s);
}
