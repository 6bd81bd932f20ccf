/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The calling thread's free blocks. ABI, because taking one is inlined: as a call that fills a
 * struct vtr_buf in memory, an allocation with its end took 8.2 ns; inline it takes 6.
 * Only src/ looks inside. Never included directly.
 */
#ifndef VITRINE_INLINE_CACHE_H
#define VITRINE_INLINE_CACHE_H

#include <vitrine/base.h>
#include <vitrine/inline/block.h>

VTR_BEGIN_DECLS

struct vtr_heap;

#define VTR_CLASSES 50u

/** Largest block that vtr_class_of_() knows, in bytes. */
#define VTR_CLASS_NEAR ((size_t)8192)

/** @return the smallest class that holds @p bytes, which are at most VTR_CLASS_NEAR. Up to 7 cache
 * lines each number has a class; from 9 on there are four a doubling, all odd. A constant if
 * @p bytes is one; a search took 4 ns. */
VTR_INLINE unsigned vtr_class_of_(size_t bytes)
{
    unsigned lines = (unsigned)((bytes + 63) / 64);
    if (lines < 8)
        return lines == 0 ? 0 : lines - 1;
    unsigned y = lines == 8 ? 7 : lines - 2; /* 7 * 2^k is where a doubling's first class begins */
    unsigned log = 31u - (unsigned)__builtin_clz(y);
    return 4 * log - 8 + (y >> (log - 2));
}

/** A stack of free blocks of one class; their records' addresses follow. */
struct vtr_magazine {
    uint32_t n;   /* atomic for vtr_caches_empty(), which looks */
    uint32_t cap; /* two batches of the class */
};

VTR_INLINE struct vtr_record **vtr_magazine_recs_(struct vtr_magazine *m)
{
    return (struct vtr_record **)(void *)(m + 1); /* aligned, since m is to a cache line */
}

/** The magazines of one thread for one heap. */
struct vtr_magazines {
    struct vtr_heap *heap; /* atomic; NULL once it is closed */
    uint32_t inside; /* atomic; written by the thread: it is at one of its magazines */
    uint32_t wanted; /* atomic; written by who empties them: the thread has to wait outside */
    uint64_t own_bit; /* the heap's */
    uint64_t unused;
    struct vtr_magazine *of[VTR_CLASSES]; /* atomic; NULL: none yet */
};

/** What the calling thread used last. NULL at first, and always in builds that poison blocks.
 * Initial-exec and small, so that dlopen works. */
extern VTR_API __thread struct vtr_magazines *vtr_magazines_last_
    __attribute__((tls_model("initial-exec")));

VTR_INLINE void vtr_magazines_leave_(struct vtr_magazines *mine)
{
    __atomic_store_n(&mine->inside, 0, __ATOMIC_RELEASE); /* R9: what was put in is in; A9 */
}

/** @return false, and the thread is outside: it is wanted there. */
VTR_INLINE bool vtr_magazines_try_enter_(struct vtr_magazines *mine)
{
    /* B1: the store before the load, for the compiler; B2, the membarrier, sees to the CPU. */
    __atomic_store_n(&mine->inside, 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    /* A8: what was taken out meanwhile is out. */
    if (VTR_LIKELY(__atomic_load_n(&mine->wanted, __ATOMIC_ACQUIRE) == 0))
        return true;
    vtr_magazines_leave_(mine);
    return false;
}

/** @return a CACHED block, the caller's alone from now on; NULL: there is none at hand. */
VTR_INLINE struct vtr_record *vtr_magazines_pop_(struct vtr_magazines *mine, unsigned klass)
{
    struct vtr_magazine *m = mine->of[klass];
    struct vtr_record *rec = NULL;
    if (VTR_LIKELY(m != NULL && vtr_magazines_try_enter_(mine))) {
        uint32_t n = m->n;
        if (VTR_LIKELY(n != 0)) {
            rec = vtr_magazine_recs_(m)[n - 1];
            __atomic_store_n(&m->n, n - 1, __ATOMIC_RELAXED);
        }
        vtr_magazines_leave_(mine);
    }
    return rec;
}

/** Puts a CACHED block in. @return false: there is no room at hand. */
VTR_INLINE bool vtr_magazines_push_(struct vtr_magazines *mine, unsigned klass,
                                    struct vtr_record *rec)
{
    struct vtr_magazine *m = mine->of[klass];
    bool room = false;
    if (VTR_LIKELY(m != NULL && vtr_magazines_try_enter_(mine))) {
        uint32_t n = m->n;
        room = n != m->cap;
        if (VTR_LIKELY(room)) {
            vtr_magazine_recs_(m)[n] = rec;
            __atomic_store_n(&m->n, n + 1, __ATOMIC_RELAXED);
        }
        vtr_magazines_leave_(mine);
    }
    return room;
}

/** Finds a place for a CACHED block for which vtr_magazines_push_() had none. */
VTR_API VTR_COLD void vtr_block_keep_(struct vtr_record *rec);

/** Ends an open block that nothing else can name: its record is the caller's alone.
 * @return false, and nothing done, where the library is to see it end. */
VTR_INLINE bool vtr_magazines_end_(struct vtr_record *rec)
{
    const struct vtr_pageblock_head *head = vtr_pageblock_head_of(rec);
    struct vtr_magazines *mine = vtr_magazines_last_;
    if (VTR_UNLIKELY(mine == NULL || head->klass >= VTR_CLASSES ||
                     __atomic_load_n(&mine->heap, __ATOMIC_RELAXED) != head->heap))
        return false;
    __atomic_store_n(&vtr_holders_of(rec)->word, 0, __ATOMIC_RELEASE); /* R6 */
    rec->gen |= 1; /* handles that are left over are seen to be stale from here on */
    __atomic_store_n(&rec->count, VTR_COUNT_CACHED, __ATOMIC_RELEASE); /* R3 */
    if (VTR_UNLIKELY(!vtr_magazines_push_(mine, head->klass, rec)))
        vtr_block_keep_(rec);
    return true;
}

/** Opens a block whose record is the caller's alone and whose word is zero. Plain stores: nobody
 * else changes the record of a CACHED block, and an upgrade leaves a word of zero alone. */
VTR_INLINE void vtr_block_open_(struct vtr_record *rec, uint64_t own)
{
    struct vtr_holders *h = vtr_holders_of(rec);
    uint64_t gen = (h->gen + 1) | 1;
    rec->gen = (uint16_t)(gen + 1); /* what handles carry: the generation it will be sealed with */
    /* R5: the new generation is seen before the holder; A5 is an upgrade's second look at it. */
    __atomic_store_n(&h->gen, gen, __ATOMIC_RELEASE);
    __atomic_store_n(&h->word, own, __ATOMIC_RELEASE);
    /* R3 */
    __atomic_store_n(&rec->count, 1, __ATOMIC_RELEASE);
}

VTR_END_DECLS
#endif
