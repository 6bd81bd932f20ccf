/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * heap: the quota. It counts blocks in use, exactly, wherever the free ones are.
 */
#include "support.h"

#include <errno.h>
#include <pthread.h>

#include "heap/block.h"

enum { SEGMENT = 64 << 20, THREADS = 3, SIZES = 10 };

static struct vtr_heap *heap_with_quota(uint64_t blocks, size_t bytes)
{
    uint64_t block = vtr_class_bytes_((unsigned)vtr_class_for_(bytes));
    return test_heap_with(
        (struct vtr_heap_opts){ .max_bytes = 2 * SEGMENT, .quota_bytes = blocks * block });
}

static uint64_t charged(struct vtr_heap *heap)
{
    return __atomic_load_n(&heap->charged, __ATOMIC_RELAXED);
}

static void end(struct vtr_buf *bufs, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        vtr_buf_fini(&bufs[i]);
}

/* Takes @p want blocks, which is all the quota allows. */
static void take_exactly(struct vtr_heap *heap, size_t bytes, struct vtr_buf *bufs, unsigned want)
{
    struct vtr_buf more = VTR_BUF_EMPTY;
    for (unsigned i = 0; i < want; i++)
        assert_int_equal(vtr_buf_init(heap, 0, bytes, &bufs[i]), 0);
    assert_int_equal(vtr_buf_init(heap, 0, bytes, &more), -EDQUOT);
    assert_null(more.rec);
}

static void the_first_block_over_it_is_refused_in_every_size(void **state)
{
    (void)state;
    static const size_t sizes[] = { 1, 64, 65, 2000, 10000, 300000, 1 << 20 };
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct vtr_heap *heap = heap_with_quota(7, sizes[i]);
        struct vtr_buf bufs[7];
        for (unsigned round = 0; round < 3; round++) {
            take_exactly(heap, sizes[i], bufs, 7);
            vtr_buf_fini(&bufs[3]); /* room for one */
            assert_int_equal(vtr_buf_init(heap, 0, sizes[i], &bufs[3]), 0);
            end(bufs, 7);
        }
        test_heap_end(heap);
    }
}

static void a_quota_below_the_smallest_block_allows_nothing(void **state)
{
    (void)state;
    struct vtr_heap *heap =
        test_heap_with((struct vtr_heap_opts){ .max_bytes = SEGMENT, .quota_bytes = 63 });
    struct vtr_buf b;
    assert_int_equal(vtr_buf_init(heap, 0, 0, &b), -EDQUOT);
    assert_int_equal(vtr_buf_init_bulk(heap, 0, 0, &b, 1), 0);
    assert_int_equal(charged(heap), 0);
    test_heap_end(heap);
}

static void bulk_takes_what_is_left_of_it(void **state)
{
    (void)state;
    struct vtr_heap *heap = heap_with_quota(100, 2000);
    struct vtr_buf bufs[200];
    memset(bufs, 0, sizeof bufs);
    assert_int_equal(vtr_buf_init_bulk(heap, 0, 2000, bufs, 0), 0);
    assert_int_equal(vtr_buf_init_bulk(heap, 0, 2000, bufs, 30), 30);
    assert_int_equal(vtr_buf_init_bulk(heap, 0, 2000, bufs + 30, 170), 70);
    assert_null(bufs[100].rec);
    assert_int_equal(test_live(heap), 100);
    end(bufs, 100);
    test_heap_end(heap);
}

static void what_is_cached_in_other_sizes_does_not_count(void **state)
{
    (void)state;
    struct vtr_heap *heap = heap_with_quota(40, 1 << 20);
    struct vtr_buf bufs[64], all[40];
    for (unsigned k = 0; k < VTR_CLASSES; k++) {
        unsigned n = vtr_buf_init_bulk(heap, 0, vtr_class_bytes_(k), bufs, 32);
        assert_int_equal(n, 32);
        end(bufs, n);
    }
    take_exactly(heap, 1 << 20, all, 40);
    end(all, 40);
    test_heap_end(heap);
}

struct sleeper {
    struct vtr_heap *heap;
    pthread_barrier_t asleep, over;
};

static void *cache_and_sleep(void *arg)
{
    struct sleeper *s = (struct sleeper *)arg;
    struct vtr_buf bufs[64];
    for (unsigned k = 0; k < VTR_CLASSES; k += 7)
        end(bufs, vtr_buf_init_bulk(s->heap, 0, vtr_class_bytes_(k), bufs, 64));
    pthread_barrier_wait(&s->asleep);
    pthread_barrier_wait(&s->over);
    return NULL;
}

static void what_sleeping_threads_have_cached_does_not_count(void **state)
{
    (void)state;
    struct sleeper s = { .heap = heap_with_quota(30, 1 << 20) };
    struct vtr_buf all[30];
    pthread_t thread[THREADS];
    pthread_barrier_init(&s.asleep, NULL, THREADS + 1);
    pthread_barrier_init(&s.over, NULL, THREADS + 1);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, cache_and_sleep, &s), 0);
    pthread_barrier_wait(&s.asleep);
    assert_true(charged(s.heap) > 1 << 20); /* they do hold some of it back */
    take_exactly(s.heap, 1 << 20, all, 30);
    pthread_barrier_wait(&s.over);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    end(all, 30);
    test_heap_end(s.heap);
}

struct churn {
    struct vtr_heap *heap;
    pthread_t thread;
    uint64_t seed, made, refused;
    bool stop;
};

static void *churn(void *arg)
{
    struct churn *c = (struct churn *)arg;
    struct vtr_buf held[32];
    memset(held, 0, sizeof held);
    for (unsigned i = 0; i < 60000; i++) {
        struct vtr_buf *b = &held[test_random(&c->seed) % 32];
        unsigned klass = test_random(&c->seed) % SIZES * 5 + 4;
        vtr_buf_fini(b);
        int rc = vtr_buf_init(c->heap, 0, vtr_class_bytes_(klass), b);
        c->made += rc == 0;
        c->refused += rc != 0;
    }
    end(held, 32);
    return NULL;
}

static void *watch(void *arg)
{
    struct churn *w = (struct churn *)arg;
    while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
        if (charged(w->heap) > w->heap->quota)
            abort();
        w->made++;
    }
    return NULL;
}

static void threads_together_never_exceed_it_and_give_all_of_it_back(void **state)
{
    (void)state;
    struct vtr_heap *heap = heap_with_quota(12, 1 << 20);
    struct churn c[THREADS], watcher = { .heap = heap };
    uint64_t refused = 0;
    assert_int_equal(pthread_create(&watcher.thread, NULL, watch, &watcher), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        c[i] = (struct churn){ .heap = heap, .seed = 400 + i };
        assert_int_equal(pthread_create(&c[i].thread, NULL, churn, &c[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(c[i].thread, NULL);
        refused += c[i].refused;
    }
    __atomic_store_n(&watcher.stop, true, __ATOMIC_RELAXED);
    pthread_join(watcher.thread, NULL);
    assert_true(refused > 0 && watcher.made > 0);
    assert_int_equal(test_live(heap), 0);
    assert_int_equal(charged(heap), 0); /* the threads have ended, and with them their magazines */
    test_heap_end(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_block_over_it_is_refused_in_every_size),
        cmocka_unit_test(a_quota_below_the_smallest_block_allows_nothing),
        cmocka_unit_test(bulk_takes_what_is_left_of_it),
        cmocka_unit_test(what_is_cached_in_other_sizes_does_not_count),
        cmocka_unit_test(what_sleeping_threads_have_cached_does_not_count),
        cmocka_unit_test(threads_together_never_exceed_it_and_give_all_of_it_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
