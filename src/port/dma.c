/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * DMA maps. Each port has a VFIO container of its own, set up here and not by EAL: EAL has one for
 * all devices, maps nothing read-only, and forgets what failed. EAL finds the device's group in the
 * container and takes it from there.
 */
#include "port/dma.h"

#include <errno.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <rte_memory.h>
#include <rte_vfio.h>

#include "base/memory.h"
#include "data/list.h"
#include "heap/block.h"
#include "heap/watch.h"
#include "port/eal.h"
#include "port/ports.h"

/* One view of the segments of one heap. A watch that ended leaves it to the next heap. */
struct reach {
    struct vtr_heap_watch watch; /* first */
    struct vtr_dma *dma;
    struct reach *next;
};

struct vtr_dma {
    int container;
    struct vtr_heap *heap;
    pthread_mutex_t lock; /* the reaches; before any heap's */
    struct reach *reaches;
    struct reach receives; /* not in that list */
};

/* @return 0 or -errno. ENOMEM: RLIMIT_MEMLOCK; ENOSPC: dma_entry_limit; EINVAL: the IOMMU's width.
 */
static int map(const struct vtr_dma *dma, uint64_t at, uint64_t bytes, uint32_t access)
{
    struct vfio_iommu_type1_dma_map m = {
        .argsz = sizeof m, .flags = access, .vaddr = at, .iova = at, .size = bytes
    };
    return ioctl(dma->container, VFIO_IOMMU_MAP_DMA, &m) == 0 ? 0 : -errno;
}

static void unmap(const struct vtr_dma *dma, const void *at, uint64_t bytes)
{
    struct vfio_iommu_type1_dma_unmap m = { .argsz = sizeof m, .iova = (uintptr_t)at,
                                            .size = bytes };
    int rc = ioctl(dma->container, VFIO_IOMMU_UNMAP_DMA, &m);
    vtr_check(rc == 0 || errno == EINVAL); /* EINVAL: the container is without a group */
}

enum { BLOCK_MAX = 1 << 20 }; /* of a class */
enum { READS = VFIO_DMA_MAP_FLAG_READ, WRITES = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE };

static int came_to_send(struct vtr_heap_watch *watch, const uint8_t *read, uint8_t *write)
{
    const struct vtr_dma *dma = ((struct reach *)watch)->dma;
    (void)write;
    return map(dma, (uintptr_t)read, VTR_SEGMENT_BYTES, READS);
}

static void went_from_send(struct vtr_heap_watch *watch, const uint8_t *read, uint8_t *write)
{
    (void)write;
    unmap(((struct reach *)watch)->dma, read, VTR_SEGMENT_BYTES);
}

/* Both views of the heap that is received into; with one view it is both. */
static int came_to_receive(struct vtr_heap_watch *watch, const uint8_t *read, uint8_t *write)
{
    const struct vtr_dma *dma = ((struct reach *)watch)->dma;
    int rc = map(dma, (uintptr_t)write, VTR_SEGMENT_BYTES, WRITES);
    if (rc != 0 || read == write)
        return rc;
    rc = map(dma, (uintptr_t)read, VTR_SEGMENT_BYTES, READS);
    if (rc != 0)
        unmap(dma, write, VTR_SEGMENT_BYTES);
    return rc;
}

static void went_from_receive(struct vtr_heap_watch *watch, const uint8_t *read, uint8_t *write)
{
    const struct vtr_dma *dma = ((struct reach *)watch)->dma;
    unmap(dma, write, VTR_SEGMENT_BYTES);
    if (read != write)
        unmap(dma, read, VTR_SEGMENT_BYTES);
}

