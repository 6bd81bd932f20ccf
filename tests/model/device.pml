/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes A (bit 1) and B (bit 2) each have a device that reads the block. Both device bits
 * outlive their process; B is killed while its device reads, A's device completes.
 *
 * FIX: each device has a slot of its own. Without it both share one bit, and the first to complete
 * clears it for the other.
 */
#ifdef FIX
#define DEVICE(p) (4 << (p))
#else
#define DEVICE(p) 4
#endif
byte word = 3;
bit dead;

proctype a()
{
    d_step { word = word | DEVICE(0) };
    d_step { word = word & ~DEVICE(0) }; /* sent */
    d_step { word = word & ~1 }
}

proctype b()
{
    d_step { word = word | DEVICE(1) };
    dead = 1 /* kill -9; its device reads on */
}

proctype reaper() { dead; d_step { word = word & ~2 } }

proctype device() { dead; assert(word != 0) }

init { atomic { run a(); run b(); run reaper(); run device() } }
