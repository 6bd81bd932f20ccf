/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Blocks by name, for messages: "heap 'rx', block 17 of pageblock 3 (2112 B)". Safe in a signal
 * handler.
 * Owner: nobody. Threads: any; what changes meanwhile is told as it was.
 */
#ifndef VITRINE_HEAP_NAME_H
#define VITRINE_HEAP_NAME_H

#include "base/text.h"
#include "heap/pageblock.h"

/** The block that @p rec is the record of; not of adopted memory. */
void vtr_text_block(struct vtr_text *t, const struct vtr_record *rec);

/** "; made at main.c:12, last ended at main.c:40", in debug builds, as far as it is known. */
void vtr_text_places(struct vtr_text *t, const struct vtr_record *rec);

/** "owner slot 0, pid 4711": whose block it is. */
void vtr_text_owner(struct vtr_text *t, const struct vtr_pageblock *pb);

/** "..., generation 4, now 5, count 0 (...), owner ...": what a handle refers to. */
VTR_COLD void vtr_text_handle(struct vtr_text *t, uint64_t what);

/** @return the record of the block that holds byte @p off of pageblock @p i, or NULL: there is
 * none. @param off  becomes the offset in the block. */
const struct vtr_record *vtr_record_at(struct vtr_heap *heap, unsigned i, size_t *off);

#endif
