/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Telemetry: what heaps hold and ports move, for dpdk-telemetry.py -f vtr-PID and exporters.
 *
 *   /vitrine/heaps     the numbers of the open heaps
 *   /vitrine/heap,N    vtr_heap_stat() of one
 *   /vitrine/leaks     of each heap that something refers to: how much of it from where
 *   /vitrine/ports     the numbers of the open ports, which are those of /ethdev/list too
 *   /vitrine/port,N    vtr_port_stat() and vtr_port_info() of one
 *
 * Owner: nobody. Threads: answers are given in threads of DPDK's, while ports and heaps come and
 * go.
 */
#ifndef VITRINE_PORT_TELEMETRY_H
#define VITRINE_PORT_TELEMETRY_H

#include "port/ports.h"

/** Registers the commands. Once a process. @return 0 or a negative errno. */
int vtr_telemetry_register_(void);

/** A port is open, and will close. Under the lock that serialises that. */
void vtr_telemetry_add_(struct vtr_port *port);
void vtr_telemetry_remove_(struct vtr_port *port);

#endif
