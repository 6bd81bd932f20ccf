/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_heap: the shared heap whose blocks hold immutable bytes. One process per heap for now; the
 * layout is that of a domain of 32.
 * Owner: whoever opened it; vtr_heap_close() ends it when nothing is referenced any more.
 * Threads: every call but open and close from any thread. A forked child must not use it: there its
 * blocks are not mapped. It may open a heap of its own.
 * Not here: writing blocks (buf.h), sharing bytes (data.h).
 */
#ifndef VITRINE_HEAP_H
#define VITRINE_HEAP_H

#include <vitrine/base.h>

VTR_BEGIN_DECLS

struct vtr_heap;

/** Memory pages that hold blocks, best first. */
enum vtr_pages {
    VTR_PAGES_AUTO = 0,    /**< the best this machine gives, segment by segment */
    VTR_PAGES_HUGETLB = 1, /**< reserved 2 MiB pages (vm.nr_hugepages) */
    VTR_PAGES_THP = 2,     /**< transparent 2 MiB pages (shmem_enabled must allow them) */
    VTR_PAGES_SMALL = 3,   /**< 4 KiB pages: always there, 28 times slower to fill the first time */
};

enum vtr_heap_flags {
    /** One writable mapping instead of two. For ThreadSanitizer, which cannot see a race between
     * two mappings of the same bytes; immutability is then by type only. */
    VTR_HEAP_SINGLE_VIEW = 1u << 0,
    /** One thread makes every call on the heap and its data, and counts by plain instructions. A
     * second thread that allocates or frees is stopped with a message; one that only counts is
     * not noticed. */
    VTR_HEAP_SINGLE_THREAD = 1u << 1,
};

/** Zero is the default for every field but @ref size. */
struct vtr_heap_opts {
    size_t size;          /**< sizeof(struct vtr_heap_opts): the version of this struct */
    const char *name;     /**< for messages; default "heap" */
    uint64_t max_bytes;   /**< limit on block memory, rounded up to 64 MiB; default half of RAM */
    enum vtr_pages pages; /**< what to take; anything but AUTO fails where it is not to be had */
    uint32_t flags;       /**< enum vtr_heap_flags */
    uint64_t quota_bytes; /**< limit on blocks in use, whole blocks; default none. A breach is
                               -EDQUOT, where the heap's limit is -ENOMEM */
};

/** What a heap holds. Blocks are counted from the holder words, the only truth there is. */
struct vtr_heap_stat {
    uint64_t max_bytes;       /**< the limit */
    uint64_t segment_bytes;   /**< memory taken from the system for blocks */
    uint64_t hugetlb_bytes;   /**< of these, on reserved huge pages */
    uint64_t thp_bytes;       /**< of these, on transparent huge pages, as smaps reported them */
    uint64_t pageblock_bytes; /**< of these, cut into blocks of some class */
    uint64_t live_bytes;      /**< held by this process: whole blocks */
    uint64_t live_blocks;     /**< the same, in blocks */
    uint64_t failed;          /**< allocations refused because the limit was reached */
    uint64_t adopted_blocks;  /**< of vtr_data_adopt(), not given back yet; on no limit */
    uint64_t adopted_bytes;   /**< the same, in bytes */
    uint64_t keep_refs;       /**< calls of vtr_data_keep() that copied nothing */
    uint64_t keep_copies;     /**< those that copied something */
    uint64_t keep_bytes;      /**< what these copied */
    uint64_t keep_saved;      /**< bytes of blocks that they do not pin, less those of the copies */
};

/**
 * Makes a private heap.
 * @param opts  borrowed; NULL for the defaults.
 * @param out   owned on success, untouched on failure.
 * @param err   filled on failure; may be NULL.
 * @return 0, -EINVAL (an option), -ENOSYS (Linux before 5.1), -EMFILE or -ENFILE (no descriptors),
 *         -ENOMEM, -ENOSPC or -EOPNOTSUPP (no memory, none reserved, or none of the kind).
 * Cost: tens of milliseconds; the first 64 MiB segment is reserved at once.
 */
VTR_API VTR_COLD VTR_MUST_USE int vtr_heap_open(const struct vtr_heap_opts *opts,
                                                struct vtr_heap **out, struct vtr_error *err);

/**
 * Ends a heap. No other thread may be using it.
 * @param heap  consumed on 0; still open and owned on -EBUSY. NULL is allowed.
 * @param err   names how many blocks are still referenced; may be NULL.
 * @return 0 or -EBUSY.
 */
VTR_API VTR_COLD int vtr_heap_close(struct vtr_heap *heap, struct vtr_error *err);

/** Fills *out. Cost: reads every holder word; for people, tests and monitors. */
VTR_API VTR_COLD void vtr_heap_stat(struct vtr_heap *heap, struct vtr_heap_stat *out);

/**
 * One line for a person: pages got and why not better, segments, blocks held.
 * @return what snprintf returns.
 */
VTR_API VTR_COLD int vtr_heap_report(struct vtr_heap *heap, char *text, size_t size);

/** @return the largest block in bytes: what one vtr_buf can hold (64 MiB). */
VTR_API size_t vtr_heap_block_max(void);

VTR_END_DECLS
#endif
