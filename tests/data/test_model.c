/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * data and buf: random sequences of every operation against a model of flat bytes. A seed may be
 * given as the argument, to have a failure again.
 */
#include "support.h"

#include <errno.h>
#include <sys/uio.h>
#include <time.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { VALUES = 24, VALUE_MAX = 20000, STEPS = 60000 };

/* A value and what it must be. */
struct pair {
    struct vtr_data data;
    uint8_t *flat;
};

struct world {
    struct vtr_heap *heap;
    uint64_t random;
    struct pair pair[VALUES];
    uint64_t owned, adopted, returned;
};

static struct pair *pick(struct world *w)
{
    return &w->pair[test_random(&w->random) % VALUES];
}

static void put(struct pair *p, struct vtr_data data, const uint8_t *flat)
{
    uint8_t *copy = (uint8_t *)malloc(data.len + 1);
    memcpy(copy, flat, data.len);
    vtr_data_unref(&p->data);
    free(p->flat);
    p->data = data;
    p->flat = copy;
}

static void check(const struct pair *p)
{
    assert_data(p->data, p->flat, p->data.len);
}

/* 0..n, with the edges often. */
static size_t up_to(struct world *w, size_t n)
{
    uint32_t r = test_random(&w->random);
    return r % 8 == 0 ? 0 : r % 8 == 1 ? n : r % (n + 1);
}

static void op_copy(struct world *w)
{
    uint8_t bytes[5000];
    size_t n = up_to(w, sizeof bytes);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)test_random(&w->random);
    put(pick(w), test_data(w->heap, bytes, n), bytes);
}

static void op_ref(struct world *w)
{
    struct pair *from = pick(w), *to = pick(w);
    uint8_t *flat = (uint8_t *)malloc(from->data.len + 1);
    memcpy(flat, from->flat, from->data.len);
    put(to, vtr_data_ref(from->data), flat);
    free(flat);
}

static void op_slice(struct world *w)
{
    struct pair *from = pick(w), *to = pick(w);
    size_t off = up_to(w, from->data.len), len = up_to(w, from->data.len - off);
    struct vtr_data d;
    assert_true(vtr_data_slice(from->data, off, len, &d));
    assert_false(vtr_data_slice(from->data, off, from->data.len - off + 1, &d));
    uint8_t *flat = (uint8_t *)malloc(len + 1);
    memcpy(flat, from->flat + off, len);
    put(to, d, flat);
    free(flat);
}

static void op_narrow(struct world *w)
{
    struct pair *p = pick(w);
    size_t front = up_to(w, p->data.len);
    assert_true(vtr_data_strip(&p->data, front));
    memmove(p->flat, p->flat + front, p->data.len);
    assert_true(vtr_data_trim(&p->data, up_to(w, p->data.len)));
}

static void op_join(struct world *w)
{
    struct pair *from[3] = { pick(w), pick(w), pick(w) };
    struct vtr_data parts[3], d;
    size_t n = 0;
    uint8_t *flat = (uint8_t *)malloc(3 * VALUE_MAX + 1);
    for (int i = 0; i < 3; i++) {
        parts[i] = from[i]->data;
        memcpy(flat + n, from[i]->flat, parts[i].len);
        n += parts[i].len;
    }
    if (n <= VALUE_MAX) {
        if (test_random(&w->random) % 2 != 0) {
            assert_int_equal(vtr_data_join(parts, 3, &d), 0);
        } else {
            for (int i = 0; i < 3; i++)
                parts[i] = vtr_data_ref(parts[i]);
            assert_int_equal(vtr_data_join_take(parts, 3, &d), 0);
        }
        assert_int_equal(d.len, n);
        put(pick(w), d, flat);
    }
    free(flat);
}

static void op_prepend(struct world *w)
{
    struct pair *from = pick(w);
    size_t n = up_to(w, 100);
    if (from->data.len + n > VALUE_MAX)
        return;
    uint8_t *flat = (uint8_t *)malloc(n + from->data.len + 1);
    struct vtr_data d;
    memset(flat, (int)test_random(&w->random), n);
    memcpy(flat + n, from->flat, from->data.len);
    assert_int_equal(vtr_data_prepend(w->heap, flat, n, from->data, &d), 0);
    put(pick(w), d, flat);
    free(flat);
}

/* The sole holder's bytes change; everybody else's stay, which later checks see. */
static void op_own(struct world *w)
{
    struct pair *p = pick(w);
    struct vtr_buf b;
    size_t len = p->data.len;
    if (!vtr_data_try_own(&p->data, &b))
        return;
    w->owned++;
    memset(vtr_buf_bytes(&b), 0x77, len);
    memset(p->flat, 0x77, len);
    uint8_t *more = vtr_buf_reserve(&b, 3);
    if (more != NULL) {
        memcpy(more, "new", 3);
        vtr_buf_commit(&b, 3);
        p->flat = (uint8_t *)realloc(p->flat, len + 4);
        memcpy(p->flat + len, "new", 3);
    }
    p->data = vtr_buf_seal(&b);
}

