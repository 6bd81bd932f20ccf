/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The explorer's own parts.
 *
 *   memory.c   lines of memory that ever change: their first contents, save and restore
 *   order.c    places that threads share; what happens before what; data races
 *   fiber.c    threads as fibers
 *   calls.c    what they call (explore.h): atomics, locks, and every plain access
 *   search.c   depth first through all states; schedules and how they are printed
 *   main.c     the command line
 *
 * A state is everything that determines what can happen next: the lines, the live part of each
 * stack, struct run, and the order. It is saved to come back to it, and its hash is kept to know it
 * again (64 bits: among a million states two share one with a chance of 3e-8).
 * Owner, threads: one process with one thread explores one scenario.
 */
#ifndef EXPLORE_ENGINE_H
#define EXPLORE_ENGINE_H

#include "explore.h"

enum { THREADS = EXPLORE_THREADS, MAIN = THREADS, KEYS = 4, TLS_MAX = 64 };
enum { NAME_MAX_BYTES = 160 };

enum wait { GO, LOCKED, YIELDED, WAITING, ENDED, KILLED };

struct fiber {
    void *sp;
    uintptr_t address; /* of the mutex, if LOCKED; the thread waited for, if WAITING */
    uint8_t wait;
    uint8_t fresh; /* another has written since this one yielded last */
};

/* A store that its thread has made and the others do not see yet; memory has it already. */
struct pending {
    uintptr_t address;
    uint64_t old;
    unsigned size; /* 0: none */
};

/* What a state has beside memory. */
extern struct run {
    struct fiber fiber[THREADS];
    struct pending pending[THREADS];
    uint8_t tls[THREADS + 1][TLS_MAX];
    const void *specific[THREADS + 1][KEYS];
    void (*key_end[KEYS])(void *);
    uint64_t keys;
    uint64_t allocated[THREADS + 1];
    uint64_t ghost[EXPLORE_GHOSTS];
} run;

extern const struct explore_scenario *scenario;
extern unsigned self;  /* the thread that runs; MAIN before and after the others */
extern bool exploring; /* its operations are scheduling points */

/* Where in the source the last plain access was. */
extern uintptr_t last_access;
/* Replaying: how many operations the thread goes on for; else negative, and counts them. */
extern int budget;
extern bool replaying, tracing;

/* memory.c */
void memory_init(void);
/** Memory that is part of the state. */
void memory_add(void *p, size_t bytes);
bool memory_is_shared(uintptr_t address);
/** Before bytes change: their lines are saved from now on. */
void memory_touch(const void *p, size_t bytes);
unsigned memory_lines(void);
size_t memory_save(uint8_t *to);
/** What lines that are not among the first @p lines hold is what they held at first. */
size_t memory_load(const uint8_t *from, unsigned lines);
/** From now on the present contents are the first ones. */
void memory_begin(void);
/** @return whether all memory is as at the beginning: no line was missed. */
bool memory_is_first(void);

/* order.c */
struct place;
/** Where a thread is about to access memory. */
struct place *order_place(uintptr_t address, bool write, bool plain);
bool order_is_shared(const struct place *p);
/** It does. Fails if that is a race. */
void order_access(const struct place *p, bool write, bool plain);
void order_acquire(const struct place *p);
/** @param continues  a read-modify-write: what others released there stays. */
void order_release(const struct place *p, bool continues);
/** A store that releases nothing ends what was released there, unless by the same thread. */
void order_relax(const struct place *p);
/** Another thread is gone, and this one knows it. */
void order_join(unsigned thread);
/** The order is looked at: with @p races, plain accesses without one are errors. */
void order_begin(bool races);
/** @return whether there are places that were not known to be shared when that was. */
bool order_learnt(void);
size_t order_save(uint8_t *to);
size_t order_load(const uint8_t *from);

/* fiber.c */
/** @param subject  something in it. */
void fibers_init(const void *subject);
void fibers_reset(void);
/** On the stack of the search again, wherever it was left. */
void fibers_home(void);
/** Lets the search decide who goes on. */
void fiber_suspend(enum wait wait, uintptr_t address);
bool fiber_is_shared(uintptr_t address);
bool fiber_can_run(unsigned thread);
void fiber_run(unsigned thread);
void fiber_kill(unsigned thread);
bool fibers_ended(void);
size_t fibers_save(uint8_t *to);
size_t fibers_load(const uint8_t *from);
/** Runs @p call as a thread, or as MAIN, without scheduling points. */
void fiber_call(unsigned thread, void (*call)(void));
void fiber_exit(void);

/* calls.c */
/** The store that a thread has made is seen by the others. */
void calls_flush(unsigned thread);

/* search.c */
/** Says what a thread just did, if that is wanted. */
__attribute__((format(printf, 2, 3))) void search_trace(const struct explore_site *site,
                                                        const char *format, ...);
/** Back to the search, from wherever: what was learnt needs a new beginning. */
__attribute__((noreturn)) void search_again(void);
/** Explores the scenario. @param replay  a schedule to follow instead, or NULL.
 * @return 0, or 1 with the failure printed. */
int search(const char *replay);

/* main.c */
/** Of the subject: what an address is, for a person. */
extern void (*describe)(uintptr_t address, char *text, size_t size);
/** Of the subject, as "file:line", or its offset. */
void locate(uintptr_t code, char *text, size_t size);

#endif
