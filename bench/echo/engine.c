/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Commands carried out on the store.
 */
#include "engine.h"
#include "value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <vitrine/wire.h>

enum {
    CLOCK_START = 2,                   /* so that 1 is in the past */
    EXPTIME_DELTA = 60 * 60 * 24 * 30, /* protocol.txt: more is a date */
};

#define FULL "SERVER_ERROR out of memory writing get response"

static int64_t clock_seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec;
}

void engine_tick(struct engine *e)
{
    int64_t up = clock_seconds(CLOCK_MONOTONIC_COARSE) - e->started_mono;
    store_tick(e->store, (uint32_t)up + CLOCK_START);
}

int engine_init(struct engine *e, struct vtr_heap *heap, uint64_t max_bytes)
{
    memset(e, 0, offsetof(struct engine, message));
    message_reset(&e->message);
    int rc = store_open(heap, max_bytes, &e->store);
    if (rc != 0)
        return rc;
    e->started = clock_seconds(CLOCK_REALTIME);
    e->started_mono = clock_seconds(CLOCK_MONOTONIC_COARSE);
    engine_tick(e);
    return 0;
}

void engine_fini(struct engine *e) { store_close(e->store); }

static int preload_one(struct engine *e, uint8_t *bytes, const struct dataset *d, uint32_t index)
{
    char key[DATASET_KEY_MAX + 1];
    struct dataset_item item = dataset_item(d, index);
    dataset_key(d, &item, index, key);
    value_fill(bytes, item.value, item.value, index);
    struct store_put put = { .key = vtr_span_of(key, item.key),
                             .value = vtr_span_of(bytes, item.value) };
    put.hash = store_hash(e->store, put.key);
    int rc = store_set(e->store, &put);
    store_settle(e->store);
    return rc;
}

int engine_preload(struct engine *e, const struct dataset *d, uint32_t count)
{
    uint8_t *bytes = malloc((d->kind == DATASET_FIXED ? d->size : (size_t)DATASET_VALUE_MAX) + 1);
    struct store_stat before, after;
    store_stat(e->store, &before);
    int rc = bytes != NULL ? 0 : -ENOMEM;
    for (uint32_t i = 0; i < count && rc == 0; i++)
        rc = preload_one(e, bytes, d, i);
    free(bytes);
    store_stat(e->store, &after);
    return rc == 0 && after.evictions != before.evictions ? -ENOMEM : rc;
}

static bool is_browser(struct vtr_span line)
{
    struct vtr_reader r = vtr_reader_of(line);
    struct vtr_span word = { NULL, 0 };
    while (vtr_memcached_word_next(&r, &word))
        ;
    return word.len >= 5 && memcmp(word.ptr, "HTTP/", 5) == 0;
}

/* The next command. Nothing behind it is read where its value is too large to be stored, and where
 * it is that of a browser that was talked into this.
 * @return false, *in unchanged: it is not all there. */
static bool take(struct vtr_reader *in, struct vtr_memcached_command *c)
{
    struct vtr_reader r = *in;
    struct vtr_span line;
    if (!vtr_memcached_line_next(&r, &line))
        return false;
    vtr_memcached_parse(line, c);
    bool browser = VTR_UNLIKELY(c->verb == VTR_MEMCACHED_OTHER) && is_browser(line);
    if (browser || (c->has_value && c->value_len > store_value_max()))
        r = vtr_reader_of(vtr_span_of(r.rest.ptr + r.rest.len, 0));
    else if (c->has_value && !vtr_memcached_value_take(&r, c))
        return false;
    if (browser)
        c->error = NULL;
    *in = r;
    return true;
}

bool engine_read(struct engine *e, struct vtr_span datagram, struct engine_request *out)
{
    const struct vtr_memcached_udp *mc = vtr_memcached_udp_take(datagram, &out->rest.rest);
    if (VTR_UNLIKELY(mc == NULL || out->rest.rest.len == 0))
        return engine_drop(e, DROP_frame);
    if (VTR_UNLIKELY(vtr_be16_get(mc->total) != 1))
        return engine_drop(e, DROP_multi);
    if (VTR_UNLIKELY(!take(&out->rest, &out->first)))
        return engine_drop(e, DROP_command);
    out->hash = 0;
    if (VTR_LIKELY(out->first.key.len != 0)) {
        out->hash = store_hash(e->store, out->first.key);
        store_prefetch_slot(e->store, out->hash);
    }
    return true;
}

