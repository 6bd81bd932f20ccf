/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Waiting.
 */
#include "base/wait.h"

#include <sched.h>
#include <time.h>

enum { YIELDS = 16, DOUBLINGS = 10, SLEEP_NS = 1000 }; /* sleeps of 1 us to 1 ms */

void vtr_wait_(struct vtr_wait *wait)
{
    unsigned sleeps = wait->times < YIELDS ? 0 : wait->times - YIELDS + 1;
    if (sleeps <= DOUBLINGS)
        wait->times++;
    if (sleeps == 0) {
        sched_yield();
        return;
    }
    struct timespec pause = { 0, SLEEP_NS << (sleeps - 1) };
    nanosleep(&pause, NULL);
}
