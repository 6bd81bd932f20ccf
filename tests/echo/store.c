/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The store against a model, and at its limits.
 */
#include "support.h"

#include "store.h"

#include <errno.h>

enum { MODEL_KEYS = 3000, MODEL_STEPS = 60000, VALUE_BYTES = 40 };

static struct vtr_span key_of(unsigned i, char text[16])
{
    return vtr_span_of(text, (size_t)snprintf(text, 16, "key%u", i));
}

static int put(struct store *s, unsigned i, uint32_t flags, struct vtr_span value)
{
    char text[16];
    struct store_put p = { .key = key_of(i, text), .flags = flags, .value = value };
    p.hash = store_hash(s, p.key);
    return store_set(s, &p);
}

static const struct store_item *find(struct store *s, unsigned i)
{
    char text[16];
    struct vtr_span key = key_of(i, text);
    return store_find(s, key, store_hash(s, key));
}

static bool delete(struct store *s, unsigned i)
{
    char text[16];
    struct vtr_span key = key_of(i, text);
    return store_delete(s, key, store_hash(s, key));
}

static void assert_reply(const struct store_item *item, unsigned key, uint32_t flags, size_t len)
{
    char head[64];
    int n = snprintf(head, sizeof head, "VALUE key%u %u %zu\r\n", key, flags, len);
    struct vtr_span reply = vtr_data_span(item->reply);
    assert_int_equal(item->head, n);
    assert_int_equal(reply.len, (size_t)n + len + STORE_TAIL);
    assert_memory_equal(reply.ptr, head, n);
    assert_memory_equal(reply.ptr + reply.len - STORE_TAIL, "\r\nEND\r\n", STORE_TAIL);
    assert_int_equal(store_value_len(item), len);
}

/* 0: not stored; else flags + 1 */
static void step(struct store *s, uint32_t *model, uint64_t *seed)
{
    static const uint8_t value[VALUE_BYTES];
    unsigned i = test_random(seed) % MODEL_KEYS;
    uint32_t flags = test_random(seed) % 1000;
    switch (test_random(seed) % 4) {
    case 0:
        assert_int_equal(put(s, i, flags, vtr_span_of(value, flags % VALUE_BYTES)), 0);
        model[i] = flags + 1;
        break;
    case 1:
        assert_int_equal(delete (s, i), model[i] != 0);
        model[i] = 0;
        break;
    default: {
        const struct store_item *item = find(s, i);
        assert_int_equal(item != NULL, model[i] != 0);
        if (item != NULL)
            assert_reply(item, i, model[i] - 1, (model[i] - 1) % VALUE_BYTES);
    }
    }
}

static void random_steps_agree_with_a_flat_model(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    static uint32_t model[MODEL_KEYS];
    struct store *s;
    uint64_t seed = 1;
    assert_int_equal(store_open(heap, UINT64_C(64) << 20, &s), 0);
    for (unsigned n = 0; n < MODEL_STEPS; n++) {
        step(s, model, &seed);
        if (n % 16 == 0)
            store_settle(s);
    }
    struct store_stat stat;
    store_stat(s, &stat);
    uint64_t items = 0;
    for (unsigned i = 0; i < MODEL_KEYS; i++)
        items += model[i] != 0;
    assert_int_equal(stat.items, items);
    assert_int_equal(stat.evictions, 0);
    store_settle(s);
    assert_int_equal(test_live(heap), items);
    store_close(s);
}

static void what_was_found_lasts_until_settle(void **state)
{
    struct store *s;
    assert_int_equal(store_open((struct vtr_heap *)*state, 1 << 20, &s), 0);
    assert_int_equal(put(s, 1, 0, vtr_span_of("old", 3)), 0);
    const struct store_item *old = find(s, 1);
    assert_int_equal(put(s, 1, 0, vtr_span_of("new", 3)), 0);
    assert_true(delete (s, 1));
    assert_reply(old, 1, 0, 3);
    assert_memory_equal(vtr_data_span(old->reply).ptr + old->head, "old", 3);
    store_close(s);
}

static void a_full_store_evicts_what_was_not_read(void **state)
{
    struct store *s;
    uint8_t value[1000] = { 0 };
    struct store_stat stat;
    assert_int_equal(store_open((struct vtr_heap *)*state, 100000, &s), 0);
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(put(s, i, 0, vtr_span_of(value, sizeof value)), 0);
        assert_non_null(find(s, 0)); /* always in use */
        store_settle(s);
        store_stat(s, &stat);
        assert_true(stat.bytes <= stat.max_bytes);
    }
    assert_true(stat.evictions > 800 && stat.items > 50);
    store_close(s);
}

static void what_cannot_fit_is_refused_and_its_key_is_empty(void **state)
{
    struct store *s;
    static uint8_t value[20000];
    assert_int_equal(store_open((struct vtr_heap *)*state, 10000, &s), 0);
    assert_int_equal(put(s, 1, 0, vtr_span_of("x", 1)), 0);
    assert_int_equal(put(s, 2, 0, vtr_span_of("y", 1)), 0);
    assert_int_equal(put(s, 1, 0, vtr_span_of(value, sizeof value)), -ENOMEM);
    assert_null(find(s, 1));
    assert_non_null(find(s, 2)); /* nothing goes for what cannot fit anyway */
    assert_int_equal(put(s, 1, 0, (struct vtr_span){ value, store_value_max() + 1 }), -EMSGSIZE);
    store_close(s);
}

static void a_heap_at_its_limit_gives_way_to_new_values(void **state)
{
    struct vtr_heap *heap = test_heap(UINT64_C(64) << 20);
    static uint8_t value[1000000];
    struct store *s;
    unsigned refused = 0;
    assert_int_equal(store_open(heap, UINT64_C(1) << 30, &s), 0);
    for (unsigned i = 0; i < 200; i++) {
        refused += put(s, i, 0, vtr_span_of(value, sizeof value)) != 0;
        store_settle(s);
    }
    assert_true(refused > 0 && refused < 20);
    store_close(s);
    test_heap_end(heap);
}

static int setup(void **state)
{
    *state = test_heap(UINT64_C(256) << 20);
    return 0;
}

static int teardown(void **state)
{
    test_heap_end((struct vtr_heap *)*state);
    return 0;
}

int main(void)
{
#define in_heap(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        in_heap(random_steps_agree_with_a_flat_model),
        in_heap(what_was_found_lasts_until_settle),
        in_heap(a_full_store_evicts_what_was_not_read),
        in_heap(what_cannot_fit_is_refused_and_its_key_is_empty),
        in_heap(a_heap_at_its_limit_gives_way_to_new_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
