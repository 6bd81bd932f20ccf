/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * base: private memory, wherever it comes from.
 *   test_memory malloc|jemalloc MALLOC_OF    what vtr_memory_stat must say, and a piece of the name
 *                                            of the library that the program's malloc must be of
 */
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>

#include "base/memory.h"
#include "support.h"

typedef int mallctl_fn(const char *, void *, size_t *, void *, size_t);

static const char *malloc_of;
static bool sanitized;
static mallctl_fn *mallctl_of; /* NULL: there is no jemalloc */

static struct vtr_memory_stat stat_now(void)
{
    struct vtr_memory_stat s = { .size = sizeof s };
    vtr_memory_stat(&s);
    return s;
}

static void skip_because(const char *why)
{
    printf("skipped: %s\n", why);
    skip();
}

static void in_a_thread(void *(*body)(void *), void *arg)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, body, arg), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void what_is_asked_for_is_aligned_and_writable(void **state)
{
    void *piece[5]; /* side by side: the first of a kind is aligned in any case */
    (void)state;
    for (size_t align = 1; align <= 4096; align *= 2)
        for (size_t bytes = 0; bytes < 10000; bytes = bytes * 2 + 1) {
            for (unsigned i = 0; i < 5; i++) {
                piece[i] = vtr_memory_alloc_(bytes, align);
                assert_non_null(piece[i]);
                assert_int_equal((uintptr_t)piece[i] % (align < 16 ? 16 : align), 0);
                memset(piece[i], 0xa5, bytes);
            }
            for (unsigned i = 0; i < 5; i++)
                vtr_memory_free_(piece[i]);
        }
}

static void zeroed_memory_is_zero_also_when_it_is_used_again(void **state)
{
    static const uint8_t zero[6000];
    (void)state;
    for (size_t bytes = 1; bytes <= sizeof zero; bytes = bytes * 3 + 1)
        for (unsigned i = 0; i < 100; i++) {
            uint8_t *p = (uint8_t *)vtr_memory_zalloc_(bytes, i % 2 ? 64 : 1);
            assert_non_null(p);
            assert_memory_equal(p, zero, bytes);
            memset(p, 0xff, bytes);
            vtr_memory_free_(p);
        }
}

static void a_larger_piece_keeps_its_bytes(void **state)
{
    (void)state;
    uint8_t *p = NULL;
    for (size_t bytes = 0; bytes < 300000; bytes = bytes * 2 + 1) {
        p = (uint8_t *)vtr_memory_realloc_(p, bytes + 1);
        assert_non_null(p);
        p[bytes] = (uint8_t)bytes;
        for (size_t i = 0; i < bytes; i = i * 2 + 1)
            assert_int_equal(p[i], (uint8_t)i);
    }
    vtr_memory_free_(p);
    vtr_memory_free_(NULL);
}

static void a_size_that_cannot_be_is_no_memory(void **state)
{
    (void)state;
    volatile size_t huge = SIZE_MAX / 2; /* the compiler knows that malloc has no such object */
    if (sanitized)
        skip_because("the sanitizer ends the program there");
    assert_null(vtr_memory_alloc_(huge, 1));
    assert_null(vtr_memory_zalloc_(huge, 64));
    void *p = vtr_memory_alloc_(1, 1);
    assert_null(vtr_memory_realloc_(p, huge));
    vtr_memory_free_(p);
}

static void the_malloc_of_the_program_is_its_own(void **state)
{
    Dl_info info;
    void *(*of)(size_t) = malloc;
    (void)state;
    vtr_memory_free_(vtr_memory_alloc_(1, 1));
    assert_int_not_equal(dladdr(*(void **)&of, &info), 0);
    if (strstr(info.dli_fname, malloc_of) == NULL)
        fail_msg("malloc is of %s, not %s", info.dli_fname, malloc_of);
}

/* @return the arena that jemalloc says @p p is in. */
static unsigned arena_of(void *p)
{
    unsigned arena = 0;
    size_t size = sizeof arena;
    assert_int_equal(mallctl_of("arenas.lookup", &arena, &size, &p, sizeof p), 0);
    return arena;
}

static void *arena_here(void *arg)
{
    void *p = vtr_memory_alloc_(100, 16);
    *(unsigned *)arg = arena_of(p);
    vtr_memory_free_(p);
    return NULL;
}

