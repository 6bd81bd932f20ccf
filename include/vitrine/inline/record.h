/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The local record of a block: this process's count of it. ABI, because counting is inlined; only
 * src/heap/ and src/data/ look inside. Never included directly.
 *
 * count   meaning (VTR_COUNT_*)
 * n > 0   n handles in this process; the process's bit is set in the block's holder word
 * 0       BUSY: one thread is taking the block through a change of its holder word
 * CACHED  free, and in one magazine or depot of this process: only who has that touches the record
 * IDLE    no handle in this process, nor in its magazines
 *
 * What the fast paths save, on a machine where a locked instruction takes 4.7 ns:
 * - BUSY is zero, so that one `lock dec` both counts down and, on the last handle, claims the
 *   change: a compare-and-swap less.
 * - The last handle of a block that is not SHARED ends by plain stores: nobody else can name it.
 *   An allocation that is freed in its thread takes no locked instruction at all; it took three.
 * - A heap declared single-threaded counts by plain instructions: 1 ns for a pair instead of 10.
 *
 * There is no such shortcut for counting up from one: the handle may be borrowed by several threads
 * at once, and two of them would both store two.
 */
#ifndef VITRINE_INLINE_RECORD_H
#define VITRINE_INLINE_RECORD_H

#include <vitrine/base.h>

VTR_BEGIN_DECLS

enum {
    VTR_COUNT_BUSY = 0,
    VTR_COUNT_CACHED = -0x20000000,
    VTR_COUNT_IDLE = -0x40000000,
    VTR_COUNT_FIXED = 0x40000000, /* of what is never counted */
};

enum vtr_record_flags {
    VTR_RECORD_SHARED = 1u << 0,  /* for ever: a weak or soft reference was made, or it was sent */
    VTR_RECORD_FIXED = 1u << 1,   /* static data: never counted, never written */
    VTR_RECORD_SINGLE = 1u << 2,  /* of a heap declared single-threaded */
    VTR_RECORD_CARVED = 1u << 3,  /* a thread's cache holds `fill` of the counts, to carve from */
    VTR_RECORD_FOREIGN = 1u << 4, /* adopted memory: no pageblock behind it */
};

/* Segment lists begin with the same eight bytes, so that counting need not tell them apart. */
struct vtr_record {
    int32_t count; /* atomic, any thread of this process */
    uint16_t gen;  /* low bits of the generation handles carry; odd once they are all gone */
    uint8_t fill;  /* how much of the block was sealed, in 255ths; CARVED: atomic, counts */
    uint8_t flags; /* atomic; enum vtr_record_flags */
    const uint8_t *base; /* the block's first byte in the read view */
};
VTR_STATIC_ASSERT(sizeof(struct vtr_record) == 16, "vtr_record is ABI");

/* A handle says itself how it is counted, so that counting up begins with the locked instruction: a
 * look at the record before it moved a line that two cores count twice. */
#define VTR_WHAT_LIST UINT64_C(1)
#define VTR_WHAT_PLAIN ((uint64_t)(VTR_RECORD_SINGLE | VTR_RECORD_FIXED))
#define VTR_WHAT_GEN_SHIFT 48
#define VTR_WHAT_ADDR ((UINT64_C(1) << VTR_WHAT_GEN_SHIFT) - 8)

VTR_INLINE struct vtr_record *vtr_what_record_(uint64_t what)
{
    return (struct vtr_record *)(uintptr_t)(what & VTR_WHAT_ADDR);
}

/* O: flags but SHARED are constant while there are handles; for SHARED see vtr_record_last_(). */
VTR_INLINE unsigned vtr_record_flags_(const struct vtr_record *rec)
{
    return __atomic_load_n(&rec->flags, __ATOMIC_RELAXED);
}

VTR_INLINE uint64_t vtr_what_(const struct vtr_record *rec, uint64_t list)
{
    return (uint64_t)(uintptr_t)rec | list | (vtr_record_flags_(rec) & VTR_WHAT_PLAIN) |
           ((uint64_t)rec->gen << VTR_WHAT_GEN_SHIFT);
}

