/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The same by copying, into memory of jemalloc. It is a library of its own, which shows nothing of
 * jemalloc: the program's malloc stays libc's. Threads: any.
 */
#ifndef CORE_MALLOC_H
#define CORE_MALLOC_H

#include "core/row.h"

#pragma GCC visibility push(default)
WAYS malloc_alloc_free, malloc_ref, malloc_slice, malloc_ref_cold, malloc_slice_cold;
WAYS malloc_concat, malloc_prepend, malloc_copy_64, malloc_copy_512, malloc_copy_2048;
#pragma GCC visibility pop

#endif
