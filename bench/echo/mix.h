/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * mix: numbers that look random, from numbers in sequence. Not for secrets.
 * Owner: the storage is the caller's. Threads: any; a struct mix is one thread's.
 */
#ifndef ECHO_MIX_H
#define ECHO_MIX_H

#include <stdint.h>

#define MIX_STEP UINT64_C(0x9e3779b97f4a7c15) /* 2^64 over the golden ratio, odd */

/** SplitMix64's finaliser (Steele, Lea, Flood 2014, constants by Stafford): a bijection. */
static inline uint64_t mix64(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/** @return 53 bits of @p x as a number between 0 and 1, never one of them. */
static inline double mix_unit(uint64_t x) { return ((double)(x >> 11) + 0.5) * 0x1p-53; }

/** A stream of such numbers, SplitMix64; any seed will do. */
struct mix {
    uint64_t state;
};

static inline uint64_t mix_next(struct mix *m) { return mix64(m->state += MIX_STEP); }

static inline double mix_next_unit(struct mix *m) { return mix_unit(mix_next(m)); }

#endif
