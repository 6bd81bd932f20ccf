/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Opening and closing ports.
 */
#include "port/probe.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/usdt.h"
#include "heap/block.h"
#include "heap/foreign.h"
#include "port/eal.h"
#include "port/fence.h"
#include "port/telemetry.h"

enum { QUEUES_MAX = 64, DESCS_MAX = 32768, HEADROOM_MAX = 4096, FRAME_DEFAULT = 1518 };
enum { FRAME_MIN = 64, FRAME_MAX = VTR_SEG_BYTES_MAX };

/* EAL, the rings' names and the memif sockets are the process's. */
static pthread_mutex_t setup_lock = PTHREAD_MUTEX_INITIALIZER;

static int out_of_range(struct vtr_setup *s, const char *name, unsigned value, unsigned min,
                        unsigned max)
{
    if (value >= min && value <= max)
        return 0;
    return vtr_spec_fail_(&s->spec, s->err, EINVAL, NULL, "%s is %u, not %u to %u", name, value,
                          min, max);
}

/* Checks the options and fills in defaults; a caller built against an older header gives fewer. */
static int read_opts(struct vtr_setup *s, const struct vtr_port_opts *given)
{
    struct vtr_port_opts o = { 0 };
    if (given != NULL && (given->size < sizeof o.size || given->size > sizeof o))
        return vtr_spec_fail_(&s->spec, s->err, EINVAL, NULL,
                              "opts.size is %zu, not sizeof(struct vtr_port_opts)", given->size);
    if (given != NULL)
        memcpy(&o, given, given->size);
    s->dev.queues = o.queues != 0 ? o.queues : 1;
    s->dev.frame_bytes = o.frame_bytes != 0 ? o.frame_bytes : FRAME_DEFAULT;
    s->dev.room = s->dev.frame_bytes;
    s->dev.strip_vlan = o.strip_vlan;
    s->dev.rx_descs = o.rx_descs;
    s->dev.tx_descs = o.tx_descs;
    s->headroom = o.headroom > RTE_PKTMBUF_HEADROOM ? o.headroom : RTE_PKTMBUF_HEADROOM;
    unsigned descs_max = s->spec.scheme == VTR_SCHEME_MEMIF ? DESCS_MAX / 2 : DESCS_MAX;
    int rc = out_of_range(s, "opts.queues", s->dev.queues, 1, QUEUES_MAX);
    if (rc == 0)
        rc = out_of_range(s, "opts.rx_descs", o.rx_descs, 0, descs_max);
    if (rc == 0)
        rc = out_of_range(s, "opts.tx_descs", o.tx_descs, 0, descs_max);
    if (rc == 0)
        rc = out_of_range(s, "opts.frame_bytes", s->dev.frame_bytes, FRAME_MIN, FRAME_MAX);
    return rc != 0 ? rc : out_of_range(s, "opts.headroom", s->headroom, 0, HEADROOM_MAX);
}

static void racks_close(struct vtr_port *port)
{
    for (unsigned q = 0; q < port->queues; q++) {
        vtr_rack_close_(port->rxq[q].rack);
        vtr_rack_close_(port->txq[q].rack);
        vtr_plain_end_(&port->rxq[q].plain);
    }
}

/* The other end of a ring is told. */
static void pair_happened(struct vtr_port *port, unsigned event)
{
    struct vtr_port *other = port->pair != NULL ? vtr_pair_other_(port->pair, port->side) : NULL;
    if (other == NULL)
        return;
    vtr_lookout_lock_();
    vtr_port_happened_(other, event);
    vtr_lookout_unlock_();
}

/* Undoes probing and starting. */
static void undo(struct vtr_port *port)
{
    vtr_port_look_away_(port);
    if (port->opened)
        pair_happened(port, VTR_PORT_DOWN);
    vtr_unprobe_(port);
}

static int plain_create(struct vtr_port *port, struct vtr_setup *s)
{
    /* What the driver keeps to receive into, twice; both rings full, and bursts. The kernel keeps
     * 256 bytes before a frame, and takes no piece of less than 2048 bytes. */
    enum { FILL = 2048, BEFORE = 256, ROOM_MIN = 1792 };
    unsigned room = s->dev.frame_bytes + BEFORE;
    for (unsigned q = 0; q < port->queues; q++)
        if (!vtr_plain_create_(&port->rxq[q].plain, room > ROOM_MIN ? room : ROOM_MIN,
                               2 * FILL + s->dev.rx_descs + s->dev.tx_descs + 4 * VTR_BURST))
            return vtr_spec_fail_(&s->spec, s->err, ENOMEM, "lower queues, rx_descs or tx_descs",
                                  "no memory for its frames");
    return 0;
}

