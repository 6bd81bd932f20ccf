/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Freed blocks are poisoned, so that who still uses one is noticed.
 *
 * debug build         a free block is full of a pattern, which is looked at when it is taken again:
 *                     a write in between ends the process with a message
 * AddressSanitizer    a free block is poisoned in both views: an access reports at once
 * else                nothing, and no cost
 *
 * Of a block of more than 1 MiB, only the first and the last 64 KiB hold the pattern: filling
 * 64 MiB takes as long as a hundred thousand small blocks. What a pageblock held is not looked at
 * any more when it gets another class, but for those ends of a large block.
 *
 * Owner: whoever has the block free, and to himself. Threads: his.
 */
#ifndef VITRINE_HEAP_POISON_H
#define VITRINE_HEAP_POISON_H

#include <vitrine/base.h>
#include <vitrine/inline/record.h>

#include "heap/segment.h"

#ifdef __has_feature
#define VTR_POISON_CLANG __has_feature(address_sanitizer)
#else
#define VTR_POISON_CLANG 0
#endif
#if defined __SANITIZE_ADDRESS__ || VTR_POISON_CLANG
#define VTR_POISON_ASAN 1
#else
#define VTR_POISON_ASAN 0
#endif

#ifdef VTR_DEBUG
#define VTR_POISON_PATTERN 1
#else
#define VTR_POISON_PATTERN 0
#endif

struct vtr_pageblock;

#if VTR_POISON_ASAN || VTR_POISON_PATTERN
/** The block was freed, or has just been cut and was never used. */
void vtr_poison_(const struct vtr_record *rec);

/** It is taken: its bytes may be used, and were not since it was freed. */
void vtr_unpoison_(const struct vtr_record *rec);

/** The pageblock gets a class, or becomes part of a large block. */
void vtr_poison_leave(struct vtr_pageblock *pb);
#else
static inline void vtr_poison_(const struct vtr_record *rec) { (void)rec; }
static inline void vtr_unpoison_(const struct vtr_record *rec) { (void)rec; }
static inline void vtr_poison_leave(struct vtr_pageblock *pb) { (void)pb; }
#endif

#if VTR_POISON_ASAN
/** Segment @p k has just been mapped. */
void vtr_poison_segment(const struct vtr_views *views, unsigned k);

/** The addresses of the @p n segments that were mapped are given back: what comes there next is
 * another's. (Not of all that a heap reserves: to clear its shadow took 2 GiB of memory.) */
void vtr_poison_forget(const struct vtr_views *views, unsigned n);
#else
static inline void vtr_poison_segment(const struct vtr_views *views, unsigned k)
{
    (void)views, (void)k;
}
static inline void vtr_poison_forget(const struct vtr_views *views, unsigned n)
{
    (void)views, (void)n;
}
#endif

#endif
