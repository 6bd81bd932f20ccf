/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The oracle.
 */
#include "heap/block.h"
#include "heap/pageblock.h"
#include "oracle.h"

__thread char explore_thread_local __attribute__((tls_model("initial-exec")));
struct vtr_heap *heap;
static struct vtr_data filler; /* of the pageblocks that the scenario is not to have */
static unsigned filled;        /* how many these are, the first ones */

/* What is known of a block: handles, peers that hold it, and the low half of its generation while
 * it was written. */
struct ghost {
    uint16_t handles;
    uint8_t peers;
    bool over; /* the word was zero since, and another process made it so */
    uint32_t gen;
};

/* Blocks are told apart by where they lie, in steps of HALF / 2, and small ones, all of which are
 * in one pageblock, by their index: they have the places of the blocks that the filler is. */
UNSEEN static struct ghost *ghost_of(const struct vtr_record *rec)
{
    const struct vtr_pageblock *pb = vtr_pageblock_of(rec);
    size_t at = (size_t)(rec->base - heap->views.read) / (HALF / 2);
    size_t before = filled * (VTR_PAGEBLOCK_BYTES / (HALF / 2));
    if (pb->head.block_bytes == SMALL)
        at = (size_t)(rec - pb->records);
    if ((at < before) != (pb->head.block_bytes == SMALL))
        explore_fail("the oracle has no place for block %zu", at);
    return (struct ghost *)(void *)explore_ghosts() + at;
}

UNSEEN static void ghost_take(const struct vtr_record *rec)
{
    struct ghost *g = ghost_of(rec);
    if (g->handles != 0 || g->peers != 0)
        explore_fail("a block was handed out that has %u handles, and %u of other processes",
                     g->handles, g->peers);
    g->handles = 1;
    g->over = false;
    g->gen = (uint32_t)vtr_holders_of(rec)->gen;
}

UNSEEN static void ghost_reopen(const struct vtr_record *rec)
{
    struct ghost *g = ghost_of(rec);
    if (g->handles != 0 || g->peers != 0)
        explore_fail("a block was opened again that has %u more handles, and %u of processes",
                     g->handles, g->peers);
    g->handles = 1;
    g->over = false;
    g->gen = (uint32_t)vtr_holders_of(rec)->gen;
}

UNSEEN static uint64_t ghost_stamp(const struct vtr_record *rec)
{
    return ghost_of(rec)->gen;
}

UNSEEN static void ghost_add(const struct vtr_record *rec, int handles, int peers)
{
    ghost_of(rec)->handles = (uint16_t)(ghost_of(rec)->handles + handles);
    ghost_of(rec)->peers = (uint8_t)(ghost_of(rec)->peers + peers);
}

UNSEEN static void ghost_use(const struct vtr_record *rec, uint64_t stamp)
{
    const struct ghost *g = ghost_of(rec);
    if (stamp != g->gen || (uint32_t)vtr_holders_of(rec)->gen != g->gen + 1)
        explore_fail("a handle of generation %#x reads %#llx in a block of generation %#llx",
                     g->gen + 1, (unsigned long long)stamp,
                     (unsigned long long)vtr_holders_of(rec)->gen);
}

/* @param upgraded  what an upgrade said. */
UNSEEN static void ghost_upgrade(struct weak w, bool upgraded)
{
    const struct vtr_record *rec = vtr_what_record_(w.what);
    const struct ghost *g = ghost_of(rec);
    bool same = g->gen + 1 == (uint32_t)w.gen;
    if (upgraded && !same)
        explore_fail("a reference to generation %#x was upgraded to %#x", (uint32_t)w.gen,
                     g->gen + 1);
    if (upgraded && g->over)
        explore_fail("a reference to a block that was free was upgraded");
    if (!upgraded && same && g->handles + g->peers != 0)
        explore_fail("a reference to a block that is held was not upgraded");
}

