/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The parser of examples/07_own_parser.h: what it gives lies inside of what it was given.
 */
#include "../../examples/07_own_parser.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct vtr_span key, rest;
    struct reading reading;
    if (report_take_options(vtr_span_of(bytes, len), &key, &rest) == NULL)
        return 0;
    vtr_check(rest.ptr + rest.len <= bytes + len && key.ptr + key.len == rest.ptr);
    for (struct vtr_reader r = vtr_reader_of(rest); reading_next(&r, &reading);)
        vtr_check(reading.value.ptr + reading.value.len == r.rest.ptr);
    return 0;
}
