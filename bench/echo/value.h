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

#include "mix.h"

enum { VALUE_KEY_LEN = 20 }; /**< bytes of a key that value_key() writes; a '\0' follows */

/** The key of value @p index among those of @p size bytes: "v0000064-00000000007". */
static inline void value_key(char key[VALUE_KEY_LEN + 1], uint32_t size, uint32_t index)
{
    snprintf(key, VALUE_KEY_LEN + 1, "v%07u-%011u", (unsigned)(size % 10000000u), (unsigned)index);
}

static inline uint64_t value_seed_(uint32_t size, uint32_t index)
{
    return mix64(((uint64_t)size << 32 | index) + MIX_STEP);
}

/**
 * Writes bytes [from, from + len) of the value: printable, no CR, LF or space, 48 random bits in
 * every 8 bytes, so that bytes of another value or from another place do not match.
 * Cost: about a cycle and a half for 8 bytes.
 */
static inline void value_fill_from(uint8_t *to, size_t from, size_t len, uint32_t size,
                                   uint32_t index)
{
    uint64_t x = value_seed_(size, index) + from / 8 * MIX_STEP;
    size_t skip = from % 8;
    for (size_t off = 0, n; off < len; off += n, skip = 0) {
        uint64_t word = x * UINT64_C(0xd6e8feb86659fd93);
        word = (word ^ (word >> 32)) & UINT64_C(0x3f3f3f3f3f3f3f3f);
        word += UINT64_C(0x3030303030303030);
        n = len - off < 8 - skip ? len - off : 8 - skip;
        memcpy(to + off, (const uint8_t *)&word + skip, n);
        x += MIX_STEP;
    }
}

/** Writes the first @p len bytes of the value. */
static inline void value_fill(uint8_t *to, size_t len, uint32_t size, uint32_t index)
{
    value_fill_from(to, 0, len, size, index);
}

#endif
