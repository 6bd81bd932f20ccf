/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Which addresses a port listens to. On an interface of the kernel that the port shares with it, a
 * packet socket of ours holds the addresses: the kernel counts who wants which, and lets go when
 * the process is killed. Elsewhere the driver is asked.
 */
#include "port/ports.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

static bool hears_all(const struct vtr_port *port)
{
    return vtr_port_is_memif_(port) || port->dev.driver->hears_all;
}

static int fail(const struct vtr_port *port, struct vtr_error *err, int rc, const char *what)
{
    if (rc == -ENOTSUP || rc == -ENOSYS)
        return vtr_error_set_(err, ENOTSUP,
                              hears_all(port) ? "it always receives all that there is" : NULL,
                              "port '%s': %s: not with %s", port->shown, what,
                              port->dev.info.driver_name);
    if (vtr_port_is_gone_(port) || rc == -ENODEV || rc == -EIO)
        return vtr_error_set_(err, ENODEV, NULL, "port '%s': %s: its device is gone", port->shown,
                              what);
    return vtr_error_set_(err, -rc, NULL, "port '%s': %s: %s", port->shown, what, strerror(-rc));
}

static int join(int fd, unsigned iface, unsigned short type, const uint8_t *group)
{
    struct packet_mreq m = { .mr_ifindex = (int)iface, .mr_type = type };
    if (group != NULL) {
        m.mr_alen = 6;
        memcpy(m.mr_address, group, 6);
    }
    int rc = setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof m);
    return rc == 0 ? 0 : -errno;
}

/* Puts a socket that holds groups[0..n) in the place of one; without groups, one member of the
 * type if n is 1. All or nothing. */
static int hold(struct vtr_port *port, int *held, unsigned short type, const uint8_t (*groups)[6],
                unsigned n)
{
    int fd = -1, rc = 0;
    if (n != 0) {
        fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); /* of no protocol: it hears nothing */
        rc = fd < 0 ? -errno : 0;
    }
    for (unsigned i = 0; i < n && rc == 0; i++)
        rc = join(fd, port->happenings.iface, type, groups != NULL ? groups[i] : NULL);
    int over = rc == 0 ? *held : fd;
    if (rc == 0)
        *held = fd;
    if (over >= 0)
        close(over);
    return rc;
}

static int set_mode(struct vtr_port *port, enum vtr_hold which, bool on)
{
    bool all = which == VTR_HOLD_ALL;
    if (vtr_port_is_gone_(port))
        return -ENODEV;
    if (hears_all(port))
        return on ? 0 : -ENOTSUP;
    if (port->happenings.iface != 0)
        return hold(port, &port->happenings.hold[which],
                    all ? PACKET_MR_PROMISC : PACKET_MR_ALLMULTI, NULL, on);
    if (all)
        return on ? rte_eth_promiscuous_enable(port->id) : rte_eth_promiscuous_disable(port->id);
    return on ? rte_eth_allmulticast_enable(port->id) : rte_eth_allmulticast_disable(port->id);
}

int vtr_port_promiscuous(struct vtr_port *port, bool on, struct vtr_error *err)
{
    int rc = set_mode(port, VTR_HOLD_ALL, on);
    return rc == 0 ? 0 : fail(port, err, rc, "promiscuous mode");
}

int vtr_port_allmulticast(struct vtr_port *port, bool on, struct vtr_error *err)
{
    int rc = set_mode(port, VTR_HOLD_MULTICAST, on);
    return rc == 0 ? 0 : fail(port, err, rc, "all multicast");
}

static int set_groups(struct vtr_port *port, const uint8_t (*groups)[6], unsigned n)
{
    VTR_STATIC_ASSERT(sizeof(struct rte_ether_addr) == sizeof groups[0], "six bytes each");
    struct rte_ether_addr *copy = NULL;
    if (vtr_port_is_gone_(port))
        return -ENODEV;
    for (unsigned i = 0; i < n; i++)
        if ((groups[i][0] & 1) == 0)
            return -EINVAL;
    if (hears_all(port))
        return 0;
    if (port->happenings.iface != 0)
        return hold(port, &port->happenings.hold[VTR_HOLD_GROUPS], PACKET_MR_MULTICAST, groups, n);
    if (n != 0 && (copy = vtr_memory_alloc_(n * sizeof *copy, 1)) == NULL)
        return -ENOMEM;
    if (n != 0)
        memcpy(copy, groups, n * sizeof *copy);
    int rc = rte_eth_dev_set_mc_addr_list(port->id, copy, n);
    vtr_memory_free_(copy);
    return rc;
}

int vtr_port_multicast(struct vtr_port *port, const uint8_t (*groups)[6], unsigned n,
                       struct vtr_error *err)
{
    int rc = set_groups(port, groups, n);
    return rc == 0 ? 0 : fail(port, err, rc, "multicast groups");
}
