/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The bounds primitive: every case there is at byte width, the edges at the width of size_t, and
 * two wrong ways of writing it, which the same checks must catch.
 */
#include <vitrine/span.h>
#include "support.h"

typedef unsigned __int128 wide; /* in which nothing here can wrap */

VTR_IN_BOUNDS_AT_WIDTH_(in_bounds_u8, uint8_t)

static bool adding_wraps_u8(uint8_t n, uint8_t off, uint8_t len)
{
    return (uint8_t)(off + len) <= n;
}

static bool one_half_u8(uint8_t n, uint8_t off, uint8_t len)
{
    return off <= (uint8_t)(n - len); /* without len <= n */
}

static bool adding_wraps(size_t n, size_t off, size_t len)
{
    return off + len <= n;
}

static bool one_half(size_t n, size_t off, size_t len)
{
    return off <= n - len;
}

/** @return how many of the 2^24 cases @p check answers as arithmetic that cannot wrap does not. */
static unsigned wrong_u8(bool (*check)(uint8_t, uint8_t, uint8_t))
{
    unsigned wrong = 0;
    for (unsigned n = 0; n < 256; n++)
        for (unsigned off = 0; off < 256; off++)
            for (unsigned len = 0; len < 256; len++)
                wrong += check((uint8_t)n, (uint8_t)off, (uint8_t)len) != (off + len <= n);
    return wrong;
}

/** Values at which a comparison or a sum of size_t changes its mind: 0, 2^31, 2^32, 2^63, 2^64. */
static unsigned edges(size_t *out)
{
    static const size_t at[] = { 0, 64, 1500, (size_t)1 << 31, (size_t)1 << 32, (size_t)1 << 63 };
    unsigned count = 0;
    for (unsigned i = 0; i < sizeof at / sizeof at[0]; i++)
        for (size_t k = 0; k <= 16; k++) {
            out[count++] = at[i] + k;
            out[count++] = at[i] - k; /* below 0: 2^64 - k */
        }
    return count;
}

static unsigned wrong_at_edges(bool (*check)(size_t, size_t, size_t))
{
    size_t e[256];
    unsigned count = edges(e), wrong = 0;
    for (unsigned n = 0; n < count; n++)
        for (unsigned off = 0; off < count; off++)
            for (unsigned len = 0; len < count; len++)
                wrong += check(e[n], e[off], e[len]) != ((wide)e[off] + e[len] <= e[n]);
    return wrong;
}

static void bounds_are_right_in_all_cases_of_a_byte(void **state)
{
    assert_int_equal(wrong_u8(in_bounds_u8), 0);
}

static void bounds_are_right_at_the_edges_of_size_t(void **state)
{
    assert_int_equal(wrong_at_edges(vtr_in_bounds), 0);
}

static void a_check_that_can_wrap_is_caught(void **state)
{
    assert_int_not_equal(wrong_u8(adding_wraps_u8), 0);
    assert_int_not_equal(wrong_u8(one_half_u8), 0);
    assert_int_not_equal(wrong_at_edges(adding_wraps), 0);
    assert_int_not_equal(wrong_at_edges(one_half), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_are_right_in_all_cases_of_a_byte),
        cmocka_unit_test(bounds_are_right_at_the_edges_of_size_t),
        cmocka_unit_test(a_check_that_can_wrap_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
