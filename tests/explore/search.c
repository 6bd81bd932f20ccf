/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Depth first through all states. From each, every thread that can goes one step, a store that is
 * delayed arrives, or a mortal thread is killed; a state that was seen before is not entered again.
 *
 * A schedule is a list of thread*operations (its thread goes on for so many), of a, b, c (the store
 * of thread 0, 1, 2 arrives) and x, y, z (the thread is killed).
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "engine.h"

enum { RUN, FLUSH, KILL, CHOICES = 3 * THREADS };
enum { DEPTH_MAX = 1 << 16, STATES_MAX = 1 << 23, TABLE_FIRST = 1 << 14 };
#define SAVED_MAX ((size_t)1 << 30)

static struct node {
    size_t at; /* where the state is saved */
    unsigned lines;
    unsigned todo; /* choices, as bits */
    unsigned choice;
} node[DEPTH_MAX + 1]; /* the one after the last says where the next is saved */
static unsigned depth, taken; /* nodes, and how many of them chose what led here */
static uint8_t *saved; /* states of the nodes, one after the other */
static uint8_t *root;  /* threads before their first step; NULL during setup */

static uint64_t *table; /* hashes of states */
static uint64_t table_size, states, ends, steps, passes;
static unsigned deepest;

bool tracing;
static char schedule[16 << 10]; /* of the trace */
static unsigned said_thread, said_operations;
static char message[512];

enum { BEGUN, AGAIN, FAILED };
static sigjmp_buf home;

void search_again(void)
{
    siglongjmp(home, AGAIN);
}

void explore_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    siglongjmp(home, FAILED);
}

static void crashed(int signal, siginfo_t *info, void *context)
{
    (void)context;
    explore_fail("signal %d at %p", signal, info->si_addr);
}

