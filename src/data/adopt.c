/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_data of bytes that are not the heap's.
 */
#include <vitrine/adopt.h>

#include <errno.h>

#include "data/list.h"
#include "heap/foreign.h"

int vtr_data_adopt(struct vtr_heap *heap, const void *bytes, size_t len,
                   void (*release)(void *arg, const void *bytes, size_t len), void *arg,
                   struct vtr_data *out)
{
    VTR_PLACE_CALL_;
    struct vtr_data d = VTR_DATA_EMPTY;
    vtr_check(release != NULL);
    if (len > VTR_DATA_MAX)
        return -EMSGSIZE;
    if (len == 0) {
        *out = d;
        release(arg, bytes, 0);
        return 0;
    }
    struct vtr_record *rec = vtr_foreign_take(heap, bytes, len, release, arg);
    if (rec == NULL)
        return -ENOMEM;
    d.what = vtr_what_(rec, 0);
    d.len = (uint32_t)len;
    *out = d;
    return 0;
}

static bool is_local(uint64_t what)
{
    unsigned flags = vtr_record_flags_(vtr_what_record_(what));
    return (flags & (VTR_RECORD_FOREIGN | VTR_RECORD_FIXED)) != 0;
}

bool vtr_data_is_local(struct vtr_data d)
{
    if (d.len == 0 || (d.what & VTR_WHAT_LIST) == 0)
        return d.len != 0 && is_local(d.what);
    const struct vtr_list *list = vtr_list_of_(d.what);
    uint32_t last = vtr_list_find_(list, d.off + d.len - 1);
    for (uint32_t i = vtr_list_find_(list, d.off); i <= last; i++)
        if (is_local(list->seg[i].what))
            return true;
    return false;
}
