/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * heap: opening, closing, limits, and who may have which memory.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/system.h"
#include "heap/block.h"

/* The library's: while set, every other call is met by a signal. */
static bool interrupting;
static unsigned interrupted;

int fallocate(int fd, int mode, off_t at, off_t len)
{
    if (interrupting && interrupted++ % 2 == 0) {
        errno = EINTR;
        return -1;
    }
    return (int)syscall(SYS_fallocate, fd, mode, at, len);
}

static void the_defaults_open_a_heap(void **state)
{
    (void)state;
    struct vtr_heap *heap = NULL;
    struct vtr_heap_stat stat = { .size = sizeof stat };
    char report[4096];
    assert_int_equal(vtr_heap_open(NULL, &heap, NULL), 0);
    vtr_heap_stat(heap, &stat);
    assert_int_equal(stat.live_blocks, 0);
    assert_int_equal(stat.segment_bytes, 64 << 20);
    assert_true(stat.max_bytes >= stat.segment_bytes);
    assert_in_range(vtr_heap_report(heap, report, sizeof report), 1, sizeof report - 1);
    assert_non_null(strstr(report, "64 of at most"));
    test_heap_end(heap);
}

static void bad_options_are_named(void **state)
{
    (void)state;
    struct vtr_heap *heap = (struct vtr_heap *)&heap, *before = heap;
    struct vtr_error err = { 0 };
    struct vtr_heap_opts opts = { .size = 3 };
    assert_int_equal(vtr_heap_open(&opts, &heap, &err), -EINVAL);
    assert_non_null(strstr(err.what, "opts.size is 3"));
    opts.size = sizeof opts + 8;
    assert_int_equal(vtr_heap_open(&opts, &heap, &err), -EINVAL);
    opts = (struct vtr_heap_opts){ .size = sizeof opts, .pages = (enum vtr_pages)17 };
    assert_int_equal(vtr_heap_open(&opts, &heap, &err), -EINVAL);
    opts = (struct vtr_heap_opts){ .size = sizeof opts, .name = "odd", .flags = 0x80 };
    assert_int_equal(vtr_heap_open(&opts, &heap, &err), -EINVAL);
    assert_non_null(strstr(err.what, "heap 'odd': unknown"));
    opts = (struct vtr_heap_opts){ .size = sizeof opts, .max_bytes = UINT64_MAX };
    assert_int_equal(vtr_heap_open(&opts, &heap, &err), -EINVAL);
    assert_int_equal(err.code, -EINVAL);
    assert_ptr_equal(heap, before);
}

static void an_older_caller_with_smaller_options_is_served(void **state)
{
    (void)state;
    struct vtr_heap_opts opts = { .size = offsetof(struct vtr_heap_opts, max_bytes) };
    struct vtr_heap *heap = NULL;
    assert_int_equal(vtr_heap_open(&opts, &heap, NULL), 0);
    test_heap_end(heap);
}

/* A machine may have 32 reserved huge pages, or give transparent ones. */
static void assert_pages(enum vtr_pages pages, const char *what, const char *hint)
{
    struct vtr_heap_opts opts = { .size = sizeof opts, .pages = pages };
    struct vtr_heap *heap = NULL;
    struct vtr_error err = { 0 };
    int rc = vtr_heap_open(&opts, &heap, &err);
    if (rc == 0) {
        struct vtr_heap_stat stat = { .size = sizeof stat };
        vtr_heap_stat(heap, &stat);
        assert_int_equal(pages == VTR_PAGES_THP ? stat.thp_bytes : stat.hugetlb_bytes,
                         stat.segment_bytes);
        test_heap_end(heap);
        return;
    }
    assert_int_equal(err.code, rc);
    assert_non_null(strstr(err.what, what));
    assert_non_null(strstr(err.hint, hint));
}

static void pages_that_are_not_there_are_an_error_that_says_what_to_do(void **state)
{
    (void)state;
    assert_pages(VTR_PAGES_HUGETLB, "reserved huge pages", "vm.nr_hugepages");
    assert_pages(VTR_PAGES_THP, "transparent huge pages", "shmem_enabled");
}

