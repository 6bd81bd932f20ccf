/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Segments: 64 MiB of memory for blocks, with two views and seals, and what describes it.
 * Owner: the heap; segments live until it closes.
 * Threads: created under the heap's lock.
 * Not here: cutting them up (pageblock.h).
 */
#ifndef VITRINE_HEAP_SEGMENT_H
#define VITRINE_HEAP_SEGMENT_H

#include <vitrine/heap.h>

#include "heap/layout.h"

/** The views of all segments of a heap, in one reserved range of addresses. */
struct vtr_views {
    uint8_t *range; /* what munmap wants */
    size_t range_bytes;
    uint8_t *read;    /* segment k at + k * VTR_SEGMENT_BYTES */
    uint8_t *write;   /* likewise; equal to read in single-view mode */
    uint8_t *control; /* segment k at + k * VTR_CONTROL_BYTES */
};

struct vtr_segment {
    enum vtr_pages pages;    /* what it got, never AUTO */
    enum vtr_pages best_not; /* the best kind that was tried in vain, or AUTO if none */
    int data_fd, holders_fd;
};

/** Reserves addresses for @p segments. @return 0 or -ENOMEM. */
int vtr_views_reserve(struct vtr_views *views, unsigned segments, bool single);
void vtr_views_release(struct vtr_views *views);

/**
 * Maps segment @p k.
 * @param pages  the kind to take, or AUTO for the best there is.
 * @return 0 or -errno; on failure nothing is left open, nor mapped if the system lets go of it.
 */
int vtr_segment_create(struct vtr_views *views, unsigned k, enum vtr_pages pages,
                       struct vtr_segment *out);
void vtr_segment_destroy(struct vtr_segment *segment);

/** Unmaps segment @p k, which nobody used, and destroys it. */
void vtr_segment_undo(struct vtr_views *views, unsigned k, struct vtr_segment *segment);

/** Reserves the shared memory behind the first @p blocks holder words of a pageblock. */
int vtr_segment_back_holders(const struct vtr_segment *segment, unsigned pageblock, size_t blocks);

#endif
