/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * DPDK's environment (EAL): started once in a process, on the first port, and never ended.
 * Owner: the process; a forked child has none and can get none.
 * Threads: any, under the lock that serialises opening and closing ports.
 */
#ifndef VITRINE_PORT_EAL_H
#define VITRINE_PORT_EAL_H

#include <vitrine/base.h>

/**
 * Starts EAL unless it runs: without hugepages, configuration files and PCI devices, in a thread of
 * its own, since it narrows the affinity of the thread that starts it. Telemetry is on where its
 * socket can be made (runtime.h).
 * @return 0, or a negative errno with @p err filled; a start that failed stays failed.
 */
int vtr_eal_start_(struct vtr_error *err);

/** @return where the log of DPDK is now, for vtr_eal_said_(). */
uint64_t vtr_eal_mark_(void);

/** The first line logged since @p mark without its prefix; "" if there is none. */
void vtr_eal_said_(uint64_t mark, char *line, size_t size);

#endif