static int racks_create(struct vtr_port *port, struct vtr_setup *s)
{
    unsigned klass = (unsigned)vtr_class_for_(s->headroom + s->dev.room);
    for (unsigned q = 0; q < port->queues; q++) {
        /* What the driver holds, and a burst of frames in as many segments as an mbuf can count:
         * receiving never lacks headers, only blocks. */
        port->rxq[q].rack = vtr_rack_create_rx_(s->heap, klass, s->headroom,
                                                s->dev.rx_descs + VTR_BURST + UINT16_MAX,
                                                port->dma == NULL);
        port->txq[q].rack = vtr_rack_create_tx_(4 * s->dev.tx_descs + 4 * VTR_BURST);
        if (port->rxq[q].rack == NULL || port->txq[q].rack == NULL)
            return vtr_spec_fail_(&s->spec, s->err, ENOMEM, "lower queues, rx_descs or tx_descs",
                                  "no memory for packet headers");
        memcpy(port->rxq[q].rack->name, port->name, sizeof port->name);
    }
    return 0;
}

static void limits(struct vtr_port *port, const struct vtr_setup *s)
{
    const struct vtr_device *dev = &port->dev;
    uint32_t segs = dev->driver->segments, of_device = dev->info.tx_desc_lim.nb_seg_max;
    segs = of_device != 0 && of_device < segs ? of_device : segs;
    if (port->txq[0].rack != NULL && port->txq[0].rack->max < segs)
        segs = port->txq[0].rack->max;
    port->seg_max = (uint16_t)segs;
    port->id = dev->id;
    port->frame_max = s->dev.frame_max != 0 ? s->dev.frame_max : vtr_device_frame_max_(dev);
    if (dev->driver->plain && s->dev.frame_bytes < port->frame_max)
        port->frame_max = s->dev.frame_bytes;
    port->rx_flags = vtr_device_rx_flags_(dev);
    port->tx_flags = vtr_device_tx_flags_(dev);
    port->strips = s->dev.strip_vlan && (port->rx_flags & VTR_PKT_VLAN) == 0;
    port->rx_flags |= port->strips ? VTR_PKT_VLAN : 0;
}

/* What wakes its receivers. */
static enum vtr_wake wake_of(const struct vtr_port *port, const struct vtr_setup *s)
{
    const char *driver = port->dev.driver->name;
    if (port->pair != NULL)
        return VTR_WAKE_RING;
    if (strcmp(driver, "net_null") == 0 && vtr_spec_number_(&s->spec, "no-rx", 0) == 0)
        return VTR_WAKE_ALWAYS;
    if (strcmp(driver, "net_af_packet") == 0)
        return VTR_WAKE_SOCKET;
    bool interrupts = port->dev.driver->interrupts || strcmp(port->dev.bus, "pci") == 0;
    return interrupts ? VTR_WAKE_DEVICE : VTR_WAKE_NAP;
}

static int start_memif(struct vtr_port *port, struct vtr_setup *s)
{
    static uint16_t made;
    port->wake = VTR_WAKE_MEMIF;
    port->id = (uint16_t)(RTE_MAX_ETHPORTS + made++ % 1024); /* for people; none of DPDK's */
    port->dev.driver = vtr_driver_of_("net_memif");
    port->dev.info.driver_name = "memif";
    port->seg_max = UINT16_MAX;
    port->frame_max = port->memif.bytes;
    port->strips = s->dev.strip_vlan;
    port->rx_flags = port->strips ? VTR_PKT_VLAN : 0;
    return vtr_memif_open_(&port->memif, port, &s->spec, s->err);
}

