/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Ring pairs: two ports of one process, connected crosswise by two rings a queue.
 * Owner: both ends; what one has sent stays for the other, and goes when both are closed.
 * Threads: under the lock that serialises opening and closing ports.
 */
#ifndef VITRINE_PORT_PAIR_H
#define VITRINE_PORT_PAIR_H

#include <vitrine/base.h>

#include "port/spec.h"

struct vtr_pair;
struct vtr_port;

/**
 * Takes the free end of the pair that spec->target names, making the pair if there is none.
 * @param out   owned on success.
 * @param side  which end: 0 or 1.
 */
int vtr_pair_open_(const struct vtr_spec *spec, unsigned queues, unsigned rx_descs,
                   unsigned tx_descs, struct vtr_pair **out, unsigned *side, struct vtr_error *err);

/** Makes the device of an end. @param name filled with the device's name. @return 0 or -errno. */
int vtr_pair_device_(struct vtr_pair *pair, unsigned side, char *name, size_t size);

/** Gives an end back, drops what had come for it. The device is gone. NULL is allowed. */
void vtr_pair_close_(struct vtr_pair *pair, unsigned side);

/** @return whether both ends are open. */
bool vtr_pair_up_(const struct vtr_pair *pair);

/** @return the port of the other end, or NULL: it is not open. */
struct vtr_port *vtr_pair_other_(const struct vtr_pair *pair, unsigned side);

/** Names the port of an end, when it is open. */
void vtr_pair_set_port_(struct vtr_pair *pair, unsigned side, struct vtr_port *port);

/** @return what rings when something is sent to a queue of an end that sleeps; the pair's. A
 *          negative errno: none can be made. */
int vtr_pair_bell_(struct vtr_pair *pair, unsigned side, unsigned queue);

/** A queue's receiver is about to sleep, and will look once more before; or it woke up. */
void vtr_pair_sleep_(struct vtr_pair *pair, unsigned side, unsigned queue, bool sleeps);

/** Something was sent from a queue of an end: wakes the other, if it sleeps. Cost: no fence. */
void vtr_pair_wake_(const struct vtr_pair *pair, unsigned side, unsigned queue);

#endif
