/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The slow ends of counting: the last handle in this process, and the contract breaches noticed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <vitrine/data.h>

#include "data/list.h"
#include "heap/block.h"

void vtr_record_broken_(uint64_t what, const char *call)
{
    const struct vtr_record *rec = vtr_what_record_(what);
    fprintf(stderr,
            "vitrine: vtr_data_%s: the %s at %p was released before (handle of generation %u, now "
            "%u, count %" PRId32 ")\n",
            call, what & VTR_WHAT_LIST ? "segment list" : "block", (const void *)rec,
            (unsigned)(what >> VTR_WHAT_GEN_SHIFT), rec->gen, rec->count);
    abort();
}

void vtr_record_release_(uint64_t what)
{
    /* O: what this thread's own countdown left, or, if that was one too many, whatever is there. */
    if (VTR_UNLIKELY(__atomic_load_n(&vtr_what_record_(what)->count, __ATOMIC_RELAXED) < 0))
        vtr_record_broken_(what, "unref");
    if (what & VTR_WHAT_LIST)
        vtr_list_end(vtr_list_of_(what));
    else
        vtr_block_release_(vtr_what_record_(what));
}

void vtr_record_end_(uint64_t what)
{
    if (VTR_UNLIKELY(what & VTR_WHAT_LIST))
        vtr_list_end(vtr_list_of_(what));
    else
        vtr_block_end_(vtr_what_record_(what));
}

void vtr_data_unref_bulk(struct vtr_data *d, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        vtr_data_unref(&d[i]);
}
