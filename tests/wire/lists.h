/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Every list that can be iterated, by one shape, and what holds of all of them whatever the bytes:
 * for unit tests and for fuzzing. Broken properties abort (vtr_check).
 */
#ifndef VITRINE_TESTS_LISTS_H
#define VITRINE_TESTS_LISTS_H

#include <vitrine/wire.h>

/** One element, as all lists have it: a number that tells its kind, and the bytes that it shows. */
struct element {
    unsigned kind;
    struct vtr_span value, more;
};

/** Where a list is: what its iterator keeps between elements. */
struct list_state {
    unsigned first; /* a number that the list begins with: records, or a protocol */
    bool begun;
    struct vtr_mpls_label label;
    struct vtr_igmp3_group group;
    struct vtr_mld2_group group6;
    struct vtr_ip6_walk walk;
    struct vtr_gtpu_extension extension;
    struct vtr_dhcp_walk dhcp;
    struct vtr_dns_walk dns;
};

typedef bool list_next(struct vtr_reader *r, struct list_state *s, struct element *e);

static inline bool next_ipv4_option(struct vtr_reader *r, struct list_state *s, struct element *e)
{
    struct vtr_option o;
    if (!vtr_ipv4_option_next(r, &o))
        return false;
    *e = (struct element){ o.kind, o.value, { NULL, 0 } };
    return true;
}

static inline bool next_tcp_option(struct vtr_reader *r, struct list_state *s, struct element *e)
{
    struct vtr_option o;
    size_t count = 0;
    if (!vtr_tcp_option_next(r, &o))
        return false;
    *e = (struct element){ o.kind, o.value, { NULL, 0 } };
    const struct vtr_tcp_sack *sack = vtr_tcp_option_sack(&o, &count);
    if (sack != NULL)
        e->more = vtr_span_of(sack, count * sizeof *sack);
    return true;
}

static inline bool next_ip6_option(struct vtr_reader *r, struct list_state *s, struct element *e)
{
    struct vtr_ip6_option o;
    if (!vtr_ip6_option_next(r, &o))
        return false;
    *e = (struct element){ o.type, o.value, { NULL, 0 } };
    return true;
}

static inline bool next_nd_option(struct vtr_reader *r, struct list_state *s, struct element *e)
{
    struct vtr_nd_option o;
    if (!vtr_nd_option_next(r, &o))
        return false;
    vtr_check(o.value.len >= 6);
    *e = (struct element){ o.type, o.value, { NULL, 0 } };
    return true;
}

static inline bool next_pppoe_tag(struct vtr_reader *r, struct list_state *s, struct element *e)
{
    struct vtr_pppoe_tag t;
    if (!vtr_pppoe_tag_next(r, &t))
        return false;
    *e = (struct element){ t.type, t.value, { NULL, 0 } };
    return true;
}

static inline bool next_sctp_chunk(struct vtr_reader *r, struct list_state *s, struct element *e)
{
    struct vtr_sctp_chunk c;
    if (!vtr_sctp_chunk_next(r, &c))
        return false;
    *e = (struct element){ c.type, c.value, { NULL, 0 } };
    return true;
}

static inline bool next_sctp_parameter(struct vtr_reader *r, struct list_state *s,
                                       struct element *e)
{
    struct vtr_sctp_parameter p;
    if (!vtr_sctp_parameter_next(r, &p))
        return false;
    *e = (struct element){ p.type, p.value, { NULL, 0 } };
    return true;
}

static inline bool next_mpls(struct vtr_reader *r, struct list_state *s, struct element *e)
{
    const uint8_t *at = r->rest.ptr;
    if (!vtr_mpls_next(r, &s->label))
        return false;
    *e = (struct element){ s->label.label, { at, sizeof(struct vtr_mpls) }, { NULL, 0 } };
    return true;
}

static inline bool next_igmp3_record(struct vtr_reader *r, struct list_state *s, struct element *e)
{
    if (!s->begun)
        s->group.left = s->first;
    s->begun = true;
    if (!vtr_igmp3_record_next(r, &s->group))
        return false;
    *e = (struct element){ s->group.record->type, s->group.sources, s->group.aux };
    return true;
}

