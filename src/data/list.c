/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Segment lists, in private memory. Short ones, which a header in front of a payload makes for
 * each packet, are kept in a small stack a thread: malloc and free were 30 % of what a datagram by
 * reference cost.
 *
 * A handle that outlived its list is noticed while the list is kept so, and after that as long as
 * what lies there happens to differ in 16 bits. It can be looked at: jemalloc unmaps nothing unless
 * the program told it to (opt.retain), malloc only its top and what is beyond 128 KiB (8,000 segs).
 */
#include "data/list.h"

#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "base/system.h"

enum { SHORT_SEGS = 7, SHELLS = 256, LINE = 64 }; /* a short list is two cache lines */

struct shells {
    uint32_t n;
    struct vtr_list *list[SHELLS];
};

static __thread struct shells *shells __attribute__((tls_model("initial-exec")));
static uint64_t exit_key; /* vtr_system_exit_key_ */
static uint16_t born;     /* atomic, relaxed: where generations of new lists begin */

static void thread_exit(void *arg)
{
    struct shells *mine = (struct shells *)arg;
    while (mine->n != 0)
        vtr_memory_free_(mine->list[--mine->n]);
    vtr_memory_free_(mine);
    shells = NULL;
}

static VTR_COLD struct shells *shells_new(void)
{
    pthread_key_t key;
    struct shells *mine = vtr_system_exit_key_(&exit_key, thread_exit, &key) == 0
                              ? (struct shells *)vtr_memory_alloc_(sizeof *mine, LINE)
                              : NULL;
    if (mine == NULL)
        return NULL;
    mine->n = 0;
    if (vtr_system_setspecific_(key, mine) != 0) {
        vtr_memory_free_(mine);
        return NULL;
    }
    return shells = mine;
}

static VTR_COLD struct vtr_list *list_new(uint32_t segs)
{
    uint32_t cap = segs <= SHORT_SEGS ? SHORT_SEGS : segs;
    size_t bytes = sizeof(struct vtr_list) + cap * sizeof(struct vtr_seg);
    struct vtr_list *list = (struct vtr_list *)vtr_memory_alloc_(bytes, LINE);
    if (list == NULL)
        return NULL;
    /* Not zero: the list that lay here last may have begun with that. */
    list->gen = __atomic_add_fetch(&born, 1, __ATOMIC_RELAXED);
    list->fill = 0;
    list->cap = cap;
    return list;
}

static inline struct vtr_list *list_kept(uint32_t segs)
{
    struct shells *mine = shells;
    if (segs > SHORT_SEGS || mine == NULL || mine->n == 0)
        return NULL;
    return mine->list[--mine->n];
}

struct vtr_list *vtr_list_create(uint32_t segs)
{
    if (vtr_fault_(VTR_FAULT_MEMORY) != 0)
        return NULL;
    struct vtr_list *list = list_kept(segs);
    if (VTR_UNLIKELY(list == NULL) && (list = list_new(segs)) == NULL)
        return NULL;
    list->flags = 0;
    list->segs = 0;
    __atomic_store_n(&list->count, 1, __ATOMIC_RELAXED); /* O: nobody else knows it */
    return list;
}

void vtr_list_free_shell_(struct vtr_list *list)
{
    struct shells *mine = shells != NULL ? shells : shells_new();
    list->gen++; /* handles to what it was are stale */
    __atomic_store_n(&list->count, VTR_COUNT_IDLE, __ATOMIC_RELAXED); /* O: the same */
    if (mine != NULL && list->cap == SHORT_SEGS && mine->n < SHELLS)
        mine->list[mine->n++] = list;
    else
        vtr_memory_free_(list);
}

void vtr_list_end(struct vtr_list *list)
{
    /* A1: what the other handles' threads read from the list, they have read. */
    int32_t last = __atomic_load_n(&list->count, __ATOMIC_ACQUIRE);
    vtr_check(last == VTR_COUNT_BUSY || last == 1);
    for (uint32_t i = 0; i < list->segs; i++)
        vtr_record_unref_(list->seg[i].what);
    vtr_list_free_shell_(list);
}

uint32_t vtr_list_find_(const struct vtr_list *list, uint32_t off)
{
    uint32_t low = 0, high = list->segs - 1;
    /* A few are looked through from the front: what is asked for is mostly a header. */
    while (low < high && low < SHORT_SEGS && list->seg[low].end <= off)
        low++;
    if (VTR_LIKELY(low < SHORT_SEGS))
        return low;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (list->seg[mid].end <= off)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Where byte @p at of the list lies, which is in segment @p i. */
static inline const uint8_t *seg_byte(const struct vtr_list *list, uint32_t i, uint32_t at)
{
    const struct vtr_seg *s = &list->seg[i];
    return vtr_what_record_(s->what)->base + s->off + (at - vtr_list_start_(list, i));
}

static inline const struct vtr_list *list_checked(uint64_t what, const char *call)
{
    const struct vtr_list *list = vtr_list_of_(what);
    if (VTR_UNLIKELY(list->gen != (uint16_t)(what >> VTR_WHAT_GEN_SHIFT)))
        vtr_record_broken_(what, call);
    return list;
}

const uint8_t *vtr_list_at_(struct vtr_data d, size_t off, size_t *run)
{
    const struct vtr_list *list = list_checked(d.what, "at");
    uint32_t at = d.off + (uint32_t)off;
    uint32_t i = vtr_list_find_(list, at);
    size_t in_seg = list->seg[i].end - at, in_data = d.len - off;
    *run = in_seg < in_data ? in_seg : in_data;
    return seg_byte(list, i, at);
}

/* Headers are short and their pieces shorter: calling memcpy for each took 3 ns. */
static inline void copy_piece(uint8_t *to, const uint8_t *from, size_t n)
{
    if (n > 32) {
        memcpy(to, from, n);
    } else if (n >= 16) {
        memcpy(to, from, 16);
        memcpy(to + n - 16, from + n - 16, 16);
    } else if (n >= 8) {
        memcpy(to, from, 8);
        memcpy(to + n - 8, from + n - 8, 8);
    } else if (n >= 4) {
        memcpy(to, from, 4);
        memcpy(to + n - 4, from + n - 4, 4);
    } else { /* no segment is empty */
        uint8_t first = from[0], middle = from[n / 2], last = from[n - 1];
        to[0] = first;
        to[n / 2] = middle;
        to[n - 1] = last;
    }
}

/* Copies from byte @p at on, which is in segment @p i. */
static inline void gather_from(const struct vtr_list *list, uint32_t i, uint32_t at, uint8_t *to,
                               size_t len)
{
    while (len != 0) {
        uint32_t end = list->seg[i].end;
        size_t n = end - at < len ? end - at : len;
        copy_piece(to, seg_byte(list, i, at), n);
        to += n;
        len -= n;
        at = end;
        i++;
    }
}

void vtr_list_gather(struct vtr_data d, size_t off, void *to, size_t len)
{
    const struct vtr_list *list = list_checked(d.what, "at");
    uint32_t at = d.off + (uint32_t)off;
    if (len != 0)
        gather_from(list, vtr_list_find_(list, at), at, (uint8_t *)to, len);
}

const void *vtr_list_view_(struct vtr_data d, size_t off, size_t len, void *scratch)
{
    const struct vtr_list *list = list_checked(d.what, "at");
    uint32_t at = d.off + (uint32_t)off;
    uint32_t i = vtr_list_find_(list, at);
    if (list->seg[i].end - at >= len)
        return seg_byte(list, i, at);
    gather_from(list, i, at, (uint8_t *)scratch, len);
    return scratch;
}
