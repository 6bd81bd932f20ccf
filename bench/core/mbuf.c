/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The rows on plain mbufs.
 */
#include "core/mbuf_pool.h"
#include "core/ring.h"

uint64_t mbuf_alloc_free(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    struct rte_mempool *pool = s->mbufs->pool;
    for (uint64_t i = 0; i < n; i++) {
        hide(pool);
        struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
        if (m == NULL)
            return 0;
        sum += core_touch(rte_pktmbuf_mtod(m, void *));
        rte_pktmbuf_free(m);
    }
    return sum;
}

uint64_t mbuf_alloc_free_bulk(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    struct rte_mempool *pool = s->mbufs->pool;
    struct rte_mbuf *m[CORE_BULK];
    for (uint64_t done = 0; done < n; done += CORE_BULK) {
        hide(pool);
        if (rte_pktmbuf_alloc_bulk(pool, m, CORE_BULK) != 0)
            return 0;
        for (unsigned i = 0; i < CORE_BULK; i++)
            sum += core_touch(rte_pktmbuf_mtod(m[i], void *));
        rte_pktmbuf_free_bulk(m, CORE_BULK);
    }
    return sum;
}

static inline uint64_t ref(struct rte_mempool *pool, struct rte_mbuf *of)
{
    hide(of);
    struct rte_mbuf *m = rte_pktmbuf_clone(of, pool);
    if (m == NULL)
        return 0;
    uint64_t len = rte_pktmbuf_data_len(m);
    rte_pktmbuf_free(m);
    return len;
}

static inline uint64_t slice(struct rte_mempool *pool, struct rte_mbuf *of, uint16_t off,
                             uint16_t len)
{
    hide(of);
    hide(off);
    hide(len);
    struct rte_mbuf *m = rte_pktmbuf_clone(of, pool);
    if (m == NULL || rte_pktmbuf_adj(m, off) == NULL ||
        rte_pktmbuf_trim(m, (uint16_t)(rte_pktmbuf_data_len(m) - len)) != 0)
        return 0;
    uint64_t got = rte_pktmbuf_data_len(m);
    rte_pktmbuf_free(m);
    return got;
}

uint64_t mbuf_ref(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++)
        sum += ref(s->mbufs->pool, s->mbufs->whole);
    return sum;
}

uint64_t mbuf_slice(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++)
        sum += slice(s->mbufs->pool, s->mbufs->whole, 64, CORE_SLICE);
    return sum;
}

uint64_t mbuf_ref_cold(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++)
        sum += ref(s->mbufs->pool, s->mbufs->cold[i]);
    return sum;
}

uint64_t mbuf_slice_cold(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++)
        sum += slice(s->mbufs->pool, s->mbufs->cold[i], 64, CORE_SLICE);
    return sum;
}

uint64_t mbuf_concat(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    struct mbufs *of = s->mbufs;
    struct rte_mbuf *first = of->half[0], *second = of->half[1];
    for (uint64_t i = 0; i < n; i++) {
        hide(first);
        hide(second);
        struct rte_mbuf *a = rte_pktmbuf_clone(first, of->pool);
        struct rte_mbuf *b = rte_pktmbuf_clone(second, of->pool);
        if (a == NULL || b == NULL || rte_pktmbuf_chain(a, b) != 0)
            return 0;
        sum += rte_pktmbuf_pkt_len(a);
        rte_pktmbuf_free(a);
    }
    return sum;
}

uint64_t mbuf_prepend(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    struct mbufs *of = s->mbufs;
    struct rte_mbuf *payload = of->payload;
    const uint8_t *header = s->bytes;
    uint16_t len = CORE_HEADER;
    for (uint64_t i = 0; i < n; i++) {
        hide(header);
        hide(len);
        hide(payload);
        struct rte_mbuf *p = rte_pktmbuf_clone(payload, of->pool);
        struct rte_mbuf *h = rte_pktmbuf_alloc(of->pool);
        char *to = p != NULL && h != NULL ? rte_pktmbuf_append(h, len) : NULL;
        if (to == NULL)
            return 0;
        memcpy(to, header, len);
        if (rte_pktmbuf_chain(h, p) != 0)
            return 0;
        sum += rte_pktmbuf_pkt_len(h);
        rte_pktmbuf_free(h);
    }
    return sum;
}

