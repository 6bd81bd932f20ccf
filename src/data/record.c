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

enum { BULK = 64 };

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
    struct vtr_record *rec = vtr_what_record_(what);
    /* O: what is BUSY is this thread's; A1 follows. */
    if (VTR_UNLIKELY(__atomic_load_n(&rec->count, __ATOMIC_RELAXED) < 0))
        vtr_record_broken_(what, "unref");
    if (what & VTR_WHAT_LIST)
        vtr_list_end(vtr_list_of_(what));
    else if (VTR_UNLIKELY(vtr_record_flags_(rec) & VTR_RECORD_FOREIGN))
        vtr_foreign_end(rec);
    else
        vtr_block_release_(rec);
}

void vtr_record_end_(uint64_t what)
{
    struct vtr_record *rec = vtr_what_record_(what);
    if (VTR_UNLIKELY(what & VTR_WHAT_LIST))
        vtr_list_end(vtr_list_of_(what));
    else if (VTR_UNLIKELY(vtr_record_flags_(rec) & VTR_RECORD_FOREIGN))
        vtr_foreign_end(rec);
    else
        vtr_block_end(rec);
}

/* Whether it is the last handle of a block that nothing else can name. */
static inline bool ends_a_block(uint64_t what)
{
    const struct vtr_record *rec = vtr_what_record_(what);
    return (what & VTR_WHAT_LIST) == 0 && rec->gen == (uint16_t)(what >> VTR_WHAT_GEN_SHIFT) &&
           vtr_record_last_(rec) && (vtr_record_flags_(rec) & VTR_RECORD_FOREIGN) == 0;
}

/* A run of them goes to the thread's magazine at once: 3 ns less for each. */
void vtr_record_unref_bulk_(const uint64_t *whats, unsigned n)
{
    struct vtr_record *recs[BULK];
    for (unsigned i = 0, run; i < n; i += run + 1) {
        for (run = 0; run < BULK && i + run < n && whats[i + run] != 0 &&
                      ends_a_block(whats[i + run]);
             run++)
            recs[run] = vtr_what_record_(whats[i + run]);
        vtr_blocks_end(recs, run);
        if (i + run < n && whats[i + run] != 0)
            vtr_record_unref_(whats[i + run]);
    }
}

void vtr_data_unref_bulk(struct vtr_data *d, unsigned n)
{
    uint64_t whats[BULK];
    for (unsigned done = 0; done < n; done += BULK) {
        unsigned more = n - done < BULK ? n - done : BULK;
        for (unsigned i = 0; i < more; i++)
            whats[i] = d[done + i].what;
        memset(d + done, 0, more * sizeof d[0]);
        vtr_record_unref_bulk_(whats, more);
    }
}
