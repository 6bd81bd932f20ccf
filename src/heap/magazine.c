/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Magazines and the depot.
 */
#include "heap/magazine.h"

#include <stdlib.h>
#include <string.h>

#include "heap/block.h"
#include "heap/heap.h"
#include "heap/pageblock.h"

/* Hot: the cache used last. Initial-exec and small, so that dlopen of the library works. */
static __thread struct vtr_cache *cache_last __attribute__((tls_model("initial-exec")));
static __thread struct vtr_cache *caches_mine __attribute__((tls_model("initial-exec")));

/* Parts that outlive one another: heaps, threads. Taken when either begins or ends. */
static pthread_mutex_t caches_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t exit_once = PTHREAD_ONCE_INIT;
static pthread_key_t exit_key;
static bool exit_key_made;

static void depot_put(struct vtr_depot *depot, struct vtr_record *const *rec, uint32_t n)
{
    pthread_mutex_lock(&depot->lock);
    if (depot->cap - depot->n < n && depot->cap <= UINT32_MAX / 4) { /* 2^30 hints are enough */
        uint32_t cap = depot->cap * 2 > depot->n + n ? depot->cap * 2 : depot->n + n;
        struct vtr_record **more = (struct vtr_record **)realloc(depot->rec, cap * sizeof *more);
        if (more != NULL) {
            depot->rec = more;
            depot->cap = cap;
        }
    }
    if (depot->cap - depot->n >= n) { /* else the hints are lost, and a sweep finds the blocks */
        memcpy(depot->rec + depot->n, rec, n * sizeof *rec);
        __atomic_store_n(&depot->n, depot->n + n, __ATOMIC_RELAXED);
    }
    pthread_mutex_unlock(&depot->lock);
}

