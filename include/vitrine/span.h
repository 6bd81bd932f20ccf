/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_span: a checked view of contiguous bytes.
 */
#ifndef VITRINE_SPAN_H
#define VITRINE_SPAN_H

#include <string.h>
#include <vitrine/base.h>

VTR_BEGIN_DECLS

/** Borrowed bytes; a value, never stored. */
struct vtr_span {
    const uint8_t *ptr;
    size_t len;
};

/** The one bounds primitive: are @p len bytes at @p off inside @p n? Cannot wrap. */
VTR_INLINE VTR_MUST_USE bool vtr_in_bounds(size_t n, size_t off, size_t len)
{
    return !(len > n || off > n - len);
}

VTR_END_DECLS
#endif
