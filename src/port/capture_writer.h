/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The writer of a capture: a thread that takes packets out of the rings in the order of their times
 * and writes them.
 * Owner: the capture. Threads: open, run, close from one; stat from any.
 */
#ifndef VITRINE_PORT_CAPTURE_WRITER_H
#define VITRINE_PORT_CAPTURE_WRITER_H

#include "port/capture.h"

/**
 * Opens the file; c->writer is owned on success.
 * @param path,opts  borrowed. @param port  borrowed until close.
 */
int vtr_capture_writer_open_(struct vtr_port *port, struct vtr_capture *c, const char *path,
                             const struct vtr_capture_opts *opts, struct vtr_error *err);

/** Starts the thread. */
int vtr_capture_writer_run_(struct vtr_capture_writer *w, struct vtr_error *err);

/** Writes what is in the rings, ends the thread if there is one and the file. The capture is off.
 * @param w  consumed. */
void vtr_capture_writer_close_(struct vtr_capture_writer *w, struct vtr_capture_stat *out);

/** Fills *out but its size. */
void vtr_capture_writer_stat_(const struct vtr_capture_writer *w, struct vtr_capture_stat *out);

#endif
