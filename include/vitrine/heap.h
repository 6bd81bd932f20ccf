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

/** How a heap is to be. */
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

/**
 * What a heap holds. Blocks are counted from the holder words, the only truth there is: exactly, if
 * no other thread allocates or frees meanwhile; else each as it was when it was looked at. Bytes
 * are whole blocks.
 */
struct vtr_heap_stat {
    size_t size;              /**< set by the caller to sizeof(struct vtr_heap_stat) */
    uint64_t max_bytes;       /**< the limit */
    uint64_t segment_bytes;   /**< memory taken from the system for blocks */
    uint64_t hugetlb_bytes;   /**< of these, on reserved huge pages */
    uint64_t thp_bytes;       /**< of these, on transparent huge pages, as smaps reported them */
    uint64_t pageblock_bytes; /**< of these, cut into blocks of some class, or large blocks */
    uint64_t live_bytes;      /**< held by this process */
    uint64_t live_blocks;     /**< the same, in blocks */
    uint64_t large_bytes;     /**< of live_bytes, in blocks of more than 1 MiB */
    uint64_t large_blocks;    /**< the same, in blocks */
    uint64_t visible_bytes;   /**< of live_bytes, what was written and sealed; of open blocks all.
                                   Kept in 255ths of a block, rounded down. Pinned / visible is
                                   live_bytes / visible_bytes */
    uint64_t fair_bytes;      /**< each block shared out among the processes that hold it: over all
                                   of them the sum is exact */
    uint64_t unique_bytes;    /**< what would be free if this process let go of everything */
    uint64_t cached_bytes;    /**< free, in the threads' magazines and the depot */
    uint64_t cached_blocks;   /**< the same, in blocks */
    uint64_t charged_bytes;   /**< what counts against the quota: in use and in magazines */
    uint64_t quota_bytes;     /**< the quota; 0 for none */
    uint64_t failed_limit;    /**< blocks refused: the heap is at its limit, or has no memory */
    uint64_t failed_quota;    /**< blocks refused: the process is at its quota */
    uint64_t adopted_blocks;  /**< of vtr_data_adopt(), not given back yet; on no limit */
    uint64_t adopted_bytes;   /**< the same, in bytes */
    uint64_t keep_refs;       /**< calls of vtr_data_keep() that copied nothing */
    uint64_t keep_copies;     /**< those that copied something */
    uint64_t keep_bytes;      /**< what these copied */
    uint64_t keep_saved;      /**< bytes of blocks that they do not pin, less those of the copies */
};

/** @return whether the parts are no larger than the whole. */
VTR_INLINE bool vtr_heap_stat_valid(const struct vtr_heap_stat *s)
{
    return s->unique_bytes <= s->fair_bytes && s->fair_bytes <= s->live_bytes &&
           s->visible_bytes <= s->live_bytes && s->large_bytes <= s->live_bytes &&
           s->live_bytes + s->cached_bytes <= s->pageblock_bytes &&
           s->pageblock_bytes <= s->segment_bytes && s->segment_bytes <= s->max_bytes &&
           s->hugetlb_bytes + s->thp_bytes <= s->segment_bytes;
}

/** The blocks of one size class. */
struct vtr_heap_class_stat {
    size_t size;         /**< set by the caller to sizeof(struct vtr_heap_class_stat) */
    uint64_t bytes;      /**< of one block */
    uint64_t pageblocks; /**< 2 MiB each */
    uint64_t blocks;     /**< in them */
    uint64_t live;       /**< held by this process */
    uint64_t cached;     /**< free, in a magazine or the depot */
    uint64_t free;       /**< free, in nobody's hands */
    uint64_t other;      /**< held by other processes, or by a thread to carve headers from */
};

/** @return whether live + cached + free + other == blocks. */
VTR_INLINE bool vtr_heap_class_stat_valid(const struct vtr_heap_class_stat *s)
{
    return s->live + s->cached + s->free + s->other == s->blocks;
}

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
 * @param err   says how many blocks are still referenced, and in debug builds where they were made:
 *              "heap 'rx': 3 blocks still referenced (2 from src/main.c:18, ...)". May be NULL.
 * @return 0 or -EBUSY.
 */
VTR_API VTR_COLD int vtr_heap_close(struct vtr_heap *heap, struct vtr_error *err);

/**
 * Fills *out.
 * @param out  out->size says which version of the struct; an older, smaller one is served.
 * Cost: reads every holder word and record; for people, tests and monitors.
 */
VTR_API VTR_COLD void vtr_heap_stat(struct vtr_heap *heap, struct vtr_heap_stat *out);

/**
 * The same of size class @p klass, from 0 (64 B) on.
 * @return 0, or -EINVAL: there are no more classes, and *out is untouched.
 */
VTR_API VTR_COLD int vtr_heap_class_stat(struct vtr_heap *heap, unsigned klass,
                                         struct vtr_heap_class_stat *out);

/**
 * Some lines for a person: pages got and why not better, where the memory is, what is pinned for
 * what is visible, the quota, refusals, and the classes in use.
 * @return what snprintf returns.
 */
VTR_API VTR_COLD int vtr_heap_report(struct vtr_heap *heap, char *text, size_t size);

/**
 * Draws the heap as an SVG file: a row a segment, a box a pageblock, coloured by its state and
 * filled as far as its blocks are held.
 * @param path  written anew.
 * @param err   filled on failure; may be NULL.
 * @return 0, -ENOMEM, or what opening or writing the file failed with.
 */
VTR_API VTR_COLD VTR_MUST_USE int vtr_heap_picture(struct vtr_heap *heap, const char *path,
                                                   struct vtr_error *err);

/** @return the largest block in bytes: what one vtr_buf can hold (64 MiB). */
VTR_API size_t vtr_heap_block_max(void);

VTR_END_DECLS
#endif
