/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The Toeplitz hash as Microsoft writes it down, bit by bit: for each bit of the input that is set,
 * the 32 bits of the key that are at its left end then; after each bit the key moves left by one.
 */
#ifndef VITRINE_TESTS_TOEPLITZ_H
#define VITRINE_TESTS_TOEPLITZ_H

#include <vitrine/span.h>

static inline unsigned toeplitz_bit(const uint8_t *bytes, size_t bit)
{
    return bytes[bit / 8] >> (7 - bit % 8) & 1u;
}

static inline uint32_t toeplitz_slow(const uint8_t *key, struct vtr_span input)
{
    uint32_t hash = 0, left = 0;
    for (size_t bit = 0; bit < 32; bit++)
        left = left << 1 | toeplitz_bit(key, bit);
    for (size_t bit = 0; bit < 8 * input.len; bit++) {
        if (toeplitz_bit(input.ptr, bit))
            hash ^= left;
        left = left << 1 | toeplitz_bit(key, bit + 32);
    }
    return hash;
}

#endif
