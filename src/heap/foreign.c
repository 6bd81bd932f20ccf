/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Adopted memory: its records, cut from slabs, and the end of the last handle.
 */
#include "heap/foreign.h"

#include "base/memory.h"
#include "heap/heap.h"

enum { LINE = 64, SLAB = 63 }; /* a slab of 4 KiB */

struct line {
    _Alignas(LINE) struct vtr_foreign foreign;
};

struct vtr_foreign_slab {
    struct vtr_foreign_slab *next;
    struct line line[SLAB];
};

/* What ended while the thread holds a lock that release must not be called under. */
static __thread struct {
    bool holds;
    struct vtr_foreign *held;
} mine __attribute__((tls_model("initial-exec")));

void vtr_foreigners_init(struct vtr_heap *heap)
{
    pthread_mutex_init(&heap->foreigners.lock, NULL);
}

void vtr_foreigners_fini(struct vtr_heap *heap)
{
    for (struct vtr_foreign_slab *s = heap->foreigners.slabs, *next; s != NULL; s = next) {
        next = s->next;
        vtr_memory_free_(s);
    }
    pthread_mutex_destroy(&heap->foreigners.lock);
}

void vtr_foreigners_count(struct vtr_heap *heap, uint64_t *blocks, uint64_t *bytes)
{
    pthread_mutex_lock(&heap->foreigners.lock);
    *blocks = heap->foreigners.blocks;
    *bytes = heap->foreigners.bytes;
    pthread_mutex_unlock(&heap->foreigners.lock);
}

#ifdef VTR_DEBUG
void vtr_foreigners_count_places(struct vtr_heap *heap, uint32_t *count)
{
    pthread_mutex_lock(&heap->foreigners.lock);
    for (const struct vtr_foreign_slab *s = heap->foreigners.slabs; s != NULL; s = s->next)
        for (unsigned i = 0; i < SLAB; i++)
            if (__atomic_load_n(&s->line[i].foreign.rec.count, __ATOMIC_RELAXED) > 0) /* O: now */
                count[vtr_place_of(&s->line[i].foreign.rec)]++;
    pthread_mutex_unlock(&heap->foreigners.lock);
}
#endif

/* More records; under the lock. @return whether there are any. */
static VTR_COLD bool slab_new(struct vtr_heap *heap)
{
    struct vtr_foreign_slab *s = (struct vtr_foreign_slab *)vtr_memory_alloc_(sizeof *s, LINE);
    if (s == NULL)
        return false;
    for (unsigned i = 0; i < SLAB; i++) {
        struct vtr_foreign *f = &s->line[i].foreign;
        f->rec = (struct vtr_record){ VTR_COUNT_IDLE, 1, 0, VTR_RECORD_FOREIGN, NULL };
        f->heap = heap;
        f->life = (struct vtr_life){ 0, 0 };
        f->next = heap->foreigners.free;
        heap->foreigners.free = f;
    }
    s->next = heap->foreigners.slabs;
    heap->foreigners.slabs = s;
    return true;
}

static struct vtr_foreign *pop(struct vtr_heap *heap, size_t len)
{
    struct vtr_foreigners *all = &heap->foreigners;
    pthread_mutex_lock(&all->lock);
    struct vtr_foreign *f = all->free != NULL || slab_new(heap) ? all->free : NULL;
    if (f != NULL) {
        all->free = f->next;
        all->blocks++;
        all->bytes += len;
    }
    pthread_mutex_unlock(&all->lock);
    return f;
}

struct vtr_record *vtr_foreign_take(struct vtr_heap *heap, const void *bytes, size_t len,
                                    vtr_foreign_release_fn *release, void *arg)
{
    struct vtr_foreign *f = pop(heap, len);
    if (f == NULL)
        return NULL;
    f->release = release;
    f->arg = arg;
    f->len = len;
    f->rec.base = (const uint8_t *)bytes;
    f->rec.gen++; /* even */
    f->rec.fill = UINT8_MAX;
    f->rec.flags = VTR_RECORD_FOREIGN | heap->record_flags;
    vtr_place_made_(&f->rec);
    __atomic_store_n(&f->rec.count, 1, __ATOMIC_RELAXED); /* O: nobody else knows it */
    return &f->rec;
}

/* Without a lock held, and with the record out of reach: release may adopt and end others. */
static void give_back(struct vtr_foreign *f)
{
    struct vtr_foreigners *all = &f->heap->foreigners;
    f->release(f->arg, f->rec.base, f->len);
    pthread_mutex_lock(&all->lock);
    f->next = all->free;
    all->free = f;
    all->blocks--;
    all->bytes -= f->len;
    pthread_mutex_unlock(&all->lock);
}

void vtr_foreign_end(struct vtr_record *rec)
{
    struct vtr_foreign *f = vtr_foreign_of(rec);
    /* A1: the other handles' threads have read what they wanted to. */
    int32_t last = __atomic_load_n(&rec->count, __ATOMIC_ACQUIRE);
    vtr_check(last == VTR_COUNT_BUSY || last == 1);
    rec->gen |= 1; /* handles that are left over are stale */
    vtr_place_ended_(rec);
    __atomic_store_n(&rec->count, VTR_COUNT_IDLE, __ATOMIC_RELAXED); /* O: it is the caller's */
    if (VTR_LIKELY(!mine.holds)) {
        give_back(f);
        return;
    }
    f->next = mine.held;
    mine.held = f;
}

void vtr_foreign_hold_(void)
{
    mine.holds = true;
}

void vtr_foreign_let_go_(void)
{
    mine.holds = false;
    while (mine.held != NULL) {
        struct vtr_foreign *f = mine.held;
        mine.held = f->next;
        give_back(f);
    }
}
