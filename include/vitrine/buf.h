/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_buf: one block with one owner, who may write it, until sealing turns it into vtr_data.
 * Owner: the storage is the caller's; the block in it is owned from init (or vtr_data_try_own) to
 * seal or fini.
 * Threads: one at a time.
 * Not here: what sealing gives (data.h).
 *
 *   0      floor      head           tail        cap
 *   | split |  headroom  |  bytes  |  tailroom  |
 */
#ifndef VITRINE_BUF_H
#define VITRINE_BUF_H

#include <string.h>
#include <vitrine/base.h>
#include <vitrine/data.h>
#include <vitrine/debug.h>
#include <vitrine/heap.h>
#include <vitrine/inline/cache.h>

struct iovec;

VTR_BEGIN_DECLS

/** ABI: caller's storage. Zero is the empty buf, which only fini accepts. */
struct vtr_buf {
    struct vtr_record *rec; /**< private */
    uint8_t *base;          /**< private: the block in the writable view */
    uint32_t floor;         /**< private: nothing before this may be written any more */
    uint32_t head;          /**< private: first byte */
    uint32_t tail;          /**< private: one after the last byte */
    uint32_t cap;           /**< private: size of the block */
    uint32_t ahead;         /**< private: counts of the block taken for splits to come */
    uint32_t unused;
};
VTR_STATIC_ASSERT(sizeof(struct vtr_buf) == 40, "vtr_buf is ABI");
/** The empty buf, as an initialiser. */
#define VTR_BUF_EMPTY { 0, 0, 0, 0, 0, 0, 0, 0 }

/** Private: the buf of a block that is open, with bytes [head, tail). */
VTR_INLINE void vtr_buf_begin_(struct vtr_record *rec, uint32_t head, uint32_t tail,
                               struct vtr_buf *out)
{
    out->rec = rec;
    out->base = vtr_block_writable_(rec);
    out->floor = 0;
    out->head = head;
    out->tail = tail;
    out->cap = vtr_pageblock_head_of(rec)->block_bytes;
    out->ahead = out->unused = 0;
}

/** Private: takes a block when none is at hand, or a large one is wanted. */
VTR_API VTR_COLD int vtr_buf_take_(struct vtr_heap *heap, size_t headroom, size_t room,
                                   struct vtr_record **out);

/**
 * Takes a block that holds at least @p headroom + @p room bytes, empty behind the headroom.
 * @param out  owned on success, untouched on failure.
 * @return 0, -ENOMEM (the heap is at its limit), -EDQUOT (over its quota), -EMSGSIZE (more than
 *         vtr_heap_block_max()).
 * Threads: any. Cost: no lock, no locked instruction and no system call while the thread's magazine
 * holds a block; more than 1 MiB always takes the heap's lock.
 */
VTR_INLINE VTR_MUST_USE int vtr_buf_init(struct vtr_heap *heap, size_t headroom, size_t room,
                                         struct vtr_buf *out)
{
    struct vtr_magazines *mine = vtr_magazines_last_;
    struct vtr_record *rec = NULL;
    if (VTR_LIKELY(vtr_in_bounds(VTR_CLASS_NEAR, headroom, room) && mine != NULL &&
                   __atomic_load_n(&mine->heap, __ATOMIC_RELAXED) == heap))
        rec = vtr_magazines_pop_(mine, vtr_class_of_(headroom + room));
    if (VTR_LIKELY(rec != NULL)) {
        vtr_block_open_(rec, mine->own_bit);
    } else {
        struct vtr_record *taken; /* the call does not make the compiler keep rec in memory */
        int rc = vtr_buf_take_(heap, headroom, room, &taken);
        if (rc != 0)
            return rc;
        rec = taken;
    }
    vtr_buf_begin_(rec, (uint32_t)headroom, (uint32_t)headroom, out);
    return 0;
}

/**
 * vtr_buf_init() of @p n at once.
 * @param bufs  bufs[0..@return) owned, the rest untouched.
 * @return 0..n. Less than n: vtr_buf_init() says why.
 */
VTR_API VTR_MUST_USE unsigned vtr_buf_init_bulk(struct vtr_heap *heap, size_t headroom, size_t room,
                                                struct vtr_buf *bufs, unsigned n);

/* What is private and rare takes the fields that it needs, so that the compiler need not keep the
 * buf in memory for it: an allocation with its end took 12 ns where it did, and 6 where not. */

