/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Poison. The pattern is written and read while AddressSanitizer lets the block be used.
 */
#include "heap/poison.h"

#include <string.h>

#include "base/text.h"
#include "heap/block.h"
#include "heap/heap.h"
#include "heap/name.h"

#if VTR_POISON_ASAN
#include <sanitizer/asan_interface.h>

static void asan_poison_view(const uint8_t *at, size_t bytes, bool poison)
{
    if (poison)
        __asan_poison_memory_region(at, bytes);
    else
        __asan_unpoison_memory_region(at, bytes);
}

static void asan_poison(const struct vtr_record *rec, bool poison)
{
    asan_poison_view(rec->base, vtr_block_bytes_(rec), poison);
    asan_poison_view(vtr_block_writable_(rec), vtr_block_bytes_(rec), poison);
}

void vtr_poison_segment(const struct vtr_views *views, unsigned k)
{
    __asan_poison_memory_region(views->read + k * VTR_SEGMENT_BYTES, VTR_SEGMENT_BYTES);
    __asan_poison_memory_region(views->write + k * VTR_SEGMENT_BYTES, VTR_SEGMENT_BYTES);
}

void vtr_poison_forget(const struct vtr_views *views, unsigned n)
{
    __asan_unpoison_memory_region(views->read, n * VTR_SEGMENT_BYTES);
    __asan_unpoison_memory_region(views->write, n * VTR_SEGMENT_BYTES);
}
#elif VTR_POISON_PATTERN
static void asan_poison(const struct vtr_record *rec, bool poison) { (void)rec, (void)poison; }
static void asan_poison_view(const uint8_t *at, size_t bytes, bool poison)
{
    (void)at, (void)bytes, (void)poison;
}
#endif

#if VTR_POISON_PATTERN
enum { PATTERN = 0xdb, WORD = 8, LARGE_END = 64 << 10, WHOLE_MAX = 1 << 20 };

/* @return the first byte of at[0..n) that is not the pattern, or n. n is a multiple of WORD. */
static size_t first_changed(const uint8_t *at, size_t n)
{
    static const uint8_t pattern[WORD] = { PATTERN, PATTERN, PATTERN, PATTERN,
                                           PATTERN, PATTERN, PATTERN, PATTERN };
    if (memcmp(at, pattern, WORD) == 0 && memcmp(at, at + WORD, n - WORD) == 0)
        return n; /* each word is like the one before */
    size_t i = 0;
    while (i < n && at[i] == PATTERN)
        i++;
    return i;
}

static VTR_COLD __attribute__((noreturn)) void say_changed(struct vtr_text *t, size_t off,
                                                           uint8_t now)
{
    vtr_text_add(t, ": byte ");
    vtr_text_number(t, off);
    vtr_text_add(t, " is ");
    vtr_text_hex(t, now);
    vtr_text_add(t, ", not ");
    vtr_text_hex(t, PATTERN);
    vtr_text_add(t, "\n  try: look for a pointer from a vtr_buf that is used after its seal or "
                    "fini; AddressSanitizer stops at the write itself\n");
    vtr_text_abort(t);
}

static void check_block(const struct vtr_record *rec)
{
    const uint8_t *at = vtr_block_writable_(rec);
    size_t bytes = vtr_block_bytes_(rec), i = first_changed(at, bytes);
    uint64_t gen = vtr_holders_of(rec)->gen;
    struct vtr_text t = { .len = 0 };
    if (VTR_LIKELY(i == bytes))
        return;
    vtr_text_add(&t, "vitrine: write to a freed buffer: ");
    vtr_text_block(&t, rec);
    vtr_text_add(&t, ", freed with generation ");
    vtr_text_number(&t, (uint16_t)gen);
    vtr_text_add(&t, " and taken with ");
    vtr_text_number(&t, (uint16_t)(((gen + 1) | 1) + 1)); /* as it will be sealed */
    vtr_text_places(&t, rec);
    say_changed(&t, i, at[i]);
}

static void fill_pattern(const struct vtr_record *rec)
{
    uint8_t *at = vtr_block_writable_(rec);
    size_t bytes = vtr_block_bytes_(rec);
    if (bytes <= WHOLE_MAX) {
        memset(at, PATTERN, bytes);
        return;
    }
    struct vtr_pageblock *first = vtr_pageblock_of(rec);
    unsigned run = (unsigned)(bytes / VTR_PAGEBLOCK_BYTES);
    memset(at, PATTERN, LARGE_END);
    memset(at + bytes - LARGE_END, PATTERN, LARGE_END);
    first->poison_head = true;
    vtr_pageblock_at(first->head.heap, first->index + run - 1)->poison_tail = true;
}

static void check_pattern(const struct vtr_record *rec)
{
    if (vtr_block_bytes_(rec) <= WHOLE_MAX)
        check_block(rec);
}

/* One end of a large block that was freed, LARGE_END bytes at @p off of the pageblock. */
static void check_end(const struct vtr_pageblock *pb, size_t off)
{
    const uint8_t *at = pb->read + pb->head.to_write + off;
    size_t i = first_changed(at, LARGE_END);
    struct vtr_text t = { .len = 0 };
    if (VTR_LIKELY(i == LARGE_END))
        return;
    vtr_text_add(&t, "vitrine: write to a freed buffer: heap '");
    vtr_text_add(&t, pb->head.heap->name);
    vtr_text_add(&t, "', a large one, in pageblock ");
    vtr_text_number(&t, pb->index);
    say_changed(&t, off + i, at[i]);
}

static void check_ends(struct vtr_pageblock *pb)
{
    if (pb->poison_head)
        check_end(pb, 0);
    if (pb->poison_tail)
        check_end(pb, VTR_PAGEBLOCK_BYTES - LARGE_END);
    pb->poison_head = pb->poison_tail = false;
}
#elif VTR_POISON_ASAN
static void fill_pattern(const struct vtr_record *rec) { (void)rec; }
static void check_pattern(const struct vtr_record *rec) { (void)rec; }
static void check_ends(struct vtr_pageblock *pb) { (void)pb; }
#endif

#if VTR_POISON_ASAN || VTR_POISON_PATTERN
void vtr_poison_(const struct vtr_record *rec)
{
    asan_poison(rec, false);
    fill_pattern(rec);
    asan_poison(rec, true);
}

void vtr_unpoison_(const struct vtr_record *rec)
{
    asan_poison(rec, false);
    check_pattern(rec);
}

void vtr_poison_leave(struct vtr_pageblock *pb)
{
    asan_poison_view(pb->read + pb->head.to_write, VTR_PAGEBLOCK_BYTES, false);
    check_ends(pb);
    asan_poison_view(pb->read + pb->head.to_write, VTR_PAGEBLOCK_BYTES, true);
}
#endif
