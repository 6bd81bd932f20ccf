/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Ports whose driver cannot work with the heap's memory (net_af_xdp shares one piece of memory with
 * the kernel, headers and frames side by side): an ordinary pool, and one copy of each frame.
 * Owner: the queue. Frames of the pool never leave these calls.
 * Threads: the queue's caller of each direction.
 */
#ifndef VITRINE_PORT_PLAIN_H
#define VITRINE_PORT_PLAIN_H

#include <sys/types.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <vitrine/base.h>

struct vtr_port;
struct vtr_pkt;

struct vtr_plain {
    struct rte_mempool *mp;
    void *map;
    size_t map_bytes;
};

/* The longest frame: the kernel takes a page at most, in which lie the pool's header, an mbuf,
 * headroom and 256 bytes of its own. */
enum { VTR_PLAIN_FRAME_MAX = 4096 - 64 - sizeof(struct rte_mbuf) - RTE_PKTMBUF_HEADROOM - 256 };

/** @param room  bytes of a frame. @return false: no memory. */
bool vtr_plain_create_(struct vtr_plain *plain, unsigned room, unsigned n);

/** Ends the pool; the device is gone. One that was never made is allowed. */
void vtr_plain_end_(struct vtr_plain *plain);

/* Sockets that net_af_xdp made. The driver of 22.11 leaves them open at its close, since it takes
 * one from a count twice; they would keep the interface's queues and the memory. */
struct vtr_plain_sockets {
    unsigned n;
    struct {
        int fd;
        ino_t inode;
    } at[64];
};

/** Notes the XDP sockets of the process, or those only that are not in @p before. */
void vtr_plain_sockets_(struct vtr_plain_sockets *out, const struct vtr_plain_sockets *before);

/** Closes those that are open still. */
void vtr_plain_sockets_close_(struct vtr_plain_sockets *sockets);

/** Whether the libraries under the driver shall not write to stderr, what goes well included. */
void vtr_plain_hush_(bool hush);

/** vtr_port_rx() of such a port. */
unsigned vtr_plain_rx_(const struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts,
                       unsigned n);

/** Sends packets that ask for nothing and are not too long. @return how many are consumed. */
unsigned vtr_plain_tx_(const struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts,
                       unsigned n);

#endif
