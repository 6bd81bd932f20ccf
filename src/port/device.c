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
#include <vitrine/port.h>

#include "port/eal.h"
#include "port/rack.h"

/* net_tap's descriptors are the segments of one frame, and every read names them all to the kernel.
 */
static const struct vtr_driver drivers[] = {
    { "net_null", .any_length = true, .hears_all = true, .segments = UINT16_MAX, .descs = 1024 },
    { "net_ring", .any_length = true, .hears_all = true, .segments = UINT16_MAX, .descs = 1024 },
    { "net_memif", .copies = true, .hears_all = true, .segments = UINT16_MAX, .descs = 1024 },
    { "net_tap", .copies = true, .retries_counted = true, .software = true, .hears_all = true,
      .interrupts = true, .segments = 1000, .descs = 8 },
    /* It cuts what it has to gather to this length, and does not say so. */
    { "net_pcap", .copies = true, .hears_all = true, .segments = UINT16_MAX, .gather_max = 16128,
      .descs = 1024 },
    { "net_af_packet", .copies = true, .borrows = true, .software = true, .segments = UINT16_MAX,
      .descs = 512 },
    /* It takes where a frame lies from where its mbuf lies. */
    { "net_af_xdp", .copies = true, .retries_counted = true, .borrows = true, .plain = true,
      .segments = UINT16_MAX, .descs = 2048 },
    { "net_e1000", .segments = UINT16_MAX, .descs = 512, .room = 2048 },
    /* It wants another sum in a frame to be cut than other devices do. */
    { "net_virtio", .no_tso = true, .segments = UINT16_MAX, .descs = 256 },
};
static const struct vtr_driver any_driver = { "net_", .segments = UINT16_MAX, .descs = 1024 };

#define NO_DRIVER "drivers are packages: apt-cache search %s"
#define MEMLOCK                                                                                    \
    "ulimit -l  says how much a process may lock: raise it, or lower queues and descriptors"