static inline uint64_t view(const struct rte_mbuf *m, uint32_t off, bool next, uint64_t n)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint8_t scratch[20];
        hide(m);
        hide(off);
        const void *ip = rte_pktmbuf_read(m, off, sizeof scratch, scratch);
        if (ip == NULL)
            return 0;
        uint64_t read = core_header(ip);
        sum += read;
        off += next ? (uint32_t)core_nothing(read) : 0;
    }
    return sum;
}

uint64_t mbuf_view(struct stand *s, uint64_t n)
{
    return view(s->mbufs->whole, STAND_VIEW, false, n);
}
uint64_t mbuf_view_next(struct stand *s, uint64_t n)
{
    return view(s->mbufs->whole, STAND_VIEW, true, n);
}
uint64_t mbuf_view_straddle(struct stand *s, uint64_t n)
{
    return view(s->mbufs->straddle, STAND_STRADDLE, false, n);
}

static inline uint64_t copy(struct stand *s, uint64_t n, uint16_t len)
{
    uint64_t sum = 0;
    const uint8_t *from = s->bytes;
    struct rte_mempool *pool = s->mbufs->pool;
    for (uint64_t i = 0; i < n; i++) {
        hide(from);
        hide(len);
        struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
        char *to = m != NULL ? rte_pktmbuf_append(m, len) : NULL;
        if (to == NULL)
            return 0;
        memcpy(to, from, len);
        sum += rte_pktmbuf_data_len(m);
        rte_pktmbuf_free(m);
    }
    return sum;
}

uint64_t mbuf_copy_64(struct stand *s, uint64_t n) { return copy(s, n, 64); }
uint64_t mbuf_copy_512(struct stand *s, uint64_t n) { return copy(s, n, 512); }
uint64_t mbuf_copy_2048(struct stand *s, uint64_t n) { return copy(s, n, 2048); }

enum { LIVE = 64 };

/* As ours_mix: a count more and a count less stand for the reference. */
uint64_t mbuf_mix(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    struct rte_mbuf *live[LIVE] = { 0 };
    for (uint64_t i = 0; i < n; i++) {
        struct rte_mbuf *m = rte_pktmbuf_alloc(s->mbufs->pool);
        if (m == NULL)
            return 0;
        sum += core_touch(rte_pktmbuf_mtod(m, void *));
        rte_pktmbuf_free(live[i % LIVE]);
        live[i % LIVE] = m;
        rte_mbuf_refcnt_update(m, 1);
        hide(m);
        rte_pktmbuf_free(m);
    }
    rte_pktmbuf_free_bulk(live, LIVE);
    return sum;
}

uint64_t mbuf_allocate_away(struct stand *s, uint64_t n)
{
    struct rte_mbuf *batch[CORE_BULK];
    for (uint64_t done = 0; done < n; done += CORE_BULK) {
        for (unsigned i = 0; i < CORE_BULK; i++) {
            batch[i] = rte_pktmbuf_alloc(s->mbufs->pool);
            vtr_check(batch[i] != NULL);
            (void)core_touch(rte_pktmbuf_mtod(batch[i], void *));
            rte_pktmbuf_data_len(batch[i]) = CORE_SLICE;
        }
        ring_put(s->ring, batch, sizeof batch);
    }
    return 0;
}

uint64_t mbuf_free_here(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    struct rte_mbuf *batch[CORE_BULK];
    for (uint64_t done = 0; done < n; done += CORE_BULK) {
        ring_take(s->ring, batch, sizeof batch);
        for (unsigned i = 0; i < CORE_BULK; i++)
            sum += rte_pktmbuf_data_len(batch[i]);
        rte_pktmbuf_free_bulk(batch, CORE_BULK);
    }
    return sum;
}
