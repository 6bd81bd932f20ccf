/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Magazines: per-thread stacks of hints at blocks that are probably free, and the depot where
 * threads exchange them (Bonwick and Adams, "Magazines and Vmem", USENIX 2001).
 * Everything here is a hint and may be lost, stale or there twice: the holder word decides.
 * Owner: a cache is its thread's; it outlives neither its thread nor its heap.
 * Threads: a cache is used by its thread only, but for vtr_caches_detach() under a lock.
 */
#ifndef VITRINE_HEAP_MAGAZINE_H
#define VITRINE_HEAP_MAGAZINE_H

#include <pthread.h>
#include <vitrine/base.h>
#include <vitrine/inline/record.h>

#include "heap/class.h"

struct vtr_heap;
struct vtr_pageblock;

struct vtr_magazine {
    uint32_t n;
    uint32_t cap; /* two batches of the class */
    struct vtr_record *rec[];
};

struct vtr_depot {
    pthread_mutex_t lock;
    uint32_t n, cap;
    struct vtr_record **rec;
};

/** An open block that its thread carves headers from; data/ fills it. */
struct vtr_carved {
    struct vtr_record *rec; /* NULL: none; its count is the cache's, and its record says so */
    uint8_t *base;
    uint32_t next, cap;
};

/** Puts @p rec, which may be NULL, in place of the block carved until now, which is sealed. */
VTR_API void vtr_carved_set_(struct vtr_carved *carved, struct vtr_record *rec);

struct vtr_cache {
    struct vtr_heap *heap;      /* atomic; NULL once the heap is closed */
    struct vtr_cache *of_heap;  /* next cache of the heap */
    struct vtr_cache *of_thread; /* next cache of the thread */
    struct vtr_carved header;
    struct vtr_pageblock *fresh[VTR_CLASSES]; /* pageblocks this thread cuts new blocks from */
    struct vtr_magazine *magazine[VTR_CLASSES];
};

/** @return the calling thread's cache of the heap, or NULL: no memory. */
VTR_API struct vtr_cache *vtr_cache_of_(struct vtr_heap *heap);

/** @return the magazine of a class, or NULL: no memory. */
struct vtr_magazine *vtr_cache_magazine(struct vtr_cache *cache, unsigned klass);

/** Keeps a hint; sends half of a full magazine to the depot. */
void vtr_cache_keep(struct vtr_cache *cache, unsigned klass, struct vtr_record *rec);

/** Fetches a batch from the depot. @return how many hints the magazine holds now. */
uint32_t vtr_cache_fetch(struct vtr_cache *cache, struct vtr_magazine *magazine, unsigned klass);

/** Parts all caches from a heap that closes. */
void vtr_caches_detach(struct vtr_heap *heap);

void vtr_depots_init(struct vtr_heap *heap);
void vtr_depots_fini(struct vtr_heap *heap);

#endif