static void op_split(struct world *w)
{
    struct vtr_buf b;
    struct vtr_data head;
    uint8_t bytes[300];
    size_t n = 1 + up_to(w, sizeof bytes - 2), at = 1 + up_to(w, n - 1);
    memset(bytes, (int)test_random(&w->random), n);
    assert_int_equal(vtr_buf_init(w->heap, 8, n, &b), 0);
    assert_true(vtr_buf_append(&b, bytes, n));
    assert_true(vtr_buf_split(&b, at, &head));
    put(pick(w), head, bytes);
    put(pick(w), vtr_buf_seal(&b), bytes + at);
}

static void op_read(struct world *w)
{
    struct pair *p = pick(w), *q = pick(w);
    struct vtr_cursor c = vtr_cursor_of(p->data);
    struct vtr_span s;
    size_t at = 0;
    while (vtr_cursor_next(&c, &s)) {
        assert_true(s.len > 0);
        assert_memory_equal(s.ptr, p->flat + at, s.len);
        at += s.len;
    }
    assert_int_equal(at, p->data.len);
    size_t common = p->data.len < q->data.len ? p->data.len : q->data.len;
    int want = memcmp(p->flat, q->flat, common), got = vtr_data_compare(p->data, q->data);
    if (want == 0)
        want = (p->data.len > q->data.len) - (p->data.len < q->data.len);
    assert_int_equal((want > 0) - (want < 0), (got > 0) - (got < 0));
}

static void op_iovec(struct world *w)
{
    struct pair *p = pick(w);
    struct iovec iov[64];
    unsigned n = vtr_data_to_iovec(p->data, iov, 64);
    size_t at = 0;
    for (unsigned i = 0; i < n && i < 64; i++) {
        assert_memory_equal(iov[i].iov_base, p->flat + at, iov[i].iov_len);
        at += iov[i].iov_len;
    }
    assert_true(n > 64 || at == p->data.len);
}

/* The bytes go when they come back: who reads them later is seen by a sanitizer. */
static void take_back(void *arg, const void *bytes, size_t len)
{
    ((struct world *)arg)->returned++;
    free((void *)(uintptr_t)bytes);
}

static void op_adopt(struct world *w)
{
    size_t n = up_to(w, 3000);
    uint8_t *bytes = (uint8_t *)malloc(n + 1), *flat = (uint8_t *)malloc(n + 1);
    struct vtr_data d;
    memset(bytes, (int)test_random(&w->random), n);
    memcpy(flat, bytes, n);
    assert_int_equal(vtr_data_adopt(w->heap, bytes, n, take_back, w, &d), 0);
    w->adopted++;
    assert_true(n == 0 || (vtr_data_is_local(d) && vtr_data_span(d).ptr == bytes));
    put(pick(w), d, flat);
    free(flat);
}

static void op_static(struct world *w)
{
    static const uint8_t zeros[4000];
    static const struct vtr_static fixed[] = { VTR_STATIC_INIT("STORED\r\n"),
                                               VTR_STATIC_INIT_ARRAY(zeros) };
    unsigned i = test_random(&w->random) % 2;
    put(pick(w), vtr_data_static(&fixed[i]), fixed[i].rec.base);
}

/* What was kept is the same, and there is nothing left to copy in it. */
static void op_keep(struct world *w)
{
    struct pair *from = pick(w);
    struct vtr_data kept, again;
    assert_int_equal(vtr_data_keep(w->heap, from->data, &kept), 0);
    assert_int_equal(vtr_data_keep(w->heap, kept, &again), 0);
    assert_memory_equal(&again, &kept, sizeof kept);
    vtr_data_unref(&again);
    uint8_t *flat = (uint8_t *)malloc(kept.len + 1);
    memcpy(flat, from->flat, kept.len);
    put(pick(w), kept, flat);
    free(flat);
}

static void op_copy_iovec(struct world *w)
{
    struct pair *p = pick(w);
    struct iovec iov[5];
    struct vtr_data d;
    size_t at = 0;
    for (int i = 0; i < 5; i++) {
        iov[i].iov_base = p->flat + at;
        iov[i].iov_len = i == 4 ? p->data.len - at : up_to(w, p->data.len - at);
        at += iov[i].iov_len;
    }
    assert_int_equal(vtr_data_copy_iovec(w->heap, iov, 5, &d), 0);
    assert_true(vtr_data_to_iovec(d, NULL, 0) == (d.len != 0));
    uint8_t *flat = (uint8_t *)malloc(d.len + 1);
    memcpy(flat, p->flat, d.len);
    put(pick(w), d, flat);
    free(flat);
}

