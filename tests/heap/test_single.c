/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * heap: declared single-threaded. Its one thread does everything; a second one is stopped.
 */
#include "support.h"

#include <errno.h>
#include <pthread.h>

#include "heap/block.h"

enum { SEGMENT = 64 << 20 };

static struct vtr_heap *single_heap(void)
{
    return test_heap_with((struct vtr_heap_opts){ .max_bytes = SEGMENT,
                                                  .flags = VTR_HEAP_SINGLE_THREAD });
}

static int begin(void **state)
{
    *state = single_heap();
    return 0;
}

#define test_with_single_heap(test) cmocka_unit_test_setup_teardown(test, begin, test_end)

static bool counted_plainly(struct vtr_data d)
{
    return (vtr_record_flags_(vtr_what_record_(d.what)) & VTR_RECORD_SINGLE) != 0;
}

static void its_one_thread_does_everything(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data a = test_data(heap, "0123456789", 10), b, c, d, all[3];
    struct vtr_buf buf;
    assert_true(counted_plainly(a));
    assert_true(vtr_data_slice(a, 2, 3, &b));
    assert_false(vtr_data_try_own(&a, &buf));
    assert_int_equal(vtr_data_concat(a, b, &c), 0);
    assert_true(counted_plainly(c));
    assert_int_equal(vtr_data_prepend(heap, "header", 6, c, &d), 0);
    assert_data(d, "header0123456789234", 19);
    all[0] = vtr_data_ref(d), all[1] = b, all[2] = c;
    assert_int_equal(vtr_data_join_take(all, 3, &b), 0);
    assert_int_equal(b.len, 19 + 3 + 13);
    vtr_data_unref(&d);
    vtr_data_unref(&b);
    assert_true(vtr_data_try_own(&a, &buf));
    assert_true(vtr_buf_append(&buf, "abcdef", 6));
    assert_true(vtr_buf_split(&buf, 4, &b));
    assert_true(vtr_buf_split(&buf, 4, &c));
    a = vtr_buf_seal(&buf);
    assert_data(a, "89abcdef", 8);
    assert_data(b, "0123", 4);
    vtr_data_unref(&b);
    vtr_data_unref(&a);
    assert_int_equal(test_live(heap), 1);
    assert_true(vtr_data_try_own(&c, &buf));
    vtr_buf_fini(&buf);
}

static void all_of_it_is_to_be_had_in_every_size(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    static const uint32_t sizes[] = { 2112, 1 << 20, SEGMENT, 64 << 10, SEGMENT };
    struct vtr_buf *bufs = (struct vtr_buf *)calloc(SEGMENT / 2112, sizeof *bufs), more;
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned n = vtr_buf_init_bulk(heap, 0, sizes[i], bufs, SEGMENT / 2112);
        assert_in_range(n, SEGMENT / sizes[i] * 9 / 10, SEGMENT / sizes[i]);
        assert_int_equal(vtr_buf_init(heap, 0, sizes[i], &more), -ENOMEM);
        for (unsigned k = 0; k < n; k++)
            vtr_buf_fini(&bufs[k]);
    }
    free(bufs);
}

static void weak_names_end_with_their_block(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data d = test_data(heap, "weak", 4);
    struct vtr_record *rec = vtr_what_record_(d.what);
    uint64_t what = d.what, gen = vtr_holders_of(rec)->gen;
    struct vtr_buf b;
    vtr_block_share_(rec);
    assert_true(vtr_block_upgrade_(what, gen));
    assert_false(vtr_data_try_own(&d, &b));
    vtr_record_unref_(what);
    assert_true(vtr_data_try_own(&d, &b));
    assert_false(vtr_block_upgrade_(what, gen));
    vtr_buf_fini(&b);
    assert_false(vtr_block_upgrade_(what, gen));
}

