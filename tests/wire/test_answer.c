/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What a host answers by itself: questions are told from everything else, and answers are right to
 * the byte.
 */
#include "support.h"

#include <vitrine/answer.h>
#include <vitrine/checksum.h>

enum { ROOM = 1600, ARP = 42, NS = 86, NS_BARE = 78, ICMP4 = 34, ICMP6 = 54, TOLD = 17 };

static const struct vtr_host self = { .mac = { { 2, 0, 0, 0, 0, 1 } },
                                      .ip4 = { { 10, 77, 0, 1 } },
                                      .ip6 = { { 0xfd, 0, 0, 0x77, [13] = 1, 2, 3 } } };
static const struct vtr_mac peer = { { 2, 0, 0, 0, 0, 9 } };
static const struct vtr_be32 peer4 = { { 10, 77, 0, 9 } };
static const struct vtr_ip6_addr peer6 = { { 0xfd, 0, 0, 0x77, [15] = 9 } };
static const struct vtr_ip6_addr group6 = { { 0xff, 2, [11] = 1, 0xff, 1, 2, 3 } };
static const struct vtr_ip6_addr nobody6 = { { 0 } };

/* From a copy of exactly that length, so that reading behind it is seen. */
static enum vtr_question question(const uint8_t *frame, size_t len)
{
    uint8_t *exact = (uint8_t *)malloc(len + 1);
    assert_non_null(exact);
    memcpy(exact + 1, frame, len); /* and at an odd address */
    enum vtr_question q = vtr_question_of(&self, vtr_span_of(exact + 1, len));
    free(exact);
    return q;
}

static size_t make_arp(uint8_t *frame)
{
    struct vtr_eth *eth = (struct vtr_eth *)frame;
    struct vtr_arp *arp = (struct vtr_arp *)(eth + 1);
    *eth = (struct vtr_eth){ { { 255, 255, 255, 255, 255, 255 } }, peer,
                             vtr_be16_make(VTR_ETH_ARP) };
    *arp = (struct vtr_arp){ .hardware = vtr_be16_make(VTR_ARP_ETHERNET),
                             .protocol = vtr_be16_make(VTR_ETH_IPV4),
                             .hardware_len = 6,
                             .protocol_len = 4,
                             .op = vtr_be16_make(VTR_ARP_REQUEST),
                             .sender_mac = peer,
                             .sender_ip = peer4,
                             .target_ip = self.ip4 };
    return ARP;
}

static void resum4(uint8_t *frame)
{
    struct vtr_ipv4 *ip = (struct vtr_ipv4 *)(frame + 14);
    ip->sum = vtr_be16_make(0);
    ip->sum = vtr_checksum(ip, vtr_ipv4_header_len(ip));
}

/* An echo request with @p payload bytes. */
static size_t make_ping(uint8_t *frame, size_t payload)
{
    struct vtr_eth *eth = (struct vtr_eth *)frame;
    struct vtr_ipv4 *ip = (struct vtr_ipv4 *)(eth + 1);
    struct vtr_icmp *icmp = (struct vtr_icmp *)(ip + 1);
    *eth = (struct vtr_eth){ self.mac, peer, vtr_be16_make(VTR_ETH_IPV4) };
    *ip = (struct vtr_ipv4){ .version_ihl = VTR_IPV4_PLAIN,
                             .total_len = vtr_be16_make((uint16_t)(28 + payload)),
                             .id = vtr_be16_make(77),
                             .ttl = 3,
                             .protocol = VTR_IP_ICMP,
                             .src = peer4,
                             .dst = self.ip4 };
    resum4(frame);
    *icmp = (struct vtr_icmp){ VTR_ICMP_ECHO, 0, vtr_be16_make(0), vtr_be16_make(5),
                               vtr_be16_make(6) };
    for (size_t i = 0; i < payload; i++)
        frame[42 + i] = (uint8_t)(i * 7);
    icmp->sum = vtr_checksum(icmp, 8 + payload);
    return 42 + payload;
}