static void closing_with_references_names_their_number(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap(0);
    struct vtr_error err = { 0 };
    struct vtr_data a = test_data(heap, "a", 1), b = test_data(heap, "b", 1);
    assert_int_equal(vtr_heap_close(heap, &err), -EBUSY);
    assert_non_null(strstr(err.what, "heap 'test': 2 blocks"));
    assert_data(a, "a", 1); /* and everything goes on */
    vtr_data_unref(&a);
    vtr_data_unref(&b);
    test_heap_end(heap);
}

static void closing_nothing_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(vtr_heap_close(NULL, NULL), 0);
}

static void every_size_fits_the_smallest_class_that_holds_it(void **state)
{
    (void)state;
    const size_t max = 1 << 20;
    for (size_t bytes = 0; bytes <= max; bytes += bytes < 8192 ? 1 : 509) {
        int k = vtr_class_for_(bytes);
        assert_true(k >= 0 && vtr_class_bytes_((unsigned)k) >= bytes);
        assert_true(k == 0 || vtr_class_bytes_((unsigned)k - 1) < bytes);
    }
    assert_int_equal(vtr_class_for_(max + 1), -1);
    assert_int_equal(vtr_class_for_(SIZE_MAX), -1);
}

static void classes_are_about_four_a_doubling_and_no_power_of_two(void **state)
{
    (void)state;
    for (size_t bytes = 512; bytes < 128 << 10; bytes *= 2) {
        int n = vtr_class_for_(2 * bytes) - vtr_class_for_(bytes);
        assert_in_range(n, 4, 4);
        uint32_t size = vtr_class_bytes_((unsigned)vtr_class_for_(bytes));
        assert_int_not_equal(size & (size - 1), 0);
    }
}

/* Fills the heap with blocks of @p bytes, each marked with its number. @return how many. */
static size_t fill(struct vtr_heap *heap, size_t bytes, struct vtr_buf *bufs, size_t max)
{
    size_t n = 0;
    while (n < max && vtr_buf_init(heap, 0, bytes, &bufs[n]) == 0) {
        uint64_t mark[2] = { n, ~n };
        assert_true(vtr_buf_append(&bufs[n], mark, sizeof mark));
        vtr_buf_bytes(&bufs[n])[bytes - 1] = (uint8_t)n;
        n++;
    }
    return n;
}

static void check_marks(size_t bytes, const struct vtr_buf *bufs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t mark[2] = { i, ~i };
        assert_memory_equal(vtr_buf_bytes(&bufs[i]), mark, sizeof mark);
        assert_int_equal(vtr_buf_bytes(&bufs[i])[bytes - 1], (uint8_t)i);
    }
}

static void a_full_heap_says_so_and_recovers_in_any_size(void **state)
{
    (void)state;
    static const size_t sizes[] = { 2000, 64 << 10, 300, 1 << 20, 2000 };
    struct vtr_heap *heap = test_heap(64 << 20);
    size_t max = (64 << 20) / 256;
    struct vtr_buf *bufs = (struct vtr_buf *)calloc(max, sizeof *bufs), more;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        size_t n = fill(heap, sizes[s], bufs, max);
        /* Blocks and the thread's magazines of other sizes leave little unused. */
        assert_true(n * sizes[s] >= (size_t)48 << 20);
        assert_int_equal(vtr_buf_init(heap, 0, sizes[s], &more), -ENOMEM);
        check_marks(sizes[s], bufs, n);
        assert_int_equal(test_live(heap), n);
        vtr_buf_fini(&bufs[n / 2]); /* one is free again: the next call gets it */
        assert_int_equal(vtr_buf_init(heap, 0, sizes[s], &bufs[n / 2]), 0);
        for (size_t i = 0; i < n; i++)
            vtr_buf_fini(&bufs[i]);
        assert_int_equal(test_live(heap), 0);
    }
    struct vtr_heap_stat stat = { .size = sizeof stat };
    vtr_heap_stat(heap, &stat);
    assert_true(stat.failed_limit >= 5);
    assert_int_equal(stat.segment_bytes, 64 << 20);
    free(bufs);
    test_heap_end(heap);
}

