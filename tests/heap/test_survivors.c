/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * heap: closing names what is still referenced: in debug builds where it was made, in others how
 * much it is.
 */
#include "support.h"

#include <errno.h>
#include <sys/uio.h>

#include "base/system.h"
#include "heap/place.h"

#ifdef VTR_DEBUG
enum { DEBUG = 1 };
#else
enum { DEBUG = 0 };
#endif

/* As messages show it, whatever folder this was built from. */
static const char *this_file(void)
{
    const char *file = __FILE__;
    while (strncmp(file, "../", 3) == 0)
        file += 3;
    return file;
}

static void assert_survivors(struct vtr_heap *heap, const char *what)
{
    struct vtr_error err = { 0 };
    assert_int_equal(vtr_heap_close(heap, &err), -EBUSY);
    assert_int_equal(err.code, -EBUSY);
    assert_string_equal(err.what, what);
    assert_non_null(strstr(err.hint, "end every vtr_data"));
}

static void survivors_are_named_by_where_they_were_made(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf bufs[2], more;
    struct vtr_data d;
    char want[240];
    int two = __LINE__ + 1, one;
    assert_int_equal(vtr_buf_init_bulk(heap, 0, 2000, bufs, 2), 2);
    one = __LINE__ + 1;
    assert_int_equal(vtr_data_copy(heap, "x", 1, &d), 0);
    assert_int_equal(vtr_buf_init(heap, 0, 1, &more), 0);
    vtr_buf_fini(&more);
    if (DEBUG)
        snprintf(want, sizeof want, "heap 'test': 3 blocks still referenced (2 from %s:%d, 1 from "
                 "%s:%d)", this_file(), two, this_file(), one);
    else
        snprintf(want, sizeof want, "heap 'test': 3 blocks (4288 bytes) still referenced");
    assert_survivors(heap, want);
    vtr_data_unref(&d);
    vtr_buf_fini(&bufs[0]);
    vtr_buf_fini(&bufs[1]);
}

static void an_owned_buf_comes_from_where_it_was_owned(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data d = test_data(heap, "x", 1);
    struct vtr_buf b;
    char want[240];
    int line = __LINE__ + 1;
    assert_true(vtr_data_try_own(&d, &b));
    if (DEBUG)
        snprintf(want, sizeof want, "heap 'test': 1 blocks still referenced (1 from %s:%d)",
                 this_file(), line);
    else
        snprintf(want, sizeof want, "heap 'test': 1 blocks (64 bytes) still referenced");
    assert_survivors(heap, want);
    vtr_buf_fini(&b);
}

static void nothing_to_give_back(void *arg, const void *bytes, size_t len)
{
    (void)arg, (void)bytes, (void)len;
}

static void adopted_memory_is_named_by_where_it_was_adopted(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data d;
    char want[240], from[80] = "";
    int line = __LINE__ + 1;
    assert_int_equal(vtr_data_adopt(heap, "lent", 4, nothing_to_give_back, NULL, &d), 0);
    if (DEBUG)
        snprintf(from, sizeof from, " (1 from %s:%d)", this_file(), line);
    snprintf(want, sizeof want,
             "heap 'test': 1 adopted pieces of memory (4 bytes) still referenced%s", from);
    assert_survivors(heap, want);
    vtr_data_unref(&d);
}

#ifdef VTR_DEBUG

/* The only block left was made in that line. */
static void assert_made_in(struct vtr_heap *heap, struct vtr_data *d, int line)
{
    char want[240];
    snprintf(want, sizeof want, "heap 'test': 1 blocks still referenced (1 from %s:%d)",
             this_file(), line);
    assert_survivors(heap, want);
    vtr_data_unref(d);
}

static void every_call_that_makes_a_block_is_named(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct iovec iov = { (void *)(uintptr_t)"bytes", 5 };
    uint8_t bytes[2000] = { 0 };
    struct vtr_data d, part;
    assert_int_equal(vtr_data_copy_iovec(heap, &iov, 1, &d), 0);
    assert_made_in(heap, &d, __LINE__ - 1);
    assert_int_equal(vtr_data_copy(heap, bytes, sizeof bytes, &d), 0);
    assert_true(vtr_data_slice(d, 0, 20, &part));
    vtr_data_unref(&d);
    assert_int_equal(vtr_data_keep(heap, part, &d), 0);
    int line = __LINE__ - 1;
    vtr_data_unref(&part);
    assert_made_in(heap, &d, line);
    assert_int_equal(vtr_data_prepend(heap, "head", 4, d, &d), 0);
    assert_made_in(heap, &d, __LINE__ - 1);
}

