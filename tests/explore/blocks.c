/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Scenarios of one block: counted, named weakly, held by another process.
 * Owner: a given handle is the thread's whose number it has.
 * Threads: which call each makes is in the table.
 */
#include <vitrine/keep.h>

#include "oracle.h"
#include "scenarios.h"

static struct vtr_data given[EXPLORE_THREADS];
static struct weak name;
static uint32_t published; /* atomic: name may be used */

static void end_given(unsigned thread)
{
    struct vtr_data d = given[thread];
    end(&d);
}

/* A block that each of @p threads holds, of so many pageblocks. */
static void give_in(unsigned pageblocks, unsigned threads)
{
    heap_begin(pageblocks, 0);
    given[0] = make(HALF);
    for (unsigned t = 1; t < threads; t++)
        given[t] = more(given[0]);
}

static void give(unsigned threads)
{
    give_in(1, threads);
}

static void give_three(void)
{
    give(3);
    heap_begun();
}

static void give_two(void)
{
    give(2);
    heap_begun();
}

static void give_one(void)
{
    give(1);
    heap_begun();
}

static void give_none(void)
{
    heap_begin(1, 0);
    heap_begun();
}

static void give_name(void)
{
    give(1);
    name = weaken(given[0]);
    heap_begun();
}

static void give_two_and_name(void)
{
    give(2);
    name = weaken(given[0]);
    heap_begun();
}

static void end_1(void) { end_given(1); }
static void end_2(void) { end_given(2); }
static void take_once(void) { take_and_end(HALF); }

static void slice_and_end_0(void)
{
    struct vtr_data part = more(given[0]);
    end(&part);
    end_given(0);
}

/* The first thread's handle, which it keeps for so long. */
static void borrow(void)
{
    struct vtr_data part = more(given[0]);
    end(&part);
}

static void end_when_returned_0(void)
{
    struct vtr_data part = more(given[0]);
    end(&part);
    explore_wait(1);
    explore_wait(2);
    end_given(0);
}

static void slice_and_end_1(void)
{
    struct vtr_data part = more(given[1]);
    end_given(1);
    end(&part);
}

static void end_and_take_0(void)
{
    end_given(0);
    take_and_end(HALF);
}

static void end_and_take_1(void)
{
    end_given(1);
    take_and_end(HALF);
}

static void end_and_take_two_0(void)
{
    end_given(0);
    take_two_and_end(HALF);
}

static void upgrade_and_end(void)
{
    struct vtr_data d;
    if (upgrade(name, &d))
        end(&d);
}

static void upgrade_and_own(void)
{
    struct vtr_data d;
    struct vtr_buf b;
    if (!upgrade(name, &d))
        return;
    if (reopen(&d, &b))
        d = seal(&b);
    end(&d);
}

static void own_and_end_0(void)
{
    struct vtr_data d = given[0];
    struct vtr_buf b;
    if (reopen(&d, &b))
        d = seal(&b);
    end(&d);
}

/* To hold for long: a copy of what is small, and the block itself is let go. */
static void keep_0(void)
{
    struct vtr_data d = given[0], kept = VTR_DATA_EMPTY;
    if (vtr_data_keep(heap, d, &kept) != 0)
        explore_fail("nothing kept");
    if (kept.what == d.what || vtr_data_compare(kept, d) != 0)
        explore_fail("no copy");
    end(&d);
    vtr_data_unref(&kept);
}

static void give_three_to_keep(void)
{
    give_in(2, 3);
    heap_begun();
}

static void publish(struct weak w)
{
    name.what = w.what;
    name.gen = w.gen;
    __atomic_store_n(&published, 1, __ATOMIC_RELEASE);
}

/* Seals what it writes, and only then lets others name it. */
static void seal_and_share_0(void)
{
    struct vtr_data d = make(HALF);
    publish(weaken(d));
    end(&d);
}

static void share_and_end_0(void)
{
    publish(weaken(given[0]));
    end_given(0);
}

static void upgrade_if_published(void)
{
    if (__atomic_load_n(&published, __ATOMIC_ACQUIRE) != 0)
        upgrade_and_end();
}

/* Another process. */

static void receive(void)
{
    if (!peer_receive(name))
        return;
    peer_use(name);
    peer_release(name);
}

static void reap(void)
{
    if (explore_wait(2))
        peer_reap(name);
}

static void reap_and_upgrade(void)
{
    reap();
    upgrade_and_end();
}

static void give_softly(void)
{
    give(1);
    name = weaken(given[0]);
    peer_soften(name);
    heap_begun();
}

