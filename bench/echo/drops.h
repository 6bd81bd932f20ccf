/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Why a packet or datagram got no answer: one count each, shown by `stats` as "drop_<name>".
 */
#ifndef ECHO_DROPS_H
#define ECHO_DROPS_H

/* X(name, what) */
#define DROPS(X)                                                                                   \
    X(ethernet, "cut short, or to another station")                                                \
    X(arp, "not a request for our address")                                                        \
    X(ip, "malformed IPv4 or IPv6")                                                                \
    X(ip_sum, "IPv4 header checksum")                                                              \
    X(fragment, "a fragment")                                                                      \
    X(address, "not to us, or from no single host")                                                \
    X(protocol, "neither UDP over IP nor a question that a host answers")                          \
    X(udp, "malformed UDP")                                                                        \
    X(udp_sum, "UDP checksum")                                                                     \
    X(port, "a port that nobody serves")                                                           \
    X(loop, "from a server's port: two servers would answer each other for ever")                  \
    X(frame, "no memcached frame, or nothing behind it")                                           \
    X(multi, "a request in more than one datagram")                                                \
    X(command, "no complete command")                                                              \
    X(memory, "no block for the reply")                                                            \
    X(tx, "the ring stayed full, or the system refused")

enum drop {
#define X(name, what) DROP_##name,
    DROPS(X)
#undef X
        DROP_REASONS
};

#endif
