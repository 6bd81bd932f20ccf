/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * inside: a server on a thread of this process, at the other end of a ring.
 * Owner: whoever started it. Threads: start and end from one thread; the server has its own.
 */
#ifndef LOAD_INSIDE_H
#define LOAD_INSIDE_H

#include <vitrine/base.h>

struct inside;
struct vtr_heap;

/** Values to hold. */
struct inside_preload {
    uint32_t size, count;
};

/**
 * Starts a server and waits until it listens.
 * @param heap     borrowed until inside_end(): for its values and its port.
 * @param port     of vtr_port_open(): one end of the ring. Borrowed until inside_end().
 * @param preload  borrowed; @p preloads of them.
 * @param cpu      its thread runs there only.
 * @param out      owned on success, untouched on failure.
 */
VTR_MUST_USE int inside_start(struct vtr_heap *heap, const char *port,
                              const struct inside_preload *preload, unsigned preloads, int cpu,
                              struct inside **out, struct vtr_error *err);

/** Stops the server and frees all it had. @param inside consumed; NULL is allowed. */
void inside_end(struct inside *inside);

#endif
