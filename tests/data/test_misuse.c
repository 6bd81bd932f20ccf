/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * data: a program that ends what it no longer has, or goes on using it, is stopped in every build
 * with a message that says which buffer, whose, and what to try.
 */
#include "support.h"

#include <sys/uio.h>

static struct vtr_heap *heap;
static struct vtr_data stale; /* of a block that was released */
static struct vtr_data good;

static struct vtr_data one(const char *bytes)
{
    return test_data(heap, bytes, strlen(bytes));
}

/* A handle that outlived its block, which is free. */
static void make_stale(void)
{
    heap = test_heap(64 << 20);
    good = one("x");
    struct vtr_data d = one("stale");
    stale = d;
    vtr_data_unref(&d);
}

/* The same of a list, whose blocks are free too. */
static void make_stale_list(void)
{
    heap = test_heap(64 << 20);
    good = one("x");
    struct vtr_data a = one("a"), b = one("b"), both;
    if (vtr_data_concat(a, b, &both) != 0)
        _exit(1);
    stale = both;
    vtr_data_unref(&a);
    vtr_data_unref(&b);
    vtr_data_unref(&both);
}

/* As ever, but its block is another's by now. */
static void make_stale_and_reuse(void)
{
    make_stale();
    struct vtr_data d = one("other");
    if ((d.what & VTR_WHAT_ADDR) != (stale.what & VTR_WHAT_ADDR))
        _exit(1);
}

static void unref_it(void) { vtr_data_unref(&stale); }

static void ref_it(void)
{
    stale = vtr_data_ref(stale);
}

static void slice_it(void)
{
    if (vtr_data_slice(stale, 0, 1, &stale))
        _exit(1);
}

static void at_it(void)
{
    size_t run;
    if (vtr_data_at(stale, 0, &run) != NULL)
        _exit(1);
}

static void span_it(void)
{
    if (vtr_data_span(stale).ptr != NULL)
        _exit(1);
}

static void view_it(void)
{
    struct vtr_be16 scratch;
    if (vtr_data_view(stale, 0, struct vtr_be16, &scratch) != NULL)
        _exit(1);
}

static void gather_it(void)
{
    uint8_t byte;
    if (vtr_data_gather(stale, 0, &byte, 1))
        _exit(1);
}

static void concat_it(void)
{
    struct vtr_data out;
    if (vtr_data_concat(good, stale, &out) == 0)
        _exit(1);
}

static void join_take_it(void)
{
    struct vtr_data parts[2] = { good, stale }, out;
    if (vtr_data_join_take(parts, 2, &out) == 0)
        _exit(1);
}

static void prepend_to_it(void)
{
    struct vtr_data out;
    if (vtr_data_prepend(heap, "header", 6, stale, &out) == 0)
        _exit(1);
}

static void to_iovec_it(void)
{
    if (vtr_data_to_iovec(stale, NULL, 0) != 0)
        _exit(1);
}

static void own_it(void)
{
    struct vtr_buf b;
    if (vtr_data_try_own(&stale, &b))
        _exit(1);
}

static void end_one_twice(void)
{
    struct vtr_data twice[3] = { vtr_data_ref(good), good, good };
    vtr_data_unref_bulk(twice, 3);
}

static void (*prepare)(void), (*misuse)(void);

static void prepare_and_misuse(void)
{
    prepare();
    misuse();
}

/* Dies as it should, and says all that there is to say. */
static void assert_named(const char *call, const char *const *words, size_t n)
{
    char said[2048];
    assert_int_equal(test_death(prepare_and_misuse, said, sizeof said), SIGABRT);
    char *line = strstr(said, "vitrine: "), *hint = strstr(said, "\n  try: ");
    if (line == NULL || hint == NULL || strncmp(line + 9, call, strlen(call)) != 0)
        fail_msg("not of %s: %s", call, said);
    assert_true(line < hint && strchr(hint + 1, '\n')[1] == '\0'); /* two lines */
    for (size_t i = 0; i < n; i++)
        if (strstr(line, words[i]) == NULL)
            fail_msg("no '%s' in: %s", words[i], said);
}

static const struct {
    void (*body)(void);
    const char *call;
} calls[] = {
    { unref_it, "vtr_data_unref: " },
    { ref_it, "vtr_data_ref (or slice, join, prepend): " },
    { slice_it, "vtr_data_ref (or slice, join, prepend): " },
    { at_it, "vtr_data_at (or view, span, gather): " },
    { span_it, "vtr_data_at (or view, span, gather): " },
    { view_it, "vtr_data_at (or view, span, gather): " },
    { gather_it, "vtr_data_at (or view, span, gather): " },
    { concat_it, "vtr_data_join (or concat, prepend, to_iovec): " },
    { join_take_it, "vtr_data_join (or concat, prepend, to_iovec): " },
    { prepend_to_it, "vtr_data_join (or concat, prepend, to_iovec): " },
    { to_iovec_it, "vtr_data_join (or concat, prepend, to_iovec): " },
    { own_it, "vtr_data_try_own: " },
};
enum { CALLS = sizeof calls / sizeof calls[0] };

static void every_use_of_a_released_block_is_named(void **state)
{
    (void)state;
    static const char *const words[] = {
        "the buffer was released before: heap 'test', block ",
        " of pageblock 0 (64 B), generation ",
        ", now ", ", count ", " (free, in a magazine), owner slot 0 pid ",
#ifdef VTR_DEBUG
        "; made at ", "tests/support.h:", ", last ended at ", "tests/data/test_misuse.c:",
#endif
    };
    prepare = make_stale;
    for (size_t i = 0; i < CALLS; i++) {
        misuse = calls[i].body;
        assert_named(calls[i].call, words, sizeof words / sizeof words[0]);
    }
}

