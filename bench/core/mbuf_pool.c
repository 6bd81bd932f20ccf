/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Making the pool of plain mbufs, and what is in it.
 */
#include "core/mbuf_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "measure/complain.h"

/* Cold ones; as many as two caches, a device and the rows hold; one less than a power of two suits
 * the ring beneath. */
enum { POOL = 40959, CACHE = RTE_MEMPOOL_CACHE_MAX_SIZE };
enum { HUGE = 2 << 20 };

/* rte_pktmbuf_pool_create() would put one mbuf on each 4 KiB page, for devices that read physical
 * memory: 1.7 times the memory, and a clone out of cold memory 2.5 times as slow. */
static int pool_create(struct mbufs *m)
{
    m->pool = rte_mempool_create_empty(
        "plain", POOL, sizeof(struct rte_mbuf) + RTE_MBUF_DEFAULT_BUF_SIZE, CACHE,
        sizeof(struct rte_pktmbuf_pool_private), SOCKET_ID_ANY, RTE_MEMPOOL_F_NO_IOVA_CONTIG);
    if (m->pool == NULL)
        return -rte_errno;
    int rc = rte_mempool_set_ops_byname(m->pool, "ring_mp_mc", NULL);
    if (rc != 0)
        return rc;
    struct rte_pktmbuf_pool_private room = { .mbuf_data_room_size = RTE_MBUF_DEFAULT_BUF_SIZE };
    rte_pktmbuf_pool_init(m->pool, &room);
    const struct rte_mempool *p = m->pool;
    size_t bytes = (size_t)POOL * (p->header_size + p->elt_size + p->trailer_size);
    m->memory_bytes = (bytes + HUGE - 1) / HUGE * HUGE;
    return 0;
}

static int pool_fill(struct mbufs *m)
{
    void *at = aligned_alloc(HUGE, m->memory_bytes);
    if (at == NULL)
        return -ENOMEM;
    m->memory = at;
    madvise(at, m->memory_bytes, MADV_HUGEPAGE);
    memset(at, 0, m->memory_bytes);
    int got = rte_mempool_populate_iova(m->pool, at, RTE_BAD_IOVA, m->memory_bytes, NULL, NULL);
    if (got != POOL)
        return got < 0 ? got : -ENOMEM;
    rte_mempool_obj_iter(m->pool, rte_pktmbuf_init, NULL);
    return 0;
}

static struct rte_mbuf *filled(struct mbufs *m, uint16_t len)
{
    struct rte_mbuf *b = rte_pktmbuf_alloc(m->pool);
    if (b == NULL)
        return NULL;
    char *to = rte_pktmbuf_append(b, len);
    for (uint16_t i = 0; i < len; i++)
        to[i] = (char)stand_byte(i);
    return b;
}

static int fill(struct mbufs *m, const uint32_t *order)
{
    m->cold = calloc(CORE_COLD, sizeof m->cold[0]);
    if (m->cold == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < CORE_COLD; i++)
        if ((m->cold[order[i]] = filled(m, CORE_BLOCK)) == NULL)
            return -ENOMEM;
    m->whole = filled(m, CORE_BLOCK);
    m->half[0] = filled(m, CORE_HALF);
    m->half[1] = filled(m, CORE_HALF);
    m->payload = filled(m, CORE_SLICE);
    m->straddle = filled(m, CORE_HALF);
    struct rte_mbuf *second = filled(m, CORE_HALF);
    bool all = m->whole != NULL && m->half[0] != NULL && m->half[1] != NULL &&
               m->payload != NULL && m->straddle != NULL && second != NULL;
    return all ? rte_pktmbuf_chain(m->straddle, second) : -ENOMEM;
}

int mbufs_open(const uint32_t *order, struct mbufs **out, struct vtr_error *err)
{
    struct mbufs *m = calloc(1, sizeof *m);
    if (m == NULL)
        return complain(err, -ENOMEM, NULL, "no memory for plain mbufs");
    int rc = pool_create(m);
    if (rc == 0)
        rc = pool_fill(m);
    if (rc == 0)
        rc = fill(m, order);
    if (rc == 0)
        rc = mbufs_null_open(m);
    if (rc != 0) {
        mbufs_close(m);
        return complain(err, rc, NULL, "cannot make a pool of %d plain mbufs: %s", POOL,
                        strerror(-rc));
    }
    *out = m;
    return 0;
}

/* What is in the pool needs no freeing one by one. */
void mbufs_close(struct mbufs *m)
{
    if (m == NULL)
        return;
    mbufs_null_close(m);
    rte_mempool_free(m->pool);
    free(m->memory);
    free(m->cold);
    free(m);
}

/* A thread that is none of DPDK's has a cache only once it has a number there. */
int mbufs_enter(void)
{
    if (rte_thread_register() != 0)
        return -rte_errno;
    return rte_lcore_id() < RTE_MAX_LCORE ? 0 : -ENOSPC;
}

void mbufs_leave(void) { rte_thread_unregister(); }

unsigned mbufs_taken(const struct mbufs *m) { return rte_mempool_in_use_count(m->pool); }

bool mbufs_cached(const struct mbufs *m)
{
    const struct rte_mempool_cache *cache = rte_mempool_default_cache(m->pool, rte_lcore_id());
    return cache != NULL && cache->len != 0;
}

void mbufs_stir(struct mbufs *m, unsigned n)
{
    struct rte_mbuf *taken[STAND_STIR];
    if (rte_pktmbuf_alloc_bulk(m->pool, taken, n) == 0)
        for (unsigned i = 0; i < n; i++) /* the cache is a stack: what was deep is its top now */
            rte_pktmbuf_free(taken[i]);
}

void mbufs_burst(struct mbufs *m, unsigned burst) { m->burst = burst; }
