/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Magazines: caches of threads, their beginning and end, and taking from other threads.
 */
#include "heap/magazine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/barrier.h"
#include "base/memory.h"
#include "base/system.h"
#include "base/wait.h"
#include "heap/block.h"
#include "heap/heap.h"
#include "heap/pageblock.h"
#include "heap/poison.h"

/* Hot: the cache used last. Initial-exec and small, so that dlopen of the library works. */
__thread struct vtr_cache *vtr_cache_last __attribute__((tls_model("initial-exec")));
__thread struct vtr_magazines *vtr_magazines_last_ __attribute__((tls_model("initial-exec")));
static __thread struct vtr_cache *caches_mine __attribute__((tls_model("initial-exec")));

/* Parts that outlive one another: heaps, threads. Taken when either begins or ends. */
static pthread_mutex_t caches_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t exit_key; /* vtr_system_exit_key_ */

/* What is in the magazines goes to the depot. The thread of the cache waits outside, or is this
 * one. @return whether there was anything. */
static bool magazines_flush(struct vtr_cache *cache)
{
    bool some = false;
    for (unsigned k = 0; k < VTR_CLASSES; k++) {
        struct vtr_magazine *m = __atomic_load_n(&cache->mine.of[k], __ATOMIC_ACQUIRE); /* A10 */
        if (m == NULL || m->n == 0)
            continue;
        vtr_depot_put(cache->mine.heap, k, vtr_magazine_recs_(m), m->n);
        __atomic_store_n(&m->n, 0, __ATOMIC_RELAXED);
        some = true;
    }
    return some;
}

static void cache_flush(struct vtr_cache *cache)
{
    magazines_flush(cache);
    for (unsigned k = 0; k < VTR_CLASSES; k++) {
        if (cache->fresh[k] != NULL)
            vtr_pageblock_disown(cache->fresh[k], cache, k);
        cache->fresh[k] = NULL;
    }
}

/* O: vtr_heap_stat looks at the mark. */
void vtr_carved_set_(struct vtr_carved *carved, struct vtr_record *rec)
{
    struct vtr_record *old = carved->rec;
    int32_t ahead = (int32_t)carved->ahead;
    carved->rec = rec;
    carved->ahead = 0;
    if (rec != NULL) {
        __atomic_store_n(&rec->fill, 1, __ATOMIC_RELAXED);
        __atomic_fetch_or(&rec->flags, VTR_RECORD_CARVED, __ATOMIC_RELAXED);
    }
    if (old == NULL)
        return;
    __atomic_fetch_and(&old->flags, (uint8_t)~VTR_RECORD_CARVED, __ATOMIC_RELAXED);
    if (ahead != 0)
        vtr_record_ref_n_(vtr_what_(old, 0), -ahead); /* the cache's own is still there */
    /* What was carved from it may now leave the process. */
    vtr_record_unref_(vtr_block_seal_(old, carved->next));
}

/* Builds that look at each block that is taken, or make taking fail, have it come here. */
enum { INLINE_TAKES = !VTR_POISON_ASAN && !VTR_POISON_PATTERN };

/* What the thread finds first from here on. */
static struct vtr_cache *cache_use(struct vtr_cache *cache)
{
    vtr_cache_last = cache;
    vtr_magazines_last_ = cache != NULL && INLINE_TAKES ? &cache->mine : NULL;
    return cache;
}

static void cache_unlink(struct vtr_cache *cache)
{
    struct vtr_cache **at = &cache->mine.heap->caches;
    while (*at != cache)
        at = &(*at)->of_heap;
    *at = cache->of_heap;
    cache->of_heap = NULL;
    __atomic_store_n(&cache->mine.heap, NULL, __ATOMIC_RELAXED);
}

/* A thread ends: what it had cached goes to the others. */
static void thread_exit(void *first)
{
    struct vtr_cache *next;
    for (struct vtr_cache *c = (struct vtr_cache *)first; c != NULL; c = next) {
        next = c->of_thread;
        pthread_mutex_lock(&caches_lock);
        if (c->mine.heap != NULL) {
            cache_use(c); /* so that the header's block finds this cache without the lock */
            vtr_carved_set_(&c->header, NULL);
            cache_flush(c);
            cache_unlink(c);
        }
        pthread_mutex_unlock(&caches_lock);
        for (unsigned k = 0; k < VTR_CLASSES; k++)
            vtr_memory_free_(c->mine.of[k]);
        vtr_memory_free_(c);
    }
    caches_mine = NULL;
    cache_use(NULL);
}

