/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * heap: statistics are exact: against a model, from another thread, and with other processes'
 * bits in the holder words. Reports and pictures show the same.
 */
#include "support.h"

#include <errno.h>
#include <pthread.h>

#include "base/system.h"
#include "heap/block.h"

static struct vtr_heap_stat stat_of(struct vtr_heap *heap)
{
    struct vtr_heap_stat stat = { .size = sizeof stat };
    vtr_heap_stat(heap, &stat);
    assert_true(vtr_heap_stat_valid(&stat));
    return stat;
}

/* The classes add up to what the heap says, but for large blocks. */
static void check_classes(struct vtr_heap *heap)
{
    struct vtr_heap_stat stat = stat_of(heap);
    struct vtr_heap_class_stat c = { .size = sizeof c };
    uint64_t live = stat.large_blocks, bytes = stat.large_bytes, cached = 0, cut = 0;
    for (unsigned k = 0; vtr_heap_class_stat(heap, k, &c) == 0; k++) {
        assert_true(vtr_heap_class_stat_valid(&c));
        assert_int_equal(c.bytes, vtr_class_bytes_(k));
        live += c.live;
        bytes += c.live * c.bytes;
        cached += c.cached * c.bytes;
        cut += c.pageblocks * VTR_PAGEBLOCK_BYTES;
    }
    assert_int_equal(live, stat.live_blocks);
    assert_int_equal(bytes, stat.live_bytes);
    assert_int_equal(cached, stat.cached_bytes);
    assert_int_equal(cut, stat.pageblock_bytes - stat.large_bytes);
}

static void parts_that_are_larger_than_the_whole_are_not_valid(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data d = test_data(heap, "x", 1);
    static const size_t parts[] = {
#define PART(field) offsetof(struct vtr_heap_stat, field)
        PART(unique_bytes), PART(fair_bytes), PART(visible_bytes), PART(large_bytes),
        PART(cached_bytes), PART(pageblock_bytes), PART(segment_bytes), PART(hugetlb_bytes),
        PART(thp_bytes),
#undef PART
    };
    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct vtr_heap_stat stat = stat_of(heap);
        uint64_t all = UINT64_C(1) << 40;
        memcpy((char *)&stat + parts[i], &all, sizeof all);
        assert_false(vtr_heap_stat_valid(&stat));
    }
    vtr_data_unref(&d);
}

enum { HELD = 300, STEPS = 20000 };

struct model {
    struct vtr_data data[HELD];
    struct vtr_buf buf[HELD]; /* or one that is open still */
    uint64_t bytes[HELD], visible[HELD];
    uint64_t seed;
};

static uint64_t block_bytes(size_t len)
{
    int klass = vtr_class_for_(len);
    const uint64_t whole = VTR_PAGEBLOCK_BYTES;
    return klass >= 0 ? vtr_class_bytes_((unsigned)klass) : (len + whole - 1) / whole * whole;
}

static void model_end(struct model *m, unsigned i)
{
    vtr_data_unref(&m->data[i]);
    vtr_buf_fini(&m->buf[i]);
    m->bytes[i] = m->visible[i] = 0;
}

static void model_begin(struct vtr_heap *heap, struct model *m, unsigned i)
{
    size_t len = 1 + test_random(&m->seed) % (test_random(&m->seed) % 40 == 0 ? 2 << 20 : 5000);
    if (vtr_buf_init(heap, 0, len, &m->buf[i]) != 0)
        return;
    m->bytes[i] = m->visible[i] = block_bytes(len);
    if (test_random(&m->seed) % 4 == 0)
        return; /* open: all of it counts as visible */
    vtr_buf_commit(&m->buf[i], len);
    m->data[i] = vtr_buf_seal(&m->buf[i]);
    m->visible[i] = len;
}