static int start_device(struct vtr_port *port, struct vtr_setup *s)
{
    struct rte_mempool *rx[QUEUES_MAX];
    int rc = vtr_device_fit_(&port->dev, &s->spec, &s->dev, s->err);
    if (rc == 0)
        rc = port->dev.driver->plain ? plain_create(port, s) : racks_create(port, s);
    if (rc != 0)
        return rc;
    for (unsigned q = 0; q < port->queues; q++)
        rx[q] = port->dev.driver->plain ? port->rxq[q].plain.mp : port->rxq[q].rack->mp;
    rc = vtr_device_start_(&port->dev, &s->spec, &s->dev, rx, s->err);
    if (rc != 0)
        return rc;
    limits(port, s);
    port->wake = wake_of(port, s);
    rte_eth_stats_get(port->id, &port->before);
    rc = vtr_port_look_out_(port);
    return rc == 0 ? 0
                   : vtr_spec_fail_(&s->spec, s->err, -rc, NULL, "cannot watch its link: %s",
                                    strerror(-rc));
}

static int start(struct vtr_port *port, struct vtr_setup *s)
{
    int rc = s->spec.scheme == VTR_SCHEME_MEMIF ? start_memif(port, s) : start_device(port, s);
    if (rc != 0)
        return rc;
    port->opened = true;
    if (port->pair != NULL)
        vtr_pair_set_port_(port->pair, port->side, port);
    pair_happened(port, VTR_PORT_UP);
    return 0;
}

static struct vtr_port *port_new(unsigned queues)
{
    struct vtr_port *port = vtr_memory_zalloc_(sizeof *port, _Alignof(struct vtr_port));
    if (port == NULL)
        return NULL;
    port->queues = (uint16_t)queues;
    port->happenings.fd = -1;
    for (int i = 0; i < VTR_HOLDS; i++)
        port->happenings.hold[i] = -1;
    port->captured_last.size = sizeof port->captured_last;
    port->rxq = vtr_memory_zalloc_(queues * sizeof port->rxq[0], _Alignof(struct vtr_rxq));
    port->txq = vtr_memory_zalloc_(queues * sizeof port->txq[0], _Alignof(struct vtr_txq));
    for (unsigned q = 0; port->rxq != NULL && q < queues; q++)
        port->rxq[q].port = port;
    if (port->rxq != NULL && port->txq != NULL)
        return port;
    vtr_memory_free_(port->rxq);
    vtr_memory_free_(port->txq);
    vtr_memory_free_(port);
    return NULL;
}

static void port_free(struct vtr_port *port)
{
    vtr_memory_free_(port->rxq);
    vtr_memory_free_(port->txq);
    vtr_memory_free_(port);
}

static int open_locked(struct vtr_setup *s, struct vtr_port **out)
{
    int rc = vtr_eal_start_(s->err);
    if (rc != 0)
        return rc;
    vtr_fence_init_();
    struct vtr_port *port = port_new(s->dev.queues);
    if (port == NULL)
        return vtr_spec_fail_(&s->spec, s->err, ENOMEM, NULL, "no memory");
    memcpy(port->shown, s->spec.shown, sizeof port->shown);
    port->heap = s->heap;
    port->headroom = s->headroom;
    snprintf(port->name, sizeof port->name, "port %.58s", s->spec.shown);
    rc = vtr_probe_(port, s);
    if (rc == 0 && (rc = start(port, s)) != 0) {
        undo(port);
        racks_close(port);
    }
    if (rc != 0) {
        port_free(port);
        return rc;
    }
    vtr_telemetry_add_(port);
    VTR_PROBE2(port_open, port->id, port->shown);
    *out = port;
    return 0;
}

int vtr_port_open(struct vtr_heap *heap, const char *spec, const struct vtr_port_opts *opts,
                  struct vtr_port **out, struct vtr_error *err)
{
    struct vtr_setup s = { .heap = heap, .err = err };
    int rc = vtr_spec_parse_(spec, &s.spec, err);
    if (rc == 0)
        rc = read_opts(&s, opts);
    if (rc == 0)
        rc = vtr_lookout_start_(err); /* before the lock: in a child, nobody may let go of it */
    if (rc != 0)
        return rc;
    pthread_mutex_lock(&setup_lock);
    rc = open_locked(&s, out);
    pthread_mutex_unlock(&setup_lock);
    return rc;
}

int vtr_port_close(struct vtr_port *port)
{
    if (port == NULL)
        return 0;
    (void)vtr_port_capture_stop(port, NULL);
    vtr_foreign_hold_(); /* what lies in the port's rings ends under the lock */
    pthread_mutex_lock(&setup_lock);
    vtr_telemetry_remove_(port);
    VTR_PROBE1(port_close, port->id);
    undo(port);
    racks_close(port);
    pthread_mutex_unlock(&setup_lock);
    vtr_foreign_let_go_();
    port_free(port);
    return 0;
}
