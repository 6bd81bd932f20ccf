/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The mempool handler.
 */
#include "port/pool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "heap/block.h"
#include "heap/place.h"

int vtr_pool_ops_ = -1;

/* Where drivers write a frame for which there is no block. The receiver drops it and counts: no
 * software driver has to cope with a failed allocation, and not all can (net_memif loses a frame's
 * head). */
static void carry_bin(struct vtr_rack *rack, struct rte_mbuf *m)
{
    m->buf_addr = rack->bin;
    m->buf_iova = (rte_iova_t)(uintptr_t)rack->bin;
    *vtr_mbuf_what_(m) = 0;
}

static void carry_block(struct vtr_rack *rack, struct rte_mbuf *m, const struct vtr_record *rec)
{
    uint8_t *buf = vtr_block_writable_(rec) + rack->lead;
    m->buf_addr = buf;
    m->buf_iova = (rte_iova_t)(uintptr_t)buf;
    *vtr_mbuf_what_(m) = vtr_what_(rec, 0);
}

/* @return how many got a block. */
static unsigned carry(struct vtr_rack *rack, struct rte_mbuf **mbufs, unsigned n)
{
    struct vtr_record *recs[VTR_BURST];
    unsigned got = vtr_block_take_(rack->heap, rack->klass, recs, n);
    for (unsigned i = 0; i < got; i++)
        carry_block(rack, mbufs[i], recs[i]);
    for (unsigned i = got; i < n; i++)
        carry_bin(rack, mbufs[i]);
    return got;
}

/* Filling a cache is a choice: it is not filled with bins. @return false. */
static bool uncarry(struct vtr_rack *rack, struct rte_mbuf **mbufs, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        uint64_t what = *vtr_mbuf_what_(mbufs[i]);
        if (what != 0)
            vtr_record_unref_(what);
        vtr_rack_push_(rack, mbufs[i]);
    }
    return false;
}

static bool carry_all(struct vtr_rack *rack, struct rte_mbuf **mbufs, unsigned n, bool fill)
{
    bool whole = fill || rack->bin == NULL;
    for (unsigned done = 0; done < n; done += VTR_BURST) {
        unsigned more = n - done < VTR_BURST ? n - done : VTR_BURST;
        rack->n -= more;
        memcpy(mbufs + done, rack->bare + rack->n, more * sizeof mbufs[0]);
        if (VTR_UNLIKELY(carry(rack, mbufs + done, more) < more && whole))
            return uncarry(rack, mbufs, done + more);
    }
    return true;
}

static int pool_dequeue(struct rte_mempool *mp, void **objs, unsigned n)
{
    struct vtr_rack *rack = mp->pool_data;
    VTR_PLACE_NAMED_(rack->name);
    if (VTR_UNLIKELY(rack->heap == NULL || (rack->n < n && !vtr_rack_refill_(rack, n))))
        return -ENOBUFS;
    bool fill = rack->cache != NULL && objs == rack->cache->objs;
    return carry_all(rack, (struct rte_mbuf **)objs, n, fill) ? 0 : -ENOBUFS;
}

static uint64_t what_of(const struct vtr_rack *rack, struct rte_mbuf *m)
{
    return rack->sends ? vtr_mbuf_sent_(m) : *vtr_mbuf_what_(m);
}

/* The queue's caller, inside of its call. */
static void enqueue_mine(struct vtr_rack *rack, struct rte_mbuf *const *mbufs, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        uint64_t what = what_of(rack, mbufs[i]);
        if (VTR_LIKELY(what != 0))
            vtr_record_unref_(what);
        if (rack->sends)
            vtr_mbuf_set_sent_(mbufs[i], 0);
        vtr_rack_push_(rack, mbufs[i]);
    }
}

static void enqueue_one(struct vtr_rack *rack, struct rte_mbuf *m)
{
    uint64_t what = what_of(rack, m);
    if (what != 0 && (vtr_record_flags_(vtr_what_record_(what)) & VTR_RECORD_SINGLE) != 0) {
        vtr_rack_return_late_(rack, &m, 1);
        return;
    }
    if (what != 0)
        vtr_record_unref_(what);
    vtr_rack_return_(rack, &m, 1);
}