static struct vtr_ipv6 *make_ip6(uint8_t *frame, struct vtr_mac to, struct vtr_ip6_addr src,
                                 struct vtr_ip6_addr dst, size_t len)
{
    struct vtr_eth *eth = (struct vtr_eth *)frame;
    struct vtr_ipv6 *ip = (struct vtr_ipv6 *)(eth + 1);
    *eth = (struct vtr_eth){ to, peer, vtr_be16_make(VTR_ETH_IPV6) };
    *ip = (struct vtr_ipv6){ .version_class_flow = vtr_ipv6_word(0, 0x12345),
                             .payload_len = vtr_be16_make((uint16_t)len),
                             .next_header = VTR_IP_ICMPV6,
                             .hop_limit = 255,
                             .src = src,
                             .dst = dst };
    return ip;
}

static void resum6(uint8_t *frame)
{
    struct vtr_ipv6 *ip = (struct vtr_ipv6 *)(frame + 14);
    struct vtr_icmp *icmp = (struct vtr_icmp *)(ip + 1);
    uint16_t len = vtr_be16_get(ip->payload_len);
    icmp->sum = vtr_be16_make(0);
    struct vtr_sum sum = vtr_sum_ipv6(ip, VTR_IP_ICMPV6, len);
    vtr_sum_add(&sum, vtr_span_of(icmp, len));
    icmp->sum = vtr_sum_end(sum);
}

static bool sum6_good(const uint8_t *frame)
{
    const struct vtr_ipv6 *ip = (const struct vtr_ipv6 *)(frame + 14);
    uint16_t len = vtr_be16_get(ip->payload_len);
    struct vtr_sum sum = vtr_sum_ipv6(ip, VTR_IP_ICMPV6, len);
    vtr_sum_add(&sum, vtr_span_of(ip + 1, len));
    return vtr_sum_good(sum);
}

static size_t make_ping6(uint8_t *frame, size_t payload)
{
    make_ip6(frame, self.mac, peer6, self.ip6, 8 + payload)->hop_limit = 3;
    struct vtr_icmp *icmp = (struct vtr_icmp *)(frame + ICMP6);
    *icmp = (struct vtr_icmp){ .type = VTR_ICMPV6_ECHO, .id = vtr_be16_make(5) };
    memset(icmp + 1, 0xa5, payload);
    resum6(frame);
    return ICMP6 + 8 + payload;
}

/* A solicitation, to the group unless @p src is somebody who knows us; with its option or bare. */
static size_t make_ns(uint8_t *frame, struct vtr_ip6_addr src, bool to_group, bool option)
{
    const struct vtr_mac group = { { 0x33, 0x33, 0xff, 1, 2, 3 } };
    size_t len = option ? NS : NS_BARE;
    make_ip6(frame, to_group ? group : self.mac, src, to_group ? group6 : self.ip6, len - ICMP6);
    struct vtr_nd_ns *ns = (struct vtr_nd_ns *)(frame + ICMP6);
    *ns = (struct vtr_nd_ns){ .type = VTR_ND_NS, .target = self.ip6 };
    if (option) {
        frame[NS_BARE] = VTR_ND_OPTION_SOURCE;
        frame[NS_BARE + 1] = 1;
        memcpy(frame + NS_BARE + 2, &peer, 6);
    }
    resum6(frame);
    return len;
}

static void arp_is_answered_with_our_address(void **state)
{
    uint8_t frame[ROOM];
    size_t len = make_arp(frame);
    assert_int_equal(question(frame, len), VTR_QUESTION_ARP);
    memset(frame + len, 0, 18); /* Ethernet pads short frames */
    assert_int_equal(question(frame, len + 18), VTR_QUESTION_ARP);
    assert_int_equal(vtr_answer(&self, VTR_QUESTION_ARP, frame, len + 18), 60);
    const struct vtr_eth *eth = (const struct vtr_eth *)frame;
    const struct vtr_arp *arp = (const struct vtr_arp *)(eth + 1);
    assert_memory_equal(&eth->dst, &peer, 6);
    assert_memory_equal(&eth->src, &self.mac, 6);
    assert_int_equal(vtr_be16_get(arp->op), VTR_ARP_REPLY);
    assert_memory_equal(&arp->sender_mac, &self.mac, 6);
    assert_memory_equal(&arp->sender_ip, &self.ip4, 4);
    assert_memory_equal(&arp->target_mac, &peer, 6);
    assert_memory_equal(&arp->target_ip, &peer4, 4);
    assert_int_equal(question(frame, len), VTR_QUESTION_NONE);
}

