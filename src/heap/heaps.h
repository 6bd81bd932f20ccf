/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The open heaps of the process: which one an address belongs to.
 * Owner: each entry is its heap's, from open to close.
 * Threads: any; finding takes no lock and may happen in a signal handler.
 */
#ifndef VITRINE_HEAP_HEAPS_H
#define VITRINE_HEAP_HEAPS_H

#include <vitrine/heap.h>

/** More heaps than this many work, but nothing in them is named. */
enum { VTR_HEAPS_NAMED = 64 };

void vtr_heaps_add(struct vtr_heap *heap);
void vtr_heaps_remove(struct vtr_heap *heap);

/**
 * Looks at an open heap, which does not close meanwhile.
 * @param n     its number, below VTR_HEAPS_NAMED, while it is open.
 * @param look  must not open or close heaps.
 * @return false: no heap has the number, or no longer.
 */
VTR_API bool vtr_heaps_visit_(unsigned n, void (*look)(struct vtr_heap *heap, void *arg),
                              void *arg);

/** @return the heap in whose read view @p at lies, or NULL. */
struct vtr_heap *vtr_heaps_of_byte(const void *at);

/** @return the heap that has the record @p at, or NULL. */
struct vtr_heap *vtr_heaps_of_record(const void *at);

#endif