void engine_prefetch_value(const struct engine *e, const struct engine_request *r)
{
    const struct store_item *item = r->first.key.len != 0 ? store_peek(e->store, r->hash) : NULL;
    if (item == NULL)
        return;
    uint32_t len = store_value_len(item);
    if (!e->reads && (e->mode == ENGINE_REFERENCE ||
                      (e->mode == ENGINE_HYBRID && threshold_peek(&e->threshold, len))))
        return;
    /* The first datagram; behind it the hardware sees a pattern. */
    struct vtr_span reply = vtr_data_span(item->reply);
    size_t end = reply.len < MESSAGE_PAYLOAD ? reply.len : MESSAGE_PAYLOAD;
    for (size_t at = 0; at < end; at += 64)
        __builtin_prefetch(reply.ptr + at);
}

static bool refers(struct engine *e, uint32_t len)
{
    if (VTR_LIKELY(e->mode == ENGINE_HYBRID))
        return threshold_refers(&e->threshold, len);
    return e->mode == ENGINE_REFERENCE;
}

/* gets: the stored head with the unique number before its end. */
static bool say_head_cas(struct message *m, const struct store_item *item)
{
    char head[STORE_KEY_MAX + 64];
    size_t len = item->head - 2u;
    return len <= sizeof head && vtr_data_gather(item->reply, 0, head, len) &&
           message_text(m, head, len) && message_format(m, " %" PRIu64 "\r\n", item->cas);
}

/* One item of a get, up to the CR LF behind its value. */
static bool say_item(struct engine *e, const struct store_item *item, bool cas)
{
    uint32_t len = store_value_len(item), off = cas ? item->head : 0;
    if (cas && !say_head_cas(&e->message, item))
        return false;
    struct message_piece *piece = message_data(&e->message, item->head - off + len + 2);
    if (VTR_UNLIKELY(piece == NULL))
        return false;
    piece->data = item->reply;
    piece->off = off;
    piece->value = item->head;
    piece->value_end = item->head + len;
    piece->refer = refers(e, len);
    return true;
}

/* @return NULL, or why there is no list of values. */
static const char *get_keys(struct engine *e, const struct vtr_memcached_command *c, uint32_t hash)
{
    struct vtr_reader more = c->more;
    struct vtr_span key = c->key;
    bool hit = false;
    do {
        if (VTR_UNLIKELY(key.len > STORE_KEY_MAX))
            return "CLIENT_ERROR bad command line format";
        if (key.ptr != c->key.ptr)
            hash = store_hash(e->store, key);
        const struct store_item *item = store_find(e->store, key, hash);
        e->counts.cmd_get++;
        e->counts.get_hits += item != NULL;
        e->counts.get_misses += item == NULL;
        if (item == NULL)
            continue;
        if (!say_item(e, item, c->verb == VTR_MEMCACHED_GETS))
            return FULL;
        hit = true;
    } while (vtr_memcached_word_next(&more, &key));
    if (hit) /* the last item's block goes on with it */
        message_extend(&e->message, STORE_TAIL - 2);
    else if (!message_text(&e->message, "END\r\n", 5))
        return FULL;
    return NULL;
}

static bool say(struct engine *e, const char *line)
{
    return message_text(&e->message, line, strlen(line)) && message_text(&e->message, "\r\n", 2);
}

static bool get(struct engine *e, const struct vtr_memcached_command *c, uint32_t hash)
{
    struct message_mark mark = message_mark(&e->message);
    const char *error = get_keys(e, c, hash);
    if (VTR_LIKELY(error == NULL))
        return true;
    threshold_mix(&e->threshold);
    message_rewind(&e->message, mark);
    return say(e, error);
}

/* memcached's realtime(): a number of seconds, a date, or a time that has passed. */
static uint32_t expiry(const struct engine *e, int32_t exptime)
{
    if (exptime == 0)
        return 0;
    if (exptime > 0 && exptime <= EXPTIME_DELTA)
        return store_now(e->store) + (uint32_t)exptime;
    return exptime <= e->started ? 1 : (uint32_t)(exptime - e->started + CLOCK_START);
}