static void steal_it(void)
{
    steal(name);
}

/* What was held strongly when the thief came is left to the next. */
static void steal_and_audit(void)
{
    steal(name);
    audit();
}

/* Both blocks are free, and no hint knows of them. */
static void forget_both(void)
{
    struct weak other;
    give(1);
    name = weaken(given[0]);
    given[1] = make(HALF);
    other = weaken(given[1]);
    if (!peer_receive(name) || !peer_receive(other))
        explore_fail("nothing received");
    drop(&given[0]);
    drop(&given[1]);
    peer_release(name);
    peer_release(other);
    heap_begun();
}

const struct explore_scenario *const explore_scenarios[] = {
    scenarios_of_blocks, scenarios_of_pools, scenarios_of_bulk, scenarios_of_headers, NULL
};

#define CHECKED .warm = warm_cache, .invariant = invariant, .finish = audit

const struct explore_scenario scenarios_of_blocks[] = {
    { .name = "count", .says = "the last of three threads frees the block", CHECKED,
      .setup = give_three, .thread = { slice_and_end_0, end_and_take_1, end_2 } },
    { .name = "count-long", .says = "the same, with more of everything", CHECKED,
      .flags = EXPLORE_LONG, .setup = give_three,
      .thread = { slice_and_end_0, slice_and_end_1, end_2 } },
    { .name = "count-cold", .says = "threads whose first call frees", .invariant = invariant,
      .finish = audit, .setup = give_two, .thread = { end_and_take_0, end_and_take_1 } },
    { .name = "borrow", .says = "one handle that two threads borrow", CHECKED,
      .setup = give_one, .thread = { end_when_returned_0, borrow, borrow } },
    { .name = "own-shared", .says = "try_own while another thread ends its handle", CHECKED,
      .setup = give_two, .thread = { own_and_end_0, end_and_take_1 } },
    { .name = "upgrade", .says = "a weak reference against free and allocate", CHECKED,
      .setup = give_name, .thread = { end_and_take_0, upgrade_and_end, upgrade_and_end } },
    { .name = "upgrade-handles", .says = "a weak reference against two handles", CHECKED,
      .setup = give_two_and_name, .thread = { end_and_take_0, end_1, upgrade_and_end } },
    { .name = "upgrade-own", .says = "a weak reference against try_own", CHECKED,
      .setup = give_name, .thread = { own_and_end_0, upgrade_and_end, upgrade_and_end } },
    { .name = "upgrade-own-2", .says = "try_own by whoever upgraded, too", CHECKED,
      .setup = give_name, .thread = { own_and_end_0, upgrade_and_own, upgrade_and_end } },
    { .name = "share", .says = "a block is named while another handle is the last", CHECKED,
      .setup = give_two, .thread = { share_and_end_0, end_and_take_1, upgrade_if_published } },
    { .name = "seal", .says = "seal, then name, against an upgrade", CHECKED,
      .setup = give_none, .thread = { seal_and_share_0, upgrade_if_published } },
    { .name = "keep", .says = "a copy for long against the last handle", CHECKED,
      .setup = give_three_to_keep, .thread = { keep_0, end_1, end_2 } },
    { .name = "peer", .says = "another process receives, reads and releases", CHECKED,
      .setup = give_name, .thread = { end_and_take_two_0, upgrade_and_end, receive } },
    { .name = "peer-own", .says = "the same against try_own", CHECKED,
      .setup = give_name, .thread = { own_and_end_0, upgrade_and_end, receive } },
    { .name = "crash", .says = "another process is killed at any step and reaped", CHECKED,
      .mortal = 1 << 2, .setup = give_name,
      .thread = { end_and_take_two_0, reap_and_upgrade, receive } },
    { .name = "crash-own", .says = "the same against try_own", CHECKED,
      .mortal = 1 << 2, .setup = give_name, .thread = { own_and_end_0, reap, receive } },
    { .name = "steal", .says = "a block that is held softly is taken or upgraded",
      .setup = give_softly, .warm = warm_cache, .invariant = invariant, .finish = steal_and_audit,
      .thread = { end_and_take_two_0, upgrade_and_end, steal_it } },
    { .name = "sweep", .says = "a forgotten block is found, and upgraded in vain",
      CHECKED, .setup = forget_both,
      .thread = { take_once, upgrade_and_end } },
    { .name = "sweep-2", .says = "the same with two threads that look for it",
      CHECKED, .setup = forget_both,
      .flags = EXPLORE_LONG, .thread = { take_once, take_once, upgrade_and_end } },
    { .name = NULL },
};