static void check_model(const struct model *m, struct vtr_heap *heap)
{
    struct vtr_heap_stat stat = stat_of(heap);
    uint64_t blocks = 0, bytes = 0, visible = 0;
    for (unsigned i = 0; i < HELD; i++) {
        blocks += m->bytes[i] != 0;
        bytes += m->bytes[i];
        visible += m->visible[i];
    }
    assert_int_equal(stat.live_blocks, blocks);
    assert_int_equal(stat.live_bytes, bytes);
    assert_int_equal(stat.unique_bytes, bytes); /* one process holds them all */
    assert_int_equal(stat.fair_bytes, bytes);
    assert_true(stat.charged_bytes >= bytes);
    assert_true(stat.visible_bytes <= visible); /* in 255ths of a block, rounded down twice */
    assert_true(visible - stat.visible_bytes <= bytes / 255 + 2 * blocks);
}

static void a_random_load_is_counted_exactly(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct model *m = (struct model *)calloc(1, sizeof *m);
    m->seed = 2026;
    printf("seed %llu\n", (unsigned long long)m->seed);
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned i = test_random(&m->seed) % HELD;
        if (m->bytes[i] != 0)
            model_end(m, i);
        else
            model_begin(heap, m, i);
        if (step % 500 == 0)
            check_model(m, heap);
        if (step % 5000 == 0)
            check_classes(heap);
    }
    for (unsigned i = 0; i < HELD; i++)
        model_end(m, i);
    check_model(m, heap);
    free(m);
}

static void *check_from_here(void *arg)
{
    struct vtr_heap *heap = (struct vtr_heap *)arg;
    struct vtr_heap_stat stat = stat_of(heap);
    assert_int_equal(stat.live_blocks, 2);
    assert_int_equal(stat.live_bytes, 2112 + 64);
    check_classes(heap);
    return NULL;
}

static void another_thread_counts_the_same(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data a = test_data(heap, "a", 1);
    struct vtr_buf b;
    pthread_t thread;
    assert_int_equal(vtr_buf_init(heap, 0, 2000, &b), 0);
    assert_int_equal(pthread_create(&thread, NULL, check_from_here, heap), 0);
    pthread_join(thread, NULL);
    vtr_buf_fini(&b);
    vtr_data_unref(&a);
}

/* Other slots' bits, as other processes of the domain set them. */
static void others_hold(struct vtr_data d, uint64_t bits, bool hold)
{
    struct vtr_holders *h = vtr_holders_of(vtr_what_record_(d.what));
    if (hold)
        __atomic_fetch_or(&h->word, bits, __ATOMIC_ACQ_REL);
    else
        __atomic_fetch_and(&h->word, ~bits, __ATOMIC_ACQ_REL);
}

static void a_block_that_others_hold_is_shared_out_fairly(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data a = test_data(heap, "a", 1), b = test_data(heap, "b", 1);
    others_hold(a, 6, true); /* three holders of 64 bytes: 22, 21, 21 */
    struct vtr_heap_stat stat = stat_of(heap);
    assert_int_equal(stat.live_bytes, 128);
    assert_int_equal(stat.fair_bytes, 22 + 64);
    assert_int_equal(stat.unique_bytes, 64);
    struct vtr_pageblock *pb = vtr_pageblock_of(vtr_what_record_(a.what));
    uint64_t own = pb->own_bit, sum = 0;
    for (unsigned slot = 0; slot < 3; slot++) { /* what each of the three would be told */
        pb->own_bit = UINT64_C(1) << slot;
        sum += stat_of(heap).fair_bytes - (slot == 0 ? 64 : 0);
    }
    assert_int_equal(sum, 64);
    pb->own_bit = own;
    others_hold(a, 6, false);
    others_hold(a, UINT64_C(1) << 34, true); /* a soft reference pins nothing for its process */
    stat = stat_of(heap);
    assert_int_equal(stat.fair_bytes, 128);
    assert_int_equal(stat.unique_bytes, 64);
    others_hold(a, UINT64_C(1) << 34, false);
    vtr_data_unref(&a);
    vtr_data_unref(&b);
}

