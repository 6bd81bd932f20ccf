/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * heap: everything at once, at the limit. Threads that are born and end make data in many sizes,
 * pass it on through lock-free mailboxes, share, split, join, write it again and name it weakly,
 * while others open and close heaps of their own and read the statistics.
 *
 * Data proves itself: a mark a line, made of the identity of what it was written as and of its
 * place in that. Whoever holds data checks it, so a block that is given to two is seen.
 *
 * usage: test_heap_hammer [SEED]; VTR_TEST_LONG: for minutes
 */
#include "support.h"

#include <pthread.h>
#include <time.h>

#include "heap/block.h"

enum { WORKERS = 4, BOXES = 512, LINE = 64, MIB = 1 << 20 };

/* Data, and what it shows: [at, at + len) of what was written as @p id. */
struct note {
    struct vtr_data data;
    uint64_t id;
    uint32_t at;
};

struct weak_note {
    struct note note; /* its data is a name only */
    uint64_t gen;
};

struct arena {
    struct vtr_heap *heap;
    struct note *box[BOXES];            /* atomic: who takes a note out owns it */
    struct weak_note *weak_box[BOXES];  /* likewise */
    uint64_t next_id;                   /* atomic */
    uint32_t next_seed;                 /* atomic */
    uint32_t births;                    /* atomic; left to come */
    uint32_t steps;                     /* of each life */
    uint32_t done[16];                  /* atomic; by operation */
    bool over;                          /* atomic */
};

struct worker {
    struct arena *arena;
    uint64_t random;
};

static uint64_t mark(uint64_t id, uint32_t line)
{
    return (id * UINT64_C(0x9e3779b97f4a7c15) ^ line) * UINT64_C(0xd6e8feb86659fd93);
}

static void write_marks(uint8_t *bytes, uint64_t id, uint32_t at, uint32_t len)
{
    for (uint32_t line = (at + LINE - 1) / LINE; line * LINE + 8 <= at + len; line++) {
        uint64_t m = mark(id, line);
        memcpy(bytes + (line * LINE - at), &m, sizeof m);
    }
}

/* Of long data only every 61st line, so that most time goes into counting. */
static bool marks_hold(const struct note *n)
{
    uint32_t stop = n->at + n->data.len, step = n->data.len > 4096 ? 61 : 1;
    for (uint32_t line = (n->at + LINE - 1) / LINE; line * LINE + 8 <= stop; line += step) {
        uint64_t want = mark(n->id, line), got = 0;
        if (!vtr_data_gather(n->data, line * LINE - n->at, &got, sizeof got) || got != want)
            return false;
    }
    return true;
}

static void check(const struct note *n, const char *what)
{
    if (marks_hold(n))
        return;
    fprintf(stderr, "%s: not what was written as %llu\n", what, (unsigned long long)n->id);
    abort();
}

static struct note *note_new(struct vtr_data d, uint64_t id, uint32_t at)
{
    struct note *n = (struct note *)malloc(sizeof *n);
    vtr_check(n != NULL);
    *n = (struct note){ d, id, at };
    return n;
}

static void note_end(struct note *n)
{
    if (n == NULL)
        return;
    check(n, "end");
    vtr_data_unref(&n->data);
    free(n);
}

static struct note **any_box(struct worker *w)
{
    return &w->arena->box[test_random(&w->random) % BOXES];
}

static struct note *box_swap(struct note **box, struct note *n)
{
    return __atomic_exchange_n(box, n, __ATOMIC_ACQ_REL);
}

static void post(struct worker *w, struct vtr_data d, uint64_t id, uint32_t at)
{
    note_end(box_swap(any_box(w), note_new(d, id, at)));
}

static struct note *take(struct worker *w)
{
    return box_swap(any_box(w), NULL);
}

/* From 64 B to 3 MiB, each doubling as likely as the next. */
static uint32_t any_size(struct worker *w)
{
    uint32_t doubling = test_random(&w->random) % 16;
    return test_random(&w->random) % 64 == 0 ? 3 * MIB
                                             : 32 + test_random(&w->random) % (32u << doubling);
}

