/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_port: a network device whose driver reads and writes the heap's blocks. A packet is its data
 * plus metadata. In libvitrine-net; DPDK is underneath and does not show.
 * Owner: whoever opened it. Packets received are the caller's; packets sent are the port's from the
 * moment vtr_port_tx() counts them, until the driver is done.
 * Threads: open, close, stat and info from any thread, one at a time for a port; rx and tx from one
 * thread at a time for each queue and direction.
 *
 *              rx   tx   stat  info  close      - nothing needed   Q one caller a queue
 *     rx       Q    -    -     -     X          X the caller serialises
 *     tx       -    Q    -     -     X
 *     stat     -    -    -     -     X
 */
#ifndef VITRINE_PORT_H
#define VITRINE_PORT_H

#include <vitrine/base.h>
#include <vitrine/data.h>
#include <vitrine/heap.h>

VTR_BEGIN_DECLS

struct vtr_port;

enum vtr_pkt_flags {
    VTR_PKT_L3_GOOD = 1u << 0, /**< the device checked the IP checksum */
    VTR_PKT_L3_BAD = 1u << 1,
    VTR_PKT_L4_GOOD = 1u << 2, /**< the device checked the TCP or UDP checksum */
    VTR_PKT_L4_BAD = 1u << 3,
    VTR_PKT_HASH = 1u << 4, /**< @ref vtr_pkt.hash is the device's RSS hash */
    VTR_PKT_VLAN = 1u << 5, /**< the device stripped a tag into @ref vtr_pkt.vlan */
};

/** ABI: a packet. Zero is the empty packet. */
struct vtr_pkt {
    struct vtr_data data; /**< from the Ethernet header on, without the frame check sequence */
    uint32_t flags;       /**< enum vtr_pkt_flags; set by receive, ignored by send */
    uint32_t hash;
    uint16_t queue; /**< received on */
    uint16_t vlan;  /**< tag control information */
    uint32_t unused;
};
VTR_STATIC_ASSERT(sizeof(struct vtr_pkt) == 32, "vtr_pkt is ABI");

/** Ends the packet's data. @param pkt left empty; empty is allowed. */
VTR_INLINE void vtr_pkt_unref(struct vtr_pkt *pkt) { vtr_data_unref(&pkt->data); }

/** Zero is the default for every field but @ref size. */
struct vtr_port_opts {
    size_t size;         /**< sizeof(struct vtr_port_opts) */
    unsigned queues;     /**< pairs of receive and transmit queues; default 1 */
    unsigned rx_descs;   /**< descriptors of each receive queue; default 1024 or what the driver allows */
    unsigned tx_descs;   /**< of each transmit queue, likewise */
    unsigned frame_bytes; /**< longest frame; default 1518. Longer ones arrive in several segments
                               where the driver can, and are dropped and counted where not */
    unsigned headroom;   /**< bytes before each received frame, for headers to come; default 128 */
};

/** Why a packet was not received, or not sent. The reasons sum to the drops. */
enum vtr_drop {
    VTR_DROP_RX_NO_BLOCK, /**< the heap is at its limit (rx_nombuf of the driver) */
    VTR_DROP_RX_FULL,     /**< nobody fetched them in time (imissed) */
    VTR_DROP_RX_ERROR,    /**< the device found them bad (ierrors) */
    VTR_DROP_TX_EMPTY,    /**< a packet without bytes */
    VTR_DROP_TX_LONG,     /**< longer than the device can send */
    VTR_DROP_TX_SEGS,     /**< in more segments than the device can send */
    VTR_DROP_TX_ERROR,    /**< accepted, then refused by the device (oerrors) */
    VTR_DROP_REASONS
};

struct vtr_port_stat {
    uint64_t rx_pkts, rx_bytes;
    uint64_t tx_pkts, tx_bytes; /**< accepted from the caller */
    uint64_t tx_full;           /**< packets handed back because the queue was full; not drops */
    uint64_t drops;             /**< sum of @ref drop */
    uint64_t drop[VTR_DROP_REASONS];
};

struct vtr_port_info {
    const char *driver;   /**< "net_memif"; borrowed while the port is open */
    uint8_t mac[6];
    uint8_t queues;
    bool link_up;
    bool tx_copies;       /**< the driver copies what it sends, so small values are cheaper copied */
    unsigned frame_bytes; /**< longest frame that can be sent */
    unsigned segments;    /**< most segments a frame sent may have */
};

/**
 * Opens a port. The first one starts DPDK's environment, quietly and without hugepages.
 * @param heap  borrowed; must outlive the port.
 * @param spec  one of
 *   "null:" or "null:0"       sends into nothing, receives zeros (options of net_null after a comma)
 *   "ring:NAME"               the first open is one end, the second the other, in this process
 *   "memif:PATH"              shared-memory interface, server role; ",role=client", ",id=N" and further
 *                             options of net_memif may follow
 *   "net_DRIVER...,OPTIONS"   any DPDK virtual device string, for example "net_tap0,iface=vtr0"
 * @param opts  borrowed; NULL for the defaults.
 * @param out   owned on success, untouched on failure.
 * @param err   filled on failure; may be NULL.
 * @return 0, -EINVAL (spec or options), -ENODEV (no such driver, or it did not come up), -EBUSY,
 *         -ENOMEM, -EACCES.
 */
VTR_API VTR_COLD VTR_MUST_USE int vtr_port_open(struct vtr_heap *heap, const char *spec,
                                                const struct vtr_port_opts *opts,
                                                struct vtr_port **out, struct vtr_error *err);

/** Ends a port. Packets received stay the caller's; what the driver still held is dropped.
 * @param port consumed; NULL is allowed. @return 0. */
VTR_API VTR_COLD int vtr_port_close(struct vtr_port *port);

/**
 * Takes packets that arrived.
 * @param pkts  pkts[0..@return) are filled and owned; the rest is untouched.
 * @return 0..n. Threads: one caller a queue. Cost: no lock, no copy.
 */
VTR_API VTR_MUST_USE unsigned vtr_port_rx(struct vtr_port *port, unsigned queue,
                                          struct vtr_pkt *pkts, unsigned n);

/**
 * Hands packets to one queue of a port.
 * @param pkts  pkts[0..n): the first @return entries are consumed and cleared; the rest stay owned by
 *              the caller, unchanged.
 * @return how many were accepted, 0..n. Less than n means the queue is full: keep the tail and retry.
 *         A packet that this device can never send is consumed and counted by reason.
 * Threads: one caller a queue. Cost: no lock, no copy.
 */
VTR_API VTR_MUST_USE unsigned vtr_port_tx(struct vtr_port *port, unsigned queue,
                                          struct vtr_pkt *pkts, unsigned n);

/** Fills *out. Cost: asks the driver; not for every packet. */
VTR_API VTR_COLD void vtr_port_stat(struct vtr_port *port, struct vtr_port_stat *out);

/** Fills *out. Cost: asks the driver for the link. */
VTR_API VTR_COLD void vtr_port_info(struct vtr_port *port, struct vtr_port_info *out);

/** @return a name for counters, "rx_no_block" and so on; NULL for no reason at all. Static. */
VTR_API const char *vtr_drop_name(enum vtr_drop reason);

VTR_END_DECLS
#endif
