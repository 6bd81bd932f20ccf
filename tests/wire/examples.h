/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * A header of each kind, whole and with a payload, as the documents draw them: for the unit tests,
 * and as seeds of the fuzz corpus.
 */
#ifndef VITRINE_TESTS_EXAMPLES_H
#define VITRINE_TESTS_EXAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct example {
    const char *name; /* of its taker */
    size_t header;    /* bytes, options included */
    size_t end;       /* of the payload */
    bool stated;      /* the header says where the payload ends */
    size_t len;
    uint8_t bytes[256];
};

static const struct example examples[] = {
    { "vtr_eth", 14, 16, false, 16, { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00, 1, 2 } },
    { "vtr_vlan", 4, 6, false, 6, { 0xb0, 0x0a, 0x08, 0x00, 1, 2 } },
    { "vtr_llc", 3, 5, false, 5, { 0xaa, 0xaa, 0x03, 1, 2 } },
    { "vtr_llc", 4, 5, false, 5, { 0xf0, 0xf0, 0x02, 0x04, 1 } },
    { "vtr_snap", 5, 7, false, 7, { 0, 0, 0x0c, 0x20, 0x00, 1, 2 } },
    { "vtr_arp", 28, 30, false, 30,
      { 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 192, 0, 2, 2 } },
    { "vtr_mpls", 4, 6, false, 6, { 0x12, 0x34, 0x5b, 64, 1, 2 } },
    { "vtr_pppoe", 6, 10, true, 12, { 0x11, 0x09, 0, 0, 0, 4, 1, 1, 0, 0, 1, 2 } },
    { "vtr_ppp", 2, 4, false, 4, { 0x00, 0x21, 1, 2 } },
    { "vtr_ipv4", 24, 28, true, 30,
      { 0x46, 0, 0, 28, 0, 1, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 148, 4, 0, 0 } },
    { "vtr_ipv6", 40, 44, true, 46,
      { 0x60, 0, 0, 0, 0, 4, 58, 255, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
        0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2 } },
    { "vtr_ip6_ext", 8, 10, false, 10, { 17, 0, 5, 2, 0, 0, 1, 0, 1, 2 } },
    { "vtr_ip6_routing", 24, 26, false, 26, { 17, 2, 2, 1, 0, 0, 0, 0, 0x20, 1, 0xd, 0xb8 } },
    { "vtr_ip6_fragment", 8, 10, false, 10, { 17, 0, 0x05, 0xc9, 0, 0, 0, 1, 1, 2 } },
    { "vtr_ah", 24, 26, false, 26, { 17, 4, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1 } },
    { "vtr_esp", 8, 10, false, 10, { 0, 0, 1, 0, 0, 0, 0, 1, 1, 2 } },
    { "vtr_ip6_mobility", 16, 18, false, 18, { 59, 1, 5, 0, 0, 0, 0, 1 } },
    { "vtr_icmp", 8, 10, false, 10, { 8, 0, 0, 0, 0, 1, 0, 2, 1, 2 } },
    { "vtr_nd_rs", 8, 16, false, 16, { 133, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0, 1 } },
    { "vtr_nd_ra", 16, 24, false, 24,
      { 134, 0, 0, 0, 64, 0xc0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 5, 1, 0, 0, 0, 0, 5, 220 } },
    { "vtr_nd_ns", 24, 32, false, 32, { 135, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0x80 } },
    { "vtr_nd_na", 24, 32, false, 32, { 136, 0, 0, 0, 0x60, 0, 0, 0, 0xfe, 0x80 } },
    { "vtr_nd_redirect", 40, 48, false, 48, { 137, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0x80 } },
    { "vtr_igmp", 8, 8, false, 8, { 0x16, 0, 0, 0, 224, 0, 0, 251 } },
    { "vtr_igmp3_query", 12, 20, true, 22,
      { 0x11, 100, 0, 0, 239, 1, 2, 3, 2, 125, 0, 2, 192, 0, 2, 1, 192, 0, 2, 2 } },
    { "vtr_igmp3_report", 8, 16, false, 16,
      { 0x22, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 239, 1, 2, 3 } },
    { "vtr_igmp3_record", 12, 16, true, 20,
      { 3, 1, 0, 1, 239, 1, 2, 3, 192, 0, 2, 1, 'a', 'u', 'x', '.' } },
    { "vtr_mld", 24, 24, false, 24, { 131, 0, 0, 0, 0, 0, 0, 0, 0xff, 2 } },
    { "vtr_mld2_query", 28, 44, true, 46,
      { 130, 0, 0, 0, 3, 232, 0, 0, 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 125, 0,
        1 } },
    { "vtr_mld2_report", 8, 28, false, 28, { 143, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 0xff, 2 } },
    { "vtr_mld2_record", 36, 40, true, 42, { 3, 1, 0, 1, 0xff, 2 } },
    { "vtr_udp", 8, 12, true, 14, { 0xd4, 0x31, 0, 53, 0, 12, 0, 0, 1, 2, 3, 4 } },
    { "vtr_tcp", 24, 26, false, 26,
      { 0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x60, 2, 0xff, 0xff, 0, 0, 0, 0, 2, 4, 5,
        0xb4 } },
    { "vtr_sctp", 12, 16, false, 16, { 0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 11, 0, 0, 4 } },
    { "vtr_sctp_data", 12, 15, false, 15, { 0, 0, 0, 1, 0, 1, 0, 2, 0, 0, 0, 46, 'h', 'i', '!' } },
    { "vtr_sctp_init", 16, 20, false, 20,
      { 0, 0, 0, 7, 0, 1, 0, 0, 0, 10, 0, 10, 0, 0, 0, 1, 0, 12, 0, 4 } },
    { "vtr_sctp_sack", 16, 20, true, 22,
      { 0, 0, 0, 9, 0, 1, 0, 0, 0, 1, 0, 1, 0, 2, 0, 3, 0, 0, 0, 8 } },
    { "vtr_memcached_udp", 8, 10, false, 10, { 0xbe, 0xef, 0, 0, 0, 1, 0, 0, 'm', 'n' } },
    { "vtr_gre", 4, 6, false, 6, { 0, 0, 0x08, 0x00, 0x45, 0 } },
    { "vtr_gre", 16, 18, false, 18,
      { 0xb0, 0, 0x08, 0, 0x12, 0x34, 0, 0, 0, 0, 0, 9, 0, 0, 0, 7, 0x45, 0 } },
    { "vtr_pptp", 16, 19, true, 20,
      { 0x30, 0x81, 0x88, 0x0b, 0, 3, 0, 5, 0, 0, 0, 9, 0, 0, 0, 8, 0xff, 3, 0xc0 } },
    { "vtr_vxlan", 8, 10, false, 10, { 0x08, 0, 0, 0, 0x12, 0x34, 0x56, 0, 2, 0 } },
    { "vtr_geneve", 16, 18, false, 18,
      { 0x02, 0x40, 0x65, 0x58, 0, 0, 1, 0, 1, 2, 0x80, 1, 1, 2, 3, 4, 2, 0 } },
    { "vtr_gtpu", 8, 10, true, 12, { 0x30, 255, 0, 2, 0, 0, 0, 1, 0x45, 0 } },
    { "vtr_gtpu", 12, 18, true, 20,
      { 0x37, 255, 0, 10, 0, 0, 0, 1, 0, 7, 3, 0x85, 1, 0, 9, 0, 0x45, 0 } },
    { "vtr_dns", 12, 17, false, 17, { 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1 } },
    { "vtr_dns_tcp", 2, 5, true, 6, { 0, 3, 1, 2, 3 } },
    { "vtr_dhcp", 240, 244, false, 244,
      { 1, 1, 6, [236] = 99, 130, 83, 99, 53, 1, 1, 255 } },
    { "vtr_ntp", 48, 52, false, 52, { 0xe3 } },
    { "vtr_ntp_mac", 20, 20, false, 20, { 0, 0, 0, 42 } },
    { "vtr_tls_record", 5, 7, true, 8, { 22, 3, 1, 0, 2, 1, 2 } },
    { "vtr_tls_handshake", 4, 6, true, 8, { 2, 0, 0, 2, 3, 3 } },
    { "vtr_memcached_binary", 28, 32, true, 33,
      { 0x80, 0x1d, 0, 3, 4, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9,
        0, 0, 0, 5, 'k', 'e', 'y', 'v' } },
};
enum { EXAMPLES_N = sizeof examples / sizeof examples[0] };

#endif