static void a_thread_has_an_arena_that_is_not_the_programs(void **state)
{
    unsigned automatic = 0, here, there, again;
    size_t size = sizeof automatic;
    (void)state;
    if (mallctl_of == NULL)
        skip_because("malloc serves, and has no arenas of ours");
    assert_int_equal(mallctl_of("opt.narenas", &automatic, &size, NULL, 0), 0);
    arena_here(&here);
    in_a_thread(arena_here, &there);
    in_a_thread(arena_here, &again);
    assert_true(here >= automatic && there >= automatic);
    assert_int_not_equal(here, there);
    assert_int_equal(there, again); /* the second thread got what the first one left */
}

static void the_figures_follow_what_is_allocated(void **state)
{
    enum { PIECES = 8, BYTES = 1 << 20 };
    void *piece[PIECES];
    (void)state;
    if (mallctl_of == NULL)
        skip_because("malloc serves, and has no arenas of ours");
    struct vtr_memory_stat before = stat_now();
    for (unsigned i = 0; i < PIECES; i++)
        assert_non_null(memset(piece[i] = vtr_memory_alloc_(BYTES, 1), 1, BYTES));
    struct vtr_memory_stat most = stat_now();
    for (unsigned i = 0; i < PIECES; i++)
        vtr_memory_free_(piece[i]);
    struct vtr_memory_stat after = stat_now();
    assert_true(most.allocated_bytes >= before.allocated_bytes + PIECES * BYTES);
    assert_true(most.resident_bytes >= most.allocated_bytes);
    assert_int_equal(after.allocated_bytes, before.allocated_bytes);
    assert_true(most.arenas != 0);
}

static void a_program_of_an_older_version_gets_its_fields_only(void **state)
{
    struct vtr_memory_stat s;
    (void)state;
    memset(&s, 0x5a, sizeof s);
    s.size = offsetof(struct vtr_memory_stat, from);
    vtr_memory_stat(&s);
    assert_int_equal(s.size, offsetof(struct vtr_memory_stat, from));
    assert_int_equal((uintptr_t)s.from, 0x5a5a5a5a5a5a5a5a);
}

struct ring {
    void *slot[64]; /* atomic */
    bool stop;      /* atomic */
};

/* Frees what others allocated, and leaves them something to free. */
static void *swap_pieces(void *arg)
{
    struct ring *r = (struct ring *)arg;
    uint64_t seed = (uintptr_t)&r;
    for (unsigned i = 0; i < 20000; i++) {
        size_t bytes = test_random(&seed) % 600;
        void *p = vtr_memory_alloc_(bytes, i % 3 ? 16 : 64);
        memset(p, 1, bytes);
        vtr_memory_free_(__atomic_exchange_n(&r->slot[test_random(&seed) % 64], p,
                                             __ATOMIC_ACQ_REL));
    }
    return NULL;
}

static void threads_free_what_others_allocated(void **state)
{
    enum { THREADS = 4, ROUNDS = 5 };
    struct ring r = { { NULL }, false };
    pthread_t thread[THREADS];
    (void)state;
    uint64_t arenas = stat_now().arenas;
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&thread[i], NULL, swap_pieces, &r), 0);
        for (unsigned i = 0; i < THREADS; i++)
            pthread_join(thread[i], NULL);
    }
    for (unsigned i = 0; i < 64; i++)
        vtr_memory_free_(r.slot[i]);
    assert_true(stat_now().arenas <= arenas + THREADS);
}

/* Keys made before and after the library's own, whose ends use it in three rounds. (There are four;
 * the last is ThreadSanitizer's.) */
static pthread_key_t early, late;
static unsigned ends; /* of this test's keys */

static void use_at_end(pthread_key_t key, void *p)
{
    ends++;
    vtr_memory_free_(p);
    vtr_memory_free_(vtr_memory_realloc_(vtr_memory_zalloc_(3000, 64), 5000));
    if (ends < 5)
        pthread_setspecific(key, vtr_memory_alloc_(200, 16));
}

static void end_early(void *p) { use_at_end(early, p); }
static void end_late(void *p) { use_at_end(late, p); }

static void *set_both(void *arg)
{
    (void)arg;
    pthread_setspecific(early, vtr_memory_alloc_(100, 16));
    pthread_setspecific(late, vtr_memory_alloc_(100, 16));
    return NULL;
}

