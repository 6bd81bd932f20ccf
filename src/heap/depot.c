/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The depot.
 */
#include "heap/depot.h"

#include <string.h>

#include "base/memory.h"
#include "heap/block.h"
#include "heap/heap.h"

void vtr_blocks_forget(struct vtr_record *const *rec, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct vtr_pageblock_head *of = vtr_pageblock_head_of(rec[i]);
        __atomic_store_n(&rec[i]->count, VTR_COUNT_IDLE, __ATOMIC_RELEASE); /* R3 */
        vtr_heap_lost(of->heap, of->klass);
    }
}

/* @return whether there is room for @p n more. */
static bool depot_room(struct vtr_depot *depot, uint32_t n)
{
    if (depot->cap - depot->n >= n)
        return true;
    if (depot->cap > UINT32_MAX / 4) /* 2^30 are enough */
        return false;
    uint32_t cap = depot->cap * 2 > depot->n + n ? depot->cap * 2 : depot->n + n;
    struct vtr_record **more =
        (struct vtr_record **)vtr_memory_realloc_(depot->rec, cap * sizeof *more);
    if (more == NULL)
        return false;
    depot->rec = more;
    depot->cap = cap;
    return true;
}

void vtr_depot_put(struct vtr_heap *heap, unsigned klass, struct vtr_record *const *rec,
                   uint32_t n)
{
    struct vtr_depot *depot = &heap->depot[klass];
    pthread_mutex_lock(&depot->lock);
    if (depot_room(depot, n)) {
        memcpy(depot->rec + depot->n, rec, n * sizeof *rec);
        __atomic_store_n(&depot->n, depot->n + n, __ATOMIC_RELAXED);
    } else {
        vtr_blocks_forget(rec, n);
    }
    pthread_mutex_unlock(&depot->lock);
    vtr_heap_uncharge(heap, vtr_class_bytes_(klass), n);
}

uint32_t vtr_depot_get(struct vtr_heap *heap, unsigned klass, struct vtr_record **rec, uint32_t n)
{
    struct vtr_depot *depot = &heap->depot[klass];
    /* O: what is missed here is found next time. */
    if (__atomic_load_n(&depot->n, __ATOMIC_RELAXED) == 0)
        return 0;
    pthread_mutex_lock(&depot->lock);
    if (n > depot->n)
        n = depot->n;
    __atomic_store_n(&depot->n, depot->n - n, __ATOMIC_RELAXED);
    if (n != 0)
        memcpy(rec, depot->rec + depot->n, n * sizeof *rec);
    pthread_mutex_unlock(&depot->lock);
    return n;
}

void vtr_depot_forget(struct vtr_heap *heap, unsigned klass)
{
    struct vtr_depot *depot = &heap->depot[klass];
    uint32_t kept = 0;
    pthread_mutex_lock(&depot->lock);
    for (uint32_t i = 0; i < depot->n; i++) {
        if (vtr_pageblock_of(depot->rec[i])->retiring)
            vtr_blocks_forget(&depot->rec[i], 1);
        else
            depot->rec[kept++] = depot->rec[i];
    }
    __atomic_store_n(&depot->n, kept, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&depot->lock);
}

void vtr_depots_init(struct vtr_heap *heap)
{
    for (unsigned k = 0; k < VTR_CLASSES; k++) {
        memset(&heap->depot[k], 0, sizeof heap->depot[k]);
        pthread_mutex_init(&heap->depot[k].lock, NULL);
    }
}

void vtr_depots_fini(struct vtr_heap *heap)
{
    for (unsigned k = 0; k < VTR_CLASSES; k++) {
        pthread_mutex_destroy(&heap->depot[k].lock);
        vtr_memory_free_(heap->depot[k].rec);
    }
}
