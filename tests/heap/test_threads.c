/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * heap: threads that allocate, pass on and free, and threads that end.
 */
#include "support.h"

#include <pthread.h>

enum { THREADS = 4, SLOTS = 64, ROUNDS = 30000 };

/* Threads exchange data through these, each owning what it took out. */
struct table {
    struct vtr_heap *heap;
    pthread_mutex_t lock[SLOTS];
    struct vtr_data slot[SLOTS];
};

struct worker {
    pthread_t thread;
    struct table *table;
    uint64_t seed;
    uint64_t made, seen;
};

static uint64_t sum(const uint8_t *p, size_t len)
{
    uint64_t s = len;
    for (size_t i = 0; i < len; i++)
        s = s * 31 + p[i];
    return s;
}

/* Data that proves itself: a checksum, then the bytes it is of. */
static struct vtr_data make_proof(struct vtr_heap *heap, uint64_t *seed)
{
    struct vtr_buf b;
    size_t len = 1 + test_random(seed) % 3000;
    struct vtr_data none = VTR_DATA_EMPTY;
    if (vtr_buf_init(heap, 0, sizeof(uint64_t) + len, &b) != 0)
        return none;
    uint8_t *p = vtr_buf_reserve(&b, sizeof(uint64_t) + len);
    for (size_t i = 0; i < len; i++)
        p[sizeof(uint64_t) + i] = (uint8_t)test_random(seed);
    uint64_t s = sum(p + sizeof s, len);
    memcpy(p, &s, sizeof s);
    vtr_buf_commit(&b, sizeof s + len);
    return vtr_buf_seal(&b);
}

static bool proof_holds(struct vtr_data d)
{
    uint64_t s;
    struct vtr_span all = vtr_data_span(d);
    memcpy(&s, all.ptr, sizeof s);
    return sum(all.ptr + sizeof s, all.len - sizeof s) == s;
}

static void *work(void *arg)
{
    struct worker *w = (struct worker *)arg;
    struct table *t = w->table;
    for (int i = 0; i < ROUNDS; i++) {
        unsigned at = test_random(&w->seed) % SLOTS;
        bool put = test_random(&w->seed) % 2 != 0;
        struct vtr_data fresh = VTR_DATA_EMPTY, got = VTR_DATA_EMPTY;
        if (put)
            fresh = make_proof(t->heap, &w->seed);
        pthread_mutex_lock(&t->lock[at]);
        got = put ? t->slot[at] : vtr_data_ref(t->slot[at]);
        if (put)
            t->slot[at] = fresh;
        pthread_mutex_unlock(&t->lock[at]);
        w->made += fresh.what != 0;
        w->seen += got.what != 0;
        if (got.what != 0 && !proof_holds(got))
            abort();
        vtr_data_unref(&got);
    }
    return NULL;
}

static void shared_data_stays_whole_and_every_block_comes_back(void **state)
{
    (void)state;
    struct table t = { .heap = test_heap(64 << 20) };
    struct worker w[THREADS];
    uint64_t made = 0, seen = 0;
    for (unsigned i = 0; i < SLOTS; i++)
        pthread_mutex_init(&t.lock[i], NULL);
    for (unsigned i = 0; i < THREADS; i++) {
        w[i] = (struct worker){ .table = &t, .seed = 1000 + i };
        assert_int_equal(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(w[i].thread, NULL);
        made += w[i].made;
        seen += w[i].seen;
    }
    assert_true(made > THREADS * ROUNDS / 3 && seen > THREADS * ROUNDS / 3);
    for (unsigned i = 0; i < SLOTS; i++)
        vtr_data_unref(&t.slot[i]);
    test_heap_end(t.heap);
}

/* One block counted up and down by all at once: the last to let go frees it, and only once. */
static void *hammer(void *arg)
{
    struct vtr_data mine = *(struct vtr_data *)arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct vtr_data a = vtr_data_ref(mine), b;
        if (!vtr_data_slice(a, 1, 2, &b))
            abort();
        vtr_data_unref(&a);
        vtr_data_unref(&b);
    }
    vtr_data_unref(&mine);
    return NULL;
}

