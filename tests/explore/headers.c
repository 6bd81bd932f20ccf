/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Scenarios of headers. A header in front of a payload is a list; the block it is carved from has a
 * count of each header, some taken ahead, and one of the cache of the thread that carves.
 * Owner: list[i] is thread i's.
 * Threads: which call each makes is in the table.
 */
#include "heap/magazine.h"
#include "oracle.h"
#include "scenarios.h"

enum { LONG = 1024, SHORT = 16, HEADERS = 8192 }; /* bytes; the last of a block of headers */

static struct vtr_data payload, list[2];
static const char headers[2][LONG] = { "thread 0's", "thread 1's" };
static bool is_first; /* the next thread that is warmed up is the first */

/* By way of a local one: gcc does not show the explorer a struct that a call returns. */
static void put_header(unsigned i, size_t bytes)
{
    struct vtr_data made = VTR_DATA_EMPTY;
    if (vtr_data_prepend(heap, headers[i], bytes, payload, &made) != 0)
        explore_fail("no list");
    list[i] = made;
}

static void end_header(struct vtr_data *d, unsigned i)
{
    char read[SHORT];
    if (!vtr_data_gather(*d, 0, read, sizeof read) || memcmp(read, headers[i], sizeof read) != 0)
        explore_fail("another header");
    explore_pause(EXPLORE_SITE("reads", ""));
    vtr_data_unref(d);
}

static void give_lists(void)
{
    heap_begin(2, 0);
    payload = make(HALF);
    put_header(0, SHORT);
    list[1] = vtr_data_ref(list[0]);
    heap_begun();
}

static void end_list_0(void)
{
    struct vtr_data d = list[0];
    end_header(&d, 0);
    d = payload;
    end(&d);
}

static void end_list_1(void)
{
    struct vtr_data d = list[1];
    end_header(&d, 0);
}

static void give_payload(void)
{
    heap_begin(2, 0);
    payload = make(HALF);
    heap_begun();
    is_first = true;
}

/* What the second thread has is the last header that the first one carved. */
static void carve(void)
{
    warm_cache();
    if (is_first)
        put_header(1, SHORT);
    is_first = false;
}

/* No count is left of those taken ahead. */
static void carve_counts(void)
{
    if (is_first)
        put_header(1, SHORT);
    while (is_first && vtr_cache_of_(heap)->header.ahead != 0) {
        vtr_data_unref(&list[1]);
        put_header(1, SHORT);
    }
    is_first = false;
    warm_cache();
}

/* No room is left for a long header. */
static void carve_bytes(void)
{
    if (is_first)
        put_header(1, LONG);
    const struct vtr_carved *h = &vtr_cache_of_(heap)->header;
    while (is_first && h->cap - h->next >= LONG) {
        vtr_data_unref(&list[1]);
        put_header(1, LONG);
    }
    is_first = false;
    warm_cache();
}

static void carve_and_end_0(void)
{
    put_header(0, SHORT);
    end_list_0();
}

static void carve_long_and_end_0(void)
{
    put_header(0, LONG);
    end_list_0();
}

static void end_header_1(void)
{
    struct vtr_data d = list[1];
    end_header(&d, 1);
}

/* If its header was the last one of the block, it has the same one again. */
static void end_header_and_take_1(void)
{
    struct vtr_buf b;
    end_header_1();
    if (vtr_buf_init(heap, 0, HEADERS, &b) == 0)
        vtr_buf_fini(&b);
}

/* At most the payload, two header blocks and the filler are, and the last always is. */
static void look_at_all(void)
{
    struct vtr_heap_stat stat = { .size = sizeof stat };
    vtr_heap_stat(heap, &stat);
    if (stat.live_blocks == 0 || stat.live_blocks > 4)
        explore_fail("%llu blocks are live", (unsigned long long)stat.live_blocks);
}

#define CHECKED .invariant = invariant, .finish = audit

const struct explore_scenario scenarios_of_headers[] = {
    { .name = "list", .says = "a list that two threads hold, and the block in it", CHECKED,
      .setup = give_lists, .warm = warm_cache, .thread = { end_list_0, end_list_1 } },
    { .name = "carve", .says = "one thread's header is ended by another while it exits", CHECKED,
      .flags = EXPLORE_EXIT, .setup = give_payload, .warm = carve,
      .thread = { carve_and_end_0, end_header_1 } },
    { .name = "carve-counts", .says = "the same, and more counts are taken ahead", CHECKED,
      .flags = EXPLORE_EXIT, .setup = give_payload, .warm = carve_counts,
      .thread = { carve_and_end_0, end_header_1 } },
    { .name = "carve-block", .says = "the same, and the next header block is begun", CHECKED,
      .flags = EXPLORE_EXIT, .setup = give_payload, .warm = carve_bytes,
      .thread = { carve_long_and_end_0, end_header_and_take_1 } },
    { .name = "carve-stat", .says = "the same, and a third thread counts what is live", CHECKED,
      .flags = EXPLORE_EXIT, .setup = give_payload, .warm = carve_bytes,
      .thread = { carve_long_and_end_0, end_header_1, look_at_all } },
    { .name = NULL },
};
