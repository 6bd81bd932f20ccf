/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Two threads pass a number back and forth.
 */
#include "measure/crossing.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>

#include "measure/clock.h"
#include "measure/spread.h"

enum { PARTS = 15, TRIPS = 500 };

struct ball {
    __attribute__((aligned(128))) uint64_t at; /* atomic; odd: theirs */
};

static double now_ns(void) { return (double)clock_ns(CLOCK_MONOTONIC); }

/* A: sees the other's store; R: is seen by the other. */
static void pass(struct ball *ball, uint64_t seen, uint64_t said)
{
    while (__atomic_load_n(&ball->at, __ATOMIC_ACQUIRE) != seen)
        ;
    __atomic_store_n(&ball->at, said, __ATOMIC_RELEASE);
}

static void *return_balls(void *arg)
{
    for (uint64_t i = 0; i < PARTS * TRIPS; i++)
        pass(arg, 2 * i + 1, 2 * i + 2);
    return NULL;
}

static double serve_balls(struct ball *ball)
{
    struct spread parts = { 0 };
    for (uint64_t i = 0; i < PARTS * TRIPS;) {
        double from = now_ns();
        for (uint64_t end = i + TRIPS; i < end; i++)
            pass(ball, 2 * i, 2 * i + 1);
        spread_add(&parts, (now_ns() - from) / (2 * TRIPS));
    }
    return spread_median(&parts);
}

double crossing_ns(int there)
{
    struct ball ball = { 0 };
    pthread_t other;
    pthread_attr_t attr;
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET((unsigned)there, &cpus);
    pthread_attr_init(&attr);
    int rc = pthread_attr_setaffinity_np(&attr, sizeof cpus, &cpus);
    if (rc == 0)
        rc = pthread_create(&other, &attr, return_balls, &ball);
    pthread_attr_destroy(&attr);
    if (rc != 0)
        return NAN;
    double ns = serve_balls(&ball);
    pthread_join(other, NULL);
    return ns;
}
