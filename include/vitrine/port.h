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

/** What is known of a packet. */
enum vtr_pkt_flags {
    VTR_PKT_L3_GOOD = 1u << 0, /**< the device checked the IP checksum */
    VTR_PKT_L3_BAD = 1u << 1,
    VTR_PKT_L4_GOOD = 1u << 2, /**< the device checked the TCP or UDP checksum */
    VTR_PKT_L4_BAD = 1u << 3,
    VTR_PKT_HASH = 1u << 4, /**< @ref vtr_pkt.hash is the device's RSS hash */
    VTR_PKT_VLAN = 1u << 5, /**< a tag was stripped into @ref vtr_pkt.vlan */

    /* What the sender asks for. The device does it, or the port by software on a copy of the
     * headers (vtr_port_info.tx_flags says who); payload is never copied or changed. The sums need
     * l2_len and l3_len, and what any device needs: in the TCP or UDP header's field the sum of the
     * pseudo-header, vtr_sum_partial(), in which a frame to be cut counts a length of 0. Packets
     * received never have these set. */
    VTR_PKT_TX_IP_SUM = 1u << 8,  /**< make the IPv4 header's checksum */
    VTR_PKT_TX_TCP_SUM = 1u << 9, /**< make the TCP checksum */
    VTR_PKT_TX_UDP_SUM = 1u << 10,
    VTR_PKT_TX_CUT = 1u << 11,  /**< cut a TCP segment into frames of at most mss bytes of payload
                                     each (TSO), with all their checksums */
    VTR_PKT_TX_VLAN = 1u << 12, /**< insert a tag, of @ref vtr_pkt.vlan, behind the MAC addresses */
};

/** ABI: a packet. Zero is the empty packet. */
struct vtr_pkt {
    struct vtr_data data; /**< from the Ethernet header on, without the frame check sequence */
    uint32_t flags;       /**< enum vtr_pkt_flags; send looks at VTR_PKT_TX_* only */
    uint32_t hash;
    uint16_t queue; /**< received on */
    uint16_t vlan;  /**< tag control information */
    uint8_t l2_len; /**< to send with a sum: bytes before the IP header, at most 127 */
    uint8_t l3_len; /**< of the IP header, with options or extension headers */
    uint16_t mss;   /**< of VTR_PKT_TX_CUT */
};
VTR_STATIC_ASSERT(sizeof(struct vtr_pkt) == 32, "vtr_pkt is ABI");

/** Ends the packet's data. @param pkt left empty; empty is allowed. */
VTR_INLINE void vtr_pkt_unref(struct vtr_pkt *pkt) { (vtr_data_unref)(&pkt->data); }

/** Zero is the default for every field but @ref size. */
struct vtr_port_opts {
    size_t size;          /**< sizeof(struct vtr_port_opts): the version of this struct */
    unsigned queues;      /**< pairs of receive and transmit queues; default 1, at most 64 */
    unsigned rx_descs;    /**< descriptors of each receive queue; default what suits the driver */
    unsigned tx_descs;    /**< of each transmit queue, likewise */
    unsigned frame_bytes; /**< longest frame, at most 65407; default 1518. Longer ones arrive in
                               several segments where the driver can, and not at all where not */
    unsigned headroom;    /**< bytes before each received frame, for headers to come; default and
                               least 128, at most 4096 */
    bool strip_vlan;      /**< take the outer 802.1Q tag out of frames received: VTR_PKT_VLAN */
};

/** Why a packet was not received, or not sent. The reasons sum to the drops. */
enum vtr_drop {
    VTR_DROP_RX_NO_BLOCK, /**< the heap was at its limit */
    VTR_DROP_RX_FULL,     /**< nobody fetched them in time (the driver's imissed) */
    VTR_DROP_RX_ERROR,    /**< bad, or of a length that cannot be (the driver's ierrors) */
    VTR_DROP_TX_EMPTY,    /**< a packet without bytes */
    VTR_DROP_TX_LONG,     /**< longer than @ref vtr_port_info.frame_bytes */
    VTR_DROP_TX_SEGS,     /**< in more segments than the port can ever hold */
    VTR_DROP_TX_ERROR,    /**< accepted, then refused by the device (the driver's oerrors) */
    VTR_DROP_TX_HEADERS,  /**< asked for what its headers, lengths or mss do not allow */
    VTR_DROP_TX_NO_BLOCK, /**< headers or a frame had to be copied, and the heap was at its limit */
    VTR_DROP_REASONS
};

