/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Fuzz target: a datagram's payload, parsed and then answered by an engine that goes on from input
 * to input. Commands move forward and point into what they came from; a message has the length that
 * its pieces add up to; and no block stays behind that is not an item's.
 */
#include "../fuzz/fuzz.h"

#include "engine.h"

#include <stdlib.h>

enum { STORE_BYTES = 1 << 20 };

static bool inside(struct vtr_span s, struct vtr_span outer)
{
    return s.ptr == NULL ||
           (s.ptr >= outer.ptr && s.len <= outer.len &&
            (size_t)(s.ptr - outer.ptr) <= outer.len - s.len);
}

static void parse(struct vtr_span in)
{
    struct vtr_span rest = in, key;
    struct memcache_command c;
    while (rest.len != 0) {
        size_t before = rest.len;
        if (!memcache_take(&rest, &c)) {
            vtr_check(rest.len == before);
            return;
        }
        vtr_check(rest.len < before && inside(rest, in));
        vtr_check(inside(c.key, in) && inside(c.more, in) && inside(c.data, in));
        vtr_check((c.verb == MEMCACHE_ANSWER) == (c.answer != NULL));
        vtr_check(c.verb != MEMCACHE_SET || c.data.len == c.value_len ||
                  c.value_len > store_value_max());
        while (c.more.ptr != NULL && memcache_word(&c.more, &key))
            vtr_check(key.len != 0 && memchr(key.ptr, ' ', key.len) == NULL && inside(key, in));
    }
}

static void answer(struct engine *e, struct vtr_span datagram)
{
    struct engine_request request;
    if (!engine_read(e, datagram, &request))
        return;
    enum engine_answer answered = engine_answer(e, &request);
    vtr_check((answered == ENGINE_REPLY) == (e->message.bytes != 0));
    static uint8_t bytes[MESSAGE_PAYLOAD];
    struct message_chunk chunk;
    uint32_t len = 0;
    for (; message_next(&e->message, MESSAGE_PAYLOAD, &chunk); len += chunk.len)
        message_copy(&e->message, &chunk, bytes);
    vtr_check(len == e->message.bytes && message_done(&e->message));
}

static struct vtr_heap *heap;
static struct engine engine;

static void engine_end(void)
{
    struct vtr_error err;
    engine_fini(&engine);
    vtr_check(vtr_heap_close(heap, &err) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (heap == NULL) {
        vtr_check(vtr_heap_open(NULL, &heap, NULL) == 0);
        vtr_check(engine_init(&engine, heap, STORE_BYTES) == 0);
        threshold_init(&engine.threshold, 16, true);
        atexit(engine_end);
    }
    if (len > MESSAGE_FRAME)
        parse(vtr_span_of(bytes + MESSAGE_FRAME, len - MESSAGE_FRAME));
    answer(&engine, vtr_span_of(bytes, len));
    store_settle(engine.store);
    struct vtr_heap_stat heap_stat = { .size = sizeof heap_stat };
    struct store_stat stat;
    static unsigned runs;
    if (++runs % 4096 == 0) {
        vtr_heap_stat(heap, &heap_stat);
        store_stat(engine.store, &stat);
        vtr_check(heap_stat.live_blocks == stat.items);
    }
    return 0;
}
