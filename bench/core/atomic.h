/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The floor of counting: one int, counted up and down. Threads: any.
 */
#ifndef CORE_ATOMIC_H
#define CORE_ATOMIC_H

#include "core/row.h"

WAYS atomic_pair_slice, atomic_pair_block, atomic_one, plain_one;

#endif
