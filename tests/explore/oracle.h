/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What scenarios are made of: the calls of the library, each followed by what must hold then.
 *
 * The oracle knows of each block how many handles the scenario has and of which generation, and the
 * block's bytes are a stamp of that generation: whoever reads another one, or takes a block that
 * somebody holds, has found a bug.
 * Owner: handles as in <vitrine/data.h>. Threads: any, but for what is for setup.
 */
#ifndef EXPLORE_ORACLE_H
#define EXPLORE_ORACLE_H

#include <vitrine/buf.h>
#include <vitrine/data.h>

#include "explore.h"
#include "heap/heap.h"

/* The oracle's own looks at memory are no accesses of the program's. */
#define UNSEEN __attribute__((no_sanitize("thread"), noinline))

/* A class with two blocks in a pageblock, one with three, and the largest that is taken inline and
 * is not the header blocks'. */
enum { HALF = 1 << 20, THIRD = 699008, SMALL = 7232 };

/** A name of a block that does not hold it. */
struct weak {
    uint64_t what, gen;
};

extern struct vtr_heap *heap;

/* For setup. */
/** Opens a heap that has room for so many pageblocks. @param quota  bytes of these; 0: none. */
void heap_begin(unsigned pageblocks, uint64_t quota);
/** The thread that sets up ends: its magazines are in the depot. */
void heap_begun(void);

/** For warm: the thread has a cache, and a magazine for blocks of HALF, or of SMALL. */
void warm_cache(void);
void warm_small(void);

/** @return false: there is none. */
bool take(size_t bytes, struct vtr_buf *out);
struct vtr_data seal(struct vtr_buf *b);
/** take and seal; fails if there is none. */
struct vtr_data make(size_t bytes);
struct vtr_data more(struct vtr_data d);
/** Reads the bytes, and a while later once more. */
void use(struct vtr_data d);
void drop(struct vtr_data *d);
void drop_all(struct vtr_data *d, unsigned n);
/** Splits the stamp off: a handle of a block that is still open. */
struct vtr_data split(struct vtr_buf *b);
/** Reads the stamp of such a handle, and ends it. */
void end_split(struct vtr_data *d);
void fini_all(struct vtr_buf *b, unsigned n);
/** use and drop. */
void end(struct vtr_data *d);
struct weak weaken(struct vtr_data d);
/** @return false: it is gone, or never was. */
bool upgrade(struct weak w, struct vtr_data *out);
/** try_own, and the block is stamped anew. */
bool reopen(struct vtr_data *d, struct vtr_buf *out);
/** take, seal, use, drop, if there is one. */
void take_and_end(size_t bytes);
/** Takes so many at once, and ends them at once. */
void take_and_end_all(size_t bytes, unsigned n);
/** Has all of two blocks at once, if they are there: whatever can be found is looked for. */
void take_two_and_end(size_t bytes);

/* Another process, and what happens to its bits. */
enum { PEER = 2 };
#define PEER_SOFT (UINT64_C(1) << 33)

/** Receives a block by the upgrade rule. @return false: it is gone. */
bool peer_receive(struct weak w);
void peer_use(struct weak w);
void peer_release(struct weak w);
/** Clears a bit of a process that was killed. */
void peer_reap(struct weak w);
/** The peer holds it softly from now on. */
void peer_soften(struct weak w);
/** Takes a block that nobody holds strongly. */
void steal(struct weak w);

/** Whoever has a handle finds it counted, and the holder's bit in the word. */
void invariant(void);
/** Nothing is held or charged, and each free block is in one depot or IDLE. */
void audit(void);

#endif