/* All that a cache knows of its heap, which closes or, in a forked child, is not there. */
static void cache_forget(struct vtr_cache *cache)
{
    for (unsigned k = 0; k < VTR_CLASSES; k++) {
        if (cache->mine.of[k] != NULL)
            cache->mine.of[k]->n = 0;
        cache->fresh[k] = NULL;
    }
    cache->header.rec = NULL;
    cache->header.ahead = 0;
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
        c->mine.heap = NULL;
    }
    pthread_mutex_unlock(&caches_lock);
}

static bool fork_is_handled;

static void fork_init(void)
{
    fork_is_handled = pthread_atfork(before_fork, after_fork, after_fork_in_child) == 0;
}

/* @return the thread's new cache, of no heap yet, or NULL: no memory. */
static struct vtr_cache *cache_new(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_key_t key;
    pthread_once(&once, fork_init);
    if (!fork_is_handled || vtr_system_exit_key_(&exit_key, thread_exit, &key) != 0)
        return NULL;
    struct vtr_cache *cache = (struct vtr_cache *)vtr_memory_zalloc_(sizeof *cache, 64);
    if (cache == NULL)
        return NULL;
    if (vtr_system_setspecific_(key, cache) != 0) {
        vtr_memory_free_(cache);
        return NULL;
    }
    cache->of_thread = caches_mine;
    return caches_mine = cache;
}

static VTR_COLD void cache_link(struct vtr_cache *cache, struct vtr_heap *heap)
{
    pthread_mutex_lock(&caches_lock);
    pid_t thread = gettid(); /* it may come again: when it ends, after thread_exit() */
    if ((heap->record_flags & VTR_RECORD_SINGLE) != 0 && heap->thread != 0 &&
        heap->thread != thread) {
        fprintf(stderr, "vitrine: heap '%s' was opened with VTR_HEAP_SINGLE_THREAD, and a second "
                        "thread uses it\n", heap->name);
        abort();
    }
    heap->thread = thread;
    cache->of_heap = heap->caches;
    heap->caches = cache;
    cache->mine.own_bit = heap->own_bit;
    __atomic_store_n(&cache->mine.heap, heap, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&caches_lock);
    cache_use(cache);
}

/* The thread's own, one whose heap is gone, or a new one. */
struct vtr_cache *vtr_cache_find(struct vtr_heap *heap)
{
    struct vtr_cache *idle = NULL;
    for (struct vtr_cache *c = caches_mine; c != NULL; c = c->of_thread) {
        struct vtr_heap *of = __atomic_load_n(&c->mine.heap, __ATOMIC_RELAXED);
        if (of == heap)
            return cache_use(c);
        if (of == NULL)
            idle = c;
    }
    if (idle == NULL)
        idle = cache_new();
    if (idle == NULL)
        return NULL;
    cache_link(idle, heap);
    return idle;
}

struct vtr_cache *vtr_cache_of_(struct vtr_heap *heap)
{
    return vtr_cache_of(heap);
}

struct vtr_magazine *vtr_magazine_new(struct vtr_cache *cache, unsigned klass)
{
    uint32_t cap = 2 * vtr_class_batch(klass);
    size_t bytes = sizeof(struct vtr_magazine) + cap * sizeof(struct vtr_record *);
    /* Whole lines: what shared the last one with another thread's cost it a third of its speed. */
    struct vtr_magazine *m = (struct vtr_magazine *)vtr_memory_alloc_((bytes + 63) & ~63ul, 64);
    if (m == NULL)
        return NULL;
    m->n = 0;
    m->cap = cap;
    __atomic_store_n(&cache->mine.of[klass], m, __ATOMIC_RELEASE); /* R10: it is empty */
    return m;
}

void vtr_cache_wait(struct vtr_cache *cache)
{
    struct vtr_wait wait = { 0 };
    while (__atomic_load_n(&cache->mine.wanted, __ATOMIC_ACQUIRE) != 0) /* A8 */
        vtr_wait_(&wait);
}