/* Fills @p err for a map that failed. */
static int not_mapped(const struct vtr_spec *spec, const char *what, int rc, struct vtr_error *err)
{
    struct rlimit lock = { 0 };
    getrlimit(RLIMIT_MEMLOCK, &lock);
    switch (rc) {
    case -ENOMEM:
        return vtr_spec_fail_(spec, err, ENOMEM,
                              "ulimit -l unlimited (a service: LimitMEMLOCK=infinity), or a "
                              "smaller heap: it takes 128 MiB a segment, and 512 MiB for DPDK",
                              "cannot lock %s for DMA: the limit is %llu KiB", what,
                              (unsigned long long)lock.rlim_cur >> 10);
    case -ENOSPC:
        return vtr_spec_fail_(spec, err, ENOSPC,
                              "raise /sys/module/vfio_iommu_type1/parameters/dma_entry_limit",
                              "cannot map %s for DMA: the limit on maps is reached", what);
    case -EINVAL:
        return vtr_spec_fail_(spec, err, ENODEV,
                              "dmesg | grep -i 'host address width'; a process takes 47 bits",
                              "the IOMMU cannot translate the addresses of %s", what);
    default:
        return vtr_spec_fail_(spec, err, -rc, NULL, "cannot map %s for DMA: %s", what,
                              strerror(-rc));
    }
}

static int map_eal(const struct rte_memseg_list *list, const struct rte_memseg *at, size_t len,
                   void *arg)
{
    const struct vtr_dma *dma = (const struct vtr_dma *)arg;
    return list->external ? 0 : map(dma, at->addr_64, len, WRITES);
}

static int map_memory(struct vtr_dma *dma, const struct vtr_spec *spec, struct vtr_error *err)
{
    int rc = rte_memseg_contig_walk(map_eal, dma);
    if (rc != 0)
        return not_mapped(spec, "DPDK's memory", rc, err);
    dma->receives = (struct reach){ .watch = { came_to_receive, went_from_receive, NULL, NULL },
                                    .dma = dma };
    rc = vtr_heap_watch_(dma->heap, &dma->receives.watch);
    return rc == 0 ? 0 : not_mapped(spec, "the heap", rc, err);
}

/* Puts the device's group into the container, with an IOMMU. */
static int attach(struct vtr_dma *dma, const char *address, const struct vtr_spec *spec,
                  struct vtr_error *err)
{
    int group, group_fd;
    uint64_t mark = vtr_eal_mark_();
    char line[160];
    if (rte_vfio_get_group_num("/sys/bus/pci/devices/", address, &group) <= 0)
        return vtr_spec_fail_(spec, err, ENODEV,
                              "boot with intel_iommu=on or amd_iommu=on, modprobe vfio-pci, then "
                              "start anew",
                              "%s is in no IOMMU group", address);
    group_fd = rte_vfio_container_group_bind(dma->container, group);
    if (group_fd < 0) {
        vtr_eal_said_(mark, line, sizeof line);
        return vtr_spec_fail_(spec, err, errno == EBUSY || errno == EACCES ? errno : ENODEV,
                              "bind all devices of its group to vfio-pci: dpdk-devbind.py",
                              "cannot take IOMMU group %d: %s", group,
                              line[0] != '\0' ? line : "it is not there");
    }
    if (ioctl(group_fd, VFIO_GROUP_SET_CONTAINER, &dma->container) != 0 ||
        ioctl(dma->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) != 0)
        return vtr_spec_fail_(spec, err, ENODEV, "modprobe vfio_iommu_type1; no-IOMMU mode would "
                              "let the device write anywhere, and is not used",
                              "no IOMMU for group %d: %s", group, strerror(errno));
    return 0;
}

int vtr_dma_open_(const char *address, struct vtr_heap *heap, const struct vtr_spec *spec,
                  struct vtr_dma **out, struct vtr_error *err)
{
    struct vtr_dma *dma = vtr_memory_zalloc_(sizeof *dma, _Alignof(struct vtr_dma));
    if (dma == NULL)
        return vtr_spec_fail_(spec, err, ENOMEM, NULL, "no memory");
    dma->heap = heap;
    pthread_mutex_init(&dma->lock, NULL);
    dma->container = rte_vfio_container_create();
    int rc = dma->container >= 0
                 ? attach(dma, address, spec, err)
                 : vtr_spec_fail_(spec, err, ENODEV, "modprobe vfio-pci; the user needs rights on "
                                  "/dev/vfio/vfio", "VFIO is not to be had");
    if (rc == 0)
        rc = map_memory(dma, spec, err);
    if (rc != 0)
        vtr_dma_close_(dma);
    else
        *out = dma;
    return rc;
}

