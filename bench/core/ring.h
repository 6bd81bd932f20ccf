/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * ring: words from one thread to another, in batches, without a lock.
 * Owner: the storage is the caller's, zero is empty. Threads: one puts, one takes.
 */
#ifndef CORE_RING_H
#define CORE_RING_H

#include <stdint.h>
#include <string.h>

enum { RING_BATCHES = 16, RING_WORDS = 64 }; /* a batch holds 32 handles of two words */

struct ring {
    __attribute__((aligned(128))) uint64_t put; /* atomic; batches ever put */
    __attribute__((aligned(128))) uint64_t taken; /* atomic */
    __attribute__((aligned(128))) uint64_t batch[RING_BATCHES][RING_WORDS];
};

static inline void ring_put(struct ring *r, const void *words, size_t bytes)
{
    uint64_t put = r->put;
    /* A1: what was taken from the place has been read. */
    while (put - __atomic_load_n(&r->taken, __ATOMIC_ACQUIRE) == RING_BATCHES)
        __builtin_ia32_pause();
    memcpy(r->batch[put % RING_BATCHES], words, bytes);
    __atomic_store_n(&r->put, put + 1, __ATOMIC_RELEASE); /* R2 */
}

static inline void ring_take(struct ring *r, void *words, size_t bytes)
{
    uint64_t taken = r->taken;
    /* A2: sees the batch, and the blocks that its handles name. */
    while (__atomic_load_n(&r->put, __ATOMIC_ACQUIRE) == taken)
        __builtin_ia32_pause();
    memcpy(words, r->batch[taken % RING_BATCHES], bytes);
    __atomic_store_n(&r->taken, taken + 1, __ATOMIC_RELEASE); /* R1 */
}

#endif