static bool fill(struct worker *w, struct vtr_buf *b, uint32_t len, uint64_t *id)
{
    struct arena *a = w->arena;
    if (vtr_buf_init(a->heap, test_random(&w->random) % 3 * 32, len, b) != 0)
        return false;
    *id = __atomic_add_fetch(&a->next_id, 1, __ATOMIC_RELAXED);
    write_marks(vtr_buf_reserve(b, len), *id, 0, len);
    vtr_buf_commit(b, len);
    return true;
}

static bool op_make(struct worker *w)
{
    struct vtr_buf b;
    uint64_t id;
    if (fill(w, &b, any_size(w), &id)) {
        post(w, vtr_buf_seal(&b), id, 0);
        return true;
    }
    for (unsigned i = 0; i < 4; i++) /* the heap is at its limit */
        note_end(take(w));
    return false;
}

static bool op_split(struct worker *w)
{
    struct vtr_buf b;
    struct vtr_data piece;
    uint64_t id;
    uint32_t len = 256 + test_random(&w->random) % 2000, at = 0;
    if (!fill(w, &b, len, &id))
        return false;
    while (len - at > 100 && vtr_buf_split(&b, 100, &piece)) {
        post(w, piece, id, at);
        at += 100;
    }
    if (test_random(&w->random) % 2 != 0)
        post(w, vtr_buf_seal(&b), id, at);
    else
        vtr_buf_fini(&b);
    return true;
}

static bool op_bulk(struct worker *w)
{
    struct vtr_buf bufs[40];
    struct vtr_data d[40];
    unsigned n = vtr_buf_init_bulk(w->arena->heap, 0, 1800, bufs, 40);
    for (unsigned i = 0; i < n; i++) {
        struct note as = { VTR_DATA_EMPTY, ~(uint64_t)i, 0 };
        write_marks(vtr_buf_reserve(&bufs[i], 1800), as.id, 0, 1800);
        vtr_buf_commit(&bufs[i], 1800);
        as.data = d[i] = vtr_buf_seal(&bufs[i]);
        check(&as, "bulk");
    }
    vtr_data_unref_bulk(d, n);
    return n != 0;
}

/* What is taken stays shared: others may hold slices of it and names. */
static bool op_share(struct worker *w)
{
    struct note *n = take(w);
    struct vtr_data part;
    if (n == NULL)
        return false;
    check(n, "share");
    uint32_t at = test_random(&w->random) % n->data.len;
    uint32_t len = 1 + test_random(&w->random) % (n->data.len - at);
    if (!vtr_data_slice(n->data, at, len, &part))
        abort();
    post(w, part, n->id, n->at + at);
    post(w, vtr_data_ref(n->data), n->id, n->at);
    note_end(box_swap(any_box(w), n));
    return true;
}

static bool op_write_again(struct worker *w)
{
    struct note *n = take(w);
    struct vtr_buf b;
    if (n == NULL)
        return false;
    check(n, "write again");
    uint32_t len = n->data.len;
    bool own = vtr_data_try_own(&n->data, &b);
    if (own) {
        n->id = __atomic_add_fetch(&w->arena->next_id, 1, __ATOMIC_RELAXED);
        write_marks(vtr_buf_bytes(&b), n->id, n->at, len);
        n->data = vtr_buf_seal(&b);
    }
    note_end(box_swap(any_box(w), n));
    return own;
}

/* The front is cut off and written before the rest once more: as the sum of two it is the same. */
static bool op_prepend(struct worker *w)
{
    struct note *n = take(w);
    struct vtr_data all;
    uint8_t front[256];
    if (n == NULL)
        return false;
    uint32_t len = test_random(&w->random) % sizeof front;
    bool done = vtr_data_gather(n->data, 0, front, len) && vtr_data_strip(&n->data, len);
    if (done && vtr_data_prepend(w->arena->heap, front, len, n->data, &all) == 0) {
        vtr_data_unref(&n->data);
        n->data = all;
    } else if (done) {
        n->at += len;
        done = false;
    }
    if (n->data.len == 0)
        note_end(n);
    else
        note_end(box_swap(any_box(w), n));
    return done;
}