/* A list of data of two heaps is counted as the stricter of them allows. */
static void its_data_may_be_joined_with_another_heaps(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state, *plain = test_heap(SEGMENT);
    struct vtr_data a = test_data(heap, "one", 3), b = test_data(plain, "two", 3), ab, aba, front;
    assert_false(counted_plainly(b));
    assert_int_equal(vtr_data_concat(a, b, &ab), 0);
    assert_int_equal(vtr_data_concat(ab, a, &aba), 0);
    assert_int_equal(vtr_data_prepend(plain, "zero", 4, aba, &front), 0);
    assert_data(front, "zeroonetwoone", 13);
    vtr_data_unref(&a);
    vtr_data_unref(&b);
    vtr_data_unref(&ab);
    vtr_data_unref(&aba);
    assert_int_equal(test_live(plain), 2);
    vtr_data_unref(&front);
    assert_int_equal(test_live(heap), 0);
    test_heap_end(plain);
}

/* Opening is nobody's use: the first who allocates is the one. */
static void *take_and_end(void *arg)
{
    struct vtr_data d = test_data((struct vtr_heap *)arg, "x", 1);
    vtr_data_unref(&d);
    return NULL;
}

static void its_thread_need_not_be_the_one_that_opened_it(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, take_and_end, heap), 0);
    pthread_join(thread, NULL);
    assert_int_equal(heap->charged, 0);
    assert_int_equal(test_live(heap), 0);
}

static struct vtr_data shared;

static void *allocate(void *arg)
{
    struct vtr_data d;
    return vtr_data_copy((struct vtr_heap *)arg, "x", 1, &d) == 0 ? NULL : arg;
}

static void *allocate_large(void *arg)
{
    struct vtr_buf b;
    return vtr_buf_init((struct vtr_heap *)arg, 0, 2 << 20, &b) == 0 ? NULL : arg;
}

static void *end_shared(void *arg)
{
    vtr_data_unref(&shared);
    return arg;
}

static void *(*intrude)(void *);

static void let_a_second_thread_in(void)
{
    struct vtr_heap *heap = single_heap();
    pthread_t thread;
    shared = test_data(heap, "x", 1);
    if (pthread_create(&thread, NULL, intrude, heap) == 0)
        pthread_join(thread, NULL);
}

static void a_second_thread_is_stopped_by_name(void **state)
{
    (void)state;
    static void *(*const ways[])(void *) = { allocate, allocate_large, end_shared };
    char said[512];
    fflush(stdout);
    for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        intrude = ways[i];
        assert_int_equal(test_death(let_a_second_thread_in, said, sizeof said), SIGABRT);
        assert_non_null(strstr(said, "heap 'test' was opened with VTR_HEAP_SINGLE_THREAD"));
    }
}

static struct vtr_data kept;

static void end_kept(void *unused)
{
    (void)unused;
    vtr_data_unref(&kept);
}

static void *keep_until_the_last_moment(void *arg)
{
    pthread_key_t key;
    kept = test_data((struct vtr_heap *)arg, "x", 1);
    if (pthread_key_create(&key, end_kept) == 0) /* after the library's, so it ends after it */
        pthread_setspecific(key, arg);
    return NULL;
}

static void end_in_the_last_moment(void)
{
    struct vtr_heap *heap = single_heap();
    pthread_t thread;
    if (pthread_create(&thread, NULL, keep_until_the_last_moment, heap) != 0)
        _exit(1);
    pthread_join(thread, NULL);
    fprintf(stderr, "%d", vtr_heap_close(heap, NULL));
}

static void the_one_thread_may_end_data_while_it_ends(void **state)
{
    (void)state;
    char said[512];
    fflush(stdout);
    assert_int_equal(test_death(end_in_the_last_moment, said, sizeof said), 0);
    assert_string_equal(said, "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_with_single_heap(its_one_thread_does_everything),
        test_with_single_heap(all_of_it_is_to_be_had_in_every_size),
        test_with_single_heap(weak_names_end_with_their_block),
        test_with_single_heap(its_data_may_be_joined_with_another_heaps),
        test_with_single_heap(its_thread_need_not_be_the_one_that_opened_it),
        cmocka_unit_test(a_second_thread_is_stopped_by_name),
        cmocka_unit_test(the_one_thread_may_end_data_while_it_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
