/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Receive-side scaling: which of a port's queues a frame is received on. The device hashes fields of
 * the frame with a key (Toeplitz), and the hash's low bits choose an entry of a table of queues, so
 * that the frames of a flow stay together.
 * Owner: structs are the caller's.
 * Threads: any, one at a time for a port; queues may run meanwhile.
 * Not here: kernel interfaces' own spreading (tap:, af_packet: by its fanout), which has no table.
 */
#ifndef VITRINE_RSS_H
#define VITRINE_RSS_H

#include <vitrine/base.h>
#include <vitrine/port.h>

VTR_BEGIN_DECLS

/** Fields that are hashed: addresses, and with TCP and UDP the ports too. */
enum vtr_rss_types {
    VTR_RSS_IPV4 = 1u << 0,
    VTR_RSS_TCP4 = 1u << 1,
    VTR_RSS_UDP4 = 1u << 2,
    VTR_RSS_IPV6 = 1u << 3,
    VTR_RSS_TCP6 = 1u << 4,
    VTR_RSS_UDP6 = 1u << 5,
};

enum { VTR_RSS_KEY_MAX = 64, VTR_RSS_TABLE_MAX = 512 };

/** ABI: caller's storage. */
struct vtr_rss {
    uint32_t types;   /**< enum vtr_rss_types */
    uint16_t key_len; /**< bytes: 40, or what the device has */
    uint16_t entries; /**< of the table; a power of two */
    uint8_t key[VTR_RSS_KEY_MAX];
    uint16_t queue[VTR_RSS_TABLE_MAX]; /**< queue[hash % entries] */
};

/** Fills *out. @return 0, -ENOTSUP (the device has no such thing, and *out is untouched), or the
 * device's error. */
VTR_API VTR_COLD VTR_MUST_USE int vtr_port_rss(struct vtr_port *port, struct vtr_rss *out);

/**
 * Changes how frames are spread. What is 0 of types, key_len and entries stays as it is.
 * @param rss  borrowed.
 * @param err  filled on failure; may be NULL.
 * @return 0, -EINVAL (types, lengths or queues that the port does not have), -ENOTSUP, or the
 *         device's error; then the key and the types may have changed, and the table not.
 */
VTR_API VTR_COLD VTR_MUST_USE int vtr_port_set_rss(struct vtr_port *port, const struct vtr_rss *rss,
                                                   struct vtr_error *err);

VTR_END_DECLS
#endif
