/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * struct vtr_port, for the files of this folder. A queue's receive and transmit sides are written
 * by their one caller each and share no cache line.
 */
#ifndef VITRINE_PORT_PORTS_H
#define VITRINE_PORT_PORTS_H

#include <vitrine/capture.h>
#include <vitrine/port.h>

#include "port/device.h"
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
    struct vtr_port *port;
    bool ended;             /* atomic, of a port that ends: the driver has nothing more */
    struct vtr_plain plain; /* of both directions */
};

struct vtr_txq {
    __attribute__((aligned(64))) struct vtr_rack *rack;
    uint64_t pkts, bytes, full, copies, software;
    uint64_t empty, too_long, too_many, headers, no_block;
    uint32_t inside; /* as of receiving */
};

struct vtr_port {
    struct vtr_port *next; /* of those open; telemetry.c's */
    /* constant while open */
    uint16_t id;
    uint16_t queues;
    uint16_t seg_max;   /* mbufs of a frame */
    uint32_t frame_max; /* bytes of a frame */
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
    struct vtr_pair *pair; /* NULL: no ring */
    unsigned side;
    struct vtr_memif memif;
    struct rte_eth_stats before; /* the driver's counters at open */
    char shown[sizeof(((struct vtr_spec *)0)->shown)]; /* in messages */

    struct vtr_capture *capture;          /* atomic: who hands packets to it; NULL: none */
    struct vtr_capture *captured;         /* the same, until it is stopped */
    struct vtr_capture_stat captured_last;
};

/** Adds to a counter that only the caller writes. */
static inline void vtr_count_(uint64_t *counter, uint64_t n)
{
    /* O: a statistic */
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

#endif
