/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Taking headers: what is whole is taken, what is cut short or lies about a length is not, and then
 * the rest is left alone.
 */
#include <vitrine/wire.h>
#include "support.h"

/* A memcached request as tcpdump would show it: Ethernet, IPv4 with one option word, UDP, frame,
 * "get k\r\n", and six bytes of Ethernet padding. */
static const uint8_t PACKET[] = {
    0x02, 0, 0, 0, 0, 2,  0x02, 0, 0, 0, 0, 1,  0x08, 0x00,                  /* 0: Ethernet */
    0x46, 0x00, 0x00, 0x2f, 0x12, 0x34, 0x40, 0x00, 0x40, 17, 0, 0,          /* 14: IPv4 */
    192, 0, 2, 1,  192, 0, 2, 2,  0x01, 0x01, 0x01, 0x00,                    /* option at 34 */
    0xd4, 0x31, 0x2b, 0xcb, 0x00, 0x17, 0x00, 0x00,                          /* 38: UDP */
    0xbe, 0xef, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,                          /* 46: frame */
    'g',  'e',  't',  ' ',  'k',  '\r', '\n',                                /* 54 */
    0,    0,    0,    0,    0,    0,                                         /* 61: padding */
};
enum { AT_IP = 14, AT_OPTION = 34, AT_UDP = 38, AT_FRAME = 46, AT_TEXT = 54, AT_PADDING = 61 };

static const uint8_t ELSEWHERE[1];

typedef bool take_fn(struct vtr_span s, struct vtr_span *rest);

/** Makes a take_fn of a taker, whose header must be the first byte, or NULL. */
#define TAKER(name)                                                                                \
    static bool take_##name(struct vtr_span s, struct vtr_span *rest)                              \
    {                                                                                              \
        const struct vtr_##name *header = vtr_##name##_take(s, rest);                              \
        assert_true(header == NULL || (const uint8_t *)header == s.ptr);                           \
        return header != NULL;                                                                     \
    }
TAKER(eth)
TAKER(arp)
TAKER(ipv4)
TAKER(ipv6)
TAKER(icmp)
TAKER(udp)
TAKER(tcp)
TAKER(memcached_udp)

static void refuses(take_fn *take, const void *bytes, size_t len)
{
    uint8_t *copy = test_exact_copy(bytes, len);
    struct vtr_span rest = { ELSEWHERE, 77 };
    assert_false(take(vtr_span_of(copy, len), &rest));
    assert_ptr_equal(rest.ptr, ELSEWHERE);
    assert_int_equal(rest.len, 77);
    free(copy);
}

/** Takes it with the rest at [from, to); and refuses whatever ends before @p need. */
static void takes(take_fn *take, const void *bytes, size_t len, size_t from, size_t to, size_t need)
{
    struct vtr_span rest;
    assert_true(take(vtr_span_of(bytes, len), &rest));
    assert_ptr_equal(rest.ptr, (const uint8_t *)bytes + from);
    assert_int_equal(rest.len, to - from);
    for (size_t cut = 0; cut < need; cut++)
        refuses(take, bytes, cut);
}

static void a_packet_is_taken_header_by_header(void **state)
{
    struct vtr_span s = vtr_span_of(PACKET, sizeof PACKET), options;
    const struct vtr_eth *eth = vtr_eth_take(s, &s);
    assert_ptr_equal(eth, PACKET);
    assert_int_equal(vtr_be16_get(eth->type), VTR_ETH_IPV4);
    const struct vtr_ipv4 *ip = vtr_ipv4_take_options(s, &options, &s);
    assert_ptr_equal(ip, PACKET + AT_IP);
    assert_int_equal(ip->protocol, VTR_IP_UDP);
    assert_true(vtr_span_equal(options, vtr_span_of(PACKET + AT_OPTION, 4)));
    const struct vtr_udp *udp = vtr_udp_take(s, &s);
    assert_ptr_equal(udp, PACKET + AT_UDP);
    assert_int_equal(vtr_be16_get(udp->dst), VTR_MEMCACHED_PORT);
    const struct vtr_memcached_udp *frame = vtr_memcached_udp_take(s, &s);
    assert_ptr_equal(frame, PACKET + AT_FRAME);
    assert_int_equal(vtr_be16_get(frame->id), 0xbeef);
    assert_int_equal(vtr_be16_get(frame->total), 1);
    assert_true(vtr_span_equal(s, vtr_span_of("get k\r\n", 7))); /* without the padding */
}

