/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The heap's own state.
 * Owner: src/heap/. Threads: each field says.
 */
#ifndef VITRINE_HEAP_HEAP_H
#define VITRINE_HEAP_HEAP_H

#include <pthread.h>
#include <sys/types.h>
#include <vitrine/heap.h>

#include "heap/class.h"
#include "heap/depot.h"
#include "heap/foreign.h"
#include "heap/layout.h"
#include "heap/magazine.h"
#include "heap/segment.h"
#include "heap/watch.h"

struct vtr_heap {
    /* constant after open */
    struct vtr_views views;
    uint64_t own_bit; /* this process's strong bit in the holder words */
    uint64_t epoch;   /* generations of new blocks start here; even */
    uint64_t quota;   /* bytes that blocks in use and in magazines may take; UINT64_MAX: any */
    uint8_t record_flags; /* of every record: VTR_RECORD_SINGLE or none */
    unsigned segments_max;
    enum vtr_pages pages;
    pid_t pid; /* whose blocks these are; a forked child has none of them */
    char name[32];

    pthread_mutex_t lock; /* segments, their count and watches, pageblocks changing class */
    struct vtr_segment *segments;
    struct vtr_heap_watch *watches;
    unsigned segments_n;   /* atomic for readers without the lock; grows only */
    unsigned free_from;    /* no free pageblock before this one; a hint */
    unsigned retire_next;  /* where the search for an idle pageblock goes on */
    unsigned no_segment_until; /* CLOCK_MONOTONIC_COARSE, ms: the system had no memory; 0: it has */
    uint32_t half_cut[VTR_CLASSES]; /* pageblocks with blocks left that no thread cuts */
    uint64_t charged;      /* atomic, relaxed; bytes of blocks in use and in magazines */
    uint32_t refilling;    /* atomic: threads that may have charged what they do not have yet */
    bool lost[VTR_CLASSES]; /* atomic: blocks may be free that no hint knows */
    uint64_t failed_limit, failed_quota; /* atomic, relaxed; blocks refused */
    uint64_t keep_refs, keep_copies, keep_bytes, keep_saved; /* atomic, relaxed: vtr_data_keep */
    pid_t thread;          /* single-threaded: its one, once it came; under magazine.c's lock */

    struct vtr_depot depot[VTR_CLASSES]; /* each has its lock */
    struct vtr_cache *caches;            /* under the lock of magazine.c */

    struct vtr_foreigners foreigners; /* has its lock */
};

/** Charges the quota with up to @p n blocks of @p bytes. @return how many it allows. */
uint32_t vtr_heap_charge(struct vtr_heap *heap, uint64_t bytes, uint32_t n);
void vtr_heap_uncharge(struct vtr_heap *heap, uint64_t bytes, uint32_t n);

/** Charges for a block whether the quota allows it or not. */
void vtr_heap_charge_over(struct vtr_heap *heap, uint64_t bytes);

/** A block of the class is, or may become, free without a hint: who fails next looks for it. */
static inline void vtr_heap_lost(struct vtr_heap *heap, unsigned klass)
{
    if (klass < VTR_CLASSES)
        __atomic_store_n(&heap->lost[klass], true, __ATOMIC_RELEASE); /* R11: the sweep sees it */
}

/** @return the kind in words. Static. */
const char *vtr_pages_name(enum vtr_pages pages);

#endif
