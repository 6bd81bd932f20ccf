/* SPDX-License-Identifier: BSD-2-Clause */
/* One block of the shared heap: its holder word and generation, the record each of two processes
 * has of it, and the magazines of process 0, which owns the segment. check.py says which threads
 * run and proves each selection exhaustively.
 *
 * A locked instruction is one d_step, a plain load or store one statement; the tags (R, A, B) are
 * those of src/heap/. Spin is sequentially consistent: release and acquire supply as much for all
 * of this but a store that its own thread's next load overtakes. The protocol has one place where
 * that counts, `inside` before `wanted`, so that store alone has a buffer here (buffered), which a
 * later store of the thread or a membarrier empties. kill -9: threads stop where they are, private
 * memory is gone, the words and rings stay.
 *
 * Proved: a handle sees its own generation, sealed, with its process's bit set, until it ends; who
 * writes has no reader; an upgrade fails only when no handle of its generation is used afterwards;
 * a message is delivered; a hint has one owner and its block is free; in the end the word is zero
 * and the block has one hint, or an IDLE record that a sweep finds. Nothing blocks for ever.
 *
 * selected by -D   UP0 UP1 threads that upgrade weak references (how many, in process 0 and 1)
 *                  LEND threads of process 0 that borrow a handle of a block that is carved from
 *                  SOFT soft references   STEAL   OWN try_own   SEND both ways, receivers
 *                  ROB two threads allocate and empty each other's magazine
 *                  KILL=p that process may be killed    JOIN its slot has a next user
 *                  ALLOCS how often the block may be allocated    M_... a mutant, which must fail
 */
#ifndef ALLOCS
#define ALLOCS 2
#endif

#define BUSY    0
#define IDLE    14 /* negative in C; no count here comes near it */
#define CACHED  15
#define HELD(c) ((c) != BUSY && (c) < IDLE)

#define STRONG(p) (1 << (p))
#define SOFTLY(p) (4 << (p))
#define STRONGS   3

#define SHARED 1
#define CARVED 2

/* shared by the processes */
byte word;
byte gen;
byte ring[2];   /* message of process p to the other: a generation; 0: empty */
bit tail[2];    /* its reader has taken it */
bit shut[2];    /* closed; or discarded by a reaper */

/* private to process p */
byte count[2];
byte flags[2];
byte soft_gen[2], soft_count[2]; /* one 64-bit word in C */

/* private to process 0 */
byte mag[3];    /* hints in the magazine of thread t, and in the depot: 0 or 1, if all is well */
bit inside[3], buffered[3], wanted[3];
bit lock;       /* the heap's mutex */
byte lent, borrowed;

/* slot of the process that may be killed */
bit killed[2];
mtype = { LIVE, DEAD, FREE };
mtype slot = LIVE;
bit slot_lock;
byte incarnation;

/* what the program and the proof know */
byte weak;      /* the weak reference made last: a generation */
byte allocs;
byte hands;     /* threads with a hint in hand */
byte readers[2];
byte lost;      /* the last generation that an upgrade did not get */

#define OWNS(p) ((p) == 0 && !killed[0])
#define DEPOT 2 /* threads that never allocate: what they free goes to the depot */
#define HINTS (mag[0] + mag[1] + mag[DEPOT] + hands)

inline use(p)
{
    d_step { assert(gen == g && !(gen & 1)); assert(word & STRONG(p)); assert(g > lost) }
}

inline write() { d_step { assert(gen & 1); assert(readers[0] + readers[1] == 0) } }

#ifdef M_FAST_ALLOC /* hints are guesses */
inline got_hint() { hands++ }
#else
inline got_hint() { hands++; assert(HINTS == 1); assert(count[0] == CACHED && word == 0) }
#endif

/* Magazines */

#ifdef ROB
/* The thread's stores leave in order: this one waits for the next, a membarrier, or nothing. */
inline enter(t)
{
    do
    :: if /* B1 */
       :: buffered[t] = 1
       :: inside[t] = 1
       fi;
       if
       :: wanted[t] -> /* A8 */
#ifndef M_WAIT_INSIDE
          leave(t);
#endif
          !wanted[t]
       :: else -> break
       fi
    od
}

inline stored(t) { inside[t] = inside[t] | buffered[t]; buffered[t] = 0 }

inline leave(t) { d_step { inside[t] = 0; buffered[t] = 0 } } /* R9 */
#else
#define enter(t)  skip
#define stored(t) skip
#define leave(t)  skip
#endif

