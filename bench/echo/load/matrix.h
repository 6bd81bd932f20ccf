/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * matrix: the benchmark's rows, and the rounds that fill them. A row is one value size answered in
 * one way over one path. In each round every row of a size is measured once, in an order that
 * turns by one from round to round, so neighbours in time are compared and drift meets all alike.
 * Owner: the storage is the caller's; zero is empty.
 * Threads: one.
 * Not here: servers and links (stage.h), printing (table.h, json.h).
 */
#ifndef LOAD_MATRIX_H
#define LOAD_MATRIX_H

#include <signal.h>
#include <stdint.h>
#include <vitrine/base.h>

#include "load.h"
#include "measure/spread.h"
#include "stage.h"

enum matrix_path { MATRIX_MEMIF, MATRIX_RING, MATRIX_PATHS };

enum matrix_variant {
    MATRIX_HYBRID,
    MATRIX_REFERENCE,
    MATRIX_COPY,
    MATRIX_KERNEL,
    MATRIX_ECHO,
    MATRIX_ECHO_KERNEL,
    MATRIX_VARIANTS
};

enum {
    MATRIX_SIZES = 11, /* 64 B to 64 KiB by doubling */
    MATRIX_SLOTS = MATRIX_PATHS * MATRIX_VARIANTS,
    MATRIX_ROUNDS = SPREAD_MAX,
};

/** What one slice of one row gave. NAN: no such figure in this round. Doubles only: see spread. */
struct matrix_sample {
    double rate;       /* requests a CPU second of the server, in its busy slices */
    double ratio;      /* rate over that of the kernel's row of the same path and round */
    double busy_ns;    /* the server's CPU time of a request, in its busy slices */
    double busy_share; /* of the slice's time that the server was busy */
    double copied;     /* bytes of values that the server copied, for a request */
    double p50_ns, p99_ns;
    double real_ns; /* wall time of a request */
    double requests;
    double lost;
    double crossing_ns; /* of a cache line between the two CPUs, just before */
};

struct matrix_row {
    enum matrix_path path;
    enum matrix_variant variant;
    uint32_t size;   /* bytes of a value */
    uint32_t window; /* requests under way at most */
    unsigned rounds;
    struct matrix_sample sample[MATRIX_ROUNDS];
};

/** What a server burns while nobody asks. */
struct matrix_idle {
    const char *name;
    double wall_ns, cpu_ns;
};

struct matrix {
    unsigned rounds;   /* wanted */
    uint64_t slice_ns; /* how long a row is measured in a round */
    int server_cpu;    /* the caller runs on another */
    unsigned rows;
    struct matrix_row row[MATRIX_SIZES * MATRIX_SLOTS];
    unsigned idles;
    struct matrix_idle idle[3];
    struct load_fault fault; /* what != NULL: a reply was wrong */
    void (*progress)(void *context, uint32_t size, unsigned rounds); /* may be NULL */
    void *context;
};

/** @return how many values of @p size a server is asked for, and so must hold. */
uint32_t matrix_keys(uint32_t size);

/** @return "hybrid" and so on. */
const char *matrix_variant_name(enum matrix_variant v);

/** @return whether the kernel serves it. */
static inline bool matrix_of_kernel(enum matrix_variant v)
{
    return v == MATRIX_KERNEL || v == MATRIX_ECHO_KERNEL;
}

static inline bool matrix_of_echo(enum matrix_variant v)
{
    return v == MATRIX_ECHO || v == MATRIX_ECHO_KERNEL;
}

/** Writes the name of a row: "mc_udp_get/64/hybrid". */
void matrix_row_name(const struct matrix_row *row, char to[48]);

/** @return NULL if there is no such row. */
const struct matrix_row *matrix_find(const struct matrix *m, enum matrix_path path, uint32_t size,
                                     enum matrix_variant variant);

/** The finite samples of a field: `matrix_spread(row, rate)`. */
#define matrix_spread(row, field) matrix_spread_((row), offsetof(struct matrix_sample, field))
struct spread matrix_spread_(const struct matrix_row *row, size_t field_off);

/**
 * Measures all rows of one size, for as many rounds as the matrix wants.
 * @param stop  borrowed; ends it after the slice under way. Rounds that are not complete are
 * dropped.
 * @return 0, -EBADMSG (a wrong reply: @ref matrix.fault), -ECANCELED (stopped), or what failed.
 */
VTR_MUST_USE int matrix_measure(struct matrix *m, struct stage *stage, uint32_t size,
                                const volatile sig_atomic_t *stop, struct vtr_error *err);

#endif
