/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * adopted and static data: bytes that are not the heap's, in everything that data can do.
 */
#include "support.h"

#include <errno.h>
#include <pthread.h>
#include <sys/uio.h>

struct lent {
    unsigned returned;
    const void *bytes;
    size_t len;
    pthread_t by;
};

static void take_back(void *arg, const void *bytes, size_t len)
{
    struct lent *lent = (struct lent *)arg;
    lent->bytes = bytes;
    lent->len = len;
    lent->by = pthread_self();
    lent->returned++;
}

static struct vtr_data adopt(struct vtr_heap *heap, const char *text, struct lent *lent)
{
    struct vtr_data d;
    assert_int_equal(vtr_data_adopt(heap, text, strlen(text), take_back, lent, &d), 0);
    return d;
}

static void adopted_bytes_stay_where_they_are_and_go_back_once(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    static const char text[] = "lent";
    struct lent lent = { 0 };
    struct vtr_data d = adopt(heap, text, &lent), part, more = vtr_data_ref(d);
    assert_ptr_equal(vtr_data_span(d).ptr, text);
    assert_true(vtr_data_slice(d, 1, 2, &part));
    assert_int_equal(test_live(heap), 0); /* no block was taken */
    vtr_data_unref(&d);
    vtr_data_unref(&more);
    assert_data(part, "en", 2);
    assert_int_equal(lent.returned, 0);
    vtr_data_unref(&part);
    assert_int_equal(lent.returned, 1);
    assert_ptr_equal(lent.bytes, text);
    assert_int_equal(lent.len, 4);
}

static void adopted_bytes_do_all_that_others_do(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct lent lent = { 0 }, other = { 0 };
    struct vtr_data a = adopt(heap, "abc", &lent), b = adopt(heap, "xyz", &other);
    struct vtr_data h = test_data(heap, "-heap-", 6), list, framed, empty = VTR_DATA_EMPTY;
    struct vtr_data parts[3] = { a, h, b };
    struct vtr_buf buf = VTR_BUF_EMPTY;
    struct iovec iov[4];
    struct vtr_cursor c;
    struct vtr_span s;
    assert_int_equal(vtr_data_join(parts, 3, &list), 0);
    assert_int_equal(vtr_data_prepend(heap, "[", 1, list, &framed), 0);
    assert_data(framed, "[abc-heap-xyz", 13);
    assert_int_equal(vtr_data_to_iovec(framed, iov, 4), 4);
    assert_ptr_equal(iov[1].iov_base, vtr_data_span(a).ptr);
    assert_true(vtr_data_compare(a, b) < 0 && vtr_data_compare(a, a) == 0);
    c = vtr_cursor_of(list);
    assert_true(vtr_cursor_next(&c, &s) && s.len == 3);
    assert_false(vtr_data_try_own(&a, &buf)); /* two hold it */
    assert_true(vtr_data_is_local(a) && vtr_data_is_local(framed));
    assert_false(vtr_data_is_local(h) || vtr_data_is_local(empty));
    assert_true(vtr_data_strip(&framed, 4) && vtr_data_trim(&framed, 6));
    assert_false(vtr_data_is_local(framed)); /* shows the heap's bytes only */
    assert_int_equal(vtr_data_join_take(parts, 3, &empty), 0);
    vtr_data_unref(&list);
    vtr_data_unref(&framed);
    assert_int_equal(lent.returned + other.returned, 0);
    vtr_data_unref(&empty);
    assert_int_equal(lent.returned, 1);
    assert_int_equal(other.returned, 1);
}

static void nobody_may_write_adopted_or_static_bytes(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    static const struct vtr_static fixed = VTR_STATIC_INIT("fixed");
    struct lent lent = { 0 };
    struct vtr_data d = adopt(heap, "lent", &lent), s = vtr_data_static(&fixed), was = d;
    struct vtr_buf buf = VTR_BUF_EMPTY;
    assert_false(vtr_data_try_own(&d, &buf)); /* although it is the only reference */
    assert_false(vtr_data_try_own(&s, &buf));
    assert_memory_equal(&d, &was, sizeof d);
    assert_null(buf.rec);
    vtr_data_unref(&d);
    assert_int_equal(lent.returned, 1);
}

static void a_heap_stays_open_while_it_has_adopted_bytes_out(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap(64 << 20);
    struct lent lent = { 0 };
    struct vtr_data d = adopt(heap, "lent", &lent), more = adopt(heap, "more", &lent);
    struct vtr_heap_stat stat = { .size = sizeof stat };
    struct vtr_error err;
    vtr_heap_stat(heap, &stat);
    assert_int_equal(stat.adopted_blocks, 2);
    assert_int_equal(stat.adopted_bytes, 8);
    vtr_data_unref(&d);
    assert_int_equal(vtr_heap_close(heap, &err), -EBUSY);
    assert_non_null(strstr(err.what, "1 adopted pieces of memory (4 bytes) still referenced"));
    vtr_data_unref(&more);
    vtr_heap_stat(heap, &stat);
    assert_int_equal(stat.adopted_blocks + stat.adopted_bytes, 0);
    test_heap_end(heap);
}

