/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Packets told apart, hostile ones by reason.
 */
#include "packet.h"

static const struct frame_self self = {
    .host = { .mac = { { 2, 0, 0, 0, 0, 1 } },
              .ip4 = { { 10, 77, 0, 1 } },
              .ip6 = { { 0xfd, 0, 0, 0x77, [15] = 1 } } },
    .udp_port = 11211,
    .echo_port = 7,
};

/* From a copy of exactly that length, so that reading behind it is seen. */
static struct frame parse(const uint8_t *packet, size_t len)
{
    uint8_t *exact = (uint8_t *)malloc(len + 1);
    memcpy(exact + 1, packet, len); /* and at an odd address */
    struct frame f = { .ip_len = 0 };
    frame_parse(&self, vtr_span_of(exact + 1, len), 0, &f);
    free(exact);
    return f;
}

static void assert_drop(const uint8_t *packet, size_t len, enum drop reason)
{
    struct frame f = parse(packet, len);
    assert_int_equal(f.kind, FRAME_DROP);
    assert_int_equal(f.reason, reason);
}

static struct vtr_ipv4 *ip_of(uint8_t *packet)
{
    return (struct vtr_ipv4 *)(packet + sizeof(struct vtr_eth));
}

static struct vtr_udp *udp_of(uint8_t *packet) { return (struct vtr_udp *)(ip_of(packet) + 1); }

static void ip_resum(uint8_t *packet)
{
    struct vtr_ipv4 *ip = ip_of(packet);
    ip->sum = vtr_be16_make(0);
    ip->sum = vtr_checksum(ip, vtr_ipv4_header_len(ip));
}

static void a_request_gives_its_payload(void **state)
{
    uint8_t packet[PACKET_MAX];
    size_t len = packet_request(&self, 1, "get a\r\n", packet);
    struct frame f;
    frame_parse(&self, vtr_span_of(packet, len), 0, &f);
    assert_int_equal(f.kind, FRAME_REQUEST);
    assert_int_equal(f.payload.len, MESSAGE_FRAME + 7);
    memset(packet + len, 0, 20); /* Ethernet pads short frames */
    frame_parse(&self, vtr_span_of(packet, len + 20), 0, &f);
    assert_int_equal(f.kind, FRAME_REQUEST);
    assert_int_equal(f.payload.len, MESSAGE_FRAME + 7);
}

static void a_packet_cut_anywhere_is_dropped(void **state)
{
    uint8_t packet[PACKET_MAX];
    size_t len = packet_request(&self, 1, "get a\r\n", packet);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(parse(packet, cut).kind, FRAME_DROP);
    assert_drop(packet, 13, DROP_ethernet);
    assert_drop(packet, 33, DROP_ip);
}

