/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Capture files of pcap ports: whether they can be read and written, before the driver, which says
 * little, has emptied one.
 * Threads: under the lock that serialises opening and closing ports.
 */
#ifndef VITRINE_PORT_PCAP_H
#define VITRINE_PORT_PCAP_H

#include <vitrine/base.h>

#include "port/spec.h"

/** @return 0 or a negative errno with @p err filled. */
int vtr_pcap_check_(const struct vtr_spec *spec, struct vtr_error *err);

#endif
