/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What happens before what. A place is an address that the threads' code accesses, as a whole: a
 * field, or eight bytes of a copy. It is shared if two threads access it and one writes it;
 * operations on other places commute with all that others do, and need no scheduling point. Which
 * are shared is learnt, by passes through all states that do not look for races, until one learns
 * nothing: so the last one knew all of them from its first step on.
 *
 * Races are looked for as by vector clocks, but with sets of accesses: of each shared place the
 * last access of each kind by each thread is a bit, and each thread and each atomic has the set of
 * those that happen before what follows. So the order is a small canonical part of a state, where
 * clocks would grow. C17: a release is continued by read-modify-writes, and by later stores of the
 * same thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

enum { PLACES_MAX = 4096, TABLE = 4 * PLACES_MAX, SETS_MAX = 1 << 18 };
enum { NOBODY = 0xffff };

/* Bits of a thread in a set, four for each. A read races with others' writes, and a plain access
 * also with atomic ones. */
enum { READS = 1, WRITES = 2, READS_ATOMIC = 4, WRITES_ATOMIC = 8, KINDS = 4 };

struct place {
    uintptr_t address;
    uint8_t readers, writers; /* threads, as bits */
    bool plain, atomic;             /* there are such accesses */
    bool shared;
    unsigned bits; /* where its bits are in a set, if races are possible here */
    unsigned sync; /* which of the atomics' sets is its own */
};

static struct place place[PLACES_MAX];
static unsigned places;
static uint16_t table[TABLE]; /* index of a place + 1 */

/* Sets, one after the other: accesses made; known to each thread; released at each atomic, each of
 * which has one word more for the thread that released. */
static uint16_t sets[SETS_MAX];
static unsigned set_words, syncs;
static bool races, learnt;

static uint16_t *made(void) { return sets; }
static uint16_t *known(unsigned thread) { return sets + (1 + thread) * set_words; }
static uint16_t *released(unsigned sync)
{
    return sets + (1 + THREADS) * set_words + sync * (set_words + 1);
}

static struct place *place_of(uintptr_t address)
{
    unsigned slot = (unsigned)((address * UINT64_C(0x9e3779b97f4a7c15)) >> 40) % TABLE;
    for (; table[slot] != 0; slot = (slot + 1) % TABLE)
        if (place[table[slot] - 1].address == address)
            return &place[table[slot] - 1];
    if (places == PLACES_MAX) {
        fprintf(stderr, "explore: more than %d places\n", PLACES_MAX);
        exit(2);
    }
    place[places].address = address;
    table[slot] = (uint16_t)(places + 1);
    return &place[places++];
}

static bool possible_race(const struct place *p)
{
    return p->shared && p->plain;
}

/* @return whether the place is of another kind by this access. */
static bool learn(struct place *p, bool write, bool plain)
{
    bool was_shared = p->shared, was_race = possible_race(p), was_sync = p->shared && p->atomic;
    *(write ? &p->writers : &p->readers) |= (uint8_t)(1u << self);
    *(plain ? &p->plain : &p->atomic) = true;
    p->shared = p->writers != 0 && __builtin_popcount(p->readers | p->writers) > 1;
    return p->shared != was_shared || possible_race(p) != was_race ||
           (p->shared && p->atomic) != was_sync;
}

bool order_is_shared(const struct place *p)
{
    return p->shared;
}

/* Nobody needs to know of these any more. */
static void forget(unsigned at, unsigned bits)
{
    made()[at] &= (uint16_t)~bits;
    for (unsigned t = 0; t < THREADS; t++)
        known(t)[at] &= (uint16_t)~bits;
    for (unsigned s = 0; s < syncs; s++)
        released(s)[at] &= (uint16_t)~bits;
}

/* The access is the latest of its kind, and only its thread knows of it. Those before that it knows
 * of are covered: what races with one of them races with it too. */
static void record(const struct place *p, unsigned kind)
{
    static const uint16_t each = 0x1111;
    unsigned covered = kind;
    if (kind == WRITES)
        covered = READS | WRITES | READS_ATOMIC | WRITES_ATOMIC;
    else if (kind == READS || kind == WRITES_ATOMIC)
        covered |= READS_ATOMIC;
    forget(p->bits, (covered * each & known(self)[p->bits]) | kind << self * KINDS);
    made()[p->bits] |= (uint16_t)(kind << self * KINDS);
    known(self)[p->bits] |= (uint16_t)(kind << self * KINDS);
}

