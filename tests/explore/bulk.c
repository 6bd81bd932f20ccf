/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Scenarios of small blocks: taken inline and in bulk, ended in bulk.
 * Owner: handles that two threads have of the first block are given[thread][0].
 * Threads: which call each makes is in the table.
 */
#include "heap/magazine.h"
#include "oracle.h"
#include "scenarios.h"

enum { MOST = 4 };

static struct vtr_data given[EXPLORE_THREADS][MOST];
static struct weak name;
static uint32_t published; /* atomic: name may be used */
static bool is_first;      /* the next thread that is warmed up is the first */

static void take_small(void) { take_and_end(SMALL); }
static void take_small_two(void) { take_two_and_end(SMALL); }
static void take_small_at_once(void) { take_and_end_all(SMALL, 2); }

static void take_third(void) { take_and_end(THIRD); }

static void take_small_twice(void)
{
    take_and_end(SMALL);
    take_and_end(SMALL);
}

static void begin_two(void)
{
    heap_begin(1, 2 * SMALL);
    heap_begun();
    is_first = true;
}

/* The first thread's magazine has all the blocks there may be. */
static void keep_two(void)
{
    warm_small();
    if (is_first)
        take_two_and_end(SMALL);
    is_first = false;
}

static void empty_all(void)
{
    vtr_caches_empty(heap, vtr_cache_of_(heap));
}

static void end_all(unsigned thread, unsigned n)
{
    struct vtr_data d[MOST];
    for (unsigned i = 0; i < n; i++) {
        d[i] = given[thread][i];
        use(d[i]);
    }
    drop_all(d, n);
}

static void end_two_0(void) { end_all(0, 2); }
static void end_two_1(void) { end_all(1, 2); }

static void end_2(void)
{
    struct vtr_data d = given[2][0];
    end(&d);
}

/* A block that each of @p threads holds, and one of its own for each of @p others. */
static void give(unsigned threads, unsigned others)
{
    heap_begin(1, 0);
    given[0][0] = make(SMALL);
    for (unsigned t = 1; t < threads; t++)
        given[t][0] = more(given[0][0]);
    for (unsigned t = 0; t < others; t++)
        given[t][1] = make(SMALL);
}

static void give_shared(void)
{
    give(3, 2);
    heap_begun();
}

static void give_two(void)
{
    give(2, 1);
    heap_begun();
}

static void give_named(void)
{
    give(1, 1);
    name = weaken(given[0][0]);
    heap_begun();
}

/* Two handles of one block among those that end at once. */
static void end_both_and_another_0(void)
{
    struct vtr_data d[3] = { given[0][0], given[0][1], more(given[0][0]) };
    use(d[2]);
    drop_all(d, 3);
}

/* All that the quota allows; two classes. */
static void give_of_two_classes(void)
{
    heap_begin(2, 3 * SMALL + HALF);
    for (unsigned i = 0; i < MOST; i++)
        given[0][i] = make(i == 2 ? HALF : SMALL);
    heap_begun();
}

static void end_four_0(void) { end_all(0, 4); }

/* The one pageblock is of their class. @param quota  as for heap_begin(). */
static void give_small(uint64_t quota)
{
    heap_begin(1, quota);
    for (unsigned i = 0; i < 2; i++)
        given[0][i] = make(SMALL);
    heap_begun();
}

static void give_all(void) { give_small(2 * SMALL); }
static void give_all_blocks(void) { give_small(0); }

static void end_two_and_take_0(void)
{
    end_all(0, 2);
    take_and_end(SMALL);
}

static void upgrade_and_end(void)
{
    struct vtr_data d;
    if (upgrade(name, &d))
        end(&d);
}

static void share_and_end_1(void)
{
    struct vtr_data d = given[1][0];
    struct weak w = weaken(d);
    name.what = w.what;
    name.gen = w.gen;
    __atomic_store_n(&published, 1, __ATOMIC_RELEASE);
    end(&d);
}

static void upgrade_if_published(void)
{
    if (__atomic_load_n(&published, __ATOMIC_ACQUIRE) != 0)
        upgrade_and_end();
}

#define CHECKED .invariant = invariant, .finish = audit

const struct explore_scenario scenarios_of_bulk[] = {
    { .name = "inline", .says = "small blocks are taken inline, and by who empties", CHECKED,
      .setup = begin_two, .warm = keep_two, .thread = { take_small_twice, take_small_two } },
    { .name = "inline-tso", .says = "with stores that are seen late", CHECKED,
      .flags = EXPLORE_TSO, .setup = begin_two, .warm = keep_two,
      .thread = { take_small, take_small } },
    { .name = "inline-3", .says = "the same while a third thread empties all", CHECKED,
      .setup = begin_two, .warm = keep_two, .thread = { take_small, take_small, empty_all } },
    { .name = "take-bulk", .says = "two at once, and by who empties", CHECKED,
      .setup = begin_two, .warm = keep_two, .thread = { take_small_at_once, take_small } },
    { .name = "bulk", .says = "a block of three threads, two of which end it in bulk", CHECKED,
      .setup = give_shared, .warm = warm_small, .thread = { end_two_0, end_two_1, end_2 } },
    { .name = "bulk-twice", .says = "two handles of one block end at once", CHECKED,
      .setup = give_shared, .warm = warm_small,
      .thread = { end_both_and_another_0, end_two_1, end_2 } },
    { .name = "bulk-upgrade", .says = "a weak reference against an end in bulk", CHECKED,
      .setup = give_named, .warm = warm_small, .thread = { end_two_and_take_0, upgrade_and_end } },
    { .name = "bulk-share", .says = "a block is named while its last handle ends in bulk", CHECKED,
      .setup = give_two, .warm = warm_small,
      .thread = { end_two_0, share_and_end_1, upgrade_if_published } },
    { .name = "bulk-empty", .says = "what ends in bulk is taken by another at the quota", CHECKED,
      .setup = give_all, .warm = warm_small,
      .thread = { end_two_and_take_0, take_small_two } },
    { .name = "bulk-classes", .says = "blocks of two classes end at once", CHECKED,
      .setup = give_of_two_classes, .warm = warm_small,
      .thread = { end_four_0, empty_all } },
    { .name = "bulk-retire", .says = "the pageblock of what ends in bulk changes class", CHECKED,
      .setup = give_all_blocks, .warm = warm_small, .thread = { end_two_0, take_third } },
    { .name = NULL },
};
