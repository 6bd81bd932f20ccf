/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * base: the k-th allocation and the k-th system call of each kind fail, for every k until the
 * operation gets through: one of them alone, or all from the k-th on. Each try is a thread of its
 * own, so that it has nothing ready. After it nothing is live that was not before, no descriptor,
 * mapping or private memory is left, and the heap still works.
 *   test_faults data|heap     which of the two groups
 */
#include <pthread.h>

#include "support.h"

#if VTR_DEBUG
#include "base/system.h"
#include "heap/heap.h"
#include "footprint.h"

enum { LARGE = (3 << 20) + 5, PARTS = 100, SEGMENT = 64 << 20 };

struct run {
    struct vtr_heap *heap;
    struct vtr_data given; /* borrowed */
    int (*op)(const struct run *);
    int rc;
};

static uint8_t bytes[LARGE];

/* Operations: 0 or -errno. What they make they end; what they are not given they leave alone. */

static struct vtr_data untouched(void)
{
    return (struct vtr_data){ 0, 0x5a5a5a5a, 0xa5a5a5a5 };
}

/* @return @p rc, having ended *d or seen that it was not written. */
static int done(int rc, struct vtr_data *d, size_t len)
{
    struct vtr_data none = untouched();
    vtr_check(rc == 0 ? d->len == len : memcmp(d, &none, sizeof none) == 0);
    if (rc == 0)
        vtr_data_unref(d);
    return rc;
}

static int copy_small(const struct run *r)
{
    struct vtr_data d = untouched();
    return done(vtr_data_copy(r->heap, bytes, 100, &d), &d, 100);
}

static int copy_large(const struct run *r)
{
    struct vtr_data d = untouched();
    return done(vtr_data_copy(r->heap, bytes, LARGE, &d), &d, LARGE);
}

static int join_many(const struct run *r)
{
    struct vtr_data d = untouched(), parts[PARTS];
    for (unsigned i = 0; i < PARTS; i++)
        parts[i] = r->given;
    return done(vtr_data_join(parts, PARTS, &d), &d, PARTS * (size_t)r->given.len);
}

static int join_taken(const struct run *r)
{
    struct vtr_data d = untouched(), parts[3];
    for (unsigned i = 0; i < 3; i++)
        parts[i] = vtr_data_ref(r->given);
    int rc = vtr_data_join_take(parts, 3, &d);
    for (unsigned i = 0; i < 3; i++) {
        vtr_check((parts[i].what == 0) == (rc == 0));
        vtr_data_unref(&parts[i]);
    }
    return done(rc, &d, 3 * (size_t)r->given.len);
}

/* More of them than a thread's first header block holds. */
static int prepend_many(const struct run *r)
{
    int rc = 0;
    for (unsigned i = 0; i < 20 && rc == 0; i++) {
        struct vtr_data d = untouched();
        rc = done(vtr_data_prepend(r->heap, bytes, 1000, r->given, &d), &d, 1000 + r->given.len);
    }
    return rc;
}

static int split_and_seal(const struct run *r)
{
    struct vtr_buf b, before;
    memset(&b, 0x5a, sizeof b);
    memcpy(&before, &b, sizeof b);
    int rc = vtr_buf_init(r->heap, 64, 3000, &b);
    if (rc != 0) {
        vtr_check(memcmp(&before, &b, sizeof b) == 0);
        return rc;
    }
    struct vtr_data head = VTR_DATA_EMPTY;
    vtr_check(vtr_buf_append(&b, bytes, 3000));
    vtr_check(vtr_buf_split(&b, 1000, &head));
    struct vtr_data tail = vtr_buf_seal(&b), both = untouched();
    rc = done(vtr_data_concat(head, tail, &both), &both, 3000);
    vtr_data_unref(&head);
    vtr_data_unref(&tail);
    return rc;
}

/* Tries */

static void *run_op(void *arg)
{
    struct run *r = (struct run *)arg;
    r->rc = r->op(r);
    return NULL;
}

static int run_in_a_thread(struct run *r)
{
    pthread_t thread;
    vtr_check(pthread_create(&thread, NULL, run_op, r) == 0);
    vtr_check(pthread_join(thread, NULL) == 0);
    return r->rc;
}

/* One try, over with the end of its thread. @return whether a call failed. */
static bool try_with_fault(struct run *r, unsigned kinds, unsigned n)
{
    if (r->heap != NULL)
        r->heap->no_segment_until = 0; /* as if time had passed since the last */
    vtr_test_fail_after_(kinds, n);
    run_in_a_thread(r);
    bool failed = vtr_test_failed_();
    vtr_test_fail_after_(0, 0);
    if (!failed)
        assert_int_equal(r->rc, 0);
    return failed;
}

