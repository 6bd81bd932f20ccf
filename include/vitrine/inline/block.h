/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * From a record to the rest of its block: the holder word and the pageblock, each at a fixed place
 * from it. ABI, because sealing and owning again are inlined: per packet they took 25 cycles as
 * calls through a struct vtr_buf in memory, and 8 where the compiler keeps that in registers.
 * Only src/ looks inside. Never included directly.
 */
#ifndef VITRINE_INLINE_BLOCK_H
#define VITRINE_INLINE_BLOCK_H

#include <vitrine/base.h>
#include <vitrine/inline/record.h>

VTR_BEGIN_DECLS

#define VTR_AREA_BYTES ((size_t)1 << 20)
#define VTR_AREAS_BYTES (VTR_AREA_BYTES * 32)
/* Half a page further than its area, so that a block's record and its holder word do not have the
 * low 12 bits of their addresses in common: a load from one would wait for a store to the other. */
#define VTR_HOLDERS_SKEW ((size_t)2048)

/** Shared truth of one block: free if and only if word is zero. */
struct vtr_holders {
    uint64_t word; /* atomic: bit p = slot p holds it strongly, bit 32+p = softly */
    uint64_t gen;  /* atomic: odd = open, being written; even = immutable; only grows */
};
VTR_STATIC_ASSERT(sizeof(struct vtr_holders) == sizeof(struct vtr_record),
                  "a record and its holder word have the same index");

struct vtr_heap;

/** What a pageblock begins with. Constant while one of its blocks is held. */
struct vtr_pageblock_head {
    ptrdiff_t to_write;   /* from the read view to the writable one */
    uint64_t fill_scale;  /* 2^32 * 255 / block_bytes */
    uint32_t block_bytes;
    uint32_t klass; /* of its blocks, or beyond VTR_CLASSES */
    struct vtr_heap *heap;
};

VTR_INLINE struct vtr_holders *vtr_holders_of(const struct vtr_record *rec)
{
    return (struct vtr_holders *)((uintptr_t)rec + VTR_AREAS_BYTES + VTR_HOLDERS_SKEW);
}

VTR_INLINE const struct vtr_pageblock_head *vtr_pageblock_head_of(const struct vtr_record *rec)
{
    return (const struct vtr_pageblock_head *)((uintptr_t)rec & ~(VTR_AREA_BYTES - 1));
}

/** @return the block's first byte in the writable view. Only for a block that is open. */
VTR_INLINE uint8_t *vtr_block_writable_(const struct vtr_record *rec)
{
    return (uint8_t *)(uintptr_t)rec->base + vtr_pageblock_head_of(rec)->to_write;
}

/** @return whether the block, which the caller holds, is being written. */
VTR_INLINE bool vtr_block_is_open_(const struct vtr_record *rec)
{
    return (vtr_holders_of(rec)->gen & 1) != 0;
}

/** Open to immutable, @p len bytes of it written. The caller's count goes on.
 * @return the `what` of a handle to it. */
VTR_INLINE uint64_t vtr_block_seal_(struct vtr_record *rec, uint32_t len)
{
    struct vtr_holders *h = vtr_holders_of(rec);
    /* O: a number for people; atomic, since they may look at it while it is the carver's. */
    __atomic_store_n(&rec->fill, (uint8_t)(len * vtr_pageblock_head_of(rec)->fill_scale >> 32),
                     __ATOMIC_RELAXED);
    /* R7: the bytes are there before they are immutable; A7: a receiver reads the generation. */
    __atomic_store_n(&h->gen, h->gen + 1, __ATOMIC_RELEASE);
    return vtr_what_(rec, 0);
}

/** vtr_block_reopen_() where others may know the block. */
VTR_API bool vtr_block_reopen_shared_(struct vtr_record *rec);

/** Immutable to open, if the caller's is the only count of the only holder. @return whether. */
VTR_INLINE bool vtr_block_reopen_(struct vtr_record *rec)
{
    struct vtr_holders *h = vtr_holders_of(rec);
    if (VTR_UNLIKELY(!vtr_record_last_(rec) || (vtr_record_flags_(rec) & VTR_RECORD_FOREIGN) != 0))
        return vtr_block_reopen_shared_(rec);
    uint64_t gen = h->gen + 1;
    rec->gen = (uint16_t)(gen + 1); /* the handle that is being consumed is stale from here on */
    __atomic_store_n(&h->gen, gen, __ATOMIC_RELEASE); /* R5 */
    return true;
}

VTR_END_DECLS
#endif