static bool op_join(struct worker *w)
{
    struct note *n = take(w);
    struct vtr_data part[2], all;
    if (n == NULL)
        return false;
    uint32_t at = test_random(&w->random) % (n->data.len + 1);
    if (!vtr_data_slice(n->data, 0, at, &part[0]) ||
        !vtr_data_slice(n->data, at, n->data.len - at, &part[1]))
        abort();
    bool take_them = test_random(&w->random) % 2 != 0;
    int rc = take_them ? vtr_data_join_take(part, 2, &all) : vtr_data_join(part, 2, &all);
    if (rc != 0)
        abort();
    vtr_data_unref_bulk(part, 2);
    vtr_data_unref(&n->data);
    n->data = all;
    note_end(box_swap(any_box(w), n));
    return true;
}

static struct weak_note **any_weak_box(struct worker *w)
{
    return &w->arena->weak_box[test_random(&w->random) % BOXES];
}

static bool op_weaken(struct worker *w)
{
    struct note *n = take(w);
    if (n == NULL || (n->data.what & VTR_WHAT_LIST) != 0) {
        note_end(n);
        return false;
    }
    struct vtr_record *rec = vtr_what_record_(n->data.what);
    uint64_t gen = __atomic_load_n(&vtr_holders_of(rec)->gen, __ATOMIC_ACQUIRE);
    if (gen % 2 == 0) { /* it is sealed, not a piece of what somebody still writes */
        struct weak_note *name = (struct weak_note *)malloc(sizeof *name);
        vtr_check(name != NULL);
        *name = (struct weak_note){ *n, gen };
        vtr_block_share_(rec);
        free(__atomic_exchange_n(any_weak_box(w), name, __ATOMIC_ACQ_REL));
    }
    note_end(box_swap(any_box(w), n));
    return gen % 2 == 0;
}

static bool op_upgrade(struct worker *w)
{
    struct weak_note *name = __atomic_exchange_n(any_weak_box(w), NULL, __ATOMIC_ACQ_REL);
    if (name == NULL)
        return false;
    bool there = vtr_block_upgrade_(name->note.data.what, name->gen);
    if (there) {
        struct note n = name->note;
        check(&n, "upgrade");
        if (test_random(&w->random) % 2 != 0)
            post(w, n.data, n.id, n.at);
        else
            vtr_data_unref(&n.data);
    }
    if (there && test_random(&w->random) % 8 != 0)
        name = __atomic_exchange_n(any_weak_box(w), name, __ATOMIC_ACQ_REL);
    free(name);
    return there;
}

static bool op_end(struct worker *w)
{
    struct note *n = take(w);
    note_end(n);
    return n != NULL;
}

static bool (*const ops[])(struct worker *) = { op_make,    op_make, op_split,  op_bulk,
                                                op_share,   op_share, op_write_again, op_prepend,
                                                op_join,    op_weaken, op_upgrade, op_upgrade,
                                                op_end };
enum { OPS = sizeof ops / sizeof ops[0] };

static void *live(void *arg)
{
    struct arena *a = (struct arena *)arg;
    struct worker w = { .arena = a };
    w.random = __atomic_add_fetch(&a->next_seed, 1, __ATOMIC_RELAXED) * UINT64_C(1000003);
    uint32_t steps = a->steps / 2 + test_random(&w.random) % a->steps;
    for (uint32_t i = 0; i < steps; i++) {
        unsigned op = test_random(&w.random) % OPS;
        if (ops[op](&w))
            __atomic_add_fetch(&a->done[op], 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

/* One life after the other, each a thread. */
static void *give_birth(void *arg)
{
    struct arena *a = (struct arena *)arg;
    while ((int32_t)__atomic_sub_fetch(&a->births, 1, __ATOMIC_RELAXED) >= 0) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, live, a) != 0)
            abort();
        pthread_join(thread, NULL);
    }
    return NULL;
}