/* As after a readv() of part of the room. */
static void op_read_iovec(struct world *w)
{
    enum { BUFS = 4 };
    struct vtr_buf b[BUFS];
    struct iovec iov[BUFS];
    struct vtr_data parts[BUFS], d;
    assert_int_equal(vtr_buf_init_bulk(w->heap, 0, 200, b, BUFS), BUFS);
    size_t len = up_to(w, vtr_buf_to_iovec(b, BUFS, iov)), at = 0;
    uint8_t *flat = (uint8_t *)malloc(len + 1);
    memset(flat, (int)test_random(&w->random), len);
    for (int i = 0; i < BUFS && at < len; i++) {
        size_t n = len - at < iov[i].iov_len ? len - at : iov[i].iov_len;
        memcpy(iov[i].iov_base, flat + at, n);
        at += n;
    }
    vtr_buf_commit_iovec(b, BUFS, len);
    for (int i = 0; i < BUFS; i++)
        parts[i] = vtr_buf_seal(&b[i]);
    assert_int_equal(vtr_data_join_take(parts, BUFS, &d), 0);
    assert_int_equal(d.len, len);
    put(pick(w), d, flat);
    free(flat);
}

static void op_hash(struct world *w)
{
    struct pair *p = pick(w);
    uint64_t seed = test_random(&w->random);
    assert_true(vtr_data_hash(p->data, seed) == XXH3_64bits_withSeed(p->flat, p->data.len, seed));
}

/* Several at once become empty. */
static void op_unref_bulk(struct world *w)
{
    struct vtr_data d[VALUES];
    unsigned n = 0;
    for (int i = 0; i < VALUES; i++)
        if (test_random(&w->random) % 8 == 0)
            d[n++] = vtr_move(&w->pair[i].data);
    vtr_data_unref_bulk(d, n);
    while (n != 0)
        assert_int_equal(d[--n].what, 0);
}

static struct vtr_data_cost cost_of(struct world *w, int from, int to)
{
    struct vtr_data d[VALUES];
    struct vtr_data_cost c = { .size = sizeof c };
    uint64_t visible = 0;
    for (int i = from; i < to; i++) {
        d[i] = w->pair[i].data;
        visible += d[i].len;
    }
    assert_int_equal(vtr_data_cost(d + from, (unsigned)(to - from), &c), 0);
    assert_int_equal(c.visible_bytes, visible);
    assert_true(c.unique_bytes <= c.fair_bytes + 1 && c.fair_bytes <= c.pinned_bytes + 1);
    return c;
}

static void op_cost(struct world *w)
{
    int from = (int)(test_random(&w->random) % VALUES);
    struct vtr_data_cost all = cost_of(w, 0, VALUES), some = cost_of(w, from, VALUES);
    struct vtr_data_cost rest = cost_of(w, 0, from);
    assert_true(some.pinned_bytes <= all.pinned_bytes);
    assert_true(some.unique_bytes + rest.unique_bytes <= all.unique_bytes);
    uint64_t fair = some.fair_bytes + rest.fair_bytes;
    assert_true(fair + 2 >= all.fair_bytes && fair <= all.fair_bytes + 2); /* rounded */
}

/* All references are here, so what they cost is what there is. */
static void check_all(struct world *w)
{
    struct vtr_heap_stat stat;
    for (int k = 0; k < VALUES; k++)
        check(&w->pair[k]);
    vtr_heap_stat(w->heap, &stat);
    assert_int_equal(cost_of(w, 0, VALUES).pinned_bytes, stat.live_bytes + stat.adopted_bytes);
    assert_int_equal(stat.adopted_blocks, w->adopted - w->returned);
}

static void every_sequence_of_operations_agrees_with_flat_bytes(void **state)
{
    static void (*const ops[])(struct world *) = {
        op_copy,  op_ref,     op_slice,      op_narrow,     op_join, op_join,       op_prepend,
        op_own,   op_own,     op_split,      op_read,       op_iovec, op_adopt,     op_static,
        op_keep,  op_keep,    op_copy_iovec, op_read_iovec, op_hash, op_unref_bulk, op_cost,
    };
    enum { OPS = sizeof ops / sizeof ops[0] };
    struct world w = { .heap = test_heap(64 << 20), .random = *(uint64_t *)*state };
    uint64_t done[OPS] = { 0 };
    printf("seed %llu\n", (unsigned long long)w.random);
    for (int i = 0; i < VALUES; i++)
        w.pair[i].flat = (uint8_t *)malloc(1);
    for (int i = 0; i < STEPS; i++) {
        unsigned op = test_random(&w.random) % OPS;
        ops[op](&w);
        done[op]++;
        check(pick(&w));
        if (i % 500 == 0)
            check_all(&w);
    }
    for (unsigned op = 0; op < OPS; op++)
        assert_true(done[op] > STEPS / OPS / 2);
    assert_true(w.owned > 100); /* writing again did happen */
    for (int i = 0; i < VALUES; i++) {
        check(&w.pair[i]);
        vtr_data_unref(&w.pair[i].data);
        free(w.pair[i].flat);
    }
    assert_int_equal(w.returned, w.adopted);
    test_heap_end(w.heap);
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(every_sequence_of_operations_agrees_with_flat_bytes, &seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
