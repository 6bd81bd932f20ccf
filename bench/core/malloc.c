/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * jemalloc and memcpy.
 */
#include "core/malloc.h"

#include <jemalloc/jemalloc.h>

#include "core/stand.h"

uint64_t malloc_alloc_free(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    size_t size = CORE_BLOCK;
    for (uint64_t i = 0; i < n; i++) {
        hide(size);
        void *block = mallocx(size, 0);
        sum += core_touch(block);
        sdallocx(block, size, 0);
    }
    return sum;
}

/* A copy of its own instead of a reference. */
static inline uint64_t copy(const uint8_t *from, size_t len)
{
    hide(from);
    hide(len);
    void *block = mallocx(len, 0);
    memcpy(block, from, len);
    hide(block);
    sdallocx(block, len, 0);
    return len;
}

static inline uint64_t copy_hot(struct stand *s, uint64_t n, size_t len)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++)
        sum += copy(s->bytes, len);
    return sum;
}

static inline uint64_t copy_cold(struct stand *s, uint64_t n, size_t len)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++)
        sum += copy(s->cold_bytes[i], len);
    return sum;
}

uint64_t malloc_ref(struct stand *s, uint64_t n) { return copy_hot(s, n, CORE_BLOCK); }
uint64_t malloc_slice(struct stand *s, uint64_t n) { return copy_hot(s, n, CORE_SLICE); }
uint64_t malloc_ref_cold(struct stand *s, uint64_t n) { return copy_cold(s, n, CORE_BLOCK); }
uint64_t malloc_slice_cold(struct stand *s, uint64_t n) { return copy_cold(s, n, CORE_SLICE); }
uint64_t malloc_copy_64(struct stand *s, uint64_t n) { return copy_hot(s, n, 64); }
uint64_t malloc_copy_512(struct stand *s, uint64_t n) { return copy_hot(s, n, 512); }
uint64_t malloc_copy_2048(struct stand *s, uint64_t n) { return copy_hot(s, n, 2048); }

/* Two pieces copied one behind the other. */
static inline uint64_t copy_two(struct stand *s, uint64_t n, size_t first, size_t second)
{
    uint64_t sum = 0;
    const uint8_t *from = s->bytes;
    for (uint64_t i = 0; i < n; i++) {
        hide(from);
        hide(first);
        hide(second);
        uint8_t *block = mallocx(first + second, 0);
        memcpy(block, from, first);
        memcpy(block + first, from, second);
        hide(block);
        sdallocx(block, first + second, 0);
        sum += first + second;
    }
    return sum;
}

uint64_t malloc_concat(struct stand *s, uint64_t n)
{
    return copy_two(s, n, CORE_HALF, CORE_HALF);
}

uint64_t malloc_prepend(struct stand *s, uint64_t n)
{
    return copy_two(s, n, CORE_HEADER, CORE_SLICE);
}
