/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * struct vtr_port, for the files of this folder. A queue's receive and transmit sides are written
 * by their one caller each and share no cache line.
 */
#ifndef VITRINE_PORT_PORTS_H
#define VITRINE_PORT_PORTS_H

#include <vitrine/capture.h>
#include <vitrine/link.h>
#include <vitrine/port.h>

#include "port/bell.h"
#include "port/device.h"
#include "port/dma.h"
#include "port/lookout.h"
#include "port/memif.h"
#include "port/pair.h"
#include "port/plain.h"
#include "port/rack.h"

/* Counters are atomic: written by the queue's caller, read by vtr_port_stat(). */
struct vtr_rxq {
    __attribute__((aligned(64))) struct vtr_rack *rack; /* NULL: the port is a plain one */
    uint64_t pkts, bytes, copies;
    uint64_t no_block, error;
    uint32_t inside; /* atomic: handing something to the capture (capture.h) */
    uint32_t linked; /* atomic: inside of the link to a memif's peer */
    struct vtr_port *port;
    bool ended;             /* atomic, of a port that ends: the driver has nothing more */
    struct vtr_plain plain; /* of both directions */
    struct vtr_bell *bell;  /* NULL: nobody has waited */
};

struct vtr_txq {
    __attribute__((aligned(64))) struct vtr_rack *rack;
    uint64_t pkts, bytes, full, copies, software;
    uint64_t empty, too_long, too_many, headers, no_block;
    uint32_t inside, linked; /* as of receiving */
};

/* What a packet socket asks of the kernel's interface for the port. */
enum vtr_hold { VTR_HOLD_ALL, VTR_HOLD_MULTICAST, VTR_HOLD_GROUPS, VTR_HOLDS };

/* What happens to a port. Under the lock of lookout.h. */
struct vtr_happenings {
    unsigned pending;       /* enum vtr_port_event */
    int fd;                 /* readable while there are any; -1: nobody waits */
    unsigned iface;         /* index of the kernel's interface; 0: none */
    struct vtr_lookout watch; /* of its changes */
    int hold[VTR_HOLDS];    /* sockets; -1: none */
};

struct vtr_port {
    struct vtr_port *next; /* of those open; telemetry.c's */
    /* constant while open */
    uint16_t id;
    uint16_t queues;
    uint16_t seg_max;   /* mbufs of a frame */
    uint32_t frame_max; /* bytes of a frame */
    enum vtr_wake wake;
    uint32_t gone; /* atomic: the device was taken away */
    uint32_t up;   /* atomic: the kernel's interface is */
    uint32_t rx_flags;  /* VTR_PKT_* that frames may come with */
    uint32_t tx_flags;  /* VTR_PKT_TX_* that the device does */
    bool strips;        /* tags, by software */
    bool ends;          /* a queue that gives less than was asked for has nothing more to come */
    unsigned headroom;
    struct vtr_heap *heap; /* for what has to be made to send */
    char name[64];         /* "port null:0": where its blocks come from */
    struct vtr_rxq *rxq;
    struct vtr_txq *txq;
    struct vtr_device dev;
    struct vtr_dma *dma;   /* NULL: its driver is software */
    struct vtr_pair *pair; /* NULL: no ring */
    unsigned side;
    struct vtr_memif memif;
    struct vtr_happenings happenings;
    bool opened;
    struct rte_eth_stats before; /* the driver's counters at open */
    char shown[sizeof(((struct vtr_spec *)0)->shown)]; /* in messages */

    struct vtr_capture *capture;          /* atomic: who hands packets to it; NULL: none */
    struct vtr_capture *captured;         /* the same, until it is stopped */
    struct vtr_capture_stat captured_last;
};

/** Begins to look out for what happens to the device, which runs. @return 0 or -errno. */
int vtr_port_look_out_(struct vtr_port *port);

/** Ends that. The device may be there or not. */
void vtr_port_look_away_(struct vtr_port *port);

/** Something did. Under the lock of lookout.h. @param events  of enum vtr_port_event. */
void vtr_port_happened_(struct vtr_port *port, unsigned events);

bool vtr_port_link_is_up_(struct vtr_port *port);

static inline bool vtr_port_is_memif_(const struct vtr_port *port)
{
    return port->wake == VTR_WAKE_MEMIF;
}

static inline bool vtr_port_is_gone_(const struct vtr_port *port)
{
    return VTR_UNLIKELY(__atomic_load_n(&port->gone, __ATOMIC_RELAXED) != 0); /* O: a status */
}

/** Adds to a counter that only the caller writes. */
static inline void vtr_count_(uint64_t *counter, uint64_t n)
{
    /* O: a statistic */
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

#endif
