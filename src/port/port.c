/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Opening and closing ports.
 */
#include "port/ports.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "heap/block.h"
#include "heap/foreign.h"
#include "port/eal.h"
#include "port/fence.h"

enum { QUEUES_MAX = 64, DESCS_MAX = 32768, HEADROOM_MAX = 4096, FRAME_DEFAULT = 1518 };
enum { FRAME_MIN = 64, FRAME_MAX = VTR_SEG_BYTES_MAX };

/* EAL, the rings' names and the memif sockets are the process's. */
static pthread_mutex_t setup_lock = PTHREAD_MUTEX_INITIALIZER;

struct setup {
    struct vtr_heap *heap;
    struct vtr_spec spec;
    struct vtr_device_opts dev;
    unsigned headroom;
    struct vtr_error *err;
};

static int out_of_range(struct setup *s, const char *name, unsigned value, unsigned min,
                        unsigned max)
{
    if (value >= min && value <= max)
        return 0;
    return vtr_spec_fail_(&s->spec, s->err, EINVAL, NULL, "%s is %u, not %u to %u", name, value,
                          min, max);
}

/* Checks the options and fills in defaults; a caller built against an older header gives fewer. */
static int read_opts(struct setup *s, const struct vtr_port_opts *given)
{
    struct vtr_port_opts o = { 0 };
    if (given != NULL && (given->size < sizeof o.size || given->size > sizeof o))
        return vtr_spec_fail_(&s->spec, s->err, EINVAL, NULL,
                              "opts.size is %zu, not sizeof(struct vtr_port_opts)", given->size);
    if (given != NULL)
        memcpy(&o, given, given->size);
    s->dev.queues = o.queues != 0 ? o.queues : 1;
    s->dev.frame_bytes = o.frame_bytes != 0 ? o.frame_bytes : FRAME_DEFAULT;
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

/* Bytes that a received segment may have, at most what fits the block and an mbuf. */
static unsigned segment_room(const struct setup *s)
{
    uint32_t block = vtr_class_bytes_((unsigned)vtr_class_for_(s->headroom + s->dev.frame_bytes));
    uint32_t room = block - s->headroom;
    return room < VTR_SEG_BYTES_MAX ? room : VTR_SEG_BYTES_MAX;
}

/* net_null copies "size" bytes into whatever room there is. */
static int check_null(struct setup *s)
{
    unsigned long size = vtr_spec_number_(&s->spec, "size", 64);
    if (size > segment_room(s))
        return vtr_spec_fail_(&s->spec, s->err, EINVAL, "raise opts.frame_bytes",
                              "size=%lu is more than a frame's %u bytes", size, segment_room(s));
    if (vtr_spec_number_(&s->spec, "copy", 0) && vtr_spec_number_(&s->spec, "no-rx", 0))
        return vtr_spec_fail_(&s->spec, s->err, EINVAL, NULL, "copy=1 and no-rx=1 exclude another");
    return 0;
}

static int probe_named(struct vtr_port *port, struct setup *s, const char *scheme, const char *args)
{
    static unsigned made;
    snprintf(port->dev.name, sizeof port->dev.name, "%s_vitrine%u", scheme, made++);
    return vtr_device_probe_(&port->dev, &s->spec, args, s->err);
}

static int probe_memif(struct vtr_port *port, struct setup *s)
{
    const struct vtr_driver *memif = vtr_driver_of_("net_memif");
    unsigned rx = s->dev.rx_descs != 0 ? s->dev.rx_descs : memif->descs;
    unsigned tx = s->dev.tx_descs != 0 ? s->dev.tx_descs : memif->descs;
    const struct vtr_memif_opts opts = { s->dev.queues, rx > tx ? rx : tx, s->dev.frame_bytes,
                                         s->headroom };
    return vtr_memif_claim_(&port->memif, &s->spec, &opts, s->err);
}

static int probe_ring(struct vtr_port *port, struct setup *s)
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

static int probe_vdev(struct vtr_port *port, struct setup *s)
{
    memcpy(port->dev.name, s->spec.device, sizeof port->dev.name);
    return vtr_device_probe_(&port->dev, &s->spec, s->spec.args, s->err);
}

static int probe(struct vtr_port *port, struct setup *s)
{
    bool null = s->spec.scheme == VTR_SCHEME_NULL ||
                (s->spec.scheme == VTR_SCHEME_VDEV &&
                 strcmp(vtr_driver_of_(s->spec.device)->name, "net_null") == 0);
    int rc = null ? check_null(s) : 0;
    if (rc != 0)
        return rc;
    switch (s->spec.scheme) {
    case VTR_SCHEME_NULL:
        return probe_named(port, s, "net_null", s->spec.args);
    case VTR_SCHEME_RING:
        return probe_ring(port, s);
    case VTR_SCHEME_MEMIF:
        return probe_memif(port, s);
    default:
        return probe_vdev(port, s);
    }
}

static void racks_close(struct vtr_port *port)
{
    for (unsigned q = 0; q < port->queues; q++) {
        vtr_rack_close_(port->rxq[q].rack);
        vtr_rack_close_(port->txq[q].rack);
    }
}

/* The other end of a ring is told. */
static void pair_happened(struct vtr_port *port, unsigned event)
{
    struct vtr_port *other = port->pair != NULL ? vtr_pair_other_(port->pair, port->side) : NULL;
    if (other == NULL)
        return;
    vtr_watch_lock_();
    vtr_port_happened_(other, event);
    vtr_watch_unlock_();
}

/* Undoes probe() and what came of it. */
static void unprobe(struct vtr_port *port)
{
    vtr_port_look_away_(port);
    vtr_device_end_(&port->dev);
    if (port->opened)
        pair_happened(port, VTR_PORT_DOWN);
    vtr_pair_close_(port->pair, port->side);
    if (port->memif.port != NULL)
        vtr_memif_close_(&port->memif);
}

static int racks_create(struct vtr_port *port, struct setup *s)
{
    unsigned klass = (unsigned)vtr_class_for_(s->headroom + s->dev.frame_bytes);
    for (unsigned q = 0; q < port->queues; q++) {
        /* What the driver holds, and a burst of frames in as many segments as an mbuf can count:
         * receiving never lacks headers, only blocks. */
        port->rxq[q].rack = vtr_rack_create_rx_(s->heap, klass, s->headroom,
                                                s->dev.rx_descs + VTR_BURST + UINT16_MAX);
        port->txq[q].rack = vtr_rack_create_tx_(4 * s->dev.tx_descs + 4 * VTR_BURST);
        if (port->rxq[q].rack == NULL || port->txq[q].rack == NULL)
            return vtr_spec_fail_(&s->spec, s->err, ENOMEM, "lower queues, rx_descs or tx_descs",
                                  "no memory for packet headers");
        snprintf(port->rxq[q].rack->name, sizeof port->rxq[q].rack->name, "port %.58s",
                 s->spec.shown);
    }
    return 0;
}

static void limits(struct vtr_port *port, const struct setup *s)
{
    uint32_t segs = port->dev.driver->segments, of_device = port->dev.info.tx_desc_lim.nb_seg_max;
    uint32_t of_rack = port->txq[0].rack->max;
    segs = of_device != 0 && of_device < segs ? of_device : segs;
    port->seg_max = (uint16_t)(of_rack < segs ? of_rack : segs);
    port->id = port->dev.id;
    port->frame_max = vtr_device_frame_max_(&port->dev);
    if (strcmp(port->dev.driver->name, "net_memif") == 0)
        port->frame_max = (uint32_t)vtr_spec_number_(&s->spec, "bsize", 2048);
}

/* What wakes its receivers. */
static enum vtr_wake wake_of(const struct vtr_port *port, const struct setup *s)
{
    const char *driver = port->dev.driver->name;
    if (port->pair != NULL)
        return VTR_WAKE_RING;
    if (strcmp(driver, "net_null") == 0 && vtr_spec_number_(&s->spec, "no-rx", 0) == 0)
        return VTR_WAKE_ALWAYS;
    if (strcmp(driver, "net_af_packet") == 0)
        return VTR_WAKE_SOCKET;
    return port->dev.driver->interrupts ? VTR_WAKE_DEVICE : VTR_WAKE_NAP;
}

static int start_memif(struct vtr_port *port, struct setup *s)
{
    port->wake = VTR_WAKE_MEMIF;
    port->id = RTE_MAX_ETHPORTS; /* none */
    port->dev.driver = vtr_driver_of_("net_memif");
    port->dev.info.driver_name = "memif";
    port->seg_max = UINT16_MAX;
    port->frame_max = port->memif.bytes;
    return vtr_memif_open_(&port->memif, port, s->heap, &s->spec, s->err);
}

static int start_device(struct vtr_port *port, struct setup *s)
{
    struct vtr_rack *rx[QUEUES_MAX];
    int rc = vtr_device_fit_(&port->dev, &s->spec, &s->dev, s->err);
    if (rc == 0)
        rc = racks_create(port, s);
    if (rc != 0)
        return rc;
    for (unsigned q = 0; q < port->queues; q++)
        rx[q] = port->rxq[q].rack;
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

static int start(struct vtr_port *port, struct setup *s)
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

static int open_locked(struct setup *s, struct vtr_port **out)
{
    int rc = vtr_watch_start_(s->err);
    if (rc == 0 && s->spec.scheme != VTR_SCHEME_MEMIF)
        rc = vtr_eal_start_(s->err);
    if (rc != 0)
        return rc;
    vtr_fence_init_();
    struct vtr_port *port = port_new(s->dev.queues);
    if (port == NULL)
        return vtr_spec_fail_(&s->spec, s->err, ENOMEM, NULL, "no memory");
    memcpy(port->shown, s->spec.shown, sizeof port->shown);
    rc = probe(port, s);
    if (rc == 0 && (rc = start(port, s)) != 0) {
        unprobe(port);
        racks_close(port);
    }
    if (rc != 0) {
        port_free(port);
        return rc;
    }
    *out = port;
    return 0;
}

int vtr_port_open(struct vtr_heap *heap, const char *spec, const struct vtr_port_opts *opts,
                  struct vtr_port **out, struct vtr_error *err)
{
    struct setup s = { .heap = heap, .err = err };
    int rc = vtr_spec_parse_(spec, &s.spec, err);
    if (rc == 0)
        rc = read_opts(&s, opts);
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
    unprobe(port);
    racks_close(port);
    pthread_mutex_unlock(&setup_lock);
    vtr_foreign_let_go_();
    port_free(port);
    return 0;
}
