/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * base: what every other header needs: visibility, contracts, setup errors.
 * Owner: nothing here owns anything.
 * Threads: any.
 * Not here: bytes (span.h), memory (heap.h).
 */
#ifndef VITRINE_BASE_H
#define VITRINE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define VTR_BEGIN_DECLS extern "C" {
#define VTR_END_DECLS }
#define VTR_STATIC_ASSERT(cond, why) static_assert(cond, why)
#else
/** Around declarations, so that C++ takes them for C's. */
#define VTR_BEGIN_DECLS
/** Ends what VTR_BEGIN_DECLS began. */
#define VTR_END_DECLS
/** What must hold to compile. */
#define VTR_STATIC_ASSERT(cond, why) _Static_assert(cond, why)
#endif

/** Seen outside of the library that has it. */
#define VTR_API __attribute__((visibility("default")))
/** The result says whether it failed, or is owned. */
#define VTR_MUST_USE __attribute__((warn_unused_result))
/** For setup and failures: kept apart from what packets go through. */
#define VTR_COLD __attribute__((cold, noinline))
/** The fast paths in headers. */
#ifndef VTR_INLINE /* src/ffi.c defines it as VTR_API: inlines for other languages */
#define VTR_INLINE static inline
#endif

/** Mostly true. */
#define VTR_LIKELY(cond) __builtin_expect(!!(cond), 1)
/** Mostly false. */
#define VTR_UNLIKELY(cond) __builtin_expect(!!(cond), 0)

VTR_STATIC_ASSERT(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "little-endian hosts only");
VTR_STATIC_ASSERT(sizeof(void *) == 8, "vitrine supports 64-bit hosts");

VTR_BEGIN_DECLS

/** Why a setup call failed, for a person. Filled by setup calls only; the argument may be NULL. */
struct vtr_error {
    int code;       /**< negative errno, equal to the return value */
    char what[240]; /**< "port 'memif:/run/a.sock': cannot listen: Permission denied" */
    char hint[160]; /**< what to try, as a command or a choice; may be empty */
};

/**
 * Aborts with a message: a caller broke a contract that the library checks in every build.
 * @param cond,file,line  what was checked and where.
 */
VTR_API VTR_COLD __attribute__((noreturn)) void
vtr_check_failed_(const char *cond, const char *file, int line);

/** A caller's contract. Stays on in release builds; never becomes undefined behaviour. */
#define vtr_check(cond) (VTR_LIKELY(cond) ? (void)0 : vtr_check_failed_(#cond, __FILE__, __LINE__))

/**
 * Ends the value at the closing brace, on every path: `vtr_auto(vtr_data) d = VTR_DATA_EMPTY;`
 * vtr_move() is the one way out. For vtr_data and vtr_buf.
 */
#define vtr_auto(type) __attribute__((cleanup(type##_cleanup_))) struct type

/** @return *p, which is left zero (empty): whoever takes the result owns it. */
#define vtr_move(p)                                                                                \
    __extension__({                                                                                \
        __typeof__(*(p)) *vtr_from_ = (p), vtr_moved_ = *vtr_from_;                                \
        __builtin_memset((void *)vtr_from_, 0, sizeof *vtr_from_);                                 \
        vtr_moved_;                                                                                \
    })

VTR_END_DECLS
#endif
