/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Large blocks.
 */
#include "heap/large.h"

#include <errno.h>

#include "heap/magazine.h"
#include "heap/poison.h"

uint64_t vtr_large_bytes(size_t bytes)
{
    uint64_t over = bytes % VTR_PAGEBLOCK_BYTES, up = over != 0 ? VTR_PAGEBLOCK_BYTES - over : 0;
    return bytes <= UINT64_MAX - up ? bytes + up : UINT64_MAX;
}

/* Under the heap's lock. */
static struct vtr_record *large_set(struct vtr_heap *heap, uint64_t bytes)
{
    unsigned run = (unsigned)(bytes / VTR_PAGEBLOCK_BYTES);
    struct vtr_pageblock *pb = vtr_pageblock_run(heap, run);
    if (pb == NULL || !vtr_pageblock_set(pb, VTR_CLASS_LARGE, 1, (uint32_t)bytes))
        return NULL;
    for (unsigned i = 1; i < run; i++) {
        struct vtr_pageblock *rest = vtr_pageblock_at(heap, pb->index + i);
        vtr_poison_leave(rest);
        rest->head.klass = VTR_CLASS_REST;
    }
    struct vtr_record *rec = vtr_pageblock_record(pb, 0);
    __atomic_store_n(&pb->fresh, 1, __ATOMIC_RELEASE); /* R4 */
    return rec;
}

static struct vtr_record *large_find(struct vtr_heap *heap, uint64_t bytes)
{
    pthread_mutex_lock(&heap->lock);
    struct vtr_record *rec = large_set(heap, bytes);
    pthread_mutex_unlock(&heap->lock);
    return rec;
}

int vtr_large_take(struct vtr_heap *heap, size_t bytes, struct vtr_record **out)
{
    struct vtr_cache *cache = vtr_cache_of(heap);
    uint64_t whole = vtr_large_bytes(bytes);
    if (cache == NULL || whole > VTR_SEGMENT_BYTES)
        return -ENOMEM;
    if (vtr_heap_charge(heap, whole, 1) == 0 &&
        !(vtr_caches_empty(heap, cache) && vtr_heap_charge(heap, whole, 1) == 1))
        return -EDQUOT;
    struct vtr_record *rec = large_find(heap, whole);
    if (rec == NULL && vtr_caches_empty(heap, cache))
        rec = large_find(heap, whole);
    if (rec == NULL) {
        vtr_heap_uncharge(heap, whole, 1);
        return -ENOMEM;
    }
    *out = rec;
    return 0;
}

void vtr_large_give(struct vtr_pageblock *pb)
{
    struct vtr_heap *heap = pb->head.heap;
    uint32_t bytes = pb->head.block_bytes;
    pthread_mutex_lock(&heap->lock);
    for (unsigned i = bytes / VTR_PAGEBLOCK_BYTES; i-- > 0;)
        vtr_pageblock_clear(vtr_pageblock_at(heap, pb->index + i));
    __atomic_store_n(&pb->records[0].count, VTR_COUNT_IDLE, __ATOMIC_RELEASE); /* R3 */
    pthread_mutex_unlock(&heap->lock);
    vtr_heap_uncharge(heap, bytes, 1);
}