static int pool_enqueue(struct rte_mempool *mp, void *const *objs, unsigned n)
{
    struct vtr_rack *rack = mp->pool_data;
    if (vtr_rack_mine_ == rack)
        enqueue_mine(rack, (struct rte_mbuf *const *)objs, n);
    else
        for (unsigned i = 0; i < n; i++)
            enqueue_one(rack, (struct rte_mbuf *)objs[i]);
    return 0;
}

static int pool_alloc(struct rte_mempool *mp)
{
    mp->pool_data = mp->pool_config;
    return 0;
}

static unsigned pool_count(const struct rte_mempool *mp)
{
    const struct vtr_rack *rack = mp->pool_data;
    return rack->heap != NULL ? rack->n + (rack->max - rack->made) : 0;
}

/* Makes mbufs as drivers expect a pool to keep them, and bare. */
static int pool_populate(struct rte_mempool *mp, unsigned max, void *at, rte_iova_t iova,
                         size_t len, rte_mempool_populate_obj_cb_t *add, void *arg)
{
    struct vtr_rack *rack = mp->pool_data;
    unsigned n = len / VTR_POOL_STRIDE < max ? (unsigned)(len / VTR_POOL_STRIDE) : max;
    for (unsigned i = 0; i < n; i++) {
        struct rte_mbuf *m = (void *)((char *)at + (size_t)i * VTR_POOL_STRIDE + mp->header_size);
        add(mp, arg, m, RTE_BAD_IOVA);
        memset(m, 0, sizeof *m);
        m->pool = mp;
        m->port = RTE_MBUF_PORT_INVALID;
        m->nb_segs = 1;
        m->buf_len = rack->buf_len;
        rte_mbuf_refcnt_set(m, 1);
        vtr_rack_push_(rack, m);
    }
    return (int)n;
}

int vtr_pool_register_(struct vtr_error *err)
{
    static const struct rte_mempool_ops ops = {
        .name = "vitrine",
        .alloc = pool_alloc,
        .enqueue = pool_enqueue,
        .dequeue = pool_dequeue,
        .get_count = pool_count,
        .populate = pool_populate,
    };
    static const struct rte_mbuf_dynfield field = {
        .name = "vitrine_what",
        .size = sizeof(uint64_t),
        .align = sizeof(uint64_t),
    };
    if (rte_mbuf_dynfield_register_offset(&field, VTR_WHAT_OFFSET) != VTR_WHAT_OFFSET)
        return vtr_error_set_(err, EBUSY, NULL,
                              "byte %d of DPDK's mbufs is taken by another library",
                              VTR_WHAT_OFFSET);
    vtr_pool_ops_ = rte_mempool_register_ops(&ops);
    return vtr_pool_ops_ >= 0
               ? 0
               : vtr_error_set_(err, -vtr_pool_ops_, NULL, "DPDK takes no further mempool handler");
}

struct rte_mempool *vtr_pool_create_(struct vtr_rack *rack, uint32_t max)
{
    static uint32_t made; /* atomic: names are unique in the process */
    char name[RTE_MEMPOOL_NAMESIZE];
    snprintf(name, sizeof name, "vitrine%u", __atomic_fetch_add(&made, 1, __ATOMIC_RELAXED));
    /* Mbufs may cross pages: nothing but the CPU reads them. Without the flag, 4 KiB pages would
     * hold fewer. */
    struct rte_mempool *mp = rte_mempool_create_empty(
        name, max, sizeof(struct rte_mbuf), VTR_RACK_READY,
        sizeof(struct rte_pktmbuf_pool_private),
        SOCKET_ID_ANY, RTE_MEMPOOL_F_NO_IOVA_CONTIG | RTE_MEMPOOL_F_NO_SPREAD);
    if (mp == NULL)
        return NULL;
    vtr_check(mp->header_size + mp->elt_size + mp->trailer_size == VTR_POOL_STRIDE);
    struct rte_pktmbuf_pool_private *priv = rte_mempool_get_priv(mp);
    memset(priv, 0, sizeof *priv);
    priv->mbuf_data_room_size = rack->sends ? UINT16_MAX : rack->buf_len;
    if (rte_mempool_set_ops_byname(mp, "vitrine", rack) != 0) {
        rte_mempool_free(mp);
        return NULL;
    }
    /* No lcore has room but the queue's caller. */
    for (unsigned lcore = 0; lcore < RTE_MAX_LCORE; lcore++)
        mp->local_cache[lcore].size = mp->local_cache[lcore].flushthresh = 0;
    return mp;
}

