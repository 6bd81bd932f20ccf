/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Making the device that a specification names, and what the driver is to be told.
 * Threads: under the lock that serialises opening and closing ports.
 */
#ifndef VITRINE_PORT_PROBE_H
#define VITRINE_PORT_PROBE_H

#include "port/ports.h"

/* A port that is being opened. */
struct vtr_setup {
    struct vtr_heap *heap;
    struct vtr_spec spec;
    struct vtr_device_opts dev;
    unsigned headroom;
    struct vtr_error *err;
};

/** @return bytes that a received segment may have, at most what fits the block and an mbuf. */
unsigned vtr_setup_room_(const struct vtr_setup *s);

/** Makes the device. @return 0 or a negative errno with s->err filled, and nothing left behind. */
int vtr_probe_(struct vtr_port *port, struct vtr_setup *s);

/** Ends it. */
void vtr_unprobe_(struct vtr_port *port);

#endif
