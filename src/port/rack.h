/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_rack: the packet headers (rte_mbuf) of one queue and direction, apart from the packet memory
 * (blocks). A bare mbuf is that and no more; one that is out carries a block and a count of it.
 *
 *                 mempool "get" by the driver        mempool "put" by anyone
 *   receive rack  a bare mbuf + a fresh open block   the block's count dropped, the mbuf bare
 *   send rack     nothing: a bare mbuf is no buffer  the same; inside of vtr_port_tx() the sender
 *                                                    drops the counts after the driver's burst
 *
 * Drivers reach the rack through a mempool (pool.h), and mostly through its cache for the lcore
 * that the queue's caller is, which is inlined into them: a call for each packet that comes and
 * goes took 15 cycles. To receive, what lies in the cache carries open blocks; to send, it is the
 * stack of bare mbufs. There is one cache at a time for each rack, its caller's: that of any other
 * lcore has no room, so that what others free comes to the rack at once.
 *
 * Owner: its queue. Mbufs travel (a ring's receiver returns its sender's), so a rack that is closed
 * goes when the last of them is back.
 * Threads: the queue's caller takes; anybody returns.
 */
#ifndef VITRINE_PORT_RACK_H
#define VITRINE_PORT_RACK_H

#include <pthread.h>
#include <string.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <vitrine/base.h>
#include <vitrine/heap.h>
#include <vitrine/inline/record.h>

/* Longest segment of an mbuf: what drivers of any release take a mempool's largest room for. */
enum { VTR_SEG_BYTES_MAX = UINT16_MAX - RTE_PKTMBUF_HEADROOM };

/* Most packets that go to or come from a driver at once. */
enum { VTR_BURST = 64 };

/* What a cache keeps: to receive, blocks that nobody else gets; to send, bare mbufs. */
enum { VTR_RACK_READY = 32, VTR_RACK_BARE = 256 };

struct vtr_rack {
    /* constant */
    struct rte_mempool *mp;
    char *map; /* all that follows */
    size_t map_bytes;
    char *mbufs;
    struct rte_mempool_cache *spare; /* for a caller that is no lcore */
    uint32_t max;
    bool sends;
    struct vtr_heap *heap; /* NULL: a send rack, or a closed one */
    char name[64];         /* "port null:0": where its blocks come from */
    unsigned klass;
    uint16_t lead;    /* bytes of a block before an mbuf's buffer */
    uint16_t buf_len; /* of an mbuf: from there to the block's end */
    uint8_t *bin;     /* where a driver may write when the heap has no block; or NULL */

    /* the queue's caller */
    __attribute__((aligned(64))) struct rte_mempool_cache *cache; /* NULL at first */
    unsigned lcore; /* whose that is, as vtr_rack_lcore_ */
    struct rte_mbuf **bare; /* beneath the cache */
    uint32_t n;
    uint32_t made; /* of max */

    /* anybody, under the lock */
    __attribute__((aligned(64))) pthread_mutex_t lock;
    struct rte_mbuf **back; /* their counts are dropped */
    struct rte_mbuf **late; /* theirs are not: of a single-threaded heap, freed by another thread */
    uint32_t back_n, late_n; /* atomic; read without the lock too, as a hint */
    bool closed;
};

/** The rack whose queue this thread is inside of; mbufs that return to it need no lock. */
extern __thread struct vtr_rack *vtr_rack_mine_ __attribute__((tls_model("initial-exec")));

/** @return a rack for sending, of up to @p max mbufs, or NULL: no memory. */
struct vtr_rack *vtr_rack_create_tx_(uint32_t max);

/**
 * @param klass     of the blocks, which hold headroom + a frame.
 * @param headroom  at least RTE_PKTMBUF_HEADROOM.
 * @param bin       whether a driver that finds no block is given the bin to write into. Else it is
 *                  told so: a device cannot reach the bin, and its driver can cope.
 * @return a rack for receiving, or NULL: no memory.
 */
struct vtr_rack *vtr_rack_create_rx_(struct vtr_heap *heap, unsigned klass, unsigned headroom,
                                     uint32_t max, bool bin);

/** Ends the rack, now or when the last mbuf is back. NULL is allowed. */
void vtr_rack_close_(struct vtr_rack *rack);

