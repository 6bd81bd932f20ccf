/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What the tests of single protocols share. What holds of all headers and lists: takers.h, lists.h.
 */
#ifndef VITRINE_TESTS_WIRE_H
#define VITRINE_TESTS_WIRE_H

#include "support.h"
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

#endif
