/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The slow ends of counting: the last handle in this process, and the contract breaches noticed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vitrine/data.h>

#include "data/list.h"
#include "heap/block.h"
#include "heap/foreign.h"

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
    /* O: a look; others may try to claim it meanwhile, in vain. */
    if (VTR_UNLIKELY(__atomic_load_n(&vtr_what_record_(what)->count, __ATOMIC_RELAXED) < 0))
        vtr_record_broken_(what, "unref");
    if (what & VTR_WHAT_LIST)
        vtr_list_end(vtr_list_of_(what));
    else if (VTR_UNLIKELY(vtr_record_flags_(vtr_what_record_(what)) & VTR_RECORD_FOREIGN))
        vtr_foreign_end(vtr_what_record_(what));
    else
        vtr_block_release_(vtr_what_record_(what));
}

static inline void record_end(uint64_t what)
{
    if (VTR_UNLIKELY(what & VTR_WHAT_LIST))
        vtr_list_end(vtr_list_of_(what));
    else if (VTR_UNLIKELY(vtr_record_flags_(vtr_what_record_(what)) & VTR_RECORD_FOREIGN))
        vtr_foreign_end(vtr_what_record_(what));
    else
        vtr_block_end(vtr_what_record_(what));
}

void vtr_record_end_(uint64_t what)
{
    record_end(what);
}

static inline void record_unref(uint64_t what)
{
    const struct vtr_record *rec = vtr_what_record_(what);
    if (VTR_LIKELY(rec->gen == (uint16_t)(what >> VTR_WHAT_GEN_SHIFT) && vtr_record_last_(rec)))
        record_end(what);
    else
        vtr_record_unref_(what);
}

void vtr_record_unref_bulk_(const uint64_t *whats, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (VTR_LIKELY(whats[i] != 0))
            record_unref(whats[i]);
}

void vtr_data_unref_bulk(struct vtr_data *d, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (VTR_LIKELY(d[i].what != 0))
            record_unref(d[i].what);
    if (n != 0)
        memset(d, 0, n * sizeof d[0]);
}
