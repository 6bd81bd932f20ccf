/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * memory: what the library keeps for itself, outside of its heaps' blocks: segment lists,
 * magazines, the state of heaps and ports. It is jemalloc's where that can be loaded, in arenas of
 * its own, one for each thread that uses the library; else it is malloc's. The program's malloc
 * stays its own.
 * Owner: the library. Threads: any.
 * Not here: blocks (heap.h).
 *
 * Programs linked as pkg-config, CMake or meson say have jemalloc from their start: they need
 * libvitrine-jemalloc, which needs libjemalloc.so.2 behind libc and libstdc++, so that malloc and
 * operator new are still those of these. A jemalloc that is the program's malloc, by linking or
 * LD_PRELOAD, is taken too. Otherwise libjemalloc.so.2 is loaded when the library first needs
 * memory, which is how it is with libvitrine alone. Debian's wants 2.6 KiB of what glibc sets aside
 * for thread-locals of libraries that come late, which by default is less: a program that loads us
 * late is started with `GLIBC_TUNABLES=glibc.rtld.optional_static_tls=4096` in its environment.
 * For the same reason a plugin links libvitrine alone, or it might not load:
 * `pkg-config --define-variable=jemalloc= --libs vitrine`.
 * Built with AddressSanitizer or ThreadSanitizer, the library takes malloc, which these watch.
 */
#ifndef VITRINE_MEMORY_H
#define VITRINE_MEMORY_H

#include <vitrine/base.h>

VTR_BEGIN_DECLS

/** The private memory of the process. */
struct vtr_memory_stat {
    size_t size;              /**< sizeof(struct vtr_memory_stat): the version of this struct */
    uint64_t arenas;          /**< of the library, in use or kept for the next thread */
    uint64_t allocated_bytes; /**< in these arenas, with what threads keep ready; 0 for malloc */
    uint64_t resident_bytes;  /**< in memory for these arenas; 0 for malloc */
    const char *from;         /**< "jemalloc 5.3.0", or "malloc". Static */
    const char *why;          /**< why it is not jemalloc, for a person; else "". Static */
};

/**
 * Fills *out, as far as out->size goes.
 * @param out  out->size is set by the caller.
 * Cost: under jemalloc a lock and some figures for each arena; for people, tests and monitors.
 */
VTR_API VTR_COLD void vtr_memory_stat(struct vtr_memory_stat *out);

VTR_END_DECLS
#endif
