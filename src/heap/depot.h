/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The depot: free blocks of each class that are in no thread's magazine.
 * Owner: the heap. Threads: any; each class has its lock, inside the heap's and the caches'.
 */
#ifndef VITRINE_HEAP_DEPOT_H
#define VITRINE_HEAP_DEPOT_H

#include <pthread.h>
#include <vitrine/base.h>
#include <vitrine/inline/record.h>

struct vtr_heap;

struct vtr_depot {
    pthread_mutex_t lock;
    uint32_t n, cap;
    struct vtr_record **rec;
};

/** Puts blocks there that were in a thread's magazine: the process's quota has them back. Without
 * memory for them they are forgotten. */
void vtr_depot_put(struct vtr_heap *heap, unsigned klass, struct vtr_record *const *rec,
                   uint32_t n);

/** @return how many blocks came from the depot, at most @p n. */
uint32_t vtr_depot_get(struct vtr_heap *heap, unsigned klass, struct vtr_record **rec, uint32_t n);

/** Forgets the blocks in the depot whose pageblock is to lose its class. */
void vtr_depot_forget(struct vtr_heap *heap, unsigned klass);

/** CACHED blocks become IDLE: free, and nobody's; a sweep finds them. */
void vtr_blocks_forget(struct vtr_record *const *rec, uint32_t n);

void vtr_depots_init(struct vtr_heap *heap);
void vtr_depots_fini(struct vtr_heap *heap);

#endif