static void copy_here(struct vtr_heap *heap)
{
    struct vtr_data d = test_data(heap, bytes, 100);
    assert_data(d, bytes, 100);
    vtr_data_unref(&d);
}

/* @param first  the heap may take something that it keeps. @return how many calls of these kinds
 * there are to fail. */
static unsigned every_fault(struct run *r, unsigned kinds, bool first)
{
    struct footprint before = footprint_now();
    uint64_t live = test_live(r->heap);
    unsigned n = 0;
    for (; try_with_fault(r, kinds, n); n++) {
        assert_true(r->rc == 0 || r->rc == -ENOMEM);
        assert_int_equal(test_live(r->heap), live);
        struct footprint after = footprint_now();
        if (first)
            before.pieces = after.pieces;
        assert_nothing_left(before, after);
        copy_here(r->heap);
    }
    return n;
}

static void every_failure_of(void **state, int (*op)(const struct run *), unsigned at_least)
{
    struct run r = { .heap = (struct vtr_heap *)*state, .op = op };
    unsigned faults = 0;
    r.given = test_data(r.heap, bytes, 200);
    copy_here(r.heap); /* what this thread and the heap keep for good, they have */
    assert_int_equal(run_in_a_thread(&r), 0);
    for (unsigned kind = 1; kind < VTR_FAULT_ALL; kind *= 2) {
        every_fault(&r, kind, true);
        faults += every_fault(&r, kind, false);
        every_fault(&r, kind | VTR_FAULT_ON, true);
        every_fault(&r, kind | VTR_FAULT_ON, false);
    }
    every_fault(&r, VTR_FAULT_ALL, true);
    every_fault(&r, VTR_FAULT_ALL, false);
    vtr_data_unref(&r.given);
    assert_in_range(faults, at_least, UINT32_MAX);
}

static void a_copy_of_some_bytes(void **state) { every_failure_of(state, copy_small, 3); }
static void a_copy_of_megabytes(void **state) { every_failure_of(state, copy_large, 2); }
static void a_join_of_many(void **state) { every_failure_of(state, join_many, 2); }
static void a_join_that_takes_its_parts(void **state) { every_failure_of(state, join_taken, 2); }
static void headers_in_front(void **state) { every_failure_of(state, prepend_many, 2); }
static void a_buf_split_and_sealed(void **state) { every_failure_of(state, split_and_seal, 2); }

/* Heaps */

static struct vtr_heap_opts opts_of(enum vtr_pages pages)
{
    struct vtr_heap_opts opts = { .size = sizeof opts, .max_bytes = SEGMENT, .pages = pages };
    opts.flags = test_single_view() ? VTR_HEAP_SINGLE_VIEW : 0;
    return opts;
}

static int open_with(enum vtr_pages pages)
{
    struct vtr_heap_opts opts = opts_of(pages);
    struct vtr_heap *none = (struct vtr_heap *)bytes, *heap = none;
    struct vtr_error err = { 0 };
    int rc = vtr_heap_open(&opts, &heap, &err);
    vtr_check(rc == 0 ? heap != none : heap == none && err.code == rc && err.what[0] != '\0');
    if (rc == 0)
        vtr_check(vtr_heap_close(heap, NULL) == 0);
    return rc;
}

static int open_small(const struct run *r)
{
    (void)r;
    return open_with(VTR_PAGES_SMALL);
}

static int open_best(const struct run *r)
{
    (void)r;
    return open_with(VTR_PAGES_AUTO);
}

/* What is called to undo a segment half made: where these fail on, that fails too. */
enum { TO_UNDO = VTR_FAULT_MMAP | VTR_FAULT_MADVISE };

/* What a kind of call fails with, and what vtr_heap_open says then. */
static const struct fault {
    unsigned kind;
    int error, rc;
    bool optional; /* some of these calls are advice, or are made again */
    unsigned at_least;
} of_open[] = {
    { VTR_FAULT_MEMORY, 0, -ENOMEM, false, 2 },
    { VTR_FAULT_MMAP, ENOMEM, -ENOMEM, false, 5 },
    { VTR_FAULT_MEMFD, EMFILE, -EMFILE, false, 2 },
    { VTR_FAULT_MEMFD, ENFILE, -ENFILE, false, 2 },
    { VTR_FAULT_MEMFD, ENOMEM, -ENOMEM, false, 2 },
    { VTR_FAULT_MEMFD, ENOSYS, -ENOSYS, false, 2 },
    { VTR_FAULT_FALLOCATE, ENOSPC, -ENOSPC, false, 32 },
    { VTR_FAULT_FALLOCATE, EINTR, 0, true, 32 },
    { VTR_FAULT_FTRUNCATE, ENOMEM, -ENOMEM, false, 2 },
    { VTR_FAULT_FCNTL, EINVAL, -ENOSYS, false, 3 },
    { VTR_FAULT_MADVISE, ENOMEM, -ENOMEM, true, 8 },
    { VTR_FAULT_MADVISE, EFAULT, -ENOMEM, true, 8 },
};