static uint32_t depot_get(struct vtr_depot *depot, struct vtr_record **rec, uint32_t n)
{
    /* O: a miss here is only a missed hint. */
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

static void cache_flush(struct vtr_cache *cache)
{
    struct vtr_heap *heap = cache->heap;
    for (unsigned k = 0; k < VTR_CLASSES; k++) {
        struct vtr_magazine *m = cache->magazine[k];
        if (m != NULL && m->n != 0)
            depot_put(&heap->depot[k], m->rec, m->n);
        if (m != NULL)
            m->n = 0;
        if (cache->fresh[k] != NULL)
            vtr_pageblock_disown(cache->fresh[k], cache, k);
        cache->fresh[k] = NULL;
    }
}

/* O: vtr_heap_stat looks at the mark. */
void vtr_carved_set_(struct vtr_carved *carved, struct vtr_record *rec)
{
    struct vtr_record *old = carved->rec;
    carved->rec = rec;
    if (rec != NULL)
        __atomic_store_n(&rec->carved, 1, __ATOMIC_RELAXED);
    if (old == NULL)
        return;
    __atomic_store_n(&old->carved, 0, __ATOMIC_RELAXED);
    vtr_block_seal_(old); /* what was carved from it may now leave the process */
    vtr_block_unref_(old);
}

static void cache_unlink(struct vtr_cache *cache)
{
    struct vtr_cache **at = &cache->heap->caches;
    while (*at != cache)
        at = &(*at)->of_heap;
    *at = cache->of_heap;
    cache->of_heap = NULL;
    __atomic_store_n(&cache->heap, NULL, __ATOMIC_RELAXED);
}

/* A thread ends: what it had cached goes to the others. */
static void thread_exit(void *first)
{
    struct vtr_cache *next;
    for (struct vtr_cache *c = (struct vtr_cache *)first; c != NULL; c = next) {
        next = c->of_thread;
        pthread_mutex_lock(&caches_lock);
        if (c->heap != NULL) {
            cache_last = c; /* so that the header's block finds this cache without the lock */
            vtr_carved_set_(&c->header, NULL);
            cache_flush(c);
            cache_unlink(c);
        }
        pthread_mutex_unlock(&caches_lock);
        for (unsigned k = 0; k < VTR_CLASSES; k++)
            free(c->magazine[k]);
        free(c);
    }
    cache_last = caches_mine = NULL;
}

/* All that a cache knows of its heap, which closes or, in a forked child, is not there. */
static void cache_forget(struct vtr_cache *cache)
{
    for (unsigned k = 0; k < VTR_CLASSES; k++) {
        if (cache->magazine[k] != NULL)
            cache->magazine[k]->n = 0;
        cache->fresh[k] = NULL;
    }
    cache->header.rec = NULL;
}

static void before_fork(void)
{
    pthread_mutex_lock(&caches_lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&caches_lock);
}

/* The child may end this thread, and may open a heap of its own. */
static void after_fork_in_child(void)
{
    for (struct vtr_cache *c = caches_mine; c != NULL; c = c->of_thread) {
        cache_forget(c);
        c->of_heap = NULL;
        c->heap = NULL;
    }
    pthread_mutex_unlock(&caches_lock);
}

static void exit_init(void)
{
    exit_key_made = pthread_atfork(before_fork, after_fork, after_fork_in_child) == 0 &&
                    pthread_key_create(&exit_key, thread_exit) == 0;
}

static VTR_COLD void cache_link(struct vtr_cache *cache, struct vtr_heap *heap)
{
    pthread_mutex_lock(&caches_lock);
    cache->of_heap = heap->caches;
    heap->caches = cache;
    __atomic_store_n(&cache->heap, heap, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&caches_lock);
    cache_last = cache;
}

/* The thread's own, one whose heap is gone, or a new one. */
static VTR_COLD struct vtr_cache *cache_find(struct vtr_heap *heap)
{
    struct vtr_cache *idle = NULL;
    for (struct vtr_cache *c = caches_mine; c != NULL; c = c->of_thread) {
        struct vtr_heap *of = __atomic_load_n(&c->heap, __ATOMIC_RELAXED);
        if (of == heap)
            return cache_last = c;
        if (of == NULL)
            idle = c;
    }
    if (idle == NULL) {
        pthread_once(&exit_once, exit_init);
        idle = exit_key_made ? (struct vtr_cache *)calloc(1, sizeof *idle) : NULL;
        if (idle == NULL)
            return NULL;
        idle->of_thread = caches_mine;
        if (pthread_setspecific(exit_key, idle) != 0) {
            free(idle);
            return NULL;
        }
        caches_mine = idle;
    }
    cache_link(idle, heap);
    return idle;
}

struct vtr_cache *vtr_cache_of_(struct vtr_heap *heap)
{
    struct vtr_cache *c = cache_last;
    /* O: only this thread links the cache; a heap that closes has no other user. */
    if (VTR_LIKELY(c != NULL && __atomic_load_n(&c->heap, __ATOMIC_RELAXED) == heap))
        return c;
    return cache_find(heap);
}

static VTR_COLD struct vtr_magazine *magazine_new(struct vtr_cache *cache, unsigned klass)
{
    uint32_t cap = 2 * vtr_class_batch(klass);
    struct vtr_magazine *m =
        (struct vtr_magazine *)malloc(sizeof *m + cap * sizeof m->rec[0]);
    if (m == NULL)
        return NULL;
    m->n = 0;
    m->cap = cap;
    return cache->magazine[klass] = m;
}

struct vtr_magazine *vtr_cache_magazine(struct vtr_cache *cache, unsigned klass)
{
    struct vtr_magazine *m = cache->magazine[klass];
    return VTR_LIKELY(m != NULL) ? m : magazine_new(cache, klass);
}

/* The older half goes: what was freed last is still in this core's cache. */
static VTR_COLD void magazine_spill(struct vtr_cache *cache, struct vtr_magazine *m, unsigned klass)
{
    uint32_t half = m->cap / 2;
    depot_put(&cache->heap->depot[klass], m->rec, half);
    memmove(m->rec, m->rec + half, (m->n - half) * sizeof m->rec[0]);
    m->n -= half;
}

void vtr_cache_keep(struct vtr_cache *cache, unsigned klass, struct vtr_record *rec)
{
    struct vtr_magazine *m = vtr_cache_magazine(cache, klass);
    if (m == NULL)
        return;
    if (VTR_UNLIKELY(m->n == m->cap))
        magazine_spill(cache, m, klass);
    m->rec[m->n++] = rec;
}

uint32_t vtr_cache_fetch(struct vtr_cache *cache, struct vtr_magazine *magazine, unsigned klass)
{
    magazine->n += depot_get(&cache->heap->depot[klass], magazine->rec + magazine->n,
                             magazine->cap / 2);
    return magazine->n;
}

void vtr_caches_detach(struct vtr_heap *heap)
{
    pthread_mutex_lock(&caches_lock);
    while (heap->caches != NULL) {
        struct vtr_cache *c = heap->caches;
        cache_forget(c);
        cache_unlink(c);
    }
    pthread_mutex_unlock(&caches_lock);
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
        free(heap->depot[k].rec);
    }
}
