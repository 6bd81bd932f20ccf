/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Devices. A virtual device that fails does so in the log only, and not always with an error: each
 * is probed by name, looked for, and what its driver said is quoted.
 */
#include "port/device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_dev.h>

#include "port/eal.h"
#include "port/rack.h"

/* Ethernet header and one VLAN tag: what a frame has beside the MTU. */
enum { FRAME_BESIDE_MTU = RTE_ETHER_HDR_LEN + 4 };

/* net_tap's descriptors are the segments of one frame, and every read names them all to the kernel.
 */
static const struct vtr_driver drivers[] = {
    { "net_null", .any_length = true, .hears_all = true, .segments = UINT16_MAX, .descs = 1024 },
    { "net_ring", .any_length = true, .hears_all = true, .segments = UINT16_MAX, .descs = 1024 },
    { "net_memif", .copies = true, .hears_all = true, .segments = UINT16_MAX, .descs = 1024 },
    { "net_tap", .copies = true, .retries_counted = true, .hears_all = true, .interrupts = true,
      .segments = 1000, .descs = 8 },
    { "net_pcap", .copies = true, .hears_all = true, .segments = UINT16_MAX, .descs = 1024 },
    { "net_af_packet", .copies = true, .segments = 1, .descs = 1024 },
};
static const struct vtr_driver any_driver = { "net_", .segments = UINT16_MAX, .descs = 1024 };

/* Lines that are logged, what they mean where they do not say it, and what helps. */
static const struct {
    const char *line, *means, *hint;
} known[] = {
    { "/dev/net/tun", NULL,
      "it takes CAP_NET_ADMIN: run it with sudo; null: ring: and memif: need no rights" },
    { "TUNSETIFF", NULL,
      "it takes CAP_NET_ADMIN: run it with sudo; null: ring: and memif: need no rights" },
    { "failed to parse device", "DPDK has no driver of this name",
      "drivers are packages: apt-cache search librte-net-" },
    { "AF_PACKET", NULL,
      "it takes CAP_NET_RAW: run it with sudo; null: ring: and memif: need no rights" },
};
enum { KNOWN = sizeof known / sizeof known[0] };

const struct vtr_driver *vtr_driver_of_(const char *device)
{
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++)
        if (strncmp(device, drivers[i].name, strlen(drivers[i].name)) == 0)
            return &drivers[i];
    return &any_driver;
}

/* @return the errno that a line names in words, or @p otherwise: drivers return -1 for anything. */
static int errno_of(const char *line, int otherwise)
{
    static const int codes[] = { EPERM, EACCES, ENOMEM, EBUSY };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strstr(line, strerror(codes[i])) != NULL)
            return codes[i] == EPERM ? EACCES : codes[i];
    return otherwise;
}

/* Says what was logged since @p mark. */
static int did_not_come_up(const struct vtr_spec *spec, uint64_t mark, int rc,
                           struct vtr_error *err)
{
    char line[160];
    const char *hint = NULL, *why = line;
    vtr_eal_said_(mark, line, sizeof line);
    for (int i = 0; hint == NULL && i < KNOWN; i++)
        if (strstr(line, known[i].line) != NULL) {
            hint = known[i].hint;
            why = known[i].means != NULL ? known[i].means : line;
        }
    if (line[0] == '\0')
        why = "it did not come up and does not say why";
    int code = errno_of(line, rc == -ENOMEM || rc == -EINVAL ? -rc : ENODEV);
    return vtr_spec_fail_(spec, err, code, hint, "%s", why);
}

int vtr_device_probe_(struct vtr_device *dev, const struct vtr_spec *spec, const char *args,
                      struct vtr_error *err)
{
    uint16_t id;
    if (rte_eth_dev_get_port_by_name(dev->name, &id) == 0)
        return vtr_spec_fail_(spec, err, EBUSY, "number it differently, as in net_tap1",
                              "a device %s is open", dev->name);
    uint64_t mark = vtr_eal_mark_();
    int rc = rte_eal_hotplug_add("vdev", dev->name, args);
    if (rc == 0 && rte_eth_dev_get_port_by_name(dev->name, &id) != 0) {
        rte_eal_hotplug_remove("vdev", dev->name);
        rc = -ENODEV;
    }
    return rc == 0 ? 0 : did_not_come_up(spec, mark, rc, err);
}

/* The longest MTU up to what frames of @p frame_bytes need. */
static uint16_t mtu_for(const struct rte_eth_dev_info *info, unsigned frame_bytes)
{
    uint32_t mtu = frame_bytes - FRAME_BESIDE_MTU, max = info->max_mtu;
    uint32_t overhead = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
    if (info->max_mtu != UINT16_MAX && info->max_rx_pktlen > info->max_mtu)
        overhead = info->max_rx_pktlen - info->max_mtu;
    if (info->max_rx_pktlen > overhead && info->max_rx_pktlen - overhead < max)
        max = info->max_rx_pktlen - overhead;
    mtu = mtu < max ? mtu : max;
    return (uint16_t)(mtu > info->min_mtu ? mtu : info->min_mtu);
}

