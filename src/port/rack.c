/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Racks: their memory, and the way of mbufs back to it.
 */
#include "port/rack.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_lcore.h>

#include "base/memory.h"
#include "base/system.h"
#include "heap/block.h"
#include "port/pool.h"

enum { MADE_AT_ONCE = 256 };

__thread struct vtr_rack *vtr_rack_mine_ __attribute__((tls_model("initial-exec")));
__thread unsigned vtr_rack_lcore_ __attribute__((tls_model("initial-exec")));

static bool grow(struct vtr_rack *rack)
{
    uint32_t n = rack->max - rack->made < MADE_AT_ONCE ? rack->max - rack->made : MADE_AT_ONCE;
    char *at = rack->mbufs + (size_t)rack->made * VTR_POOL_STRIDE;
    int got = n == 0 ? 0
                     : rte_mempool_populate_iova(rack->mp, at, RTE_BAD_IOVA,
                                                 (size_t)n * VTR_POOL_STRIDE, NULL, NULL);
    rack->made += got > 0 ? (uint32_t)got : 0;
    return got > 0;
}

/* Drops the count of an mbuf of the rack. @return the mbuf, bare. */
static struct rte_mbuf *bared(const struct vtr_rack *rack, struct rte_mbuf *m)
{
    uint64_t what = rack->sends ? vtr_mbuf_sent_(m) : *vtr_mbuf_what_(m);
    if (what != 0)
        vtr_record_unref_(what);
    if (rack->sends)
        vtr_mbuf_set_sent_(m, 0);
    return m;
}

static void fetch_back(struct vtr_rack *rack)
{
    pthread_mutex_lock(&rack->lock);
    for (uint32_t i = 0; i < rack->back_n; i++) {
        if (rack->sends)
            vtr_mbuf_set_sent_(rack->back[i], 0);
        vtr_rack_push_(rack, rack->back[i]);
    }
    for (uint32_t i = 0; i < rack->late_n; i++)
        vtr_rack_push_(rack, bared(rack, rack->late[i]));
    __atomic_store_n(&rack->back_n, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&rack->late_n, 0, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&rack->lock);
}

bool vtr_rack_refill_(struct vtr_rack *rack, uint32_t want)
{
    /* O: one that is missed now is found by the next call. */
    if (__atomic_load_n(&rack->back_n, __ATOMIC_RELAXED) != 0 ||
        __atomic_load_n(&rack->late_n, __ATOMIC_RELAXED) != 0)
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

static bool all_home(const struct vtr_rack *rack)
{
    return rack->closed && rack->n + rack->back_n == rack->made;
}

void vtr_rack_return_(struct vtr_rack *rack, struct rte_mbuf *const *mbufs, uint32_t n)
{
    pthread_mutex_lock(&rack->lock);
    memcpy(rack->back + rack->back_n, mbufs, n * sizeof mbufs[0]);
    __atomic_store_n(&rack->back_n, rack->back_n + n, __ATOMIC_RELAXED);
    bool last = all_home(rack);
    pthread_mutex_unlock(&rack->lock);
    if (VTR_UNLIKELY(last))
        rack_free(rack);
}

void vtr_rack_return_late_(struct vtr_rack *rack, struct rte_mbuf *const *mbufs, uint32_t n)
{
    pthread_mutex_lock(&rack->lock);
    memcpy(rack->late + rack->late_n, mbufs, n * sizeof mbufs[0]);
    __atomic_store_n(&rack->late_n, rack->late_n + n, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&rack->lock);
}

void vtr_rack_drop_(struct rte_mbuf *m)
{
    for (struct rte_mbuf *next; m != NULL; m = next) {
        struct vtr_rack *rack = vtr_rack_of_(m);
        next = m->next;
        if (rack == NULL || !rack->sends) {
            rte_pktmbuf_free_seg(m);
            continue;
        }
        m->next = NULL;
        m->nb_segs = 1;
        vtr_record_unref_(vtr_mbuf_sent_(m));
        vtr_rack_return_(rack, &m, 1);
    }
}

/* What lies in the cache becomes bare, and the cache without room. */
static void cache_leave(struct vtr_rack *rack)
{
    struct rte_mempool_cache *cache = rack->cache;
    if (cache == NULL)
        return;
    while (cache->len != 0)
        vtr_rack_push_(rack, bared(rack, (struct rte_mbuf *)cache->objs[--cache->len]));
    cache->size = cache->flushthresh = 0;
    rack->cache = NULL;
}

static void lcore_end(void *arg)
{
    (void)arg;
    rte_thread_unregister();
    vtr_rack_lcore_ = 0;
}

/* @return the lcore that the thread is, or is made: RTE_MAX_LCORE if there are too many. */
static unsigned lcore_of_thread(void)
{
    static uint64_t exit_key;
    pthread_key_t key;
    if (rte_lcore_id() == LCORE_ID_ANY && rte_thread_register() == 0 &&
        (vtr_system_exit_key_(&exit_key, lcore_end, &key) != 0 ||
         vtr_system_setspecific_(key, &exit_key) != 0))
        rte_thread_unregister();
    return rte_lcore_id() < RTE_MAX_LCORE ? rte_lcore_id() : RTE_MAX_LCORE;
}

void vtr_rack_move_(struct vtr_rack *rack)
{
    if (vtr_rack_lcore_ == 0)
        vtr_rack_lcore_ = lcore_of_thread() + 1;
    cache_leave(rack);
    rack->lcore = vtr_rack_lcore_;
    rack->cache = rack->lcore <= RTE_MAX_LCORE ? &rack->mp->local_cache[rack->lcore - 1]
                                               : rack->spare;
    rack->cache->size = rack->sends ? VTR_RACK_BARE : VTR_RACK_READY;
    rack->cache->flushthresh = 2 * rack->cache->size;
    rack->cache->len = 0;
}

void vtr_rack_close_(struct vtr_rack *rack)
{
    if (rack == NULL)
        return;
    cache_leave(rack);
    fetch_back(rack);
    pthread_mutex_lock(&rack->lock);
    rack->heap = NULL;
    rack->closed = true;
    bool last = all_home(rack);
    pthread_mutex_unlock(&rack->lock);
    if (last)
        rack_free(rack);
}

static size_t lines(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

static bool rack_map(struct vtr_rack *rack)
{
    size_t pointers = lines(rack->max * sizeof rack->bare[0]);
    size_t caches = lines(sizeof *rack->spare);
    rack->map_bytes = caches + 3 * pointers + (size_t)rack->max * VTR_POOL_STRIDE;
    void *map = vtr_system_mmap_(NULL, rack->map_bytes, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    if (map == MAP_FAILED)
        return false;
    rack->map = map;
    rack->spare = map;
    rack->bare = (struct rte_mbuf **)(rack->map + caches);
    rack->back = (struct rte_mbuf **)(rack->map + caches + pointers);
    rack->late = (struct rte_mbuf **)(rack->map + caches + 2 * pointers);
    rack->mbufs = rack->map + caches + 3 * pointers;
    return true;
}

/* Takes over the memory of @p rack, which has its constants. */
static struct vtr_rack *rack_create(struct vtr_rack *rack, uint32_t max)
{
    rack->max = max;
    pthread_mutex_init(&rack->lock, NULL);
    if (!rack_map(rack))
        goto no_map;
    rack->mp = vtr_pool_create_(rack, max);
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
                                     uint32_t max, bool bin)
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
    rack->bin = bin ? vtr_memory_alloc_(rack->buf_len, 1) : NULL;
    if (bin && rack->bin == NULL) {
        vtr_memory_free_(rack);
        return NULL;
    }
    return rack_create(rack, max);
}