inline push(t)
{
    if
    :: t == DEPOT -> d_step { hands--; mag[DEPOT]++ }
    :: t == DEPOT -> d_step { count[0] = IDLE; hands-- } /* no room: vtr_blocks_forget, R3 */
    :: else ->
       enter(t);
       c = mag[t];
       d_step { stored(t); hands--; mag[t] = c + 1 };
       leave(t)
    fi
}

/* vtr_cache_keep: word is zero, and what is free is from here on this thread's. */
inline keep(t)
{
#if defined(M_PUSH_FIRST)
    hands++;
    push(t);
    count[0] = CACHED
#elif defined(M_FAST_ALLOC)
    count[0] = IDLE;
    hands++;
    push(t)
#else
    d_step { count[0] = CACHED; got_hint() }; /* R3 */
    push(t)
#endif
}

inline lock_heap()   { d_step { !lock -> lock = 1 } }
inline unlock_heap() { lock = 0 }

inline claim(ok) /* A3 */
{
    if
#ifdef M_SWEEP_PLAIN
    :: count[0] == IDLE -> count[0] = BUSY; ok = 1
#elif defined(M_SWEEP_DIRECT)
    :: d_step { count[0] == IDLE -> count[0] = CACHED }; ok = 1
#else
    :: d_step { count[0] == IDLE -> count[0] = BUSY; ok = 1 }
#endif
    :: count[0] != IDLE -> ok = 0
    fi
}

/* A block that no hint knows: a peer was its last holder, or it was stolen. The first look at the
 * word saves a locked instruction. The second decides: meanwhile it may have been used and sent. */
inline sweep(t)
{
    if
    :: word == 0 ->
       lock_heap();
       claim(ok);
       if
       :: ok ->
          if
          :: word == 0 -> d_step { count[0] = CACHED; got_hint() }; /* A6 */
          :: else -> count[0] = IDLE; ok = 0
          fi
       :: else
       fi;
       unlock_heap()
    :: else -> ok = 0
    fi
}

/* The pageblock is taken from its class and cut again, both under the lock. */
inline retire(t)
{
    lock_heap();
#ifdef M_RETIRE_CACHED
    d_step { if :: count[0] == CACHED -> count[0] = IDLE :: else fi };
#endif
    claim(ok);
    if
    :: ok ->
       if
       :: word == 0 -> count[0] = IDLE; /* R3; without a class */
          d_step { count[0] == IDLE -> count[0] = BUSY }; /* a stale upgrade may hold it */
          d_step { count[0] = CACHED; hands++ }
       :: else -> count[0] = IDLE; ok = 0
       fi
    :: else
    fi;
    unlock_heap()
}

/* The lock lets one thief in at a time; a thief is not inside a magazine of its own. */
inline rob(t)
{
    lock_heap();
    wanted[1 - t] = 1;
#ifndef M_NO_MEMBARRIER
    d_step { inside[0] = inside[0] | buffered[0]; inside[1] = inside[1] | buffered[1];
             buffered[0] = 0; buffered[1] = 0 }; /* B2 */
#endif
#ifndef M_IGNORE_INSIDE
    !inside[1 - t]; /* A9 */
#endif
    c = mag[1 - t];
    if
    :: c > 0 -> d_step { mag[1 - t] = c - 1; got_hint(); ok = 1 }
    :: else -> ok = 0
    fi;
    wanted[1 - t] = 0; /* R8 */
    unlock_heap()
}

/* A hint, exact, in the hands of thread t; or not ok. */
inline take_hint(t)
{
    enter(t);
    c = mag[t];
    if
    :: c > 0 ->
       d_step { stored(t); mag[t] = c - 1; got_hint(); ok = 1 }
    :: else -> ok = 0
    fi;
    leave(t);
    if
    :: ok
    :: !ok ->
       if
       :: d_step { mag[DEPOT] > 0 -> mag[DEPOT]--; got_hint(); ok = 1 }
#ifndef M_FAST_ALLOC
       :: sweep(t)
       :: retire(t)
#endif
#ifdef ROB
       :: rob(t)
#endif
       fi
    fi
}

/* Blocks */

inline open_block() /* block_open: word is zero */
{
    d_step { g = (gen + 1) | 1 };
    gen = g; /* R5 */
    word = STRONG(0);
#ifdef LEND
    flags[0] = flags[0] | CARVED; /* plain: no other handle yet */
#endif
    d_step { count[0] = 1; hands = 0 } /* R3 */
}

inline take_block(t)
{
    take_hint(t);
    if
    :: ok ->
#ifdef M_SHARED_RESET
       flags[0] = 0;
#endif
#ifdef M_FAST_ALLOC
       if
       :: count[0] == IDLE -> count[0] = BUSY;
          if
          :: word == 0 -> open_block()
          :: else -> d_step { count[0] = IDLE; hands-- }; ok = 0
          fi
       :: count[0] != IDLE -> hands--; ok = 0
       fi
#else
       open_block()
#endif
    :: else
    fi
}

