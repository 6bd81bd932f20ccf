/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Making requests and the replies expected for them.
 */
#include "workload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../value.h"

static const char end_line[] = "\r\nEND\r\n";

uint32_t workload_stride(uint32_t n)
{
    uint32_t stride = 0x9e3779b1u; /* 2^32 over the golden ratio, odd */
    for (;; stride += 2) {
        uint32_t a = stride, b = n;
        while (b != 0) {
            uint32_t rest = a % b;
            a = b, b = rest;
        }
        if (a == 1)
            return stride;
    }
}

static uint32_t key_index(const struct workload *w, uint32_t id)
{
    return (uint32_t)((uint64_t)id * workload_stride(w->ids) % w->ids);
}

static size_t value_line(const struct workload *w, uint32_t index, char *to, size_t room)
{
    char key[VALUE_KEY_LEN + 1];
    value_key(key, w->size, index);
    return (size_t)snprintf(to, room, "VALUE %s 0 %u\r\n", key, w->size);
}

static void expect(struct workload *w, uint32_t id)
{
    char line[64];
    uint32_t index = key_index(w, id);
    size_t len = value_line(w, index, line, sizeof line);
    uint8_t *to = w->expected + (size_t)id * w->message;
    memcpy(to, line, len);
    value_fill(to + len, w->size, w->size, index);
    memcpy(to + len + w->size, end_line, sizeof end_line - 1);
}

int workload_init(uint32_t size, uint32_t keys, bool echo, struct workload *out)
{
    if (size == 0 || size > WORKLOAD_SIZE_MAX || keys == 0 || keys > WORKLOAD_IDS_MAX)
        return -EINVAL;
    struct workload w = { .ids = keys, .size = size, .echo = echo };
    char line[64];
    w.message = (uint32_t)(value_line(&w, 0, line, sizeof line) + size + sizeof end_line - 1);
    w.parts = (w.message + WORKLOAD_CHUNK_BYTES - 1) / WORKLOAD_CHUNK_BYTES;
    w.sends = echo ? w.parts : 1;
    w.expected = malloc((size_t)keys * w.message);
    if (w.expected == NULL)
        return -ENOMEM;
    for (uint32_t id = 0; id < keys; id++)
        expect(&w, id);
    *out = w;
    return 0;
}

void workload_fini(struct workload *w)
{
    free(w->expected);
    *w = (struct workload){ 0 };
}

size_t workload_request(const struct workload *w, uint32_t id, uint32_t part, uint8_t *to)
{
    struct vtr_memcached_udp frame = workload_frame(id, part, w->sends);
    memcpy(to, &frame, sizeof frame);
    uint8_t *text = to + WORKLOAD_FRAME_BYTES;
    if (w->echo) {
        size_t len;
        const uint8_t *bytes = workload_expected(w, id, part, &len);
        memcpy(text, bytes, len);
        return WORKLOAD_FRAME_BYTES + len;
    }
    char key[VALUE_KEY_LEN + 1];
    value_key(key, w->size, key_index(w, id));
    return WORKLOAD_FRAME_BYTES +
           (size_t)snprintf((char *)text, WORKLOAD_CHUNK_BYTES, "get %s\r\n", key);
}
