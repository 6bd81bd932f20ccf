/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Watches: who above the heap makes its memory known to a device, or to the kernel, hears of each
 * segment that comes and goes. The heap knows nothing of what they are.
 * Owner: the watch's storage is the watcher's, from vtr_heap_watch_() to vtr_heap_unwatch_(); a
 * heap that ends before lets go of it by itself.
 * Threads: watch and unwatch from any; the watcher is called under the heap's lock, so it makes no
 * call on that heap, and waits for nobody who does.
 */
#ifndef VITRINE_HEAP_WATCH_H
#define VITRINE_HEAP_WATCH_H

#include <vitrine/heap.h>

struct vtr_heap_watch {
    /** A segment is mapped, VTR_SEGMENT_BYTES in two views (one, if both are the same), and has no
     * block yet, or is there when the watch begins. @return 0, or -errno: then the heap does not
     * get the segment, and the watch does not begin. */
    int (*came)(struct vtr_heap_watch *watch, const uint8_t *read, uint8_t *write);

    /** The segment is about to be unmapped, or the watch ends. */
    void (*went)(struct vtr_heap_watch *watch, const uint8_t *read, uint8_t *write);

    struct vtr_heap *heap;  /* atomic; NULL: the watch ended. The heap's to write */
    struct vtr_heap_watch *next; /* under the heap's lock */
};

/** Shows the watcher all segments that are there, and from then on each that comes.
 * @param watch  came and went are set.
 * @return 0, or what came() refused with; then nothing is watched. */
VTR_API VTR_COLD int vtr_heap_watch_(struct vtr_heap *heap, struct vtr_heap_watch *watch);

/** Takes all segments from the watcher, unless the heap that was watched has ended. */
VTR_API VTR_COLD void vtr_heap_unwatch_(struct vtr_heap_watch *watch);

/** Shows segment @p k to all watchers. Under the heap's lock. @return as came(); then no watcher
 * has it. */
int vtr_watches_came(struct vtr_heap *heap, unsigned k);

/** The heap ends: so do its watches. */
void vtr_watches_end(struct vtr_heap *heap);

#endif
