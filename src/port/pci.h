/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * PCI devices: whether one can be opened from user space, and if not, what its user has to do. The
 * kernel's driver is never taken away from a device here.
 * Threads: under the lock that serialises opening and closing ports.
 */
#ifndef VITRINE_PORT_PCI_H
#define VITRINE_PORT_PCI_H

#include <vitrine/base.h>

#include "port/spec.h"

/** @param root  "", or what stands for / in a test. @return 0 or a negative errno with @p err
 * filled. */
int vtr_pci_check_(const char *root, const struct vtr_spec *spec, struct vtr_error *err);

#endif