static void a_thread_may_use_it_while_it_ends(void **state)
{
    (void)state;
    uint64_t arenas = stat_now().arenas;
    assert_int_equal(pthread_key_create(&late, end_late), 0);
    for (unsigned i = 0; i < 20; i++) {
        ends = 0;
        in_a_thread(set_both, NULL);
        assert_int_equal(ends, 6);
    }
    assert_true(stat_now().arenas <= arenas + 1);
}

static void *churn(void *arg)
{
    struct ring *r = (struct ring *)arg;
    while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED))
        in_a_thread(arena_here, (unsigned[1]){ 0 });
    return NULL;
}

static void a_child_of_a_busy_program_has_memory(void **state)
{
    struct ring r = { { NULL }, false };
    pthread_t thread[2];
    (void)state;
    if (mallctl_of == NULL)
        skip_because("malloc serves, and it is its own business");
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, churn, &r), 0);
    for (unsigned i = 0; i < 50; i++) {
        int status = -1;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            unsigned arena;
            swap_pieces(&r);
            in_a_thread(arena_here, &arena);
            _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
    __atomic_store_n(&r.stop, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
}

enum { CROWD = 64 }; /* more than ever had an arena before, which the first of them get */

struct crowd {
    pthread_barrier_t all;
    unsigned served; /* atomic */
};

static void *use_a_little(void *arg)
{
    struct crowd *c = (struct crowd *)arg;
    for (unsigned i = 0; i < 100; i++)
        vtr_memory_free_(vtr_memory_zalloc_(i * 10, 64));
    pthread_barrier_wait(&c->all); /* so that none takes what another left */
    __atomic_add_fetch(&c->served, 1, __ATOMIC_RELAXED);
    return NULL;
}

/* Last: no arena is left for what follows. */
static void a_thread_that_finds_no_arena_left_is_served(void **state)
{
    pthread_t thread[CROWD];
    struct crowd c = { .served = 0 };
    unsigned arena;
    size_t size = sizeof arena;
    (void)state;
    if (mallctl_of == NULL)
        skip_because("malloc serves, and has no arenas of ours");
    while (mallctl_of("arenas.create", &arena, &size, NULL, 0) == 0)
        ;
    pthread_barrier_init(&c.all, NULL, CROWD);
    for (unsigned i = 0; i < CROWD; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, use_a_little, &c), 0);
    for (unsigned i = 0; i < CROWD; i++)
        pthread_join(thread[i], NULL);
    pthread_barrier_destroy(&c.all);
    assert_int_equal(c.served, CROWD);
}

static mallctl_fn *find_mallctl(void)
{
    mallctl_fn *found;
    void *library = dlopen("libjemalloc.so.2", RTLD_NOW | RTLD_NOLOAD);
    *(void **)&found = library != NULL ? dlsym(library, "mallctl") : NULL;
    return found;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_for_is_aligned_and_writable),
        cmocka_unit_test(zeroed_memory_is_zero_also_when_it_is_used_again),
        cmocka_unit_test(a_larger_piece_keeps_its_bytes),
        cmocka_unit_test(a_size_that_cannot_be_is_no_memory),
        cmocka_unit_test(the_malloc_of_the_program_is_its_own),
        cmocka_unit_test(a_thread_has_an_arena_that_is_not_the_programs),
        cmocka_unit_test(the_figures_follow_what_is_allocated),
        cmocka_unit_test(a_program_of_an_older_version_gets_its_fields_only),
        cmocka_unit_test(threads_free_what_others_allocated),
        cmocka_unit_test(a_thread_may_use_it_while_it_ends),
        cmocka_unit_test(a_child_of_a_busy_program_has_memory),
        cmocka_unit_test(a_thread_that_finds_no_arena_left_is_served),
    };
    if (argc != 3 || pthread_key_create(&early, end_early) != 0)
        return 2;
    malloc_of = argv[2];
    struct vtr_memory_stat s = stat_now();
    sanitized = strstr(s.why, "sanitizer") != NULL;
    printf("from %s %s\n", s.from, s.why);
    if (strcmp(argv[1], "jemalloc") == 0 && strstr(s.why, "No such file") != NULL)
        return 77;
    if (strncmp(s.from, argv[1], strlen(argv[1])) != 0 || (s.why[0] == '\0') != (s.from[0] == 'j'))
        return 1;
    if (s.from[0] == 'j' && (mallctl_of = find_mallctl()) == NULL)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
