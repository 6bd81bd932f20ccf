/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Private memory, for all of the library.
 * Owner: whoever allocates. Threads: any may free what any other allocated, also while it ends.
 * Cost: under jemalloc no lock and no atomic in the common case, through a cache of the calling
 * thread, which keeps what it frees, whoever allocated it.
 */
#ifndef VITRINE_BASE_MEMORY_H
#define VITRINE_BASE_MEMORY_H

#include <vitrine/memory.h>

/**
 * @param bytes  0 is as 1.
 * @param align  a power of two, at most 4096; for 16 and less it is 16.
 * @return undefined bytes, owned; NULL: no memory.
 */
VTR_API VTR_MUST_USE void *vtr_memory_alloc_(size_t bytes, size_t align);

/** The same, filled with zero. */
VTR_API VTR_MUST_USE void *vtr_memory_zalloc_(size_t bytes, size_t align);

/**
 * @param p  consumed unless NULL is returned; NULL is allowed. Its alignment becomes 16.
 * @return owned: what fits of the bytes before; NULL: no memory.
 */
VTR_API VTR_MUST_USE void *vtr_memory_realloc_(void *p, size_t bytes);

/** @param p  consumed; NULL is allowed. */
VTR_API void vtr_memory_free_(void *p);

#if VTR_DEBUG
/** @return how many allocations of the process are not freed. */
VTR_API uint64_t vtr_test_memory_live_(void);
#endif

#endif