/** What went through a port since it was opened. */
struct vtr_port_stat {
    uint64_t rx_pkts, rx_bytes;
    uint64_t tx_pkts, tx_bytes; /**< accepted from the caller */
    uint64_t tx_full;           /**< packets handed back because the queue was full; not drops */
    uint64_t rx_copies;   /**< frames copied into the heap: net_af_xdp's, which begin elsewhere */
    uint64_t tx_copies;   /**< frames copied: into one block, having had more pieces than the device
                                takes, or bytes that it cannot reach (pci); by net_af_xdp each,
                                out of the heap */
    uint64_t tx_software; /**< packets whose VTR_PKT_TX_* the port did, not the device */
    uint64_t drops;             /**< sum of @ref drop */
    uint64_t drop[VTR_DROP_REASONS];
};

/** What a port is. */
struct vtr_port_info {
    const char *driver; /**< "net_tap", "memif"; borrowed while the port is open */
    uint8_t mac[6];
    uint8_t queues;
    bool link_up;   /**< memif: a peer is connected; ring: both ends are open */
    bool tx_copies; /**< the driver copies what it sends, so small values are cheaper copied */
    bool rx_ended;  /**< pcap: the files are read, as far as they are whole; no more comes */
    unsigned frame_bytes; /**< longest frame that can be sent; UINT_MAX for any */
    unsigned segments;    /**< most segments that go out as they are; one counts anew every 65407
                               bytes. Frames of more are copied into one block */
    uint32_t rx_flags;    /**< VTR_PKT_* that frames received may have here */
    uint32_t tx_flags;    /**< VTR_PKT_TX_* that the device does; the others are done by software */
};