/** Private: gives back the counts taken for splits to come. */
VTR_API VTR_COLD void vtr_buf_return_counts_(struct vtr_record *rec, uint32_t ahead);

/** Private: ends a block, of which counts may have been taken, and @p tail bytes be in use. */
VTR_API VTR_COLD void vtr_buf_end_(struct vtr_record *rec, uint32_t ahead, uint32_t tail);

/** Gives the block back unsealed; what was split off lives on.
 * @param b left empty; empty is allowed. */
VTR_INLINE void vtr_buf_fini(struct vtr_buf *b)
{
    struct vtr_record *rec = b->rec;
    if (rec == NULL)
        return;
    if (VTR_UNLIKELY(b->ahead != 0 || !vtr_block_is_open_(rec) || !vtr_record_last_(rec) ||
                     !vtr_magazines_end_(rec)))
        vtr_buf_end_(rec, b->ahead, b->tail);
    __builtin_memset(b, 0, sizeof *b);
}

/** vtr_buf_fini() of bufs[0..n). @param bufs left empty; empty ones are allowed. */
VTR_API void vtr_buf_fini_bulk(struct vtr_buf *bufs, unsigned n);

/** @return bytes written so far. */
VTR_INLINE size_t vtr_buf_len(const struct vtr_buf *b) { return b->tail - b->head; }
/** @return the room before them, in bytes. */
VTR_INLINE size_t vtr_buf_headroom(const struct vtr_buf *b) { return b->head - b->floor; }
/** @return the room behind them. */
VTR_INLINE size_t vtr_buf_tailroom(const struct vtr_buf *b) { return b->cap - b->tail; }

/** @return the first byte, writable, borrowed until seal, split or fini. */
VTR_INLINE uint8_t *vtr_buf_bytes(const struct vtr_buf *b) { return b->base + b->head; }

/**
 * Room for @p len more bytes behind the last. Nothing counts as written until vtr_buf_commit().
 * @return borrowed until the next call, or NULL: no room.
 */
VTR_INLINE VTR_MUST_USE uint8_t *vtr_buf_reserve(struct vtr_buf *b, size_t len)
{
    return len <= vtr_buf_tailroom(b) ? b->base + b->tail : NULL;
}

/** The first @p len bytes of what reserve gave are written. */
VTR_INLINE void vtr_buf_commit(struct vtr_buf *b, size_t len)
{
    vtr_check(len <= vtr_buf_tailroom(b));
    b->tail += (uint32_t)len;
}

/** Copies @p len bytes behind the last. @return false, and nothing changed, if there is no room. */
VTR_INLINE VTR_MUST_USE bool vtr_buf_append(struct vtr_buf *b, const void *bytes, size_t len)
{
    uint8_t *to = vtr_buf_reserve(b, len);
    if (to == NULL)
        return false;
    if (len != 0)
        memcpy(to, bytes, len);
    b->tail += (uint32_t)len;
    return true;
}

/**
 * The tailrooms of bufs[0..n), for readv, recvmsg and io_uring: iov[i] is that of bufs[i].
 * @param iov  iov[0..n) is filled; writable until the bufs are sealed or ended.
 * @return their sum in bytes.
 */
VTR_API size_t vtr_buf_to_iovec(const struct vtr_buf *bufs, unsigned n, struct iovec *iov);

/**
 * The first @p len bytes of what vtr_buf_to_iovec() gave are written, in order. Contract: there was
 * room for them.
 * @return how many bufs it took: bufs[@return..n) are as they were.
 */
VTR_API unsigned vtr_buf_commit_iovec(struct vtr_buf *bufs, unsigned n, size_t len);

/** Extends the bytes by @p len to the front. @return where to write them, or NULL: no headroom. */
VTR_INLINE VTR_MUST_USE uint8_t *vtr_buf_push(struct vtr_buf *b, size_t len)
{
    if (len > vtr_buf_headroom(b))
        return NULL;
    b->head -= (uint32_t)len;
    return b->base + b->head;
}

/** Drops the first @p len bytes; they become headroom. @return false if there are fewer. */
VTR_INLINE VTR_MUST_USE bool vtr_buf_strip(struct vtr_buf *b, size_t len)
{
    if (len > vtr_buf_len(b))
        return false;
    b->head += (uint32_t)len;
    return true;
}

