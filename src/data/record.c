/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The slow ends of counting: the last handle in this process, and the contract breaches noticed.
 */
#include <string.h>

#include <vitrine/data.h>

#include "base/text.h"
#include "base/usdt.h"
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
    bool stale = vtr_record_stale_(what);
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

static inline bool is_block(uint64_t what)
{
    const struct vtr_record *rec = vtr_what_record_(what);
    return (what & VTR_WHAT_LIST) == 0 && (vtr_record_flags_(rec) & VTR_RECORD_FOREIGN) == 0;
}

/* Out of line, so that ending a block saves no registers. */
static VTR_COLD void end_other(uint64_t what)
{
    if (what & VTR_WHAT_LIST)
        vtr_list_end(vtr_list_of_(what));
    else
        vtr_foreign_end(vtr_what_record_(what));
}

void vtr_record_release_(uint64_t what)
{
    VTR_PLACE_CALL_;
    struct vtr_record *rec = vtr_what_record_(what);
    /* O: what is BUSY is this thread's; A1 follows. */
    if (VTR_UNLIKELY(__atomic_load_n(&rec->count, __ATOMIC_RELAXED) < 0))
        vtr_record_broken_(what, "unref");
    VTR_PROBE1(last_unref, what);
    if (VTR_LIKELY(is_block(what)))
        vtr_block_release_(rec);
    else
        end_other(what);
}

void vtr_record_end_(uint64_t what)
{
    VTR_PLACE_CALL_;
    VTR_PROBE_DEBUG1(last_unref, what);
    if (VTR_LIKELY(is_block(what)))
        vtr_block_end(vtr_what_record_(what));
    else
        end_other(what);
}

/* For what another core had last: one by one, such blocks took 140 ns each, and together 11.
 * Adopted memory has no holder word, and what lies in its place may be asked for in vain. */
static inline void fetch(uint64_t what)
{
    if (what != 0 && (what & (VTR_WHAT_LIST | VTR_RECORD_FIXED)) == 0)
        vtr_block_prefetch(vtr_what_record_(what));
}

/* Those that end go to the thread's magazine together: 3 ns less for each. */
void vtr_record_unref_bulk_(const uint64_t *whats, unsigned n)
{
    VTR_PLACE_CALL_;
    struct vtr_record *recs[BULK];
    unsigned ends = 0;
    for (unsigned i = 0; i < n; i++) {
        struct vtr_record *rec = vtr_what_record_(whats[i]);
        if (whats[i] == 0)
            continue;
        if (VTR_UNLIKELY(vtr_record_stale_(whats[i])))
            vtr_record_broken_(whats[i], "unref");
        if (!vtr_record_last_(rec)) {
            vtr_record_count_down_(whats[i]);
        } else if (!is_block(whats[i])) {
            vtr_record_end_(whats[i]);
        } else {
            if (ends == BULK)
                vtr_blocks_end(recs, ends), ends = 0;
            VTR_PROBE_DEBUG1(last_unref, whats[i]);
            rec->gen |= 1; /* the same handle once more is seen to be stale */
            recs[ends++] = rec;
        }
    }
    vtr_blocks_end(recs, ends);
}

void vtr_data_unref_bulk(struct vtr_data *d, unsigned n)
{
    VTR_PLACE_CALL_;
    uint64_t whats[BULK];
    for (unsigned done = 0; done < n; done += BULK) {
        unsigned more = n - done < BULK ? n - done : BULK;
        for (unsigned i = 0; i < more; i++) {
            whats[i] = d[done + i].what;
            fetch(whats[i]);
        }
        memset(d + done, 0, more * sizeof d[0]);
        vtr_record_unref_bulk_(whats, more);
    }
}
