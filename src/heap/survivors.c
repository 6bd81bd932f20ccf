/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Survivors: their number, and in debug builds the places they come from, the most frequent first.
 */
#include "heap/survivors.h"

#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "heap/heap.h"
#include "heap/place.h"
#include "heap/stat.h"

#ifdef VTR_DEBUG

static void count_blocks(struct vtr_heap *heap, uint32_t *count)
{
    pthread_mutex_lock(&heap->lock); /* no pageblock changes its class meanwhile */
    for (unsigned i = 0; i < heap->segments_n * VTR_SEGMENT_PAGEBLOCKS; i++) {
        const struct vtr_pageblock *pb = vtr_pageblock_at(heap, i);
        if (!vtr_pageblock_has_blocks(pb))
            continue;
        uint32_t fresh = __atomic_load_n(&pb->fresh, __ATOMIC_ACQUIRE); /* A4 */
        for (uint32_t b = 0; b < fresh; b++)
            if (vtr_block_is_live(&pb->records[b], pb->own_bit))
                count[vtr_place_of(&pb->records[b])]++;
    }
    pthread_mutex_unlock(&heap->lock);
}

/* @return the place that most come from; its count is taken. The lower one of two that are even. */
static unsigned take_most(uint32_t *count, uint32_t *n)
{
    unsigned most = 0;
    for (unsigned p = 1; p < VTR_PLACES; p++)
        if (count[p] > count[most])
            most = p;
    *n = count[most];
    count[most] = 0;
    return most;
}

static unsigned places_left(const uint32_t *count)
{
    unsigned n = 0;
    for (unsigned p = 0; p < VTR_PLACES; p++)
        n += count[p] != 0;
    return n;
}

/* "2 from a.c:18, 1 from b.c:3 and 4 more places": as many as there is room for, whole. */
static void say_places(uint32_t *count, char *text, size_t size)
{
    enum { MORE = sizeof " and 4096 more places" };
    size_t len = 0;
    uint32_t n;
    text[0] = '\0';
    while (places_left(count) != 0) {
        char one[128];
        unsigned left = places_left(count), place = take_most(count, &n);
        const char *name = vtr_place_name(place);
        int chars = snprintf(one, sizeof one, "%s%u from %s", len != 0 ? ", " : "", n,
                             name != NULL ? name : "a place not known");
        if (len + (size_t)chars + MORE > size) {
            snprintf(text + len, size - len, " and %u more places", left);
            return;
        }
        len += (size_t)snprintf(text + len, size - len, "%s", one);
    }
}

/* " (2 from a.c:18)". */
static void say_from(struct vtr_heap *heap, char *text, size_t size,
                     void (*count_all)(struct vtr_heap *heap, uint32_t *count))
{
    uint32_t *count = (uint32_t *)vtr_memory_zalloc_(VTR_PLACES * sizeof *count, 16);
    char places[160] = "no memory to say where from";
    if (count != NULL) {
        count_all(heap, count);
        say_places(count, places, sizeof places);
    }
    vtr_memory_free_(count);
    snprintf(text, size, " (%s)", places);
}

void vtr_survivors_each_(struct vtr_heap *heap, unsigned max,
                         void (*say)(void *arg, uint64_t n, const char *place), void *arg)
{
    uint32_t *count = (uint32_t *)vtr_memory_zalloc_(VTR_PLACES * sizeof *count, 16), n = 1;
    if (count == NULL)
        return;
    count_blocks(heap, count);
    vtr_foreigners_count_places(heap, count);
    for (; max != 0; max--) {
        unsigned place = take_most(count, &n);
        if (n == 0)
            break;
        say(arg, n, vtr_place_name(place));
    }
    vtr_memory_free_(count);
}

#else

void vtr_survivors_each_(struct vtr_heap *heap, unsigned max,
                         void (*say)(void *arg, uint64_t n, const char *place), void *arg)
{
    struct vtr_heap_stat stat = { .size = sizeof stat };
    vtr_heap_stat(heap, &stat);
    if (stat.live_blocks + stat.adopted_blocks != 0 && max != 0)
        say(arg, stat.live_blocks + stat.adopted_blocks, NULL);
}

#endif

static int blocks_name(struct vtr_heap *heap, const struct vtr_heap_stat *stat,
                       struct vtr_error *err)
{
    static const char hint[] = "end every vtr_data, vtr_buf and port of the heap first";
#ifdef VTR_DEBUG
    char from[170];
    say_from(heap, from, sizeof from, count_blocks);
    return vtr_error_set_(err, EBUSY, hint, "heap '%s': %llu blocks still referenced%s",
                          heap->name, (unsigned long long)stat->live_blocks, from);
#else
    return vtr_error_set_(err, EBUSY, hint, "heap '%s': %llu blocks (%llu bytes) still referenced",
                          heap->name, (unsigned long long)stat->live_blocks,
                          (unsigned long long)stat->live_bytes);
#endif
}

static int adopted_name(struct vtr_heap *heap, const struct vtr_heap_stat *stat,
                        struct vtr_error *err)
{
    char from[170] = "";
#ifdef VTR_DEBUG
    say_from(heap, from, sizeof from, vtr_foreigners_count_places);
#endif
    return vtr_error_set_(err, EBUSY, "end every vtr_data of what the heap adopted first",
                          "heap '%s': %llu adopted pieces of memory (%llu bytes) still "
                          "referenced%s", heap->name, (unsigned long long)stat->adopted_blocks,
                          (unsigned long long)stat->adopted_bytes, from);
}

int vtr_survivors_name(struct vtr_heap *heap, struct vtr_error *err)
{
    struct vtr_heap_stat stat = { .size = sizeof stat };
    vtr_heap_stat(heap, &stat);
    if (stat.live_blocks != 0)
        return blocks_name(heap, &stat, err);
    return stat.adopted_blocks != 0 ? adopted_name(heap, &stat, err) : 0;
}
