/* SPDX-License-Identifier: BSD-2-Clause */
/* The reading end of a stream moves from process A (bit 2) to B (bit 4), and A dies. The sender
 * (bit 1) takes back what a dead reader left in the ring, while B takes the next entry from it.
 *
 * FIX: the ring names its reader, A names B before it hands the end on, and the sender takes back
 * only when it is the reader named that is dead.
 */
byte word = 1, gen = 2, reader = 2;
bit passed, dead;

proctype a()
{
    if
    :: true ->
#ifdef FIX
       reader = 4;
#endif
       passed = 1
    :: skip /* dies before */
    fi;
    dead = 1
}

proctype sender()
{
    dead;
    if
#ifdef FIX
    :: reader == 4
    :: reader == 2 ->
#else
    :: true ->
#endif
       d_step { word = word & ~1 };
       if
       :: word == 0 -> gen = gen + 2; word = 1 /* freed, and allocated again */
       :: else
       fi
    fi
}

proctype b()
{
end:
    passed;
    d_step { word = word | 4 };
    assert(gen == 2 && word & 4)
}

init { atomic { run a(); run sender(); run b() } }
