/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Faults on demand, in debug builds. All atomics are relaxed: a test orders its threads itself.
 */
#include "base/system.h"

#if VTR_DEBUG
static unsigned kinds_armed; /* 0: no call fails */
static int64_t left;         /* calls that succeed until one fails */
static int with;             /* errno; 0: that of the kind */
static bool failed;

static int usual(enum vtr_fault kind)
{
    switch (kind) {
    case VTR_FAULT_MEMFD:
        return EMFILE;
    case VTR_FAULT_FALLOCATE:
        return ENOSPC;
    case VTR_FAULT_FCNTL:
        return EINVAL;
    default:
        return ENOMEM;
    }
}

int vtr_fault_(enum vtr_fault kind)
{
    unsigned armed = __atomic_load_n(&kinds_armed, __ATOMIC_RELAXED);
    if (VTR_LIKELY((armed & kind) == 0))
        return 0;
    int64_t before = __atomic_fetch_sub(&left, 1, __ATOMIC_RELAXED);
    if (before > 0 || (before < 0 && (armed & VTR_FAULT_ON) == 0))
        return 0;
    int error = __atomic_load_n(&with, __ATOMIC_RELAXED);
    __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
    return error != 0 ? error : usual(kind);
}

void vtr_test_fail_after_(unsigned kinds, unsigned n)
{
    __atomic_store_n(&kinds_armed, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&left, n, __ATOMIC_RELAXED);
    __atomic_store_n(&failed, false, __ATOMIC_RELAXED);
    __atomic_store_n(&kinds_armed, kinds, __ATOMIC_RELAXED);
}

void vtr_test_fail_with_(int error)
{
    __atomic_store_n(&with, error, __ATOMIC_RELAXED);
}

bool vtr_test_failed_(void)
{
    return __atomic_load_n(&failed, __ATOMIC_RELAXED);
}
#endif
