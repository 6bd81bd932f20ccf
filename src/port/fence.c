/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The rare side of fences.
 */
#include "port/fence.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

bool vtr_fence_asymmetric_;

void vtr_fence_init_(void)
{
    static bool done; /* callers of other ports may be reading it */
    if (done)
        return;
    done = true;
    vtr_fence_asymmetric_ =
        syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

void vtr_fence_rare_(void)
{
    if (vtr_fence_asymmetric_)
        vtr_check(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0);
    else
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
