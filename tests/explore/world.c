/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What the subject has instead of src/heap/segment.c, src/base/memory.c and src/base/wait.c:
 * memory without descriptors, views or pages, which is never given twice, and waits that are steps.
 * None counts anything. And memcpy and the like, which clang calls for plain accesses.
 * Owner, threads: as what it replaces.
 */
#include <errno.h>
#include <sys/mman.h>

#include "base/memory.h"
#include "base/wait.h"
#include "heap/segment.h"
#include "oracle.h"

#undef memcpy
#undef memmove
#undef memset
#define HIDDEN __attribute__((visibility("hidden")))

HIDDEN void *memcpy(void *to, const void *from, size_t bytes)
{
    return explore_copy(to, from, bytes);
}

HIDDEN void *memmove(void *to, const void *from, size_t bytes)
{
    return explore_copy(to, from, bytes);
}

HIDDEN void *memset(void *to, int byte, size_t bytes)
{
    return explore_fill(to, byte, bytes);
}

void *vtr_memory_alloc_(size_t bytes, size_t align)
{
    return explore_alloc(bytes, align, 0xa5);
}

void *vtr_memory_zalloc_(size_t bytes, size_t align)
{
    return explore_alloc(bytes, align, 0);
}

void *vtr_memory_realloc_(void *p, size_t bytes)
{
    return explore_realloc(p, bytes);
}

void vtr_memory_free_(void *p)
{
    (void)p;
}

void vtr_wait_(struct vtr_wait *wait)
{
    (void)wait;
    sched_yield();
}

int vtr_views_reserve(struct vtr_views *views, unsigned segments, bool single)
{
    size_t data = segments * VTR_SEGMENT_BYTES, control = segments * VTR_CONTROL_BYTES;
    views->range_bytes = data + control + VTR_SEGMENT_BYTES;
    views->range = mmap(NULL, views->range_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (views->range == MAP_FAILED)
        return -ENOMEM;
    uintptr_t start =
        ((uintptr_t)views->range + VTR_SEGMENT_BYTES - 1) & ~(VTR_SEGMENT_BYTES - 1);
    views->read = views->write = (uint8_t *)start;
    views->control = views->read + data;
    explore_shared(views->read, data + control);
    return single ? 0 : -EINVAL;
}

void vtr_views_release(struct vtr_views *views)
{
    munmap(views->range, views->range_bytes);
}

int vtr_segment_create(struct vtr_views *views, unsigned k, enum vtr_pages pages,
                       struct vtr_segment *out)
{
    (void)views, (void)k, (void)pages;
    out->pages = VTR_PAGES_SMALL;
    out->best_not = VTR_PAGES_AUTO;
    out->data_fd = out->holders_fd = -1;
    return 0;
}

void vtr_segment_destroy(struct vtr_segment *segment)
{
    (void)segment;
}

void vtr_segment_undo(struct vtr_views *views, unsigned k, struct vtr_segment *segment)
{
    (void)views, (void)k, (void)segment;
}

int vtr_segment_back_holders(const struct vtr_segment *segment, unsigned pageblock, size_t blocks)
{
    (void)segment, (void)pageblock, (void)blocks;
    return 0;
}
