/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The sum of 16-bit words, in the order they lie in memory (RFC 1071 §2 (B): byte order is settled
 * when the result is stored). Words are added two at a time into 64-bit lanes: carries gather in
 * the upper half of a lane and are folded once, at the end. A block adds less than 2^36 to the sum
 * of all lanes, so 2^28 blocks fit: 16 GiB.
 */
#include <vitrine/checksum.h>

#define LOW32 UINT64_C(0xffffffff)
enum { BLOCK = 64 };

typedef uint64_t lanes __attribute__((vector_size(BLOCK / 2)));

/* Compiled once for each instruction set: the callers below differ in nothing but their target. */
__attribute__((always_inline)) static inline uint64_t sum_blocks(const uint8_t *p, size_t blocks)
{
    const lanes low32 = { LOW32, LOW32, LOW32, LOW32 };
    lanes a = { 0 }, b = { 0 };
    for (; blocks != 0; blocks--, p += BLOCK) {
        lanes x, y;
        memcpy(&x, p, sizeof x);
        memcpy(&y, p + sizeof x, sizeof y);
        a += (x & low32) + (x >> 32);
        b += (y & low32) + (y >> 32);
    }
    a += b;
    return a[0] + a[1] + a[2] + a[3];
}

static uint64_t sum_blocks_any(const uint8_t *p, size_t blocks) { return sum_blocks(p, blocks); }

#if defined(__x86_64__) && !defined(VTR_CHECKSUM_PORTABLE) /* which a test defines */
__attribute__((target("avx2"))) static uint64_t sum_blocks_avx2(const uint8_t *p, size_t blocks)
{
    return sum_blocks(p, blocks);
}
#define HAVE_AVX2 __builtin_cpu_supports("avx2")
#else
#define sum_blocks_avx2 sum_blocks_any
#define HAVE_AVX2 false
#endif

static uint64_t sum_tail(const uint8_t *p, size_t len)
{
    uint64_t sum = 0, eight;
    uint32_t four;
    uint16_t two;
    for (; len >= sizeof eight; len -= sizeof eight, p += sizeof eight) {
        memcpy(&eight, p, sizeof eight);
        sum += (eight & LOW32) + (eight >> 32);
    }
    if (len >= sizeof four) {
        memcpy(&four, p, sizeof four);
        sum += four;
        len -= sizeof four, p += sizeof four;
    }
    if (len >= sizeof two) {
        memcpy(&two, p, sizeof two);
        sum += two;
        len -= sizeof two, p += sizeof two;
    }
    return len != 0 ? sum + *p : sum;
}

uint16_t vtr_sum_bytes_(const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    size_t blocks = len / BLOCK;
    uint64_t sum = 0;
    if (blocks != 0) {
        sum = HAVE_AVX2 ? sum_blocks_avx2(p, blocks) : sum_blocks_any(p, blocks);
        p += blocks * BLOCK;
    }
    return vtr_sum_fold_(sum + sum_tail(p, len % BLOCK));
}
