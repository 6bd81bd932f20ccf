/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * heap: tests that aim at one window of the counting each, millions of times.
 */
#include "support.h"

#include <errno.h>
#include <pthread.h>

#include "heap/block.h"

enum { ROUNDS = 30000 };

/* A name of a block, whose bytes are the generation they were sealed in. */
struct name {
    struct vtr_heap *heap;
    uint64_t gen;           /* atomic */
    struct vtr_record *rec; /* atomic */
    uint32_t upgraded;      /* atomic */
    bool over;              /* atomic */
};

static void *upgrade_what_is_named(void *arg)
{
    struct name *name = (struct name *)arg;
    while (!__atomic_load_n(&name->over, __ATOMIC_RELAXED)) {
        uint64_t gen = __atomic_load_n(&name->gen, __ATOMIC_ACQUIRE), is;
        struct vtr_record *rec = __atomic_load_n(&name->rec, __ATOMIC_RELAXED);
        uint64_t what = (uint64_t)(uintptr_t)rec | gen << VTR_WHAT_GEN_SHIFT;
        struct vtr_data d = { what, 0, sizeof is };
        if (!vtr_block_upgrade_(what, gen))
            continue;
        if (!vtr_data_gather(d, 0, &is, sizeof is) || is != gen)
            abort();
        vtr_data_unref(&d);
        __atomic_add_fetch(&name->upgraded, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

/* The same few blocks again and again, each named while it is there. */
static void make_named(struct name *name, bool again)
{
    struct vtr_buf b;
    struct vtr_data d = VTR_DATA_EMPTY;
    for (int i = 0; i < 5 * ROUNDS; i++) {
        if (!again || !vtr_data_try_own(&d, &b)) {
            vtr_data_unref(&d);
            assert_int_equal(vtr_buf_init(name->heap, 0, sizeof(uint64_t), &b), 0);
        }
        struct vtr_record *rec = b.rec;
        uint64_t gen = vtr_holders_of(rec)->gen + 1;
        assert_true(vtr_buf_trim(&b, 0) && vtr_buf_append(&b, &gen, sizeof gen));
        d = vtr_buf_seal(&b);
        vtr_block_share_(rec);
        __atomic_store_n(&name->rec, rec, __ATOMIC_RELAXED);
        __atomic_store_n(&name->gen, gen, __ATOMIC_RELEASE);
        if (!again)
            vtr_data_unref(&d);
    }
    vtr_data_unref(&d);
}

static void a_name_never_becomes_a_handle_to_what_came_after(void **state)
{
    struct name name = { .heap = (struct vtr_heap *)*state };
    pthread_t thread[2];
    struct vtr_data first = test_data(name.heap, "whatever", 8);
    name.rec = vtr_what_record_(first.what);
    vtr_block_share_(name.rec);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, upgrade_what_is_named, &name), 0);
    for (unsigned round = 0; round < 4 || name.upgraded == 0; round++)
        make_named(&name, round % 2 != 0);
    __atomic_store_n(&name.over, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    vtr_data_unref(&first);
}

enum { HELD = 40, USERS = 4 }; /* more than there are cores: some are stopped at a magazine */

static void *take_and_give_marked(void *arg)
{
    struct vtr_heap *heap = (struct vtr_heap *)arg;
    struct vtr_buf held[HELD];
    uint64_t mark[HELD], random = (uint64_t)(uintptr_t)held;
    memset(held, 0, sizeof held);
    for (uint64_t i = 0; i < 40 * ROUNDS; i++) {
        unsigned at = test_random(&random) % HELD;
        if (held[at].rec != NULL && memcmp(vtr_buf_bytes(&held[at]), &mark[at], 8) != 0)
            abort();
        vtr_buf_fini(&held[at]);
        if (vtr_buf_init(heap, 0, 100, &held[at]) != 0)
            abort();
        mark[at] = (uint64_t)(uintptr_t)held + i;
        if (!vtr_buf_append(&held[at], &mark[at], sizeof mark[at]))
            abort();
    }
    for (unsigned i = 0; i < HELD; i++)
        vtr_buf_fini(&held[i]);
    return NULL;
}

static void magazines_that_others_empty_give_each_block_once(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap_with(
        (struct vtr_heap_opts){ .max_bytes = 64 << 20, .quota_bytes = 10 << 20 });
    struct vtr_buf large;
    pthread_t thread[USERS];
    for (unsigned i = 0; i < USERS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, take_and_give_marked, heap), 0);
    for (unsigned i = 0; i < USERS; i++)
        while (pthread_tryjoin_np(thread[i], NULL) != 0)
            assert_int_equal(vtr_buf_init(heap, 0, 60 << 20, &large), -EDQUOT);
    assert_int_equal(heap->charged, 0);
    test_heap_end(heap);
}

static void count_too_far(void)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_data d = test_data(heap, "x", 1), more;
    vtr_what_record_(d.what)->count = INT32_MAX; /* as 2,147,483,646 calls would leave it */
    if (vtr_block_upgrade_(d.what, vtr_holders_of(vtr_what_record_(d.what))->gen))
        _exit(1); /* an upgrade says no */
    more = vtr_data_ref(d);
    _exit(more.what != 0);
}

static void a_count_that_would_overflow_is_stopped(void **state)
{
    (void)state;
    char said[512];
    fflush(stdout);
    assert_int_equal(test_death(count_too_far, said, sizeof said), SIGABRT);
    assert_non_null(strstr(said, "more handles than can be counted"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_count_that_would_overflow_is_stopped),
        test_with_heap(a_name_never_becomes_a_handle_to_what_came_after),
        cmocka_unit_test(magazines_that_others_empty_give_each_block_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
