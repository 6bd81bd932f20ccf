/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The lists of tunnels and of application protocols, as lists.h has them.
 */
#ifndef VITRINE_TESTS_MESSAGES_H
#define VITRINE_TESTS_MESSAGES_H

static inline bool next_geneve_option(struct vtr_reader *r, struct list_state *s,
                                      struct element *e)
{
    struct vtr_geneve_option o;
    if (!vtr_geneve_option_next(r, &o))
        return false;
    *e = (struct element){ (unsigned)o.space << 8 | o.type, o.data, { NULL, 0 } };
    return true;
}

static inline bool next_gtpu_extension(struct vtr_reader *r, struct list_state *s,
                                       struct element *e)
{
    if (!s->begun)
        s->extension.next = (uint8_t)s->first;
    s->begun = true;
    if (!vtr_gtpu_extension_next(r, &s->extension))
        return false;
    vtr_check(s->extension.type != VTR_GTPU_NO_MORE);
    *e = (struct element){ s->extension.type, s->extension.data, { NULL, 0 } };
    return true;
}

/* A name that was taken is one to its end: it has a text, and is itself. */
static inline void name_holds(struct vtr_dns_name name)
{
    char text[VTR_DNS_TEXT_MAX];
    struct vtr_writer w = vtr_writer_of(text, sizeof text);
    struct vtr_dns_name n = name;
    struct vtr_span label;
    size_t bytes = 1;
    for (; vtr_dns_label_next(&n, &label); bytes += 1 + label.len)
        vtr_check(label.len >= 1 && label.len <= VTR_DNS_LABEL_MAX &&
                  label.ptr >= name.message.ptr &&
                  label.ptr + label.len <= name.message.ptr + name.message.len);
    vtr_check(bytes <= VTR_DNS_NAME_MAX && n.jumps <= VTR_DNS_JUMPS);
    vtr_check(vtr_dns_name_text(name, &w) && w.len >= 1);
    vtr_check(vtr_dns_name_compare(name, name) == 0);
}

/* A message: the records, after the questions. */
static inline bool next_dns_record(struct vtr_reader *r, struct list_state *s, struct element *e)
{
    struct vtr_dns_question question;
    struct vtr_dns_record record;
    if (!s->begun)
        s->dns = vtr_dns_walk_of(r->rest);
    s->begun = true;
    while (vtr_dns_question_next(&s->dns, &question))
        name_holds(question.name);
    bool found = vtr_dns_record_next(&s->dns, &record);
    *r = s->dns.r;
    if (!found)
        return false;
    name_holds(record.name);
    *e = (struct element){ record.type, record.data, { NULL, 0 } };
    return true;
}

static inline bool next_dns_option(struct vtr_reader *r, struct list_state *s, struct element *e)
{
    struct vtr_dns_option o;
    if (!vtr_dns_option_next(r, &o))
        return false;
    *e = (struct element){ o.code, o.data, { NULL, 0 } };
    return true;
}

/* Of one field: the header has no options in others. */
static inline bool next_dhcp_option(struct vtr_reader *r, struct list_state *s, struct element *e)
{
    struct vtr_dhcp_option o;
    s->dhcp.r = *r;
    bool found = vtr_dhcp_option_next(&s->dhcp, &o);
    *r = s->dhcp.r;
    if (found)
        *e = (struct element){ o.code, o.data, { NULL, 0 } };
    return found;
}

static inline bool next_ntp_extension(struct vtr_reader *r, struct list_state *s,
                                      struct element *e)
{
    struct vtr_ntp_extension x;
    if (!vtr_ntp_extension_next(r, &x))
        return false;
    *e = (struct element){ x.type, x.data, { NULL, 0 } };
    return true;
}

static inline bool next_quic_packet(struct vtr_reader *r, struct list_state *s, struct element *e)
{
    struct vtr_span before = r->rest;
    struct vtr_quic_packet p;
    if (!vtr_quic_packet_next(r, s->first, &p))
        return false;
    before.len -= r->rest.len;
    vtr_check(p.scid.len + p.dcid.len + p.token.len + p.payload.len < before.len);
    *e = (struct element){ p.kind, p.payload, p.dcid };
    return true;
}

static inline bool next_tls_extension(struct vtr_reader *r, struct list_state *s,
                                      struct element *e)
{
    struct vtr_tls_extension x;
    struct vtr_span of = { NULL, 0 };
    if (!vtr_tls_extension_next(r, &x))
        return false;
    if (vtr_tls_server_name(&x, &of))
        vtr_check(x.type == VTR_TLS_SERVER_NAME && of.len != 0);
    else if (vtr_tls_versions(&x, &of))
        vtr_check(x.type == VTR_TLS_SUPPORTED_VERSIONS && of.len % 2 == 0);
    *e = (struct element){ x.type, x.data, of };
    return true;
}

static inline bool next_tls_protocol(struct vtr_reader *r, struct list_state *s, struct element *e)
{
    struct vtr_span name;
    if (!vtr_tls_alpn_next(r, &name))
        return false;
    *e = (struct element){ (unsigned)name.len, name, { NULL, 0 } };
    return true;
}

static inline bool next_memcached(struct vtr_reader *r, struct list_state *s, struct element *e)
{
    struct vtr_memcached_command c;
    if (!vtr_memcached_take(r, &c))
        return false;
    vtr_check(c.verb != VTR_MEMCACHED_OTHER || c.error != NULL);
    vtr_check(c.key.len <= VTR_MEMCACHED_KEY_MAX && c.value.len == c.value_len * c.has_value);
    *e = (struct element){ c.verb, c.value, c.key };
    return true;
}

static inline bool next_memcached_reply(struct vtr_reader *r, struct list_state *s,
                                        struct element *e)
{
    struct vtr_memcached_reply reply;
    if (!vtr_memcached_reply_take(r, &reply))
        return false;
    vtr_check(reply.has_value || reply.value.len == 0);
    *e = (struct element){ reply.has_value, reply.value, reply.status };
    return true;
}

static inline bool next_memcached_flag(struct vtr_reader *r, struct list_state *s,
                                       struct element *e)
{
    struct vtr_memcached_flag f;
    if (!vtr_memcached_flag_next(r, &f))
        return false;
    *e = (struct element){ f.flag, f.token, { NULL, 0 } };
    return true;
}

#endif