int vtr_device_fit_(struct vtr_device *dev, const struct vtr_spec *spec,
                    struct vtr_device_opts *opts, struct vtr_error *err)
{
    int rc = rte_eth_dev_get_port_by_name(dev->name, &dev->id);
    if (rc == 0)
        rc = rte_eth_dev_info_get(dev->id, &dev->info);
    if (rc != 0)
        return vtr_spec_fail_(spec, err, ENODEV, NULL, "%s is not there", dev->name);
    dev->driver = vtr_driver_of_(dev->info.driver_name);
    unsigned most = dev->info.max_rx_queues < dev->info.max_tx_queues ? dev->info.max_rx_queues
                                                                      : dev->info.max_tx_queues;
    if (opts->queues > most)
        return vtr_spec_fail_(spec, err, EINVAL, NULL, "%s has at most %u queues",
                              dev->info.driver_name, most);
    opts->rx_descs = opts->rx_descs != 0 ? opts->rx_descs : dev->driver->descs;
    opts->tx_descs = opts->tx_descs != 0 ? opts->tx_descs : dev->driver->descs;
    return 0;
}

static int configure(struct vtr_device *dev, const struct vtr_device_opts *opts)
{
    struct rte_eth_conf conf = { 0 };
    conf.rxmode.mtu = mtu_for(&dev->info, opts->frame_bytes);
    conf.intr_conf.rxq = dev->driver->interrupts;
    conf.intr_conf.lsc = dev->info.if_index == 0 && (*dev->info.dev_flags & RTE_ETH_DEV_INTR_LSC);
    conf.intr_conf.rmv = (*dev->info.dev_flags & RTE_ETH_DEV_INTR_RMV) != 0;
    conf.rxmode.offloads = dev->info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
    conf.txmode.offloads = dev->info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
    int rc = rte_eth_dev_configure(dev->id, (uint16_t)opts->queues, (uint16_t)opts->queues, &conf);
    if (rc != 0)
        return rc;
    rc = rte_eth_dev_set_mtu(dev->id, conf.rxmode.mtu);
    return rc == -ENOTSUP ? 0 : rc;
}

static int start(struct vtr_device *dev, const struct vtr_device_opts *opts,
                 struct vtr_rack *const *rx)
{
    uint16_t rx_descs = (uint16_t)opts->rx_descs, tx_descs = (uint16_t)opts->tx_descs;
    int rc = configure(dev, opts);
    if (rc == 0)
        rc = rte_eth_dev_adjust_nb_rx_tx_desc(dev->id, &rx_descs, &tx_descs);
    for (unsigned q = 0; rc == 0 && q < opts->queues; q++)
        rc = rte_eth_rx_queue_setup(dev->id, (uint16_t)q, rx_descs,
                                    (unsigned)rte_eth_dev_socket_id(dev->id), NULL, rx[q]->mp);
    for (unsigned q = 0; rc == 0 && q < opts->queues; q++)
        rc = rte_eth_tx_queue_setup(dev->id, (uint16_t)q, tx_descs,
                                    (unsigned)rte_eth_dev_socket_id(dev->id), NULL);
    return rc == 0 ? rte_eth_dev_start(dev->id) : rc;
}

int vtr_device_start_(struct vtr_device *dev, const struct vtr_spec *spec,
                      const struct vtr_device_opts *opts, struct vtr_rack *const *rx,
                      struct vtr_error *err)
{
    uint64_t mark = vtr_eal_mark_();
    int rc = start(dev, opts, rx);
    return rc == 0 ? 0 : did_not_come_up(spec, mark, rc, err);
}

/* Frees what lies in the rings of a net_ring device, which would forget it. Rings may be fed while
 * this runs, but hold no more than this. */
static void drain_rings(uint16_t id, unsigned queues)
{
    struct rte_mbuf *mbufs[VTR_BURST];
    for (unsigned q = 0; q < queues; q++)
        for (unsigned left = UINT16_MAX, n = 1; n != 0 && left >= n; left -= n) {
            n = rte_eth_rx_burst(id, (uint16_t)q, mbufs, VTR_BURST);
            for (unsigned i = 0; i < n; i++)
                vtr_rack_drop_(mbufs[i]);
        }
}

void vtr_device_end_(struct vtr_device *dev)
{
    uint16_t id;
    struct rte_eth_dev_info info;
    if (rte_eth_dev_get_port_by_name(dev->name, &id) == 0) {
        if (strncmp(dev->name, "net_ring", 8) == 0 && rte_eth_dev_info_get(id, &info) == 0)
            drain_rings(id, info.nb_rx_queues);
        rte_eth_dev_stop(id);
        rte_eth_dev_close(id);
    }
    if (dev->name[0] != '\0')
        rte_eal_hotplug_remove("vdev", dev->name);
}

uint32_t vtr_device_frame_max_(const struct vtr_device *dev)
{
    uint16_t mtu = RTE_ETHER_MTU;
    if (dev->driver->any_length)
        return UINT32_MAX;
    rte_eth_dev_get_mtu(dev->id, &mtu);
    return mtu + (uint32_t)FRAME_BESIDE_MTU;
}