/* 50 classes, 32 pageblocks: what this thread cut for other sizes must not be lost to this one. */
static void an_empty_heap_serves_every_size_in_turn(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap(64 << 20);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned k = 0; k <= (unsigned)vtr_class_for_(1 << 20); k++) {
            struct vtr_buf b;
            assert_int_equal(vtr_buf_init(heap, 0, vtr_class_bytes_(k), &b), 0);
            vtr_buf_fini(&b);
        }
    }
    test_heap_end(heap);
}

static void a_heap_grows_by_segments_up_to_its_limit(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap(128 << 20);
    struct vtr_buf *bufs = (struct vtr_buf *)calloc(200, sizeof *bufs);
    size_t n = fill(heap, 1 << 20, bufs, 200);
    assert_int_equal(n, 128);
    check_marks(1 << 20, bufs, n);
    struct vtr_heap_stat stat = { .size = sizeof stat };
    vtr_heap_stat(heap, &stat);
    assert_int_equal(stat.segment_bytes, 128 << 20);
    assert_int_equal(stat.live_bytes, 128 << 20);
    for (size_t i = 0; i < n; i++)
        vtr_buf_fini(&bufs[i]);
    free(bufs);
    test_heap_end(heap);
}

static void fill_without_address_space(void)
{
    struct vtr_heap *heap = test_heap(128 << 20);
    struct rlimit none = { 1 << 20, 1 << 20 };
    struct vtr_buf bufs[65];
    if (vtr_buf_init(heap, 0, 1, &bufs[0]) != 0 || vtr_buf_init(heap, 0, 1 << 20, &bufs[1]) != 0)
        _exit(1);
    vtr_buf_fini(&bufs[0]); /* the thread's magazines are there now: only the segment is not */
    vtr_buf_fini(&bufs[1]);
    setrlimit(RLIMIT_AS, &none);
    if (fill(heap, 1 << 20, bufs, 65) != 64 || vtr_buf_init(heap, 0, 1, &bufs[64]) != -ENOMEM)
        _exit(1);
    for (unsigned i = 0; i < 64; i++)
        vtr_buf_fini(&bufs[i]);
    if (vtr_buf_init(heap, 0, 1, &bufs[64]) != 0)
        _exit(1);
    fprintf(stderr, "served");
}

static void a_segment_that_cannot_be_mapped_is_a_refusal(void **state)
{
    (void)state;
    char said[512];
    if (test_single_view()) {
        printf("skipped: ThreadSanitizer needs address space of its own\n");
        skip();
    }
    assert_int_equal(test_death(fill_without_address_space, said, sizeof said), 0);
    assert_string_equal(said, "served");
}

/* What is free lies behind 64 pageblocks that are not. */
static void a_half_empty_heap_finds_its_other_half(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap(256 << 20);
    struct vtr_buf bufs[256], more;
    assert_int_equal(fill(heap, 1 << 20, bufs, 256), 256);
    for (unsigned i = 192; i < 254; i++)
        vtr_buf_fini(&bufs[i]);
    assert_int_equal(vtr_buf_init(heap, 0, 2000, &more), 0);
    vtr_buf_fini(&more);
    for (unsigned i = 0; i < 192; i++)
        vtr_buf_fini(&bufs[i]);
    vtr_buf_fini(&bufs[254]);
    vtr_buf_fini(&bufs[255]);
    test_heap_end(heap);
}

static void signals_do_not_keep_a_heap_from_growing(void **state)
{
    (void)state;
    struct vtr_buf bufs[128];
    interrupting = true;
    struct vtr_heap *heap = test_heap(128 << 20);
    size_t n = fill(heap, 1 << 20, bufs, 128);
    interrupting = false;
    assert_int_equal(n, 128);
    assert_true(interrupted > 64);
    for (size_t i = 0; i < n; i++)
        vtr_buf_fini(&bufs[i]);
    test_heap_end(heap);
}

