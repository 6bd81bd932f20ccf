/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Parsing: by takers, and by unchecked casts. What each says of a packet is in parse.c.
 * Owner, threads: stand.h.
 */
#ifndef CORE_PARSE_H
#define CORE_PARSE_H

#include "core/row.h"

WAYS ours_parse_udp4, ours_parse_tcp6, ours_parse_vxlan;
WAYS unchecked_parse_udp4, unchecked_parse_tcp6, unchecked_parse_vxlan;

/* What they add up to. */
uint64_t parse_udp4_says(const struct stand *s);
uint64_t parse_tcp6_says(const struct stand *s);
uint64_t parse_vxlan_says(const struct stand *s);

#endif
