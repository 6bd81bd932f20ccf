/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Ordering a store before a load between two threads of which one must be quick and the other is
 * rare: the rare one pays for both with membarrier(2). A queue's caller says that it is inside of
 * what another thread may take away; who takes it away makes it unreachable, then waits until
 * nobody is inside who could have reached it.
 * Threads: any. Cost: quick side no locked instruction; rare side a system call.
 */
#ifndef VITRINE_PORT_FENCE_H
#define VITRINE_PORT_FENCE_H

#include <vitrine/base.h>

/** Whether the rare side can see to both; constant after vtr_fence_init_(). */
extern bool vtr_fence_asymmetric_;

/** Before any of the others; does something once a process. Under the lock that serialises opening
 * ports. */
VTR_COLD void vtr_fence_init_(void);

/** The quick side's, between its store and its load. */
static inline void vtr_fence_quick_(void)
{
    if (VTR_LIKELY(vtr_fence_asymmetric_))
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
    else
        __atomic_thread_fence(__ATOMIC_SEQ_CST); /* a kernel that has no membarrier */
}

/** The rare side's, likewise. */
VTR_COLD void vtr_fence_rare_(void);

static inline void vtr_fence_enter_(uint32_t *inside)
{
    __atomic_store_n(inside, 1, __ATOMIC_RELAXED); /* ordered by the fence */
    vtr_fence_quick_();
}

static inline void vtr_fence_leave_(uint32_t *inside)
{
    __atomic_store_n(inside, 0, __ATOMIC_RELEASE); /* R2: pairs with A2 in vtr_fence_left_() */
}

/** @return whether nobody is inside; called again until that is so. Behind vtr_fence_rare_(). */
static inline bool vtr_fence_left_(const uint32_t *inside)
{
    return __atomic_load_n(inside, __ATOMIC_ACQUIRE) == 0; /* A2 */
}

#endif
