/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Our side of two threads, and of the echo.
 */
#include <vitrine/vitrine.h>

#include "core/ours.h"
#include "core/ring.h"
#include "core/stand.h"

enum { LIVE = 64, BURST_MAX = 64 };

/* Allocates, seals, shares and frees, with 64 blocks alive. */
uint64_t ours_mix(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    struct vtr_data live[LIVE] = { 0 };
    for (uint64_t i = 0; i < n; i++) {
        struct vtr_buf b;
        if (vtr_buf_init(s->heap, 0, CORE_BLOCK, &b) != 0)
            return 0;
        sum += core_touch(vtr_buf_bytes(&b));
        vtr_buf_commit(&b, CORE_SLICE);
        struct vtr_data *place = &live[i % LIVE], other;
        vtr_data_unref(place);
        *place = vtr_buf_seal(&b);
        other = vtr_data_ref(*place);
        hide(other.what);
        vtr_data_unref(&other);
    }
    for (unsigned i = 0; i < LIVE; i++)
        vtr_data_unref(&live[i]);
    return sum;
}

uint64_t ours_ref_shared(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    struct vtr_data d = s->whole;
    for (uint64_t i = 0; i < n; i++) {
        hide(d.what);
        struct vtr_data r = vtr_data_ref(d);
        hide(r.what);
        sum += r.len;
        vtr_data_unref(&r);
    }
    return sum;
}

/* One thread allocates, hands over 32 at a time, ... */
uint64_t ours_allocate_away(struct stand *s, uint64_t n)
{
    struct vtr_data batch[CORE_BULK];
    for (uint64_t done = 0; done < n; done += CORE_BULK) {
        for (unsigned i = 0; i < CORE_BULK; i++) {
            struct vtr_buf b;
            int rc = vtr_buf_init(s->heap, 0, CORE_BLOCK, &b);
            vtr_check(rc == 0);
            (void)core_touch(vtr_buf_bytes(&b));
            vtr_buf_commit(&b, CORE_SLICE);
            batch[i] = vtr_buf_seal(&b);
        }
        ring_put(s->ring, batch, sizeof batch);
    }
    return 0;
}

/* ... and another one frees. */
uint64_t ours_free_here(struct stand *s, uint64_t n)
{
    uint64_t sum = 0;
    struct vtr_data batch[CORE_BULK];
    for (uint64_t done = 0; done < n; done += CORE_BULK) {
        ring_take(s->ring, batch, sizeof batch);
        for (unsigned i = 0; i < CORE_BULK; i++)
            sum += batch[i].len;
        vtr_data_unref_bulk(batch, CORE_BULK);
    }
    return sum;
}

/* Received data back to a writable buf, turned round in place, sealed. @return its bytes. */
static inline uint64_t turn(struct vtr_data *d)
{
    struct vtr_buf b;
    if (!vtr_data_try_own(d, &b))
        return 0;
    size_t len = vtr_buf_len(&b);
    if (len >= CORE_HEADER)
        core_turn(vtr_buf_bytes(&b));
    *d = vtr_buf_seal(&b);
    return len;
}

static inline uint64_t echo(struct vtr_port *port, unsigned burst, uint64_t n)
{
    uint64_t sum = 0;
    struct vtr_pkt pkts[BURST_MAX];
    for (uint64_t done = 0; done < n;) {
        unsigned got = vtr_port_rx(port, 0, pkts, burst);
        for (unsigned i = 0; i < got; i++)
            sum += turn(&pkts[i].data);
        for (unsigned sent = 0; sent < got;)
            sent += vtr_port_tx(port, 0, pkts + sent, got - sent);
        done += got;
    }
    return sum;
}

uint64_t ours_echo(struct stand *s, uint64_t n) { return echo(s->port, s->burst, n); }
uint64_t ours_echo_st(struct stand *s, uint64_t n) { return echo(s->port_st, s->burst, n); }
