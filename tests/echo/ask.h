/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Asking an engine as a client would, without a network: request text in, reply text out.
 */
#ifndef ECHO_TESTS_ASK_H
#define ECHO_TESTS_ASK_H

#include "support.h"

#include "engine.h"
#include "value.h"

enum { ASK_REPLY = MESSAGE_MAX + 64 };

struct asked {
    struct vtr_heap *heap;
    struct engine engine;
    uint8_t *reply;
    size_t reply_len;
    enum engine_answer answer;
    uint64_t copied; /* value bytes that would have been copied into datagrams */
};

static inline struct asked *ask_open(uint64_t max_bytes)
{
    struct asked *a = (struct asked *)malloc(sizeof *a);
    assert_non_null(a);
    a->heap = test_heap(UINT64_C(256) << 20);
    a->reply = (uint8_t *)malloc(ASK_REPLY);
    assert_non_null(a->reply);
    assert_int_equal(engine_init(&a->engine, a->heap, max_bytes), 0);
    threshold_init(&a->engine.threshold, 512, true);
    return a;
}

static inline void ask_close(struct asked *a)
{
    engine_fini(&a->engine);
    test_heap_end(a->heap);
    free(a->reply);
    free(a);
}

static inline void ask_collect(struct asked *a)
{
    struct message_chunk chunk;
    struct message *m = &a->engine.message;
    a->reply_len = a->copied = 0;
    while (message_next(m, MESSAGE_PAYLOAD, &chunk)) {
        message_copy(m, &chunk, a->reply + a->reply_len);
        a->reply_len += chunk.len;
        if (!chunk.piece->refer)
            a->copied += message_value_bytes(&chunk);
    }
}

/** Asks with the bytes as they are. @return false: dropped. */
static inline bool ask_bytes(struct asked *a, const void *bytes, size_t len)
{
    uint8_t *exact = (uint8_t *)malloc(len + 8); /* a read behind its end is one too far */
    struct engine_request request;
    assert_non_null(exact);
    memcpy(exact, "\0\7\0\0\0\1\0\0", 8);
    memcpy(exact + 8, bytes, len);
    a->answer = ENGINE_SILENT;
    a->reply_len = 0;
    bool read = engine_read(&a->engine, vtr_span_of(exact, len + 8), &request);
    if (read) {
        engine_prefetch(&a->engine, &request);
        a->answer = engine_answer(&a->engine, &request);
        if (a->answer == ENGINE_REPLY)
            ask_collect(a);
    }
    store_settle(a->engine.store);
    free(exact);
    return read;
}

static inline bool ask(struct asked *a, const char *text)
{
    return ask_bytes(a, text, strlen(text));
}

#define assert_says(a, request, text)                                                              \
    do {                                                                                           \
        assert_true(ask(a, request));                                                              \
        assert_int_equal((a)->reply_len, strlen(text));                                            \
        assert_memory_equal((a)->reply, text, strlen(text));                                       \
    } while (0)

static inline int ask_setup(void **state)
{
    *state = ask_open(UINT64_C(64) << 20);
    return 0;
}

static inline int ask_teardown(void **state)
{
    ask_close((struct asked *)*state);
    return 0;
}

#define asks(test) cmocka_unit_test_setup_teardown(test, ask_setup, ask_teardown)

#endif
