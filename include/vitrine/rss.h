/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Receive-side scaling: which of a port's queues a frame is received on. The device hashes fields
 * of the frame with a key (Toeplitz), and the hash's low bits choose an entry of a table of queues,
 * so that the frames of a flow stay together. vtr_port_opts.queues spreads them evenly already.
 * Owner: structs are the caller's.
 * Threads: any, one at a time for a port; queues may run meanwhile.
 * Not here: kernel interfaces' own spreading (tap:, af_packet: by its fanout), which has no table.
 */
#ifndef VITRINE_RSS_H
#define VITRINE_RSS_H

#include <vitrine/base.h>
#include <vitrine/flow.h>
#include <vitrine/port.h>

VTR_BEGIN_DECLS

enum { VTR_RSS_KEY_MAX = 64, VTR_RSS_TABLE_MAX = 512 };

/** ABI: caller's storage. */
struct vtr_rss {
    uint32_t types;   /**< enum vtr_rss_types (flow.h): what is hashed */
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