static void survivors_are_counted_without_memory(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data d = test_data(heap, "x", 1);
    vtr_test_fail_after_(VTR_FAULT_MEMORY, 0);
    assert_survivors(heap, "heap 'test': 1 blocks still referenced (no memory to say where from)");
    vtr_test_fail_after_(0, 0);
    vtr_data_unref(&d);
}

/* As a program that is not compiled with VTR_DEBUG calls: by the function itself. */
__attribute__((noinline)) VTR_API int make_unnoted(struct vtr_heap *heap, struct vtr_data *out);
int make_unnoted(struct vtr_heap *heap, struct vtr_data *out)
{
    int rc = (vtr_data_copy)(heap, "x", 1, out);
    return rc; /* the call is not the last thing here: it returns into this function */
}

static void without_lines_the_function_or_module_is_named(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_error err = { 0 };
    struct vtr_data d;
    assert_int_equal(make_unnoted(heap, &d), 0);
    assert_int_equal(vtr_heap_close(heap, &err), -EBUSY);
    assert_non_null(strstr(err.what, "(1 from "));
    assert_non_null(strstr(err.what, "test_heap_survivors+0x"));
    vtr_data_unref(&d);
}

static void make_elsewhere(struct vtr_heap *heap, unsigned place, unsigned n, struct vtr_buf *bufs)
{
    char file[64];
    snprintf(file, sizeof file, "a/rather/long/name/of/a/file/%u.c", place);
    vtr_made_at_(file, 7);
    assert_int_equal((vtr_buf_init_bulk)(heap, 0, 1, bufs, n), n);
}

static void many_places_are_counted_where_there_is_no_room(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf bufs[55];
    for (unsigned p = 0, n = 0; p < 10; n += ++p)
        make_elsewhere(heap, p, p + 1, bufs + n);
    assert_survivors(heap, "heap 'test': 55 blocks still referenced ("
                           "10 from a/rather/long/name/of/a/file/9.c:7, "
                           "9 from a/rather/long/name/of/a/file/8.c:7, "
                           "8 from a/rather/long/name/of/a/file/7.c:7 and 7 more places)");
    for (unsigned i = 0; i < 55; i++)
        vtr_buf_fini(&bufs[i]);
}

/* What one call noted must not be taken for the next one's. */
static void a_note_is_used_once(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_error err = { 0 };
    struct vtr_data a = test_data(heap, "a", 1), b;
    vtr_data_unref(&a);
    assert_int_equal(make_unnoted(heap, &b), 0);
    assert_int_equal(vtr_heap_close(heap, &err), -EBUSY);
    assert_null(strstr(err.what, ".c:"));
    assert_null(strstr(err.what, ".h:"));
    vtr_data_unref(&b);
}

static void more_places_than_the_table_holds_are_not_known(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf b;
    for (unsigned p = 0; p < VTR_PLACES + 10; p++) {
        char file[32];
        snprintf(file, sizeof file, "full%u.c", p);
        vtr_made_at_(file, 1);
        assert_int_equal((vtr_buf_init)(heap, 0, 1, &b), 0);
        if (p < VTR_PLACES + 9)
            vtr_buf_fini(&b);
    }
    assert_survivors(heap, "heap 'test': 1 blocks still referenced (1 from a place not known)");
    vtr_buf_fini(&b);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_with_heap(survivors_are_named_by_where_they_were_made),
        test_with_heap(an_owned_buf_comes_from_where_it_was_owned),
        test_with_heap(adopted_memory_is_named_by_where_it_was_adopted),
#ifdef VTR_DEBUG
        test_with_heap(every_call_that_makes_a_block_is_named),
        test_with_heap(survivors_are_counted_without_memory),
        test_with_heap(without_lines_the_function_or_module_is_named),
        test_with_heap(many_places_are_counted_where_there_is_no_room),
        test_with_heap(a_note_is_used_once),
        test_with_heap(more_places_than_the_table_holds_are_not_known),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
