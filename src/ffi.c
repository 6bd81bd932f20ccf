/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Exported twins of every inline, for bindings that cannot compile C headers.
 */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#define VTR_INLINE __attribute__((visibility("default")))
#include <vitrine/vitrine.h>
