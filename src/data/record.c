/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The slow ends of counting: the last handle in this process, and the contract breaches noticed.
 */
#include <string.h>

#include <vitrine/data.h>

#include "base/text.h"
#include "data/list.h"
#include "heap/block.h"
#include "heap/foreign.h"
#include "heap/name.h"
#include "heap/place.h"

enum { BULK = 64 };

/* What the calls are called that a message names by a word. */
static void say_call(struct vtr_text *t, const char *call)
{
    vtr_text_add(t, strcmp(call, "tx") == 0 ? "vtr_port_" : "vtr_data_");
    vtr_text_add(t, call);
    if (strcmp(call, "ref") == 0)
        vtr_text_add(t, " (or slice, join, prepend)");
    if (strcmp(call, "at") == 0)
        vtr_text_add(t, " (or view, span, gather)");
    if (strcmp(call, "join") == 0)
        vtr_text_add(t, " (or concat, prepend, to_iovec)");
}

void vtr_record_broken_(uint64_t what, const char *call)
{
    const struct vtr_record *rec = vtr_what_record_(what);
    int32_t count = __atomic_load_n(&rec->count, __ATOMIC_RELAXED); /* O: for a message */
    struct vtr_text t = { .len = 0 };
    bool overflow = count < VTR_COUNT_IDLE + VTR_COUNT_IDLE / 2; /* wrapped round */
    bool stale = rec->gen != (uint16_t)(what >> VTR_WHAT_GEN_SHIFT);
    vtr_text_add(&t, "vitrine: ");
    say_call(&t, call);
    vtr_text_add(&t, stale      ? ": the buffer was released before: "
                     : overflow ? ": the buffer has more handles than can be counted: "
                                : ": the buffer's last handle here is gone: ");
    vtr_text_handle(&t, what);
    vtr_text_add(&t, overflow && !stale
                         ? "\n  try: look for a vtr_data_ref that nobody ends\n"
                         : "\n  try: end each vtr_data once: vtr_data_ref for one more owner, "
                           "vtr_move to hand it on\n");
    vtr_text_abort(&t);
}

void vtr_record_release_(uint64_t what)
{
    VTR_PLACE_CALL_;
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

/* Out of line, so that ending a block saves no registers. */
static VTR_COLD void end_other(uint64_t what)
{
    if (what & VTR_WHAT_LIST)
        vtr_list_end(vtr_list_of_(what));
    else
        vtr_foreign_end(vtr_what_record_(what));
}

void vtr_record_end_(uint64_t what)
{
    VTR_PLACE_CALL_;
    struct vtr_record *rec = vtr_what_record_(what);
    bool block = (what & VTR_WHAT_LIST) == 0 && (vtr_record_flags_(rec) & VTR_RECORD_FOREIGN) == 0;
    if (VTR_LIKELY(block))
        vtr_block_end(rec);
    else
        end_other(what);
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
    VTR_PLACE_CALL_;
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
    VTR_PLACE_CALL_;
    uint64_t whats[BULK];
    for (unsigned done = 0; done < n; done += BULK) {
        unsigned more = n - done < BULK ? n - done : BULK;
        for (unsigned i = 0; i < more; i++)
            whats[i] = d[done + i].what;
        memset(d + done, 0, more * sizeof d[0]);
        vtr_record_unref_bulk_(whats, more);
    }
}