static void every_use_of_a_released_list_is_named(void **state)
{
    (void)state;
    static const char *const words[] = { "the buffer was released before: segment list at 0x" };
    prepare = make_stale_list;
    for (size_t i = 0; i < CALLS; i++) {
        misuse = calls[i].body;
        if (misuse != own_it) /* a list is never owned: it says false */
            assert_named(calls[i].call, words, 1);
    }
}

static void a_block_that_is_anothers_by_now_is_named(void **state)
{
    (void)state;
    static const char *const words[] = { "released before: heap 'test', block ",
                                         ", now 4, count " };
    prepare = make_stale_and_reuse;
    for (size_t i = 0; i < CALLS; i++) {
        misuse = calls[i].body;
        assert_named(calls[i].call, words, 2);
    }
}

static void ending_a_block_twice_in_one_call_is_named(void **state)
{
    (void)state;
    static const char *const words[] = { "released before: heap 'test', block " };
    prepare = make_stale;
    misuse = end_one_twice;
    assert_named("vtr_data_unref: ", words, 1);
}

enum { HEAPS = 66 }; /* more than are found by an address */

static void make_stale_in_a_heap_too_many(void)
{
    struct vtr_heap *heaps[HEAPS];
    for (unsigned i = 0; i < HEAPS; i++)
        heaps[i] = test_heap(64 << 20);
    heap = heaps[HEAPS - 1];
    struct vtr_data d = one("stale");
    stale = d;
    vtr_data_unref(&d);
    for (unsigned i = 0; i < HEAPS - 1; i++)
        test_heap_end(heaps[i]);
}

static void a_block_of_a_heap_too_many_is_named_by_its_record(void **state)
{
    (void)state;
    static const char *const words[] = {
        "released before: block of a heap without a name, record at 0x", ", generation 2, now 3" };
    prepare = make_stale_in_a_heap_too_many;
    misuse = unref_it;
    assert_named("vtr_data_unref: ", words, 2);
}

static void a_heap_too_many_closes_as_others(void **state)
{
    (void)state;
    struct vtr_heap *heaps[HEAPS];
    for (unsigned i = 0; i < HEAPS; i++)
        heaps[i] = test_heap(64 << 20);
    for (unsigned i = HEAPS; i-- > 0;)
        test_heap_end(heaps[i]);
}

static struct vtr_buf buf;

static void make_buf(void)
{
    heap = test_heap(64 << 20);
    if (vtr_buf_init(heap, 0, 10, &buf) != 0 || !vtr_buf_append(&buf, "x", 1))
        _exit(1);
}

static void seal_it_twice(void)
{
    stale = vtr_buf_seal(&buf);
    stale = vtr_buf_seal(&buf);
}

static void seal_a_copy(void)
{
    struct vtr_buf copy = buf;
    stale = vtr_buf_seal(&buf);
    stale = vtr_buf_seal(&copy);
}

static void end_a_copy(void)
{
    struct vtr_buf copy = buf;
    stale = vtr_buf_seal(&buf);
    vtr_buf_fini(&copy);
}

static void end_a_copy_in_the_same_call(void)
{
    struct vtr_buf twice[2] = { buf, buf };
    vtr_buf_fini_bulk(twice, 2);
}

static void bufs_that_are_sealed_or_ended_twice_are_named(void **state)
{
    (void)state;
    static const char *const empty[] = { "the buf is empty: it was sealed or ended before" };
    static const char *const copy[] = { "a copy of this buf was sealed or ended before: heap "
                                        "'test', block ", "vtr_move()" };
    prepare = make_buf;
    misuse = seal_it_twice;
    assert_named("vtr_buf_seal: ", empty, 1);
    misuse = seal_a_copy;
    assert_named("vtr_buf_seal: ", copy, 2);
    misuse = end_a_copy;
    assert_named("vtr_buf_fini: ", copy, 2);
    misuse = end_a_copy_in_the_same_call;
    assert_named("vtr_buf_fini: ", copy, 2);
}

static void make_one(void)
{
    heap = test_heap(64 << 20);
    stale = one("x");
}

static void ref_too_often(void)
{
    vtr_record_ref_n_(stale.what, INT32_MAX - 1); /* as many as there can be */
    stale = vtr_data_ref(stale);
}

static void counting_past_the_end_is_named(void **state)
{
    (void)state;
    static const char *const words[] = { "more handles than can be counted: heap 'test', block",
                                         "count -", "nobody ends" };
    prepare = make_one;
    misuse = ref_too_often;
    assert_named("vtr_data_ref", words, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_use_of_a_released_block_is_named),
        cmocka_unit_test(every_use_of_a_released_list_is_named),
        cmocka_unit_test(a_block_that_is_anothers_by_now_is_named),
        cmocka_unit_test(a_block_of_a_heap_too_many_is_named_by_its_record),
        cmocka_unit_test(a_heap_too_many_closes_as_others),
        cmocka_unit_test(ending_a_block_twice_in_one_call_is_named),
        cmocka_unit_test(bufs_that_are_sealed_or_ended_twice_are_named),
        cmocka_unit_test(counting_past_the_end_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
