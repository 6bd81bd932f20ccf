/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Tally: what a set of references adds up to, block by block: a hash table by address.
 * Owner: the storage is the caller's; grown ones are in private memory until fini.
 * Threads: one.
 */
#ifndef VITRINE_DATA_TALLY_H
#define VITRINE_DATA_TALLY_H

#include <vitrine/base.h>

enum { VTR_TALLY_SMALL = 32 };

struct vtr_tallied {
    const void *key; /* NULL: a free place */
    uint64_t n;
    double share;
};

struct vtr_tally {
    struct vtr_tallied *at; /* cap of them, to be looked through by whoever wants all */
    uint32_t cap;           /* a power of two */
    uint32_t used;
    struct vtr_tallied small[VTR_TALLY_SMALL];
};

void vtr_tally_init(struct vtr_tally *t);
void vtr_tally_fini(struct vtr_tally *t);

/** @return the place of a key, with zeros at first, borrowed until the next call; NULL: no memory.
 */
struct vtr_tallied *vtr_tally_at(struct vtr_tally *t, const void *key);

#endif