/** The handle's block was released, or counted past two thousand million: names it and aborts. */
VTR_API VTR_COLD __attribute__((noreturn)) void vtr_record_broken_(uint64_t what, const char *call);

/** The last handle of this process was counted down: the count is BUSY, or broken. */
VTR_API void vtr_record_release_(uint64_t what);

/** Ends the only handle there is of what is not SHARED. */
VTR_API void vtr_record_end_(uint64_t what);

VTR_INLINE bool vtr_record_stale_(uint64_t what)
{
    return vtr_what_record_(what)->gen != (uint16_t)(what >> VTR_WHAT_GEN_SHIFT);
}

/* Counting up from CACHED or IDLE, and past the largest number, leaves a negative one. What a stale
 * handle has counted up by then is no matter: the process ends.
 * @param call  a literal: who counts, for a message; it costs nothing until there is one. */
VTR_INLINE void vtr_record_ref_for_(uint64_t what, int32_t n, const char *call)
{
    struct vtr_record *rec = vtr_what_record_(what);
    int32_t now;
    if (VTR_LIKELY((what & VTR_WHAT_PLAIN) == 0)) {
        /* O: the caller holds a handle already, so nothing has to become visible here. */
        now = __atomic_add_fetch(&rec->count, n, __ATOMIC_RELAXED);
    } else {
        if (what & VTR_RECORD_FIXED)
            return;
        /* O: there is one thread. In two's complement, as the atomic does it. */
        now = (int32_t)((uint32_t)rec->count + (uint32_t)n);
        __atomic_store_n(&rec->count, now, __ATOMIC_RELAXED);
    }
    if (VTR_UNLIKELY(now <= 0 || vtr_record_stale_(what)))
        vtr_record_broken_(what, call);
}

VTR_INLINE void vtr_record_ref_n_(uint64_t what, int32_t n)
{
    vtr_record_ref_for_(what, n, "ref");
}

VTR_INLINE void vtr_record_ref_(uint64_t what)
{
    vtr_record_ref_for_(what, 1, "ref");
}

/* Whether the handle that the caller is about to consume is the only name of what it refers to. */
VTR_INLINE bool vtr_record_last_(const struct vtr_record *rec)
{
    /* A1: whoever had the other handles is through with the bytes, and has set SHARED if it made
     * weak references; R1 where it counted down. */
    return __atomic_load_n(&rec->count, __ATOMIC_ACQUIRE) == 1 &&
           (vtr_record_flags_(rec) & VTR_RECORD_SHARED) == 0;
}

/* One handle less, when it is not the only name. */
VTR_INLINE void vtr_record_count_down_(uint64_t what)
{
    struct vtr_record *rec = vtr_what_record_(what);
    int32_t left;
    if (VTR_LIKELY((what & VTR_WHAT_PLAIN) == 0)) {
        /* R1: our reads of the bytes happen before the count falls; pairs with A1. */
        left = __atomic_sub_fetch(&rec->count, 1, __ATOMIC_RELEASE);
    } else {
        if (what & VTR_RECORD_FIXED)
            return;
        left = rec->count - 1;
        __atomic_store_n(&rec->count, left, __ATOMIC_RELAXED); /* O: there is one thread */
    }
    if (VTR_UNLIKELY(left <= 0))
        vtr_record_release_(what);
}

VTR_INLINE void vtr_record_unref_(uint64_t what)
{
    if (VTR_UNLIKELY(vtr_record_stale_(what)))
        vtr_record_broken_(what, "unref");
    if (vtr_record_last_(vtr_what_record_(what)))
        vtr_record_end_(what);
    else
        vtr_record_count_down_(what);
}

/** vtr_record_unref_() of whats[0..n); zeros are allowed. */
VTR_API void vtr_record_unref_bulk_(const uint64_t *whats, unsigned n);

VTR_END_DECLS
#endif
