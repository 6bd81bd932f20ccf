/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Slots of requests under way. A slot's missing bits are zero when it is idle, so that a late
 * datagram finds nothing to complete.
 */
#include "window.h"

#include <errno.h>
#include <stdlib.h>

int window_init(uint32_t ids, uint32_t parts, struct window *out)
{
    vtr_check(ids != 0 && parts != 0 && parts <= 64);
    struct window_slot *slot = calloc(ids, sizeof *slot);
    if (slot == NULL)
        return -ENOMEM;
    *out = (struct window){ .slot = slot, .ids = ids, .all = UINT64_MAX >> (64 - parts) };
    return 0;
}

void window_fini(struct window *w)
{
    free(w->slot);
    *w = (struct window){ 0 };
}

uint32_t window_take(struct window *w, uint64_t now_ns, uint64_t due_ns)
{
    vtr_check(w->in_flight < w->ids);
    while (w->slot[w->next].sent_ns != 0)
        w->next = w->next + 1 < w->ids ? w->next + 1 : 0;
    uint32_t id = w->next;
    w->slot[id] = (struct window_slot){ now_ns, due_ns, w->all };
    w->next = id + 1 < w->ids ? id + 1 : 0;
    w->in_flight++;
    return id;
}

bool window_overdue(struct window *w, uint32_t *cursor, uint64_t now_ns, uint64_t due_ns,
                    uint32_t *id)
{
    for (; *cursor < w->ids; ++*cursor) {
        struct window_slot *s = &w->slot[*cursor];
        if (s->sent_ns == 0 || s->due_ns > now_ns)
            continue;
        s->due_ns = due_ns;
        *id = (*cursor)++;
        return true;
    }
    return false;
}

uint32_t window_abandon(struct window *w)
{
    uint32_t n = w->in_flight;
    for (uint32_t id = 0; id < w->ids; id++)
        w->slot[id] = (struct window_slot){ 0 };
    w->in_flight = 0;
    return n;
}
