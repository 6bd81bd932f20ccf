/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * heap: who uses a freed block is noticed: in debug builds when it is taken again, under
 * AddressSanitizer at once. Which of the two this is, the build decides.
 */
#include "support.h"

#include "heap/block.h"
#include "heap/poison.h"

enum { SAID = 4096 };

static struct vtr_heap *heap;

static struct vtr_buf buf_of(size_t bytes)
{
    struct vtr_buf b = VTR_BUF_EMPTY;
    if (vtr_buf_init(heap, 0, bytes, &b) != 0)
        _exit(1);
    return b;
}

/* Writes through a pointer that outlived its buf, then takes the block again. */
static void write_after_the_end(size_t bytes, size_t at)
{
    heap = test_heap(64 << 20);
    struct vtr_buf b = buf_of(bytes);
    volatile uint8_t *stale = vtr_buf_bytes(&b);
    vtr_buf_fini(&b);
    stale[at] = 0x41;
    b = buf_of(bytes);
    vtr_buf_fini(&b);
}

static void write_the_first_byte(void) { write_after_the_end(2000, 0); }
static void write_the_last_byte(void) { write_after_the_end(2112, 2111); }
static void write_a_large_head(void) { write_after_the_end(5 << 20, 100); }
static void write_a_large_tail(void) { write_after_the_end(6 << 20, (6 << 20) - 1); }

static void read_after_the_end(void)
{
    heap = test_heap(64 << 20);
    struct vtr_data d = test_data(heap, "secret", 6);
    struct vtr_span s = vtr_data_span(d);
    vtr_data_unref(&d);
    fprintf(stderr, "%c", *(const volatile uint8_t *)s.ptr);
}

static void read_what_was_never_taken(void)
{
    heap = test_heap(64 << 20);
    struct vtr_data d = test_data(heap, "x", 1);
    fprintf(stderr, "%c", ((const volatile uint8_t *)vtr_data_span(d).ptr)[2 << 20]);
}

static bool says(void (*body)(void), const char *what)
{
    char said[SAID];
    test_death(body, said, sizeof said);
    if (strstr(said, what) == NULL)
        fprintf(stderr, "no '%s' in: %s\n", what, said);
    return strstr(said, what) != NULL;
}

static void a_write_to_a_freed_block_is_noticed(void **state)
{
    (void)state;
#if VTR_POISON_ASAN
    assert_true(says(write_the_first_byte, "use-after-poison"));
    assert_true(says(write_the_last_byte, "use-after-poison"));
    assert_true(says(write_a_large_head, "use-after-poison"));
#elif VTR_POISON_PATTERN
    char said[SAID];
    assert_int_equal(test_death(write_the_first_byte, said, sizeof said), SIGABRT);
    assert_non_null(strstr(said, "write to a freed buffer: heap 'test', block "));
    assert_non_null(strstr(said, " of pageblock 0 (2112 B), freed with generation "));
    assert_non_null(strstr(said, ": byte 0 is 0x41, not 0xdb"));
    assert_non_null(strstr(said, "; made at "));
    assert_non_null(strstr(said, "tests/heap/test_poison.c:"));
    assert_non_null(strstr(said, ", last ended at "));
    assert_true(says(write_the_last_byte, ": byte 2111 is 0x41, not 0xdb"));
    assert_true(says(write_a_large_head, "a large one, in pageblock 0: byte 100 is 0x41"));
    assert_true(says(write_a_large_tail, "a large one, in pageblock 2: byte 2097151 is 0x41"));
#else
    (void)write_the_first_byte, (void)write_the_last_byte, (void)write_a_large_head;
    (void)write_a_large_tail, (void)says;
    printf("skipped: a release build does not look\n");
#endif
}

static void address_sanitizer_sees_every_access_to_what_is_free(void **state)
{
    (void)state;
#if VTR_POISON_ASAN
    assert_true(says(read_after_the_end, "use-after-poison"));
    assert_true(says(read_what_was_never_taken, "use-after-poison"));
    (void)write_a_large_tail;
#else
    (void)read_after_the_end, (void)read_what_was_never_taken;
    printf("skipped: not built with AddressSanitizer\n");
#endif
}

/* Nothing is reported of a program that does nothing wrong, whatever changes class meanwhile. */
static void blocks_that_change_class_are_no_false_alarm(void **state)
{
    (void)state;
    static const size_t sizes[] = { 64, 5 << 20, 2000, 64 << 20, 300, 1 << 20, 3 << 20, 64 };
    heap = test_heap(64 << 20);
    for (unsigned round = 0; round < 2; round++)
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            struct vtr_buf b[40];
            unsigned n = vtr_buf_init_bulk(heap, 0, sizes[s], b, 40);
            assert_true(n >= 1);
            for (unsigned i = 0; i < n; i++) {
                vtr_buf_bytes(&b[i])[0] = 1;
                vtr_buf_bytes(&b[i])[sizes[s] - 1] = 2;
                vtr_buf_fini(&b[i]);
            }
        }
    test_heap_end(heap);
}

/* The addresses of a heap that was closed are anybody's. */
static void a_heap_that_closes_leaves_no_poison(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        heap = test_heap(64 << 20);
        test_heap_end(heap);
    }
    uint8_t *other = (uint8_t *)malloc(200 << 20);
    assert_non_null(other);
    memset(other, 1, 200 << 20);
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_to_a_freed_block_is_noticed),
        cmocka_unit_test(address_sanitizer_sees_every_access_to_what_is_free),
        cmocka_unit_test(blocks_that_change_class_are_no_false_alarm),
        cmocka_unit_test(a_heap_that_closes_leaves_no_poison),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