static void other_arp_is_no_question(void **state)
{
    uint8_t frame[ROOM];
    size_t len = make_arp(frame);
    struct vtr_arp *arp = (struct vtr_arp *)(frame + 14);
    arp->target_ip = peer4;
    assert_int_equal(question(frame, len), VTR_QUESTION_NONE);
    (void)make_arp(frame);
    arp->sender_mac.bytes[5]++; /* somebody speaks for somebody else */
    assert_int_equal(question(frame, len), VTR_QUESTION_NONE);
    (void)make_arp(frame);
    arp->sender_ip = self.ip4; /* who claims our address asks nothing */
    assert_int_equal(question(frame, len), VTR_QUESTION_NONE);
    (void)make_arp(frame);
    frame[0] = 1; /* to some group */
    assert_int_equal(question(frame, len), VTR_QUESTION_NONE);
    (void)make_arp(frame);
    struct vtr_host mute = { .mac = self.mac };
    memset(&arp->target_ip, 0, 4);
    assert_int_equal(vtr_question_of(&mute, vtr_span_of(frame, len)), VTR_QUESTION_NONE);
}

static void a_ping_of_any_size_comes_back_as_it_was(void **state)
{
    uint8_t frame[ROOM], was[ROOM];
    for (size_t payload = 0; payload <= 1472; payload += payload < 70 ? 1 : 127) {
        size_t len = make_ping(frame, payload);
        memcpy(was, frame, len);
        assert_int_equal(question(frame, len), VTR_QUESTION_PING);
        assert_int_equal(vtr_answer(&self, VTR_QUESTION_PING, frame, len), len);
        const struct vtr_ipv4 *ip = (const struct vtr_ipv4 *)(frame + 14);
        assert_memory_equal(frame, &peer, 6);
        assert_memory_equal(frame + 6, &self.mac, 6);
        assert_true(vtr_checksum_good(ip, 20));
        assert_int_equal(ip->ttl, 64);
        assert_memory_equal(&ip->src, &self.ip4, 4);
        assert_memory_equal(&ip->dst, &peer4, 4);
        assert_int_equal(frame[ICMP4], VTR_ICMP_ECHO_REPLY);
        assert_true(vtr_checksum_good(frame + ICMP4, len - ICMP4));
        assert_memory_equal(frame + ICMP4 + 4, was + ICMP4 + 4, len - ICMP4 - 4);
    }
}

static void a_ping6_of_any_size_comes_back_as_it_was(void **state)
{
    uint8_t frame[ROOM], was[ROOM];
    for (size_t payload = 0; payload <= 1452; payload += payload < 70 ? 1 : 127) {
        size_t len = make_ping6(frame, payload);
        memcpy(was, frame, len);
        assert_int_equal(question(frame, len), VTR_QUESTION_PING6);
        assert_int_equal(vtr_answer(&self, VTR_QUESTION_PING6, frame, len), len);
        const struct vtr_ipv6 *ip = (const struct vtr_ipv6 *)(frame + 14);
        assert_memory_equal(frame, &peer, 6);
        assert_true(sum6_good(frame));
        assert_int_equal(ip->hop_limit, 64);
        assert_memory_equal(&ip->src, &self.ip6, 16);
        assert_memory_equal(&ip->dst, &peer6, 16);
        assert_int_equal(frame[ICMP6], VTR_ICMPV6_ECHO_REPLY);
        assert_memory_equal(frame + ICMP6 + 4, was + ICMP6 + 4, len - ICMP6 - 4);
    }
}