inline seal() { g = g + 1; d_step { gen = g; readers[0]++ } } /* R7 */

/* A1, and the flags after the count: whoever set SHARED held a handle when it did. */
inline is_exclusive(p)
{
#ifdef M_FLAGS_FIRST
    w = flags[p];
    if
    :: count[p] == 1 && !(w & SHARED) -> ok = 1
    :: else -> ok = 0
    fi
#else
    if
    :: count[p] == 1 ->
#ifdef M_UNREF_UNCHECKED
       ok = 1
#else
       if
       :: flags[p] & SHARED -> ok = 0
       :: else -> ok = 1
       fi
#endif
    :: else -> ok = 0
    fi
#endif
}

inline release(p, t) /* vtr_record_release_: count is BUSY */
{
    d_step { word = word & ~STRONG(p); w = word }; /* A1, R6 */
    if
    :: w == 0 && OWNS(p) -> keep(t)
    :: else -> count[p] = IDLE /* R3 */
    fi
}

inline count_down(p, t)
{
    d_step { assert(HELD(count[p])); count[p]--; c = count[p] }; /* R1 */
    if
    :: c == BUSY -> release(p, t)
    :: else
    fi
}

inline unref_count(p, t)
{
    is_exclusive(p);
    if
    :: ok -> word = 0; keep(t) /* vtr_block_end: R6 */
    :: else -> count_down(p, t)
    fi
}

inline unref(p, t) { readers[p]--; unref_count(p, t) }

inline ref(p) /* of a borrowed handle */
{
#ifdef M_REF_PLAIN
    if
    :: count[p] == 1 -> d_step { count[p] = 2; readers[p]++ }
    :: else -> d_step { count[p]++; readers[p]++ }
    fi
#else
    d_step { assert(HELD(count[p])); count[p]++; readers[p]++ } /* O */
#endif
}

inline mark_shared(p) { d_step { flags[p] = flags[p] | SHARED } }

#ifdef LEND
/* The thread's cache has carved enough of the block: others may mark it meanwhile. */
inline uncarve()
{
#ifdef M_CARVED_PLAIN
    w = flags[0];
    flags[0] = w & ~CARVED
#else
    d_step { flags[0] = flags[0] & ~CARVED }
#endif
}

inline lend()
{
    lent = g;
    uncarve();
    borrowed == LEND;
    lent = 0
}
#endif

inline weaken(p)
{
#ifdef M_MARK_LATE
    weak = g
#else
    mark_shared(p);
    weak = g
#endif
}

/* IDLE -> BUSY -> 1 with the process's bit set in a word that was not zero, or -> IDLE. */
inline join_holders(p)
{
    do
    :: w = word;
       if
       :: w == 0 -> count[p] = IDLE; ok = 0; break /* R3 */
       :: else ->
          if
          :: d_step { word == w -> word = w | STRONG(p) }; count[p] = 1; ok = 1; break /* R3 */
          :: word != w
          fi
       fi
    od
}

/* Of generation g. BUSY: spins. */
inline upgrade(p, t)
{
    if
    :: gen != g -> ok = 0 /* A7 */
    :: else ->
       if
       :: d_step { HELD(count[p]) -> count[p]++ }; ok = 1
       :: count[p] == CACHED -> ok = 0
       :: d_step { count[p] == IDLE -> count[p] = BUSY }; join_holders(p) /* A3 */
       fi;
       if
       :: ok ->
          if
#ifdef M_NO_RECHECK
          :: true
#else
          :: gen == g /* A5 */
          :: else -> count_down(p, t); ok = 0
#endif
          fi
       :: else
       fi
    fi;
    d_step { if :: ok -> readers[p]++ :: else -> if :: g > lost -> lost = g :: else fi fi }
}

/* Immutable to open in place: ok, and weak references to it end. The handle's reading is over. */
inline try_own()
{
    readers[0]--;
    is_exclusive(0);
    if
    :: ok -> g = g + 1; gen = g
    :: else ->
       if
       :: d_step { count[0] == 1 -> count[0] = BUSY }; /* A1 */
#if defined(M_OWN_LOOK)
          if
          :: word == STRONG(0) -> g = g + 1; gen = g; ok = 1
          :: else
          fi;
#elif defined(M_OWN_GEN_FIRST)
          gen = g + 1;
          if
          :: word == STRONG(0) -> g = g + 1; ok = 1
          :: else -> gen = g
          fi;
#else
          if
          :: d_step { word == STRONG(0) -> word = 0 }; /* A6 */
             g = g + 1;
             gen = g; /* R5 */
             word = STRONG(0);
             ok = 1
          :: word != STRONG(0)
          fi;
#endif
          count[0] = 1 /* R3 */
       :: count[0] != 1
       fi
    fi;
    if
    :: ok -> write(); seal()
    :: else -> readers[0]++
    fi
}

