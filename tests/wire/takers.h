/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * All headers that can be taken, by one shape: for unit tests and for fuzzing.
 */
#ifndef VITRINE_TESTS_TAKERS_H
#define VITRINE_TESTS_TAKERS_H

#include "alike.h"

/* A fuzz input names one by its place: append only. */
#define TAKERS(X)                                                                                  \
    X(vtr_eth)                                                                                     \
    X(vtr_vlan)                                                                                    \
    X(vtr_llc)                                                                                     \
    X(vtr_snap)                                                                                    \
    X(vtr_arp)                                                                                     \
    X(vtr_mpls)                                                                                    \
    X(vtr_pppoe)                                                                                   \
    X(vtr_ppp)                                                                                     \
    X(vtr_ipv4)                                                                                    \
    X(vtr_ipv6)                                                                                    \
    X(vtr_ip6_ext)                                                                                 \
    X(vtr_ip6_routing)                                                                             \
    X(vtr_ip6_fragment)                                                                            \
    X(vtr_ah)                                                                                      \
    X(vtr_esp)                                                                                     \
    X(vtr_ip6_mobility)                                                                            \
    X(vtr_icmp)                                                                                    \
    X(vtr_nd_rs)                                                                                   \
    X(vtr_nd_ra)                                                                                   \
    X(vtr_nd_ns)                                                                                   \
    X(vtr_nd_na)                                                                                   \
    X(vtr_nd_redirect)                                                                             \
    X(vtr_igmp)                                                                                    \
    X(vtr_igmp3_query)                                                                             \
    X(vtr_igmp3_report)                                                                            \
    X(vtr_igmp3_record)                                                                            \
    X(vtr_mld)                                                                                     \
    X(vtr_mld2_query)                                                                              \
    X(vtr_mld2_report)                                                                             \
    X(vtr_mld2_record)                                                                             \
    X(vtr_udp)                                                                                     \
    X(vtr_tcp)                                                                                     \
    X(vtr_sctp)                                                                                    \
    X(vtr_sctp_data)                                                                               \
    X(vtr_sctp_init)                                                                               \
    X(vtr_sctp_sack)                                                                               \
    X(vtr_memcached_udp)                                                                           \
    X(vtr_gre)                                                                                     \
    X(vtr_pptp)                                                                                    \
    X(vtr_vxlan)                                                                                   \
    X(vtr_geneve)                                                                                  \
    X(vtr_gtpu)                                                                                    \
    X(vtr_dns)                                                                                     \
    X(vtr_dns_tcp)                                                                                 \
    X(vtr_dhcp)                                                                                    \
    X(vtr_ntp)                                                                                     \
    X(vtr_ntp_mac)                                                                                 \
    X(vtr_tls_record)                                                                              \
    X(vtr_tls_handshake)                                                                           \
    X(vtr_memcached_binary)

/** A taker: whether @p s begins with such a header, which must hold as alike.h says; and where the
 * header and its payload end then. */
struct taker {
    const char *name;
    size_t fixed;
    bool (*holds)(struct vtr_span s, size_t *header, size_t *end);
};

#define TAKER_FUNCTION(name)                                                                       \
    ALIKE(name)                                                                                    \
    static bool holds_##name(struct vtr_span s, size_t *header, size_t *end)                       \
    {                                                                                              \
        struct vtr_span options, rest;                                                             \
        if (!alike_##name(s) || name##_take_options(s, &options, &rest) == NULL)                   \
            return false;                                                                          \
        *header = sizeof(struct name) + options.len;                                               \
        *end = *header + rest.len;                                                                 \
        return true;                                                                               \
    }
TAKERS(TAKER_FUNCTION)
#undef TAKER_FUNCTION

#define TAKER_ROW(name) { #name, sizeof(struct name), holds_##name },
static const struct taker takers[] = { TAKERS(TAKER_ROW) };
#undef TAKER_ROW
enum { TAKERS_N = sizeof takers / sizeof takers[0] };

#endif
