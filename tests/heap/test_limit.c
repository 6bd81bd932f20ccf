/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * heap: at its limit all that is free is to be had, whoever has it in a magazine and whatever that
 * thread does; and what is not to be had costs little.
 */
#include "support.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "heap/block.h"

enum { MIB = 1 << 20, SEGMENT = 64 * MIB, SMALL = 100 };

struct other {
    struct vtr_heap *heap;
    pthread_t thread;
    pthread_barrier_t ready, over;
    void (*meanwhile)(struct other *);
    bool stop;            /* atomic */
    uint32_t rounds;      /* atomic */
};

static bool stopped(struct other *o)
{
    return __atomic_load_n(&o->stop, __ATOMIC_RELAXED);
}

static void *be_other(void *arg)
{
    struct other *o = (struct other *)arg;
    struct vtr_buf bufs[64];
    for (unsigned k = 0; k < VTR_CLASSES; k += 3) { /* what it has in its magazines */
        unsigned n = vtr_buf_init_bulk(o->heap, 0, vtr_class_bytes_(k), bufs, 64);
        for (unsigned i = 0; i < n; i++)
            vtr_buf_fini(&bufs[i]);
    }
    pthread_barrier_wait(&o->ready);
    o->meanwhile(o);
    pthread_barrier_wait(&o->over);
    return NULL;
}

static void start(struct other *o, void (*meanwhile)(struct other *))
{
    *o = (struct other){ .heap = test_heap(SEGMENT), .meanwhile = meanwhile };
    pthread_barrier_init(&o->ready, NULL, 2);
    pthread_barrier_init(&o->over, NULL, 2);
    assert_int_equal(pthread_create(&o->thread, NULL, be_other, o), 0);
    pthread_barrier_wait(&o->ready);
}

static void stop(struct other *o)
{
    __atomic_store_n(&o->stop, true, __ATOMIC_RELAXED);
    pthread_barrier_wait(&o->over);
    pthread_join(o->thread, NULL);
    test_heap_end(o->heap);
}

static void sleep_on(struct other *o) { (void)o; }

static void a_thread_that_sleeps_holds_nothing_back(void **state)
{
    (void)state;
    struct other o;
    start(&o, sleep_on);
    for (unsigned round = 0; round < 3; round++) {
        assert_int_equal(test_take_all(o.heap, MIB), 64);
        assert_int_equal(test_take_all(o.heap, SEGMENT), 1);
        assert_int_equal(test_take_all(o.heap, 64 << 10), 32 * 31);
    }
    stop(&o);
}

static void take_and_give(struct other *o)
{
    while (!stopped(o)) {
        struct vtr_buf b;
        if (vtr_buf_init(o->heap, 0, SMALL, &b) == 0)
            vtr_buf_fini(&b);
        __atomic_add_fetch(&o->rounds, 1, __ATOMIC_RELAXED);
    }
}

static void a_thread_that_runs_holds_back_its_pageblock_only(void **state)
{
    (void)state;
    struct other o;
    start(&o, take_and_give);
    for (unsigned round = 0; round < 20; round++)
        assert_in_range(test_take_all(o.heap, MIB), 62, 64);
    stop(&o);
}

static void *be_born_and_end(void *arg)
{
    struct vtr_heap *heap = (struct vtr_heap *)arg;
    struct vtr_buf bufs[10];
    unsigned n = vtr_buf_init_bulk(heap, 0, SMALL, bufs, 10);
    for (unsigned i = 0; i < n; i++)
        vtr_buf_fini(&bufs[i]);
    return NULL;
}

static void give_birth(struct other *o)
{
    while (!stopped(o)) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, be_born_and_end, o->heap) != 0)
            abort();
        pthread_join(thread, NULL);
        __atomic_add_fetch(&o->rounds, 1, __ATOMIC_RELAXED);
    }
}

static void threads_that_come_and_go_leave_all_of_it(void **state)
{
    (void)state;
    struct other o;
    start(&o, give_birth);
    while (__atomic_load_n(&o.rounds, __ATOMIC_RELAXED) < 50)
        assert_in_range(test_take_all(o.heap, MIB), 62, 64);
    __atomic_store_n(&o.stop, true, __ATOMIC_RELAXED);
    pthread_barrier_wait(&o.over);
    pthread_join(o.thread, NULL);
    assert_int_equal(test_take_all(o.heap, MIB), 64);
    test_heap_end(o.heap);
}

