/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Measuring. A slice is: switch the mode if need be, warm up, ask the server for its counters, load
 * it, ask again.
 */
#include "matrix.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "measure/complain.h"
#include "measure/crossing.h"
#include "load.h"

enum {
    /* Datagrams under way, both enough that a server which is slower than we are always finds work.
     * What does not fit a link is cut by load_init(). */
    WINDOW_SMALL = 1024, /* replies of one datagram: more only makes them wait longer */
    WINDOW_LARGE = 2048, /* 42 replies of 64 KiB: fewer and a faster server runs dry in a slice */
    KEYS_SMALL = 10000,  /* values up to KEYS_SMALL_SIZE: more than the caches hold */
    KEYS_LARGE = 1000,
    KEYS_SMALL_SIZE = 4096,
    /* An echo comes out of the packet that asked: its bytes are warm whatever is asked for. */
    ECHO_KEYS_SMALL = 2048,
    ECHO_KEYS_LARGE = 256,
    WARM_NS = 5 * 1000 * 1000,
    ENOUGH_NS = 2 * 1000 * 1000, /* of busy time in a slice; less is prolonged once */
    PROLONGED = 3,
};

/* The loads of one size: a get and an echo on each link. */
struct cast {
    struct workload workload[2]; /* get, echo */
    struct requests *requests[STAGE_LINKS][2];
    struct load load[STAGE_LINKS][2];
    const char *mode[STAGE_LINKS]; /* as set last */
};

const char *matrix_variant_name(enum matrix_variant v)
{
    static const char *const names[] = { "hybrid", "reference", "copy",
                                         "kernel", "echo",      "echo_kernel" };
    return names[v];
}

void matrix_row_name(const struct matrix_row *row, char to[48])
{
    snprintf(to, 48, "mc_udp_get%s/%u/%s", row->path == MATRIX_RING ? "_ring" : "", row->size,
             matrix_variant_name(row->variant));
}

const struct matrix_row *matrix_find(const struct matrix *m, enum matrix_path path, uint32_t size,
                                     enum matrix_variant variant)
{
    for (unsigned i = 0; i < m->rows; i++) {
        const struct matrix_row *r = &m->row[i];
        if (r->path == path && r->size == size && r->variant == variant)
            return r;
    }
    return NULL;
}

struct spread matrix_spread_(const struct matrix_row *row, size_t field_off)
{
    struct spread s = { 0 };
    for (unsigned i = 0; i < row->rounds; i++) {
        double value;
        memcpy(&value, (const char *)&row->sample[i] + field_off, sizeof value);
        if (isfinite(value))
            spread_add(&s, value);
    }
    return s;
}

uint32_t matrix_keys(uint32_t size) { return size <= KEYS_SMALL_SIZE ? KEYS_SMALL : KEYS_LARGE; }

static uint32_t echo_keys(uint32_t size)
{
    return size <= KEYS_SMALL_SIZE ? ECHO_KEYS_SMALL : ECHO_KEYS_LARGE;
}

static void dismiss(struct cast *c, struct stage *stage)
{
    for (int l = 0; l < STAGE_LINKS; l++) {
        for (int echo = 0; echo < 2; echo++) {
            load_fini(&c->load[l][echo]);
            link_discard(stage->link[l], c->requests[l][echo]);
        }
    }
    workload_fini(&c->workload[0]);
    workload_fini(&c->workload[1]);
}

static uint32_t window_of(const struct workload *w)
{
    return w->parts == 1 ? WINDOW_SMALL : WINDOW_LARGE / w->parts;
}

/* Left to dismiss() on failure too. */
static int engage(struct cast *c, struct stage *stage, uint32_t size)
{
    for (int echo = 0; echo < 2; echo++) {
        struct workload *w = &c->workload[echo];
        int rc = workload_init(size, echo ? echo_keys(size) : matrix_keys(size), echo, w);
        if (rc != 0)
            return rc;
        for (int l = 0; l < STAGE_LINKS; l++)
            if ((rc = link_prepare(stage->link[l], w, &c->requests[l][echo])) != 0 ||
                (rc = load_init(stage->link[l], c->requests[l][echo], window_of(w),
                                &c->load[l][echo])) != 0)
                return rc;
    }
    return 0;
}

static enum stage_link link_of(const struct matrix_row *row)
{
    if (matrix_of_kernel(row->variant))
        return STAGE_KERNEL;
    return row->path == MATRIX_RING ? STAGE_RING : STAGE_MEMIF;
}

static int set_mode(struct cast *c, struct stage *stage, const struct matrix_row *row)
{
    enum stage_link l = link_of(row);
    const char *mode = matrix_variant_name(row->variant);
    if (matrix_of_kernel(row->variant) || matrix_of_echo(row->variant) || c->mode[l] == mode)
        return 0;
    int rc = command_mode(stage->link[l], mode);
    c->mode[l] = rc == 0 ? mode : NULL;
    return rc;
}

