/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * row: one operation of the core, and the ways of doing it: ours and its baselines. Every way of a
 * row does the same work: n operations must add up to n times the same number, or the run fails.
 * Owner: everything is constant. Threads: any.
 * Not here: what the ways work on (stand.h), timing (rounds.h).
 */
#ifndef CORE_ROW_H
#define CORE_ROW_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct stand;

enum {
    CORE_BLOCK = 2048,
    CORE_SLICE = 1400, /* bytes of a slice, and of a payload */
    CORE_HALF = 1024,
    CORE_HEADER = 42, /* Ethernet, IPv4, UDP */
    CORE_COLD = 32768, /* blocks: more than the caches hold */
    CORE_BULK = 32,
    CORE_FRAME = 64,
    CORE_WAYS = 5,
    CORE_STEP = 64, /* what the number of operations is a multiple of */
};

/* What alloc_free writes into its block, and reads again. */
#define CORE_MARK UINT64_C(0x5eed)

/** Does @p n operations. @return what they add up to; anything else if one failed. */
typedef uint64_t way_run(struct stand *s, uint64_t n);

/* Declares ways. Every inline in them is inlined, on both sides: among so many calls of one the
 * compiler would make a function of it, which in a program it would not. */
#define WAYS __attribute__((flatten)) way_run

struct way {
    const char *name; /* "vitrine" */
    way_run *run;
    way_run *peer;    /* what another thread does meanwhile, on the second CPU; NULL: nothing */
    unsigned threads; /* that do n operations each; 0 is 1 */
};

struct row {
    const char *name;
    const char *text;      /* what one operation is */
    const char *against;   /* the way its goal is about; NULL: no goal, the second way informs */
    double goal;           /* at most this many times the time of @ref against */
    bool speedup;          /* the goal is a gain instead: at least this many times as fast */
    bool cold;             /* a slice is one pass over all cold blocks */
    bool wall;             /* two threads, somewhere in the row: the wall's time counts */
    uint64_t (*each)(const struct stand *s);
    struct way way[CORE_WAYS]; /* [0] is ours */
};

extern const struct row core_rows[];
extern const unsigned core_rows_n;

/* The same barrier on both sides: the compiler no longer knows what a value is. Memory is left
 * alone, so nothing is spilled that need not be. */
#define hide(value) __asm__ volatile("" : "+r"(value))

/** Writes a word into a block and reads it again. */
static inline uint64_t core_touch(void *block)
{
    uint64_t word;
    memcpy(block, &(uint64_t){ CORE_MARK }, sizeof word);
    hide(block);
    memcpy(&word, block, sizeof word);
    return word;
}

/** Reads all of an IPv4 header. */
static inline uint64_t core_header(const void *ip)
{
    uint64_t word[2];
    uint32_t last;
    memcpy(word, ip, sizeof word);
    memcpy(&last, (const char *)ip + sizeof word, sizeof last);
    return word[0] + word[1] + last;
}

/** @return 0, which the compiler does not know, and the processor only once it has @p value. */
static inline uint64_t core_nothing(uint64_t value)
{
    uint64_t none = 0;
    hide(none);
    return value & none;
}

/** Turns a frame round: MAC addresses, IP addresses and ports change places. */
static inline void core_turn(uint8_t *frame)
{
    uint8_t mac[6], ip[4], port[2];
    memcpy(mac, frame, 6);
    memcpy(frame, frame + 6, 6);
    memcpy(frame + 6, mac, 6);
    memcpy(ip, frame + 26, 4);
    memcpy(frame + 26, frame + 30, 4);
    memcpy(frame + 30, ip, 4);
    memcpy(port, frame + 34, 2);
    memcpy(frame + 34, frame + 36, 2);
    memcpy(frame + 36, port, 2);
}

#endif