static void find_race(const struct place *p, bool write, bool plain)
{
    static const uint16_t each = 0x1111;
    unsigned against = plain ? WRITES | WRITES_ATOMIC : WRITES;
    if (write)
        against |= plain ? READS | READS_ATOMIC : READS;
    unsigned unordered = made()[p->bits] & (unsigned)~known(self)[p->bits] & against * each &
                         ~(0xfu << self * KINDS);
    if (unordered == 0)
        return;
    char what[NAME_MAX_BYTES], where[NAME_MAX_BYTES];
    unsigned bit = (unsigned)__builtin_ctz(unordered);
    describe(p->address, what, sizeof what);
    locate(last_access, where, sizeof where);
    explore_fail("data race: %s, %s by thread %u%s%s, without order after thread %u %s it", what,
                 write ? "written" : "read", self, plain ? " at " : " (atomic)",
                 plain ? where : "", bit / KINDS,
                 (1u << bit % KINDS) & (WRITES | WRITES_ATOMIC) ? "wrote" : "read");
}

struct place *order_place(uintptr_t address, bool write, bool plain)
{
    struct place *p = place_of(address);
    if (learn(p, write, plain)) {
        learnt = true;
        if (races)
            search_again();
    }
    return p;
}

void order_access(const struct place *p, bool write, bool plain)
{
    unsigned kind = (plain ? READS : READS_ATOMIC) * (write ? 2 : 1);
    if (!races || !possible_race(p))
        return;
    find_race(p, write, plain);
    record(p, kind);
}

void order_acquire(const struct place *p)
{
    if (!races || !p->shared)
        return;
    for (unsigned i = 0; i < set_words; i++)
        known(self)[i] |= released(p->sync)[i];
}

void order_release(const struct place *p, bool continues)
{
    if (!races || !p->shared)
        return;
    for (unsigned i = 0; i < set_words; i++)
        released(p->sync)[i] = known(self)[i] | (continues ? released(p->sync)[i] : 0);
    released(p->sync)[set_words] = (uint16_t)self;
}

void order_relax(const struct place *p)
{
    if (!races || !p->shared || released(p->sync)[set_words] == self)
        return;
    memset(released(p->sync), 0, set_words * sizeof(uint16_t));
    released(p->sync)[set_words] = NOBODY;
}

bool order_learnt(void)
{
    return learnt;
}

void order_join(unsigned thread)
{
    for (unsigned i = 0; races && i < set_words; i++)
        known(self)[i] |= known(thread)[i];
}

void order_begin(bool look)
{
    races = look;
    learnt = false;
    set_words = syncs = 0;
    for (struct place *p = place; p < place + places; p++) {
        if (possible_race(p))
            p->bits = set_words++;
        if (p->shared && p->atomic)
            p->sync = syncs++;
    }
    if ((set_words + 1) * (1 + THREADS + syncs) > SETS_MAX)
        abort();
    memset(sets, 0, (set_words + 1) * (1 + THREADS + syncs) * sizeof sets[0]);
    for (unsigned s = 0; s < syncs; s++)
        released(s)[set_words] = NOBODY;
}

/* Leaves out what makes no difference: accesses that all threads know of which are to come, and
 * what threads know that are through. */
static void canonical(void)
{
    for (unsigned t = 0; t < THREADS; t++)
        if (run.fiber[t].wait == ENDED)
            memset(known(t), 0, set_words * sizeof sets[0]);
    for (unsigned i = 0; i < set_words; i++) {
        unsigned all = made()[i];
        for (unsigned t = 0; t < THREADS; t++)
            all &= run.fiber[t].wait >= ENDED ? 0xffffu : known(t)[i];
        if (all != 0)
            forget(i, all);
    }
    for (unsigned s = 0; s < syncs; s++) {
        unsigned some = 0;
        for (unsigned i = 0; i < set_words; i++)
            some |= released(s)[i];
        if (some == 0)
            released(s)[set_words] = NOBODY;
    }
}

static size_t sets_bytes(void)
{
    return races ? (size_t)(released(syncs) - sets) * sizeof sets[0] : 0;
}

size_t order_save(uint8_t *to)
{
    if (races)
        canonical();
    memcpy(to, sets, sets_bytes());
    return sets_bytes();
}

size_t order_load(const uint8_t *from)
{
    memcpy(sets, from, sets_bytes());
    return sets_bytes();
}