static void every_failure_to_open(const struct fault *f, unsigned on)
{
    struct run r = { .op = open_small };
    struct footprint before = footprint_now();
    unsigned n = 0;
    vtr_test_fail_with_(f->error);
    for (; try_with_fault(&r, f->kind | on, n); n++) {
        if (r.rc != f->rc && !(r.rc == 0 && f->optional))
            fail_msg("errno %d of kind %#x, call %u: %d", f->error, f->kind, n, r.rc);
        assert_nothing_left(before, footprint_now());
    }
    vtr_test_fail_with_(0);
    assert_in_range(n, f->at_least, UINT32_MAX);
}

static void open_fails_as_documented(void **state)
{
    (void)state;
    every_failure_to_open(&of_open[0], 0); /* allocators and stacks are warm from here on */
    struct footprint before = footprint_now();
    for (unsigned i = 1; i < sizeof of_open / sizeof of_open[0]; i++) {
        every_failure_to_open(&of_open[i], 0);
        if (of_open[i].kind & TO_UNDO)
            every_failure_to_open(&of_open[i], VTR_FAULT_ON);
    }
    assert_no_map_left(before, footprint_now());
}

static int copy_two_blocks(const struct run *r)
{
    struct vtr_data d = untouched();
    size_t len = vtr_heap_block_max() + 100;
    uint8_t *from = (uint8_t *)calloc(1, len);
    vtr_check(from != NULL);
    int rc = done(vtr_data_copy(r->heap, from, len, &d), &d, len);
    free(from);
    return rc;
}

/* The first is all that the heap has. */
static void a_copy_that_gets_one_block_of_two_keeps_none(void **state)
{
    struct run r = { .heap = (struct vtr_heap *)*state, .op = copy_two_blocks };
    struct footprint before = footprint_now();
    assert_int_equal(run_in_a_thread(&r), -ENOMEM);
    assert_int_equal(test_live(r.heap), 0);
    assert_nothing_left(before, footprint_now());
    r.op = copy_large;
    assert_int_equal(run_in_a_thread(&r), 0);
}

static bool documented(int rc)
{
    return rc == 0 || rc == -ENOMEM || rc == -ENOSPC || rc == -EMFILE || rc == -EOPNOTSUPP ||
           rc == -ENOSYS;
}

static void open_takes_lesser_pages_or_fails_as_documented(void **state)
{
    struct run r = { .op = open_best };
    struct footprint before = footprint_now();
    (void)state;
    for (unsigned kind = 1; kind < VTR_FAULT_ALL; kind *= 2) {
        for (unsigned n = 0; try_with_fault(&r, kind | (n % 2 ? VTR_FAULT_ON : 0), n);
             n++) {
            assert_true(documented(r.rc));
            assert_nothing_left(before, footprint_now());
        }
    }
}

/* A heap of two segments, the first of which is full. */
struct full {
    struct vtr_heap *heap;
    struct vtr_buf buf[64];
};

static uint64_t segment_bytes(struct vtr_heap *heap)
{
    struct vtr_heap_stat stat = { .size = sizeof stat };
    vtr_heap_stat(heap, &stat);
    return stat.segment_bytes;
}

static void full_begin(struct full *f)
{
    struct vtr_heap_opts opts = opts_of(VTR_PAGES_SMALL);
    opts.max_bytes = 2 * SEGMENT;
    assert_int_equal(vtr_heap_open(&opts, &f->heap, NULL), 0);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(vtr_buf_init(f->heap, 0, SEGMENT / 64, &f->buf[i]), 0);
    assert_int_equal(segment_bytes(f->heap), SEGMENT);
}

static void full_end(struct full *f)
{
    for (unsigned i = 0; i < 64; i++)
        vtr_buf_fini(&f->buf[i]);
    assert_int_equal(vtr_heap_close(f->heap, NULL), 0);
}

static unsigned every_failure_to_grow(struct full *f, unsigned kinds)
{
    struct run r = { .op = copy_small };
    unsigned n = 0;
    for (bool failed = true; failed; n += failed) { /* as to open, mostly */
        unsigned fds = footprint_fds();
        r.heap = f->heap;
        failed = try_with_fault(&r, kinds, n);
        bool grown = segment_bytes(f->heap) != SEGMENT;
        assert_true(r.rc == -ENOMEM || (r.rc == 0 && grown)); /* it may grow, and that be all */
        assert_int_equal(footprint_fds(), grown ? fds + 2 : fds);
        assert_int_equal(test_live(f->heap), 64);
        if (grown) {
            full_end(f);
            full_begin(f);
        }
    }
    return n;
}

