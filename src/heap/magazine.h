/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Magazines: per-thread stacks of free blocks, and the depot where threads exchange them (Bonwick
 * and Adams, "Magazines and Vmem", USENIX 2001). What a thread frees that another allocated gets
 * back to it by the depot, a batch at a time.
 *
 * A block that is in a magazine or the depot is CACHED, and in no other: who takes it out needs no
 * atomic operation to have it. Losing one (a process dies) is no harm: the holder word says that it
 * is free, and a sweep finds it.
 *
 * At the heap's limit one thread empties the magazines of all others, which is why a thread says
 * when it is inside of its own: two plain stores, where a lock or a claim of each block by
 * compare-and-swap would take 4.7 ns a block. The price is membarrier(2), paid at the limit only
 * (the asymmetric fence of liburcu's memb flavour).
 *
 * Owner: a cache is its thread's; it outlives neither its thread nor its heap.
 * Threads: a cache is used by its thread only, but for vtr_caches_detach() under a lock and
 * vtr_caches_empty().
 */
#ifndef VITRINE_HEAP_MAGAZINE_H
#define VITRINE_HEAP_MAGAZINE_H

#include <pthread.h>
#include <vitrine/base.h>
#include <vitrine/inline/cache.h>

#include "heap/class.h"

struct vtr_heap;
struct vtr_pageblock;

/* Most blocks that move between a thread and the depot at once; hides the depot's lock. */
#define VTR_BATCH_MAX 64u

/** An open block that its thread carves headers from; data/ fills it. */
struct vtr_carved {
    struct vtr_record *rec; /* NULL: none; one count is the cache's, and the record says so */
    uint8_t *base;
    uint32_t next, cap;
    uint32_t ahead; /* counts taken for headers to come; the record's fill says so */
};

/** Puts @p rec, which may be NULL, in place of the block carved until now, which is sealed. */
VTR_API void vtr_carved_set_(struct vtr_carved *carved, struct vtr_record *rec);

struct vtr_cache {
    __attribute__((aligned(64))) struct vtr_magazines mine; /* first */
    struct vtr_cache *of_heap;  /* next cache of the heap */
    struct vtr_cache *of_thread; /* next cache of the thread */
    struct vtr_carved header;
    int refused; /* why the thread got no block last; 0: it always got one */
    struct vtr_pageblock *fresh[VTR_CLASSES]; /* pageblocks this thread cuts new blocks from */
};

/** The calling thread's cache used last. Initial-exec and small, so that dlopen works. */
extern __thread struct vtr_cache *vtr_cache_last __attribute__((tls_model("initial-exec")));

/** @return the calling thread's cache of the heap, which is not the one used last. */
VTR_COLD struct vtr_cache *vtr_cache_find(struct vtr_heap *heap);

/** @return the calling thread's cache of the heap, or NULL: no memory. */
static inline struct vtr_cache *vtr_cache_of(struct vtr_heap *heap)
{
    struct vtr_cache *c = vtr_cache_last;
    /* O: only this thread links the cache; a heap that closes has no other user. */
    if (VTR_LIKELY(c != NULL && __atomic_load_n(&c->mine.heap, __ATOMIC_RELAXED) == heap))
        return c;
    return vtr_cache_find(heap);
}

/** The same, for those outside of this library. */
VTR_API struct vtr_cache *vtr_cache_of_(struct vtr_heap *heap);

/** Makes the magazine of a class. @return NULL: no memory. */
VTR_COLD struct vtr_magazine *vtr_magazine_new(struct vtr_cache *cache, unsigned klass);

/** @return the magazine of a class, or NULL: no memory. */
static inline struct vtr_magazine *vtr_cache_magazine(struct vtr_cache *cache, unsigned klass)
{
    struct vtr_magazine *m = cache->mine.of[klass];
    return VTR_LIKELY(m != NULL) ? m : vtr_magazine_new(cache, klass);
}

/** Waits, outside, until whoever empties the cache is done. */
VTR_COLD void vtr_cache_wait(struct vtr_cache *cache);

static inline void vtr_cache_enter(struct vtr_cache *cache)
{
    while (VTR_UNLIKELY(!vtr_magazines_try_enter_(&cache->mine)))
        vtr_cache_wait(cache);
}

/** Puts up to a batch of CACHED blocks into a magazine, in the order they are to leave it. */
void vtr_cache_push(struct vtr_cache *cache, unsigned klass, struct vtr_record **rec, uint32_t n);

/** vtr_cache_keep() when there is no magazine, or a full one, or it is wanted. */
VTR_COLD void vtr_cache_keep_slow(struct vtr_heap *heap, unsigned klass, struct vtr_record *rec);

/** A block that was freed, and is CACHED, goes to the thread's magazine. What is rare is a call at
 * the end, so that the rest saves no registers: 1 ns. */
static inline void vtr_cache_keep(struct vtr_heap *heap, unsigned klass, struct vtr_record *rec)
{
    struct vtr_cache *cache = vtr_cache_last;
    if (VTR_UNLIKELY(cache == NULL ||
                     __atomic_load_n(&cache->mine.heap, __ATOMIC_RELAXED) != heap ||
                     !vtr_magazines_push_(&cache->mine, klass, rec)))
        vtr_cache_keep_slow(heap, klass, rec);
}

/** vtr_cache_keep() of up to a batch. */
void vtr_cache_keep_all(struct vtr_heap *heap, unsigned klass, struct vtr_record **rec, uint32_t n);

/** Takes up to @p n blocks out of the magazine. @return how many. */
static inline uint32_t vtr_cache_pop(struct vtr_cache *cache, struct vtr_magazine *m,
                                     struct vtr_record **rec, uint32_t n)
{
    vtr_cache_enter(cache);
    uint32_t left = m->n;
    if (n > left)
        n = left;
    for (uint32_t i = 0; i < n; i++)
        rec[i] = vtr_magazine_recs_(m)[--left];
    __atomic_store_n(&m->n, left, __ATOMIC_RELAXED);
    vtr_magazines_leave_(&cache->mine);
    return n;
}

/** Moves what is in the magazines of the heap to the depot: all of the other threads', and those of
 * @p mine. @return whether there was anything. */
bool vtr_caches_empty(struct vtr_heap *heap, struct vtr_cache *mine);

/** Parts all caches from a heap that closes. */
void vtr_caches_detach(struct vtr_heap *heap);

#endif
