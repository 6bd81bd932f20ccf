/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_heap: its beginning and its end.
 */
#include "heap/heap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "heap/heaps.h"
#include "heap/pageblock.h"
#include "heap/poison.h"
#include "heap/survivors.h"

enum { SLOT = 0 }; /* a private heap is a domain of one */
enum { FLAGS = VTR_HEAP_SINGLE_VIEW | VTR_HEAP_SINGLE_THREAD };
#define BYTES_MAX (UINT64_C(1) << 44)

static int opts_read(const struct vtr_heap_opts *opts, struct vtr_heap_opts *o,
                     struct vtr_error *err)
{
    memset(o, 0, sizeof *o);
    if (opts != NULL) {
        if (opts->size < sizeof opts->size || opts->size > sizeof *o)
            return vtr_error_set_(err, EINVAL, "set opts.size to sizeof(struct vtr_heap_opts)",
                                  "heap: opts.size is %zu, not %zu", opts->size, sizeof *o);
        memcpy(o, opts, opts->size);
    }
    if (o->name == NULL)
        o->name = "heap";
    if ((unsigned)o->pages > VTR_PAGES_SMALL || (o->flags & ~(uint32_t)FLAGS) != 0)
        return vtr_error_set_(err, EINVAL, "zero is the default for both",
                              "heap '%s': unknown pages (%u) or flags (%#x)", o->name,
                              (unsigned)o->pages, o->flags);
    uint64_t ram = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    if (o->max_bytes == 0)
        o->max_bytes = ram / 2 < BYTES_MAX ? ram / 2 : BYTES_MAX;
    if (o->max_bytes > BYTES_MAX)
        return vtr_error_set_(err, EINVAL, "a heap holds at most 16 TiB",
                              "heap '%s': max_bytes is %llu", o->name,
                              (unsigned long long)o->max_bytes);
    return 0;
}

static const char *segment_hint(enum vtr_pages pages, int rc)
{
    if (rc == -ENOSYS)
        return "vitrine needs memfd_create and F_SEAL_FUTURE_WRITE: Linux 5.1";
    if (rc == -EMFILE || rc == -ENFILE)
        return "raise ulimit -n, or sysctl fs.file-max: a segment takes two descriptors";
    switch (pages) {
    case VTR_PAGES_HUGETLB:
        return "sysctl vm.nr_hugepages=32 for each segment of 64 MiB, or pages = VTR_PAGES_AUTO";
    case VTR_PAGES_THP:
        return "echo advise > /sys/kernel/mm/transparent_hugepage/shmem_enabled, or "
               "pages = VTR_PAGES_AUTO";
    default:
        return "free memory, or raise the limit of the memory cgroup: a heap begins with 64 MiB";
    }
}

static uint64_t epoch_new(void)
{
    uint32_t random = 1;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
        random = (uint32_t)getpid();
    return ((uint64_t)(random >> 8) + 1) << 32; /* even, never zero, far from the end */
}

static void heap_free(struct vtr_heap *heap)
{
    for (unsigned k = 0; k < heap->segments_n; k++)
        vtr_segment_destroy(&heap->segments[k]);
    vtr_poison_forget(&heap->views, heap->segments_n);
    vtr_views_release(&heap->views);
    vtr_depots_fini(heap);
    vtr_foreigners_fini(heap);
    pthread_mutex_destroy(&heap->lock);
    vtr_memory_free_(heap->segments);
    vtr_memory_free_(heap);
}

static int heap_map(struct vtr_heap *heap, bool single, struct vtr_error *err)
{
    int rc = vtr_views_reserve(&heap->views, heap->segments_max, single);
    if (rc != 0)
        return vtr_error_set_(err, -rc, "lower max_bytes, or raise ulimit -v",
                              "heap '%s': cannot reserve addresses for %u segments of 64 MiB: %s",
                              heap->name, heap->segments_max, strerror(-rc));
    rc = vtr_segment_create(&heap->views, 0, heap->pages, &heap->segments[0]);
    if (rc != 0) {
        vtr_views_release(&heap->views);
        return vtr_error_set_(err, -rc, segment_hint(heap->pages, rc),
                              "heap '%s': cannot reserve a segment of 64 MiB on %s: %s", heap->name,
                              vtr_pages_name(heap->pages), strerror(-rc));
    }
    vtr_pageblocks_init(heap, 0);
    heap->segments_n = 1;
    return 0;
}

int vtr_heap_open(const struct vtr_heap_opts *opts, struct vtr_heap **out, struct vtr_error *err)
{
    struct vtr_heap_opts o;
    int rc = opts_read(opts, &o, err);
    if (rc != 0)
        return rc;
    struct vtr_heap *heap =
        (struct vtr_heap *)vtr_memory_zalloc_(sizeof *heap, _Alignof(struct vtr_heap));
    if (heap == NULL)
        return vtr_error_set_(err, ENOMEM, NULL, "heap '%s': out of memory", o.name);
    snprintf(heap->name, sizeof heap->name, "%s", o.name);
    heap->segments_max = (unsigned)((o.max_bytes + VTR_SEGMENT_BYTES - 1) / VTR_SEGMENT_BYTES);
    heap->segments = (struct vtr_segment *)vtr_memory_zalloc_(
        heap->segments_max * sizeof *heap->segments, _Alignof(struct vtr_segment));
    heap->pages = o.pages;
    heap->own_bit = UINT64_C(1) << SLOT;
    heap->epoch = epoch_new();
    heap->quota = o.quota_bytes != 0 ? o.quota_bytes : UINT64_MAX;
    heap->record_flags = (o.flags & VTR_HEAP_SINGLE_THREAD) != 0 ? VTR_RECORD_SINGLE : 0;
    rc = heap->segments != NULL ? heap_map(heap, (o.flags & VTR_HEAP_SINGLE_VIEW) != 0, err)
                                : vtr_error_set_(err, ENOMEM, NULL, "heap '%s': out of memory",
                                                 o.name);
    if (rc != 0) {
        vtr_memory_free_(heap->segments);
        vtr_memory_free_(heap);
        return rc;
    }
    pthread_mutex_init(&heap->lock, NULL);
    vtr_depots_init(heap);
    vtr_foreigners_init(heap);
    heap->pid = getpid();
    vtr_heaps_add(heap);
    *out = heap;
    return 0;
}

uint32_t vtr_heap_charge(struct vtr_heap *heap, uint64_t bytes, uint32_t n)
{
    uint64_t now = __atomic_load_n(&heap->charged, __ATOMIC_RELAXED); /* O: a number, no more */
    do {
        uint64_t room = now < heap->quota ? (heap->quota - now) / bytes : 0;
        if (room < n)
            n = (uint32_t)room;
    } while (n != 0 && !__atomic_compare_exchange_n(&heap->charged, &now, now + n * bytes, false,
                                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return n;
}

void vtr_heap_charge_over(struct vtr_heap *heap, uint64_t bytes)
{
    __atomic_add_fetch(&heap->charged, bytes, __ATOMIC_RELAXED);
}

void vtr_heap_uncharge(struct vtr_heap *heap, uint64_t bytes, uint32_t n)
{
    if (n != 0)
        __atomic_sub_fetch(&heap->charged, n * bytes, __ATOMIC_RELAXED);
}

int vtr_heap_close(struct vtr_heap *heap, struct vtr_error *err)
{
    if (heap == NULL)
        return 0;
    if (vtr_survivors_name(heap, err) != 0)
        return -EBUSY;
    vtr_heaps_remove(heap);
    vtr_watches_end(heap);
    vtr_caches_detach(heap);
    heap_free(heap);
    return 0;
}