static void what_only_others_hold_is_not_ours(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data a = test_data(heap, "a", 1), gone = a;
    struct vtr_heap_class_stat c = { .size = sizeof c };
    vtr_block_share_(vtr_what_record_(a.what));
    others_hold(a, 2, true);
    vtr_data_unref(&a);
    assert_int_equal(stat_of(heap).live_blocks, 0);
    assert_int_equal(vtr_heap_class_stat(heap, 0, &c), 0);
    assert_int_equal(c.other, 1);
    assert_true(vtr_heap_class_stat_valid(&c));
    others_hold(gone, 2, false);
}

static void refusals_are_told_apart_by_their_reason(void **state)
{
    (void)state;
    struct vtr_heap_opts opts = { .size = sizeof opts, .max_bytes = 64 << 20,
                                  .quota_bytes = 32 << 20 };
    struct vtr_heap *heap = NULL;
    struct vtr_buf bufs[3];
    assert_int_equal(vtr_heap_open(&opts, &heap, NULL), 0);
    assert_int_equal(vtr_buf_init(heap, 0, 20 << 20, &bufs[0]), 0);
    assert_int_equal(vtr_buf_init(heap, 0, 20 << 20, &bufs[1]), -EDQUOT);
    struct vtr_heap_stat stat = stat_of(heap);
    assert_int_equal(stat.failed_quota, 1);
    assert_int_equal(stat.failed_limit, 0);
    assert_int_equal(stat.quota_bytes, 32 << 20);
    assert_int_equal(stat.charged_bytes, 20 << 20);
    assert_int_equal(stat.large_blocks, 1);
    assert_int_equal(stat.large_bytes, 20 << 20);
    vtr_buf_fini(&bufs[0]);
    test_heap_end(heap);
    heap = test_heap(64 << 20);
    assert_int_equal(vtr_buf_init_bulk(heap, 0, 30 << 20, bufs, 3), 2);
    stat = stat_of(heap);
    assert_int_equal(stat.failed_limit, 1);
    assert_int_equal(stat.failed_quota, 0);
    assert_int_equal(stat.quota_bytes, 0);
    vtr_buf_fini(&bufs[0]);
    vtr_buf_fini(&bufs[1]);
    test_heap_end(heap);
}

static void an_older_caller_gets_the_fields_it_knows(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_heap_stat stat = { .size = sizeof stat };
    memset(&stat, 0x5a, sizeof stat);
    stat.size = offsetof(struct vtr_heap_stat, live_blocks);
    vtr_heap_stat(heap, &stat);
    assert_int_equal(stat.live_bytes, 0);
    assert_int_equal(stat.live_blocks, UINT64_C(0x5a5a5a5a5a5a5a5a));
}

static void forget_the_size(void)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_heap_stat stat = { .size = 0 };
    vtr_heap_stat(heap, &stat);
}

static void a_size_that_was_not_set_is_named(void **state)
{
    (void)state;
    char said[512];
    assert_int_equal(test_death(forget_the_size, said, sizeof said), SIGABRT);
    assert_non_null(strstr(said, "sizeof"));
}

/* Amounts of memory of the machine become N. */
static void normalise(char *text)
{
    char *at = strstr(text, "of at most ");
    char *end = at != NULL ? strstr(at, " MiB taken") : NULL;
    if (end != NULL)
        memmove(at + strlen("of at most ") + 1, end, strlen(end) + 1), at[11] = 'N';
    at = strstr(text, "taken: ");
    end = at != NULL ? strstr(at, "  memory") : NULL; /* with why they are no better */
    if (end != NULL)
        memmove(at + strlen("taken: "), end, strlen(end) + 1);
}

