/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Counting, bare.
 */
#include "core/atomic.h"
#include "core/stand.h"

/* One up and one down, as a reference is made and ended; no result is used, so that the compiler
 * may take the cheapest locked instruction. */
static inline uint64_t pair(struct stand *s, uint64_t n, uint64_t each)
{
    uint64_t sum = 0;
    int *count = &s->count;
    hide(each);
    for (uint64_t i = 0; i < n; i++) {
        hide(count);
        __atomic_fetch_add(count, 1, __ATOMIC_RELAXED); /* O: nothing hangs on it */
        __atomic_fetch_sub(count, 1, __ATOMIC_RELEASE);
        sum += each;
    }
    return sum;
}

uint64_t atomic_pair_slice(struct stand *s, uint64_t n) { return pair(s, n, CORE_SLICE); }
uint64_t atomic_pair_block(struct stand *s, uint64_t n) { return pair(s, n, CORE_BLOCK); }

uint64_t atomic_one(struct stand *s, uint64_t n)
{
    uint64_t sum = 0, each = 1;
    int *count = &s->count;
    hide(each);
    for (uint64_t i = 0; i < n; i++) {
        hide(count);
        __atomic_fetch_add(count, 1, __ATOMIC_RELAXED); /* O: nothing hangs on it */
        sum += each;
    }
    __atomic_fetch_sub(count, (int)n, __ATOMIC_RELAXED);
    return sum;
}

uint64_t plain_one(struct stand *s, uint64_t n)
{
    uint64_t sum = 0, each = 1;
    int *count = &s->count;
    hide(each);
    for (uint64_t i = 0; i < n; i++) {
        hide(count);
        *count += 1;
        sum += each;
    }
    *count -= (int)n;
    return sum;
}
