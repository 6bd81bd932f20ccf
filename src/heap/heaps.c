/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The open heaps of the process. An entry holds the addresses, so that looking for one touches no
 * heap that may be closing.
 */
#include "heap/heaps.h"

#include <pthread.h>

#include "heap/heap.h"
#include "heap/poison.h"

struct range {
    uintptr_t begin;
    size_t bytes;
};

static struct {
    struct vtr_heap *heap; /* atomic; NULL: not used, or not yet complete */
    bool taken;            /* atomic */
    struct range bytes, records; /* constant while heap is set; atomic, since finding may be late */
} entry[VTR_HEAPS_NAMED];

static pthread_mutex_t visiting = PTHREAD_MUTEX_INITIALIZER; /* no heap goes */

static void range_set(struct range *r, const void *begin, size_t bytes)
{
    __atomic_store_n(&r->begin, (uintptr_t)begin, __ATOMIC_RELAXED); /* O: R13 follows */
    __atomic_store_n(&r->bytes, bytes, __ATOMIC_RELAXED);
}

static bool range_has(const struct range *r, const void *at)
{
    return (uintptr_t)at - __atomic_load_n(&r->begin, __ATOMIC_RELAXED) <
           __atomic_load_n(&r->bytes, __ATOMIC_RELAXED);
}

static void before_fork(void) { pthread_mutex_lock(&visiting); }
static void after_fork(void) { pthread_mutex_unlock(&visiting); }

#if VTR_POISON_ASAN
/* The child does not have the heaps' memory; what it maps there itself is not poisoned. */
static void after_fork_in_child(void)
{
    after_fork();
    for (unsigned i = 0; i < VTR_HEAPS_NAMED; i++)
        if (entry[i].heap != NULL)
            vtr_poison_forget(&entry[i].heap->views, entry[i].heap->segments_n);
}

#else
static void after_fork_in_child(void) { after_fork(); }
#endif

static void watch_forks(void)
{
    (void)pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

void vtr_heaps_add(struct vtr_heap *heap)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    for (unsigned i = 0; i < VTR_HEAPS_NAMED; i++) {
        /* A12: the entry's last user is done with it. */
        if (__atomic_exchange_n(&entry[i].taken, true, __ATOMIC_ACQUIRE))
            continue;
        range_set(&entry[i].bytes, heap->views.read, heap->segments_max * VTR_SEGMENT_BYTES);
        range_set(&entry[i].records, heap->views.control, heap->segments_max * VTR_CONTROL_BYTES);
        __atomic_store_n(&entry[i].heap, heap, __ATOMIC_RELEASE); /* R13: it is complete; A13 */
        return;
    }
}

void vtr_heaps_remove(struct vtr_heap *heap)
{
    for (unsigned i = 0; i < VTR_HEAPS_NAMED; i++) {
        if (__atomic_load_n(&entry[i].heap, __ATOMIC_RELAXED) != heap)
            continue;
        pthread_mutex_lock(&visiting);
        __atomic_store_n(&entry[i].heap, NULL, __ATOMIC_RELAXED); /* O: its memory is still there */
        pthread_mutex_unlock(&visiting);
        __atomic_store_n(&entry[i].taken, false, __ATOMIC_RELEASE); /* R12 */
        return;
    }
}

bool vtr_heaps_visit_(unsigned n, void (*look)(struct vtr_heap *heap, void *arg), void *arg)
{
    vtr_check(n < VTR_HEAPS_NAMED);
    pthread_mutex_lock(&visiting);
    struct vtr_heap *heap = __atomic_load_n(&entry[n].heap, __ATOMIC_ACQUIRE); /* A13 */
    if (heap != NULL)
        look(heap, arg);
    pthread_mutex_unlock(&visiting);
    return heap != NULL;
}

struct vtr_heap *vtr_heaps_of_byte(const void *at)
{
    for (unsigned i = 0; i < VTR_HEAPS_NAMED; i++) {
        struct vtr_heap *heap = __atomic_load_n(&entry[i].heap, __ATOMIC_ACQUIRE); /* A13 */
        if (heap != NULL && range_has(&entry[i].bytes, at))
            return heap;
    }
    return NULL;
}

struct vtr_heap *vtr_heaps_of_record(const void *at)
{
    for (unsigned i = 0; i < VTR_HEAPS_NAMED; i++) {
        struct vtr_heap *heap = __atomic_load_n(&entry[i].heap, __ATOMIC_ACQUIRE); /* A13 */
        if (heap != NULL && range_has(&entry[i].records, at))
            return heap;
    }
    return NULL;
}
