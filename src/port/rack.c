/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Racks, and the mempool handler "vitrine" through which drivers see them. The mempool has no
 * cache: ours lie beneath it, and a cache of its own would hand out bare mbufs.
 */
#include "port/rack.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_mempool.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/system.h"
#include "heap/block.h"

enum { MADE_AT_ONCE = 256 };

/* An mbuf behind the header that every object of a mempool has. */
enum {
    STRIDE = RTE_ALIGN_CEIL(sizeof(struct rte_mempool_objhdr), RTE_MEMPOOL_ALIGN) +
             sizeof(struct rte_mbuf)
};

__thread struct vtr_rack *vtr_rack_mine_ __attribute__((tls_model("initial-exec")));

int vtr_rack_ops_ = -1;

/* Where drivers write a frame for which there is no block. The receiver drops it and counts: no
 * driver has to cope with a failed allocation, and not all can (net_memif loses a frame's head). */
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

static void carry(struct vtr_rack *rack, struct rte_mbuf **mbufs, uint32_t n)
{
    struct vtr_record *recs[VTR_BURST];
    unsigned got = vtr_block_take_(rack->heap, rack->klass, recs, n);
    for (unsigned i = 0; i < got; i++)
        carry_block(rack, mbufs[i], recs[i]);
    for (unsigned i = got; i < n; i++)
        carry_bin(rack, mbufs[i]);
}

static int rack_dequeue(struct rte_mempool *mp, void **objs, unsigned n)
{
    struct vtr_rack *rack = mp->pool_data;
    struct rte_mbuf **mbufs = (struct rte_mbuf **)objs;
    if (VTR_UNLIKELY(rack->heap == NULL || (rack->n < n && !vtr_rack_refill_(rack, n))))
        return -ENOBUFS;
    rack->n -= n;
    memcpy(mbufs, rack->bare + rack->n, n * sizeof mbufs[0]);
    for (unsigned done = 0; done < n; done += VTR_BURST)
        carry(rack, mbufs + done, n - done < VTR_BURST ? n - done : VTR_BURST);
    return 0;
}

static int rack_enqueue(struct rte_mempool *mp, void *const *objs, unsigned n)
{
    struct vtr_rack *rack = mp->pool_data;
    struct rte_mbuf *const *mbufs = (struct rte_mbuf *const *)objs;
    if (rack->sends && vtr_rack_mine_ == rack) {
        vtr_rack_return_(rack, mbufs, n);
        return 0;
    }
    for (unsigned i = 0; i < n; i++) {
        uint64_t what = rack->sends ? vtr_mbuf_sent_(mbufs[i]) : *vtr_mbuf_what_(mbufs[i]);
        if (VTR_LIKELY(what != 0))
            vtr_record_unref_(what);
    }
    vtr_rack_return_(rack, mbufs, n);
    return 0;
}

static int rack_alloc(struct rte_mempool *mp)
{
    mp->pool_data = mp->pool_config;
    return 0;
}

static unsigned rack_count(const struct rte_mempool *mp)
{
    const struct vtr_rack *rack = mp->pool_data;
    return rack->heap != NULL ? rack->n + (rack->max - rack->made) : 0;
}

