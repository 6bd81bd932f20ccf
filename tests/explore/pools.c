/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Scenarios of free blocks: magazines, the depot, pageblocks, the quota.
 * Threads: which call each makes is in the table.
 */
#include "heap/magazine.h"
#include "oracle.h"
#include "scenarios.h"

static struct vtr_data given[4];
static struct weak name;
static bool is_first; /* the next thread that is warmed up is the first */

static void take_once(void) { take_and_end(HALF); }
static void take_third(void) { take_and_end(THIRD); }
static void take_two(void) { take_two_and_end(HALF); }

static void take_twice(void)
{
    take_and_end(HALF);
    take_and_end(HALF);
}

static void begin_pageblocks(unsigned pageblocks, uint64_t quota)
{
    heap_begin(pageblocks, quota);
    heap_begun();
    is_first = true;
}

static void begin_one(void) { begin_pageblocks(1, 0); }
static void begin_quota(void) { begin_pageblocks(2, HALF); }

/* The first thread's magazine has both blocks of the one pageblock. */
static void keep_two(void)
{
    warm_cache();
    if (is_first)
        take_two_and_end(HALF);
    is_first = false;
}

/* The first thread has cut one of the two blocks of its pageblock. */
static void cut_one(void)
{
    warm_cache();
    if (is_first)
        take_and_end(HALF);
    is_first = false;
}

static void empty_all(void)
{
    vtr_caches_empty(heap, vtr_cache_of_(heap));
}

/* What a thread ends is more than its magazine holds. */
static void give_three_blocks(void)
{
    heap_begin(2, 0);
    for (unsigned i = 0; i < 3; i++)
        given[i] = make(HALF);
    heap_begun();
}

static void end_three(void)
{
    for (unsigned i = 0; i < 3; i++) {
        struct vtr_data d = given[i];
        end(&d);
    }
}

static void end_three_at_once(void)
{
    struct vtr_data all[3] = { given[0], given[1], given[2] };
    for (unsigned i = 0; i < 3; i++)
        use(all[i]);
    drop_all(all, 3);
}

/* Both blocks of the one pageblock are free in the depot; one had a weak reference. */
static void leave_stale_name(void)
{
    heap_begin(1, 0);
    struct vtr_data a = make(HALF), b = make(HALF);
    name = weaken(a);
    drop(&a);
    drop(&b);
    heap_begun();
}

static void upgrade_in_vain(void)
{
    struct vtr_data d;
    if (upgrade(name, &d))
        end(&d);
}

#define CHECKED .invariant = invariant, .finish = audit

const struct explore_scenario scenarios_of_pools[] = {
    { .name = "empty-by-2", .says = "two threads empty all caches while a third uses its", CHECKED,
      .setup = begin_one, .warm = keep_two, .thread = { take_once, empty_all, empty_all } },
    { .name = "empty", .says = "blocks in one thread's magazine are taken by another", CHECKED,
      .setup = begin_one, .warm = keep_two, .thread = { take_twice, take_twice } },
    { .name = "empty-tso", .says = "with stores that are seen late", CHECKED,
      .flags = EXPLORE_TSO, .setup = begin_one, .warm = keep_two,
      .thread = { take_once, take_once } },
    { .name = "depot", .says = "what one thread ends, others allocate", CHECKED,
      .setup = give_three_blocks, .warm = warm_cache, .thread = { end_three, take_two } },
    { .name = "depot-bulk", .says = "the same, ended all at once", CHECKED,
      .setup = give_three_blocks, .warm = warm_cache, .thread = { end_three_at_once, take_two } },
    { .name = "cut", .says = "fresh blocks of another thread's pageblock", CHECKED,
      .setup = begin_one, .warm = cut_one, .thread = { take_two, take_once } },
    { .name = "retire", .says = "an idle pageblock changes class; a stale upgrade", CHECKED,
      .setup = leave_stale_name, .warm = warm_cache, .thread = { take_third, upgrade_in_vain } },
    { .name = "retire-3", .says = "the same, and another allocates of it", CHECKED,
      .flags = EXPLORE_LONG | EXPLORE_NO_RACES, .setup = leave_stale_name, .warm = warm_cache,
      .thread = { take_third, upgrade_in_vain, take_once } },
    { .name = "retire-owned", .says = "a pageblock changes class whose thread cuts it", CHECKED,
      .setup = begin_one, .warm = cut_one, .thread = { take_two, take_third } },
    { .name = "exit", .says = "threads end while others empty them", CHECKED,
      .flags = EXPLORE_EXIT, .setup = begin_one, .warm = keep_two,
      .thread = { take_once, take_once } },
    { .name = "quota", .says = "one block for two threads", CHECKED,
      .setup = begin_quota, .warm = warm_cache, .thread = { take_twice, take_once } },
    { .name = NULL },
};
