/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Checks of what memory there is to have: pages of heaps, limits, the library's own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "doctor/checks.h"
#include "doctor/tree.h"

static bool pages(const struct doctor *d, unsigned kib, const char *which, uint64_t *out)
{
    return tree_number(d->machine->root, out, "/sys/kernel/mm/hugepages/hugepages-%ukB/%s", kib,
                       which);
}

/* A heap grows by 64 MiB, or by one large block. */
enum { SEGMENT_PAGES = 32 };

/* @return how many are reserved, after a line's worth of them was added. */
static uint64_t add_pages(struct doctor *d, unsigned kib, const char *name)
{
    uint64_t reserved, free;
    if (!pages(d, kib, "nr_hugepages", &reserved) || !pages(d, kib, "free_hugepages", &free))
        return 0;
    report_more(&d->report, "%s%" PRIu64 " x %s reserved",
                d->report.finding[d->report.n - 1].fact[0] != '\0' ? ", " : "", reserved, name);
    if (reserved != 0)
        report_more(&d->report, " (%" PRIu64 " free)", free);
    return reserved;
}

/* The places of hugetlbfs, which DPDK's own processes need; our heaps do without. */
static void add_mounts(struct doctor *d)
{
    static char mounts[65536];
    if (!tree_read(d->machine->root, mounts, sizeof mounts, "/proc/self/mounts"))
        return;
    const char *before = "; mounted on ";
    for (char *rest = mounts, *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *from = strsep(&line, " "), *to = strsep(&line, " "), *type = strsep(&line, " ");
        if (from == NULL || to == NULL || type == NULL || strcmp(type, "hugetlbfs") != 0)
            continue;
        report_more(&d->report, "%s%s", before, to);
        before = " ";
    }
}

/* Says what is missing for heaps to get huge pages. */
static void want_pages(struct doctor *d, uint64_t small, uint64_t free)
{
    struct finding *f = &d->report.finding[d->report.n - 1];
    f->state = STATE_WARN;
    if (f->fact[0] == '\0')
        report_more(&d->report, "no 2 MB pages");
    if (small != 0)
        report_more(&d->report, "; a heap wants %d free", SEGMENT_PAGES);
    uint64_t taken = small - free < 1u << 20 ? small - free : 0;
    report_fix(&d->report, "sudo sysctl vm.nr_hugepages=%" PRIu64, taken + 512);
}

void check_hugepages(struct doctor *d)
{
    uint64_t free = 0;
    if (!tree_exists(d->machine->root, "/sys/kernel/mm/hugepages")) {
        report_add(&d->report, "hugepages", STATE_SKIP, "this kernel has none");
        return;
    }
    report_add(&d->report, "hugepages", STATE_OK, "%s", "");
    uint64_t small = add_pages(d, 2048, "2 MB");
    add_pages(d, 1 << 20, "1 GB");
    add_mounts(d);
    if (!pages(d, 2048, "free_hugepages", &free) || free > small)
        free = 0;
    d->able.hugepages = free >= SEGMENT_PAGES;
    if (!d->able.hugepages)
        want_pages(d, small, free);
}

/* What is in brackets: "always [never]". */
static bool chosen(const char *line, char *word, size_t size)
{
    const char *open = strchr(line, '['), *close = open != NULL ? strchr(open, ']') : NULL;
    if (close == NULL || close == open + 1)
        return false;
    snprintf(word, size, "%.*s", (int)(close - open - 1), open + 1);
    return true;
}

void check_thp(struct doctor *d)
{
    char line[128], word[32];
    if (!tree_line(d->machine->root, line, sizeof line,
                   "/sys/kernel/mm/transparent_hugepage/shmem_enabled") ||
        !chosen(line, word, sizeof word)) {
        report_add(&d->report, "thp", STATE_SKIP, "this kernel has no transparent huge pages");
        return;
    }
    bool off = strcmp(word, "never") == 0 || strcmp(word, "deny") == 0;
    report_add(&d->report, "thp", off && !d->able.hugepages ? STATE_WARN : STATE_OK,
               "shmem_enabled is %s: heaps get %s", word,
               d->able.hugepages ? "reserved huge pages first"
               : off             ? "4 KB pages"
                                 : "transparent huge pages");
    if (off && !d->able.hugepages)
        report_fix(&d->report,
                   "echo advise | sudo tee /sys/kernel/mm/transparent_hugepage/shmem_enabled");
}

/* The soft limit of a row of /proc/self/limits. */
static bool limit(const struct doctor *d, const char *name, uint64_t *out)
{
    char limits[4096], row[128];
    if (!tree_read(d->machine->root, limits, sizeof limits, "/proc/self/limits") ||
        !tree_value(limits, name, row, sizeof row))
        return false;
    row[strcspn(row, " ")] = '\0';
    if (strcmp(row, "unlimited") != 0)
        return tree_decimal(row, out);
    *out = UINT64_MAX;
    return true;
}

void check_memlock(struct doctor *d)
{
    uint64_t bytes;
    if (!limit(d, "Max locked memory", &bytes)) {
        report_add(&d->report, "memlock", STATE_SKIP, "/proc/self/limits says nothing");
        return;
    }
    if (bytes == UINT64_MAX)
        report_add(&d->report, "memlock", STATE_OK, "unlimited");
    else
        report_add(&d->report, "memlock", STATE_OK,
                   "%" PRIu64 " kB: enough but for vfio, which locks what devices may reach",
                   bytes >> 10);
}

void check_files(struct doctor *d)
{
    enum { LEAST = 256 };
    uint64_t files;
    if (!limit(d, "Max open files", &files)) {
        report_add(&d->report, "files", STATE_SKIP, "/proc/self/limits says nothing");
        return;
    }
    if (files == UINT64_MAX)
        report_add(&d->report, "files", STATE_OK, "unlimited");
    else
        report_add(&d->report, "files", files < LEAST ? STATE_WARN : STATE_OK,
                   "%" PRIu64 " may be open; a heap takes one for each 64 MB", files);
    if (files < LEAST)
        report_fix(&d->report, "ulimit -n 1024");
}

void check_memory(struct doctor *d)
{
    const struct machine *m = d->machine;
    bool jemalloc = strncmp(m->memory, "jemalloc", 8) == 0;
    report_add(&d->report, "memory", jemalloc ? STATE_OK : STATE_WARN, "%s%s%s", m->memory,
               m->why_not[0] != '\0' ? ": " : "", m->why_not);
    if (!jemalloc)
        report_fix(&d->report, "sudo apt-get install libjemalloc2");
}
