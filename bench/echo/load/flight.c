/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Three rings through one array.
 */
#include "flight.h"

#include <errno.h>
#include <stdlib.h>

static uint32_t head_of(const struct flight *f, enum flight_state state)
{
    return f->ids + (uint32_t)state;
}

static void append(struct flight *f, uint32_t id, enum flight_state state)
{
    struct flight_slot *s = f->slot;
    uint32_t head = head_of(f, state), last = s[head].prev;
    s[id].state = state;
    s[id].next = head;
    s[id].prev = last;
    s[last].next = s[head].prev = id;
    f->n[state]++;
}

static void move(struct flight *f, uint32_t id, enum flight_state state)
{
    struct flight_slot *s = f->slot;
    s[s[id].prev].next = s[id].next;
    s[s[id].next].prev = s[id].prev;
    f->n[s[id].state]--;
    append(f, id, state);
}

int flight_init(uint32_t ids, struct flight *out)
{
    struct flight f = { .slot = calloc(ids + FLIGHT_STATES, sizeof *f.slot), .ids = ids };
    vtr_check(ids != 0);
    if (f.slot == NULL)
        return -ENOMEM;
    for (int state = 0; state < FLIGHT_STATES; state++) {
        uint32_t head = head_of(&f, (enum flight_state)state);
        f.slot[head].next = f.slot[head].prev = head;
    }
    for (uint32_t id = 0; id < ids; id++)
        append(&f, id, FLIGHT_FREE);
    *out = f;
    return 0;
}

void flight_fini(struct flight *f)
{
    free(f->slot);
    *f = (struct flight){ 0 };
}

uint32_t flight_begin(struct flight *f, struct ask ask, uint32_t parts, uint64_t due_ns)
{
    vtr_check(flight_has_room(f) && parts != 0 && parts <= 64);
    enum flight_state from = f->n[FLIGHT_FREE] != 0 ? FLIGHT_FREE : FLIGHT_LOST;
    uint32_t id = f->slot[head_of(f, from)].next;
    struct flight_slot *s = &f->slot[id];
    move(f, id, FLIGHT_BUSY);
    s->ask = ask;
    s->parts = parts;
    s->due_ns = due_ns;
    s->sent_ns = 0;
    s->missing = UINT64_MAX >> (64 - parts);
    return id;
}

void flight_cancel(struct flight *f, uint32_t id)
{
    vtr_check(f->slot[id].state == FLIGHT_BUSY && f->slot[id].sent_ns == 0);
    f->slot[id].missing = 0;
    move(f, id, FLIGHT_FREE);
}

enum flight_event flight_arrived(struct flight *f, uint32_t id, uint32_t part)
{
    struct flight_slot *s = &f->slot[id];
    uint64_t bit = UINT64_C(1) << part;
    if ((s->missing & bit) == 0)
        return FLIGHT_STRAY;
    s->missing &= ~bit;
    if (s->missing != 0)
        return FLIGHT_MORE;
    enum flight_event event = s->state == FLIGHT_LOST ? FLIGHT_LATE : FLIGHT_DONE;
    move(f, id, FLIGHT_FREE);
    return event;
}

uint64_t flight_expire(struct flight *f, uint64_t now_ns, uint64_t timeout_ns)
{
    uint64_t lost = 0;
    for (;; lost++) {
        uint32_t id = f->slot[head_of(f, FLIGHT_BUSY)].next;
        const struct flight_slot *s = &f->slot[id];
        if (id >= f->ids || s->sent_ns == 0 || now_ns - s->sent_ns < timeout_ns)
            return lost;
        move(f, id, FLIGHT_LOST);
    }
}