void heap_begin(unsigned pageblocks, uint64_t quota)
{
    struct vtr_heap_opts opts = { .size = sizeof opts, .max_bytes = VTR_SEGMENT_BYTES,
                                  .flags = VTR_HEAP_SINGLE_VIEW };
    size_t fill = VTR_SEGMENT_BYTES - pageblocks * VTR_PAGEBLOCK_BYTES;
    struct vtr_buf b;
    filled = VTR_SEGMENT_PAGEBLOCKS - pageblocks;
    if (quota != 0)
        opts.quota_bytes = fill + quota;
    if (vtr_heap_open(&opts, &heap, NULL) != 0 || vtr_buf_init(heap, 0, fill, &b) != 0 ||
        !vtr_buf_append(&b, "", 1))
        explore_fail("no heap");
    filler = vtr_buf_seal(&b);
}

void heap_begun(void)
{
    explore_thread_exit();
}

static void warm(size_t bytes)
{
    if (vtr_cache_magazine(vtr_cache_of_(heap), (unsigned)vtr_class_for_(bytes)) == NULL)
        explore_fail("no magazine");
}

void warm_cache(void)
{
    warm(HALF);
}

void warm_small(void)
{
    warm(SMALL);
}

static void stamp(struct vtr_buf *b)
{
    uint64_t gen = ghost_stamp(b->rec);
    if (!vtr_buf_append(b, &gen, sizeof gen))
        explore_fail("a new block has no room");
}

bool take(size_t bytes, struct vtr_buf *out)
{
    if (vtr_buf_init(heap, 0, bytes, out) != 0)
        return false;
    ghost_take(out->rec);
    stamp(out);
    return true;
}

struct vtr_data seal(struct vtr_buf *b)
{
    return vtr_buf_seal(b);
}

struct vtr_data make(size_t bytes)
{
    struct vtr_buf b;
    if (!take(bytes, &b))
        explore_fail("no block of %zu bytes", bytes);
    return seal(&b);
}

struct vtr_data more(struct vtr_data d)
{
    struct vtr_data part = VTR_DATA_EMPTY;
    if (!vtr_data_slice(d, 0, d.len, &part))
        explore_fail("no slice");
    ghost_add(vtr_what_record_(d.what), 1, 0);
    return part;
}

static void look(struct vtr_data d)
{
    uint64_t stamp = 0;
    if (!vtr_data_gather(d, d.len - sizeof stamp, &stamp, sizeof stamp))
        explore_fail("no bytes");
    ghost_use(vtr_what_record_(d.what), stamp);
}

void use(struct vtr_data d)
{
    look(d);
    explore_pause(EXPLORE_SITE("reads", ""));
    look(d);
}

void drop(struct vtr_data *d)
{
    ghost_add(vtr_what_record_(d->what), -1, 0);
    vtr_data_unref(d);
}

void drop_all(struct vtr_data *d, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        ghost_add(vtr_what_record_(d[i].what), -1, 0);
    vtr_data_unref_bulk(d, n);
}

struct vtr_data split(struct vtr_buf *b)
{
    struct vtr_data part = VTR_DATA_EMPTY;
    if (!vtr_buf_split(b, vtr_buf_len(b), &part))
        explore_fail("nothing split off");
    ghost_add(b->rec, 1, 0);
    return part;
}

void end_split(struct vtr_data *d)
{
    uint64_t read = 0, gen = ghost_stamp(vtr_what_record_(d->what));
    explore_pause(EXPLORE_SITE("reads", ""));
    if (!vtr_data_gather(*d, 0, &read, sizeof read) || read != gen)
        explore_fail("what was split off of generation %#llx reads %#llx",
                     (unsigned long long)gen, (unsigned long long)read);
    drop(d);
}

void fini_all(struct vtr_buf *b, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        ghost_add(b[i].rec, -1, 0);
    vtr_buf_fini_bulk(b, n);
}

void end(struct vtr_data *d)
{
    use(*d);
    drop(d);
}

UNSEEN static uint64_t gen_of(const struct vtr_record *rec)
{
    return vtr_holders_of(rec)->gen;
}

struct weak weaken(struct vtr_data d)
{
    struct vtr_record *rec = vtr_what_record_(d.what);
    struct weak w = { d.what, gen_of(rec) };
    vtr_block_share_(rec);
    return w;
}

bool upgrade(struct weak w, struct vtr_data *out)
{
    bool done = vtr_block_upgrade_(w.what, w.gen);
    ghost_upgrade(w, done);
    if (!done)
        return false;
    ghost_add(vtr_what_record_(w.what), 1, 0);
    struct vtr_data d = { w.what, 0, sizeof(uint64_t) };
    *out = d;
    return true;
}

