/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Size classes: 64 B to 1 MiB, about four a doubling.
 * Owner: constants only. Threads: any.
 */
#ifndef VITRINE_HEAP_CLASS_H
#define VITRINE_HEAP_CLASS_H

#include <vitrine/base.h>

#define VTR_CLASSES 50u
#define VTR_CLASS_LARGE 0xfdu /* the first pageblock of a large block */
#define VTR_CLASS_REST 0xfeu  /* the others */
#define VTR_CLASS_NONE 0xffu

/* Of the blocks that packets and their headers take: by lines. A search took 4 ns a block. */
#define VTR_CLASS_LINES 129u
#define VTR_CLASS_LINES_BYTES ((VTR_CLASS_LINES - 1) * 64u)
extern uint8_t vtr_class_lines[VTR_CLASS_LINES];

/** @return the class for up to VTR_CLASS_LINES_BYTES. */
static inline unsigned vtr_class_of_lines(size_t bytes)
{
    return vtr_class_lines[(bytes + 63) / 64];
}

/** Once a process, before anything else here. */
void vtr_classes_init(void);

/** @return blocks of the class in a pageblock. */
uint32_t vtr_class_blocks(unsigned klass);

/** @return how many blocks move between a thread and the depot at once. */
uint32_t vtr_class_batch(unsigned klass);

#endif
