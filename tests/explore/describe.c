/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What an address is, for whoever reads how a property came not to hold.
 */
#include <stdio.h>

#include "heap/pageblock.h"
#include "oracle.h"

/* @return whether it is in a cache, or one of its magazines, and says where. */
UNSEEN static bool describe_cache(uintptr_t address, const struct vtr_cache *c, char *text,
                                  size_t size)
{
    if (address - (uintptr_t)c < sizeof *c)
        snprintf(text, size, "byte %zu of cache %p", (size_t)(address - (uintptr_t)c),
                 (const void *)c);
    for (unsigned k = 0; k < VTR_CLASSES; k++) {
        const struct vtr_magazine *m = c->mine.of[k];
        if (m != NULL && address - (uintptr_t)m < sizeof *m + m->cap * sizeof(void *))
            snprintf(text, size, "byte %zu of magazine %u of cache %p",
                     (size_t)(address - (uintptr_t)m), k, (const void *)c);
    }
    return text[0] != 0;
}

UNSEEN void explore_describe(uintptr_t address, char *text, size_t size)
{
    uintptr_t control = (uintptr_t)heap->views.control, at = address - control;
    uintptr_t bytes = address - (uintptr_t)heap->views.read;
    unsigned area = (unsigned)(at % VTR_AREAS_BYTES / VTR_AREA_BYTES);
    size_t in = at % VTR_AREA_BYTES, skew = vtr_area_skew(area), entry = sizeof(struct vtr_record);
    text[0] = 0;
    for (const struct vtr_cache *c = heap->caches; c != NULL; c = c->of_heap)
        if (describe_cache(address, c, text, size))
            return;
    if (address - (uintptr_t)heap < sizeof *heap)
        snprintf(text, size, "byte %zu of the heap", (size_t)(address - (uintptr_t)heap));
    else if (bytes < VTR_SEGMENT_BYTES)
        snprintf(text, size, "byte %zu of pageblock %zu", (size_t)bytes % VTR_PAGEBLOCK_BYTES,
                 (size_t)bytes / VTR_PAGEBLOCK_BYTES);
    else if (at < VTR_CONTROL_BYTES && in >= skew)
        snprintf(text, size, "byte %zu of %s %zu of pageblock %u", (in - skew) % entry,
                 at < VTR_AREAS_BYTES ? "record" : "word and generation", (in - skew) / entry,
                 area);
    else if (at < VTR_CONTROL_BYTES)
        snprintf(text, size, "byte %zu of the description of pageblock %u", in, area);
    else
        snprintf(text, size, "address %#lx", (unsigned long)address);
}