static void every_header_must_be_all_there(void **state)
{
    takes(take_eth, PACKET, sizeof PACKET, AT_IP, sizeof PACKET, 14);
    takes(take_ipv4, PACKET + AT_IP, sizeof PACKET - AT_IP, 24, 47, 47);
    takes(take_udp, PACKET + AT_UDP, sizeof PACKET - AT_UDP, 8, 23, 23);
    takes(take_memcached_udp, PACKET + AT_FRAME, AT_PADDING - AT_FRAME, 8, 15, 8);
    takes(take_icmp, PACKET, 9, 8, 9, 8);
}

static void an_ipv4_header_that_lies_is_refused(void **state)
{
    uint8_t ip[64] = { 0 };
    memcpy(ip, PACKET + AT_IP, AT_PADDING - AT_IP);
    for (unsigned first = 0; first < 256; first++)
        for (unsigned total = 0; total <= 80; total++) {
            unsigned header = first % 16 * 4;
            bool good = first / 16 == 4 && header >= 20 && total >= header && total <= sizeof ip;
            ip[0] = (uint8_t)first;
            ip[3] = (uint8_t)total;
            if (good)
                takes(take_ipv4, ip, sizeof ip, header, total, 0);
            else
                refuses(take_ipv4, ip, sizeof ip);
        }
    ip[0] = 0x45;
    ip[2] = 0xff;
    refuses(take_ipv4, ip, sizeof ip);
}

static void an_ipv6_header_that_lies_is_refused(void **state)
{
    uint8_t ip[50] = { 0x60 };
    for (unsigned len = 0; len < 300; len++) {
        ip[4] = (uint8_t)(len >> 8);
        ip[5] = (uint8_t)len;
        if (len <= 10)
            takes(take_ipv6, ip, sizeof ip, 40, 40 + len, 40 + len);
        else
            refuses(take_ipv6, ip, sizeof ip);
    }
    ip[4] = ip[5] = 0;
    for (unsigned version = 0; version < 16; version++) {
        ip[0] = (uint8_t)(version << 4);
        if (version != 6)
            refuses(take_ipv6, ip, sizeof ip);
    }
}

static void a_udp_length_that_lies_is_refused(void **state)
{
    uint8_t udp[20] = { 0 };
    for (unsigned len = 0; len <= UINT16_MAX; len++) {
        udp[4] = (uint8_t)(len >> 8);
        udp[5] = (uint8_t)len;
        if (len >= 8 && len <= sizeof udp)
            takes(take_udp, udp, sizeof udp, 8, len, len);
        else
            refuses(take_udp, udp, sizeof udp);
    }
}

static void a_tcp_data_offset_that_lies_is_refused(void **state)
{
    uint8_t tcp[50] = { 0 };
    for (unsigned off = 0; off < 16; off++) {
        tcp[12] = (uint8_t)(off << 4 | 0x0f); /* the reserved bits mean nothing */
        if (off >= 5 && off * 4 <= sizeof tcp)
            takes(take_tcp, tcp, sizeof tcp, off * 4, sizeof tcp, off * 4);
        else
            refuses(take_tcp, tcp, sizeof tcp);
    }
    struct vtr_span options, rest;
    tcp[12] = 0x80;
    assert_non_null(vtr_tcp_take_options(vtr_span_of(tcp, sizeof tcp), &options, &rest));
    assert_ptr_equal(options.ptr, tcp + 20);
    assert_int_equal(options.len, 12);
}

static void arp_is_taken_for_ipv4_over_ethernet_only(void **state)
{
    static const uint8_t request[28] = { 0, 1, 0x08, 0x00, 6, 4, 0, 1 };
    takes(take_arp, request, sizeof request, 28, 28, 28);
    for (size_t at = 0; at < 6; at++) {
        uint8_t other[28];
        memcpy(other, request, sizeof other);
        other[at] ^= 0x10;
        refuses(take_arp, other, sizeof other);
    }
}

static void a_fragment_is_taken_and_says_that_it_is_one(void **state)
{
    uint8_t ip[28] = { 0x45, 0, 0, 28, 0, 0, 0x20, 0x01, 64, VTR_IP_UDP };
    struct vtr_span rest;
    const struct vtr_ipv4 *taken = vtr_ipv4_take(vtr_span_of(ip, sizeof ip), &rest);
    assert_non_null(taken);
    assert_true(vtr_ipv4_is_fragment(taken));
    assert_int_equal(vtr_ipv4_frag_off(taken), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_is_taken_header_by_header),
        cmocka_unit_test(every_header_must_be_all_there),
        cmocka_unit_test(an_ipv4_header_that_lies_is_refused),
        cmocka_unit_test(an_ipv6_header_that_lies_is_refused),
        cmocka_unit_test(a_udp_length_that_lies_is_refused),
        cmocka_unit_test(a_tcp_data_offset_that_lies_is_refused),
        cmocka_unit_test(arp_is_taken_for_ipv4_over_ethernet_only),
        cmocka_unit_test(a_fragment_is_taken_and_says_that_it_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
