/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Fuzz target: tunnels and messages, each walked to its end. The first byte says which one it is;
 * headers and lists hold what alike.h and lists.h say of them.
 */
#include "../fuzz/fuzz.h"

#include "lists.h"
#include "takers.h"

static const struct list *list_of(const char *name)
{
    size_t i = 0;
    while (strcmp(lists[i].name, name) != 0)
        i++;
    return &lists[i];
}

/** A list that begins with @p first. @return what is left. */
static struct vtr_span iterate(const char *name, unsigned first, struct vtr_span s)
{
    struct list_state state = { .first = first };
    struct vtr_span rest;
    (void)list_holds(list_of(name), s, &state, NULL, 0, &rest);
    return rest;
}

static void walk_gre(struct vtr_span s)
{
    struct vtr_span options = ALIKE_NONE, rest = ALIKE_NONE;
    uint32_t key = 0, seq = 0;
    uint16_t sum = 0;
    const struct vtr_gre *h = vtr_gre_take_options(s, &options, &rest);
    if (!alike_vtr_gre(s))
        return;
    size_t fields = vtr_gre_checksum(h, options, &sum) + vtr_gre_key(h, options, &key) +
                    (size_t)vtr_gre_seq(h, options, &seq);
    vtr_check(fields * 4 == options.len && (!vtr_gre_is_nvgre(h) || options.len == 4));
}

static void walk_pptp(struct vtr_span s)
{
    struct vtr_span options = ALIKE_NONE, rest = ALIKE_NONE;
    uint32_t seq = 0, ack = 0;
    const struct vtr_pptp *h = vtr_pptp_take_options(s, &options, &rest);
    if (!alike_vtr_pptp(s))
        return;
    size_t fields = vtr_pptp_seq(h, options, &seq) + (size_t)vtr_pptp_ack(h, options, &ack);
    vtr_check(fields * 4 == options.len && rest.len == vtr_be16_get(h->payload_len));
}

static void walk_vxlan(struct vtr_span s)
{
    vtr_check(alike_vtr_vxlan(s) == (s.len >= 8 && (s.ptr[0] & VTR_VXLAN_I) != 0));
}

static void walk_geneve(struct vtr_span s)
{
    struct vtr_span options = ALIKE_NONE, rest = ALIKE_NONE;
    if (alike_vtr_geneve(s) && vtr_geneve_take_options(s, &options, &rest) != NULL)
        (void)iterate("geneve_option", 0, options);
}

static void walk_gtpu(struct vtr_span s)
{
    struct vtr_span options = ALIKE_NONE, rest = ALIKE_NONE;
    const struct vtr_gtpu *h = vtr_gtpu_take_options(s, &options, &rest);
    if (alike_vtr_gtpu(s))
        (void)iterate("gtpu_extension", vtr_gtpu_extensions(h, options).next, rest);
}

static void walk_dns(struct vtr_span s)
{
    struct vtr_dns_record record;
    struct vtr_dns_edns edns;
    struct vtr_span tcp = s;
    if (alike_vtr_dns_tcp(s) && vtr_dns_tcp_take(s, &tcp) != NULL)
        (void)iterate("dns_record", 0, tcp);
    (void)iterate("dns_record", 0, s);
    for (struct vtr_dns_walk w = vtr_dns_walk_of(s); vtr_dns_record_next(&w, &record);) {
        struct vtr_reader r = vtr_reader_of(record.data);
        struct vtr_dns_name name;
        if (vtr_dns_name_next(s, &r, &name))
            name_holds(name), vtr_check(r.rest.len < record.data.len);
        if (vtr_dns_edns_of(&record, &edns))
            (void)iterate("dns_option", 0, edns.options);
    }
}

