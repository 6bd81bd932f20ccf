/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What the tests of the headers share.
 */
#ifndef VITRINE_TESTS_WIRE_H
#define VITRINE_TESTS_WIRE_H

#include "../support.h"
#include "alike.h"

/** A span of all of an array. */
#define ALL(array) vtr_span_of(array, sizeof(array))

static inline void assert_span(struct vtr_span s, const void *bytes, size_t len)
{
    assert_int_equal(s.len, len);
    assert_memory_equal(s.ptr, bytes, len);
}

static inline void assert_text(struct vtr_span s, const char *text)
{
    assert_span(s, text, strlen(text));
}

/** void takes_name(s, need): struct name is taken of @p s, wherever it is cut in two, and of no
 * beginning of it shorter than @p need. */
#define TAKES(name)                                                                                \
    ALIKE(name)                                                                                    \
    static inline void takes_##name(struct vtr_span s, size_t need)                                \
    {                                                                                              \
        for (size_t len = 0; len <= s.len; len++) {                                                \
            uint8_t *exact = test_exact_copy(s.ptr, len);                                          \
            assert_int_equal(alike_##name(vtr_span_of(exact, len)), len >= need);                  \
            free(exact);                                                                           \
        }                                                                                          \
    }

#endif
