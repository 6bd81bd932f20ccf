/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The folder that DPDK makes for a process, PREFIX being "vtr-PID": /var/run/dpdk/PREFIX for root,
 * $XDG_RUNTIME_DIR/dpdk/PREFIX or /tmp/dpdk/PREFIX for others. The telemetry socket is in it, and
 * nothing else. It goes when the process exits; what a killed one left goes when the next begins.
 * Owner: the process. Threads: one.
 */
#ifndef VITRINE_PORT_RUNTIME_H
#define VITRINE_PORT_RUNTIME_H

#include <vitrine/base.h>

/** @param prefix filled with this process's, "vtr-PID". */
void vtr_runtime_prefix_(char *prefix, size_t size);

/** Removes what killed processes left. */
void vtr_runtime_sweep_(void);

/** @return whether the telemetry socket can be made; a DPDK that fails at it does not start. */
bool vtr_runtime_has_telemetry_(const char *prefix);

#endif