/* The older half goes: what was freed last is still in this core's cache. The thread is inside. */
static void magazine_spill(struct vtr_cache *cache, struct vtr_magazine *m, unsigned klass)
{
    struct vtr_record *half[VTR_BATCH_MAX];
    uint32_t n = m->cap / 2;
    memcpy(half, vtr_magazine_recs_(m), n * sizeof half[0]);
    memmove(vtr_magazine_recs_(m), vtr_magazine_recs_(m) + n, (m->n - n) * sizeof half[0]);
    __atomic_store_n(&m->n, m->n - n, __ATOMIC_RELAXED);
    vtr_magazines_leave_(&cache->mine); /* not while waiting for the depot's lock */
    vtr_depot_put(cache->mine.heap, klass, half, n);
    vtr_cache_enter(cache);
}

void vtr_cache_push(struct vtr_cache *cache, unsigned klass, struct vtr_record **rec, uint32_t n)
{
    struct vtr_magazine *m = cache->mine.of[klass];
    vtr_cache_enter(cache);
    while (m->cap - m->n < n)
        magazine_spill(cache, m, klass);
    for (uint32_t i = 0; i < n; i++)
        vtr_magazine_recs_(m)[m->n + i] = rec[i];
    __atomic_store_n(&m->n, m->n + n, __ATOMIC_RELAXED);
    vtr_magazines_leave_(&cache->mine);
}

/* There is no memory for a magazine. */
static void cache_forget_blocks(struct vtr_heap *heap, unsigned klass,
                                struct vtr_record *const *rec, uint32_t n)
{
    vtr_blocks_forget(rec, n);
    vtr_heap_uncharge(heap, vtr_class_bytes_(klass), n);
}

void vtr_cache_keep_slow(struct vtr_heap *heap, unsigned klass, struct vtr_record *rec)
{
    struct vtr_cache *cache = vtr_cache_of(heap);
    if (cache != NULL && vtr_cache_magazine(cache, klass) != NULL) {
        vtr_cache_push(cache, klass, &rec, 1);
        return;
    }
    cache_forget_blocks(heap, klass, &rec, 1);
}

void vtr_cache_keep_all(struct vtr_heap *heap, unsigned klass, struct vtr_record **rec, uint32_t n)
{
    struct vtr_cache *cache = vtr_cache_of(heap);
    uint32_t batch = vtr_class_batch(klass);
    bool has = cache != NULL && vtr_cache_magazine(cache, klass) != NULL;
    for (uint32_t done = 0; done < n; done += batch) {
        uint32_t more = n - done < batch ? n - done : batch;
        if (VTR_LIKELY(has))
            vtr_cache_push(cache, klass, rec + done, more);
        else
            cache_forget_blocks(heap, klass, rec + done, more);
    }
}

/* O: a look that may be late, at what the thread itself keeps. */
static bool cache_holds(const struct vtr_cache *cache)
{
    for (unsigned k = 0; k < VTR_CLASSES; k++) {
        const struct vtr_magazine *m = __atomic_load_n(&cache->mine.of[k], __ATOMIC_ACQUIRE);
        if (m != NULL && __atomic_load_n(&m->n, __ATOMIC_RELAXED) != 0)
            return true;
    }
    return false;
}

/* Asks the threads of all caches but @p mine that hold something to stay outside. */
static bool caches_want(struct vtr_heap *heap, const struct vtr_cache *mine)
{
    bool some = false;
    for (struct vtr_cache *c = heap->caches; c != NULL; c = c->of_heap) {
        bool wanted = c != mine && cache_holds(c);
        /* B2 follows. R8 for whom another thread emptied before: this store hides that one's. */
        __atomic_store_n(&c->mine.wanted, wanted, __ATOMIC_RELEASE);
        some |= wanted;
    }
    /* B2: each thread has seen that it is wanted, or is seen inside. */
    return some && vtr_barrier_();
}

bool vtr_caches_empty(struct vtr_heap *heap, struct vtr_cache *mine)
{
    pthread_mutex_lock(&caches_lock);
    bool some = magazines_flush(mine), may = caches_want(heap, mine);
    for (struct vtr_cache *c = heap->caches; c != NULL; c = c->of_heap) {
        struct vtr_wait wait = { 0 };
        if (c->mine.wanted == 0)
            continue;
        while (may && __atomic_load_n(&c->mine.inside, __ATOMIC_ACQUIRE) != 0) /* A9 */
            vtr_wait_(&wait);
        some |= may && magazines_flush(c);
        __atomic_store_n(&c->mine.wanted, 0, __ATOMIC_RELEASE); /* R8: what was taken is out; A8 */
    }
    pthread_mutex_unlock(&caches_lock);
    return some;
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
