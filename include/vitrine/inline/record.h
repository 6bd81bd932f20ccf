/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The local record of a block: this process's count of it. ABI, because counting is inlined; only
 * src/heap/ and src/data/ look inside. Never included directly.
 *
 * count   meaning (VTR_COUNT_*)
 * n > 0   n handles in this process; the process's bit is set in the block's holder word
 * 0       BUSY: one thread is taking the block through a change of its holder word
 * IDLE    no handle in this process
 *
 * BUSY is zero so that one `lock dec` both counts down and, on the last handle, claims the change:
 * 2.0 ns (AMD Zen 4) against 2.4 for the compare-and-swap it replaces. Overflow and use after the
 * end show as a result below 2 of the same instruction that counts up.
 */
#ifndef VITRINE_INLINE_RECORD_H
#define VITRINE_INLINE_RECORD_H

#include <vitrine/base.h>

VTR_BEGIN_DECLS

enum { VTR_COUNT_BUSY = 0, VTR_COUNT_IDLE = -0x40000000 };

/* Segment lists begin with the same eight bytes, so that counting need not tell them apart. */
struct vtr_record {
    int32_t count; /* atomic, any thread of this process */
    uint16_t gen;  /* low bits of the generation handles carry; written while BUSY or exclusive */
    uint8_t klass; /* size class; written while BUSY */
    uint8_t carved; /* atomic: a thread's cache holds one of the counts, to carve headers from */
    const uint8_t *base; /* the block's first byte in the read view */
};
VTR_STATIC_ASSERT(sizeof(struct vtr_record) == 16, "vtr_record is ABI");

#define VTR_WHAT_LIST UINT64_C(1)
#define VTR_WHAT_GEN_SHIFT 48
#define VTR_WHAT_ADDR ((UINT64_C(1) << VTR_WHAT_GEN_SHIFT) - 2)

VTR_INLINE struct vtr_record *vtr_what_record_(uint64_t what)
{
    return (struct vtr_record *)(uintptr_t)(what & VTR_WHAT_ADDR);
}

VTR_INLINE uint64_t vtr_what_(const struct vtr_record *rec, uint64_t list)
{
    return (uint64_t)(uintptr_t)rec | list | ((uint64_t)rec->gen << VTR_WHAT_GEN_SHIFT);
}

/** The handle's block was released, or counted past two thousand million: names it and aborts. */
VTR_API VTR_COLD __attribute__((noreturn)) void vtr_record_broken_(uint64_t what, const char *call);

/** The last handle of this process is gone: clears the process's bit, recycles. */
VTR_API void vtr_record_release_(uint64_t what);

VTR_INLINE void vtr_record_ref_n_(uint64_t what, int32_t n)
{
    struct vtr_record *rec = vtr_what_record_(what);
    if (VTR_UNLIKELY(rec->gen != (uint16_t)(what >> VTR_WHAT_GEN_SHIFT)))
        vtr_record_broken_(what, "ref");
    /* O: the caller holds a handle already, so nothing has to become visible here. */
    if (VTR_UNLIKELY(__atomic_add_fetch(&rec->count, n, __ATOMIC_RELAXED) <= n))
        vtr_record_broken_(what, "ref");
}

VTR_INLINE void vtr_record_ref_(uint64_t what)
{
    vtr_record_ref_n_(what, 1);
}

VTR_INLINE void vtr_record_unref_(uint64_t what)
{
    struct vtr_record *rec = vtr_what_record_(what);
    if (VTR_UNLIKELY(rec->gen != (uint16_t)(what >> VTR_WHAT_GEN_SHIFT)))
        vtr_record_broken_(what, "unref");
    /* R1: our reads of the bytes happen before the count falls; pairs with A1 in
     * vtr_record_release_, whose caller saw the last of them. */
    int32_t left = __atomic_sub_fetch(&rec->count, 1, __ATOMIC_RELEASE);
    if (VTR_LIKELY(left > 0))
        return;
    if (VTR_UNLIKELY(left < 0))
        vtr_record_broken_(what, "unref");
    vtr_record_release_(what);
}

VTR_END_DECLS
#endif