/* Other heaps come and go, and the counts of this one are looked at. */
static void *disturb(void *arg)
{
    struct arena *a = (struct arena *)arg;
    struct vtr_heap_stat stat = { .size = sizeof stat };
    while (!__atomic_load_n(&a->over, __ATOMIC_RELAXED)) {
        struct vtr_heap *other = test_heap(64 << 20);
        struct vtr_data d = test_data(other, "other", 5), e;
        if (vtr_data_prepend(other, "an", 2, d, &e) != 0)
            abort();
        vtr_data_unref(&d);
        vtr_data_unref(&e);
        test_heap_end(other);
        vtr_heap_stat(a->heap, &stat);
        if (stat.live_bytes > stat.max_bytes || stat.pageblock_bytes > stat.max_bytes ||
            __atomic_load_n(&a->heap->charged, __ATOMIC_RELAXED) > a->heap->quota)
            abort();
    }
    return NULL;
}

static void nothing_is_left(struct arena *a)
{
    for (unsigned i = 0; i < BOXES; i++) {
        note_end(a->box[i]);
        free(a->weak_box[i]);
    }
    assert_int_equal(test_live(a->heap), 0);
}

/* In a thread of its own, so that what its magazines hold is given back. */
static void *end_notes(void *arg)
{
    nothing_is_left((struct arena *)arg);
    return NULL;
}

static void hammer(struct vtr_heap_opts opts, uint32_t seed)
{
    struct arena *a = (struct arena *)calloc(1, sizeof *a);
    pthread_t thread[WORKERS + 1];
    bool longer = getenv("VTR_TEST_LONG") != NULL;
    *a = (struct arena){ .heap = test_heap_with(opts), .next_seed = seed, .steps = 10000 };
    a->births = longer ? 250 : 24;
    for (unsigned i = 0; i <= WORKERS; i++)
        assert_int_equal(
            pthread_create(&thread[i], NULL, i < WORKERS ? give_birth : disturb, a), 0);
    for (unsigned i = 0; i < WORKERS; i++)
        pthread_join(thread[i], NULL);
    __atomic_store_n(&a->over, true, __ATOMIC_RELAXED);
    pthread_join(thread[WORKERS], NULL);
    assert_int_equal(pthread_create(&thread[0], NULL, end_notes, a), 0);
    pthread_join(thread[0], NULL);
    assert_int_equal(__atomic_load_n(&a->heap->charged, __ATOMIC_RELAXED), 0);
    struct vtr_heap_stat stat = { .size = sizeof stat };
    vtr_heap_stat(a->heap, &stat);
    assert_true((stat.failed_limit + stat.failed_quota) > 0); /* it was the limit */
    for (unsigned op = 0; op < OPS; op++)
        printf("%u ", a->done[op]);
    printf("of each, %llu refused\n", (unsigned long long)(stat.failed_limit + stat.failed_quota));
    for (unsigned op = 0; op < OPS; op++)
        assert_true(a->done[op] > 0);
    for (unsigned round = 0; round < 2 && opts.quota_bytes == 0; round++) {
        assert_int_equal(test_take_all(a->heap, MIB), 64);
        assert_int_equal(test_take_all(a->heap, 2112), 32 * (2 * MIB / 2112));
        assert_int_equal(test_take_all(a->heap, 64 * MIB), 1);
    }
    test_heap_end(a->heap);
    free(a);
}

static void threads_at_the_limit_lose_no_block_and_give_none_twice(void **state)
{
    hammer((struct vtr_heap_opts){ .max_bytes = 64 << 20 }, *(uint32_t *)*state);
}

static void threads_at_their_quota_lose_no_block_and_give_none_twice(void **state)
{
    hammer((struct vtr_heap_opts){ .max_bytes = 128 << 20, .quota_bytes = 20 << 20 },
           *(uint32_t *)*state + 500);
}

int main(int argc, char **argv)
{
    uint32_t seed = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : (uint32_t)time(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(threads_at_the_limit_lose_no_block_and_give_none_twice, &seed),
        cmocka_unit_test_prestate(threads_at_their_quota_lose_no_block_and_give_none_twice, &seed),
    };
    printf("seed %u\n", seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
