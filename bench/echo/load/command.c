/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Commands in band. Each has an id of its own, so that the answer to an earlier one that came late
 * is not taken for this one's.
 */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

enum { TRIES = 10, TRY_NS = 200 * 1000 * 1000, IDS = 65536 - WORKLOAD_IDS_MAX };

/* A reply being put together: its datagrams may arrive in any order. */
struct answer {
    char *text;
    size_t room, len;
    uint64_t got; /* bit n: datagram n has arrived */
};

static int store(struct answer *a, const struct reply *r, struct reply_frame f)
{
    size_t at = (size_t)f.seq * WORKLOAD_CHUNK_BYTES;
    size_t len = r->len - WORKLOAD_FRAME_BYTES;
    if (f.seq >= 64 || len > WORKLOAD_CHUNK_BYTES || at + len >= a->room)
        return -EMSGSIZE;
    for (uint32_t i = 0; i < r->pieces; i++) {
        memcpy(a->text + at, r->piece[i].ptr, r->piece[i].len);
        at += r->piece[i].len;
    }
    a->got |= UINT64_C(1) << f.seq;
    if (at > a->len)
        a->len = at;
    return 0;
}

/* 1: complete, 0: not yet, else what went wrong. */
static int take(struct answer *a, const struct reply *r, uint32_t id)
{
    if (r->fault != NULL || r->len < WORKLOAD_FRAME_BYTES)
        return 0;
    struct reply_frame f = reply_frame(r);
    if (f.id != id || f.total == 0 || f.seq >= f.total)
        return 0;
    int rc = store(a, r, f);
    if (rc != 0)
        return rc;
    return f.total <= 64 && a->got == UINT64_MAX >> (64 - f.total);
}

static int await(struct link *link, struct answer *a, uint32_t id)
{
    struct reply replies[LINK_BURST];
    for (uint64_t end = load_now() + TRY_NS; load_now() < end;) {
        unsigned n = link_poll(link, replies, LINK_BURST);
        for (unsigned i = 0; i < n; i++) {
            int rc = take(a, &replies[i], id);
            if (rc != 0)
                return rc;
        }
    }
    return 0;
}

uint32_t command_id(struct link *link) { return WORKLOAD_IDS_MAX + link->commands++ % IDS; }

int command_ask(struct link *link, uint32_t id, struct vtr_span request, char *answer, size_t room)
{
    struct answer a = { .text = answer, .room = room };
    for (int i = 0; i < TRIES; i++) {
        (void)!link_say(link, &request, 1);
        int rc = await(link, &a, id);
        if (rc == 1)
            answer[a.len] = '\0';
        if (rc != 0 && i != 0)
            load_settle(link);
        if (rc != 0)
            return rc < 0 ? rc : 0;
    }
    return -ETIMEDOUT;
}

int command_call(struct link *link, const char *line, char *answer, size_t room)
{
    uint8_t bytes[WORKLOAD_FRAME_BYTES + 128];
    uint32_t id = command_id(link);
    struct vtr_memcached_udp frame = workload_frame(id, 0, 1);
    memcpy(bytes, &frame, sizeof frame);
    int len = snprintf((char *)bytes + WORKLOAD_FRAME_BYTES, sizeof bytes - WORKLOAD_FRAME_BYTES,
                       "%s\r\n", line);
    vtr_check(len > 0 && (size_t)len < sizeof bytes - WORKLOAD_FRAME_BYTES);
    struct vtr_span request = vtr_span_of(bytes, WORKLOAD_FRAME_BYTES + (size_t)len);
    return command_ask(link, id, request, answer, room);
}

int command_mode(struct link *link, const char *mode)
{
    char line[64], answer[256];
    snprintf(line, sizeof line, "mode %s", mode);
    int rc = command_call(link, line, answer, sizeof answer);
    if (rc != 0)
        return rc;
    return strcmp(answer, "OK\r\n") == 0 ? 0 : -EPROTO;
}

/* "STAT name 123": the first of them that has the name. */
static int find_stat(const char *text, const char *name, uint64_t *out)
{
    size_t len = strlen(name);
    for (const char *at = text; (at = strstr(at, "STAT ")) != NULL; at++) {
        const char *value = at + 5 + len;
        if (strncmp(at + 5, name, len) != 0 || *value != ' ')
            continue;
        char *end;
        errno = 0;
        *out = strtoull(value, &end, 10);
        return errno == 0 && *end == '\r' ? 0 : -EPROTO;
    }
    return -EPROTO;
}

/* The counters by the names that the server gives them. */
#define COUNTERS(each)                                                                             \
    each(requests) each(payload_bytes_copied) each(polls) each(polls_empty) each(slices)           \
        each(busy_slices) each(busy_requests) each(busy_cpu_ns) each(cpu_ns) each(tx_retries)

int command_stats_parse(const char *text, struct command_stats *out)
{
    struct command_stats s = { 0 };
#define FIND(name)                                                                                 \
    if (find_stat(text, #name, &s.name) != 0)                                                      \
        return -EPROTO;
    COUNTERS(FIND)
#undef FIND
    *out = s;
    return 0;
}

int command_stats(struct link *link, struct command_stats *out)
{
    char answer[4096];
    int rc = command_call(link, "stats", answer, sizeof answer);
    return rc != 0 ? rc : command_stats_parse(answer, out);
}

struct command_stats command_stats_between(const struct command_stats *from,
                                           const struct command_stats *to)
{
    struct command_stats d;
#define SUBTRACT(name) d.name = to->name - from->name;
    COUNTERS(SUBTRACT)
#undef SUBTRACT
    return d;
}
#undef COUNTERS
