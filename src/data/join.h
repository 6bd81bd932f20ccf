/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Making segment lists: what joining, copying and keeping have in common.
 * Owner: a list under construction is its maker's. Threads: one.
 */
#ifndef VITRINE_DATA_JOIN_H
#define VITRINE_DATA_JOIN_H

#include "data/list.h"

/** How many segments @p d shows. @param call  who asks, should it be the handle of what is gone. */
static inline uint32_t vtr_segments(struct vtr_data d, const char *call)
{
    if (d.len == 0)
        return 0;
    if (VTR_UNLIKELY(vtr_record_stale_(d.what)))
        vtr_record_broken_(d.what, call);
    if ((d.what & VTR_WHAT_LIST) == 0)
        return 1;
    const struct vtr_list *list = vtr_list_of_(d.what);
    return vtr_list_find_(list, d.off + d.len - 1) - vtr_list_find_(list, d.off) + 1;
}

/** Adds @p len bytes at @p off of a block to the list, which takes over one count. */
static inline void vtr_list_add(struct vtr_list *list, uint64_t what, uint32_t off, uint32_t len)
{
    struct vtr_seg *s = &list->seg[list->segs];
    s->what = what;
    s->off = off;
    s->end = vtr_list_start_(list, list->segs) + len;
    list->flags |= (uint8_t)(vtr_record_flags_(vtr_what_record_(what)) & VTR_RECORD_SINGLE);
    list->segs++;
}

/** @return all that the list holds. */
static inline struct vtr_data vtr_list_data(const struct vtr_list *list)
{
    struct vtr_data d = { vtr_list_what_(list), 0, vtr_list_start_(list, list->segs) };
    return d;
}

/** Ends the making. A list of one segment is that segment, of none nothing. */
static inline struct vtr_data vtr_list_made(struct vtr_list *list)
{
    struct vtr_data d = VTR_DATA_EMPTY;
    if (VTR_LIKELY(list->segs > 1))
        return vtr_list_data(list);
    if (list->segs == 1) {
        d.what = list->seg[0].what;
        d.off = list->seg[0].off;
        d.len = list->seg[0].end;
    }
    vtr_list_free_shell_(list);
    return d;
}

/** Ends a list under construction, and what it holds so far. */
static inline void vtr_list_drop(struct vtr_list *list)
{
    vtr_record_unref_(vtr_list_what_(list));
}

#endif
