/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Where a capture goes: a file, files in turn, or a descriptor of the caller's. Whole blocks are
 * written, so that what is there is good at any time.
 * Owner: the writer. Threads: one at a time.
 */
#ifndef VITRINE_PORT_CAPTURE_FILE_H
#define VITRINE_PORT_CAPTURE_FILE_H

#include <vitrine/base.h>

struct vtr_capture_file {
    char *path; /* NULL: the descriptor is the caller's */
    unsigned files; /* in turn; 1: the path itself */
    uint64_t opened;
    int fd;
    bool regular;       /* can be cut; else it may have a reader who is slow, and is polled */
    uint64_t bytes;     /* of whole blocks in it */
    const bool *hurry;  /* atomic: no reader is waited for that takes nothing */
};

/** Opens the first file. @return 0 or a negative errno. */
int vtr_capture_file_open_(struct vtr_capture_file *f, const char *path, unsigned files, int fd);

/** Closes this file and opens the next. @return 0 or a negative errno. */
int vtr_capture_file_next_(struct vtr_capture_file *f);

/** @return 0, or a negative errno: the file ends where it did before. */
int vtr_capture_file_write_(struct vtr_capture_file *f, const uint8_t *blocks, size_t len);

/** @return 0, or what closing said: a network's file may know only now that there is no room. */
int vtr_capture_file_close_(struct vtr_capture_file *f);

#endif