/** Fetches what came back and makes more, until @p want are bare. @return whether they are. */
bool vtr_rack_refill_(struct vtr_rack *rack, uint32_t want);

/** Mbufs come home, from any thread, their counts dropped. */
void vtr_rack_return_(struct vtr_rack *rack, struct rte_mbuf *const *mbufs, uint32_t n);

/** The same; the queue's caller is to drop their counts. */
void vtr_rack_return_late_(struct vtr_rack *rack, struct rte_mbuf *const *mbufs, uint32_t n);

/** Ends a frame that was received, or was to be. Its counts are dropped now, which they would not
 * be if the mbufs of a sender in this thread went by way of its cache. */
void vtr_rack_drop_(struct rte_mbuf *m);

/** The lcore that the thread is, plus one; 0: it has not been asked yet. */
extern __thread unsigned vtr_rack_lcore_ __attribute__((tls_model("initial-exec")));

/** The queue has another caller: the calling thread's cache is the rack's from here on. */
VTR_COLD void vtr_rack_move_(struct vtr_rack *rack);

/** The queue's caller comes. */
static inline void vtr_rack_enter_(struct vtr_rack *rack)
{
    vtr_rack_mine_ = rack;
    if (VTR_UNLIKELY(rack->lcore != vtr_rack_lcore_ || rack->cache == NULL))
        vtr_rack_move_(rack);
}

static inline void vtr_rack_leave_(void) { vtr_rack_mine_ = NULL; }

/* An mbuf names the block that it carries, and holds one count of it. To receive, in a dynamic
 * field of its own: at a fixed place of the second cache line, which drivers and freeing use
 * anyway. To send, in the field of the RSS hash, which is for receiving: then a ring's receiver on
 * another core does without the second line. */
enum { VTR_WHAT_OFFSET = 112 };
VTR_STATIC_ASSERT(VTR_WHAT_OFFSET >= offsetof(struct rte_mbuf, dynfield1) &&
                      VTR_WHAT_OFFSET + sizeof(uint64_t) <= sizeof(struct rte_mbuf),
                  "the field lies in the dynamic area");

/** The block of an mbuf of a receive rack; 0 for the bin. */
static inline uint64_t *vtr_mbuf_what_(struct rte_mbuf *m)
{
    return RTE_MBUF_DYNFIELD(m, VTR_WHAT_OFFSET, uint64_t *);
}

VTR_STATIC_ASSERT(offsetof(struct rte_mbuf, hash) + sizeof(uint64_t) <= 64 &&
                      sizeof(((struct rte_mbuf *)0)->hash) == sizeof(uint64_t),
                  "the hash is as wide as the block's name, and in the first line");

/** The block of an mbuf of a send rack; 0: it is bare. */
static inline uint64_t vtr_mbuf_sent_(const struct rte_mbuf *m)
{
    uint64_t what;
    memcpy(&what, &m->hash, sizeof what); /* the field is aligned to 4 */
    return what;
}

static inline void vtr_mbuf_set_sent_(struct rte_mbuf *m, uint64_t what)
{
    memcpy(&m->hash, &what, sizeof what);
}

/* A driver orders what it takes before what it gives. ThreadSanitizer cannot see into a driver that
 * was built without it, and is told. */
#ifdef __has_feature
#define VTR_TSAN_CLANG __has_feature(thread_sanitizer)
#else
#define VTR_TSAN_CLANG 0
#endif
#if defined __SANITIZE_THREAD__ || VTR_TSAN_CLANG
void __tsan_acquire(void *at);
void __tsan_release(void *at);
#define VTR_TSAN(call) call
#else
#define VTR_TSAN(call) (void)0
#endif

/** R1: to a driver. A1: from a driver. */
static inline void vtr_mbufs_go_(struct rte_mbuf *const *mbufs, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        VTR_TSAN(__tsan_release(mbufs[i]));
}

static inline void vtr_mbufs_come_(struct rte_mbuf *const *mbufs, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        VTR_TSAN(__tsan_acquire(mbufs[i]));
}

/** @param m  bare. */
static inline void vtr_rack_push_(struct vtr_rack *rack, struct rte_mbuf *m)
{
    rack->bare[rack->n++] = m;
}

#endif
