/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What every unit test here includes: cmocka with what it needs before it.
 */
#ifndef VITRINE_TESTS_SPAN_UNIT_H
#define VITRINE_TESTS_SPAN_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/** A copy of exactly @p len bytes, so that a sanitizer sees a read one byte behind them. */
static inline uint8_t *exact_copy(const void *bytes, size_t len)
{
    uint8_t *copy = malloc(len != 0 ? len : 1);
    assert_non_null(copy);
    if (len != 0)
        memcpy(copy, bytes, len);
    return copy;
}

#endif