static void adopting_nothing_gives_it_back_at_once(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct lent lent = { 0 };
    struct vtr_data d = { 1, 1, 1 };
    assert_int_equal(vtr_data_adopt(heap, "", 0, take_back, &lent, &d), 0);
    assert_true(d.what == 0 && d.len == 0);
    assert_int_equal(lent.returned, 1);
}

static void too_much_is_refused_and_stays_the_callers(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct lent lent = { 0 };
    struct vtr_data d = { 1, 1, 1 }, was = d;
    assert_int_equal(
        vtr_data_adopt(heap, "x", (size_t)VTR_DATA_MAX + 1, take_back, &lent, &d), -EMSGSIZE);
    assert_memory_equal(&d, &was, sizeof d);
    assert_int_equal(lent.returned, 0);
}

/* More than a slab of records, in no order; each release adopts anew, up to a number. */
struct chain {
    struct vtr_heap *heap;
    unsigned left, returned;
};

static void adopt_again(void *arg, const void *bytes, size_t len)
{
    struct chain *chain = (struct chain *)arg;
    struct vtr_data d;
    chain->returned++;
    if (chain->left == 0)
        return;
    chain->left--;
    assert_int_equal(vtr_data_adopt(chain->heap, bytes, len, adopt_again, chain, &d), 0);
    vtr_data_unref(&d);
}

static void release_may_adopt_and_end_others(void **state)
{
    enum { PIECES = 300 };
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct chain chain = { heap, 200, 0 };
    struct vtr_data d[PIECES], all;
    for (unsigned i = 0; i < PIECES; i++)
        assert_int_equal(vtr_data_adopt(heap, "piece", 5, adopt_again, &chain, &d[i]), 0);
    assert_int_equal(vtr_data_join(d, PIECES, &all), 0);
    for (unsigned i = 0; i < PIECES; i++)
        vtr_data_unref(&d[(i * 7) % PIECES]);
    vtr_data_unref(&all);
    assert_int_equal(chain.returned, PIECES + 200);
}

static void *end_it(void *arg)
{
    vtr_data_unref((struct vtr_data *)arg);
    return NULL;
}

static void the_last_thread_gives_it_back(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct lent lent = { 0 };
    struct vtr_data d = adopt(heap, "lent", &lent), more = vtr_data_ref(d);
    pthread_t other;
    vtr_data_unref(&d);
    assert_int_equal(pthread_create(&other, NULL, end_it, &more), 0);
    pthread_join(other, NULL);
    assert_int_equal(lent.returned, 1);
    assert_true(pthread_equal(lent.by, other));
}

enum { THREADS = 4, ROUNDS = 3000 };

struct crowd {
    struct vtr_heap *heap;
    struct vtr_data shared;
    uint32_t returned; /* atomic */
};

static void count_one(void *arg, const void *bytes, size_t len)
{
    __atomic_add_fetch(&((struct crowd *)arg)->returned, 1, __ATOMIC_RELAXED);
}

static void *adopt_and_end(void *arg)
{
    struct crowd *crowd = (struct crowd *)arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct vtr_data own, both, more = vtr_data_ref(crowd->shared);
        if (vtr_data_adopt(crowd->heap, "own", 3, count_one, crowd, &own) != 0 ||
            vtr_data_concat(own, more, &both) != 0)
            abort();
        vtr_data_unref(&own);
        vtr_data_unref(&more);
        vtr_data_unref(&both);
    }
    return NULL;
}

static void threads_adopt_and_end_together(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct crowd crowd = { .heap = heap };
    pthread_t threads[THREADS];
    assert_int_equal(vtr_data_adopt(heap, "shared", 6, count_one, &crowd, &crowd.shared), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, adopt_and_end, &crowd), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(crowd.returned, THREADS * ROUNDS);
    vtr_data_unref(&crowd.shared);
    assert_int_equal(crowd.returned, THREADS * ROUNDS + 1);
}

static void a_single_threaded_heap_adopts_too(void **state)
{
    (void)state;
    struct vtr_heap_opts opts = { .size = sizeof opts, .max_bytes = 64 << 20,
                                  .flags = VTR_HEAP_SINGLE_THREAD };
    struct vtr_heap *heap;
    struct lent lent = { 0 };
    assert_int_equal(vtr_heap_open(&opts, &heap, NULL), 0);
    struct vtr_data d = adopt(heap, "lent", &lent), both;
    assert_int_equal(vtr_data_concat(d, d, &both), 0);
    vtr_data_unref(&d);
    vtr_data_unref(&both);
    assert_int_equal(lent.returned, 1);
    test_heap_end(heap);
}

static void unref_adopted_twice(void)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct lent lent = { 0 };
    struct vtr_data d = adopt(heap, "lent", &lent), again = d;
    vtr_data_unref(&d);
    vtr_data_unref(&again);
}