/* Makes mbufs as drivers expect a pool to keep them, and bare. */
static int rack_populate(struct rte_mempool *mp, unsigned max, void *at, rte_iova_t iova,
                         size_t len, rte_mempool_populate_obj_cb_t *add, void *arg)
{
    struct vtr_rack *rack = mp->pool_data;
    unsigned n = len / STRIDE < max ? (unsigned)(len / STRIDE) : max;
    for (unsigned i = 0; i < n; i++) {
        struct rte_mbuf *m = (void *)((char *)at + (size_t)i * STRIDE + mp->header_size);
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

int vtr_rack_register_(struct vtr_error *err)
{
    static const struct rte_mempool_ops ops = {
        .name = "vitrine",
        .alloc = rack_alloc,
        .enqueue = rack_enqueue,
        .dequeue = rack_dequeue,
        .get_count = rack_count,
        .populate = rack_populate,
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
    vtr_rack_ops_ = rte_mempool_register_ops(&ops);
    return vtr_rack_ops_ >= 0
               ? 0
               : vtr_error_set_(err, -vtr_rack_ops_, NULL, "DPDK takes no further mempool handler");
}

static bool grow(struct vtr_rack *rack)
{
    uint32_t n = rack->max - rack->made < MADE_AT_ONCE ? rack->max - rack->made : MADE_AT_ONCE;
    int got = n == 0
                  ? 0
                  : rte_mempool_populate_iova(rack->mp, rack->mbufs + (size_t)rack->made * STRIDE,
                                              RTE_BAD_IOVA, (size_t)n * STRIDE, NULL, NULL);
    rack->made += got > 0 ? (uint32_t)got : 0;
    return got > 0;
}

static void fetch_back(struct vtr_rack *rack)
{
    pthread_mutex_lock(&rack->lock);
    memcpy(rack->bare + rack->n, rack->back, rack->back_n * sizeof rack->back[0]);
    rack->n += rack->back_n;
    __atomic_store_n(&rack->back_n, 0, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&rack->lock);
}

bool vtr_rack_refill_(struct vtr_rack *rack, uint32_t want)
{
    /* O: one that is missed now is found by the next call. */
    if (__atomic_load_n(&rack->back_n, __ATOMIC_RELAXED) != 0)
        fetch_back(rack);
    while (rack->n < want && grow(rack))
        ;
    return rack->n >= want;
}

static void rack_free(struct vtr_rack *rack)
{
    rte_mempool_free(rack->mp);
    pthread_mutex_destroy(&rack->lock);
    munmap(rack->map, rack->map_bytes);
    vtr_memory_free_(rack->bin);
    vtr_memory_free_(rack);
}

static void return_locked(struct vtr_rack *rack, struct rte_mbuf *const *mbufs, uint32_t n)
{
    pthread_mutex_lock(&rack->lock);
    memcpy(rack->back + rack->back_n, mbufs, n * sizeof mbufs[0]);
    __atomic_store_n(&rack->back_n, rack->back_n + n, __ATOMIC_RELAXED);
    bool last = rack->closed && rack->n + rack->back_n == rack->made;
    pthread_mutex_unlock(&rack->lock);
    if (VTR_UNLIKELY(last))
        rack_free(rack);
}

void vtr_rack_return_(struct vtr_rack *rack, struct rte_mbuf *const *mbufs, uint32_t n)
{
    if (VTR_LIKELY(vtr_rack_mine_ == rack)) {
        memcpy(rack->bare + rack->n, mbufs, n * sizeof mbufs[0]);
        rack->n += n;
    } else {
        return_locked(rack, mbufs, n);
    }
}

void vtr_rack_close_(struct vtr_rack *rack)
{
    if (rack == NULL)
        return;
    pthread_mutex_lock(&rack->lock);
    rack->heap = NULL;
    rack->closed = true;
    bool last = rack->n + rack->back_n == rack->made;
    pthread_mutex_unlock(&rack->lock);
    if (last)
        rack_free(rack);
}

static bool rack_map(struct vtr_rack *rack)
{
    size_t pointers = rack->max * sizeof rack->bare[0];
    size_t lines = (2 * pointers + 63) & ~(size_t)63;
    rack->map_bytes = lines + (size_t)rack->max * STRIDE;
    void *map = vtr_system_mmap_(NULL, rack->map_bytes, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    if (map == MAP_FAILED)
        return false;
    rack->map = map;
    rack->bare = map;
    rack->back = rack->bare + rack->max;
    rack->mbufs = rack->map + lines;
    return true;
}

static struct rte_mempool *pool_create(struct vtr_rack *rack, uint32_t max)
{
    static uint32_t made; /* atomic: names are unique in the process */
    char name[RTE_MEMPOOL_NAMESIZE];
    snprintf(name, sizeof name, "vitrine%u", __atomic_fetch_add(&made, 1, __ATOMIC_RELAXED));
    /* Mbufs may cross pages: nothing but the CPU reads them. Without the flag, 4 KiB pages would
     * hold fewer. */
    struct rte_mempool *mp = rte_mempool_create_empty(
        name, max, sizeof(struct rte_mbuf), 0, sizeof(struct rte_pktmbuf_pool_private),
        SOCKET_ID_ANY, RTE_MEMPOOL_F_NO_IOVA_CONTIG | RTE_MEMPOOL_F_NO_SPREAD);
    if (mp == NULL)
        return NULL;
    vtr_check(mp->header_size + mp->elt_size + mp->trailer_size == STRIDE);
    struct rte_pktmbuf_pool_private *priv = rte_mempool_get_priv(mp);
    memset(priv, 0, sizeof *priv);
    priv->mbuf_data_room_size = rack->sends ? UINT16_MAX : rack->buf_len;
    if (rte_mempool_set_ops_byname(mp, "vitrine", rack) != 0) {
        rte_mempool_free(mp);
        return NULL;
    }
    return mp;
}

/* Takes over the memory of @p rack, which has its constants. */
static struct vtr_rack *rack_create(struct vtr_rack *rack, uint32_t max)
{
    rack->max = max;
    pthread_mutex_init(&rack->lock, NULL);
    if (!rack_map(rack))
        goto no_map;
    rack->mp = pool_create(rack, max);
    if (rack->mp == NULL)
        goto no_pool;
    if (!grow(rack))
        goto no_mbufs;
    return rack;
no_mbufs:
    rte_mempool_free(rack->mp);
no_pool:
    munmap(rack->map, rack->map_bytes);
no_map:
    pthread_mutex_destroy(&rack->lock);
    vtr_memory_free_(rack->bin);
    vtr_memory_free_(rack);
    return NULL;
}

static struct vtr_rack *rack_new(void)
{
    return vtr_memory_zalloc_(sizeof(struct vtr_rack), _Alignof(struct vtr_rack));
}

struct vtr_rack *vtr_rack_create_tx_(uint32_t max)
{
    struct vtr_rack *rack = rack_new();
    if (rack == NULL)
        return NULL;
    rack->sends = true;
    return rack_create(rack, max);
}

struct vtr_rack *vtr_rack_create_rx_(struct vtr_heap *heap, unsigned klass, unsigned headroom,
                                     uint32_t max)
{
    struct vtr_rack *rack = rack_new();
    if (rack == NULL)
        return NULL;
    size_t lead = headroom - RTE_PKTMBUF_HEADROOM;
    size_t room = vtr_class_bytes_(klass) - lead;
    rack->heap = heap;
    rack->klass = klass;
    rack->lead = (uint16_t)lead;
    rack->buf_len = room < UINT16_MAX ? (uint16_t)room : UINT16_MAX;
    rack->bin = vtr_memory_alloc_(rack->buf_len, 1);
    if (rack->bin == NULL) {
        vtr_memory_free_(rack);
        return NULL;
    }
    return rack_create(rack, max);
}
