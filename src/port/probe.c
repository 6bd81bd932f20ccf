/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * One function a port type: what can be seen to be wrong is said before the driver is asked, which
 * mostly says "failed".
 */
#include "port/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "heap/block.h"
#include "port/netif.h"
#include "port/pcap.h"
#include "port/pci.h"

enum { ARGS_MAX = 640 };

unsigned vtr_setup_room_(const struct vtr_setup *s)
{
    uint32_t block = vtr_class_bytes_((unsigned)vtr_class_for_(s->headroom + s->dev.room));
    uint32_t room = block - s->headroom;
    return room < VTR_SEG_BYTES_MAX ? room : VTR_SEG_BYTES_MAX;
}

/* net_null copies "size" bytes into whatever room there is. */
static int check_null(struct vtr_setup *s)
{
    unsigned long size = vtr_spec_number_(&s->spec, "size", 64);
    if (size > vtr_setup_room_(s))
        return vtr_spec_fail_(&s->spec, s->err, EINVAL, "raise opts.frame_bytes",
                              "size=%lu is more than a frame's %u bytes", size, vtr_setup_room_(s));
    if (vtr_spec_number_(&s->spec, "copy", 0) && vtr_spec_number_(&s->spec, "no-rx", 0))
        return vtr_spec_fail_(&s->spec, s->err, EINVAL, NULL, "copy=1 and no-rx=1 exclude another");
    return 0;
}

static int probe_named(struct vtr_port *port, struct vtr_setup *s, const char *driver,
                       const char *args)
{
    static unsigned made;
    snprintf(port->dev.name, sizeof port->dev.name, "%s_vitrine%u", driver, made++);
    return vtr_device_probe_(&port->dev, &s->spec, args, s->err);
}

static int probe_null(struct vtr_port *port, struct vtr_setup *s)
{
    int rc = check_null(s);
    return rc != 0 ? rc : probe_named(port, s, "net_null", s->spec.args);
}

/* @return the more of the descriptors asked for, or else the driver's. */
static unsigned most_descs(const struct vtr_setup *s, const char *driver)
{
    unsigned descs = vtr_driver_of_(driver)->descs;
    unsigned rx = s->dev.rx_descs != 0 ? s->dev.rx_descs : descs;
    unsigned tx = s->dev.tx_descs != 0 ? s->dev.tx_descs : descs;
    return rx > tx ? rx : tx;
}

static int probe_memif(struct vtr_port *port, struct vtr_setup *s)
{
    const struct vtr_memif_opts opts = { s->dev.queues, most_descs(s, "net_memif"),
                                         s->dev.frame_bytes, s->headroom };
    return vtr_memif_claim_(&port->memif, &s->spec, &opts, s->err);
}

static int probe_ring(struct vtr_port *port, struct vtr_setup *s)
{
    const struct vtr_driver *ring = vtr_driver_of_("net_ring");
    int rc = vtr_pair_open_(
        &s->spec, s->dev.queues, s->dev.rx_descs != 0 ? s->dev.rx_descs : ring->descs,
        s->dev.tx_descs != 0 ? s->dev.tx_descs : ring->descs, &port->pair, &port->side, s->err);
    if (rc != 0)
        return rc;
    rc = vtr_pair_device_(port->pair, port->side, port->dev.name, sizeof port->dev.name);
    if (rc == 0)
        return 0;
    vtr_pair_close_(port->pair, port->side);
    return vtr_spec_fail_(&s->spec, s->err, -rc, NULL, "cannot make its device: %s", strerror(-rc));
}

static int probe_pcap(struct vtr_port *port, struct vtr_setup *s)
{
    char args[ARGS_MAX];
    const char *in = s->spec.target, *out = s->spec.args;
    int rc = vtr_pcap_check_(&s->spec, s->err);
    if (rc != 0)
        return rc;
    if (s->dev.queues > 1)
        return vtr_spec_fail_(&s->spec, s->err, EINVAL, "net_pcap0,rx_pcap=A,rx_pcap=B has two",
                              "a capture file is one queue");
    snprintf(args, sizeof args, "%s%s%s%s%s", in[0] != '\0' ? "rx_pcap=" : "", in,
             in[0] != '\0' && out[0] != '\0' ? "," : "", out[0] != '\0' ? "tx_pcap=" : "", out);
    port->ends = true;
    return probe_named(port, s, "net_pcap", args);
}

static int probe_tap(struct vtr_port *port, struct vtr_setup *s)
{
    char args[ARGS_MAX];
    int rc = vtr_netif_check_tap_(&s->spec, s->err);
    if (rc != 0)
        return rc;
    snprintf(args, sizeof args, "iface=%s%s%s", s->spec.target, s->spec.args[0] != '\0' ? "," : "",
             s->spec.args);
    return probe_named(port, s, "net_tap", args);
}

/* The ring that net_af_packet shares with the kernel: TPACKET_V2 (packet_mmap in the kernel's
 * documentation). The driver takes a slot's place for its number times its size, so that slots fill
 * blocks, which are of whole pages, without a gap; and a slot for what a received frame may have.
 */
enum {
    SLOT_ALIGN = 64, /* a block is 64 slots, so it is of whole pages */
    SLOT_RX_HEAD = 66,
    SLOT_TX_HEAD = 32,
    SLOT_MAX = (VTR_SEG_BYTES_MAX + SLOT_TX_HEAD) / SLOT_ALIGN * SLOT_ALIGN,
    SLOTS_BYTES = 8 << 20, /* of a direction, unless descriptors are asked for */
};

