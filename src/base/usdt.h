/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Probes for bpftrace, perf and SystemTap (USDT): an instruction that does nothing, and a note of
 * where it is and where its arguments are. They are there where <sys/sdt.h> is (Debian:
 * systemtap-sdt-dev) and VTR_NO_PROBES is not defined. `bpftrace -l 'usdt:libvitrine-net.so:*'`
 *
 * libvitrine      heap_limit  name, errno, blocks     the heap refused blocks
 *                 seal        handle, bytes           vtr_data_copy() has made a block
 *                 last_unref  handle                  this process's last handle is ended
 * libvitrine-net  port_open   port, name
 *                 port_close  port
 *                 rx          port, queue, packets    a call has received so many
 *                 tx          port, queue, packets, of so many
 *                 drop        port, queue, reason (enum vtr_drop), bytes
 *
 * What is inlined into programs has none: counting up, and sealing a vtr_buf. Nor has what every
 * packet passes: in release builds last_unref tells of handles that others had counted beside,
 * in debug builds of all.
 */
#ifndef VITRINE_BASE_USDT_H
#define VITRINE_BASE_USDT_H

#if __has_include(<sys/sdt.h>) && !defined VTR_NO_PROBES
#include <sys/sdt.h>
#define VTR_PROBE1(name, a) DTRACE_PROBE1(vitrine, name, a)
#define VTR_PROBE2(name, a, b) DTRACE_PROBE2(vitrine, name, a, b)
#define VTR_PROBE3(name, a, b, c) DTRACE_PROBE3(vitrine, name, a, b, c)
#define VTR_PROBE4(name, a, b, c, d) DTRACE_PROBE4(vitrine, name, a, b, c, d)
#else
#define VTR_PROBE1(name, a) ((void)(a))
#define VTR_PROBE2(name, a, b) ((void)(a), (void)(b))
#define VTR_PROBE3(name, a, b, c) ((void)(a), (void)(b), (void)(c))
#define VTR_PROBE4(name, a, b, c, d) ((void)(a), (void)(b), (void)(c), (void)(d))
#endif

/* Where each packet comes by. */
#ifdef VTR_DEBUG
#define VTR_PROBE_DEBUG1(name, a) VTR_PROBE1(name, a)
#else
#define VTR_PROBE_DEBUG1(name, a) ((void)(a))
#endif

#endif