static void two_heaps_in_one_thread_do_not_mix(void **state)
{
    (void)state;
    struct vtr_heap *one = test_heap(64 << 20), *two = test_heap(64 << 20);
    for (int i = 0; i < 1000; i++) {
        struct vtr_data a = test_data(one, "one", 3), b = test_data(two, "two", 3);
        assert_int_equal(test_live(one), 1);
        assert_int_equal(test_live(two), 1);
        vtr_data_unref(&a);
        vtr_data_unref(&b);
    }
    test_heap_end(one);
    struct vtr_data b = test_data(two, "two", 3);
    struct vtr_heap *three = test_heap(64 << 20); /* may get the storage that was heap one's */
    struct vtr_data c = test_data(three, "three", 5);
    assert_data(b, "two", 3);
    vtr_data_unref(&b);
    vtr_data_unref(&c);
    test_heap_end(two);
    test_heap_end(three);
}

static void generations_only_grow(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap(64 << 20);
    uint64_t seen = 0;
    for (int i = 0; i < 100; i++) {
        struct vtr_data d = test_data(heap, "x", 1);
        uint64_t address = d.what & VTR_WHAT_ADDR;
        if (i > 0 && address == (seen & VTR_WHAT_ADDR))
            assert_int_not_equal(d.what, seen); /* the same block again: another generation */
        seen = d.what;
        vtr_data_unref(&d);
    }
    test_heap_end(heap);
}

#if VTR_DEBUG
static void holder_words_without_memory_are_a_refusal(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_buf b;
    for (size_t bytes = 100; bytes < 4 << 20; bytes *= 30) { /* classes, and a large block */
        vtr_test_fail_after_(VTR_FAULT_FALLOCATE | VTR_FAULT_ON, 0);
        assert_int_equal(vtr_buf_init(heap, 0, bytes, &b), -ENOMEM);
        vtr_test_fail_after_(0, 0);
        assert_int_equal(vtr_buf_init(heap, 0, bytes, &b), 0);
        vtr_buf_fini(&b);
    }
    test_heap_end(heap);
}
#endif

/* For ThreadSanitizer: a store through it is not refused. */
static void a_heap_of_one_view_has_it_for_both(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap_with((struct vtr_heap_opts){ .max_bytes = 128 << 20,
                                                                   .flags = VTR_HEAP_SINGLE_VIEW });
    struct vtr_buf b;
    assert_int_equal(vtr_buf_init(heap, 0, 100, &b), 0);
    const uint8_t *written = vtr_buf_bytes(&b);
    assert_true(vtr_buf_append(&b, "bytes", 5));
    struct vtr_data d = vtr_buf_seal(&b);
    assert_ptr_equal(vtr_data_span(d).ptr, written);
    assert_data(d, "bytes", 5);
    vtr_data_unref(&d);
    test_heap_end(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_open_a_heap),
        cmocka_unit_test(bad_options_are_named),
        cmocka_unit_test(an_older_caller_with_smaller_options_is_served),
        cmocka_unit_test(pages_that_are_not_there_are_an_error_that_says_what_to_do),
        cmocka_unit_test(closing_with_references_names_their_number),
        cmocka_unit_test(closing_nothing_is_allowed),
        cmocka_unit_test(every_size_fits_the_smallest_class_that_holds_it),
        cmocka_unit_test(classes_are_about_four_a_doubling_and_no_power_of_two),
        cmocka_unit_test(a_full_heap_says_so_and_recovers_in_any_size),
        cmocka_unit_test(an_empty_heap_serves_every_size_in_turn),
        cmocka_unit_test(a_heap_grows_by_segments_up_to_its_limit),
        cmocka_unit_test(a_segment_that_cannot_be_mapped_is_a_refusal),
        cmocka_unit_test(a_half_empty_heap_finds_its_other_half),
        cmocka_unit_test(signals_do_not_keep_a_heap_from_growing),
        cmocka_unit_test(two_heaps_in_one_thread_do_not_mix),
        cmocka_unit_test(generations_only_grow),
#if VTR_DEBUG
        cmocka_unit_test(holder_words_without_memory_are_a_refusal),
#endif
        cmocka_unit_test(a_heap_of_one_view_has_it_for_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