static void a_report_reads_well(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    char text[4096], little[16];
    struct vtr_data a[3];
    struct vtr_buf large;
    for (unsigned i = 0; i < 3; i++) {
        uint8_t bytes[1056] = { 0 };
        a[i] = test_data(heap, bytes, sizeof bytes);
    }
    assert_int_equal(vtr_buf_init(heap, 0, 3 << 20, &large), 0);
    int n = vtr_heap_report(heap, text, sizeof text);
    assert_int_equal(n, strlen(text));
    assert_int_equal(vtr_heap_report(heap, little, sizeof little), n);
    assert_memory_equal(little, text, sizeof little - 1);
    normalise(text);
    assert_string_equal(text,
        "heap 'test'\n"
        "  pages     64 of at most N MiB taken: "
        "  memory    6.0 MiB cut into blocks: 4.0 MiB held, 64.8 KiB cached, 1.9 MiB free; "
        "58.0 MiB not cut\n"
        "  held      4 blocks, of these 1 large (4.0 MiB); ours alone 4.0 MiB, our fair share "
        "4.0 MiB\n"
        "  pinned    4.0 MiB for 4.0 MiB visible: 1.00 times\n"
        "  quota     none; 4.1 MiB would be charged\n"
        "  refused   0 blocks at the limit, 0 at the quota\n"
        "  keep      0 by reference, 0 copied: 0 B copied, so that 0 B are not pinned\n"
        "  classes        bytes  pageblocks    blocks      held    cached      free   others'\n"
        "                  1088           1      1927         3        61      1863         0\n");
    for (unsigned i = 0; i < 3; i++)
        vtr_data_unref(&a[i]);
    vtr_buf_fini(&large);
}

static void a_report_tells_the_quota(void **state)
{
    (void)state;
    struct vtr_heap *heap = test_heap_with((struct vtr_heap_opts){ .max_bytes = 64 << 20,
                                                                   .quota_bytes = 1 << 20 });
    char text[2048];
    assert_true(vtr_heap_report(heap, text, sizeof text) < (int)sizeof text);
    assert_non_null(strstr(text, "  quota     0 B charged of 1.0 MiB\n"));
    test_heap_end(heap);
}

static void a_picture_that_cannot_be_written_is_an_error(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_error err = { 0 };
    assert_int_equal(vtr_heap_picture(heap, "/nowhere/to/be/found.svg", &err), -ENOENT);
    assert_int_equal(err.code, -ENOENT);
    assert_string_equal(err.what, "heap 'test': cannot draw '/nowhere/to/be/found.svg': No such "
                                  "file or directory");
    assert_int_equal(vtr_heap_picture(heap, "/dev/full", &err), -ENOSPC);
    assert_int_equal(vtr_heap_picture(heap, "/dev/null", NULL), 0);
}

#if VTR_DEBUG
static void a_picture_needs_memory(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_error err = { 0 };
    for (unsigned k = 0; k < 2; k++) {
        vtr_test_fail_after_(VTR_FAULT_MEMORY, k);
        assert_int_equal(vtr_heap_picture(heap, "/dev/null", &err), -ENOMEM);
        vtr_test_fail_after_(0, 0);
        assert_string_equal(err.what, "heap 'test': no memory for a picture");
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_with_heap(parts_that_are_larger_than_the_whole_are_not_valid),
        test_with_heap(a_random_load_is_counted_exactly),
        test_with_heap(another_thread_counts_the_same),
        test_with_heap(a_block_that_others_hold_is_shared_out_fairly),
        test_with_heap(what_only_others_hold_is_not_ours),
        cmocka_unit_test(refusals_are_told_apart_by_their_reason),
        test_with_heap(an_older_caller_gets_the_fields_it_knows),
        cmocka_unit_test(a_size_that_was_not_set_is_named),
        test_with_heap(a_report_reads_well),
        cmocka_unit_test(a_report_tells_the_quota),
#if VTR_DEBUG
        test_with_heap(a_picture_needs_memory),
#endif
        test_with_heap(a_picture_that_cannot_be_written_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