static void fork_on(struct other *o)
{
    while (!stopped(o)) {
        int status = 0;
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
            abort();
        __atomic_add_fetch(&o->rounds, 1, __ATOMIC_RELAXED);
    }
}

static void a_thread_that_forks_holds_nothing_back(void **state)
{
    (void)state;
    struct other o;
    start(&o, fork_on);
    while (__atomic_load_n(&o.rounds, __ATOMIC_RELAXED) < 20) {
        assert_int_equal(test_take_all(o.heap, MIB), 64);
        assert_int_equal(test_take_all(o.heap, 300 << 10), 32 * 6);
    }
    stop(&o);
}

/* What the child has of the parent's is its caches; its own heap is as any. */
static void work_at_the_limit(void)
{
    struct other o;
    start(&o, sleep_on);
    unsigned n = test_take_all(o.heap, MIB);
    fprintf(stderr, "%u", n);
    stop(&o);
}

static void a_forked_child_has_all_of_a_heap_of_its_own(void **state)
{
    (void)state;
    char said[512];
    struct vtr_heap *heap = test_heap(SEGMENT);
    assert_int_equal(test_take_all(heap, MIB), 64); /* this thread has its caches */
    fflush(stdout);
    assert_int_equal(test_death(work_at_the_limit, said, sizeof said), 0);
    assert_string_equal(said, "64");
    assert_int_equal(test_take_all(heap, MIB), 64);
    test_heap_end(heap);
}

static void bulk_takes_what_there_is(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_heap_stat stat = { .size = sizeof stat };
    struct vtr_buf bufs[70], none = VTR_BUF_EMPTY;
    memset(bufs, 0, sizeof bufs);
    assert_int_equal(vtr_buf_init_bulk(heap, 0, MIB, &none, 0), 0);
    assert_null(none.rec);
    assert_int_equal(vtr_buf_init_bulk(heap, 16, MIB - 16, bufs, 70), 64);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(vtr_buf_headroom(&bufs[i]), 16);
    for (unsigned i = 64; i < 70; i++)
        assert_null(bufs[i].rec);
    vtr_heap_stat(heap, &stat);
    assert_int_equal(stat.live_blocks, 64);
    assert_int_equal(stat.failed_limit, 6);
    for (unsigned i = 0; i < 70; i++)
        vtr_buf_fini(&bufs[i]);
}

static void bulk_takes_more_than_a_magazine_holds(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    enum { MANY = 1000 };
    struct vtr_buf *bufs = (struct vtr_buf *)calloc(MANY, sizeof *bufs);
    struct vtr_data *d = (struct vtr_data *)calloc(MANY + 1, sizeof *d);
    for (unsigned round = 0; round < 3; round++) {
        assert_int_equal(vtr_buf_init_bulk(heap, 0, 1500, bufs, MANY), MANY);
        for (unsigned i = 0; i < MANY; i++) {
            assert_true(vtr_buf_append(&bufs[i], &i, sizeof i));
            d[i] = vtr_buf_seal(&bufs[i]);
        }
        for (unsigned i = 0; i < MANY; i++)
            assert_memory_equal(vtr_data_span(d[i]).ptr, &i, sizeof i);
        vtr_data_unref(&d[7]);
        vtr_data_unref_bulk(d, MANY + 1); /* empty ones among them */
        vtr_data_unref_bulk(d, MANY + 1);
        vtr_data_unref_bulk(NULL, 0);
        assert_int_equal(test_live(heap), 0);
    }
    free(bufs);
    free(d);
}

static void *take_all_and_say_cpu_ms(void *arg)
{
    struct other *o = (struct other *)arg;
    struct timespec cpu;
    if (test_take_all(o->heap, MIB) != 64 || clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu) != 0)
        abort();
    __atomic_store_n(&o->rounds, cpu.tv_sec * 1000 + cpu.tv_nsec / 1000000, __ATOMIC_RELAXED);
    return NULL;
}

static uint32_t cpu_ms_of_all_but(uint32_t waited_ms)
{
    const struct timespec while_waiting = { 0, waited_ms * 1000000l };
    struct other o;
    pthread_t waiter;
    start(&o, sleep_on);
    struct vtr_cache *asleep = o.heap->caches; /* the waiter's comes before it */
    __atomic_store_n(&asleep->mine.inside, waited_ms != 0, __ATOMIC_RELAXED);
    assert_int_equal(pthread_create(&waiter, NULL, take_all_and_say_cpu_ms, &o), 0);
    nanosleep(&while_waiting, NULL);
    __atomic_store_n(&asleep->mine.inside, 0, __ATOMIC_RELEASE);
    pthread_join(waiter, NULL);
    stop(&o);
    return __atomic_load_n(&o.rounds, __ATOMIC_RELAXED);
}

