/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Exported twins of what port.h inlines. What it includes is exported by libvitrine already.
 */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#include <vitrine/data.h>
#include <vitrine/heap.h>

#undef VTR_INLINE
#define VTR_INLINE VTR_API
#include <vitrine/port.h>
