/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Fuzz target: a datagram's payload, answered by an engine that goes on from input to input. A
 * message has the length that its pieces add up to; and no block stays behind but those of items.
 */
#include "../fuzz/fuzz.h"

#include "engine.h"

#include <stdlib.h>

enum { STORE_BYTES = 1 << 20 };

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