static void read_adopted_after_reuse(void)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct lent lent = { 0 };
    struct vtr_data d = adopt(heap, "lent", &lent), stale = d;
    size_t run;
    vtr_data_unref(&d);
    d = adopt(heap, "next", &lent); /* the same record, a generation later */
    if (vtr_data_at(stale, 0, &run) != NULL)
        puts("read");
}

static void adopt_without_release(void)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_data d;
    if (vtr_data_adopt(heap, "x", 1, NULL, NULL, &d) == 0)
        vtr_data_unref(&d);
}

static void assert_adopted_named(void (*body)(void), const char *call, const char *state)
{
    char said[1024];
    assert_int_equal(test_death(body, said, sizeof said), SIGABRT);
    assert_non_null(strstr(said, call));
    assert_non_null(strstr(said, "was released before: heap 'test', adopted memory at "));
    assert_non_null(strstr(said, " (4 B), generation 2, now "));
    assert_non_null(strstr(said, state));
#ifdef VTR_DEBUG
    assert_non_null(strstr(said, "; made at "));
    assert_non_null(strstr(said, "tests/data/test_adopt.c:"));
    assert_non_null(strstr(said, ", last ended at "));
#endif
}

static void misuse_of_adopted_bytes_is_named(void **state)
{
    (void)state;
    char said[512];
    assert_adopted_named(unref_adopted_twice, "vtr_data_unref: ", " (nobody's here)");
    assert_adopted_named(read_adopted_after_reuse, "vtr_data_at (or ", ", count 1");
    assert_int_equal(test_death(adopt_without_release, said, sizeof said), SIGABRT);
    assert_non_null(strstr(said, "broken contract: release != NULL"));
}

static const uint8_t table[] = { 1, 2, 3, 4 };
static const struct vtr_static replies[] = { VTR_STATIC_INIT("STORED\r\n"),
                                             VTR_STATIC_INIT_ARRAY(table), VTR_STATIC_INIT("") };

static void read_static_by_a_handle_that_is_none(void)
{
    struct vtr_data d = vtr_data_static(&replies[0]);
    size_t run;
    d.what += UINT64_C(1) << VTR_WHAT_GEN_SHIFT;
    if (vtr_data_at(d, 0, &run) != NULL)
        puts("read");
}

static void a_broken_handle_of_static_bytes_is_named(void **state)
{
    (void)state;
    char said[512], want[64];
    assert_int_equal(test_death(read_static_by_a_handle_that_is_none, said, sizeof said), SIGABRT);
    snprintf(want, sizeof want, "static data at %p, generation 1, now 0",
             (const void *)replies[0].rec.base);
    assert_non_null(strstr(said, want));
}

static void static_bytes_need_no_heap_and_no_end(void **state)
{
    (void)state;
    struct vtr_data d = vtr_data_static(&replies[0]), part, both;
    struct vtr_static before = replies[0];
    assert_data(d, "STORED\r\n", 8);
    assert_data(vtr_data_static(&replies[1]), table, 4);
    assert_data(vtr_data_static(&replies[2]), "", 0);
    assert_true(vtr_data_slice(d, 0, 6, &part));
    assert_int_equal(vtr_data_concat(part, part, &both), 0);
    assert_data(both, "STOREDSTORED", 12);
    assert_true(vtr_data_is_local(d) && vtr_data_is_local(both));
    vtr_data_unref(&both);
    for (int i = 0; i < 1000; i++) {
        struct vtr_data same = vtr_data_static(&replies[0]);
        vtr_data_unref(&same);
        same = vtr_data_ref(d);
    }
    assert_memory_equal(&before, &replies[0], sizeof before); /* it is const, too */
    assert_data(part, "STORED", 6);
}

static void static_bytes_mix_with_the_heaps(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data value = test_data(heap, "value", 5), reply;
    struct vtr_data parts[] = { vtr_data_static(&replies[0]), value, vtr_data_static(&replies[0]) };
    assert_int_equal(vtr_data_join_take(parts, 3, &reply), 0);
    assert_data(reply, "STORED\r\nvalueSTORED\r\n", 21);
    assert_int_equal(test_live(heap), 1);
    vtr_data_unref(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_with_heap(adopted_bytes_stay_where_they_are_and_go_back_once),
        test_with_heap(adopted_bytes_do_all_that_others_do),
        test_with_heap(nobody_may_write_adopted_or_static_bytes),
        cmocka_unit_test(a_heap_stays_open_while_it_has_adopted_bytes_out),
        test_with_heap(adopting_nothing_gives_it_back_at_once),
        test_with_heap(too_much_is_refused_and_stays_the_callers),
        test_with_heap(release_may_adopt_and_end_others),
        test_with_heap(the_last_thread_gives_it_back),
        test_with_heap(threads_adopt_and_end_together),
        cmocka_unit_test(a_single_threaded_heap_adopts_too),
        cmocka_unit_test(misuse_of_adopted_bytes_is_named),
        cmocka_unit_test(a_broken_handle_of_static_bytes_is_named),
        cmocka_unit_test(static_bytes_need_no_heap_and_no_end),
        test_with_heap(static_bytes_mix_with_the_heaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