/* Soft references, of the generation s */

inline soften(p)
{
#ifndef M_SOFT_UNMARKED
    mark_shared(p);
#endif
    s = g;
    if
    :: d_step { soft_count[p] != BUSY && soft_count[p] < IDLE && soft_gen[p] == s ->
                soft_count[p]++ }
    :: d_step { soft_count[p] != BUSY && (soft_count[p] == IDLE || soft_gen[p] != s) ->
                soft_count[p] = BUSY; soft_gen[p] = s };
       d_step { word = word | SOFTLY(p) };
       soft_count[p] = 1
    fi
}

inline soft_drop(p)
{
    if
    :: d_step { soft_count[p] != BUSY && (soft_count[p] == IDLE || soft_gen[p] != s) -> skip }
    :: d_step { HELD(soft_count[p]) && soft_count[p] > 1 && soft_gen[p] == s -> soft_count[p]-- }
    :: d_step { soft_count[p] == 1 && soft_gen[p] == s -> soft_count[p] = BUSY };
       d_step { word = word & ~SOFTLY(p) };
       soft_count[p] = IDLE
    fi;
    s = 0
}

/* Programs */

/* The ring keeps this reference until its reader has one, or is dead, or the channel is closed. */
inline send(p)
{
    mark_shared(p);
    if
    :: d_step { ring[p] == 0 && !shut[p] -> ring[p] = g };
       if
       :: tail[p] || killed[1 - p]
       :: shut[p] = 1
       fi;
       d_step { ring[p] = 0; tail[p] = 0 }
    :: shut[p]
    fi
}

/* What becomes of a handle. */
inline spend(p, t)
{
    use(p);
    if
    :: skip
#ifdef OWN
    :: OWNS(p) -> try_own(); use(p)
#endif
#ifdef SOFT
    :: soften(p)
#endif
#ifdef SEND
    :: send(p); use(p)
#endif
    fi;
    unref(p, t);
#ifdef M_MARK_LATE
    mark_shared(p);
#endif
#ifdef SOFT
    if
    :: s != 0 ->
       if
       :: g = s;
          upgrade(p, t);
#ifndef STEAL
          assert(ok);
#endif
          if
          :: ok -> use(p); unref(p, t)
          :: else
          fi
       :: skip
       fi;
       soft_drop(p)
    :: else
    fi
#endif
}

#ifdef KILL
#define MORTAL(p) unless { d_step { killed[p] -> g = 0; s = 0; w = 0; c = 0; ok = 0 } }
#else
#define MORTAL(p)
#endif
#define LOCALS byte g, s, w, c; bit ok

/* A thread of process 0 that allocates. */
proctype owner(byte t)
{
    LOCALS;
    {
        do
        :: allocs < ALLOCS ->
           take_block(t);
           if
           :: ok ->
              allocs++;
              write();
              if
              :: seal();
#ifdef LEND
                 if
                 :: !borrowed -> lend()
                 :: skip
                 fi;
#endif
                 if
#if defined(UP0) || defined(UP1) || defined(JOIN)
                 :: weaken(0)
#endif
                 :: skip
                 fi;
                 spend(0, t)
              :: unref_count(0, t) /* never sealed */
              fi
           :: else
           fi
        :: break
        od
    } MORTAL(0)
}

/* A thread of process 0 that uses another's handle to get one. */
proctype borrower()
{
    LOCALS;
end:
    {
        lent != 0;
        g = lent;
        ref(0);
        borrowed++;
        use(0);
        if
#if defined(UP0) || defined(UP1) || defined(JOIN)
        :: weaken(0)
#endif
        :: skip
        fi;
        spend(0, DEPOT)
    } MORTAL(0)
}

/* A thread that has a weak reference. */
proctype upgrader(byte p)
{
    LOCALS;
end:
    {
        weak != 0;
        g = weak;
        upgrade(p, DEPOT);
        if
        :: ok -> spend(p, DEPOT)
        :: else
        fi
    } MORTAL(p)
}