bool reopen(struct vtr_data *d, struct vtr_buf *out)
{
    struct vtr_record *rec = vtr_what_record_(d->what);
    ghost_add(rec, -1, 0); /* for an instant it is nobody's */
    if (!vtr_data_try_own(d, out)) {
        ghost_add(rec, 1, 0);
        return false;
    }
    ghost_reopen(rec);
    out->tail = out->head;
    stamp(out);
    return true;
}

void take_and_end(size_t bytes)
{
    struct vtr_buf b;
    if (!take(bytes, &b))
        return;
    struct vtr_data d = seal(&b);
    end(&d);
}

void take_and_end_all(size_t bytes, unsigned n)
{
    struct vtr_buf b[4];
    struct vtr_data d[4];
    unsigned got = vtr_buf_init_bulk(heap, 0, bytes, b, n);
    for (unsigned i = 0; i < got; i++) {
        ghost_take(b[i].rec);
        stamp(&b[i]);
        d[i] = seal(&b[i]);
    }
    for (unsigned i = 0; i < got; i++)
        use(d[i]);
    drop_all(d, got);
}

void take_two_and_end(size_t bytes)
{
    struct vtr_buf a;
    if (!take(bytes, &a))
        return;
    take_and_end(bytes);
    struct vtr_data d = seal(&a);
    end(&d);
}

static struct vtr_holders *holders(struct weak w)
{
    return vtr_holders_of(vtr_what_record_(w.what));
}

bool peer_receive(struct weak w)
{
    struct vtr_holders *h = holders(w);
    if (__atomic_load_n(&h->gen, __ATOMIC_ACQUIRE) != w.gen)
        return false;
    uint64_t word = __atomic_load_n(&h->word, __ATOMIC_RELAXED);
    do {
        if (word == 0)
            return false;
    } while (!__atomic_compare_exchange_n(&h->word, &word, word | PEER, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));
    if (__atomic_load_n(&h->gen, __ATOMIC_ACQUIRE) != w.gen) {
        __atomic_fetch_and(&h->word, ~(uint64_t)PEER, __ATOMIC_ACQ_REL);
        return false;
    }
    ghost_add(vtr_what_record_(w.what), 0, 1);
    return true;
}

static void peer_look(struct weak w)
{
    const struct vtr_record *rec = vtr_what_record_(w.what);
    uint64_t stamp;
    memcpy(&stamp, rec->base, sizeof stamp);
    ghost_use(rec, stamp);
}

void peer_use(struct weak w)
{
    peer_look(w);
    explore_pause(EXPLORE_SITE("reads", ""));
    peer_look(w);
}

/* From the same step on: whoever had made it another block by now would have found a zero. */
UNSEEN static void ghost_over(struct weak w, bool is_zero)
{
    struct ghost *g = ghost_of(vtr_what_record_(w.what));
    g->over |= is_zero && g->gen + 1 == (uint32_t)w.gen;
}

static void peer_clear(struct weak w, uint64_t bits)
{
    uint64_t was = __atomic_fetch_and(&holders(w)->word, ~bits, __ATOMIC_ACQ_REL);
    ghost_over(w, was != 0 && (was & ~bits) == 0);
}

void peer_release(struct weak w)
{
    ghost_add(vtr_what_record_(w.what), 0, -1);
    peer_clear(w, PEER);
}

/* A process that dies holds nothing any more, however far it had come. */
UNSEEN static void ghost_reap(struct weak w)
{
    ghost_of(vtr_what_record_(w.what))->peers = 0;
}

void peer_reap(struct weak w)
{
    ghost_reap(w);
    peer_clear(w, PEER | PEER_SOFT);
}

void peer_soften(struct weak w)
{
    __atomic_fetch_or(&holders(w)->word, PEER_SOFT, __ATOMIC_ACQ_REL);
}

void steal(struct weak w)
{
    struct vtr_holders *h = holders(w);
    uint64_t word = __atomic_load_n(&h->word, __ATOMIC_RELAXED);
    while (word != 0 && (uint32_t)word == 0)
        if (__atomic_compare_exchange_n(&h->word, &word, 0, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED)) {
            ghost_over(w, true);
            return;
        }
}

