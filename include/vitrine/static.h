/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * static: bytes that are there for as long as the program, as vtr_data: replies, templates, tables.
 * Owner: nobody. They are never counted and never written, so that cores share them for nothing;
 * ending a handle, however often, does nothing.
 * Threads: any.
 * Not here: bytes that are given back one day (adopt.h).
 *
 *     static const struct vtr_static stored = VTR_STATIC_INIT("STORED\r\n");
 *     struct vtr_data reply = vtr_data_static(&stored);
 */
#ifndef VITRINE_STATIC_H
#define VITRINE_STATIC_H

#include <vitrine/base.h>
#include <vitrine/data.h>
#include <vitrine/inline/record.h>

VTR_BEGIN_DECLS

/** ABI: made by an initialiser below, at compile time. Needs no heap. A library that is unloaded
 * takes its own with it: no handle may be left. */
struct vtr_static {
    struct vtr_record rec; /**< private */
    uint32_t len;          /**< bytes */
    uint32_t unused;
};
VTR_STATIC_ASSERT(sizeof(struct vtr_static) == 24, "vtr_static is ABI");

/** Private. Too long a static object does not compile. */
#define VTR_STATIC_OF_(bytes, len)                                                                 \
    {                                                                                              \
        { VTR_COUNT_FIXED, 0, 255, VTR_RECORD_FIXED, (const uint8_t *)(bytes) },                   \
            (uint32_t)((len) * sizeof(char[(len) <= VTR_DATA_MAX ? 1 : -1])), 0                    \
    }

/** Initialises a struct vtr_static with the bytes of a string literal, its end not included. */
#define VTR_STATIC_INIT(literal) VTR_STATIC_OF_("" literal, sizeof(literal) - 1)

/** The same with all of an array of bytes that is static and const. */
#define VTR_STATIC_INIT_ARRAY(array) VTR_STATIC_OF_(array, sizeof(array))

/** @return the bytes; need not be ended. Cost: nothing. */
VTR_INLINE VTR_MUST_USE struct vtr_data vtr_data_static(const struct vtr_static *s)
{
    struct vtr_data d;
    d.what = vtr_what_(&s->rec, 0);
    d.off = 0;
    d.len = s->len;
    return d;
}

VTR_END_DECLS
#endif
