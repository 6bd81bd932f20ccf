/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What of a heap is referenced: when it is to close, and while it is used.
 * Owner: nobody. Threads: said with each.
 */
#ifndef VITRINE_HEAP_SURVIVORS_H
#define VITRINE_HEAP_SURVIVORS_H

#include <vitrine/heap.h>

/** @return 0: nothing is; or -EBUSY, and *err says how much, and in debug builds from where. No
 * other thread may be using the heap. */
VTR_COLD int vtr_survivors_name(struct vtr_heap *heap, struct vtr_error *err);

/**
 * Says where what is referenced now was made or adopted: the most frequent places first, as many as
 * @p max. Any thread.
 * @param say    must not call the heap.
 * @param place  borrowed; NULL: not known, as of everything in a release build, which is one place.
 */
VTR_API VTR_COLD void vtr_survivors_each_(struct vtr_heap *heap, unsigned max,
                                          void (*say)(void *arg, uint64_t n, const char *place),
                                          void *arg);

#endif
