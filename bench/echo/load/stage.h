/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * stage: the servers that a benchmark compares, all on one CPU, and a link to each of them. Who is
 * not asked naps or sleeps.
 * Owner: the storage is the caller's, between stage_open() and stage_close().
 * Threads: the opener's; the ring's server has a thread of its own.
 */
#ifndef LOAD_STAGE_H
#define LOAD_STAGE_H

#include <stdint.h>
#include <vitrine/base.h>

#include "inside.h"
#include "link.h"
#include "peer.h"

#define STAGE_PORTS "memif:PATH; ring:echo; kernel UDP on 127.0.0.1"

enum stage_link { STAGE_MEMIF, STAGE_RING, STAGE_KERNEL, STAGE_LINKS };

struct stage_opts {
    const char *server;                /* path of vitrine-kvd */
    struct inside_preload preload[16]; /* values that each server holds */
    unsigned preloads;
    int server_cpu, own_cpu;
};

struct stage {
    struct stage_opts opts;
    char dir[64]; /* private; holds the memif socket */
    struct vtr_heap *heap;
    struct peer memif, kernel;
    struct inside *inside; /* the ring's server */
    struct link *link[STAGE_LINKS];
};

/** @return 0 or -errno. @param out untouched on failure, when nothing is left running. */
VTR_MUST_USE int stage_open(const struct stage_opts *opts, struct stage *out,
                            struct vtr_error *err);

/** Ends servers and links. @param stage left empty; empty is allowed. */
void stage_close(struct stage *stage);

/**
 * How much CPU time a server takes while nobody asks: one that spins, one that naps, or the
 * kernel's.
 * @param idle  "spin", "nap" or "kernel"; the last two are on the stage already.
 */
VTR_MUST_USE int stage_idle(struct stage *stage, const char *idle, double *wall_ns, double *cpu_ns,
                            struct vtr_error *err);

#endif