/* Lines that are logged, what they mean where they do not say it, and what helps. */
static const struct {
    const char *line, *means, *hint;
} known[] = {
    { "/dev/net/tun", NULL,
      "it takes CAP_NET_ADMIN: run it with sudo; null: ring: memif: pcap: need no rights" },
    { "TUNSETIFF", NULL,
      "it takes CAP_NET_ADMIN: run it with sudo; null: ring: memif: pcap: need no rights" },
    { "failed to parse device", "DPDK has no driver of this name", NO_DRIVER },
    { "SIOCSIFHWADDR", NULL,
      "it takes CAP_NET_ADMIN: run it with sudo; null: ring: memif: pcap: need no rights" },
    { "Failed to create umem", NULL,
      "it takes root: run it with sudo; null: ring: memif: pcap: need no rights" },
    { "Failed to create xsk socket", NULL,
      "it takes root, an MTU of at most 3498 (ip link set IFACE mtu 1500), no other XDP program, "
      "and queues that are there (ethtool -l)" },
    { "larger than combined queue count", NULL,
      "ethtool -L  sets how many queues an interface has" },
    { "cannot allocate memory", NULL, MEMLOCK },
    { "Cannot allocate memory", NULL, MEMLOCK },
    { "AF_PACKET", NULL,
      "it takes CAP_NET_RAW: run it with sudo; null: ring: memif: pcap: need no rights" },
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

/* The package that has the driver of a device: "net_tap0", "net_tap_vitrine0". */
static void package_of(const char *device, char *package, size_t size)
{
    const char *ours = strstr(device, "_vitrine");
    size_t len = ours != NULL ? (size_t)(ours - device) : strlen(device);
    while (ours == NULL && len > 0 && device[len - 1] >= '0' && device[len - 1] <= '9')
        len--;
    bool is_vdev = strncmp(device, "net_", 4) == 0;
    snprintf(package, size, "librte-net-%.*s", is_vdev ? (int)len - 4 : 0, device + 4 * is_vdev);
    for (char *c = package; *c != '\0'; c++)
        *c = *c == '_' ? '-' : *c;
}

/* Says what was logged since @p mark. */
static int did_not_come_up(const struct vtr_device *dev, const struct vtr_spec *spec, uint64_t mark,
                           int rc, struct vtr_error *err)
{
    char line[160], package[96], hint[sizeof err->hint] = "";
    const char *why = line;
    vtr_eal_said_(mark, line, sizeof line);
    package_of(dev->name, package, sizeof package);
    for (int i = 0; hint[0] == '\0' && i < KNOWN; i++)
        if (strstr(line, known[i].line) != NULL) {
            snprintf(hint, sizeof hint, known[i].hint, package);
            why = known[i].means != NULL ? known[i].means : line;
        }
    if (line[0] == '\0')
        why = "it did not come up and does not say why";
    if (line[0] == '\0' && strcmp(dev->bus, "pci") == 0) {
        snprintf(hint, sizeof hint, NO_DRIVER, package);
        why = "no driver of DPDK's that is installed takes it";
    }
    if (hint[0] == '\0')
        snprintf(hint, sizeof hint, "%s",
                 spec->scheme == VTR_SCHEME_VDEV
                     ? "doc.dpdk.org/guides/nics/  has the options of each driver"
                     : "vitrine doctor  says what works here");
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
    int rc = rte_eal_hotplug_add(dev->bus, dev->name, args);
    if (rc == 0 && rte_eth_dev_get_port_by_name(dev->name, &id) != 0) {
        rte_eal_hotplug_remove(dev->bus, dev->name);
        rc = -ENODEV;
    }
    return rc == 0 ? 0 : did_not_come_up(dev, spec, mark, rc, err);
}

/* The longest MTU up to what frames of @p frame_bytes need. */
static uint16_t mtu_for(const struct rte_eth_dev_info *info, unsigned frame_bytes)
{
    uint32_t mtu = frame_bytes - VTR_BESIDE_MTU, max = info->max_mtu;
    uint32_t overhead = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
    if (info->max_mtu != UINT16_MAX && info->max_rx_pktlen > info->max_mtu)
        overhead = info->max_rx_pktlen - info->max_mtu;
    if (info->max_rx_pktlen > overhead && info->max_rx_pktlen - overhead < max)
        max = info->max_rx_pktlen - overhead;
    mtu = mtu < max ? mtu : max;
    return (uint16_t)(mtu > info->min_mtu ? mtu : info->min_mtu);
}

static int check_frame(const struct vtr_device *dev, const struct vtr_spec *spec,
                       const struct vtr_device_opts *opts, struct vtr_error *err)
{
    uint32_t most = mtu_for(&dev->info, opts->frame_bytes) + (uint32_t)VTR_BESIDE_MTU;
    if (dev->driver->plain && most > VTR_PLAIN_FRAME_MAX)
        most = VTR_PLAIN_FRAME_MAX;
    if (dev->driver->any_length || opts->frame_max != 0 || opts->frame_bytes <= most ||
        opts->frame_bytes <= RTE_ETHER_MAX_LEN)
        return 0;
    return vtr_spec_fail_(spec, err, EINVAL, NULL,
                          "opts.frame_bytes is %u, of which %s takes at most %u", opts->frame_bytes,
                          dev->info.driver_name, most);
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
    opts->room = opts->room > dev->driver->room ? opts->room : dev->driver->room;
    return check_frame(dev, spec, opts, err);
}

static const uint64_t rx_sums =
    RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM;
static const uint64_t tx_sums =
    RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM;
static const uint64_t rss_types = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_TCP |
                                  RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_IPV6 |
                                  RTE_ETH_RSS_NONFRAG_IPV6_TCP | RTE_ETH_RSS_NONFRAG_IPV6_UDP;

static void choose_offloads(const struct vtr_device *dev, const struct vtr_device_opts *opts,
                            struct rte_eth_conf *conf)
{
    uint64_t rx = RTE_ETH_RX_OFFLOAD_SCATTER, tx = RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
    if (!dev->driver->software) {
        rx |= rx_sums;
        tx |= tx_sums | RTE_ETH_TX_OFFLOAD_VLAN_INSERT;
        tx |= dev->driver->no_tso ? 0 : RTE_ETH_TX_OFFLOAD_TCP_TSO;
        conf->rx_adv_conf.rss_conf.rss_hf = dev->info.flow_type_rss_offloads & rss_types;
    }
    rx |= opts->strip_vlan ? RTE_ETH_RX_OFFLOAD_VLAN_STRIP : 0;
    if (conf->rx_adv_conf.rss_conf.rss_hf != 0) {
        conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        rx |= RTE_ETH_RX_OFFLOAD_RSS_HASH;
    }
    conf->rxmode.offloads = dev->info.rx_offload_capa & rx;
    conf->txmode.offloads = dev->info.tx_offload_capa & tx;
}

static int configure(struct vtr_device *dev, const struct vtr_device_opts *opts)
{
    struct rte_eth_conf conf = { 0 };
    conf.rxmode.mtu = mtu_for(&dev->info, opts->frame_bytes);
    conf.intr_conf.rxq = dev->driver->interrupts || strcmp(dev->bus, "pci") == 0;
    conf.intr_conf.lsc = dev->info.if_index == 0 && (*dev->info.dev_flags & RTE_ETH_DEV_INTR_LSC);
    conf.intr_conf.rmv = (*dev->info.dev_flags & RTE_ETH_DEV_INTR_RMV) != 0;
    choose_offloads(dev, opts, &conf);
    int rc = rte_eth_dev_configure(dev->id, (uint16_t)opts->queues, (uint16_t)opts->queues, &conf);
    if (rc != 0)
        return rc;
    dev->rx_offloads = conf.rxmode.offloads;
    dev->tx_offloads = conf.txmode.offloads;
    rc = dev->driver->borrows ? 0 : rte_eth_dev_set_mtu(dev->id, conf.rxmode.mtu);
    return rc == -ENOTSUP ? 0 : rc;
}

static int start(struct vtr_device *dev, const struct vtr_device_opts *opts,
                 struct rte_mempool *const *rx)
{
    uint16_t rx_descs = (uint16_t)opts->rx_descs, tx_descs = (uint16_t)opts->tx_descs;
    int rc = configure(dev, opts);
    if (rc == 0)
        rc = rte_eth_dev_adjust_nb_rx_tx_desc(dev->id, &rx_descs, &tx_descs);
    for (unsigned q = 0; rc == 0 && q < opts->queues; q++)
        rc = rte_eth_rx_queue_setup(dev->id, (uint16_t)q, rx_descs,
                                    (unsigned)rte_eth_dev_socket_id(dev->id), NULL, rx[q]);
    for (unsigned q = 0; rc == 0 && q < opts->queues; q++)
        rc = rte_eth_tx_queue_setup(dev->id, (uint16_t)q, tx_descs,
                                    (unsigned)rte_eth_dev_socket_id(dev->id), NULL);
    return rc == 0 ? rte_eth_dev_start(dev->id) : rc;
}

int vtr_device_start_(struct vtr_device *dev, const struct vtr_spec *spec,
                      const struct vtr_device_opts *opts, struct rte_mempool *const *rx,
                      struct vtr_error *err)
{
    uint64_t mark = vtr_eal_mark_();
    struct vtr_plain_sockets before;
    if (!dev->driver->plain) {
        int rc = start(dev, opts, rx);
        return rc == 0 ? 0 : did_not_come_up(dev, spec, mark, rc, err);
    }
    vtr_plain_hush_(true);
    vtr_plain_sockets_(&before, NULL);
    int rc = start(dev, opts, rx);
    vtr_plain_sockets_(&dev->sockets, &before);
    vtr_plain_hush_(false);
    return rc == 0 ? 0 : did_not_come_up(dev, spec, mark, rc, err);
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
    vtr_plain_hush_(dev->driver != NULL && dev->driver->plain);
    if (rte_eth_dev_get_port_by_name(dev->name, &id) == 0) {
        if (strncmp(dev->name, "net_ring", 8) == 0 && rte_eth_dev_info_get(id, &info) == 0)
            drain_rings(id, info.nb_rx_queues);
        rte_eth_dev_stop(id);
        rte_eth_dev_close(id);
    }
    if (dev->name[0] != '\0')
        rte_eal_hotplug_remove(dev->bus, dev->name);
    vtr_plain_sockets_close_(&dev->sockets);
    vtr_plain_hush_(false);
}

uint32_t vtr_device_rx_flags_(const struct vtr_device *dev)
{
    uint64_t on = dev->rx_offloads;
    return (on & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM ? VTR_PKT_L3_GOOD | VTR_PKT_L3_BAD : 0) |
           (on & (rx_sums ^ RTE_ETH_RX_OFFLOAD_IPV4_CKSUM) ? VTR_PKT_L4_GOOD | VTR_PKT_L4_BAD : 0) |
           (on & RTE_ETH_RX_OFFLOAD_RSS_HASH ? VTR_PKT_HASH : 0) |
           (on & RTE_ETH_RX_OFFLOAD_VLAN_STRIP ? VTR_PKT_VLAN : 0);
}

uint32_t vtr_device_tx_flags_(const struct vtr_device *dev)
{
    uint64_t on = dev->tx_offloads;
    return (on & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM ? VTR_PKT_TX_IP_SUM : 0) |
           (on & RTE_ETH_TX_OFFLOAD_TCP_CKSUM ? VTR_PKT_TX_TCP_SUM : 0) |
           (on & RTE_ETH_TX_OFFLOAD_UDP_CKSUM ? VTR_PKT_TX_UDP_SUM : 0) |
           (on & RTE_ETH_TX_OFFLOAD_TCP_TSO ? VTR_PKT_TX_CUT : 0) |
           (on & RTE_ETH_TX_OFFLOAD_VLAN_INSERT ? VTR_PKT_TX_VLAN : 0);
}

uint32_t vtr_device_frame_max_(const struct vtr_device *dev)
{
    uint16_t mtu = RTE_ETHER_MTU;
    if (dev->driver->any_length)
        return UINT32_MAX;
    rte_eth_dev_get_mtu(dev->id, &mtu);
    return mtu + (uint32_t)VTR_BESIDE_MTU;
}
