/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * memif ports: where the socket lies and who it belongs to, and the options of net_memif.
 * Owner: a server owns its socket file: one left over by a process that was killed is replaced, one
 * that somebody serves is not.
 * Threads: under the lock that serialises opening and closing ports.
 */
#ifndef VITRINE_PORT_MEMIF_H
#define VITRINE_PORT_MEMIF_H

#include <sys/un.h>
#include <vitrine/base.h>

#include "port/spec.h"

struct vtr_memif {
    bool server;
    uint32_t id;
    uint32_t bytes; /* of a slot: the longest frame that can be sent */
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* absolute; "" for no memif */
    struct vtr_memif *next;                                 /* other servers of this process */
};

/**
 * Claims the path and says what net_memif is to be told.
 * @param descs  slots of a ring, at least; at most 16384.
 * @param bytes  of a frame.
 * @param args   of @p size bytes; filled on success.
 * @return 0 or a negative errno with @p err filled.
 */
int vtr_memif_open_(struct vtr_memif *memif, const struct vtr_spec *spec, unsigned queues,
                    unsigned descs, unsigned bytes, char *args, size_t size, struct vtr_error *err);

/** Gives the path up. The device, which removes the socket, is gone. */
void vtr_memif_leave_(struct vtr_memif *memif);

#endif
