/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What happens to a port. A memif and a ring say so themselves. Of an interface of the kernel, the
 * kernel tells, by netlink, for any driver alike; of hardware, its driver.
 */
#include "port/ports.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

void vtr_port_happened_(struct vtr_port *port, unsigned events)
{
    const uint64_t one = 1;
    struct vtr_happenings *h = &port->happenings;
    if (h->fd >= 0 && h->pending == 0)
        (void)!write(h->fd, &one, sizeof one);
    h->pending |= events;
}

unsigned vtr_port_events(struct vtr_port *port)
{
    uint64_t count;
    struct vtr_happenings *h = &port->happenings;
    vtr_lookout_lock_();
    unsigned events = h->pending;
    h->pending = 0;
    if (h->fd >= 0 && events != 0)
        (void)!read(h->fd, &count, sizeof count);
    vtr_lookout_unlock_();
    return events;
}

static void link_is(struct vtr_port *port, bool up)
{
    if (__atomic_exchange_n(&port->up, up, __ATOMIC_RELAXED) != up) /* O: a status */
        vtr_port_happened_(port, up ? VTR_PORT_UP : VTR_PORT_DOWN);
}

static void is_gone(struct vtr_port *port)
{
    if (port->gone != 0)
        return;
    link_is(port, false);
    __atomic_store_n(&port->gone, 1, __ATOMIC_RELAXED); /* O: a status */
    vtr_port_happened_(port, VTR_PORT_GONE);
}

static bool is_running(unsigned flags)
{
    return (flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
}

/* What the interface is now. */
static void ask(struct vtr_port *port)
{
    struct ifreq ifr = { 0 };
    int fd = port->happenings.watch.fd;
    if (if_indextoname(port->happenings.iface, ifr.ifr_name) == NULL)
        is_gone(port);
    else if (ioctl(fd, SIOCGIFFLAGS, &ifr) == 0)
        link_is(port, is_running((unsigned short)ifr.ifr_flags));
}

/* Whether an interface only leaves the namespace, and works on. */
static bool moves_away(struct nlmsghdr *h)
{
    int left = (int)IFLA_PAYLOAD(h);
    for (struct rtattr *a = IFLA_RTA(NLMSG_DATA(h)); RTA_OK(a, left); a = RTA_NEXT(a, left))
        if (a->rta_type == IFLA_NEW_NETNSID)
            return true;
    return false;
}

static void hear_about(struct vtr_port *port, struct nlmsghdr *h)
{
    const struct ifinfomsg *info = NLMSG_DATA(h);
    if (h->nlmsg_len < NLMSG_LENGTH(sizeof *info) ||
        info->ifi_index != (int)port->happenings.iface || info->ifi_family != AF_UNSPEC)
        return;
    if (h->nlmsg_type == RTM_NEWLINK)
        link_is(port, is_running(info->ifi_flags));
    else if (h->nlmsg_type == RTM_DELLINK && !moves_away(h))
        is_gone(port);
}

static void hear_netlink(void *arg)
{
    struct vtr_port *port = arg;
    _Alignas(struct nlmsghdr) char bytes[16384];
    struct sockaddr_nl from;
    socklen_t len = sizeof from;
    ssize_t n = recvfrom(port->happenings.watch.fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_TRUNC,
                         (struct sockaddr *)&from, &len);
    if ((n < 0 && errno == ENOBUFS) || n > (ssize_t)sizeof bytes) {
        ask(port); /* something was lost */
        return;
    }
    if (n <= 0 || from.nl_pid != 0)
        return;
    unsigned left = (unsigned)n;
    for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)bytes; NLMSG_OK(h, left);
         h = NLMSG_NEXT(h, left))
        hear_about(port, h);
}

static int netlink_open(struct vtr_port *port)
{
    struct sockaddr_nl at = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    int rc = fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ? -errno : 0;
    if (rc == 0)
        rc = vtr_lookout_add_(&port->happenings.watch, fd, hear_netlink, port);
    if (rc == 0)
        ask(port);
    else if (fd >= 0)
        close(fd);
    port->happenings.pending = 0; /* what it was before is no event */
    return rc;
}

/* Hardware, from EAL's interrupt thread. */
static int hear_device(uint16_t id, enum rte_eth_event_type type, void *arg, void *ret)
{
    struct vtr_port *port = arg;
    struct rte_eth_link link = { 0 };
    vtr_lookout_lock_();
    if (type == RTE_ETH_EVENT_INTR_RMV)
        is_gone(port);
    else if (rte_eth_link_get_nowait(id, &link) == 0)
        link_is(port, link.link_status != 0);
    vtr_lookout_unlock_();
    return 0;
}

static const enum rte_eth_event_type of_hardware[] = { RTE_ETH_EVENT_INTR_LSC,
                                                       RTE_ETH_EVENT_INTR_RMV };
enum { OF_HARDWARE = sizeof of_hardware / sizeof of_hardware[0] };

static int hardware_open(struct vtr_port *port)
{
    int rc = 0;
    struct rte_eth_link link = { 0 };
    port->up = rte_eth_link_get_nowait(port->id, &link) == 0 && link.link_status != 0;
    for (int i = 0; i < OF_HARDWARE && rc == 0; i++)
        rc = rte_eth_dev_callback_register(port->id, of_hardware[i], hear_device, port);
    return rc;
}

int vtr_port_look_out_(struct vtr_port *port)
{
    if (port->wake == VTR_WAKE_RING || vtr_port_is_memif_(port))
        return 0;
    port->happenings.iface = port->dev.info.if_index;
    if (port->happenings.iface == 0)
        return hardware_open(port);
    vtr_lookout_lock_();
    int rc = netlink_open(port);
    vtr_lookout_unlock_();
    return rc;
}

void vtr_port_look_away_(struct vtr_port *port)
{
    if (port->wake != VTR_WAKE_RING && !vtr_port_is_memif_(port) && port->happenings.iface == 0)
        for (int i = 0; i < OF_HARDWARE; i++)
            while (rte_eth_dev_callback_unregister(port->id, of_hardware[i], hear_device, port) ==
                   -EAGAIN)
                ;
    vtr_lookout_lock_();
    if (port->happenings.watch.number != 0) {
        vtr_lookout_remove_(&port->happenings.watch);
        close(port->happenings.watch.fd);
    }
    for (int i = 0; i < VTR_HOLDS; i++)
        if (port->happenings.hold[i] >= 0)
            close(port->happenings.hold[i]);
    vtr_bell_end_(port);
    vtr_lookout_unlock_();
}

bool vtr_port_link_is_up_(struct vtr_port *port)
{
    struct rte_eth_link link = { 0 };
    if (port->wake == VTR_WAKE_RING)
        return vtr_pair_up_(port->pair);
    if (vtr_port_is_memif_(port))
        return vtr_memif_up_(&port->memif);
    if (port->happenings.iface != 0)
        return __atomic_load_n(&port->up, __ATOMIC_RELAXED) != 0; /* O: a status */
    return !vtr_port_is_gone_(port) && rte_eth_link_get_nowait(port->id, &link) == 0 &&
           link.link_status != 0;
}