/* What every advertisement has, whatever the solicitation had. */
static void assert_advertises(uint8_t *frame, size_t len, struct vtr_ip6_addr to, uint32_t flags)
{
    const struct vtr_ipv6 *ip = (const struct vtr_ipv6 *)(frame + 14);
    const struct vtr_nd_na *na = (const struct vtr_nd_na *)(ip + 1);
    assert_int_equal(question(frame, len), VTR_QUESTION_NEIGHBOR);
    assert_int_equal(vtr_answer(&self, VTR_QUESTION_NEIGHBOR, frame, len), NS);
    assert_memory_equal(frame + 6, &self.mac, 6);
    assert_int_equal(vtr_be16_get(ip->payload_len), NS - ICMP6);
    assert_int_equal(ip->hop_limit, 255);
    assert_memory_equal(&ip->src, &self.ip6, 16);
    assert_memory_equal(&ip->dst, &to, 16);
    assert_int_equal(na->type, VTR_ND_NA);
    assert_int_equal(vtr_be32_get(na->flags), flags);
    assert_memory_equal(&na->target, &self.ip6, 16);
    assert_memory_equal(frame + NS_BARE, "\2\1\2\0\0\0\0\1", 8);
    assert_true(sum6_good(frame));
}

static void a_solicitation_is_answered_to_who_asked(void **state)
{
    const uint32_t flags = VTR_ND_NA_SOLICITED | VTR_ND_NA_OVERRIDE;
    uint8_t frame[ROOM];
    for (int to_group = 0; to_group < 2; to_group++)
        for (int option = 0; option < 2; option++) {
            size_t len = make_ns(frame, peer6, to_group, option);
            assert_advertises(frame, len, peer6, flags);
            assert_memory_equal(frame, &peer, 6);
        }
}

static void who_tries_our_address_is_told_before_all_nodes(void **state)
{
    const struct vtr_ip6_addr all = { { 0xff, 2, [15] = 1 } };
    uint8_t frame[ROOM];
    size_t len = make_ns(frame, nobody6, true, false);
    assert_advertises(frame, len, all, VTR_ND_NA_OVERRIDE);
    assert_memory_equal(frame, "\x33\x33\0\0\0\1", 6);
}

static void what_rfc_4861_discards_is_no_question(void **state)
{
    uint8_t frame[ROOM];
    size_t len = make_ns(frame, nobody6, true, true); /* from nobody, who has an address */
    assert_int_equal(question(frame, len), VTR_QUESTION_NONE);
    len = make_ns(frame, nobody6, false, false); /* from nobody, to us alone */
    assert_int_equal(question(frame, len), VTR_QUESTION_NONE);
    len = make_ns(frame, peer6, true, true);
    frame[21] = 254; /* from another link */
    assert_int_equal(question(frame, len), VTR_QUESTION_NONE);
    (void)make_ns(frame, peer6, true, true);
    frame[NS_BARE + 1] = 0; /* an option without a length */
    resum6(frame);
    assert_int_equal(question(frame, len), VTR_QUESTION_NONE);
    (void)make_ns(frame, peer6, true, true);
    frame[ICMP6 + 23]++; /* another target */
    resum6(frame);
    assert_int_equal(question(frame, len), VTR_QUESTION_NONE);
    (void)make_ns(frame, group6, true, true); /* from a group */
    assert_int_equal(question(frame, len), VTR_QUESTION_NONE);
}

static void fragments_options_and_other_hosts_are_no_question(void **state)
{
    uint8_t frame[ROOM];
    size_t len = make_ping(frame, 20);
    struct vtr_ipv4 *ip = (struct vtr_ipv4 *)(frame + 14);
    static const uint16_t frags[] = { VTR_IPV4_MF, 1, VTR_IPV4_MF | 100 };
    for (unsigned i = 0; i < 3; i++) {
        ip->frag = vtr_be16_make(frags[i]);
        resum4(frame);
        assert_int_equal(question(frame, len), VTR_QUESTION_NONE);
    }
    static const uint8_t sources[][4] = { { 0, 0, 0, 0 }, { 127, 0, 0, 1 }, { 224, 0, 0, 1 },
                                          { 255, 255, 255, 255 }, { 10, 77, 0, 1 } };
    for (unsigned i = 0; i < 5; i++) {
        (void)make_ping(frame, 20);
        memcpy(&ip->src, sources[i], 4);
        resum4(frame);
        assert_int_equal(question(frame, len), VTR_QUESTION_NONE);
    }
    (void)make_ping(frame, 20);
    ip->version_ihl = 0x46; /* a word of options */
    memset(frame + ICMP4, 1, 4);
    resum4(frame);
    assert_int_equal(question(frame, len), VTR_QUESTION_NONE);
    (void)make_ping(frame, 20);
    memset(frame, 255, 6); /* to all: a smurf's amplifier */
    assert_int_equal(question(frame, len), VTR_QUESTION_NONE);
    (void)make_ping(frame, 20);
    frame[6] |= 1;
    assert_int_equal(question(frame, len), VTR_QUESTION_NONE);
}

