/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Adopted memory: records of bytes that are not the heap's, and that go back to whoever lent them
 * when the last handle ends.
 * Owner: a record taken is held by one count; its memory is the heap's until the heap closes, so
 * that a handle which outlived its bytes still finds a generation to be compared with.
 * Threads: any.
 */
#ifndef VITRINE_HEAP_FOREIGN_H
#define VITRINE_HEAP_FOREIGN_H

#include <pthread.h>
#include <vitrine/base.h>
#include <vitrine/inline/record.h>

#include "heap/place.h"

struct vtr_heap;

typedef void vtr_foreign_release_fn(void *arg, const void *bytes, size_t len);

struct vtr_foreign {
    struct vtr_record rec;     /* first: counting knows nothing else */
    struct vtr_foreign *next;  /* while it is free, or held back */
    struct vtr_heap *heap;
    vtr_foreign_release_fn *release;
    void *arg;
    size_t len;
    struct vtr_life life;      /* debug builds */
};
VTR_STATIC_ASSERT(offsetof(struct vtr_foreign, rec) == 0, "a record leads to what it is part of");
VTR_STATIC_ASSERT(sizeof(struct vtr_foreign) <= 64, "a cache line");

struct vtr_foreign_slab;

/** A heap's records. */
struct vtr_foreigners {
    pthread_mutex_t lock;
    struct vtr_foreign *free;
    struct vtr_foreign_slab *slabs;
    uint64_t blocks, bytes; /* adopted now */
};

void vtr_foreigners_init(struct vtr_heap *heap);
void vtr_foreigners_fini(struct vtr_heap *heap);

/** What is adopted now. */
void vtr_foreigners_count(struct vtr_heap *heap, uint64_t *blocks, uint64_t *bytes);

/** Debug builds: adds one for each to the place it was adopted at. */
void vtr_foreigners_count_places(struct vtr_heap *heap, uint32_t *count);

static inline struct vtr_foreign *vtr_foreign_of(const struct vtr_record *rec)
{
    return (struct vtr_foreign *)(uintptr_t)rec;
}

/** @return a record of the bytes, with one count, or NULL: no memory. */
struct vtr_record *vtr_foreign_take(struct vtr_heap *heap, const void *bytes, size_t len,
                                    vtr_foreign_release_fn *release, void *arg);

/** The last handle is gone: gives the bytes back, and keeps the record for the next. */
void vtr_foreign_end(struct vtr_record *rec);

/** From here on the calling thread gives no bytes back: it holds a lock. */
VTR_API void vtr_foreign_hold_(void);

/** It gives back what ended since vtr_foreign_hold_(). */
VTR_API void vtr_foreign_let_go_(void);

#endif
