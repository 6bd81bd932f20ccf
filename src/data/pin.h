/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What a reference pins.
 * Owner: arithmetic only. Threads: any that holds a reference.
 */
#ifndef VITRINE_DATA_PIN_H
#define VITRINE_DATA_PIN_H

#include "heap/block.h"
#include "heap/foreign.h"
#include "heap/large.h"

/** @return bytes that are there as long as a reference to the record is; 0 for static data. */
static inline uint64_t vtr_pin_bytes(const struct vtr_record *rec)
{
    unsigned flags = vtr_record_flags_(rec);
    if (VTR_UNLIKELY(flags & VTR_RECORD_FIXED))
        return 0;
    if (VTR_UNLIKELY(flags & VTR_RECORD_FOREIGN))
        return vtr_foreign_of(rec)->len;
    return vtr_block_bytes_(rec);
}

/** @return bytes of the smallest block that holds @p bytes. */
static inline uint64_t vtr_pin_least(size_t bytes)
{
    int klass = vtr_class_for_(bytes);
    return klass >= 0 ? vtr_class_bytes_((unsigned)klass) : vtr_large_bytes(bytes);
}

#endif
