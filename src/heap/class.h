/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Size classes: 64 B to 1 MiB, about four a doubling.
 * Owner: constants only. Threads: any.
 */
#ifndef VITRINE_HEAP_CLASS_H
#define VITRINE_HEAP_CLASS_H

#include <vitrine/inline/cache.h>

#define VTR_CLASS_LARGE 0xfdu /* the first pageblock of a large block */
#define VTR_CLASS_REST 0xfeu  /* the others */
#define VTR_CLASS_NONE 0xffu

/** @return blocks of the class in a pageblock. */
uint32_t vtr_class_blocks(unsigned klass);

/** @return how many blocks move between a thread and the depot at once. */
uint32_t vtr_class_batch(unsigned klass);

#endif