#ifdef SEND
proctype receiver(byte p)
{
    LOCALS;
end:
    do
    :: d_step { ring[1 - p] != 0 && !tail[1 - p] && !shut[1 - p] -> g = ring[1 - p] };
#ifdef M_BLIND
       if
       :: d_step { HELD(count[p]) -> count[p]++ }
       :: d_step { count[p] == IDLE -> count[p] = BUSY };
          d_step { word = word | STRONG(p) };
          count[p] = 1
       fi;
       readers[p]++;
       ok = 1;
#else
       upgrade(p, DEPOT);
#endif
       assert(ok || shut[1 - p]);
       if
       :: ok -> tail[1 - p] = 1; use(p); unref(p, DEPOT)
       :: else
       fi
    od MORTAL(p)
}
#endif

#ifdef STEAL
proctype stealer()
{
    byte w;
end:
    do
    :: w = word;
       if
       :: !(w & STRONGS) && w != 0 ->
          if
          :: d_step { word == w -> word = 0 }; break
          :: word != w
          fi
       :: else -> break
       fi
    od
}
#endif

#ifdef KILL
proctype killer()
{
    if
    :: d_step {
           killed[KILL] = 1;
           slot = DEAD;
           readers[KILL] = 0;
           if
           :: KILL == 0 -> hands = 0; mag[0] = 0; mag[1] = 0; mag[DEPOT] = 0; lock = 0; lent = 0
           :: else
           fi;
           count[KILL] = IDLE;
           flags[KILL] = SHARED;
           soft_count[KILL] = IDLE;
           soft_gen[KILL] = 0;
       }
    :: skip
    fi
}

#define DRAINED (ring[KILL] == 0 || tail[KILL] || shut[KILL])

/* Under the slot's lock, which the kernel frees if the reaper dies: some other one begins again. */
proctype reaper(bit may_die)
{
    byte i;
end:
    slot == DEAD;
    i = incarnation;
#ifndef M_REAP_UNLOCKED
    d_step { !slot_lock -> slot_lock = 1 };
#endif
    if
#ifndef M_REAP_UNLOCKED
    :: slot != DEAD || incarnation != i
#endif
    :: may_die
#ifdef M_INHERIT
    :: may_die -> slot = FREE; incarnation++ /* has not mapped the segment of our block */
    :: !may_die ->
#else
    :: slot == DEAD && incarnation == i ->
#endif
       d_step { word = word & ~SOFTLY(KILL) };
       if
       :: may_die
       :: true ->
#if defined(SEND) && !defined(M_REAP_IN_FLIGHT)
          if
          :: DRAINED
          :: !DRAINED -> shut[KILL] = 1 /* the bound is over, or the reader dead */
          fi;
#endif
          d_step { word = word & ~STRONG(KILL) };
          if
          :: may_die
          :: d_step { slot == DEAD && incarnation == i -> slot = FREE; incarnation++ }
#if defined(M_REAP_UNLOCKED) || defined(M_INHERIT)
          :: slot != DEAD || incarnation != i
#endif
          fi
       fi
    fi;
#ifndef M_REAP_UNLOCKED
    slot_lock = 0
#endif
}
#endif

#ifdef JOIN
/* The next user of the slot, which is told of the block. */
proctype joiner()
{
    LOCALS;
end:
    d_step { !slot_lock && slot == FREE && weak != 0 -> slot = LIVE };
    g = weak;
    upgrade(KILL, DEPOT);
    if
    :: ok -> use(KILL); use(KILL); unref(KILL, DEPOT)
    :: else
    fi
}
#endif

#ifdef M_FAST_ALLOC
#define HINTED IDLE
#else
#define HINTED CACHED
#endif

init
{
    byte i;
    atomic {
        count[0] = HINTED;
        mag[0] = 1;
        count[1] = IDLE;
#ifndef M_PEER_UNMARKED
        flags[1] = SHARED; /* of a segment that another process owns: always */
#endif
        soft_count[0] = IDLE;
        soft_count[1] = IDLE;
        run owner(0);
#ifdef ROB
        run owner(1);
#endif
#ifdef LEND
        for (i : 1 .. LEND) { run borrower() }
#endif
#ifdef UP0
        for (i : 1 .. UP0) { run upgrader(0) }
#endif
#ifdef UP1
        for (i : 1 .. UP1) { run upgrader(1) }
#endif
#ifdef SEND
        run receiver(0);
        run receiver(1);
#endif
#ifdef STEAL
        run stealer();
#endif
#ifdef KILL
        run killer();
        run reaper(1);
        run reaper(0);
#endif
#ifdef JOIN
        run joiner();
#endif
    }
    timeout ->
    assert(word == 0);
    assert(killed[0] || (count[0] == HINTED && HINTS == 1) || (count[0] == IDLE && HINTS == 0));
    assert(count[1] == IDLE && readers[0] + readers[1] == 0)
}