static size_t make(unsigned kind, uint8_t *frame)
{
    switch (kind) {
    case 0: return make_arp(frame);
    case 1: return make_ping(frame, TOLD);
    case 2: return make_ping6(frame, TOLD);
    default: return make_ns(frame, peer6, true, true);
    }
}

static void a_question_cut_anywhere_is_none(void **state)
{
    uint8_t frame[ROOM];
    for (unsigned kind = 0; kind < 4; kind++) {
        size_t len = make(kind, frame);
        for (size_t cut = 0; cut < len; cut++)
            assert_int_equal(question(frame, cut), VTR_QUESTION_NONE);
    }
}

/* Every byte behind the Ethernet header is under a checksum, but for ARP's and IPv6's own. */
static void any_flipped_bit_under_a_checksum_is_noticed(void **state)
{
    static const size_t from[] = { 0, 14, 22, 22 };
    uint8_t frame[ROOM];
    for (unsigned kind = 1; kind < 4; kind++) {
        size_t len = make(kind, frame);
        for (size_t bit = from[kind] * 8; bit < len * 8; bit++) {
            frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(question(frame, len), VTR_QUESTION_NONE);
            frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_int_not_equal(question(frame, len), VTR_QUESTION_NONE);
    }
}

/* Wrong bytes anywhere, with sums that are right again: whatever is called a question is answered
 * within its bytes. */
static void hostile_questions_are_answered_in_bounds(void **state)
{
    uint64_t seed = 4;
    unsigned answered = 0;
    for (unsigned n = 0; n < 200000; n++) {
        uint8_t frame[ROOM];
        unsigned kind = test_random(&seed) % 4;
        size_t len = make(kind, frame);
        for (unsigned wrong = test_random(&seed) % 3; wrong > 0; wrong--)
            frame[test_random(&seed) % len] = (uint8_t)test_random(&seed);
        if (kind >= 2 && frame[18] == 0 && frame[19] <= len - ICMP6)
            resum6(frame);
        enum vtr_question q = question(frame, len);
        if (q == VTR_QUESTION_NONE)
            continue;
        size_t room = len > VTR_ANSWER_BYTES ? len : (size_t)VTR_ANSWER_BYTES;
        uint8_t *exact = (uint8_t *)malloc(room);
        assert_non_null(exact);
        memcpy(exact, frame, len);
        assert_true(vtr_answer(&self, q, exact, len) <= room);
        assert_memory_equal(exact + 6, &self.mac, 6);
        free(exact);
        answered++;
    }
    assert_true(answered > 50000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arp_is_answered_with_our_address),
        cmocka_unit_test(other_arp_is_no_question),
        cmocka_unit_test(a_ping_of_any_size_comes_back_as_it_was),
        cmocka_unit_test(a_ping6_of_any_size_comes_back_as_it_was),
        cmocka_unit_test(a_solicitation_is_answered_to_who_asked),
        cmocka_unit_test(who_tries_our_address_is_told_before_all_nodes),
        cmocka_unit_test(what_rfc_4861_discards_is_no_question),
        cmocka_unit_test(fragments_options_and_other_hosts_are_no_question),
        cmocka_unit_test(a_question_cut_anywhere_is_none),
        cmocka_unit_test(any_flipped_bit_under_a_checksum_is_noticed),
        cmocka_unit_test(hostile_questions_are_answered_in_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