void search_trace(const struct explore_site *site, const char *format, ...)
{
    static const struct explore_site *last;
    va_list args;
    if (!tracing || site == last) /* a loop says one line */
        return;
    last = site;
    printf("    %c  %-12s %4d  %-17s %-22s ", self == MAIN ? '-' : (char)('0' + self), site->file,
           site->line, site->op, site->what);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Four lanes, so that the multiplications overlap. */
static uint64_t hash(const uint8_t *p, size_t bytes)
{
    uint64_t lane[4] = { bytes, 1, 2, 3 }, word[8] = { 0 };
    for (size_t n = sizeof word; bytes != 0; p += n, bytes -= n) {
        if (bytes < n) {
            n = bytes;
            memset(word, 0, sizeof word);
            memcpy(word, p, n);
        } else {
            memcpy(word, p, sizeof word);
        }
        for (unsigned i = 0; i < 4; i++)
            lane[i] = mix(lane[i] ^ word[2 * i] ^ UINT64_C(0xa0761d6478bd642f),
                          word[2 * i + 1] ^ UINT64_C(0xe7037ed1a0b428db) ^ lane[i] << 1);
    }
    return mix(lane[0] ^ lane[2] << 1, lane[1] ^ lane[3] << 1 ^ UINT64_C(0x8ebc6af09c88c6e3)) | 1;
}

static bool insert(uint64_t key)
{
    uint64_t slot = key >> 20 & (table_size - 1);
    for (; table[slot] != 0; slot = (slot + 1) & (table_size - 1))
        if (table[slot] == key)
            return false;
    table[slot] = key;
    return true;
}

static void table_reset(uint64_t size)
{
    free(table);
    table = calloc(size, sizeof *table);
    if (table == NULL)
        abort();
    table_size = size;
}

static bool is_new(uint64_t key)
{
    if (states * 2 >= table_size) {
        uint64_t *old = table, size = table_size;
        table = NULL;
        table_reset(size * 2);
        for (uint64_t i = 0; i < size; i++)
            if (old[i] != 0)
                insert(old[i]);
        free(old);
    }
    return insert(key);
}

static size_t save(size_t at)
{
    size_t end = at;
    end += fibers_save(saved + end);
    end += order_save(saved + end);
    end += memory_save(saved + end);
    return end;
}

static void load(const struct node *n)
{
    const uint8_t *from = saved + n->at;
    from += fibers_load(from);
    from += order_load(from);
    memory_load(from, n->lines);
    fibers_home();
}

static unsigned choices(void)
{
    unsigned some = 0;
    for (unsigned t = 0; t < THREADS; t++) {
        if (fiber_can_run(t))
            some |= 1u << (RUN * THREADS + t);
        if (run.pending[t].size != 0)
            some |= 1u << (FLUSH * THREADS + t);
        if ((scenario->mortal >> t & 1) != 0 && run.fiber[t].wait < ENDED)
            some |= 1u << (KILL * THREADS + t);
    }
    return some;
}

static void take(unsigned choice)
{
    switch (choice / THREADS) {
    case RUN:
        fiber_run(choice % THREADS);
        break;
    case FLUSH:
        calls_flush(choice % THREADS);
        break;
    default:
        fiber_kill(choice % THREADS);
        break;
    }
}

/* All threads are gone, one way or another. */
static void finish(void)
{
    for (unsigned t = 0; t < THREADS; t++)
        if (run.fiber[t].wait == ENDED)
            fiber_call(t, fiber_exit);
    scenario->finish();
    ends++;
}

/* @return what can happen next. */
static unsigned look(void)
{
    if (fibers_ended()) {
        finish();
        return 0;
    }
    unsigned some = choices();
    if (some == 0)
        explore_fail("deadlock: no thread can go on");
    return some;
}

/* A node for the present state, unless it is known. */
static void enter(size_t at)
{
    scenario->invariant();
    size_t end = save(at);
    if (depth == DEPTH_MAX || end > SAVED_MAX - (1 << 20) || states == STATES_MAX) {
        printf("%s: not exhausted: %u steps deep, %llu states\n", scenario->name, depth,
               (unsigned long long)states);
        exit(1);
    }
    if (!is_new(hash(saved + at, end - at)))
        return;
    states++;
    struct node *n = &node[depth++];
    n->at = at;
    n->lines = memory_lines();
    n->todo = 0;
    n->todo = look();
    node[depth].at = end;
    if (depth > deepest)
        deepest = depth;
}

static void explore(void)
{
    enter(node[0].at);
    while (depth != 0) {
        struct node *n = &node[depth - 1];
        size_t end = node[depth].at;
        if (n->todo == 0) {
            node[--depth].at = n->at;
            continue;
        }
        n->choice = (unsigned)__builtin_ctz(n->todo);
        n->todo &= n->todo - 1;
        load(n);
        steps++;
        taken = depth;
        take(n->choice);
        enter(end);
    }
}

static void say(const char *format, ...)
{
    size_t n = strlen(schedule);
    va_list args;
    va_start(args, format);
    vsnprintf(schedule + n, sizeof schedule - n, format, args);
    va_end(args);
}

/* Ends the run of one thread in the schedule. */
static void say_run(void)
{
    if (said_operations != 0)
        say("%s%u*%u", schedule[0] != 0 ? "," : "", said_thread, said_operations);
    said_operations = 0;
}

static void say_operations(void)
{
    said_operations += (unsigned)-budget;
    budget = 0;
}

/* A choice of the trace, said and done. */
static void take_said(unsigned choice)
{
    unsigned thread = choice % THREADS, kind = choice / THREADS;
    if (kind != RUN || thread != said_thread)
        say_run();
    said_thread = thread;
    if (kind != RUN)
        say("%s%c", schedule[0] != 0 ? "," : "", (kind == FLUSH ? 'a' : 'x') + (int)thread);
    if (kind == FLUSH)
        printf("    %u  its delayed store is seen\n", thread);
    if (kind == KILL)
        printf("    %u  is killed\n", thread);
    budget = 0;
    take(choice);
    say_operations();
}

/* The way to the failure once more, which prints it. */
static void follow(void)
{
    for (unsigned i = 0; i < taken; i++)
        take_said(node[i].choice);
    scenario->invariant();
    look();
}

/* The schedule that was asked for. */
static void follow_text(const char *at)
{
    unsigned thread, operations;
    int n;
    while (*at != 0) {
        if (sscanf(at, "%u*%u%n", &thread, &operations, &n) == 2 && thread < THREADS) {
            budget = (int)operations;
            take(RUN * THREADS + thread);
            at += n;
        } else if (strchr("abcxyz", *at) != NULL) {
            take((*at < 'x' ? FLUSH * THREADS + (unsigned)(*at - 'a')
                            : KILL * THREADS + (unsigned)(*at - 'x')));
            at++;
        } else {
            explore_fail("not a schedule: %s", at);
        }
        at += *at == ',';
    }
    scenario->invariant();
    if (fibers_ended())
        finish();
}

static void catch_crashes(void)
{
    static uint8_t stack[64 << 10];
    stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
    struct sigaction action = { .sa_sigaction = crashed,
                                .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
    sigaltstack(&alternate, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGFPE, &action, NULL);
}

static void prepare(void)
{
    saved = mmap(NULL, SAVED_MAX, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (saved == MAP_FAILED)
        abort();
    catch_crashes();
    scenario->setup();
    for (unsigned t = 0; t < THREADS && scenario->warm != NULL; t++)
        if (scenario->thread[t] != NULL && (scenario->mortal >> t & 1) == 0)
            fiber_call(t, scenario->warm);
    fibers_reset();
    memory_begin();
    root = malloc(sizeof run + THREADS * (size_t)64); /* with almost empty stacks */
    if (root == NULL)
        abort();
    fibers_save(root);
}

static void restart(bool races)
{
    fibers_load(root);
    memory_load(NULL, 0);
    fibers_home();
    order_begin(races && (scenario->flags & (EXPLORE_TSO | EXPLORE_NO_RACES)) == 0);
    budget = 0;
}

static int report(void)
{
    say_operations();
    say_run();
    printf("%s: %s\n", scenario->name, message);
    if (!replaying)
        printf("replay: --replay '%s:%s'\n", scenario->name, schedule);
    return 1;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* One pass through all states. */
static void pass(bool races)
{
    restart(races);
    table_reset(TABLE_FIRST);
    states = ends = steps = depth = deepest = taken = 0;
    node[0].at = 0;
    passes++;
    explore();
}

static int passed(double began)
{
    restart(false);
    if (!memory_is_first()) {
        printf("%s: memory changed that was not seen to be written\n", scenario->name);
        return 1;
    }
    printf("%-16s %8llu states %9llu steps %6llu ends %5u deep %3llu passes %6.2f s  %s\n",
           scenario->name, (unsigned long long)states, (unsigned long long)steps,
           (unsigned long long)ends, deepest, (unsigned long long)passes, seconds() - began,
           scenario->says);
    return 0;
}

int search(const char *replay)
{
    static double began; /* static: kept over jumps */
    static bool races;
    began = seconds();
    replaying = replay != NULL;
    int how = sigsetjmp(home, 0);
    if (how == BEGUN)
        prepare();
    if (how == FAILED && (tracing || root == NULL))
        return report();
    /* A way that was found before all was learnt may lead elsewhere now. */
    tracing = how == FAILED && !order_learnt();
    if (tracing && !replaying)
        printf("%s: %s\n", scenario->name, message);
    if (replaying) {
        do {
            restart(true);
            follow_text(replay);
        } while (order_learnt());
        printf("%s: the schedule breaks nothing\n", scenario->name);
        return 0;
    }
    if (tracing) {
        restart(races);
        follow();
        printf("%s: the failure does not come again\n", scenario->name);
        return 1;
    }
    do
        pass(races);
    while (order_learnt());
    if (!races) {
        races = true;
        pass(races);
    }
    return passed(began);
}
