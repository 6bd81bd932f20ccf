/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What the tests of ports share: ports that must open, packets that prove themselves, statistics
 * that must add up. DPDK starts once in a process, so a program's tests share one start.
 */
#ifndef VITRINE_TESTS_PORT_PORTS_H
#define VITRINE_TESTS_PORT_PORTS_H

#include "support.h"

#include <errno.h>
#include <sched.h>
#include <time.h>
#include <vitrine/link.h>
#include <vitrine/port.h>

static inline struct vtr_port *test_port(struct vtr_heap *heap, const char *spec,
                                         const struct vtr_port_opts *opts)
{
    struct vtr_error err = { 0 };
    struct vtr_port *port = NULL;
    if (vtr_port_open(heap, spec, opts, &port, &err) != 0)
        fail_msg("%s (%s)", err.what, err.hint);
    return port;
}

static inline struct vtr_port_opts test_opts(void)
{
    struct vtr_port_opts opts = { .size = sizeof opts };
    return opts;
}

/* Numbered bytes: no two packets of a test are alike, and no byte is as it might be by chance. */
static inline void test_fill(uint8_t *bytes, size_t len, uint32_t number)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)((number * 2654435761u >> 13) + i * 7 + i / 256);
}

static inline struct vtr_pkt test_pkt(struct vtr_heap *heap, size_t len, uint32_t number)
{
    struct vtr_pkt pkt = { .flags = 0 };
    uint8_t *bytes = (uint8_t *)malloc(len + 1);
    test_fill(bytes, len, number);
    pkt.data = test_data(heap, bytes, len);
    free(bytes);
    return pkt;
}

/* Not cmocka's asserts: this runs on threads. */
static inline bool test_pkt_is(struct vtr_pkt pkt, size_t len, uint32_t number)
{
    uint8_t *want = (uint8_t *)malloc(len + 1), *got = (uint8_t *)malloc(len + 1);
    test_fill(want, len, number);
    bool same = pkt.data.len == len && vtr_data_gather(pkt.data, 0, got, len) &&
                memcmp(want, got, len) == 0;
    free(want);
    free(got);
    return same;
}

static inline void test_unref(struct vtr_pkt *pkts, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        vtr_pkt_unref(&pkts[i]);
}

static inline struct vtr_port_stat test_stat(struct vtr_port *port)
{
    struct vtr_port_stat stat;
    uint64_t sum = 0;
    vtr_port_stat(port, &stat);
    for (int i = 0; i < VTR_DROP_REASONS; i++)
        sum += stat.drop[i];
    assert_int_equal(stat.drops, sum);
    return stat;
}

/* Seconds that a wait on another process may take. */
enum { TEST_PATIENCE_S = 20 };

static inline bool test_late(const struct timespec *began)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec - began->tv_sec > TEST_PATIENCE_S;
}

/* Waits for the link to be as wanted. @return whether it came to that in time. */
static inline bool test_link_is(struct vtr_port *port, bool up)
{
    struct timespec began;
    struct vtr_port_info info;
    clock_gettime(CLOCK_MONOTONIC, &began);
    do {
        vtr_port_info(port, &info);
    } while (info.link_up != up && !test_late(&began) && sched_yield() == 0);
    return info.link_up == up;
}

/* Receives exactly @p n packets, or what came in time. */
static inline unsigned test_receive(struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts,
                                    unsigned n)
{
    struct timespec began;
    unsigned got = 0;
    clock_gettime(CLOCK_MONOTONIC, &began);
    while (got < n && !test_late(&began)) {
        unsigned some = vtr_port_rx(port, queue, pkts + got, n - got);
        got += some;
        if (some == 0)
            sched_yield();
    }
    return got;
}

static inline void test_send(struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts,
                             unsigned n)
{
    struct timespec began;
    unsigned sent = 0;
    clock_gettime(CLOCK_MONOTONIC, &began);
    while (sent < n && !test_late(&began)) {
        unsigned some = vtr_port_tx(port, queue, pkts + sent, n - sent);
        sent += some;
        if (some == 0)
            sched_yield();
    }
    assert_int_equal(sent, n);
}

#endif
