/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_data_hash: XXH3, compiled in (XXH_INLINE_ALL), so that nothing is needed at run time.
 */
#include <vitrine/data.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t vtr_data_hash(struct vtr_data d, uint64_t seed)
{
    struct vtr_cursor c = vtr_cursor_of(d);
    struct vtr_span s = { NULL, 0 };
    bool some = vtr_cursor_next(&c, &s);
    if (VTR_LIKELY(!some || s.len == d.len))
        return XXH3_64bits_withSeed(s.ptr, s.len, seed);
    XXH3_state_t state;
    XXH3_64bits_reset_withSeed(&state, seed);
    do {
        XXH3_64bits_update(&state, s.ptr, s.len);
    } while (vtr_cursor_next(&c, &s));
    return XXH3_64bits_digest(&state);
}