static void any_flipped_bit_of_the_headers_is_noticed_or_harmless(void **state)
{
    uint8_t packet[PACKET_MAX];
    size_t len = packet_request(&self, 1, "get a\r\n", packet);
    for (size_t bit = 14 * 8; bit < len * 8; bit++) {
        packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(parse(packet, len).kind, FRAME_DROP);
        packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(parse(packet, len).kind, FRAME_REQUEST);
}

static void wrong_checksums_are_told_apart_and_none_is_allowed(void **state)
{
    uint8_t packet[PACKET_MAX];
    size_t len = packet_request(&self, 1, "get a\r\n", packet);
    packet[len - 1] ^= 1;
    assert_drop(packet, len, DROP_udp_sum);
    udp_of(packet)->sum = vtr_be16_make(0);
    assert_int_equal(parse(packet, len).kind, FRAME_REQUEST);
    ip_of(packet)->ttl ^= 1;
    assert_drop(packet, len, DROP_ip_sum);
}

static void lengths_that_lie_are_dropped(void **state)
{
    uint8_t packet[PACKET_MAX];
    size_t len = packet_request(&self, 1, "get a\r\n", packet);
    udp_of(packet)->len = vtr_be16_make(7);
    assert_drop(packet, len, DROP_udp);
    udp_of(packet)->len = vtr_be16_make(0xffff);
    assert_drop(packet, len, DROP_udp);
    ip_of(packet)->total_len = vtr_be16_make(0xffff);
    ip_resum(packet);
    assert_drop(packet, len, DROP_ip);
    ip_of(packet)->version_ihl = 0x44;
    assert_drop(packet, len, DROP_ip);
    ip_of(packet)->version_ihl = 0x65;
    assert_drop(packet, len, DROP_ip);
}

static void ip_options_are_skipped(void **state)
{
    uint8_t packet[PACKET_MAX], plain[PACKET_MAX];
    size_t len = packet_request(&self, 1, "get a\r\n", plain);
    memcpy(packet, plain, 34);
    memset(packet + 34, 1, 8); /* RFC 791: no operation */
    memcpy(packet + 42, plain + 34, len - 34);
    ip_of(packet)->version_ihl = 0x47;
    ip_of(packet)->total_len = vtr_be16_make((uint16_t)(len - 14 + 8));
    ip_resum(packet);
    struct frame f;
    frame_parse(&self, vtr_span_of(packet, len + 8), 0, &f);
    assert_int_equal(f.kind, FRAME_REQUEST);
    assert_int_equal(f.ip_len, 28);
    assert_int_equal(f.payload.len, MESSAGE_FRAME + 7);
}

static void fragments_are_dropped(void **state)
{
    static const uint16_t frags[] = { VTR_IPV4_MF, 1, 0x1fff, VTR_IPV4_MF | 1 };
    uint8_t packet[PACKET_MAX];
    size_t len = packet_request(&self, 1, "get a\r\n", packet);
    for (unsigned i = 0; i < sizeof frags / sizeof *frags; i++) {
        ip_of(packet)->frag = vtr_be16_make(frags[i]);
        ip_resum(packet);
        assert_drop(packet, len, DROP_fragment);
    }
}

static void what_no_single_host_sent_gets_no_answer(void **state)
{
    static const uint32_t sources[] = { 0, 0x00000001, 0x7f000001, 0xe0000001, 0xf0000001,
                                        0xffffffff, 0x0a4d0001 };
    uint8_t packet[PACKET_MAX];
    size_t len = packet_request(&self, 1, "get a\r\n", packet);
    for (unsigned i = 0; i < sizeof sources / sizeof *sources; i++) {
        ip_of(packet)->src = vtr_be32_make(sources[i]);
        ip_resum(packet);
        assert_drop(packet, len, DROP_address);
    }
    (void)packet_request(&self, 1, "get a\r\n", packet);
    packet[6] |= 1; /* a group address as the sender */
    assert_drop(packet, len, DROP_ethernet);
}

static void what_is_not_for_us_alone_gets_no_answer(void **state)
{
    uint8_t packet[PACKET_MAX];
    size_t len = packet_request(&self, 1, "get a\r\n", packet);
    ip_of(packet)->dst = vtr_be32_make(0xffffffff);
    ip_resum(packet);
    assert_drop(packet, len, DROP_address);
    (void)packet_request(&self, 1, "get a\r\n", packet);
    memset(packet, 0xff, 6);
    assert_drop(packet, len, DROP_ethernet);
}

static void servers_are_not_answered(void **state)
{
    static const uint16_t ports[] = { 0, 7, 19, 11211 };
    uint8_t packet[PACKET_MAX];
    size_t len = packet_udp(&self, self.echo_port, "hello", 5, packet);
    assert_int_equal(parse(packet, len).kind, FRAME_ECHO);
    for (unsigned i = 0; i < sizeof ports / sizeof *ports; i++) {
        udp_of(packet)->src = vtr_be16_make(ports[i]);
        assert_drop(packet, len, DROP_loop);
    }
    udp_of(packet)->src = vtr_be16_make(CLIENT_PORT);
    udp_of(packet)->dst = vtr_be16_make(53);
    assert_drop(packet, len, DROP_port);
}

static void arp_is_answered_for_our_address_only(void **state)
{
    uint8_t packet[42];
    struct vtr_eth *eth = (struct vtr_eth *)packet;
    struct vtr_arp *arp = (struct vtr_arp *)(eth + 1);
    memset(&eth->dst, 0xff, 6);
    eth->src = arp->sender_mac = client_mac;
    eth->type = vtr_be16_make(VTR_ETH_ARP);
    arp->hardware = vtr_be16_make(VTR_ARP_ETHERNET);
    arp->protocol = vtr_be16_make(VTR_ETH_IPV4);
    arp->hardware_len = 6;
    arp->protocol_len = 4;
    arp->op = vtr_be16_make(VTR_ARP_REQUEST);
    arp->sender_ip = client_ip();
    arp->target_ip = server_ip();
    memset(&arp->target_mac, 0, 6);
    assert_int_equal(parse(packet, sizeof packet).kind, FRAME_QUESTION);
    for (size_t cut = 0; cut < sizeof packet; cut++)
        assert_int_equal(parse(packet, cut).kind, FRAME_DROP);
    assert_int_equal(vtr_answer(&self.host, VTR_QUESTION_ARP, packet, sizeof packet), 42);
    assert_drop(packet, sizeof packet, DROP_arp); /* a reply is not a request */
    assert_memory_equal(&eth->dst, &client_mac, 6);
    assert_memory_equal(&arp->sender_mac, &self.host.mac, 6);
    assert_memory_equal(&arp->sender_ip, &self.host.ip4, 4);
    assert_int_equal(vtr_be32_get(arp->target_ip), vtr_be32_get(client_ip()));
    arp->op = vtr_be16_make(VTR_ARP_REQUEST);
    arp->target_ip = client_ip();
    assert_drop(packet, sizeof packet, DROP_arp);
}

static void an_echo_goes_back_with_good_checksums(void **state)
{
    uint8_t packet[PACKET_MAX];
    size_t len = packet_udp(&self, self.echo_port, "hello", 5, packet);
    struct frame f;
    frame_parse(&self, vtr_span_of(packet, len), 0, &f);
    frame_echo(packet, &f);
    assert_memory_equal(packet, &client_mac, 6);
    const struct vtr_ipv4 *ip = ip_of(packet);
    const struct vtr_udp *udp = udp_of(packet);
    assert_true(vtr_checksum_good(ip, sizeof *ip));
    struct vtr_sum sum = vtr_sum_ipv4(ip, VTR_IP_UDP, vtr_be16_get(udp->len));
    vtr_sum_add(&sum, vtr_span_of(udp, vtr_be16_get(udp->len)));
    assert_true(vtr_sum_good(sum));
    assert_int_equal(vtr_be16_get(udp->dst), CLIENT_PORT);
    assert_int_equal(vtr_be32_get(ip->dst), vtr_be32_get(client_ip()));
}

static void pings_are_questions_and_other_icmp_is_not(void **state)
{
    uint8_t packet[PACKET_MAX];
    size_t len = packet_udp(&self, 1, "0123456789", 10, packet);
    struct vtr_icmp *icmp = (struct vtr_icmp *)udp_of(packet);
    *icmp = (struct vtr_icmp){ .type = VTR_ICMP_ECHO, .id = vtr_be16_make(3) };
    icmp->sum = vtr_checksum(icmp, sizeof *icmp + 10);
    ip_of(packet)->protocol = VTR_IP_ICMP;
    ip_resum(packet);
    struct frame f = parse(packet, len);
    assert_int_equal(f.kind, FRAME_QUESTION);
    assert_int_equal(f.question, VTR_QUESTION_PING);
    assert_int_equal(vtr_answer(&self.host, f.question, packet, len), len);
    assert_drop(packet, len, DROP_ethernet); /* ours now, to the client */
    icmp->type = VTR_ICMP_UNREACHABLE;
    memcpy(packet, &self.host.mac, 6);
    ip_of(packet)->dst = self.host.ip4;
    ip_of(packet)->src = client_ip();
    assert_drop(packet, len, DROP_protocol);
}

static void a_request_over_ipv6_gives_its_payload(void **state)
{
    uint8_t packet[PACKET_MAX];
    size_t len = packet_request6(&self, 1, "get a\r\n", packet);
    struct frame f;
    frame_parse(&self, vtr_span_of(packet, len), 0, &f);
    assert_int_equal(f.kind, FRAME_REQUEST);
    assert_true(f.six);
    assert_int_equal(f.payload.len, MESSAGE_FRAME + 7);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(parse(packet, cut).kind, FRAME_DROP);
}

static void over_ipv6_a_checksum_is_wanted(void **state)
{
    uint8_t packet[PACKET_MAX];
    size_t len = packet_request6(&self, 1, "get a\r\n", packet);
    struct vtr_udp *udp = (struct vtr_udp *)(packet + 54);
    packet[len - 1] ^= 1;
    assert_drop(packet, len, DROP_udp_sum);
    udp->sum = vtr_be16_make(0);
    assert_drop(packet, len, DROP_udp_sum);
    packet[20] = VTR_IP_FRAGMENT;
    assert_drop(packet, len, DROP_fragment);
    packet[20] = VTR_IP_TCP;
    assert_drop(packet, len, DROP_protocol);
    packet[22] = 0xff; /* from a group */
    assert_drop(packet, len, DROP_address);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_gives_its_payload),
        cmocka_unit_test(a_packet_cut_anywhere_is_dropped),
        cmocka_unit_test(any_flipped_bit_of_the_headers_is_noticed_or_harmless),
        cmocka_unit_test(wrong_checksums_are_told_apart_and_none_is_allowed),
        cmocka_unit_test(lengths_that_lie_are_dropped),
        cmocka_unit_test(ip_options_are_skipped),
        cmocka_unit_test(fragments_are_dropped),
        cmocka_unit_test(what_no_single_host_sent_gets_no_answer),
        cmocka_unit_test(what_is_not_for_us_alone_gets_no_answer),
        cmocka_unit_test(servers_are_not_answered),
        cmocka_unit_test(arp_is_answered_for_our_address_only),
        cmocka_unit_test(an_echo_goes_back_with_good_checksums),
        cmocka_unit_test(pings_are_questions_and_other_icmp_is_not),
        cmocka_unit_test(a_request_over_ipv6_gives_its_payload),
        cmocka_unit_test(over_ipv6_a_checksum_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
