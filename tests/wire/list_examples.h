/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * A list of each kind, as the documents draw them: for the unit tests, and as seeds of the fuzz
 * corpus.
 */
#ifndef VITRINE_TESTS_LIST_EXAMPLES_H
#define VITRINE_TESTS_LIST_EXAMPLES_H

#include <stddef.h>
#include <stdint.h>

enum { LIST_KINDS = 8 };

struct list_example {
    const char *name;
    unsigned first; /* what the list begins with */
    unsigned n;     /* elements */
    unsigned kind[LIST_KINDS];
    size_t len[LIST_KINDS];  /* of their values */
    size_t whole;       /* bytes that the elements take */
    size_t left;        /* bytes that are left in the reader when they end */
    size_t bytes_n;
    uint8_t bytes[80];
};

static const struct list_example list_examples[] = {
    { "ipv4_option", 0, 3, { 1, 148, 7 }, { 0, 2, 5 }, 12, 0, 16,
      { 1, 148, 4, 0, 0, 7, 7, 4, 192, 0, 2, 1, 0, 9, 9, 9 } },
    { "tcp_option", 0, 6, { 2, 4, 8, 1, 3, 34 }, { 2, 0, 8, 0, 1, 4 }, 26, 0, 28,
      { 2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7, 34, 6, 1, 2, 3, 4 } },
    { "ip6_option", 0, 3, { 5, 0, 1 }, { 2, 0, 1 }, 8, 0, 8, { 5, 2, 0, 0, 0, 1, 1, 0 } },
    { "nd_option", 0, 2, { 1, 5 }, { 6, 6 }, 16, 0, 16,
      { 1, 1, 2, 0, 0, 0, 0, 1, 5, 1, 0, 0, 0, 0, 5, 220 } },
    { "pppoe_tag", 0, 2, { 0x101, 0x103 }, { 0, 4 }, 12, 0, 18,
      { 1, 1, 0, 0, 1, 3, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0, 9, 9 } },
    { "sctp_chunk", 0, 2, { 11, 6 }, { 0, 1 }, 12, 0, 12, { 11, 0, 0, 4, 6, 0, 0, 5, 1 } },
    { "sctp_parameter", 0, 2, { 5, 12 }, { 4, 2 }, 16, 0, 16,
      { 0, 5, 0, 8, 192, 0, 2, 1, 0, 12, 0, 6, 0, 5, 0, 0 } },
    { "mpls", 0, 2, { 16, 0x12345 }, { 4, 4 }, 8, 2, 10,
      { 0, 1, 0, 64, 0x12, 0x34, 0x5b, 64, 0x45, 0 } },
    { "igmp3_record", 2, 2, { 4, 3 }, { 0, 4 }, 24, 1, 25,
      { 4, 0, 0, 0, 239, 1, 2, 3, 3, 1, 0, 1, 239, 1, 2, 4, 192, 0, 2, 1, 'a', 'u', 'x', '.' } },
    { "mld2_record", 2, 2, { 4, 3 }, { 0, 16 }, 56, 1, 57,
      { 4, 0, 0, 0, 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 0, 0, 1, 0xff, 2 } },
    { "ip6_ext", 0, 4, { 0, 43, 44, 51 }, { 8, 8, 8, 12 }, 36, 2, 38,
      { 43, 0, 1, 4, 0, 0, 0, 0, 44, 0, 4, 0, 0, 0, 0, 0, 51, 0, 0, 0, 0, 0, 0, 1,
        17, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 7, 7 } },
    { "geneve_option", 0, 2, { 0x10205, 0xfffe80 }, { 4, 0 }, 12, 0, 12,
      { 1, 2, 5, 1, 1, 2, 3, 4, 0xff, 0xfe, 0x80, 0 } },
    { "gtpu_extension", 0x85, 2, { 0x85, 0x40 }, { 2, 2 }, 8, 2, 10,
      { 1, 0, 9, 0x40, 1, 8, 0x68, 0, 0x45, 0 } },
    { "dns_record", 0, 2, { 5, 1 }, { 3, 4 }, 47, 1, 48,
      { 0, 1, 0x80, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0,
        3, 1, 'a', 0, 0, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1 } },
    { "dns_option", 0, 2, { 10, 3 }, { 8, 0 }, 16, 0, 16,
      { 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 3, 0, 0 } },
    { "dhcp_option", 0, 2, { 53, 1 }, { 1, 4 }, 11, 3, 14,
      { 53, 1, 2, 0, 0, 1, 4, 255, 255, 255, 0, 255, 0, 0 } },
    { "ntp_extension", 0, 1, { 0x104 }, { 12 }, 16, 20, 36, { 1, 4, 0, 16 } },
    { "quic_packet", 1, 3, { VTR_QUIC_HANDSHAKE, VTR_QUIC_0RTT, VTR_QUIC_SHORT }, { 2, 1, 1 }, 22,
      0, 22, { 0xe0, 0, 0, 0, 1, 0, 0, 2, 1, 2, 0xd0, 0, 0, 0, 1, 0, 0, 1, 3, 0x40, 7, 4 } },
    { "tls_extension", 0, 2, { 43, 16 }, { 3, 5 }, 16, 0, 16,
      { 0, 43, 0, 3, 2, 3, 4, 0, 16, 0, 5, 0, 3, 2, 'h', '2' } },
    { "tls_protocol", 0, 2, { 2, 1 }, { 2, 1 }, 5, 0, 5, { 2, 'h', '2', 1, 'x' } },
    { "memcached", 0, 2, { VTR_MEMCACHED_META_SET, VTR_MEMCACHED_META_NOOP }, { 1, 0 }, 17, 1, 18,
      "ms k 1 q\r\na\r\nmn\r\ng" },
    { "memcached_reply", 0, 2, { 1, 0 }, { 1, 0 }, 16, 0, 16, "VA 1 t0\r\na\r\nHD\r\n" },
    { "memcached_flag", 0, 2, { 'T', 'q' }, { 2, 0 }, 6, 0, 6, "T30 q " },
};
enum { LIST_EXAMPLES_N = sizeof list_examples / sizeof list_examples[0] };

#endif
