/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Blocks by name.
 */
#include "heap/name.h"

#include "heap/block.h"
#include "heap/foreign.h"
#include "heap/heap.h"
#include "heap/heaps.h"
#include "heap/place.h"

void vtr_text_block(struct vtr_text *t, const struct vtr_record *rec)
{
    const struct vtr_pageblock *pb = vtr_pageblock_of(rec);
    vtr_text_add(t, "heap '");
    vtr_text_add(t, pb->head.heap->name);
    vtr_text_add(t, "', block ");
    vtr_text_number(t, (uint64_t)(rec - pb->records));
    vtr_text_add(t, " of pageblock ");
    vtr_text_number(t, pb->index);
    vtr_text_add(t, " (");
    vtr_text_number(t, pb->head.block_bytes);
    vtr_text_add(t, " B)");
}

void vtr_text_places(struct vtr_text *t, const struct vtr_record *rec)
{
    const char *made = vtr_place_made_name(rec), *ended = vtr_place_ended_name(rec);
    if (made != NULL) {
        vtr_text_add(t, "; made at ");
        vtr_text_add(t, made);
    }
    if (ended != NULL) {
        vtr_text_add(t, made != NULL ? ", last ended at " : "; last ended at ");
        vtr_text_add(t, ended);
    }
}

void vtr_text_owner(struct vtr_text *t, const struct vtr_pageblock *pb)
{
    vtr_text_add(t, "owner slot ");
    vtr_text_number(t, (uint64_t)__builtin_ctzll(pb->own_bit));
    vtr_text_add(t, " pid ");
    vtr_text_number(t, (uint64_t)pb->head.heap->pid);
}

/* A stale handle may have counted it up or down before that was noticed. */
static const char *count_name(int32_t count)
{
    return count > 0                                         ? ""
           : count == VTR_COUNT_BUSY                         ? " (being released)"
           : count > VTR_COUNT_CACHED + VTR_COUNT_CACHED / 2 ? " (free, in a magazine)"
           : count > VTR_COUNT_IDLE + VTR_COUNT_IDLE / 2     ? " (nobody's here)"
                                                             : "";
}

static void text_adopted(struct vtr_text *t, const struct vtr_foreign *f)
{
    vtr_text_add(t, "heap '");
    vtr_text_add(t, f->heap->name);
    vtr_text_add(t, "', adopted memory at ");
    vtr_text_hex(t, (uintptr_t)f->rec.base);
    vtr_text_add(t, " (");
    vtr_text_number(t, f->len);
    vtr_text_add(t, " B)");
}

/* What has no heap that could be told. */
static void text_homeless(struct vtr_text *t, uint64_t what)
{
    const struct vtr_record *rec = vtr_what_record_(what);
    bool fixed = (what & VTR_WHAT_LIST) == 0 && (vtr_record_flags_(rec) & VTR_RECORD_FIXED) != 0;
    vtr_text_add(t, what & VTR_WHAT_LIST ? "segment list at "
                    : fixed              ? "static data at "
                                         : "block of a heap without a name, record at ");
    vtr_text_hex(t, fixed ? (uintptr_t)rec->base : (uintptr_t)rec);
}

void vtr_text_handle(struct vtr_text *t, uint64_t what)
{
    const struct vtr_record *rec = vtr_what_record_(what);
    int32_t count = __atomic_load_n(&rec->count, __ATOMIC_RELAXED); /* O: for a message */
    bool ours = vtr_heaps_of_record(rec) != NULL;
    bool adopted = !ours && (what & VTR_WHAT_LIST) == 0 &&
                   (vtr_record_flags_(rec) & VTR_RECORD_FOREIGN) != 0;
    if (ours)
        vtr_text_block(t, rec);
    else if (adopted)
        text_adopted(t, vtr_foreign_of(rec));
    else
        text_homeless(t, what);
    vtr_text_add(t, ", generation ");
    vtr_text_number(t, what >> VTR_WHAT_GEN_SHIFT);
    vtr_text_add(t, ", now ");
    vtr_text_number(t, rec->gen);
    vtr_text_add(t, ", count ");
    vtr_text_signed(t, count);
    vtr_text_add(t, count_name(count));
    if (ours) {
        vtr_text_add(t, ", ");
        vtr_text_owner(t, vtr_pageblock_of(rec));
    }
    if (ours || adopted)
        vtr_text_places(t, rec);
}

const struct vtr_record *vtr_record_at(struct vtr_heap *heap, unsigned i, size_t *off)
{
    const struct vtr_pageblock *pb = vtr_pageblock_at(heap, i);
    while (pb->head.klass == VTR_CLASS_REST && i % VTR_SEGMENT_PAGEBLOCKS != 0) {
        pb = vtr_pageblock_at(heap, --i);
        *off += VTR_PAGEBLOCK_BYTES;
    }
    if (pb->head.klass == VTR_CLASS_NONE || pb->head.klass == VTR_CLASS_REST)
        return NULL;
    size_t n = *off / pb->head.block_bytes;
    if (n >= __atomic_load_n(&pb->fresh, __ATOMIC_ACQUIRE)) /* A4 */
        return NULL;
    *off -= n * pb->head.block_bytes;
    return &pb->records[n];
}
