/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Bells: what is in each queue's epoll, and arming it. All but the device's own descriptor is
 * edge-triggered: nothing has to be read from it, by which a peer could hold us up.
 */
#include "port/ports.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "port/fence.h"

/* How long to sleep where nothing wakes, and where something may have failed to: doubled each time
 * that nothing came. */
enum { NAP_NS = 50000, NAP_MAX_NS = 2000000, MISSED_NS = 1000000, MISSED_MAX_NS = 64000000 };

static int attach(int epoll, int op, int fd, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.fd = fd };
    return epoll_ctl(epoll, op, fd, &event) == 0 ? 0 : -errno;
}

static void close_if(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* A packet socket sees a frame of its length, or none. */
static int filter(int fd, uint32_t len)
{
    struct sock_filter verdict = BPF_STMT(BPF_RET | BPF_K, len);
    struct sock_fprog program = { 1, &verdict };
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0 ? 0 : -errno;
}

/* A socket on the port's interface, deaf until it is armed. */
static int socket_open(unsigned iface)
{
    const int on = 1, least = 1;
    struct sockaddr_ll at = { .sll_family = AF_PACKET,
                              .sll_protocol = htons(ETH_P_ALL),
                              .sll_ifindex = (int)iface };
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int rc = filter(fd, 0);
    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
    if (rc == 0 && bind(fd, (struct sockaddr *)&at, sizeof at) != 0)
        rc = -errno;
    if (rc != 0)
        close(fd);
    return rc != 0 ? rc : fd;
}

/* @return the descriptor of what wakes the queue, ours or the driver's; -1: there is none but the
 * timer and the peer's; below that a negative errno. */
static int source_open(struct vtr_port *port, unsigned queue)
{
    int fd = -1;
    switch (port->wake) {
    case VTR_WAKE_ALWAYS:
        fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
        return fd >= 0 ? fd : -errno;
    case VTR_WAKE_SOCKET:
        return socket_open(port->happenings.iface);
    case VTR_WAKE_DEVICE:
        return rte_eth_dev_rx_intr_ctl_q_get_fd(port->id, (uint16_t)queue);
    case VTR_WAKE_RING:
        return vtr_pair_bell_(port->pair, port->side, queue);
    default:
        return -1;
    }
}

static bool owns_source(const struct vtr_port *port)
{
    return port->wake == VTR_WAKE_ALWAYS || port->wake == VTR_WAKE_SOCKET;
}

static void bell_free(const struct vtr_port *port, struct vtr_bell *bell)
{
    close_if(bell->fd);
    close_if(bell->timer);
    if (owns_source(port))
        close_if(bell->source);
    vtr_memory_free_(bell);
}

/* What is attached without events waits for vtr_port_arm(). */
static int bell_attach(struct vtr_port *port, struct vtr_bell *bell)
{
    bool edge = port->wake == VTR_WAKE_RING || port->wake == VTR_WAKE_SOCKET;
    int rc = attach(bell->fd, EPOLL_CTL_ADD, bell->timer, EPOLLIN | EPOLLET);
    if (rc == 0)
        rc = attach(bell->fd, EPOLL_CTL_ADD, port->happenings.fd, EPOLLIN);
    if (rc == 0 && bell->source >= 0)
        rc = attach(bell->fd, EPOLL_CTL_ADD, bell->source, edge ? EPOLLIN | EPOLLET : EPOLLONESHOT);
    return rc;
}

static int bell_open(struct vtr_port *port, unsigned queue, struct vtr_bell *bell)
{
    bell->fd = epoll_create1(EPOLL_CLOEXEC);
    bell->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (port->happenings.fd < 0)
        port->happenings.fd = eventfd(port->happenings.pending != 0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (bell->fd < 0 || bell->timer < 0 || port->happenings.fd < 0)
        return -errno;
    bell->source = source_open(port, queue);
    return bell->source < -1 ? bell->source : bell_attach(port, bell);
}

static int bell_make(struct vtr_port *port, unsigned queue)
{
    struct vtr_bell *bell = vtr_memory_zalloc_(sizeof *bell, _Alignof(struct vtr_bell));
    if (bell == NULL)
        return -ENOMEM;
    bell->fd = bell->timer = bell->source = -1;
    int rc = bell_open(port, queue, bell);
    if (rc != 0) {
        bell_free(port, bell);
        return rc;
    }
    port->rxq[queue].bell = bell;
    if (vtr_port_is_memif_(port) && port->memif.up != NULL)
        vtr_bell_add_(port, queue, port->memif.up->rx[queue].fd);
    return 0;
}

int vtr_port_fd(struct vtr_port *port, unsigned queue)
{
    vtr_check(queue < port->queues);
    struct vtr_rxq *q = &port->rxq[queue];
    if (q->bell != NULL)
        return q->bell->fd;
    vtr_lookout_lock_();
    int rc = bell_make(port, queue);
    vtr_lookout_unlock_();
    return rc != 0 ? rc : q->bell->fd;
}

static void timer_set(const struct vtr_bell *bell, long ns)
{
    const struct itimerspec once = { .it_value = { 0, ns } };
    timerfd_settime(bell->timer, 0, &once, NULL);
}

void vtr_bell_wake_(const struct vtr_port *port, unsigned queue)
{
    if (port->rxq[queue].bell != NULL)
        timer_set(port->rxq[queue].bell, 1);
}

void vtr_bell_add_(struct vtr_port *port, unsigned queue, int fd)
{
    struct vtr_bell *bell = port->rxq[queue].bell;
    if (bell != NULL && fd >= 0)
        (void)attach(bell->fd, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET);
}

void vtr_bell_forget_(struct vtr_port *port, unsigned queue, int fd)
{
    struct vtr_bell *bell = port->rxq[queue].bell;
    if (bell != NULL && fd >= 0)
        (void)attach(bell->fd, EPOLL_CTL_DEL, fd, 0);
}

void vtr_bell_end_(struct vtr_port *port)
{
    for (unsigned q = 0; q < port->queues; q++)
        if (port->rxq[q].bell != NULL) {
            bell_free(port, port->rxq[q].bell);
            port->rxq[q].bell = NULL;
        }
    close_if(port->happenings.fd);
    port->happenings.fd = -1;
}

static void nap(struct vtr_bell *bell, uint64_t pkts, uint32_t least_ns, uint32_t most_ns)
{
    uint32_t longer = bell->nap_ns * 2 < most_ns ? bell->nap_ns * 2 : most_ns;
    bell->nap_ns = bell->heard == pkts && bell->nap_ns != 0 ? longer : least_ns;
    bell->heard = pkts;
    timer_set(bell, bell->nap_ns);
}

/* Edges that nobody waits for any more. */
static void forget_edges(const struct vtr_bell *bell)
{
    struct epoll_event event[8];
    (void)epoll_wait(bell->fd, event, sizeof event / sizeof event[0], 0);
}

/* @return whether the device says when frames come: not all drivers have interrupts. */
static bool device_arm(const struct vtr_port *port, unsigned queue, const struct vtr_bell *bell)
{
    int rc = rte_eth_dev_rx_intr_enable(port->id, (uint16_t)queue);
    bool enabled = rc == 0 || port->dev.driver->interrupts; /* a tap's needs it not */
    return enabled && attach(bell->fd, EPOLL_CTL_MOD, bell->source, EPOLLIN | EPOLLONESHOT) == 0;
}

static void arm(struct vtr_port *port, unsigned queue, struct vtr_bell *bell)
{
    uint64_t pkts = port->rxq[queue].pkts;
    switch (port->wake) {
    case VTR_WAKE_RING:
        vtr_pair_sleep_(port->pair, port->side, queue, true);
        break;
    case VTR_WAKE_MEMIF:
        if (vtr_memif_arm_(port, queue, true))
            nap(bell, pkts, MISSED_NS, MISSED_MAX_NS);
        break;
    case VTR_WAKE_SOCKET:
        (void)filter(bell->source, 1); /* a frame may be on its way past it */
        nap(bell, pkts, MISSED_NS, MISSED_MAX_NS);
        break;
    case VTR_WAKE_DEVICE:
        if (!device_arm(port, queue, bell))
            nap(bell, pkts, NAP_NS, NAP_MAX_NS);
        break;
    case VTR_WAKE_ALWAYS:
        (void)attach(bell->fd, EPOLL_CTL_MOD, bell->source, EPOLLIN | EPOLLONESHOT);
        break;
    default:
        nap(bell, pkts, NAP_NS, NAP_MAX_NS);
    }
}

int vtr_port_arm(struct vtr_port *port, unsigned queue)
{
    int fd = vtr_port_fd(port, queue);
    if (fd < 0)
        return fd;
    forget_edges(port->rxq[queue].bell);
    if (!vtr_port_is_gone_(port))
        arm(port, queue, port->rxq[queue].bell);
    return 0;
}

/* A bell that rang keeps what came; the frames themselves are the driver's. */
static void drain(int fd)
{
    char byte;
    for (int i = 0; i < 64 && recv(fd, &byte, sizeof byte, 0) >= 0; i++)
        ;
}

static void disarm(struct vtr_port *port, unsigned queue, const struct vtr_bell *bell)
{
    switch (port->wake) {
    case VTR_WAKE_RING:
        vtr_pair_sleep_(port->pair, port->side, queue, false);
        break;
    case VTR_WAKE_MEMIF:
        (void)vtr_memif_arm_(port, queue, false);
        break;
    case VTR_WAKE_SOCKET:
        (void)filter(bell->source, 0);
        drain(bell->source);
        break;
    case VTR_WAKE_DEVICE:
        (void)rte_eth_dev_rx_intr_disable(port->id, (uint16_t)queue);
        (void)attach(bell->fd, EPOLL_CTL_MOD, bell->source, EPOLLONESHOT);
        break;
    case VTR_WAKE_ALWAYS:
        (void)attach(bell->fd, EPOLL_CTL_MOD, bell->source, EPOLLONESHOT);
        break;
    default:
        break;
    }
    timer_set(bell, 0);
}

void vtr_port_disarm(struct vtr_port *port, unsigned queue)
{
    vtr_check(queue < port->queues);
    const struct vtr_bell *bell = port->rxq[queue].bell;
    if (bell == NULL)
        return;
    if (!vtr_port_is_gone_(port))
        disarm(port, queue, bell);
    forget_edges(bell);
}

/* @return whether to look again: the descriptor is readable, and not for an event alone. */
static bool rung(const struct vtr_port *port, unsigned queue, int wait_ms)
{
    const struct vtr_bell *bell = port->rxq[queue].bell;
    struct pollfd p[2] = { { .fd = bell->fd, .events = POLLIN },
                           { .fd = port->happenings.fd, .events = POLLIN } };
    return poll(p, 2, wait_ms) > 0 && p[1].revents == 0;
}

static int left_ms(const struct timespec *until)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t ns = (until->tv_sec - now.tv_sec) * INT64_C(1000000000) + until->tv_nsec - now.tv_nsec;
    return ns > 0 ? (int)((ns + 999999) / 1000000) : 0;
}

unsigned vtr_port_rx_wait(struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts, unsigned n,
                          int wait_ms)
{
    struct timespec until;
    unsigned got = vtr_port_rx(port, queue, pkts, n);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += wait_ms % 1000 * 1000000L;
    for (bool again = true; again && got == 0 && wait_ms != 0;) {
        if (vtr_port_arm(port, queue) != 0)
            return 0;
        got = vtr_port_rx(port, queue, pkts, n);
        again = got == 0 && rung(port, queue, wait_ms);
        vtr_port_disarm(port, queue);
        if (again)
            got = vtr_port_rx(port, queue, pkts, n);
        if (wait_ms > 0)
            wait_ms = left_ms(&until);
    }
    return got;
}
