/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The fields that are shown, by the names and in the forms that tshark gives them.
 */
#ifndef DISSECT_FIELD_H
#define DISSECT_FIELD_H

#include <stddef.h>
#include <stdint.h>
#include <vitrine/span.h>

enum form { DEC, HEX8, HEX16, HEX24, HEX32, MAC, IP4, IP6, BYTES, TEXT };

#define FIELDS(X)                                                                                  \
    X(FRAME_NUMBER, "frame.number", DEC)                                                           \
    X(FRAME_CAP_LEN, "frame.cap_len", DEC)                                                         \
    X(ETH_DST, "eth.dst", MAC)                                                                     \
    X(ETH_SRC, "eth.src", MAC)                                                                     \
    X(ETH_TYPE, "eth.type", HEX16)                                                                 \
    X(ETH_LEN, "eth.len", DEC)                                                                     \
    X(VLAN_PRIORITY, "vlan.priority", DEC)                                                         \
    X(VLAN_DEI, "vlan.dei", DEC)                                                                   \
    X(VLAN_ID, "vlan.id", DEC)                                                                     \
    X(VLAN_ETYPE, "vlan.etype", HEX16)                                                             \
    X(QINQ_PRIORITY, "ieee8021ad.priority", DEC)                                                   \
    X(QINQ_ID, "ieee8021ad.id", DEC)                                                               \
    X(LLC_DSAP, "llc.dsap", HEX8)                                                                  \
    X(LLC_SSAP, "llc.ssap", HEX8)                                                                  \
    X(LLC_TYPE, "llc.type", HEX16)                                                                 \
    X(ARP_OPCODE, "arp.opcode", DEC)                                                               \
    X(ARP_SRC_MAC, "arp.src.hw_mac", MAC)                                                          \
    X(ARP_SRC_IP, "arp.src.proto_ipv4", IP4)                                                       \
    X(ARP_DST_MAC, "arp.dst.hw_mac", MAC)                                                          \
    X(ARP_DST_IP, "arp.dst.proto_ipv4", IP4)                                                       \
    X(MPLS_LABEL, "mpls.label", DEC)                                                               \
    X(MPLS_EXP, "mpls.exp", DEC)                                                                   \
    X(MPLS_BOTTOM, "mpls.bottom", DEC)                                                             \
    X(MPLS_TTL, "mpls.ttl", DEC)                                                                   \
    X(PPPOE_CODE, "pppoe.code", HEX8)                                                              \
    X(PPPOE_SESSION, "pppoe.session_id", HEX16)                                                    \
    X(PPPOE_LENGTH, "pppoe.payload_length", DEC)                                                   \
    X(PPP_PROTOCOL, "ppp.protocol", HEX16)                                                         \
    X(IP_VERSION, "ip.version", DEC)                                                               \
    X(IP_HDR_LEN, "ip.hdr_len", DEC)                                                               \
    X(IP_DSCP, "ip.dsfield.dscp", DEC)                                                             \
    X(IP_ECN, "ip.dsfield.ecn", DEC)                                                               \
    X(IP_LEN, "ip.len", DEC)                                                                       \
    X(IP_ID, "ip.id", HEX16)                                                                       \
    X(IP_DF, "ip.flags.df", DEC)                                                                   \
    X(IP_MF, "ip.flags.mf", DEC)                                                                   \
    X(IP_OFFSET, "ip.frag_offset", DEC)                                                            \
    X(IP_TTL, "ip.ttl", DEC)                                                                       \
    X(IP_PROTO, "ip.proto", DEC)                                                                   \
    X(IP_CHECKSUM, "ip.checksum", HEX16)                                                           \
    X(IP_SRC, "ip.src", IP4)                                                                       \
    X(IP_DST, "ip.dst", IP4)                                                                       \
    X(IP_OPTION, "ip.opt.type", DEC)                                                               \
    X(IP6_CLASS, "ipv6.tclass", HEX32)                                                             \
    X(IP6_FLOW, "ipv6.flow", HEX24)                                                                \
    X(IP6_PLEN, "ipv6.plen", DEC)                                                                  \
    X(IP6_NEXT, "ipv6.nxt", DEC)                                                                   \
    X(IP6_HOPS, "ipv6.hlim", DEC)                                                                  \
    X(IP6_SRC, "ipv6.src", IP6)                                                                    \
    X(IP6_DST, "ipv6.dst", IP6)                                                                    \
    X(IP6_HOPOPTS, "ipv6.hopopts.nxt", DEC)                                                        \
    X(IP6_DSTOPTS, "ipv6.dstopts.nxt", DEC)                                                        \
    X(IP6_OPTION, "ipv6.opt.type", HEX8)                                                           \
    X(IP6_ROUTING, "ipv6.routing.type", DEC)                                                       \
    X(IP6_SEGLEFT, "ipv6.routing.segleft", DEC)                                                    \
    X(IP6_FRAG_OFF, "ipv6.fraghdr.offset", DEC)                                                    \
    X(IP6_FRAG_ID, "ipv6.fraghdr.ident", HEX32)                                                    \
    X(AH_SPI, "ah.spi", HEX32)                                                                     \
    X(AH_NEXT, "ah.next_header", DEC)                                                              \
    X(ESP_SPI, "esp.spi", HEX32)                                                                   \
    X(ESP_SEQ, "esp.sequence", DEC)                                                                \
    X(ICMP_TYPE, "icmp.type", DEC)                                                                 \
    X(ICMP_CODE, "icmp.code", DEC)                                                                 \
    X(ICMP_CHECKSUM, "icmp.checksum", HEX16)                                                       \
    X(ICMP_IDENT, "icmp.ident", DEC)                                                               \
    X(ICMP_SEQ, "icmp.seq", DEC)                                                                   \
    X(ICMP6_TYPE, "icmpv6.type", DEC)                                                              \
    X(ICMP6_CODE, "icmpv6.code", DEC)                                                              \
    X(ICMP6_CHECKSUM, "icmpv6.checksum", HEX16)                                                    \
    X(ICMP6_IDENT, "icmpv6.echo.identifier", HEX16)                                                \
    X(ICMP6_SEQ, "icmpv6.echo.sequence_number", DEC)                                               \
    X(ND_HOPS, "icmpv6.nd.ra.cur_hop_limit", DEC)                                                  \
    X(ND_NS, "icmpv6.nd.ns.target_address", IP6)                                                   \
    X(ND_NA, "icmpv6.nd.na.target_address", IP6)                                                   \
    X(ND_OPTION, "icmpv6.opt.type", DEC)                                                           \
    X(ND_PREFIX, "icmpv6.opt.prefix", IP6)                                                         \
    X(ND_MTU, "icmpv6.opt.mtu", DEC)                                                               \
    X(MLD_GROUP, "icmpv6.mld.multicast_address", IP6)                                              \
    X(MLD_RECORDS, "icmpv6.mldr.nb_mcast_records", DEC)                                            \
    X(MLD2_GROUP, "icmpv6.mldr.mar.multicast_address", IP6)                                        \
    X(MLD_RECORD, "icmpv6.mldr.mar.record_type", DEC)                                              \
    X(IGMP_TYPE, "igmp.type", HEX8)                                                                \
    X(IGMP_GROUP, "igmp.maddr", IP4)                                                               \
    X(IGMP_RECORDS, "igmp.num_grp_recs", DEC)                                                      \
    X(IGMP_RECORD, "igmp.record_type", DEC)                                                        \
    X(UDP_SRC, "udp.srcport", DEC)                                                                 \
    X(UDP_DST, "udp.dstport", DEC)                                                                 \
    X(UDP_LENGTH, "udp.length", DEC)                                                               \
    X(UDP_CHECKSUM, "udp.checksum", HEX16)                                                         \
    X(TCP_SRC, "tcp.srcport", DEC)                                                                 \
    X(TCP_DST, "tcp.dstport", DEC)                                                                 \
    X(TCP_SEQ, "tcp.seq_raw", DEC)                                                                 \
    X(TCP_ACK, "tcp.ack_raw", DEC)                                                                 \
    X(TCP_HDR_LEN, "tcp.hdr_len", DEC)                                                             \
    X(TCP_FLAGS, "tcp.flags", HEX16)                                                               \
    X(TCP_WINDOW, "tcp.window_size_value", DEC)                                                    \
    X(TCP_CHECKSUM, "tcp.checksum", HEX16)                                                         \
    X(TCP_URGENT, "tcp.urgent_pointer", DEC)                                                       \
    X(TCP_OPTION, "tcp.option_kind", DEC)                                                          \
    X(TCP_MSS, "tcp.options.mss_val", DEC)                                                         \
    X(TCP_WSCALE, "tcp.options.wscale.shift", DEC)                                                 \
    X(TCP_TSVAL, "tcp.options.timestamp.tsval", DEC)                                               \
    X(TCP_TSECR, "tcp.options.timestamp.tsecr", DEC)                                               \
    X(SCTP_SRC, "sctp.srcport", DEC)                                                               \
    X(SCTP_DST, "sctp.dstport", DEC)                                                               \
    X(SCTP_TAG, "sctp.verification_tag", HEX32)                                                    \
    X(SCTP_CHUNK, "sctp.chunk_type", DEC)                                                          \
    X(GRE_FLAGS, "gre.flags_and_version", HEX16)                                                   \
    X(GRE_PROTO, "gre.proto", HEX16)                                                               \
    X(GRE_KEY, "gre.key", HEX32)                                                                   \
    X(GRE_SEQ, "gre.sequence_number", DEC)                                                         \
    X(VXLAN_VNI, "vxlan.vni", DEC)                                                                 \
    X(GENEVE_VNI, "geneve.vni", HEX24)                                                             \
    X(GENEVE_PROTO, "geneve.proto_type", HEX16)                                                    \
    X(GENEVE_CLASS, "geneve.option.class", HEX16)                                                  \
    X(GENEVE_TYPE, "geneve.option.type", HEX8)                                                     \
    X(GTP_MESSAGE, "gtp.message", HEX8)                                                            \
    X(GTP_LENGTH, "gtp.length", DEC)                                                               \
    X(GTP_TEID, "gtp.teid", HEX32)                                                                 \
    X(GTP_SEQ, "gtp.seq_number", HEX16)                                                            \
    X(DNS_ID, "dns.id", HEX16)                                                                     \
    X(DNS_FLAGS, "dns.flags", HEX16)                                                               \
    X(DNS_QUERIES, "dns.count.queries", DEC)                                                       \
    X(DNS_ANSWERS, "dns.count.answers", DEC)                                                       \
    X(DNS_QRY_NAME, "dns.qry.name", TEXT)                                                          \
    X(DNS_QRY_TYPE, "dns.qry.type", DEC)                                                           \
    X(DNS_RESP_NAME, "dns.resp.name", TEXT)                                                        \
    X(DNS_RESP_TYPE, "dns.resp.type", DEC)                                                         \
    X(DNS_RESP_TTL, "dns.resp.ttl", DEC)                                                           \
    X(DNS_A, "dns.a", IP4)                                                                         \
    X(DNS_AAAA, "dns.aaaa", IP6)                                                                   \
    X(DNS_CNAME, "dns.cname", TEXT)                                                                \
    X(DHCP_OP, "dhcp.type", DEC)                                                                   \
    X(DHCP_ID, "dhcp.id", HEX32)                                                                   \
    X(DHCP_CLIENT, "dhcp.ip.client", IP4)                                                          \
    X(DHCP_YOUR, "dhcp.ip.your", IP4)                                                              \
    X(DHCP_MAC, "dhcp.hw.mac_addr", MAC)                                                           \
    X(DHCP_REQUESTED, "dhcp.option.requested_ip_address", IP4)                                     \
    X(DHCP_TYPE, "dhcp.option.dhcp", DEC)                                                          \
    X(NTP_VERSION, "ntp.flags.vn", DEC)                                                            \
    X(NTP_MODE, "ntp.flags.mode", DEC)                                                             \
    X(NTP_STRATUM, "ntp.stratum", DEC)                                                             \
    X(QUIC_FORM, "quic.header_form", DEC)                                                          \
    X(QUIC_TYPE, "quic.long.packet_type", DEC)                                                     \
    X(QUIC_VERSION, "quic.version", HEX32)                                                         \
    X(QUIC_DCID, "quic.dcid", BYTES)                                                               \
    X(QUIC_SCID, "quic.scid", BYTES)                                                               \
    X(TLS_CONTENT, "tls.record.content_type", DEC)                                                 \
    X(TLS_VERSION, "tls.record.version", HEX16)                                                    \
    X(TLS_LENGTH, "tls.record.length", DEC)                                                        \
    X(TLS_HANDSHAKE, "tls.handshake.type", DEC)                                                    \
    X(TLS_EXTENSION, "tls.handshake.extension.type", DEC)                                          \
    X(TLS_SNI, "tls.handshake.extensions_server_name", TEXT)                                       \
    X(TLS_ALPN, "tls.handshake.extensions_alpn_str", TEXT)                                         \
    X(MEMCACHE_COMMAND, "memcache.command", TEXT)                                                  \
    X(MEMCACHE_KEY, "memcache.key", TEXT)                                                          \
    X(MEMCACHE_MAGIC, "memcache.magic", DEC)                                                       \
    X(MEMCACHE_OPCODE, "memcache.opcode", DEC)                                                     \
    X(MEMCACHE_OPAQUE, "memcache.opaque", DEC)

enum field {
#define FIELD_ENUM(id, name, form) F_##id,
    FIELDS(FIELD_ENUM)
#undef FIELD_ENUM
    FIELDS_N
};

/** @return the field's name, as tshark has it. */
const char *field_name(enum field f);

/** @return the field of a name; FIELDS_N: there is none. */
enum field field_find(const char *name, size_t len);

/** Writes a number or bytes in the field's form. @return what snprintf() would. */
int field_print_number(enum field f, uint64_t n, char *to, size_t size);
int field_print_bytes(enum field f, struct vtr_span s, char *to, size_t size);

#endif