/**
 * Opens a port. The first one starts DPDK's environment, quietly, without hugepages or privileges,
 * once in a process: ports are opened after fork(), not before.
 * From then on `dpdk-telemetry.py -f vtr-PID` answers /vitrine/ports, /vitrine/port,N,
 * /vitrine/heaps, /vitrine/heap,N and /vitrine/leaks, by a socket in /var/run/dpdk/vtr-PID, or for
 * others than root in $XDG_RUNTIME_DIR or else /tmp instead of /var/run. It is there until the
 * process exits, or a child forked from it does: that should end by _exit() or execve().
 * @param heap  borrowed; must outlive the port, and what a ring's other end has not received of it.
 * @param spec  borrowed; one of
 *   "null:0"               sends into nothing; receives without end frames of 64 bytes that nobody
 *                          wrote. ",size=N" bytes, ",copy=1" zeros, ",no-rx=1" nothing at all
 *   "ring:NAME"            the first open is one end, the second the other, in this process.
 *                          What one end sends, the other receives: the same blocks
 *   "memif:PATH"           shared-memory interface over a Unix socket: the server, or with
 *                          ",role=client" its client; ",id=N" ",mac=02:00:00:00:00:01" ",secret=S"
 *   "pcap:IN,OUT"          receives what a capture file, pcap or pcapng, holds, and writes what is
 *                          sent to another, pcap. Either may be empty: "pcap:in.pcap" sends into
 *                          nothing, "pcap:,out.pcap". vtr_port_info.rx_ended says when all is read
 *   "tap:NAME"             makes the interface NAME: what the kernel sends there is received, what
 *                          is sent the kernel receives. ",mac=fixed" or a MAC; ",persist": it stays
 *   "af_packet:IFACE"      frames of an interface, by packet sockets beside the kernel's own use;
 *                          queues by fanout, flow by flow. ",qdisc_bypass=0"
 *   "af_xdp:IFACE"         frames of an interface, instead of the kernel. ",start_queue=N"
 *                          ",force_copy=1" ",busy_budget=N" ",xdp_prog=PATH"
 *   "pci:0000:01:00.0"     a network card that vfio-pci is bound to; options are its driver's own
 *   "net_DRIVER...,OPTION" a DPDK virtual device: "net_tap0,iface=vtr0"
 * @param opts  borrowed; NULL for the defaults.
 * @param out   owned on success, untouched on failure.
 * @param err   filled on failure; may be NULL.
 * @return 0, -EINVAL (spec or options), -ENODEV (no such driver or device, or it did not come up),
 *         -EBUSY (taken), -EACCES, -ENOMEM, -ENOENT -EEXIST -ENAMETOOLONG -EISDIR (of paths),
 *         -EMFILE -ENFILE (no descriptor), -EAGAIN (no thread), -ENOSPC (no more DMA maps).
 *
 * af_packet: the kernel hands over what it has: frames that it joined (GRO) or has yet to cut are
 * cut off at the slot's end, and the sums of what it sends itself are not made yet. Turn it off:
 * `ethtool -K IFACE gro off gso off tso off tx off`, on a veth at the other end.
 *
 * af_xdp: the kernel gives a queue back a moment after the port is closed; an open meanwhile fails.
 *
 * pci: the device reads and writes the heap's blocks by DMA. An IOMMU lets it reach nothing but
 * - @p heap: what it receives into to read and write; what it is told to send, in the read view, to
 *   read only. Segments that come later are mapped as they come: where that is refused (a limit on
 *   locked memory), the heap does not grow. Each takes 128 MiB of RLIMIT_MEMLOCK.
 * - other heaps that it sends data of: to read only, from the first packet on.
 * - DPDK's own memory, 512 MiB, where the descriptors are.
 * Adopted and static bytes it does not reach. A packet that has some is copied into a block of
 * @p heap before it is sent; with a full queue that copy is what stays in the caller's array.
 *
 * memif, spoken by the library itself with other programs of it, DPDK's net_memif, VPP, libmemif:
 * - A client offers the slots, of frame_bytes but at least 2048, and sends a frame in one; a server
 *   fills as many as a frame takes. Frames received may take up to 64, and 65535 bytes; net_memif
 *   22.11 reads those wrongly, and is given the same frame_bytes if it is more than 2048.
 * - A client opened before its server fails; one whose server went looks for it every 20 ms. A
 *   server takes the next client. What was sent to one that went is lost.
 * - The other end may be killed at any time, and may be hostile: it is disconnected when it breaks
 *   the rules. What it can do is to change frames until they are received, and to see all that
 *   the two share, of which a client may bring 4 GiB, and not in huge pages.
 */
VTR_API VTR_COLD VTR_MUST_USE int vtr_port_open(struct vtr_heap *heap, const char *spec,
                                                const struct vtr_port_opts *opts,
                                                struct vtr_port **out, struct vtr_error *err);

/**
 * Ends a port. Packets received stay the caller's; what the driver still held is dropped. What a
 * ring's end has sent stays for the other end, until that is closed too.
 * @param port  consumed; NULL is allowed.
 * @return 0.
 */
VTR_API VTR_COLD int vtr_port_close(struct vtr_port *port);

/**
 * Takes packets that arrived.
 * @param pkts  pkts[0..@return) are filled and owned; the rest is undefined.
 * @return 0..n. Threads: one caller a queue. Cost: no copy; no lock while the
 *         thread's magazine of the heap lasts.
 */
VTR_API VTR_MUST_USE unsigned vtr_port_rx(struct vtr_port *port, unsigned queue,
                                          struct vtr_pkt *pkts, unsigned n);

/**
 * Hands packets to one queue of a port.
 * @param pkts  pkts[0..n): the first @return entries are consumed and cleared; the rest stay owned
 *              by the caller, to be handed over again. They may be what came of what was asked
 *              for so far: sums and tags made, a frame copied into one block, and of a segment
 *              to be cut what is left of it.
 * @return how many were accepted, 0..n. Less than n means that the queue is full, or the link down:
 *         keep the tail and retry, or, where vtr_port_events() says that the device is gone, not.
 *         A packet that this device can never send is consumed and counted by reason.
 * Threads: one caller a queue. Cost: no lock; no copy but of what
 * vtr_port_stat.tx_copies and tx_software count.
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