static void one_block_counted_by_all_threads_is_freed_once(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_data d = test_data(heap, "shared", 6), own[THREADS];
    pthread_t thread[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        own[i] = vtr_data_ref(d);
        assert_int_equal(pthread_create(&thread[i], NULL, hammer, &own[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(test_live(heap), 1);
    vtr_data_unref(&d);
    test_heap_end(heap);
}

static void *take_all(void *arg)
{
    struct vtr_heap *heap = (struct vtr_heap *)arg;
    struct vtr_buf bufs[64];
    uintptr_t n = 0;
    while (n < 64 && vtr_buf_init(heap, 0, 1 << 20, &bufs[n]) == 0)
        n++;
    for (uintptr_t i = 0; i < n; i++)
        vtr_buf_fini(&bufs[i]);
    return (void *)n;
}

static void what_a_thread_had_cached_is_there_for_the_next(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap(64 << 20);
    for (int i = 0; i < 10; i++) {
        pthread_t thread;
        void *n = NULL;
        assert_int_equal(pthread_create(&thread, NULL, take_all, heap), 0);
        pthread_join(thread, &n);
        assert_int_equal((uintptr_t)n, 64);
    }
    test_heap_end(heap);
}

enum { SLEEPERS = 32 }; /* as many as the heap has pageblocks */

struct sleepers {
    struct vtr_heap *heap;
    bool hold; /* a block while asleep */
    pthread_barrier_t asleep, over;
};

static void *take_one_and_sleep(void *arg)
{
    struct sleepers *s = (struct sleepers *)arg;
    struct vtr_buf b = VTR_BUF_EMPTY;
    if (vtr_buf_init(s->heap, 0, 64, &b) != 0)
        abort();
    if (!s->hold)
        vtr_buf_fini(&b);
    pthread_barrier_wait(&s->asleep);
    pthread_barrier_wait(&s->over);
    vtr_buf_fini(&b);
    return NULL;
}

/* Each sleeper has a pageblock of its own, of which it uses one block or none. */
static void sleep_and_take(bool hold, size_t bytes, size_t n)
{
    struct sleepers s = { .heap = test_heap(64 << 20), .hold = hold };
    pthread_t thread[SLEEPERS];
    struct vtr_buf *bufs = (struct vtr_buf *)calloc(n, sizeof *bufs);
    pthread_barrier_init(&s.asleep, NULL, SLEEPERS + 1);
    pthread_barrier_init(&s.over, NULL, SLEEPERS + 1);
    for (unsigned i = 0; i < SLEEPERS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, take_one_and_sleep, &s), 0);
    pthread_barrier_wait(&s.asleep);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(vtr_buf_init(s.heap, 0, bytes, &bufs[i]), 0);
    pthread_barrier_wait(&s.over);
    for (unsigned i = 0; i < SLEEPERS; i++)
        pthread_join(thread[i], NULL);
    for (size_t i = 0; i < n; i++)
        vtr_buf_fini(&bufs[i]);
    free(bufs);
    test_heap_end(s.heap);
}

static void threads_that_sleep_hold_back_no_memory(void **state)
{
    (void)state;
    sleep_and_take(false, 1 << 20, 64); /* all of the heap, in another size */
    sleep_and_take(true, 64, 1000000);  /* nearly all of it, in blocks that they never cut */
}

static void *free_all(void *arg)
{
    struct vtr_data *d = (struct vtr_data *)arg;
    for (int i = 0; i < 64; i++)
        vtr_data_unref(&d[i]);
    return NULL;
}

static void a_thread_that_only_allocates_lives_on_what_another_frees(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap(64 << 20);
    static char big[512 << 10];
    for (int i = 0; i < 40; i++) { /* ten times the heap */
        struct vtr_data d[64];
        pthread_t thread;
        for (int k = 0; k < 64; k++)
            d[k] = test_data(heap, big, sizeof big);
        assert_int_equal(pthread_create(&thread, NULL, free_all, d), 0);
        pthread_join(thread, NULL);
    }
    test_heap_end(heap);
}

static void *prepend_once(void *arg)
{
    struct vtr_heap *heap = (struct vtr_heap *)arg;
    struct vtr_data d = VTR_DATA_EMPTY, out;
    if (vtr_data_copy(heap, "x", 1, &d) != 0 || vtr_data_prepend(heap, "h", 1, d, &out) != 0)
        abort();
    vtr_data_unref(&d);
    vtr_data_unref(&out);
    return NULL;
}

static void a_thread_that_ends_leaves_no_header_block_behind(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap(64 << 20);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, prepend_once, heap), 0);
    pthread_join(thread, NULL);
    assert_int_equal(test_live(heap), 0);
    prepend_once(heap); /* this thread's stays cached, and is not counted against the program */
    assert_int_equal(test_live(heap), 0);
    test_heap_end(heap);
}

static void *prepend_for_ever(void *arg)
{
    struct sleepers *s = (struct sleepers *)arg;
    while (!__atomic_load_n(&s->hold, __ATOMIC_RELAXED)) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, prepend_once, s->heap) != 0)
            abort();
        pthread_join(thread, NULL);
    }
    return NULL;
}