void vtr_dma_close_(struct vtr_dma *dma)
{
    if (dma == NULL)
        return;
    vtr_heap_unwatch_(&dma->receives.watch);
    for (struct reach *r = dma->reaches, *next; r != NULL; r = next) {
        next = r->next;
        vtr_heap_unwatch_(&r->watch);
        vtr_memory_free_(r);
    }
    if (dma->container >= 0)
        rte_vfio_container_destroy(dma->container); /* and with it EAL's memory is unmapped */
    pthread_mutex_destroy(&dma->lock);
    vtr_memory_free_(dma);
}

/* @return the reach of the heap, or a new one, or NULL: no memory. Under the lock. */
static struct reach *reach_of(struct vtr_dma *dma, const struct vtr_heap *heap)
{
    struct reach *ended = NULL;
    for (struct reach *r = dma->reaches; r != NULL; r = r->next) {
        struct vtr_heap *of = __atomic_load_n(&r->watch.heap, __ATOMIC_RELAXED); /* O: compared */
        if (of == heap)
            return r;
        ended = of == NULL ? r : ended;
    }
    if (ended != NULL)
        return ended;
    struct reach *r = vtr_memory_zalloc_(sizeof *r, _Alignof(struct reach));
    if (r == NULL)
        return NULL;
    *r = (struct reach){ { came_to_send, went_from_send, NULL, NULL }, dma, dma->reaches };
    dma->reaches = r;
    return r;
}

/* A heap that the port does not receive into. @return whether the device reaches it now. */
static VTR_COLD bool reaches_other(struct vtr_dma *dma, struct vtr_heap *heap)
{
    pthread_mutex_lock(&dma->lock);
    struct reach *r = reach_of(dma, heap);
    bool can = r != NULL && (__atomic_load_n(&r->watch.heap, __ATOMIC_RELAXED) == heap || /* O */
                             vtr_heap_watch_(heap, &r->watch) == 0);
    pthread_mutex_unlock(&dma->lock);
    return can;
}

static inline bool reaches_block(struct vtr_dma *dma, uint64_t what)
{
    const struct vtr_record *rec = vtr_what_record_(what);
    if (VTR_UNLIKELY(vtr_record_flags_(rec) & (VTR_RECORD_FOREIGN | VTR_RECORD_FIXED)))
        return false;
    struct vtr_heap *heap = vtr_pageblock_head_of(rec)->heap;
    return VTR_LIKELY(heap == dma->heap) || reaches_other(dma, heap);
}

static bool reaches(struct vtr_dma *dma, struct vtr_data d)
{
    if (VTR_LIKELY((d.what & VTR_WHAT_LIST) == 0))
        return reaches_block(dma, d.what);
    const struct vtr_list *list = vtr_list_of_(d.what);
    for (uint32_t i = 0; i < list->segs; i++)
        if (!reaches_block(dma, list->seg[i].what))
            return false;
    return true;
}

/* @return whether *d is a copy in the port's heap now. */
static VTR_COLD bool copy(struct vtr_heap *heap, struct vtr_data *d)
{
    struct vtr_record *rec;
    uint32_t len = d->len;
    if (vtr_block_take_(heap, (unsigned)vtr_class_for_(len), &rec, 1) == 0)
        return false;
    vtr_check(vtr_data_gather(*d, 0, vtr_block_writable_(rec), len));
    vtr_data_unref(d);
    *d = (struct vtr_data){ vtr_block_seal_(rec, len), 0, len };
    return true;
}

unsigned vtr_dma_prepare_(struct vtr_dma *dma, struct vtr_pkt *pkts, unsigned n, uint64_t *copies)
{
    for (unsigned i = 0; i < n; i++) {
        struct vtr_data *d = &pkts[i].data;
        bool refused = d->len == 0 || d->len > BLOCK_MAX; /* further on: no frame is so long */
        if (refused || VTR_LIKELY(reaches(dma, *d)))
            continue;
        if (!copy(dma->heap, d))
            return i;
        vtr_count_(copies, 1);
    }
    return n;
}