/** Keeps the first @p len bytes only. @return false if there are fewer. */
VTR_INLINE VTR_MUST_USE bool vtr_buf_trim(struct vtr_buf *b, size_t len)
{
    if (len > vtr_buf_len(b))
        return false;
    b->tail = b->head + (uint32_t)len;
    return true;
}

/**
 * The first @p len bytes leave as immutable data; the rest of the block stays open.
 * Until the buf is sealed or ended, what was split off cannot leave this process.
 * @param out  owned on true, untouched on false (fewer bytes than that, or none asked for).
 * Cost: one count.
 */
VTR_API VTR_MUST_USE bool vtr_buf_split(struct vtr_buf *b, size_t len, struct vtr_data *out);

/** Private: the buf, or a copy of it, was sealed or ended before: names it and aborts. */
VTR_API VTR_COLD __attribute__((noreturn)) void vtr_buf_broken_(const struct vtr_record *rec,
                                                                const char *call);

/**
 * Ends writing for ever. Cost: two stores. @param b consumed, left empty.
 * @return owned: the bytes; empty (and the block is free again) if there are none.
 */
VTR_INLINE VTR_MUST_USE struct vtr_data vtr_buf_seal(struct vtr_buf *b)
{
    struct vtr_data d = VTR_DATA_EMPTY;
    struct vtr_record *rec = b->rec;
    uint32_t head = b->head, tail = b->tail, ahead = b->ahead;
    if (VTR_UNLIKELY(rec == NULL) || VTR_UNLIKELY(!vtr_block_is_open_(rec)))
        vtr_buf_broken_(rec, "vtr_buf_seal");
    __builtin_memset(b, 0, sizeof *b);
    if (VTR_UNLIKELY(tail == head)) {
        vtr_buf_end_(rec, ahead, tail);
        return d;
    }
    if (VTR_UNLIKELY(ahead != 0))
        vtr_buf_return_counts_(rec, ahead);
    d.off = head;
    d.len = tail - head;
    d.what = vtr_block_seal_(rec, d.len);
    return d;
}

/**
 * Back to a writable buf, if *d is the only reference to its one block. The bytes of *d become the
 * bytes of the buf; what lies before and behind them in the block becomes its head- and tailroom.
 * @param d    consumed and left empty on true; unchanged on false.
 * @param out  owned on true; untouched on false.
 * Cost: no locked instruction while no weak reference to the block was ever made, nor another
 * process had it; two otherwise.
 */
VTR_INLINE VTR_MUST_USE bool vtr_data_try_own(struct vtr_data *d, struct vtr_buf *out)
{
    struct vtr_record *rec = vtr_what_record_(d->what);
    if (d->what == 0 || (d->what & VTR_WHAT_LIST) != 0)
        return false;
    if (VTR_UNLIKELY(rec->gen != (uint16_t)(d->what >> VTR_WHAT_GEN_SHIFT)))
        vtr_record_broken_(d->what, "try_own");
    if (!vtr_block_reopen_(rec))
        return false;
    vtr_buf_begin_(rec, d->off, d->off + d->len, out);
    d->what = 0;
    d->off = d->len = 0;
    return true;
}

VTR_INLINE void vtr_buf_cleanup_(struct vtr_buf *b) { vtr_buf_fini(b); }

#if defined VTR_DEBUG && !defined VTR_INSIDE_ /* debug.h: notes file and line */
#define vtr_buf_init(heap, ...) vtr_buf_init(VTR_HERE_(heap), __VA_ARGS__)
#define vtr_buf_init_bulk(heap, ...) vtr_buf_init_bulk(VTR_HERE_(heap), __VA_ARGS__)
#define vtr_buf_fini(b) vtr_buf_fini(VTR_HERE_(b))
#define vtr_buf_fini_bulk(bufs, n) vtr_buf_fini_bulk(VTR_HERE_(bufs), n)
VTR_INLINE VTR_MUST_USE bool vtr_data_try_own_here_(struct vtr_data *d, struct vtr_buf *out,
                                                    const char *file, int line)
{
    if (!vtr_data_try_own(d, out))
        return false;
    vtr_made_again_(out->rec, file, line);
    return true;
}
#define vtr_data_try_own(d, out) vtr_data_try_own_here_((d), (out), __FILE__, __LINE__)
#endif

VTR_END_DECLS
#endif
