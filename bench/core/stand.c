/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Making what the operations work on.
 */
#include "core/stand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vitrine/vitrine.h>

#include "core/mbuf.h"
#include "core/ring.h"
#include "core/second.h"
#include "measure/complain.h"

enum { HEAP_BYTES = 256 << 20, HEAP_ST_BYTES = 64 << 20 };

static int open_heaps(struct stand *s, struct vtr_error *err)
{
    struct vtr_heap_opts opts = { .size = sizeof opts, .name = "any", .max_bytes = HEAP_BYTES };
    int rc = vtr_heap_open(&opts, &s->heap, err);
    if (rc != 0)
        return rc;
    opts.name = "single";
    opts.max_bytes = HEAP_ST_BYTES;
    opts.flags = VTR_HEAP_SINGLE_THREAD;
    rc = vtr_heap_open(&opts, &s->heap_st, err);
    if (rc == 0)
        rc = vtr_port_open(s->heap, "null:0", NULL, &s->port, err);
    return rc != 0 ? rc : vtr_port_open(s->heap_st, "null:0", NULL, &s->port_st, err);
}

static int fill_hot(struct stand *s)
{
    struct vtr_data second;
    int rc = vtr_data_copy(s->heap, s->bytes, CORE_BLOCK, &s->whole);
    if (rc == 0)
        rc = vtr_data_copy(s->heap_st, s->bytes, CORE_BLOCK, &s->whole_st);
    if (rc == 0)
        rc = vtr_data_copy(s->heap, s->bytes, CORE_SLICE, &s->payload);
    if (rc == 0)
        rc = vtr_data_copy(s->heap_st, s->bytes, CORE_SLICE, &s->payload_st);
    for (unsigned i = 0; rc == 0 && i < 2; i++)
        rc = vtr_data_copy(s->heap, s->bytes, CORE_HALF, &s->half[i]);
    for (unsigned i = 0; rc == 0 && i < 2; i++)
        rc = vtr_data_copy(s->heap_st, s->bytes, CORE_HALF, &s->half_st[i]);
    for (unsigned i = 0; rc == 0 && i < CORE_BULK; i++)
        rc = vtr_data_copy(s->heap, s->bytes, CORE_BLOCK, &s->bulk[i]);
    if (rc == 0)
        rc = vtr_data_copy(s->heap, s->bytes, CORE_HALF, &second);
    if (rc != 0)
        return rc;
    rc = vtr_data_concat(s->half[0], second, &s->straddle);
    vtr_data_unref(&second);
    return rc;
}

static int fill_cold(struct stand *s, const uint32_t *order)
{
    s->cold = calloc(CORE_COLD, sizeof s->cold[0]);
    s->cold_bytes = calloc(CORE_COLD, sizeof s->cold_bytes[0]);
    if (s->cold == NULL || s->cold_bytes == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < CORE_COLD; i++) {
        struct vtr_data *d = &s->cold[order[i]];
        int rc = vtr_data_copy(s->heap, s->bytes, CORE_BLOCK, d);
        if (rc != 0)
            return rc;
        s->cold_bytes[order[i]] = vtr_data_span(*d).ptr;
    }
    return 0;
}

/* Fisher and Yates's shuffle, the same in every run. */
static uint32_t *random_order(void)
{
    uint32_t *order = calloc(CORE_COLD, sizeof order[0]);
    uint64_t state = 1;
    for (uint32_t i = 0; order != NULL && i < CORE_COLD; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint32_t other = (uint32_t)((state >> 33) % (i + 1));
        order[i] = order[other];
        order[other] = i;
    }
    return order;
}

static int fill(struct stand *s, struct vtr_error *err)
{
    for (unsigned i = 0; i < CORE_BLOCK; i++)
        s->bytes[i] = stand_byte(i);
    uint32_t *order = random_order();
    s->ring = aligned_alloc(128, sizeof *s->ring);
    int rc = order != NULL && s->ring != NULL ? fill_hot(s) : -ENOMEM;
    if (rc == 0)
        rc = fill_cold(s, order);
    if (rc != 0)
        complain(err, rc, NULL, "cannot make the blocks to measure with: %s", strerror(-rc));
    else
        rc = mbufs_open(order, &s->mbufs, err);
    if (s->ring != NULL)
        memset(s->ring, 0, sizeof *s->ring);
    free(order);
    return rc;
}

static int enter(struct stand *s, int cpu, struct vtr_error *err)
{
    int rc = mbufs_enter();
    if (rc == 0 && cpu >= 0)
        rc = second_open(cpu, &s->second);
    return rc == 0 ? 0 : complain(err, rc, NULL, "cannot start a thread: %s", strerror(-rc));
}

int stand_open(int cpu, struct stand *s, struct vtr_error *err)
{
    memset(s, 0, sizeof *s);
    int rc = open_heaps(s, err);
    if (rc == 0)
        rc = enter(s, cpu, err);
    return rc != 0 ? rc : fill(s, err);
}

static void drop(struct stand *s)
{
    vtr_data_unref(&s->whole);
    vtr_data_unref(&s->whole_st);
    vtr_data_unref(&s->payload);
    vtr_data_unref(&s->straddle);
    vtr_data_unref(&s->payload_st);
    vtr_data_unref_bulk(s->half, 2);
    vtr_data_unref_bulk(s->half_st, 2);
    vtr_data_unref_bulk(s->bulk, CORE_BULK);
    if (s->cold != NULL)
        vtr_data_unref_bulk(s->cold, CORE_COLD);
    free(s->cold);
    free(s->cold_bytes);
    free(s->ring);
}

int stand_close(struct stand *s, struct vtr_error *err)
{
    drop(s);
    second_close(s->second);
    mbufs_close(s->mbufs);
    vtr_port_close(s->port);
    vtr_port_close(s->port_st);
    int rc = vtr_heap_close(s->heap, err);
    return rc != 0 ? rc : vtr_heap_close(s->heap_st, err);
}

static void stir(struct vtr_heap *heap, unsigned n)
{
    struct vtr_buf bufs[STAND_STIR];
    unsigned got = vtr_buf_init_bulk(heap, 0, CORE_BLOCK, bufs, n);
    for (unsigned i = 0; i < got; i++)
        vtr_buf_fini(&bufs[i]);
}

void stand_stir(struct stand *s, unsigned round)
{
    unsigned n = 1 + round * 13 % STAND_STIR;
    stir(s->heap, n);
    stir(s->heap_st, n);
    mbufs_stir(s->mbufs, n);
}

struct stand_balance stand_balance(const struct stand *s)
{
    struct vtr_heap_stat any = { .size = sizeof any }, single = { .size = sizeof single };
    vtr_heap_stat(s->heap, &any);
    vtr_heap_stat(s->heap_st, &single);
    return (struct stand_balance){ any.live_blocks, single.live_blocks, mbufs_taken(s->mbufs),
                                   s->count };
}
