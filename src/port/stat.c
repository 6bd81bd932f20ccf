/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What a port has moved and dropped, and what it is.
 */
#include "port/ports.h"

#include <string.h>

static uint64_t read_count(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED); /* O: a statistic */
}

static void add_queues(const struct vtr_port *port, struct vtr_port_stat *out)
{
    for (unsigned q = 0; q < port->queues; q++) {
        const struct vtr_rxq *rx = &port->rxq[q];
        const struct vtr_txq *tx = &port->txq[q];
        out->rx_pkts += read_count(&rx->pkts);
        out->rx_bytes += read_count(&rx->bytes);
        out->tx_pkts += read_count(&tx->pkts);
        out->tx_bytes += read_count(&tx->bytes);
        out->tx_full += read_count(&tx->full);
        out->rx_copies += read_count(&rx->copies);
        out->tx_copies += read_count(&tx->copies);
        out->tx_software += read_count(&tx->software);
        out->drop[VTR_DROP_RX_NO_BLOCK] += read_count(&rx->no_block);
        out->drop[VTR_DROP_RX_ERROR] += read_count(&rx->error);
        out->drop[VTR_DROP_TX_EMPTY] += read_count(&tx->empty);
        out->drop[VTR_DROP_TX_LONG] += read_count(&tx->too_long);
        out->drop[VTR_DROP_TX_SEGS] += read_count(&tx->too_many);
        out->drop[VTR_DROP_TX_HEADERS] += read_count(&tx->headers);
        out->drop[VTR_DROP_TX_NO_BLOCK] += read_count(&tx->no_block);
    }
}

static void add_driver(const struct vtr_port *port, struct vtr_port_stat *out)
{
    struct rte_eth_stats now;
    if (vtr_port_is_memif_(port) || rte_eth_stats_get(port->id, &now) != 0)
        return;
    out->drop[VTR_DROP_RX_NO_BLOCK] += now.rx_nombuf - port->before.rx_nombuf;
    out->drop[VTR_DROP_RX_FULL] += now.imissed - port->before.imissed;
    out->drop[VTR_DROP_RX_ERROR] += now.ierrors - port->before.ierrors;
    if (!port->dev.driver->retries_counted)
        out->drop[VTR_DROP_TX_ERROR] += now.oerrors - port->before.oerrors;
}

void vtr_port_stat(struct vtr_port *port, struct vtr_port_stat *out)
{
    memset(out, 0, sizeof *out);
    add_queues(port, out);
    add_driver(port, out);
    for (unsigned i = 0; i < VTR_DROP_REASONS; i++)
        out->drops += out->drop[i];
}

/* A port that ends: whether each queue has. */
static bool ended(const struct vtr_port *port)
{
    unsigned q = 0;
    while (port->ends && q < port->queues &&
           __atomic_load_n(&port->rxq[q].ended, __ATOMIC_RELAXED)) /* O: a status */
        q++;
    return q == port->queues;
}

void vtr_port_info(struct vtr_port *port, struct vtr_port_info *out)
{
    struct rte_ether_addr mac = { { 0 } };
    memset(out, 0, sizeof *out);
    if (vtr_port_is_memif_(port))
        memcpy(mac.addr_bytes, port->memif.mac, sizeof mac.addr_bytes);
    else
        rte_eth_macaddr_get(port->id, &mac);
    out->driver = port->dev.info.driver_name;
    memcpy(out->mac, mac.addr_bytes, sizeof out->mac);
    out->queues = (uint8_t)port->queues;
    out->link_up = vtr_port_link_is_up_(port);
    out->tx_copies = port->dev.driver->copies;
    out->rx_ended = ended(port);
    out->rx_flags = port->rx_flags;
    out->tx_flags = port->tx_flags;
    out->frame_bytes = port->frame_max;
    out->segments = port->seg_max;
}

const char *vtr_drop_name(enum vtr_drop reason)
{
    static const char *const names[VTR_DROP_REASONS] = {
        [VTR_DROP_RX_NO_BLOCK] = "rx_no_block", [VTR_DROP_RX_FULL] = "rx_full",
        [VTR_DROP_RX_ERROR] = "rx_error",       [VTR_DROP_TX_EMPTY] = "tx_empty",
        [VTR_DROP_TX_LONG] = "tx_long",         [VTR_DROP_TX_SEGS] = "tx_segs",
        [VTR_DROP_TX_ERROR] = "tx_error",       [VTR_DROP_TX_HEADERS] = "tx_headers",
        [VTR_DROP_TX_NO_BLOCK] = "tx_no_block",
    };
    return (unsigned)reason < VTR_DROP_REASONS ? names[reason] : NULL;
}
