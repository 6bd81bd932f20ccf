/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * memcached over UDP.
 * Not here: the text of commands.
 */
#ifndef VITRINE_WIRE_MEMCACHED_H
#define VITRINE_WIRE_MEMCACHED_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

/* memcached over UDP: doc/protocol.txt of memcached, "UDP protocol". */

VTR_WIRE(vtr_memcached_udp, 8,
         (struct vtr_be16, id, 0),        /* the client's; a reply repeats it */
         (struct vtr_be16, seq, 2),       /* of this datagram in the message, from 0 */
         (struct vtr_be16, total, 4),     /* datagrams of the message */
         (struct vtr_be16, reserved, 6)); /* 0 */

enum { VTR_MEMCACHED_PORT = 11211 };

/** Any sequence number and total are taken: a request has total 1, a reply more. */
VTR_TAKE_FIXED(vtr_memcached_udp)

VTR_END_DECLS
#endif