static const char *set(struct engine *e, const struct vtr_memcached_command *c, uint32_t hash)
{
    e->counts.cmd_set++;
    if (c->value_len > store_value_max()) {
        (void)store_delete(e->store, c->key, hash);
        return "SERVER_ERROR object too large for cache";
    }
    struct store_put put = { .key = c->key,
                             .hash = hash,
                             .flags = c->flags,
                             .expires = expiry(e, c->exptime),
                             .value = c->value };
    return store_set(e->store, &put) == 0 ? "STORED"
                                          : "SERVER_ERROR out of memory storing object";
}

/* "mode hybrid|reference|copy" is ours. @return NULL: a browser's, which gets no reply. */
static const char *other(struct engine *e, const struct vtr_memcached_command *c)
{
    struct vtr_reader more = c->more;
    struct vtr_span mode = { NULL, 0 }, word;
    if (!vtr_span_equal(c->name, vtr_span_of("mode", 4)))
        return c->error;
    bool one = vtr_memcached_word_next(&more, &mode) && !vtr_memcached_word_next(&more, &word);
    return one && engine_mode_parse(mode, &e->mode)
               ? "OK"
               : "CLIENT_ERROR mode is hybrid, reference or copy";
}

static bool say_stats(struct engine *e)
{
    struct message_mark mark = message_mark(&e->message);
    if (engine_stats(e, &e->message))
        return true;
    message_rewind(&e->message, mark);
    return say(e, "SERVER_ERROR out of memory writing stats");
}

/* Everything but get, which is one line. @return NULL: no such reply. */
static const char *line_of(struct engine *e, const struct vtr_memcached_command *c, uint32_t hash)
{
    if (c->verb == VTR_MEMCACHED_OTHER)
        return other(e, c);
    if (c->error != NULL)
        return c->error;
    switch (c->verb) {
    case VTR_MEMCACHED_SET: return set(e, c, hash);
    case VTR_MEMCACHED_DELETE:
        return store_delete(e->store, c->key, hash) ? "DELETED" : "NOT_FOUND";
    case VTR_MEMCACHED_VERSION: return "VERSION " ECHO_VERSION;
    case VTR_MEMCACHED_VERBOSITY: return "OK";
    default: return "ERROR";
    }
}

static bool is_get(const struct vtr_memcached_command *c)
{
    return (c->verb == VTR_MEMCACHED_GET || c->verb == VTR_MEMCACHED_GETS) && c->error == NULL;
}

/* Of all kinds that memcached has, the plain one. */
static bool is_stats(const struct vtr_memcached_command *c)
{
    struct vtr_reader more = c->more;
    struct vtr_span which;
    return c->verb == VTR_MEMCACHED_STATS && !vtr_memcached_word_next(&more, &which);
}

/* @return false: nothing more fits into the message. */
static bool carry_out(struct engine *e, const struct vtr_memcached_command *c, uint32_t hash)
{
    if (VTR_LIKELY(is_get(c)))
        return get(e, c, hash);
    threshold_mix(&e->threshold);
    if (is_stats(c))
        return say_stats(e);
    const char *line = line_of(e, c, hash);
    return c->noreply || line == NULL || say(e, line);
}

enum engine_answer engine_answer(struct engine *e, const struct engine_request *r)
{
    const struct vtr_memcached_command *c = &r->first;
    struct vtr_memcached_command next;
    struct vtr_reader rest = r->rest;
    uint32_t hash = r->hash;
    e->counts.requests++;
    message_reset(&e->message);
    while (c->verb != VTR_MEMCACHED_QUIT && carry_out(e, c, hash)) {
        if (VTR_LIKELY(!take(&rest, &next)))
            return e->message.bytes != 0 ? ENGINE_REPLY : ENGINE_SILENT;
        c = &next;
        hash = store_hash(e->store, c->key);
    }
    if (e->message.bytes != 0)
        return ENGINE_REPLY;
    return c->verb == VTR_MEMCACHED_QUIT ? ENGINE_QUIT : ENGINE_SILENT;
}

static const char *const mode_names[] = { "hybrid", "reference", "copy" };

const char *engine_mode_name(enum engine_mode mode) { return mode_names[mode]; }

bool engine_mode_parse(struct vtr_span name, enum engine_mode *out)
{
    for (unsigned i = 0; i < sizeof mode_names / sizeof *mode_names; i++)
        if (vtr_span_equal(name, vtr_span_of(mode_names[i], strlen(mode_names[i])))) {
            *out = (enum engine_mode)i;
            return true;
        }
    return false;
}
