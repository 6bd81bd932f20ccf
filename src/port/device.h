/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The ethdev under a port: probing it by name, bringing it up, ending it; and what has to be known
 * of single drivers.
 * Threads: under the lock that serialises opening and closing ports.
 */
#ifndef VITRINE_PORT_DEVICE_H
#define VITRINE_PORT_DEVICE_H

#include <rte_ethdev.h>
#include <vitrine/base.h>

#include "port/plain.h"
#include "port/rack.h"
#include "port/spec.h"

/* Ethernet header and one VLAN tag: what a frame has beside the MTU. */
enum { VTR_BESIDE_MTU = RTE_ETHER_HDR_LEN + 4 };

/* What ethdev does not tell about a driver. */
struct vtr_driver {
    const char *name;     /* a device of the driver begins with it */
    bool copies;          /* its transmit copies the frame before it returns */
    bool any_length;      /* sends any frame */
    bool retries_counted; /* its oerrors are packets that it handed back */
    bool borrows;         /* the interface is the system's: its MTU stays as it is */
    bool software;        /* its offloads are the CPU's work; the library's does the same for all */
    bool plain;           /* works with mbufs of an ordinary pool only */
    bool no_tso;
    bool hears_all;      /* receives whatever there is, whoever it is for */
    bool interrupts;     /* has descriptors that wake a queue's receiver */
    uint16_t segments;   /* of a frame, at most */
    uint16_t gather_max; /* bytes of a frame of several segments, at most; 0 for any */
    uint16_t descs;      /* default */
    uint16_t room;       /* least bytes of a receive buffer that it takes whole; 0 for any */
};

struct vtr_device {
    const char *bus; /* "vdev", "pci" */
    char name[VTR_DEVICE_NAME_MAX + 1];
    const struct vtr_driver *driver;
    uint16_t id;
    struct rte_eth_dev_info info;
    struct vtr_plain_sockets sockets;  /* of a plain one */
    uint64_t rx_offloads, tx_offloads; /* of ethdev, in use */
};

struct vtr_device_opts {
    unsigned queues, rx_descs, tx_descs, frame_bytes;
    unsigned room; /* bytes that a segment received has to have room for, at least frame_bytes */
    bool strip_vlan;
    unsigned frame_max; /* longest frame that can be sent; 0: ask the driver */
};

/** @return what is known of a device's driver, by the device's name; never NULL. */
const struct vtr_driver *vtr_driver_of_(const char *device);

/** Makes the device of driver and options. @return 0 or a negative errno with @p err filled. */
int vtr_device_probe_(struct vtr_device *dev, const struct vtr_spec *spec, const char *args,
                      struct vtr_error *err);

/** Finds the device that exists by its name, fits @p opts to what it can do. */
int vtr_device_fit_(struct vtr_device *dev, const struct vtr_spec *spec,
                    struct vtr_device_opts *opts, struct vtr_error *err);

/** Brings it up. @param rx a pool a queue. */
int vtr_device_start_(struct vtr_device *dev, const struct vtr_spec *spec,
                      const struct vtr_device_opts *opts, struct rte_mempool *const *rx,
                      struct vtr_error *err);

/** Stops and removes it; mbufs that it held are back in their racks. */
void vtr_device_end_(struct vtr_device *dev);

/** @return VTR_PKT_* that the device sets on frames received, as it is configured. */
uint32_t vtr_device_rx_flags_(const struct vtr_device *dev);

/** @return VTR_PKT_TX_* that the device does, as it is configured. */
uint32_t vtr_device_tx_flags_(const struct vtr_device *dev);

/** @return the longest frame it sends, without the frame check sequence. */
uint32_t vtr_device_frame_max_(const struct vtr_device *dev);

#endif
