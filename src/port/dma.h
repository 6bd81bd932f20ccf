/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_dma: what the device of a port may reach, by way of the IOMMU. An address that a device is
 * given (IOVA) is the process's own, so mbufs need no translation; what is not mapped the device
 * cannot touch.
 *
 *   heaps that the port receives into   the writable view, to read and write
 *   those, and heaps that it sends of   the read view, to read only
 *   EAL's memory                        to read and write: descriptor rings lie there
 *
 * What a device is told to send it can therefore never write, as nobody can. Adopted and static
 * bytes are anywhere: they are not mapped but copied, and counted.
 *
 * Owner: its port. Segments follow by themselves: a heap grows only by what all its devices reach,
 * and what goes is unmapped before.
 * Threads: open and close under the lock that serialises opening and closing ports; preparing from
 * each queue's caller.
 */
#ifndef VITRINE_PORT_DMA_H
#define VITRINE_PORT_DMA_H

#include <vitrine/port.h>

#include "port/spec.h"

struct vtr_dma;

/**
 * Before the device is probed, whose driver may need DMA for that.
 * @param address  of the PCI device, as in /sys/bus/pci/devices.
 * @param heap     borrowed: that the port receives into.
 * @param out      owned on success, untouched on failure.
 * @return 0, -ENODEV (no IOMMU, or not bound to vfio-pci), -EBUSY, -EACCES, -ENOMEM, -ENOSPC (a
 *         limit, which is named), with @p err filled.
 */
int vtr_dma_open_(const char *address, struct vtr_heap *heap, const struct vtr_spec *spec,
                  struct vtr_dma **out, struct vtr_error *err);

/** After the device is gone. @param dma  consumed; NULL is allowed. */
void vtr_dma_close_(struct vtr_dma *dma);

/**
 * Makes packets such that the device reaches their bytes: maps a heap that they are of, or puts a
 * copy of the bytes in the place of the others.
 * @param copies  a counter.
 * @return how many are ready, from the first on; fewer than n if there is no memory.
 */
unsigned vtr_dma_prepare_(struct vtr_dma *dma, struct vtr_pkt *pkts, unsigned n, uint64_t *copies);

#endif
