/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What the tests of several modules share: a heap that must be empty when it ends, and deaths.
 */
#ifndef VITRINE_TESTS_SUPPORT_H
#define VITRINE_TESTS_SUPPORT_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <vitrine/vitrine.h>

/* ThreadSanitizer cannot see a race between two mappings of the same bytes. */
static inline bool test_single_view(void)
{
    return getenv("VTR_TEST_SINGLE_VIEW") != NULL;
}

static inline struct vtr_heap *test_heap_with(struct vtr_heap_opts opts)
{
    struct vtr_error err = { 0 };
    struct vtr_heap *heap = NULL;
    opts.size = sizeof opts;
    opts.name = "test";
    if (test_single_view())
        opts.flags |= VTR_HEAP_SINGLE_VIEW;
    int rc = vtr_heap_open(&opts, &heap, &err);
    if (rc != 0)
        fail_msg("%s (%s)", err.what, err.hint);
    return heap;
}

static inline struct vtr_heap *test_heap(uint64_t max_bytes)
{
    return test_heap_with((struct vtr_heap_opts){ .max_bytes = max_bytes });
}

static inline uint64_t test_live(struct vtr_heap *heap)
{
    struct vtr_heap_stat stat = { .size = sizeof stat };
    vtr_heap_stat(heap, &stat);
    return stat.live_blocks;
}

/* Every test ends here: nothing is left behind. */
static inline void test_heap_end(struct vtr_heap *heap)
{
    struct vtr_error err = { 0 };
    if (vtr_heap_close(heap, &err) != 0)
        fail_msg("%s", err.what);
}

/* @return how many blocks of @p bytes there are: all of them were taken and given back. */
static inline unsigned test_take_all(struct vtr_heap *heap, size_t bytes)
{
    unsigned n = 0, max = (64 << 20) / (unsigned)bytes + 1;
    struct vtr_buf *bufs = (struct vtr_buf *)calloc(max, sizeof *bufs);
    while (n < max && vtr_buf_init(heap, 0, bytes, &bufs[n]) == 0)
        n++;
    for (unsigned i = 0; i < n; i++)
        vtr_buf_fini(&bufs[i]);
    free(bufs);
    return n;
}

/* Around a test whose state is a heap of one segment. */
static inline int test_begin(void **state)
{
    *state = test_heap(64 << 20);
    return 0;
}

static inline int test_end(void **state)
{
    test_heap_end((struct vtr_heap *)*state);
    return 0;
}
#define test_with_heap(test) cmocka_unit_test_setup_teardown(test, test_begin, test_end)

static inline struct vtr_data test_data(struct vtr_heap *heap, const void *bytes, size_t len)
{
    struct vtr_data d;
    int rc = vtr_data_copy(heap, bytes, len, &d);
    assert_int_equal(rc, 0);
    return d;
}

static inline void assert_data(struct vtr_data d, const void *bytes, size_t len)
{
    assert_int_equal(d.len, len);
    uint8_t *got = (uint8_t *)malloc(len + 1);
    assert_true(vtr_data_gather(d, 0, got, len));
    assert_memory_equal(got, bytes, len);
    free(got);
}

/* Runs @p body in a child of its own, which opens its own heap. @return the signal it died of, or
 * 0 if it ended. What it says on stderr goes to @p said. */
static inline int test_death(void (*body)(void), char *said, size_t size)
{
    int fds[2], status = 0;
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(fds[1], STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        body();
        _exit(0);
    }
    close(fds[1]);
    size_t got = 0;
    for (ssize_t n = 1; n > 0 && got + 1 < size; got += n > 0 ? (size_t)n : 0)
        n = read(fds[0], said + got, size - 1 - got);
    said[got] = '\0';
    close(fds[0]);
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* A copy of exactly @p len bytes, to be freed: a sanitizer sees a read one byte behind them. */
static inline uint8_t *test_exact_copy(const void *bytes, size_t len)
{
    uint8_t *copy = (uint8_t *)malloc(len != 0 ? len : 1);
    assert_non_null(copy);
    if (len != 0)
        memcpy(copy, bytes, len);
    return copy;
}

/* A seeded generator, so that a failure can be had again. */
static inline uint32_t test_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

#endif