static void header_blocks_that_come_and_go_are_never_counted_below_zero(void **state)
{
    (void)state;
    struct sleepers s = { .heap = test_heap(64 << 20) };
    struct vtr_heap_stat stat;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, prepend_for_ever, &s), 0);
    for (int i = 0; i < 300000; i++) {
        vtr_heap_stat(s.heap, &stat);
        assert_in_range(stat.live_blocks, 0, 4);
        assert_in_range(stat.live_bytes, 0, 64 << 10);
    }
    __atomic_store_n(&s.hold, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    test_heap_end(s.heap);
}

static void exit_well(void *unused)
{
    (void)unused;
    _exit(7);
}

static void *fork_and_return(void *arg)
{
    struct vtr_heap *heap = (struct vtr_heap *)arg;
    pthread_key_t key;
    int status = 0;
    prepend_once(heap);
    if (pthread_key_create(&key, exit_well) != 0) /* made after the library's, it ends after it */
        abort();
    pid_t pid = fork();
    if (pid == 0) {
        prepend_once(test_heap(64 << 20)); /* one of its own */
        pthread_setspecific(key, arg);
        return NULL; /* the child's last thread ends here, with caches of both */
    }
    waitpid(pid, &status, 0);
    fprintf(stderr, "%d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    prepend_once(heap);
    return NULL;
}

static void end_a_thread_in_a_forked_child(void)
{
    pthread_t thread;
    struct vtr_heap *heap = test_heap(64 << 20);
    fflush(stdout);
    if (pthread_create(&thread, NULL, fork_and_return, heap) != 0)
        _exit(1);
    pthread_join(thread, NULL);
    test_heap_end(heap);
}

static void a_forked_child_ends_its_thread_in_peace(void **state)
{
    (void)state;
    char said[512];
    fflush(stdout);
    assert_int_equal(test_death(end_a_thread_in_a_forked_child, said, sizeof said), 0);
    assert_string_equal(said, "7");
}

static void share_without_thread_keys(void)
{
    pthread_key_t key;
    while (pthread_key_create(&key, NULL) == 0)
        ;
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_data d;
    fprintf(stderr, "%d", vtr_data_copy(heap, "x", 1, &d));
}

static void a_process_without_thread_keys_is_refused(void **state)
{
    (void)state;
    char said[512];
    assert_int_equal(test_death(share_without_thread_keys, said, sizeof said), 0);
    assert_string_equal(said, "-12");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_without_thread_keys_is_refused), /* before any key is made */
        cmocka_unit_test(shared_data_stays_whole_and_every_block_comes_back),
        cmocka_unit_test(one_block_counted_by_all_threads_is_freed_once),
        cmocka_unit_test(what_a_thread_had_cached_is_there_for_the_next),
        cmocka_unit_test(a_forked_child_ends_its_thread_in_peace),
        cmocka_unit_test(threads_that_sleep_hold_back_no_memory),
        cmocka_unit_test(a_thread_that_only_allocates_lives_on_what_another_frees),
        cmocka_unit_test(header_blocks_that_come_and_go_are_never_counted_below_zero),
        cmocka_unit_test(a_thread_that_ends_leaves_no_header_block_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
