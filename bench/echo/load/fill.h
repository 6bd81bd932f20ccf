/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * fill: gives a server every item of a stream, one set at a time, for a server that cannot fill
 * itself. Owner: nothing. Threads: the link's.
 */
#ifndef LOAD_FILL_H
#define LOAD_FILL_H

#include <signal.h>

#include "link.h"
#include "stream.h"

/**
 * @param stop  borrowed; ends it early.
 * @param err   filled on failure; may be NULL.
 * @return 0, -EMSGSIZE (an item that no datagram of this link holds), -EPROTO (the server does not
 *         store it), -ETIMEDOUT, -ENOMEM, -ECANCELED (stopped).
 */
VTR_MUST_USE int fill_server(struct link *link, const struct stream *s,
                             const volatile sig_atomic_t *stop, struct vtr_error *err);

#endif
