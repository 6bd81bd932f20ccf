/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * hash: XXH3 of the bytes, however they are cut.
 */
#include "support.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* From xxHash's own self test (cli/xsum_sanity_check.c, v0.8.1): 64-bit XXH3 of the first len bytes
 * of its generated buffer. */
static const struct {
    size_t len;
    uint64_t seed, hash;
} vectors[] = {
    { 0, 0, UINT64_C(0x2D06800538D394C2) },
    { 0, UINT64_C(0x9E3779B185EBCA8D), UINT64_C(0xA8A6B918B2F0364A) },
    { 1, 0, UINT64_C(0xC44BDFF4074EECDB) },
    { 1, UINT64_C(0x9E3779B185EBCA8D), UINT64_C(0x032BE332DD766EF8) },
    { 6, 0, UINT64_C(0x27B56A84CD2D7325) },
    { 6, UINT64_C(0x9E3779B185EBCA8D), UINT64_C(0x84589C116AB59AB9) },
    { 12, 0, UINT64_C(0xA713DAF0DFBB77E7) },
    { 12, UINT64_C(0x9E3779B185EBCA8D), UINT64_C(0xE7303E1B2336DE0E) },
    { 24, 0, UINT64_C(0xA3FE70BF9D3510EB) },
    { 48, 0, UINT64_C(0x397DA259ECBA1F11) },
    { 80, 0, UINT64_C(0xBCDEFBBB2C47C90A) },
    { 195, 0, UINT64_C(0xCD94217EE362EC3A) },
    { 403, 0, UINT64_C(0xCDEB804D65C6DEA4) },
    { 512, 0, UINT64_C(0x617E49599013CB6B) },
    { 2048, 0, UINT64_C(0xDD59E2C3A5F038E0) },
    { 2240, 0, UINT64_C(0x6E73A90539CF2948) },
    { 2367, 0, UINT64_C(0xCB37AEB9E5D361ED) },
};

enum { LEN = 5000 };

static void sanity_buffer(uint8_t *bytes)
{
    uint64_t random = 2654435761u;
    for (size_t i = 0; i < LEN; i++) {
        bytes[i] = (uint8_t)(random >> 56);
        random *= UINT64_C(11400714785074694797);
    }
}

/* Cut in up to @p pieces at random places. */
static struct vtr_data cut(struct vtr_heap *heap, const uint8_t *bytes, size_t len, unsigned pieces,
                           uint64_t *random)
{
    struct vtr_data d = VTR_DATA_EMPTY, next;
    for (size_t at = 0; at < len;) {
        size_t n = pieces-- > 1 ? test_random(random) % (len - at) + 1 : len - at;
        struct vtr_data part = test_data(heap, bytes + at, n);
        assert_int_equal(vtr_data_concat(d, part, &next), 0);
        vtr_data_unref(&d);
        vtr_data_unref(&part);
        d = next;
        at += n;
    }
    return d;
}

static void known_bytes_have_known_hashes(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    uint8_t bytes[LEN];
    uint64_t random = 1;
    sanity_buffer(bytes);
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        for (unsigned pieces = 1; pieces < 4; pieces++) {
            struct vtr_data d = cut(heap, bytes, vectors[i].len, pieces, &random);
            assert_true(vtr_data_hash(d, vectors[i].seed) == vectors[i].hash);
            vtr_data_unref(&d);
        }
}

static void the_hash_does_not_see_how_bytes_are_cut(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    uint8_t bytes[LEN];
    uint64_t random = 7;
    sanity_buffer(bytes);
    for (unsigned round = 0; round < 2000; round++) {
        size_t len = test_random(&random) % (round % 2 != 0 ? LEN : 300);
        uint64_t seed = round % 3 == 0 ? 0 : test_random(&random);
        struct vtr_data d = cut(heap, bytes, len, 1 + round % 9, &random);
        assert_true(vtr_data_hash(d, seed) == XXH3_64bits_withSeed(bytes, len, seed));
        vtr_data_unref(&d);
    }
}

static void a_slice_hashes_what_it_shows(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    uint8_t bytes[LEN];
    uint64_t random = 3;
    sanity_buffer(bytes);
    struct vtr_data d = cut(heap, bytes, LEN, 9, &random), part;
    for (unsigned round = 0; round < 500; round++) {
        size_t off = test_random(&random) % LEN, len = test_random(&random) % (LEN - off);
        assert_true(vtr_data_slice(d, off, len, &part));
        assert_true(vtr_data_hash(part, round) == XXH3_64bits_withSeed(bytes + off, len, round));
        vtr_data_unref(&part);
    }
    vtr_data_unref(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_with_heap(known_bytes_have_known_hashes),
        test_with_heap(the_hash_does_not_see_how_bytes_are_cut),
        test_with_heap(a_slice_hashes_what_it_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
