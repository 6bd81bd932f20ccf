/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Scenarios: what two or three threads do to a heap of a few blocks.
 * Owner: a global handle belongs to the thread whose number it has.
 * Threads: functions named by a number are that thread's.
 */
#include "oracle.h"

static struct vtr_data given[EXPLORE_THREADS]; /* a handle that setup gave to each thread */
static struct weak name;                       /* of a block that setup made */

static void end_given(unsigned thread)
{
    struct vtr_data d = given[thread];
    end(&d);
}

/* A block that each of @p threads holds. */
static void give(unsigned threads)
{
    given[0] = make(HALF);
    for (unsigned t = 1; t < threads; t++)
        given[t] = more(given[0]);
}

/* Only the first thread holds the block, the others know its name. */
static void give_name(void)
{
    heap_begin(1, 0);
    given[0] = make(HALF);
    name = weaken(given[0]);
    heap_begun();
}

/* Allocate and free, at the limit: what a thread keeps in its magazine, another needs. */

static void keep_two(void)
{
    struct vtr_data a = make(HALF), b = make(HALF);
    drop(&a);
    drop(&b);
}

static void setup_empty(void)
{
    heap_begin(1, 0);
}

static void warm_empty(void)
{
    struct vtr_buf b;
    static bool first = true;
    if (first)
        keep_two();
    else if (take(HALF, &b))
        explore_fail("a third block");
    first = false;
}

static void take_once(void)
{
    take_and_end(HALF);
}

static void take_twice(void)
{
    take_and_end(HALF);
    take_and_end(HALF);
}

/* A block counted by all threads, and freed by the last. */

static void setup_count(void)
{
    heap_begin(1, 0);
    give(EXPLORE_THREADS);
    heap_begun();
}

static void count_0(void)
{
    struct vtr_data part = more(given[0]);
    end(&part);
    end_given(0);
}

static void count_1(void)
{
    struct vtr_data part = more(given[1]);
    end(&part);
    end_given(1);
}

static void count_2(void)
{
    end_given(2);
    take_and_end(HALF);
}

/* A weak reference, while what it names is freed and becomes another block. */

static void free_and_take(void)
{
    end_given(0);
    take_and_end(HALF);
}

static void upgrade_and_end(void)
{
    struct vtr_data d;
    if (upgrade(name, &d))
        end(&d);
}

static void free_given(void)
{
    end_given(0);
}

/* The same, while it becomes writable again. */

static void own_and_end(void)
{
    struct vtr_data d = given[0];
    struct vtr_buf b;
    if (reopen(&d, &b))
        d = seal(&b);
    end(&d);
}

const struct explore_scenario explore_scenarios[] = {
    { .name = "empty", .says = "blocks in the magazine of one thread are taken by another",
      .setup = setup_empty, .warm = warm_empty, .thread = { take_twice, take_once },
      .invariant = invariant, .finish = audit },
    { .name = "count", .says = "the last of three threads frees the block",
      .setup = setup_count, .thread = { count_0, count_1, count_2 },
      .invariant = invariant, .finish = audit },
    { .name = "upgrade", .says = "a weak reference against free and allocate",
      .setup = give_name, .thread = { free_and_take, upgrade_and_end },
      .invariant = invariant, .finish = audit },
    { .name = "upgrade-2", .says = "two weak references against the last handle",
      .setup = give_name, .thread = { free_given, upgrade_and_end, upgrade_and_end },
      .invariant = invariant, .finish = audit },
    { .name = "own", .says = "a weak reference against try_own",
      .setup = give_name, .thread = { own_and_end, upgrade_and_end },
      .invariant = invariant, .finish = audit },
    { .name = NULL },
};
