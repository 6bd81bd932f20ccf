/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * heap: who watches a heap hears of each segment once when it comes and once when it goes, and can
 * refuse it.
 */
#include "support.h"

#include <errno.h>
#include <sched.h>

#include "heap/layout.h"
#include "heap/watch.h"

enum { MIB = 1 << 20, MOST_OF_A_SEGMENT = 40 * MIB, SEGMENTS = 4 };

/* The segments that a watcher was shown, by the view that is read. */
struct watcher {
    struct vtr_heap_watch watch;
    const uint8_t *has[SEGMENTS];
    unsigned n, refused, refuse_from;
};

/* Free blocks are poisoned, but mapped. */
__attribute__((no_sanitize_address)) static int came(struct vtr_heap_watch *watch,
                                                     const uint8_t *read, uint8_t *write)
{
    struct watcher *w = (struct watcher *)watch;
    assert_int_equal(read == write, test_single_view());
    for (unsigned i = 0; i < w->n; i++)
        assert_ptr_not_equal(w->has[i], read);
    if (w->n >= w->refuse_from) {
        w->refused++;
        return -ENOSPC;
    }
    write[VTR_SEGMENT_BYTES - 1] = 0; /* it is mapped, whole */
    w->has[w->n++] = read;
    return 0;
}

__attribute__((no_sanitize_address)) static void went(struct vtr_heap_watch *watch,
                                                      const uint8_t *read, uint8_t *write)
{
    struct watcher *w = (struct watcher *)watch;
    unsigned i = 0;
    write[0] = read[0]; /* it still is */
    while (i < w->n && w->has[i] != read)
        i++;
    assert_true(i < w->n);
    w->has[i] = w->has[--w->n];
}

static struct watcher watcher(unsigned refuse_from)
{
    return (struct watcher){ .watch = { .came = came, .went = went }, .refuse_from = refuse_from };
}

static int take(struct vtr_heap *heap, struct vtr_buf *buf)
{
    return vtr_buf_init(heap, 0, MOST_OF_A_SEGMENT, buf);
}

static void segments_there_and_to_come_are_shown_once(void **state)
{
    struct vtr_heap *heap = test_heap(SEGMENTS * VTR_SEGMENT_BYTES);
    struct watcher early = watcher(SEGMENTS), late = watcher(SEGMENTS);
    struct vtr_buf bufs[SEGMENTS];
    (void)state;
    assert_int_equal(vtr_heap_watch_(heap, &early.watch), 0);
    assert_int_equal(early.n, 1);
    for (unsigned i = 0; i < SEGMENTS; i++) {
        assert_int_equal(take(heap, &bufs[i]), 0);
        assert_int_equal(early.n, i + 1);
        if (i == 1)
            assert_int_equal(vtr_heap_watch_(heap, &late.watch), 0);
    }
    assert_int_equal(late.n, SEGMENTS);
    vtr_heap_unwatch_(&early.watch);
    assert_int_equal(early.n, 0);
    assert_int_equal(late.n, SEGMENTS);
    vtr_heap_unwatch_(&late.watch);
    assert_int_equal(late.n, 0);
    for (unsigned i = 0; i < SEGMENTS; i++)
        vtr_buf_fini(&bufs[i]);
    test_heap_end(heap);
}

static void a_heap_that_ends_ends_its_watches(void **state)
{
    struct vtr_heap *heap = test_heap(SEGMENTS * VTR_SEGMENT_BYTES);
    struct watcher w[2] = { watcher(SEGMENTS), watcher(SEGMENTS) };
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(vtr_heap_watch_(heap, &w[i].watch), 0);
    test_heap_end(heap);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(w[i].n, 0);
        assert_null(w[i].watch.heap);
        vtr_heap_unwatch_(&w[i].watch); /* nothing is left to end */
    }
}

static void a_watch_that_is_refused_does_not_begin(void **state)
{
    struct vtr_heap *heap = test_heap(SEGMENTS * VTR_SEGMENT_BYTES);
    struct watcher w = watcher(1);
    struct vtr_buf bufs[2];
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(take(heap, &bufs[i]), 0);
    assert_int_equal(vtr_heap_watch_(heap, &w.watch), -ENOSPC);
    assert_int_equal(w.n, 0);
    assert_null(w.watch.heap);
    for (int i = 0; i < 2; i++)
        vtr_buf_fini(&bufs[i]);
    test_heap_end(heap);
}

static void a_refused_segment_is_no_part_of_the_heap_until_it_is_taken(void **state)
{
    struct vtr_heap *heap = test_heap(SEGMENTS * VTR_SEGMENT_BYTES);
    struct watcher refuses = watcher(1), takes = watcher(SEGMENTS);
    struct vtr_heap_stat stat = { .size = sizeof stat };
    struct vtr_buf bufs[2];
    (void)state;
    assert_int_equal(vtr_heap_watch_(heap, &refuses.watch), 0);
    assert_int_equal(vtr_heap_watch_(heap, &takes.watch), 0); /* is asked first */
    assert_int_equal(take(heap, &bufs[0]), 0);
    assert_int_equal(take(heap, &bufs[1]), -ENOMEM);
    assert_int_equal(refuses.refused, 1);
    assert_int_equal(takes.n, 1);
    vtr_heap_stat(heap, &stat);
    assert_int_equal(stat.segment_bytes, VTR_SEGMENT_BYTES);
    refuses.refuse_from = SEGMENTS;
    while (take(heap, &bufs[1]) != 0) /* it is not asked again for a while */
        sched_yield();
    assert_int_equal(refuses.n, 2);
    assert_int_equal(takes.n, 2);
    for (int i = 0; i < 2; i++)
        vtr_buf_fini(&bufs[i]);
    test_heap_end(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_there_and_to_come_are_shown_once),
        cmocka_unit_test(a_heap_that_ends_ends_its_watches),
        cmocka_unit_test(a_watch_that_is_refused_does_not_begin),
        cmocka_unit_test(a_refused_segment_is_no_part_of_the_heap_until_it_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