UNSEEN static void invariant_of(const struct vtr_record *rec, const struct ghost *g)
{
    uint64_t word = vtr_holders_of(rec)->word;
    if (g->handles != 0 && ((word & heap->own_bit) == 0 || rec->count < (int32_t)g->handles))
        explore_fail("a block with %u handles has word %#llx and count %d", g->handles,
                     (unsigned long long)word, rec->count);
    if (g->peers != 0 && (word & PEER) == 0)
        explore_fail("a block that another process holds has word %#llx",
                     (unsigned long long)word);
}

/* The others are the library's, for headers; the oracle does not know them. */
static bool is_known(const struct vtr_pageblock *pb)
{
    uint32_t bytes = pb->head.block_bytes;
    return pb->head.klass < VTR_CLASSES && (bytes >= THIRD || bytes == SMALL);
}

/* The heap's counters run freely, and are used modulo its pageblocks. */
UNSEEN static void canonical(void)
{
    if (heap->retire_next >= VTR_SEGMENT_PAGEBLOCKS)
        heap->retire_next %= VTR_SEGMENT_PAGEBLOCKS;
}

UNSEEN void invariant(void)
{
    canonical();
    for (unsigned i = filled; i < VTR_SEGMENT_PAGEBLOCKS; i++) {
        const struct vtr_pageblock *pb = vtr_pageblock_at(heap, i);
        for (uint32_t k = 0; is_known(pb) && k < pb->fresh; k++)
            invariant_of(&pb->records[k], ghost_of(&pb->records[k]));
    }
}

/* How often a record is in the depots. */
UNSEEN static unsigned depot_has(const struct vtr_record *rec, unsigned klass)
{
    const struct vtr_depot *depot = &heap->depot[klass];
    unsigned times = 0;
    for (uint32_t i = 0; i < depot->n; i++)
        times += depot->rec[i] == rec;
    return times;
}

UNSEEN static uint32_t audit_pageblock(const struct vtr_pageblock *pb)
{
    uint32_t cached = 0;
    if (pb->owner != NULL || pb->retiring)
        explore_fail("pageblock %u is in the hands of a thread that is gone", pb->index);
    for (uint32_t i = 0; i < pb->fresh; i++) {
        const struct vtr_record *rec = &pb->records[i];
        bool is_cached = rec->count == VTR_COUNT_CACHED;
        cached += is_cached;
        if (vtr_holders_of(rec)->word != 0 || (!is_cached && rec->count != VTR_COUNT_IDLE))
            explore_fail("at the end block %u of pageblock %u has word %#llx and count %d", i,
                         pb->index, (unsigned long long)vtr_holders_of(rec)->word, rec->count);
        if ((rec->flags & VTR_RECORD_CARVED) != 0)
            explore_fail("at the end block %u of pageblock %u is marked as carved", i, pb->index);
        if (depot_has(rec, pb->head.klass) != is_cached)
            explore_fail("at the end block %u of pageblock %u, count %d, is %u times in the depot",
                         i, pb->index, rec->count, depot_has(rec, pb->head.klass));
    }
    return cached;
}

UNSEEN void audit(void)
{
    struct vtr_heap_stat stat = { .size = sizeof stat };
    uint64_t fill = vtr_pageblock_head_of(vtr_what_record_(filler.what))->block_bytes;
    uint32_t cached = 0, in_depots = 0;
    for (unsigned i = 0; i < VTR_SEGMENT_PAGEBLOCKS; i++) {
        const struct vtr_pageblock *pb = vtr_pageblock_at(heap, i);
        if (pb->head.klass < VTR_CLASSES)
            cached += audit_pageblock(pb);
    }
    for (unsigned k = 0; k < VTR_CLASSES; k++)
        in_depots += heap->depot[k].n;
    if (cached != in_depots)
        explore_fail("%u blocks are cached, and %u in the depots", cached, in_depots);
    vtr_heap_stat(heap, &stat);
    if (stat.live_blocks != 1 || heap->caches != NULL)
        explore_fail("%llu blocks are live, or a thread's cache is",
                     (unsigned long long)stat.live_blocks - 1);
    if (heap->charged != fill)
        explore_fail("%lld bytes are charged that nobody has", (long long)(heap->charged - fill));
}
