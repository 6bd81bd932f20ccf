/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Between the explorer and its subject. The subject is a shared object: the real sources of the
 * counting core, compiled with atomics.h, and the scenarios. Whatever it does to memory that
 * another thread could see comes through here.
 * Owner: nothing. Threads: one; the threads of a scenario are fibers.
 */
#ifndef EXPLORE_H
#define EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXPLORE_THREADS = 3, EXPLORE_GHOSTS = 128 };

/* An operation in the source. */
struct explore_site {
    const char *file;
    int line;
    const char *op, *what;
};

enum explore_rmw { EXPLORE_ADD, EXPLORE_SUB, EXPLORE_OR, EXPLORE_AND, EXPLORE_SWAP };

/* Atomics: scheduling points. Values are zero-extended; orders are those of the compiler. */
uint64_t explore_load(const volatile void *p, unsigned size, int order,
                      const struct explore_site *site);
void explore_store(volatile void *p, unsigned size, uint64_t value, int order,
                   const struct explore_site *site);
/** @return the value before. */
uint64_t explore_rmw(volatile void *p, unsigned size, enum explore_rmw op, uint64_t operand,
                     int order, const struct explore_site *site);
bool explore_cas(volatile void *p, unsigned size, uint64_t *expected, uint64_t desired, int order,
                 int failed_order, const struct explore_site *site);

/* The system, as far as the subject uses it. */
int explore_lock(void *mutex, const struct explore_site *site);
int explore_unlock(void *mutex, const struct explore_site *site);
int explore_mutex_init(void *mutex);
int explore_once(int *once, void (*begin)(void), const struct explore_site *site);
int explore_key_create(unsigned *key, void (*end)(void *));
int explore_setspecific(unsigned key, const void *value);
/** The thread goes on once another one has written something that it may not have seen. */
int explore_yield(const struct explore_site *site);
/** membarrier(2): all threads' stores are seen from here on, if @p command says so. */
long explore_membarrier(int command, const struct explore_site *site);
/** @param fill  what the bytes are at first. Memory that was freed is not given again. */
void *explore_alloc(size_t bytes, size_t align, int fill);
void *explore_realloc(void *p, size_t bytes);
void *explore_copy(void *to, const void *from, size_t bytes);
void *explore_fill(void *to, int byte, size_t bytes);
/** Memory that threads share, beside the subject's own and what was allocated. */
void explore_shared(void *p, size_t bytes);

/** The property does not hold: prints how it came about, and ends. */
__attribute__((noreturn, format(printf, 1, 2))) void explore_fail(const char *format, ...);

/* For scenarios. */

enum explore_flags {
    EXPLORE_EXIT = 1 << 0, /* threads run their thread-exit handlers while others still run */
    EXPLORE_TSO = 1 << 1,  /* a store may be seen late, as on x86; then races are not looked for */
    EXPLORE_NO_RACES = 1 << 2, /* they are not looked for either: many states, few new orders */
    EXPLORE_LONG = 1 << 3, /* only when asked for more */
};

struct explore_scenario {
    const char *name, *says;
    unsigned flags;
    unsigned mortal; /* threads, as bits, that may be killed before any of their operations */
    void (*setup)(void);
    void (*warm)(void); /* in each immortal thread, before any of them begins; or NULL */
    void (*thread[EXPLORE_THREADS])(void);
    void (*invariant)(void); /* of each state; may make equal what means the same */
    void (*finish)(void);    /* after each execution, when all threads are gone */
};

/** Of the subject: lists, each of which ends with one without a name; then NULL. */
extern const struct explore_scenario *const explore_scenarios[];
/** Of the subject: a thread-local, by which the others are found. */
extern __thread char explore_thread_local;
/** Of the subject: what an address is, for a person. */
void explore_describe(uintptr_t address, char *text, size_t size);

/** What no thread of the real program has: numbers that the oracle keeps, part of the state. */
uint64_t *explore_ghosts(void);
/** Ends the thread that calls it during setup, as its exit would. */
void explore_thread_exit(void);
/** Waits until a thread of the scenario has ended. @return whether it was killed. */
bool explore_wait(unsigned thread);
/** A scheduling point of a scenario's own. */
void explore_pause(const struct explore_site *site);

#endif
