/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The echo on plain mbufs, over a net_null of its own.
 */
#include "core/mbuf_pool.h"

#include <rte_dev.h>
#include <rte_ethdev.h>

#define NULL_NAME "net_null_plain"
enum { DESCS = 512, BURST_MAX = 64 };

int mbufs_null_open(struct mbufs *m)
{
    struct rte_eth_conf conf = { 0 };
    m->burst = BURST_MAX;
    m->port = RTE_MAX_ETHPORTS;
    int rc = rte_eal_hotplug_add("vdev", NULL_NAME, "size=64,copy=0");
    if (rc == 0)
        rc = rte_eth_dev_get_port_by_name(NULL_NAME, &m->port);
    if (rc == 0)
        rc = rte_eth_dev_configure(m->port, 1, 1, &conf);
    if (rc == 0)
        rc = rte_eth_rx_queue_setup(m->port, 0, DESCS, SOCKET_ID_ANY, NULL, m->pool);
    if (rc == 0)
        rc = rte_eth_tx_queue_setup(m->port, 0, DESCS, SOCKET_ID_ANY, NULL);
    return rc == 0 ? rte_eth_dev_start(m->port) : rc;
}

void mbufs_null_close(struct mbufs *m)
{
    if (!rte_eth_dev_is_valid_port(m->port))
        return;
    rte_eth_dev_stop(m->port);
    rte_eth_dev_close(m->port);
    rte_eal_hotplug_remove("vdev", NULL_NAME);
}

uint64_t mbuf_echo(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    uint16_t port = s->mbufs->port, burst = (uint16_t)s->mbufs->burst;
    struct rte_mbuf *m[BURST_MAX];
    for (uint64_t done = 0; done < n;) {
        uint16_t got = rte_eth_rx_burst(port, 0, m, burst);
        for (uint16_t i = 0; i < got; i++) {
            uint16_t len = rte_pktmbuf_data_len(m[i]);
            if (len >= CORE_HEADER)
                core_turn(rte_pktmbuf_mtod(m[i], uint8_t *));
            sum += len;
        }
        for (uint16_t sent = 0; sent < got;)
            sent = (uint16_t)(sent + rte_eth_tx_burst(port, 0, m + sent, (uint16_t)(got - sent)));
        done += got;
    }
    return sum;
}
