/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * flow: which conversation a packet is of, and the hash by which devices spread conversations over
 * their queues (receive-side scaling: RSS).
 *
 *   static const struct vtr_rss_key key = VTR_RSS_KEY_SYMMETRIC;
 *   struct vtr_toeplitz rss;
 *   vtr_toeplitz_init(&rss, key.bytes, sizeof key.bytes);
 *   if (vtr_flow_of_data(packet, &flow) && vtr_rss_hash(&rss, &flow, VTR_RSS_ALL, &hash))
 *       queue = vtr_rss_queue(table, entries, hash);
 *
 * Owner: nothing here owns anything.
 * Threads: any; a struct vtr_toeplitz is only read once it is made.
 * Not here: setting a device's key and table (rss.h).
 */
#ifndef VITRINE_FLOW_H
#define VITRINE_FLOW_H

#include <vitrine/data.h>
#include <vitrine/wire/ip6.h>

VTR_BEGIN_DECLS

/* Flow key */

/**
 * ABI: a flow, in bytes that are all determined, so that two are equal if memcmp() says so and a
 * hash of the bytes is one of the flow. What a packet does not have is zero.
 */
VTR_WIRE(vtr_flow, 44,
         (struct vtr_ip6_addr, src, 0), /* of IPv4: the first four bytes */
         (struct vtr_ip6_addr, dst, 16),
         (struct vtr_be16, src_port, 32), /* of TCP, UDP and SCTP, if not of a fragment */
         (struct vtr_be16, dst_port, 34),
         (struct vtr_be16, vlan, 36),       /* id of the outer tag */
         (struct vtr_be16, inner_vlan, 38), /* id of the tag behind it */
         (uint8_t, version, 40),            /* 4 or 6 */
         (uint8_t, protocol, 41),           /* VTR_IP_*, behind extension headers */
         (uint8_t, fragment, 42),           /* 1: of a part of a datagram, the first included */
         (uint8_t, zero, 43));

/**
 * The flow of an Ethernet frame with IPv4 or IPv6 behind any number of VLAN tags.
 * @param frame  borrowed; need not be checked.
 * @param out    untouched on false: it has neither, or its IP header or an extension header is cut
 *               short or malformed. Where only the ports are cut short, they are zero.
 * Every part of a datagram has the same flow, without ports. What is inside a tunnel is not looked
 * at.
 */
VTR_API VTR_MUST_USE bool vtr_flow_of_span(struct vtr_span frame, struct vtr_flow *out);

/** vtr_flow_of_span() of a frame in segments. */
VTR_API VTR_MUST_USE bool vtr_flow_of_data(struct vtr_data frame, struct vtr_flow *out);

/**
 * Gives both directions of a flow one key: the lesser end, address and port, is the source.
 * @return whether they changed places.
 */
VTR_API bool vtr_flow_canonical(struct vtr_flow *flow);

/* Toeplitz hash: Microsoft, "RSS Hashing Functions" (Windows driver documentation). */

enum {
    VTR_TOEPLITZ_INPUT = 36, /* the most bytes hashed: two IPv6 addresses, two ports */
    VTR_RSS_KEY = 40,        /* the least bytes of a key: those, and 32 bits to slide out of */
};

/** A key as drivers take it. */
struct vtr_rss_key {
    uint8_t bytes[VTR_RSS_KEY];
};

/** The key of Microsoft's examples ("Verifying the RSS hash calculation"), which is the first that
 * most drivers set. */
#define VTR_RSS_KEY_MICROSOFT                                                                      \
    {                                                                                              \
        { 0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,      \
          0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,      \
          0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa }                 \
    }

/** A key that gives both directions of a flow one hash, as its 16 bits repeat (Woo and Park,
 * "Scalable TCP Session Monitoring with Symmetric Receive-side Scaling", 2012). */
#define VTR_RSS_KEY_SYMMETRIC                                                                      \
    {                                                                                              \
        { 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a,      \
          0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a,      \
          0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a }                 \
    }

/** A key, prepared: what each half of each input byte adds to the hash. 4.5 KiB, so that it stays
 * in a first-level cache, which tables of whole bytes (36 KiB) do not. */
struct vtr_toeplitz {
    uint32_t half[2 * VTR_TOEPLITZ_INPUT][16];
};

/** Prepares a key. @param len  at least VTR_RSS_KEY: checked; more than that is not used. */
VTR_API void vtr_toeplitz_init(struct vtr_toeplitz *t, const uint8_t *key, size_t len);

/** @return the hash of the first VTR_TOEPLITZ_INPUT bytes of @p input, in the order of the wire. */
VTR_API VTR_MUST_USE uint32_t vtr_toeplitz_hash(const struct vtr_toeplitz *t,
                                                struct vtr_span input);

/** What a device hashes of a frame, by its types that are set: of TCP, UDP or SCTP that is no part
 * of a datagram addresses and ports, else addresses, else nothing. */
enum vtr_rss_types {
    VTR_RSS_IPV4 = 1u << 0, /**< addresses */
    VTR_RSS_TCP4 = 1u << 1,
    VTR_RSS_UDP4 = 1u << 2,
    VTR_RSS_IPV6 = 1u << 3, /**< addresses */
    VTR_RSS_TCP6 = 1u << 4,
    VTR_RSS_UDP6 = 1u << 5,
    VTR_RSS_SCTP4 = 1u << 6,
    VTR_RSS_SCTP6 = 1u << 7,
    VTR_RSS_ALL = 0xff,
};

/**
 * The hash that a device with this key gives a packet of this flow. The addresses of IPv6 are those
 * of its header: not those of a routing header or a home address option, which only the types that
 * Microsoft calls EX hash.
 * @param types  enum vtr_rss_types: those that the device is set to.
 * @param hash   untouched on false: it hashes no such packet.
 */
VTR_API VTR_MUST_USE bool vtr_rss_hash(const struct vtr_toeplitz *t, const struct vtr_flow *flow,
                                       unsigned types, uint32_t *hash);

/**
 * @return the queue that a device's redirection table has for @p hash.
 * @param table    table[0..entries), indexed by the low bits of the hash.
 * @param entries  a power of two: checked.
 */
VTR_INLINE VTR_MUST_USE uint16_t vtr_rss_queue(const uint16_t *table, size_t entries, uint32_t hash)
{
    vtr_check(entries != 0 && (entries & (entries - 1)) == 0);
    return table[hash & (entries - 1)];
}

VTR_END_DECLS
#endif
