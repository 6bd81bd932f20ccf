/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What happens to a port besides packets: its link goes and comes, its device is taken away,
 * nothing arrives for a while; and which addresses it listens to. In libvitrine-net.
 *
 * A loop that sleeps when nothing comes; fd beside whatever else it waits for:
 *
 *     n = vtr_port_rx(port, 0, pkts, 64);
 *     if (n == 0 && vtr_port_arm(port, 0) == 0) {
 *         n = vtr_port_rx(port, 0, pkts, 64);   // what came before it was armed
 *         if (n == 0)
 *             poll(&(struct pollfd){ fd, POLLIN }, 1, -1);
 *         vtr_port_disarm(port, 0);
 *     }
 *     if (vtr_port_events(port) & VTR_PORT_GONE) ...
 *
 * vtr_port_rx_wait() is that for a program with nothing else to wait for.
 *
 * port            the descriptor becomes readable                  events
 * ring            when the other end sends                         UP DOWN: of the other end
 * memif           when the other end rings (*)                     UP DOWN
 * tap, hardware   when the device says so; if its driver cannot,   UP DOWN GONE
 *                 after a nap, as all others
 * af_packet       when the interface receives (*)                  UP DOWN GONE
 * null            always: there always are packets                 none
 * all others      after a nap: 50 us, doubled up to 2 ms each      of an interface all, else none
 *                 time that nothing came
 * and for all of them while an event waits to be taken.
 *
 * (*) and in vain 1 ms after it was armed, 2 ms and so on up to 64 ms, as long as nothing comes: a
 * peer that is not ours, such as net_memif, orders its stores too weakly to see at once that it is
 * to ring, and a frame may pass the socket that we listen with while the driver has not got it.
 */
#ifndef VITRINE_LINK_H
#define VITRINE_LINK_H

#include <vitrine/port.h>

VTR_BEGIN_DECLS

/** What happens to a port. */
enum vtr_port_event {
    VTR_PORT_UP = 1u << 0,   /**< the link came */
    VTR_PORT_DOWN = 1u << 1, /**< the link went */
    /** The device is not there any more and will not come back: nothing is received, nothing
     * accepted to be sent. The port can only be closed. */
    VTR_PORT_GONE = 1u << 2,
};

/**
 * Takes the events of a port.
 * @return bits of enum vtr_port_event that happened since the last call, or since it was opened;
 *         UP and DOWN together if it did both: @ref vtr_port_info.link_up says what is now.
 * Threads: any; each event is taken by one. Cost: a lock and perhaps a system call; not for every
 * packet.
 */
VTR_API VTR_COLD unsigned vtr_port_events(struct vtr_port *port);

/**
 * The descriptor to wait for a queue with, by poll(), select(), epoll or io_uring.
 * @return borrowed until the port is closed, the same each time; or a negative errno: -EMFILE and
 *         so on, if none can be made. Do not read from it.
 * Threads: as vtr_port_rx().
 */
VTR_API VTR_COLD VTR_MUST_USE int vtr_port_fd(struct vtr_port *port, unsigned queue);

/**
 * Asks that the descriptor becomes readable when packets may have arrived. Look once more with
 * vtr_port_rx() before sleeping: what arrived earlier does not make it readable.
 * @return 0, or a negative errno as vtr_port_fd().
 * Threads: as vtr_port_rx(). Cost: system calls; while it is armed, one for the sender too.
 */
VTR_API VTR_COLD VTR_MUST_USE int vtr_port_arm(struct vtr_port *port, unsigned queue);

/** Takes that back, and what made the descriptor readable but events. Not armed is allowed. */
VTR_API VTR_COLD void vtr_port_disarm(struct vtr_port *port, unsigned queue);

/**
 * vtr_port_rx() that sleeps while there is nothing.
 * @param wait_ms  at most; -1: without end.
 * @return as vtr_port_rx(); 0 when the time is over, a signal was handled or an event waits to be
 *         taken by vtr_port_events(), or if there is no descriptor to wait for.
 */
VTR_API VTR_MUST_USE unsigned vtr_port_rx_wait(struct vtr_port *port, unsigned queue,
                                               struct vtr_pkt *pkts, unsigned n, int wait_ms);

/**
 * Asks for all frames of the network, not only those to the port's address, to broadcast and to
 * multicast groups that are listened to. Ports begin with whatever their device does.
 * null, ring, memif, tap and pcap receive all that there is, and cannot be asked for less.
 * @return 0, -ENOTSUP (not with this driver), -ENODEV (gone), or another negative errno, with
 *         @p err filled; it may be NULL.
 * Threads: as vtr_port_info().
 */
VTR_API VTR_COLD int vtr_port_promiscuous(struct vtr_port *port, bool on, struct vtr_error *err);

/** The same for all frames to multicast groups. */
VTR_API VTR_COLD int vtr_port_allmulticast(struct vtr_port *port, bool on, struct vtr_error *err);

/**
 * The multicast groups whose frames are received, in place of those of the last call.
 * @param groups  groups[0..n) of 6 bytes, each with the lowest bit of the first byte set; copied.
 * @return as vtr_port_promiscuous(); -EINVAL (not a group), -ENOSPC (more than the device takes).
 */
VTR_API VTR_COLD int vtr_port_multicast(struct vtr_port *port, const uint8_t (*groups)[6],
                                        unsigned n, struct vtr_error *err);

VTR_END_DECLS
#endif
