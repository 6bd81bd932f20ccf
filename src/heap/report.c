/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_heap_report: the statistics of a heap, for a person.
 */
#include <stdarg.h>
#include <stdio.h>

#include "heap/heap.h"

const char *vtr_pages_name(enum vtr_pages pages)
{
    static const char *const names[] = { "any pages", "reserved huge pages",
                                         "transparent huge pages", "4 KiB pages" };
    return names[pages];
}

/* Text that goes on counting when there is no room, as snprintf does. */
struct page {
    char *text;
    size_t size, len;
};

__attribute__((format(printf, 2, 3))) static void say(struct page *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool room = p->len < p->size;
    int n = vsnprintf(room ? p->text + p->len : NULL, room ? p->size - p->len : 0, format, args);
    va_end(args);
    p->len += n > 0 ? (size_t)n : 0;
}

/* "2.0 MiB". */
struct amount {
    char text[24];
};

static struct amount amount(uint64_t bytes)
{
    static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
    struct amount a;
    double scaled = (double)bytes / 1024;
    unsigned unit = 0;
    for (; scaled >= 1024 && unit < 3; unit++)
        scaled /= 1024;
    if (bytes < 1024)
        snprintf(a.text, sizeof a.text, "%u B", (unsigned)bytes);
    else
        snprintf(a.text, sizeof a.text, "%.1f %s", scaled, units[unit]);
    return a;
}
#define AMOUNT(bytes) amount(bytes).text

static const char *why_not_better(struct vtr_heap *heap)
{
    pthread_mutex_lock(&heap->lock);
    enum vtr_pages best_not = heap->segments[heap->segments_n - 1].best_not;
    enum vtr_pages pages = heap->segments[heap->segments_n - 1].pages;
    pthread_mutex_unlock(&heap->lock);
    if (best_not == VTR_PAGES_AUTO)
        return NULL;
    if (pages == VTR_PAGES_THP)
        return "no reserved huge pages; vm.nr_hugepages gives them";
    return "no reserved huge pages, and shmem_enabled does not allow transparent ones";
}

static void say_pages(struct page *p, struct vtr_heap *heap, const struct vtr_heap_stat *s)
{
    const char *why = why_not_better(heap);
    say(p, "  pages     %llu of at most %llu MiB taken: %llu on reserved huge pages, %llu on "
           "transparent ones, %llu on 4 KiB\n",
        (unsigned long long)(s->segment_bytes >> 20), (unsigned long long)(s->max_bytes >> 20),
        (unsigned long long)(s->hugetlb_bytes >> 20), (unsigned long long)(s->thp_bytes >> 20),
        (unsigned long long)((s->segment_bytes - s->hugetlb_bytes - s->thp_bytes) >> 20));
    if (why != NULL)
        say(p, "            (%s)\n", why);
}

static void say_memory(struct page *p, const struct vtr_heap_stat *s)
{
    say(p, "  memory    %s cut into blocks: %s held, %s cached, %s free; %s not cut\n",
        AMOUNT(s->pageblock_bytes), AMOUNT(s->live_bytes), AMOUNT(s->cached_bytes),
        AMOUNT(s->pageblock_bytes - s->live_bytes - s->cached_bytes),
        AMOUNT(s->segment_bytes - s->pageblock_bytes));
    say(p, "  held      %llu blocks, of these %llu large (%s); ours alone %s, our fair share %s\n",
        (unsigned long long)s->live_blocks, (unsigned long long)s->large_blocks,
        AMOUNT(s->large_bytes), AMOUNT(s->unique_bytes), AMOUNT(s->fair_bytes));
    say(p, "  pinned    %s for %s visible", AMOUNT(s->live_bytes), AMOUNT(s->visible_bytes));
    if (s->visible_bytes != 0)
        say(p, ": %.2f times", (double)s->live_bytes / (double)s->visible_bytes);
    say(p, "\n");
}

static void say_limits(struct page *p, const struct vtr_heap_stat *s)
{
    if (s->quota_bytes != 0)
        say(p, "  quota     %s charged of %s\n", AMOUNT(s->charged_bytes), AMOUNT(s->quota_bytes));
    else
        say(p, "  quota     none; %s would be charged\n", AMOUNT(s->charged_bytes));
    say(p, "  refused   %llu blocks at the limit, %llu at the quota\n",
        (unsigned long long)s->failed_limit, (unsigned long long)s->failed_quota);
    say(p, "  keep      %llu by reference, %llu copied: %s copied, so that %s are not pinned\n",
        (unsigned long long)s->keep_refs, (unsigned long long)s->keep_copies,
        AMOUNT(s->keep_bytes), AMOUNT(s->keep_saved));
}

static void say_classes(struct page *p, struct vtr_heap *heap)
{
    struct vtr_heap_class_stat c = { .size = sizeof c };
    bool any = false;
    for (unsigned k = 0; vtr_heap_class_stat(heap, k, &c) == 0; k++) {
        if (c.pageblocks == 0)
            continue;
        if (!any)
            say(p, "  %-10s%10s%12s%10s%10s%10s%10s%10s\n", "classes", "bytes", "pageblocks",
                "blocks", "held", "cached", "free", "others'");
        any = true;
        say(p, "  %20llu%12llu%10llu%10llu%10llu%10llu%10llu\n", (unsigned long long)c.bytes,
            (unsigned long long)c.pageblocks, (unsigned long long)c.blocks,
            (unsigned long long)c.live, (unsigned long long)c.cached, (unsigned long long)c.free,
            (unsigned long long)c.other);
    }
}

int vtr_heap_report(struct vtr_heap *heap, char *text, size_t size)
{
    struct vtr_heap_stat s = { .size = sizeof s };
    struct page p = { .text = text, .size = size };
    vtr_heap_stat(heap, &s);
    say(&p, "heap '%s'\n", heap->name);
    say_pages(&p, heap, &s);
    say_memory(&p, &s);
    say_limits(&p, &s);
    say_classes(&p, heap);
    return (int)p.len;
}
