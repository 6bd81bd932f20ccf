/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Watches of a heap's segments.
 */
#include "heap/watch.h"

#include "heap/heap.h"

/* Before a heap's lock: a watch ends from its side or from the heap's, not from both at once. */
static pthread_mutex_t ending = PTHREAD_MUTEX_INITIALIZER;

static int came(struct vtr_heap *heap, struct vtr_heap_watch *w, unsigned k)
{
    size_t at = k * VTR_SEGMENT_BYTES;
    return w->came(w, heap->views.read + at, heap->views.write + at);
}

static void went(struct vtr_heap *heap, struct vtr_heap_watch *w, unsigned k)
{
    size_t at = k * VTR_SEGMENT_BYTES;
    w->went(w, heap->views.read + at, heap->views.write + at);
}

/* Takes segments [0, n) from the watcher. */
static void went_below(struct vtr_heap *heap, struct vtr_heap_watch *w, unsigned n)
{
    for (unsigned k = 0; k < n; k++)
        went(heap, w, k);
}

int vtr_watches_came(struct vtr_heap *heap, unsigned k)
{
    for (struct vtr_heap_watch *w = heap->watches; w != NULL; w = w->next) {
        int rc = came(heap, w, k);
        if (rc == 0)
            continue;
        for (struct vtr_heap_watch *had = heap->watches; had != w; had = had->next)
            went(heap, had, k);
        return rc;
    }
    return 0;
}

int vtr_heap_watch_(struct vtr_heap *heap, struct vtr_heap_watch *watch)
{
    int rc = 0;
    pthread_mutex_lock(&heap->lock);
    for (unsigned k = 0; rc == 0 && k < heap->segments_n; k++)
        if ((rc = came(heap, watch, k)) != 0)
            went_below(heap, watch, k);
    if (rc == 0) {
        __atomic_store_n(&watch->heap, heap, __ATOMIC_RELAXED); /* O: compared, not followed */
        watch->next = heap->watches;
        heap->watches = watch;
    }
    pthread_mutex_unlock(&heap->lock);
    return rc;
}

/* Under the heap's lock. */
static void end_at(struct vtr_heap *heap, struct vtr_heap_watch **link)
{
    struct vtr_heap_watch *w = *link;
    *link = w->next;
    went_below(heap, w, heap->segments_n);
    __atomic_store_n(&w->heap, NULL, __ATOMIC_RELAXED); /* O: see above */
}

void vtr_heap_unwatch_(struct vtr_heap_watch *watch)
{
    pthread_mutex_lock(&ending);
    struct vtr_heap *heap = watch->heap;
    if (heap != NULL) {
        pthread_mutex_lock(&heap->lock);
        struct vtr_heap_watch **link = &heap->watches;
        while (*link != watch)
            link = &(*link)->next;
        end_at(heap, link);
        pthread_mutex_unlock(&heap->lock);
    }
    pthread_mutex_unlock(&ending);
}

void vtr_watches_end(struct vtr_heap *heap)
{
    pthread_mutex_lock(&ending);
    pthread_mutex_lock(&heap->lock);
    while (heap->watches != NULL)
        end_at(heap, &heap->watches);
    pthread_mutex_unlock(&heap->lock);
    pthread_mutex_unlock(&ending);
}