static void walk_dhcp(struct vtr_span s)
{
    struct vtr_span rest = ALIKE_NONE;
    struct vtr_dhcp_option option;
    const struct vtr_dhcp *h = vtr_dhcp_take(s, &rest);
    size_t most = s.len, read = 0;
    if (!alike_vtr_dhcp(s))
        return;
    struct vtr_dhcp_walk w = vtr_dhcp_walk_of(h, rest);
    for (; vtr_dhcp_option_next(&w, &option); read += 2 + option.data.len)
        vtr_check(alike_inside(option.data, s) && alike_inside(w.r.rest, s) && read < most);
    struct vtr_reader at = w.r;
    vtr_check(!vtr_dhcp_option_next(&w, &option) && w.r.rest.ptr == at.rest.ptr);
    vtr_check(vtr_dhcp_walk_done(&w) == (at.rest.len == 0 || *at.rest.ptr == VTR_DHCP_END));
}

static void walk_ntp(struct vtr_span s)
{
    struct vtr_span rest = ALIKE_NONE;
    if (alike_vtr_ntp(s) && vtr_ntp_take(s, &rest) != NULL)
        (void)alike_vtr_ntp_mac(iterate("ntp_extension", 0, rest));
}

static void walk_quic(struct vtr_span s)
{
    struct vtr_reader r = vtr_reader_of(s);
    uint64_t number = 0;
    uint8_t cid_len = 0;
    if (vtr_quic_varint(&r, &number))
        vtr_check(number >> 62 == 0 && r.rest.len < s.len);
    r = vtr_reader_of(s);
    if (vtr_reader_u8(&r, &cid_len))
        (void)iterate("quic_packet", cid_len, r.rest);
}

static void walk_extensions(struct vtr_span s)
{
    struct vtr_reader r = vtr_reader_of(s), list;
    struct vtr_tls_extension x;
    (void)iterate("tls_extension", 0, s);
    while (vtr_tls_extension_next(&r, &x))
        if (vtr_tls_alpn(&x, &list))
            (void)iterate("tls_protocol", 0, list.rest);
}

static void walk_hello(struct vtr_span s)
{
    struct vtr_tls_client_hello client;
    struct vtr_tls_server_hello server;
    if (vtr_tls_client_hello_take(s, &client)) {
        vtr_check(alike_inside(client.ciphers, s) && alike_inside(client.session, s));
        walk_extensions(client.extensions);
    }
    if (vtr_tls_server_hello_take(s, &server)) {
        vtr_check(alike_inside(server.session, s) && alike_inside(server.extensions, s));
        walk_extensions(server.extensions);
    }
}

static void walk_tls(struct vtr_span s)
{
    struct vtr_span record = ALIKE_NONE, message = ALIKE_NONE;
    if (!alike_vtr_tls_record(s) || vtr_tls_record_take(s, &record) == NULL)
        return;
    for (; alike_vtr_tls_handshake(record); record.ptr = message.ptr + message.len) {
        vtr_check(vtr_tls_handshake_take(record, &message) != NULL);
        walk_hello(message);
        record.len -= (size_t)(message.ptr - record.ptr) + message.len;
    }
}

static void walk_memcached(struct vtr_span s)
{
    struct vtr_reader r = vtr_reader_of(s);
    struct vtr_memcached_command c;
    (void)iterate("memcached", 0, s);
    for (; vtr_memcached_take(&r, &c); (void)iterate("memcached_flag", 0, c.more.rest))
        vtr_check(alike_inside(c.name, s) && alike_inside(c.more.rest, s));
}

static void walk_replies(struct vtr_span s) { (void)iterate("memcached_reply", 0, s); }

static void walk_binary(struct vtr_span s)
{
    struct vtr_span rest = ALIKE_NONE, key, value;
    const struct vtr_memcached_binary *h = vtr_memcached_binary_take(s, &rest);
    if (alike_vtr_memcached_binary(s))
        vtr_check(vtr_memcached_binary_split(h, rest, &key, &value) &&
                  key.len + value.len == rest.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    /* the order of seeds_messages.c */
    static void (*const WALKS[])(struct vtr_span) = {
        walk_gre, walk_pptp, walk_vxlan, walk_geneve,    walk_gtpu,    walk_dns,    walk_dhcp,
        walk_ntp, walk_quic, walk_tls,   walk_memcached, walk_replies, walk_binary,
    };
    if (len != 0)
        WALKS[bytes[0] % (sizeof WALKS / sizeof *WALKS)](vtr_span_of(bytes + 1, len - 1));
    return 0;
}
