/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Receive-side scaling, through ethdev.
 */
#include "port/ports.h"

#include <errno.h>
#include <string.h>

#include <vitrine/rss.h>

#include "base/error.h"

static const struct {
    uint32_t ours;
    uint64_t theirs;
} types[] = {
    { VTR_RSS_IPV4, RTE_ETH_RSS_IPV4 },
    { VTR_RSS_TCP4, RTE_ETH_RSS_NONFRAG_IPV4_TCP },
    { VTR_RSS_UDP4, RTE_ETH_RSS_NONFRAG_IPV4_UDP },
    { VTR_RSS_IPV6, RTE_ETH_RSS_IPV6 },
    { VTR_RSS_TCP6, RTE_ETH_RSS_NONFRAG_IPV6_TCP },
    { VTR_RSS_UDP6, RTE_ETH_RSS_NONFRAG_IPV6_UDP },
    { VTR_RSS_SCTP4, RTE_ETH_RSS_NONFRAG_IPV4_SCTP },
    { VTR_RSS_SCTP6, RTE_ETH_RSS_NONFRAG_IPV6_SCTP },
};
enum { TYPES = sizeof types / sizeof types[0] };

struct table {
    struct rte_eth_rss_reta_entry64 group[VTR_RSS_TABLE_MAX / RTE_ETH_RETA_GROUP_SIZE];
};

/* How many entries the device's table has; 0: none, or more than can be told. */
static uint16_t entries_of(const struct vtr_port *port)
{
    uint16_t size = port->dev.info.reta_size;
    return size <= VTR_RSS_TABLE_MAX ? size : 0;
}

/* Bytes of its key; ethdev's 0 stands for what nearly all devices have. */
static uint16_t key_of(const struct vtr_port *port)
{
    return port->dev.info.hash_key_size != 0 ? port->dev.info.hash_key_size : 40;
}

static void whole_table(struct table *t, uint16_t entries)
{
    memset(t, 0, sizeof *t);
    for (unsigned i = 0; i < entries; i++)
        t->group[i / RTE_ETH_RETA_GROUP_SIZE].mask |= UINT64_C(1) << i % RTE_ETH_RETA_GROUP_SIZE;
}

int vtr_port_rss(struct vtr_port *port, struct vtr_rss *out)
{
    struct vtr_rss rss = { .entries = entries_of(port) };
    struct rte_eth_rss_conf conf = { .rss_key = rss.key, .rss_key_len = sizeof rss.key };
    struct table t;
    whole_table(&t, rss.entries);
    if (rss.entries == 0 || key_of(port) > sizeof rss.key)
        return -ENOTSUP;
    int rc = rte_eth_dev_rss_hash_conf_get(port->id, &conf);
    if (rc == 0)
        rc = rte_eth_dev_rss_reta_query(port->id, t.group, rss.entries);
    if (rc != 0)
        return rc;
    for (int i = 0; i < TYPES; i++)
        rss.types |= conf.rss_hf & types[i].theirs ? types[i].ours : 0;
    rss.key_len = key_of(port);
    for (unsigned i = 0; i < rss.entries; i++)
        rss.queue[i] = t.group[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE];
    *out = rss;
    return 0;
}

static int refuse(const struct vtr_port *port, int code, const char *what, struct vtr_error *err)
{
    return vtr_error_set_(err, code, NULL, "port '%s': %s", port->shown, what);
}

static int check(const struct vtr_port *port, const struct vtr_rss *rss, struct vtr_error *err)
{
    const struct rte_eth_dev_info *info = &port->dev.info;
    uint32_t can = 0;
    for (int i = 0; i < TYPES; i++)
        can |= info->flow_type_rss_offloads & types[i].theirs ? types[i].ours : 0;
    if (entries_of(port) == 0 || port->dev.driver->software)
        return refuse(port, ENOTSUP, "the device does not spread frames by a table", err);
    if (rss->types & ~can)
        return refuse(port, EINVAL, "it cannot hash these fields", err);
    if (rss->key_len != 0 && rss->key_len != key_of(port))
        return refuse(port, EINVAL, "its key is of another length", err);
    if (rss->entries != 0 && rss->entries != entries_of(port))
        return refuse(port, EINVAL, "its table is of another length", err);
    for (unsigned i = 0; i < rss->entries; i++)
        if (rss->queue[i] >= port->queues)
            return refuse(port, EINVAL, "the table names a queue that is not there", err);
    return 0;
}

static int set_hash(const struct vtr_port *port, const struct vtr_rss *rss)
{
    uint8_t key[VTR_RSS_KEY_MAX];
    struct rte_eth_rss_conf conf = { .rss_key = key, .rss_key_len = sizeof key };
    int rc = rte_eth_dev_rss_hash_conf_get(port->id, &conf);
    if (rc != 0)
        return rc;
    conf.rss_key = NULL; /* as it is */
    conf.rss_key_len = 0;
    if (rss->key_len != 0) {
        memcpy(key, rss->key, rss->key_len);
        conf.rss_key = key;
        conf.rss_key_len = (uint8_t)rss->key_len;
    }
    for (int i = 0; rss->types != 0 && i < TYPES; i++) {
        conf.rss_hf &= ~types[i].theirs;
        conf.rss_hf |= rss->types & types[i].ours ? types[i].theirs : 0;
    }
    return rte_eth_dev_rss_hash_update(port->id, &conf);
}

static int set_table(const struct vtr_port *port, const struct vtr_rss *rss)
{
    struct table t;
    whole_table(&t, rss->entries);
    for (unsigned i = 0; i < rss->entries; i++)
        t.group[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE] = rss->queue[i];
    return rte_eth_dev_rss_reta_update(port->id, t.group, rss->entries);
}

int vtr_port_set_rss(struct vtr_port *port, const struct vtr_rss *rss, struct vtr_error *err)
{
    int rc = check(port, rss, err);
    if (rc != 0)
        return rc;
    if (rss->types != 0 || rss->key_len != 0)
        rc = set_hash(port, rss);
    if (rc == 0 && rss->entries != 0)
        rc = set_table(port, rss);
    return rc == 0 ? 0 : refuse(port, -rc, strerror(-rc), err);
}
