/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Fuzz target: an Ethernet frame, walked down to its payload. What a taker hands back lies inside
 * what it was given and is what a slow model of the same header says; checksums that we write are
 * good, and updating one leaves it good.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <vitrine/checksum.h>
#include <vitrine/wire.h>

/** What the model finds: where the payload is, or that there is no such header. */
struct cut {
    bool ok;
    size_t from, to;
};

static size_t be16_at(struct vtr_span s, size_t off)
{
    return (size_t)s.ptr[off] * 256 + s.ptr[off + 1];
}

static struct cut model(struct vtr_span s, size_t least, size_t from, size_t to)
{
    struct cut c = { from >= least && from <= to && to <= s.len, from, to };
    return c;
}

static struct cut model_ipv4(struct vtr_span s)
{
    if (s.len < 20 || s.ptr[0] / 16 != 4)
        return model(s, 1, 0, 0);
    return model(s, 20, (size_t)(s.ptr[0] % 16) * 4, be16_at(s, 2));
}

static struct cut model_ipv6(struct vtr_span s)
{
    if (s.len < 40 || s.ptr[0] / 16 != 6)
        return model(s, 1, 0, 0);
    return model(s, 40, 40, 40 + be16_at(s, 4));
}

static struct cut model_udp(struct vtr_span s)
{
    return s.len < 8 ? model(s, 1, 0, 0) : model(s, 8, 8, be16_at(s, 4));
}

static struct cut model_tcp(struct vtr_span s)
{
    return s.len < 20 ? model(s, 1, 0, 0) : model(s, 20, (size_t)(s.ptr[12] / 16) * 4, s.len);
}

static struct cut model_fixed(struct vtr_span s, size_t len)
{
    return model(s, len, len, s.len);
}

/** Holds a taker's answer against the model's. @return whether there is a header. */
static bool agrees(struct vtr_span s, const void *header, struct vtr_span rest, struct cut want)
{
    vtr_check((header != NULL) == want.ok);
    if (header == NULL)
        return false;
    vtr_check(header == s.ptr);
    vtr_check(rest.ptr == s.ptr + want.from && rest.len == want.to - want.from);
    return true;
}

static void walk_memcached(struct vtr_span s)
{
    struct vtr_span rest = { NULL, 0 };
    const struct vtr_memcached_udp *frame = vtr_memcached_udp_take(s, &rest);
    if (agrees(s, frame, rest, model_fixed(s, 8)))
        vtr_check(vtr_be16_get(frame->id) == be16_at(s, 0));
}

/** Writes the checksum of a copy of a UDP datagram and wants it to be good. */
static void sum_udp(struct vtr_span s, size_t len, struct vtr_sum pseudo)
{
    struct vtr_udp *copy = malloc(len);
    vtr_check(copy != NULL && vtr_span_copy(s, 0, copy, len));
    struct vtr_sum sum = pseudo;
    copy->sum = vtr_be16_make(0);
    vtr_sum_add(&sum, vtr_span_of(copy, len / 3)); /* in two pieces, often of odd length */
    vtr_sum_add(&sum, vtr_span_of((uint8_t *)copy + len / 3, len - len / 3));
    copy->sum = vtr_sum_end_udp(sum);
    sum = pseudo;
    vtr_sum_add(&sum, vtr_span_of(copy, len));
    vtr_check(vtr_sum_good(sum) && vtr_be16_get(copy->sum) != 0);
    free(copy);
}

static void walk_udp(struct vtr_span s, const void *ip, bool six)
{
    struct vtr_span rest = { NULL, 0 };
    const struct vtr_udp *udp = vtr_udp_take(s, &rest);
    if (!agrees(s, udp, rest, model_udp(s)))
        return;
    uint16_t len = (uint16_t)(sizeof *udp + rest.len);
    sum_udp(s, len, six ? vtr_sum_ipv6(ip, VTR_IP_UDP, len) : vtr_sum_ipv4(ip, VTR_IP_UDP, len));
    walk_memcached(rest);
}

static void walk_tcp(struct vtr_span s)
{
    struct vtr_span rest = { NULL, 0 }, options = { NULL, 0 };
    const struct vtr_tcp *tcp = vtr_tcp_take_options(s, &options, &rest);
    if (agrees(s, tcp, rest, model_tcp(s)))
        vtr_check(options.ptr == s.ptr + 20 && options.ptr + options.len == rest.ptr);
}

static void walk_transport(struct vtr_span s, uint8_t protocol, const void *ip, bool six)
{
    struct vtr_span rest = { NULL, 0 };
    if (protocol == VTR_IP_UDP)
        walk_udp(s, ip, six);
    else if (protocol == VTR_IP_TCP)
        walk_tcp(s);
    else
        agrees(s, vtr_icmp_take(s, &rest), rest, model_fixed(s, 8));
}

/** A good checksum in a copy of the header, then one hop less: updated, it is still good. */
static void forward(struct vtr_span header)
{
    uint8_t copy[60];
    struct vtr_ipv4 *ip = (struct vtr_ipv4 *)copy;
    struct vtr_be16 was, is;
    vtr_check(vtr_span_copy(header, 0, copy, header.len));
    ip->sum = vtr_be16_make(0);
    ip->sum = vtr_checksum(copy, header.len);
    vtr_check(vtr_checksum_good(copy, header.len));
    memcpy(&was, &ip->ttl, sizeof was);
    ip->ttl--;
    memcpy(&is, &ip->ttl, sizeof is);
    ip->sum = vtr_checksum_update16(ip->sum, was, is);
    vtr_check(vtr_checksum_good(copy, header.len));
}

static void walk_ipv4(struct vtr_span s)
{
    struct vtr_span rest = { NULL, 0 }, options = { NULL, 0 };
    const struct vtr_ipv4 *ip = vtr_ipv4_take_options(s, &options, &rest);
    if (!agrees(s, ip, rest, model_ipv4(s)))
        return;
    vtr_check(options.ptr == s.ptr + 20 && options.ptr + options.len == rest.ptr);
    forward(vtr_span_of(ip, sizeof *ip + options.len));
    if (!vtr_ipv4_is_fragment(ip))
        walk_transport(rest, ip->protocol, ip, false);
}

static void walk_ipv6(struct vtr_span s)
{
    struct vtr_span rest = { NULL, 0 };
    const struct vtr_ipv6 *ip = vtr_ipv6_take(s, &rest);
    if (agrees(s, ip, rest, model_ipv6(s)))
        walk_transport(rest, ip->next_header, ip, true);
}

static void walk_arp(struct vtr_span s)
{
    static const uint8_t kind[6] = { 0, 1, 8, 0, 6, 4 };
    struct vtr_span rest = { NULL, 0 };
    struct cut want = model_fixed(s, 28);
    want.ok = want.ok && memcmp(s.ptr, kind, sizeof kind) == 0;
    agrees(s, vtr_arp_take(s, &rest), rest, want);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct vtr_span s = vtr_span_of(bytes, len), rest = { NULL, 0 };
    const struct vtr_eth *eth = vtr_eth_take(s, &rest);
    if (!agrees(s, eth, rest, model_fixed(s, 14)))
        return 0;
    switch (vtr_be16_get(eth->type)) {
    case VTR_ETH_ARP:
        walk_arp(rest);
        break;
    case VTR_ETH_IPV4:
        walk_ipv4(rest);
        break;
    case VTR_ETH_IPV6:
        walk_ipv6(rest);
        break;
    }
    return 0;
}