static struct matrix_sample sample_of(const struct load_result *r, const struct command_stats *d,
                                      const struct workload *w)
{
    double n = (double)r->requests, busy = (double)d->busy_cpu_ns;
    /* The server counts an echo by the datagram, of which a reply of this size has several. */
    double served = (double)d->busy_requests / (w->echo ? w->sends : 1);
    return (struct matrix_sample){
        .rate = served != 0 ? served / busy * 1e9 : NAN,
        .ratio = NAN,
        .busy_ns = served != 0 ? busy / served : NAN,
        .busy_share = busy / (double)r->wall_ns,
        .copied = n != 0 ? (double)d->payload_bytes_copied / n : NAN,
        .p50_ns = (double)histogram_quantile(&r->latency, 0.50),
        .p99_ns = (double)histogram_quantile(&r->latency, 0.99),
        .real_ns = n != 0 ? (double)r->wall_ns / n : NAN,
        .requests = n,
        .lost = (double)(r->lost + r->abandoned),
    };
}

/* Loads for @p ns and adds to *result; *d is what the server counted since *from. */
static int run_counted(struct load *load, uint64_t ns, const struct command_stats *from,
                       struct load_result *result, struct command_stats *d)
{
    struct command_stats to;
    load_run(load, ns, result);
    int rc = command_stats(load->link, &to);
    if (rc == 0)
        *d = command_stats_between(from, &to);
    return rc;
}

static int measure(struct matrix *m, struct cast *c, struct stage *stage, struct matrix_row *row)
{
    struct load *load = &c->load[link_of(row)][matrix_of_echo(row->variant)];
    struct command_stats from, d;
    struct load_result *result = calloc(1, sizeof *result);
    if (result == NULL)
        return -ENOMEM;
    double crossing = crossing_ns(m->server_cpu);
    int rc = set_mode(c, stage, row);
    if (rc == 0) {
        load_run(load, WARM_NS, result);
        struct load_fault fault = result->fault;
        memset(result, 0, sizeof *result);
        result->fault = fault;
        rc = command_stats(load->link, &from);
    }
    if (rc == 0)
        rc = run_counted(load, m->slice_ns, &from, result, &d);
    if (rc == 0 && d.busy_cpu_ns < ENOUGH_NS)
        rc = run_counted(load, PROLONGED * m->slice_ns, &from, result, &d);
    if (rc == 0 && result->fault.what != NULL) {
        m->fault = result->fault;
        rc = -EBADMSG;
    }
    if (rc == 0) {
        row->window = load->width;
        row->sample[row->rounds] = sample_of(result, &d, load->requests->workload);
        row->sample[row->rounds++].crossing_ns = crossing;
    }
    free(result);
    return rc;
}

/* The kernel's row of the same kind: what a get is compared with is a get, an echo an echo. */
static void compare_round(struct matrix_row rows[MATRIX_SLOTS], unsigned round)
{
    for (unsigned i = 0; i < MATRIX_SLOTS; i++) {
        bool echo = matrix_of_echo(rows[i].variant);
        unsigned kernel =
            rows[i].path * MATRIX_VARIANTS + (unsigned)(echo ? MATRIX_ECHO_KERNEL : MATRIX_KERNEL);
        struct matrix_sample *s = &rows[i].sample[round];
        s->ratio = s->rate / rows[kernel].sample[round].rate;
    }
}

static int measure_rounds(struct matrix *m, struct cast *c, struct stage *stage,
                          struct matrix_row rows[MATRIX_SLOTS], const volatile sig_atomic_t *stop)
{
    for (unsigned round = 0; round < m->rounds; round++) {
        for (unsigned i = 0; i < MATRIX_SLOTS; i++) {
            int rc = measure(m, c, stage, &rows[(i + round) % MATRIX_SLOTS]);
            if (rc == 0 && *stop != 0)
                rc = -ECANCELED;
            if (rc != 0) {
                for (unsigned k = 0; k < MATRIX_SLOTS; k++)
                    rows[k].rounds = round;
                return rc;
            }
        }
        compare_round(rows, round);
        if (m->progress != NULL)
            m->progress(m->context, rows[0].size, round + 1);
    }
    return 0;
}

int matrix_measure(struct matrix *m, struct stage *stage, uint32_t size,
                   const volatile sig_atomic_t *stop, struct vtr_error *err)
{
    struct cast c = { 0 };
    struct matrix_row *rows = &m->row[m->rows];
    vtr_check(m->rows + MATRIX_SLOTS <= MATRIX_SIZES * MATRIX_SLOTS && m->rounds <= MATRIX_ROUNDS);
    for (unsigned i = 0; i < MATRIX_SLOTS; i++)
        rows[i] = (struct matrix_row){ .path = i / MATRIX_VARIANTS,
                                       .variant = i % MATRIX_VARIANTS,
                                       .size = size };
    int rc = engage(&c, stage, size);
    if (rc == 0)
        rc = measure_rounds(m, &c, stage, rows, stop);
    if (rows[0].rounds != 0)
        m->rows += MATRIX_SLOTS;
    dismiss(&c, stage);
    if (rc == 0 || rc == -ECANCELED)
        return rc;
    if (rc == -EBADMSG)
        return complain(err, rc, NULL,
                        "a reply to %u B was wrong at byte %zu: %s (request %u, "
                        "datagram %u)",
                        size, m->fault.off, m->fault.what, m->fault.id, m->fault.seq);
    return complain(err, rc, NULL, "measuring values of %u B failed: %s", size, strerror(-rc));
}