static void a_second_segment_is_had_or_nothing_is_left(void **state)
{
    static const unsigned kinds[] = { VTR_FAULT_MMAP,      VTR_FAULT_MEMFD, VTR_FAULT_FALLOCATE,
                                      VTR_FAULT_FTRUNCATE, VTR_FAULT_FCNTL, VTR_FAULT_MADVISE };
    struct full f;
    (void)state;
    full_begin(&f);
    every_failure_to_grow(&f, kinds[0]); /* to warm up */
    full_end(&f);
    struct footprint before = footprint_now();
    full_begin(&f);
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_in_range(every_failure_to_grow(&f, kinds[i]), 2, UINT32_MAX);
        if (kinds[i] & TO_UNDO)
            every_failure_to_grow(&f, kinds[i] | VTR_FAULT_ON);
    }
    full_end(&f);
    assert_no_map_left(before, footprint_now());
}

/* The heap was used by a thread that is there and by one that is not. */
static void close_needs_nothing(void **state)
{
    struct footprint before = footprint_now();
    (void)state;
    struct run r = { .heap = test_heap(SEGMENT), .op = copy_large };
    assert_int_equal(run_in_a_thread(&r), 0);
    assert_int_equal(copy_large(&r), 0);
    vtr_test_fail_after_(VTR_FAULT_ALL | VTR_FAULT_ON, 0);
    int rc = vtr_heap_close(r.heap, NULL);
    bool failed = vtr_test_failed_();
    vtr_test_fail_after_(0, 0);
    assert_int_equal(rc, 0);
    assert_false(failed);
    assert_int_equal(footprint_now().views, before.views);
    assert_int_equal(footprint_now().fds, before.fds);
}

/* A process of its own, that has made no key yet. @return whether a call failed in it. */
static bool first_use_with_fault(unsigned kinds, unsigned n)
{
    int status = -1;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct run r = { .op = prepend_many };
        vtr_test_fail_after_(kinds, n);
        r.heap = test_heap(SEGMENT);
        int rc = vtr_data_copy(r.heap, bytes, 200, &r.given);
        bool failed = (rc == 0 && run_in_a_thread(&r) != 0) || vtr_test_failed_();
        vtr_test_fail_after_(0, 0);
        vtr_check(rc == 0 || rc == -ENOMEM);
        vtr_check(run_in_a_thread(&r) == 0);
        vtr_data_unref(&r.given);
        vtr_check(vtr_heap_close(r.heap, NULL) == 0);
        _exit(failed ? 1 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
    return WEXITSTATUS(status) == 1;
}

static void a_process_that_gets_no_key_works_as_soon_as_it_does(void **state)
{
    unsigned n = 0;
    (void)state;
    for (bool failed = true; failed; n += failed) {
        failed = first_use_with_fault(VTR_FAULT_KEY | VTR_FAULT_ON, n);
        assert_int_equal(first_use_with_fault(VTR_FAULT_KEY, n), failed);
    }
    assert_in_range(n, 2, UINT32_MAX);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest data[] = {
        cmocka_unit_test(a_process_that_gets_no_key_works_as_soon_as_it_does), /* first: no key */
        test_with_heap(a_copy_of_some_bytes),
        test_with_heap(a_copy_of_megabytes),
        test_with_heap(a_join_of_many),
        test_with_heap(a_join_that_takes_its_parts),
        test_with_heap(headers_in_front),
        test_with_heap(a_buf_split_and_sealed),
    };
    const struct CMUnitTest heap[] = {
        cmocka_unit_test(open_fails_as_documented),
        cmocka_unit_test(open_takes_lesser_pages_or_fails_as_documented),
        test_with_heap(a_copy_that_gets_one_block_of_two_keeps_none),
        cmocka_unit_test(a_second_segment_is_had_or_nothing_is_left),
        cmocka_unit_test(close_needs_nothing),
    };
    for (size_t i = 0; i < LARGE; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    if (argc == 2 && strcmp(argv[1], "data") == 0)
        return cmocka_run_group_tests(data, NULL, NULL);
    if (argc == 2 && strcmp(argv[1], "heap") == 0)
        return cmocka_run_group_tests(heap, NULL, NULL);
    return 2;
}
#else
int main(void)
{
    puts("calls fail on demand in debug builds only: -Dbuildtype=debug");
    return 77;
}
#endif