static unsigned slot_bytes(unsigned frame_bytes)
{
    unsigned slot = (frame_bytes + SLOT_RX_HEAD + SLOT_ALIGN - 1) / SLOT_ALIGN * SLOT_ALIGN;
    return slot < SLOT_MAX ? slot : SLOT_MAX;
}

static unsigned slot_count(const struct vtr_setup *s, unsigned slot)
{
    unsigned most = SLOTS_BYTES / slot, descs = most_descs(s, "net_af_packet");
    if (s->dev.rx_descs == 0 && s->dev.tx_descs == 0 && descs > most)
        descs = most;
    return (descs + SLOT_ALIGN - 1) / SLOT_ALIGN * SLOT_ALIGN;
}

static int probe_af_packet(struct vtr_port *port, struct vtr_setup *s)
{
    char args[ARGS_MAX];
    int rc = vtr_netif_check_(&s->spec, s->err);
    if (rc != 0)
        return rc;
    if (s->dev.frame_bytes > SLOT_MAX - SLOT_RX_HEAD)
        return vtr_spec_fail_(
            &s->spec, s->err, EINVAL, NULL,
            "opts.frame_bytes is %u, of which packet sockets take at most %d here",
            s->dev.frame_bytes, SLOT_MAX - SLOT_RX_HEAD);
    unsigned wire = vtr_netif_mtu_(s->spec.target) + VTR_BESIDE_MTU;
    unsigned slot = slot_bytes(s->dev.frame_bytes > wire ? s->dev.frame_bytes : wire);
    s->dev.room = slot - SLOT_TX_HEAD;
    s->dev.frame_max = s->dev.room < wire ? s->dev.room : wire;
    snprintf(args, sizeof args, "iface=%s,qpairs=%u,framesz=%u,blocksz=%u,framecnt=%u%s%s",
             s->spec.target, s->dev.queues, slot, slot * SLOT_ALIGN, slot_count(s, slot),
             s->spec.args[0] != '\0' ? "," : "", s->spec.args);
    return probe_named(port, s, "net_af_packet", args);
}

static int probe_af_xdp(struct vtr_port *port, struct vtr_setup *s)
{
    char args[ARGS_MAX];
    int rc = vtr_netif_check_(&s->spec, s->err);
    if (rc != 0)
        return rc;
    snprintf(args, sizeof args, "iface=%s,queue_count=%u%s%s", s->spec.target, s->dev.queues,
             s->spec.args[0] != '\0' ? "," : "", s->spec.args);
    return probe_named(port, s, "net_af_xdp", args);
}

static int probe_pci(struct vtr_port *port, struct vtr_setup *s)
{
    int rc = vtr_pci_check_("", &s->spec, s->err);
    if (rc != 0)
        return rc;
    port->dev.bus = "pci";
    memcpy(port->dev.name, s->spec.target, sizeof port->dev.name - 1);
    rc = vtr_dma_open_(port->dev.name, s->heap, &s->spec, &port->dma, s->err);
    if (rc != 0)
        return rc;
    rc = vtr_device_probe_(&port->dev, &s->spec, s->spec.args, s->err);
    if (rc != 0)
        vtr_dma_close_(port->dma);
    return rc;
}

/* A string for DPDK. Drivers that need the port to know of their options get that. */
static int probe_vdev(struct vtr_port *port, struct vtr_setup *s)
{
    const char *driver = vtr_driver_of_(s->spec.device)->name;
    int rc = strcmp(driver, "net_null") == 0 ? check_null(s) : 0;
    if (strcmp(driver, "net_memif") == 0)
        s->dev.frame_max = (uint32_t)vtr_spec_number_(&s->spec, "bsize", 2048);
    if (strcmp(driver, "net_af_packet") == 0) {
        unsigned long slot = vtr_spec_number_(&s->spec, "framesz", 2048);
        s->dev.frame_max =
            slot > SLOT_TX_HEAD && slot <= SLOT_MAX ? (unsigned)slot - SLOT_TX_HEAD : 0;
        s->dev.room = s->dev.frame_max > s->dev.room ? s->dev.frame_max : s->dev.room;
    }
    port->ends = strcmp(driver, "net_pcap") == 0 && strstr(s->spec.args, "iface") == NULL &&
                 strstr(s->spec.args, "infinite_rx") == NULL;
    memcpy(port->dev.name, s->spec.device, sizeof port->dev.name);
    return rc != 0 ? rc : vtr_device_probe_(&port->dev, &s->spec, s->spec.args, s->err);
}

int vtr_probe_(struct vtr_port *port, struct vtr_setup *s)
{
    static int (*const probe[])(struct vtr_port *, struct vtr_setup *) = {
        [VTR_SCHEME_NULL] = probe_null,     [VTR_SCHEME_RING] = probe_ring,
        [VTR_SCHEME_MEMIF] = probe_memif,   [VTR_SCHEME_PCAP] = probe_pcap,
        [VTR_SCHEME_TAP] = probe_tap,       [VTR_SCHEME_AF_PACKET] = probe_af_packet,
        [VTR_SCHEME_AF_XDP] = probe_af_xdp, [VTR_SCHEME_PCI] = probe_pci,
        [VTR_SCHEME_VDEV] = probe_vdev,
    };
    port->dev.bus = "vdev";
    return probe[s->spec.scheme](port, s);
}

void vtr_unprobe_(struct vtr_port *port)
{
    vtr_device_end_(&port->dev);
    vtr_pair_close_(port->pair, port->side);
    if (port->memif.port != NULL)
        vtr_memif_close_(&port->memif);
    vtr_dma_close_(port->dma);
}
