/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The second thread.
 */
#include "core/second.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "core/mbuf.h"
#include "measure/clock.h"

struct second {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t asked;
    way_run *peer; /* under the lock; what to do next */
    bool over;     /* under the lock */
    int entered;   /* atomic; 1: it may be asked, negative: it could not enter */
    struct stand *stand;
    uint64_t n, sum, cpu_ns;
    __attribute__((aligned(128))) unsigned ready; /* atomic; races ever begun */
    __attribute__((aligned(128))) unsigned go;
    __attribute__((aligned(128))) unsigned done;
};

/* A: sees what came before the other's R. Both spin, on CPUs of their own. */
static void await(const unsigned *flag, unsigned race)
{
    while (__atomic_load_n(flag, __ATOMIC_ACQUIRE) != race)
        __builtin_ia32_pause();
}

static void announce(unsigned *flag, unsigned race)
{
    __atomic_store_n(flag, race, __ATOMIC_RELEASE); /* R */
}

static way_run *next(struct second *x)
{
    pthread_mutex_lock(&x->lock);
    while (x->peer == NULL && !x->over)
        pthread_cond_wait(&x->asked, &x->lock);
    way_run *peer = x->peer;
    x->peer = NULL;
    pthread_mutex_unlock(&x->lock);
    return peer;
}

static void *serve(void *arg)
{
    struct second *x = arg;
    int rc = mbufs_enter();
    __atomic_store_n(&x->entered, rc == 0 ? 1 : rc, __ATOMIC_RELEASE); /* R */
    way_run *peer;
    for (unsigned race = 1; rc == 0 && (peer = next(x)) != NULL; race++) {
        announce(&x->ready, race);
        await(&x->go, race);
        uint64_t from = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        x->sum = peer(x->stand, x->n);
        x->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - from;
        announce(&x->done, race);
    }
    if (rc == 0)
        mbufs_leave();
    return NULL;
}

static int start(struct second *x, int cpu)
{
    pthread_attr_t attr;
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET((unsigned)cpu, &cpus);
    pthread_attr_init(&attr);
    int rc = pthread_attr_setaffinity_np(&attr, sizeof cpus, &cpus);
    if (rc == 0)
        rc = pthread_create(&x->thread, &attr, serve, x);
    pthread_attr_destroy(&attr);
    return -rc;
}

int second_open(int cpu, struct second **out)
{
    struct second *x = aligned_alloc(128, sizeof *x);
    if (x == NULL)
        return -ENOMEM;
    memset(x, 0, sizeof *x);
    pthread_mutex_init(&x->lock, NULL);
    pthread_cond_init(&x->asked, NULL);
    int rc = start(x, cpu);
    if (rc != 0) {
        free(x);
        return rc;
    }
    while (__atomic_load_n(&x->entered, __ATOMIC_ACQUIRE) == 0) /* A */
        sched_yield();
    if (x->entered < 0) {
        rc = x->entered;
        pthread_join(x->thread, NULL);
        free(x);
        return rc;
    }
    *out = x;
    return 0;
}

void second_close(struct second *x)
{
    if (x == NULL)
        return;
    pthread_mutex_lock(&x->lock);
    x->over = true;
    pthread_cond_signal(&x->asked);
    pthread_mutex_unlock(&x->lock);
    pthread_join(x->thread, NULL);
    free(x);
}

uint64_t second_race(struct second *x, struct stand *s, way_run *run, way_run *peer, uint64_t n,
                     uint64_t *wall_ns, uint64_t *cpu_ns)
{
    unsigned race = x->go + 1;
    pthread_mutex_lock(&x->lock);
    x->peer = peer;
    x->stand = s;
    x->n = n;
    pthread_cond_signal(&x->asked);
    pthread_mutex_unlock(&x->lock);
    await(&x->ready, race);
    uint64_t from = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    announce(&x->go, race);
    uint64_t sum = run(s, n);
    *cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    await(&x->done, race);
    *wall_ns = clock_ns(CLOCK_MONOTONIC) - from;
    *cpu_ns += x->cpu_ns;
    return sum + x->sum;
}
