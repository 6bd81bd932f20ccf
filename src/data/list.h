/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Segment lists: what vtr_data of several segments refers to. Immutable, counted as a whole,
 * private to the process; each segment holds one count of its block. Segments never are lists.
 * Owner: the handles that count it. Threads: any, once made.
 */
#ifndef VITRINE_DATA_LIST_H
#define VITRINE_DATA_LIST_H

#include <vitrine/data.h>

struct vtr_seg {
    uint64_t what;
    uint32_t off; /* in the block */
    uint32_t end; /* in the list: one after the segment's last byte */
};

struct vtr_list {
    int32_t count; /* atomic; the first 8 bytes are those of a vtr_record */
    uint16_t gen;
    uint8_t fill;  /* unused */
    uint8_t flags; /* as a record's: SINGLE if one of its segments is */
    uint32_t segs;
    uint32_t cap;
    struct vtr_seg seg[];
};
VTR_STATIC_ASSERT(offsetof(struct vtr_list, count) == offsetof(struct vtr_record, count) &&
                      offsetof(struct vtr_list, gen) == offsetof(struct vtr_record, gen) &&
                      offsetof(struct vtr_list, flags) == offsetof(struct vtr_record, flags),
                  "counting does not tell lists from records");

static inline struct vtr_list *vtr_list_of_(uint64_t what)
{
    return (struct vtr_list *)vtr_what_record_(what);
}

static inline uint64_t vtr_list_what_(const struct vtr_list *list)
{
    return (uint64_t)(uintptr_t)list | VTR_WHAT_LIST | (uint64_t)list->gen << VTR_WHAT_GEN_SHIFT;
}

static inline uint32_t vtr_list_start_(const struct vtr_list *list, uint32_t i)
{
    return i == 0 ? 0 : list->seg[i - 1].end;
}

/** @return the segment that holds byte @p off of the list; @p off is inside it. */
VTR_API uint32_t vtr_list_find_(const struct vtr_list *list, uint32_t off);

/** Copies out [off, off + len) of @p d, a list, which are inside it. */
void vtr_list_gather(struct vtr_data d, size_t off, void *to, size_t len);

/** @return an empty list with room for @p segs segments and one count, or NULL: no memory. */
struct vtr_list *vtr_list_create(uint32_t segs);

/** The last count is gone: ends the segments' counts and the list. */
void vtr_list_end(struct vtr_list *list);

/** Ends a list whose only count is the caller's, who keeps its segments' counts. */
VTR_API void vtr_list_free_shell_(struct vtr_list *list);

#endif
