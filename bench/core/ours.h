/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Ours: each operation by the public interface. Names are those of the rows.
 * Owner, threads: stand.h.
 */
#ifndef CORE_OURS_H
#define CORE_OURS_H

#include "core/row.h"

WAYS ours_alloc_free, ours_alloc_free_bulk, ours_alloc_free_st, ours_alloc_free_bulk_st;
WAYS ours_ref, ours_ref_st, ours_slice, ours_ref_cold, ours_slice_cold;
WAYS ours_concat, ours_concat_st, ours_prepend, ours_prepend_st;
WAYS ours_view, ours_view_next, ours_view_straddle;
WAYS unchecked_view, unchecked_view_next;
WAYS ours_echo, ours_echo_st;
WAYS ours_mix, ours_ref_shared, ours_allocate_away, ours_free_here;
WAYS ours_own_seal, ours_split, ours_unref_bulk, ours_unref_each, ours_keep;
WAYS ours_copy_64, ours_copy_512, ours_copy_2048;

#endif
