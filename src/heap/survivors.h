/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What is still referenced when a heap is to close.
 * Owner: nobody. Threads: no other may be using the heap.
 */
#ifndef VITRINE_HEAP_SURVIVORS_H
#define VITRINE_HEAP_SURVIVORS_H

#include <vitrine/heap.h>

/** @return 0: nothing is; or -EBUSY, and *err says how much, and in debug builds from where. */
VTR_COLD int vtr_survivors_name(struct vtr_heap *heap, struct vtr_error *err);

#endif
