/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The kernel's network interfaces, as far as ports on them must know: drivers say "ioctl failed".
 * Threads: under the lock that serialises opening and closing ports.
 */
#ifndef VITRINE_PORT_NETIF_H
#define VITRINE_PORT_NETIF_H

#include <vitrine/base.h>

#include "port/spec.h"

/** Whether the target is an interface that this process may open packet sockets on.
 * @return 0 or a negative errno with @p err filled. */
int vtr_netif_check_(const struct vtr_spec *spec, struct vtr_error *err);

/** Whether a tap of the target's name can be made or taken over. @return as above. */
int vtr_netif_check_tap_(const struct vtr_spec *spec, struct vtr_error *err);

/** @return the interface's MTU, or 1500 if it cannot be asked. */
unsigned vtr_netif_mtu_(const char *name);

#endif
