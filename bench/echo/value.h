/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The bytes and the name of a preloaded value: a pure function of its size and index, so that the
 * server fills them and a load generator checks them without ever having talked about it.
 * Owner: nothing. Threads: any.
 */
#ifndef ECHO_VALUE_H
#define ECHO_VALUE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_KEY_LEN = 20 }; /**< bytes of a key that value_key() writes; a '\0' follows */

/** The key of value @p index among those of @p size bytes: "v0000064-00000000007". */
static inline void value_key(char key[VALUE_KEY_LEN + 1], uint32_t size, uint32_t index)
{
    snprintf(key, VALUE_KEY_LEN + 1, "v%07u-%011u", (unsigned)(size % 10000000u), (unsigned)index);
}

/* SplitMix64's finaliser (Steele, Lea, Flood 2014, constants by Stafford): a bijection. */
static inline uint64_t value_seed_(uint32_t size, uint32_t index)
{
    uint64_t x = ((uint64_t)size << 32 | index) + UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/**
 * Fills the first @p len bytes of the value: printable, no CR, LF or space, 48 random bits in
 * every 8 bytes, so that bytes of another value or from another place do not match.
 * Cost: about a cycle and a half for 8 bytes.
 */
static inline void value_fill(uint8_t *to, size_t len, uint32_t size, uint32_t index)
{
    uint64_t x = value_seed_(size, index);
    for (size_t off = 0; off < len; off += 8) {
        uint64_t word = x * UINT64_C(0xd6e8feb86659fd93);
        word = (word ^ (word >> 32)) & UINT64_C(0x3f3f3f3f3f3f3f3f);
        word += UINT64_C(0x3030303030303030);
        memcpy(to + off, &word, len - off < 8 ? len - off : 8);
        x += UINT64_C(0x9e3779b97f4a7c15);
    }
}

#endif
