/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Segments. The order matters: the writable view first, then the seals that make it the last one,
 * then the read view, which the seals keep read-only for ever (mprotect answers EACCES).
 */
#include "heap/segment.h"

#include <stdio.h>
#include <string.h>

#include "base/system.h"

#include "heap/poison.h"

#ifndef MFD_HUGE_2MB
#define MFD_HUGE_2MB (21u << 26)
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

int vtr_views_reserve(struct vtr_views *views, unsigned segments, bool single)
{
    size_t data = segments * VTR_SEGMENT_BYTES;
    size_t bytes = data * (single ? 1 : 2) + segments * VTR_CONTROL_BYTES + VTR_SEGMENT_BYTES;
    void *range = vtr_system_mmap_(NULL, bytes, PROT_NONE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    if (range == MAP_FAILED)
        return -ENOMEM;
    uintptr_t start = ((uintptr_t)range + VTR_SEGMENT_BYTES - 1) & ~(VTR_SEGMENT_BYTES - 1);
    views->range = (uint8_t *)range;
    views->range_bytes = bytes;
    views->read = (uint8_t *)start;
    views->write = single ? views->read : views->read + data;
    views->control = views->write + data;
    return 0;
}

void vtr_views_release(struct vtr_views *views)
{
    munmap(views->range, views->range_bytes);
}

static int map_fixed(void *at, size_t bytes, int prot, int fd)
{
    int flags = MAP_FIXED | (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED);
    return vtr_system_mmap_(at, bytes, prot, flags, fd) == MAP_FAILED ? -errno : 0;
}

/* Back to reserved addresses. A process that has no mapping or address space left may be refused
 * that too: what is there then stays until the next try for this segment, or the heap, ends it. */
static void unmap_fixed(void *at, size_t bytes)
{
    if (map_fixed(at, bytes, PROT_NONE, -1) != 0)
        vtr_system_madvise_(at, bytes, MADV_REMOVE); /* its memory goes; EINVAL: none is there */
}

/* Bytes of the mapping that begins at @p at on huge pages, as the kernel tells it. */
static size_t huge_bytes_at(const void *at)
{
    char line[256], want[32];
    size_t kib = 0;
    bool here = false;
    FILE *smaps = fopen("/proc/self/smaps", "re");
    if (smaps == NULL)
        return 0;
    int n = snprintf(want, sizeof want, "%lx-", (unsigned long)(uintptr_t)at);
    while (fgets(line, sizeof line, smaps) != NULL) {
        if (!here)
            here = strncmp(line, want, (size_t)n) == 0;
        else if (sscanf(line, "ShmemPmdMapped: %zu kB", &kib) == 1)
            break;
    }
    fclose(smaps);
    return kib << 10;
}

/* In pieces, so that a program with timers gets on: on many kernels a signal undoes the call. */
static int reserve(int fd, size_t at, size_t bytes)
{
    const size_t piece = VTR_PAGEBLOCK_BYTES; /* also a huge page */
    for (size_t done = 0; done < bytes;) {
        size_t n = bytes - done < piece ? bytes - done : piece;
        if (vtr_system_fallocate_(fd, (off_t)(at + done), (off_t)n) == 0)
            done += n;
        else if (errno != EINTR)
            return -errno;
    }
    return 0;
}

/* A sized memfd whose pages are reserved, so that no access to it can end in SIGBUS. */
static int data_memfd(enum vtr_pages pages)
{
    unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    if (pages == VTR_PAGES_HUGETLB)
        flags |= MFD_HUGETLB | MFD_HUGE_2MB;
    int fd = vtr_system_memfd_("vitrine-blocks", flags);
    if (fd < 0 && pages == VTR_PAGES_HUGETLB && (errno == EINVAL || errno == ENODEV))
        return -EOPNOTSUPP; /* a kernel without huge pages */
    if (fd < 0)
        return -errno;
    /* For THP the view does it: the file knows no advice, and would take 4 KiB pages. */
    int rc = vtr_system_ftruncate_(fd, VTR_SEGMENT_BYTES) == 0 ? 0 : -errno;
    if (rc == 0 && pages != VTR_PAGES_THP)
        rc = reserve(fd, 0, VTR_SEGMENT_BYTES);
    if (rc == 0)
        return fd;
    close(fd);
    return rc;
}

/* Fills the first @p bytes of the writable view with memory. */
static int touch(uint8_t *write, size_t bytes)
{
    if (vtr_system_madvise_(write, bytes, MADV_POPULATE_WRITE) == 0)
        return 0;
    if (errno == EINVAL) /* before Linux 5.14 */
        return 0;
    return errno == EFAULT ? -ENOMEM : -errno;
}

/* First touch costs up to 484 ns a KiB, so not on a packet. */
static int populate(uint8_t *write, int fd, enum vtr_pages pages)
{
    if (pages == VTR_PAGES_THP) {
        /* One page tells whether there are any; filling all 64 MiB to learn it took 48 ms. */
        vtr_system_madvise_(write, VTR_SEGMENT_BYTES, MADV_HUGEPAGE);
        if (touch(write, VTR_PAGEBLOCK_BYTES) != 0 || huge_bytes_at(write) == 0)
            return -EOPNOTSUPP;
    }
    int rc = touch(write, VTR_SEGMENT_BYTES);
    if (rc != 0)
        return rc;
    if (pages == VTR_PAGES_THP && huge_bytes_at(write) < VTR_SEGMENT_BYTES)
        return -EOPNOTSUPP;
    return reserve(fd, 0, VTR_SEGMENT_BYTES);
}

/* EINVAL: F_SEAL_FUTURE_WRITE is as of Linux 5.1. */
static int seal(int fd, int seals)
{
    if (vtr_system_seal_(fd, seals) == 0)
        return 0;
    return errno == EINVAL ? -ENOSYS : -errno;
}

/* Not in core dumps; and a forked child is no member of the domain: what it may not use is not
 * there. EAGAIN is want of kernel memory. */
static int hide(void *at, size_t bytes)
{
    return vtr_system_madvise_(at, bytes, MADV_DONTDUMP) == 0 &&
                   vtr_system_madvise_(at, bytes, MADV_DONTFORK) == 0
               ? 0
               : -ENOMEM;
}

static int seal_and_map_read(uint8_t *read, const uint8_t *write, int fd)
{
    int seals = F_SEAL_SHRINK | F_SEAL_GROW;
    if (read != write)
        seals |= F_SEAL_FUTURE_WRITE;
    int rc = seal(fd, seals);
    if (rc == 0)
        rc = seal(fd, F_SEAL_SEAL);
    if (rc != 0 || read == write)
        return rc;
    rc = map_fixed(read, VTR_SEGMENT_BYTES, PROT_READ, fd);
    if (rc != 0)
        return rc;
    vtr_system_madvise_(read, VTR_SEGMENT_BYTES, MADV_HUGEPAGE);
    vtr_system_madvise_(read, VTR_SEGMENT_BYTES, MADV_POPULATE_READ);
    return hide(read, VTR_SEGMENT_BYTES);
}

static int map_data(uint8_t *read, uint8_t *write, enum vtr_pages pages)
{
    int fd = data_memfd(pages);
    if (fd < 0)
        return fd;
    int rc = map_fixed(write, VTR_SEGMENT_BYTES, PROT_READ | PROT_WRITE, fd);
    if (rc == 0)
        rc = populate(write, fd, pages);
    if (rc == 0)
        rc = hide(write, VTR_SEGMENT_BYTES);
    if (rc == 0)
        rc = seal_and_map_read(read, write, fd);
    if (rc == 0)
        return fd;
    unmap_fixed(read, VTR_SEGMENT_BYTES);
    unmap_fixed(write, VTR_SEGMENT_BYTES);
    close(fd);
    return rc;
}

static int map_control(uint8_t *control)
{
    uint8_t *holders = control + VTR_AREAS_BYTES;
    int fd = vtr_system_memfd_("vitrine-holders", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    int rc = vtr_system_ftruncate_(fd, VTR_AREAS_BYTES) == 0 ? 0 : -errno;
    if (rc == 0)
        rc = seal(fd, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    if (rc == 0)
        rc = map_fixed(holders, VTR_AREAS_BYTES, PROT_READ | PROT_WRITE, fd);
    if (rc == 0)
        rc = map_fixed(control, VTR_AREAS_BYTES, PROT_READ | PROT_WRITE, -1);
    if (rc == 0)
        rc = hide(control, VTR_CONTROL_BYTES);
    if (rc == 0)
        return fd;
    unmap_fixed(control, VTR_CONTROL_BYTES);
    close(fd);
    return rc;
}

int vtr_segment_create(struct vtr_views *views, unsigned k, enum vtr_pages pages,
                       struct vtr_segment *out)
{
    struct vtr_segment s = { .best_not = VTR_PAGES_AUTO };
    uint8_t *read = views->read + k * VTR_SEGMENT_BYTES;
    uint8_t *write = views->write + k * VTR_SEGMENT_BYTES;
    s.pages = pages == VTR_PAGES_AUTO ? VTR_PAGES_HUGETLB : pages;
    s.data_fd = map_data(read, write, s.pages);
    while (s.data_fd < 0 && pages == VTR_PAGES_AUTO && s.pages < VTR_PAGES_SMALL) {
        if (s.best_not == VTR_PAGES_AUTO)
            s.best_not = s.pages;
        s.pages = s.pages == VTR_PAGES_HUGETLB ? VTR_PAGES_THP : VTR_PAGES_SMALL;
        s.data_fd = map_data(read, write, s.pages);
    }
    if (s.data_fd < 0)
        return s.data_fd;
    s.holders_fd = map_control(views->control + k * VTR_CONTROL_BYTES);
    if (s.holders_fd < 0) {
        unmap_fixed(read, VTR_SEGMENT_BYTES);
        unmap_fixed(write, VTR_SEGMENT_BYTES);
        close(s.data_fd);
        return s.holders_fd;
    }
    vtr_poison_segment(views, k);
    *out = s;
    return 0;
}

void vtr_segment_destroy(struct vtr_segment *segment)
{
    close(segment->data_fd);
    close(segment->holders_fd);
}

void vtr_segment_undo(struct vtr_views *views, unsigned k, struct vtr_segment *segment)
{
    struct vtr_views one = { .read = views->read + k * VTR_SEGMENT_BYTES,
                             .write = views->write + k * VTR_SEGMENT_BYTES };
    vtr_poison_forget(&one, 1);
    unmap_fixed(one.read, VTR_SEGMENT_BYTES);
    unmap_fixed(one.write, VTR_SEGMENT_BYTES);
    unmap_fixed(views->control + k * VTR_CONTROL_BYTES, VTR_CONTROL_BYTES);
    vtr_segment_destroy(segment);
}

int vtr_segment_back_holders(const struct vtr_segment *segment, unsigned pageblock, size_t blocks)
{
    size_t at = pageblock * VTR_AREA_BYTES + vtr_area_skew(pageblock) + VTR_HOLDERS_SKEW;
    return reserve(segment->holders_fd, at, blocks * sizeof(struct vtr_holders));
}