static inline bool next_mld2_record(struct vtr_reader *r, struct list_state *s, struct element *e)
{
    if (!s->begun)
        s->group6.left = s->first;
    s->begun = true;
    if (!vtr_mld2_record_next(r, &s->group6))
        return false;
    *e = (struct element){ s->group6.record->type, s->group6.sources, s->group6.aux };
    return true;
}

static inline bool next_ip6_ext(struct vtr_reader *r, struct list_state *s, struct element *e)
{
    struct vtr_span before = r->rest;
    if (!s->begun)
        s->walk = vtr_ip6_walk_of((uint8_t)s->first);
    s->begun = true;
    if (!vtr_ip6_ext_next(r, &s->walk)) {
        vtr_check(s->walk.stop != VTR_IP6_GOES_ON);
        return false;
    }
    vtr_check(s->walk.passed <= VTR_IP6_EXT_MAX);
    *e = (struct element){ s->walk.found, before, { NULL, 0 } };
    e->value.len -= r->rest.len;
    return true;
}

#include "messages.h"

struct list {
    const char *name;
    list_next *next;
};

/* A fuzz input names one by its place: append only. */
static const struct list lists[] = {
    { "ipv4_option", next_ipv4_option },       { "tcp_option", next_tcp_option },
    { "ip6_option", next_ip6_option },         { "nd_option", next_nd_option },
    { "pppoe_tag", next_pppoe_tag },           { "sctp_chunk", next_sctp_chunk },
    { "sctp_parameter", next_sctp_parameter }, { "mpls", next_mpls },
    { "igmp3_record", next_igmp3_record },     { "mld2_record", next_mld2_record },
    { "ip6_ext", next_ip6_ext },               { "geneve_option", next_geneve_option },
    { "gtpu_extension", next_gtpu_extension }, { "dns_record", next_dns_record },
    { "dns_option", next_dns_option },         { "dhcp_option", next_dhcp_option },
    { "ntp_extension", next_ntp_extension },   { "quic_packet", next_quic_packet },
    { "tls_extension", next_tls_extension },   { "tls_protocol", next_tls_protocol },
    { "memcached", next_memcached },           { "memcached_reply", next_memcached_reply },
    { "memcached_flag", next_memcached_flag },
};
enum { LISTS_N = sizeof lists / sizeof lists[0] };

static inline bool list_inside(struct vtr_span outer, struct vtr_span inner)
{
    return inner.len == 0 || (inner.ptr >= outer.ptr && inner.len <= outer.len &&
                              (size_t)(inner.ptr - outer.ptr) <= outer.len - inner.len);
}

/**
 * What holds of a list whatever the bytes: each element moves the reader forward and shows bytes
 * that were passed; then it stops, and stays stopped.
 * @param into   into[0..room): the first elements; may be NULL if @p room is 0.
 * @param state  in: where it begins; out: where it ended.
 * @param rest   where the reader stopped.
 * @return how many elements there were.
 */
static inline size_t list_holds(const struct list *l, struct vtr_span s, struct list_state *state,
                                struct element *into, size_t room, struct vtr_span *rest)
{
    struct vtr_reader r = vtr_reader_of(s);
    struct element e;
    size_t n = 0;
    for (struct vtr_span before = s; l->next(&r, state, &e); before = r.rest, n++) {
        size_t passed = before.len - r.rest.len;
        vtr_check(r.rest.len < before.len && r.rest.ptr == before.ptr + passed);
        vtr_check(list_inside(vtr_span_of(before.ptr, passed), e.value));
        vtr_check(list_inside(vtr_span_of(before.ptr, passed), e.more));
        if (n < room)
            into[n] = e;
    }
    *rest = r.rest;
    vtr_check(list_inside(s, r.rest) && !l->next(&r, state, &e));
    vtr_check(r.rest.ptr == rest->ptr && r.rest.len == rest->len);
    return n;
}

#endif