/* For one that is stopped inside of its magazines: it may be waiting for this core. */
static void a_thread_that_waits_for_another_leaves_the_core(void **state)
{
    (void)state;
    uint32_t without = cpu_ms_of_all_but(0);
    assert_in_range(cpu_ms_of_all_but(400), 0, without + 200);
}

static void without_membarrier(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof code / sizeof code[0], code };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        fprintf(stderr, "no seccomp");
        return;
    }
    struct other o;
    start(&o, sleep_on);
    /* What the sleeper has in magazines keeps its pageblocks; the rest is there, time and again. */
    for (unsigned round = 0; round < 3; round++)
        if (test_take_all(o.heap, MIB) < 20 || test_take_all(o.heap, SMALL) < 20 * (2 * MIB / 128))
            abort();
    __atomic_store_n(&o.stop, true, __ATOMIC_RELAXED);
    pthread_barrier_wait(&o.over);
    pthread_join(o.thread, NULL);
    fprintf(stderr, "%u", test_take_all(o.heap, SEGMENT)); /* it has ended, and gave all back */
    test_heap_end(o.heap);
}

static void without_membarrier_a_thread_keeps_its_magazines_until_it_ends(void **state)
{
    (void)state;
    char said[512];
    fflush(stdout);
    assert_int_equal(test_death(without_membarrier, said, sizeof said), 0);
    if (strcmp(said, "no seccomp") == 0)
        skip();
    assert_string_equal(said, "1");
}

struct seeker {
    struct vtr_heap *heap;
    pthread_t thread;
    uint64_t refused;
};

static void *take_one_many_times(void *arg)
{
    struct seeker *s = (struct seeker *)arg;
    for (unsigned i = 0; i < 3000; i++) {
        struct vtr_buf b;
        if (vtr_buf_init(s->heap, 0, MIB, &b) == 0)
            vtr_buf_fini(&b);
        else
            s->refused++;
    }
    return NULL;
}

/* All get through, whoever takes whose from under whom. */
static void threads_that_want_the_last_block_all_get_on(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf bufs[63];
    struct seeker s[4];
    assert_int_equal(vtr_buf_init_bulk(heap, 0, MIB, bufs, 63), 63);
    for (unsigned i = 0; i < 4; i++) {
        s[i] = (struct seeker){ .heap = heap };
        assert_int_equal(pthread_create(&s[i].thread, NULL, take_one_many_times, &s[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++)
        pthread_join(s[i].thread, NULL);
    for (unsigned i = 0; i < 63; i++)
        vtr_buf_fini(&bufs[i]);
    assert_int_equal(test_take_all(heap, MIB), 64);
}

/* As when the depot has no memory for them. */
static void forget(struct vtr_heap *heap, unsigned klass)
{
    struct vtr_depot *depot = &heap->depot[klass];
    for (uint32_t i = 0; i < depot->n; i++)
        __atomic_store_n(&depot->rec[i]->count, VTR_COUNT_IDLE, __ATOMIC_RELEASE);
    depot->n = 0;
    vtr_heap_lost(heap, klass);
}

/* Blocks that no hint knows: a sweep finds each, whatever lost them. */
static void what_is_forgotten_is_found_again(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    unsigned before = test_take_all(heap, SMALL);
    for (unsigned k = 0; k < VTR_CLASSES; k++)
        forget(heap, k);
    assert_int_equal(test_take_all(heap, SMALL), before);
    assert_int_equal(test_take_all(heap, MIB), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_membarrier_a_thread_keeps_its_magazines_until_it_ends),
        cmocka_unit_test(a_thread_that_sleeps_holds_nothing_back),
        cmocka_unit_test(a_thread_that_runs_holds_back_its_pageblock_only),
        cmocka_unit_test(threads_that_come_and_go_leave_all_of_it),
        cmocka_unit_test(a_thread_that_forks_holds_nothing_back),
        cmocka_unit_test(a_thread_that_waits_for_another_leaves_the_core),
        cmocka_unit_test(a_forked_child_has_all_of_a_heap_of_its_own),
        test_with_heap(bulk_takes_what_there_is),
        test_with_heap(bulk_takes_more_than_a_magazine_holds),
        test_with_heap(threads_that_want_the_last_block_all_get_on),
        test_with_heap(what_is_forgotten_is_found_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
