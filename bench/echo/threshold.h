/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Copy or refer? For each power of two of value size, which of the two answers for fewer cycles on
 * this port, learned while serving. A guess to begin with; then, rarely, a trial: short runs of
 * bursts with each choice in turn, ABBA, judged by the median of the ratios of neighbouring runs.
 * Bursts that answer with values of one size only are measured; the others use what is known.
 * Cost: two reads of the cycle counter a burst, which the caller makes.
 * Owner: the storage is the caller's. Threads: one.
 */
#ifndef ECHO_THRESHOLD_H
#define ECHO_THRESHOLD_H

#include <vitrine/base.h>

enum {
    THRESHOLD_BUCKETS = 21, /* 1 B, 2 B, ... 1 MiB */
    THRESHOLD_RUN = 8,      /* bursts measured in a run, behind one that is not */
    THRESHOLD_PAIRS = 8,    /* pairs of runs in a trial */
    THRESHOLD_REST_MIN = 4096, /* bursts between two trials; doubles while trials change nothing */
    THRESHOLD_REST_MAX = 65536,
    THRESHOLD_PATIENCE = 1024, /* bursts of other sizes before a trial is given up */
};

enum { THRESHOLD_NONE = -1, THRESHOLD_MIXED = -2 };

struct threshold_bucket {
    bool refer;       /* the choice */
    uint32_t trials;  /* finished */
    uint32_t rest, rest_next; /* bursts */
    float cycles[2];  /* per reply, copied and referred, in the last trial */
};

struct threshold {
    bool fixed; /* given by the user: no trials */
    int burst;  /* bucket of this burst's replies, THRESHOLD_NONE or THRESHOLD_MIXED */
    uint32_t burst_replies;
    int trial;    /* bucket on trial or THRESHOLD_NONE */
    unsigned run; /* of 2 * THRESHOLD_PAIRS */
    unsigned run_bursts;
    unsigned others; /* bursts of other sizes since the last of the trial's */
    float sample[THRESHOLD_RUN];
    float cost[2 * THRESHOLD_PAIRS];
    struct threshold_bucket bucket[THRESHOLD_BUCKETS];
};

/** @param prior  values of fewer bytes are copied, until trials say otherwise. */
void threshold_init(struct threshold *t, uint32_t prior, bool fixed);

/** @return the bucket of a value of @p len bytes. */
static inline int threshold_bucket(uint32_t len)
{
    int bucket = len == 0 ? 0 : 31 - __builtin_clz(len);
    return bucket < THRESHOLD_BUCKETS ? bucket : THRESHOLD_BUCKETS - 1;
}

/** Private: whether the run under way refers. ABBA: copy, refer, refer, copy, ... */
static inline bool threshold_run_refers_(unsigned run) { return ((run + 1) >> 1 & 1) != 0; }

/** @return whether a value of @p len bytes is referred to now. */
static inline bool threshold_peek(const struct threshold *t, uint32_t len)
{
    int bucket = threshold_bucket(len);
    return t->trial == bucket ? threshold_run_refers_(t->run) : t->bucket[bucket].refer;
}

/** threshold_peek(), noting that this burst answers with such a value. */
static inline bool threshold_refers(struct threshold *t, uint32_t len)
{
    int bucket = threshold_bucket(len);
    t->burst_replies++;
    if (t->burst != bucket)
        t->burst = t->burst == THRESHOLD_NONE ? bucket : THRESHOLD_MIXED;
    return threshold_peek(t, len);
}

/** The burst does something else as well. */
static inline void threshold_mix(struct threshold *t) { t->burst = THRESHOLD_MIXED; }

/** Ends a burst that took @p cycles. @param disturbed by a full ring: they mean nothing. */
void threshold_burst_end(struct threshold *t, uint64_t cycles, bool disturbed);

/** @return the size from which every larger one is referred to; UINT32_MAX: none. */
uint32_t threshold_bytes(const struct threshold *t);

#endif
