/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Included before each source of the subject: its atomics and locks become calls of the explorer.
 * Plain accesses come to it too, because the subject is compiled with -fsanitize=thread
 * and the explorer is what that calls.
 * Owner, threads: as what it replaces.
 */
#ifndef EXPLORE_ATOMICS_H
#define EXPLORE_ATOMICS_H

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "explore.h"

#define EXPLORE_SITE(op, what)                                                                     \
    __extension__({                                                                                \
        static const struct explore_site site_ = { __FILE_NAME__, __LINE__, op, what };            \
        &site_;                                                                                    \
    })
#define EXPLORE_BITS(p, v) ((uint64_t)(uintptr_t)(__typeof__(*(p)))(v))
/* A statement, so that it may be unused. */
#define EXPLORE_VALUE(p, bits) __extension__({ (__typeof__(*(p)))(uintptr_t)(bits); })
#define EXPLORE_RMW(p, kind, name, v, order)                                                       \
    EXPLORE_VALUE(p, explore_rmw((p), sizeof *(p), kind, EXPLORE_BITS(p, v), order,                \
                                 EXPLORE_SITE(name, #p)))

#define __atomic_load_n(p, order)                                                                  \
    EXPLORE_VALUE(p, explore_load((p), sizeof *(p), order, EXPLORE_SITE("load", #p)))
#define __atomic_store_n(p, v, order)                                                              \
    explore_store((p), sizeof *(p), EXPLORE_BITS(p, v), order, EXPLORE_SITE("store", #p))
#define __atomic_fetch_add(p, v, order) EXPLORE_RMW(p, EXPLORE_ADD, "fetch_add", v, order)
#define __atomic_fetch_sub(p, v, order) EXPLORE_RMW(p, EXPLORE_SUB, "fetch_sub", v, order)
#define __atomic_fetch_or(p, v, order) EXPLORE_RMW(p, EXPLORE_OR, "fetch_or", v, order)
#define __atomic_fetch_and(p, v, order) EXPLORE_RMW(p, EXPLORE_AND, "fetch_and", v, order)
#define __atomic_exchange_n(p, v, order) EXPLORE_RMW(p, EXPLORE_SWAP, "exchange", v, order)
#define __atomic_add_fetch(p, v, order)                                                            \
    EXPLORE_VALUE(p, EXPLORE_BITS(p, v) +                                                          \
                         EXPLORE_BITS(p, EXPLORE_RMW(p, EXPLORE_ADD, "add_fetch", v, order)))
#define __atomic_sub_fetch(p, v, order)                                                            \
    EXPLORE_VALUE(p, EXPLORE_BITS(p, EXPLORE_RMW(p, EXPLORE_SUB, "sub_fetch", v, order)) -         \
                         EXPLORE_BITS(p, v))
#define __atomic_and_fetch(p, v, order)                                                            \
    EXPLORE_VALUE(p, EXPLORE_BITS(p, EXPLORE_RMW(p, EXPLORE_AND, "and_fetch", v, order)) &         \
                         EXPLORE_BITS(p, v))
#define __atomic_compare_exchange_n(p, expected, desired, weak, order, failed)                     \
    __extension__({                                                                                \
        __typeof__(*(p)) *expected_ = (expected);                                                  \
        uint64_t was_ = EXPLORE_BITS(p, *expected_);                                               \
        bool done_ = explore_cas((p), sizeof *(p), &was_, EXPLORE_BITS(p, desired), order, failed, \
                                 EXPLORE_SITE("compare_exchange", #p));                            \
        if (!done_)                                                                                \
            *expected_ = EXPLORE_VALUE(p, was_);                                                   \
        done_;                                                                                     \
    })
/* Stores that overtake loads are what EXPLORE_TSO explores: for the compiler only. */
#define __atomic_signal_fence(order) __asm__ volatile("" ::: "memory")
#define __atomic_thread_fence(order) fences_are_not_modelled

#define pthread_mutex_lock(m) explore_lock((m), EXPLORE_SITE("lock", #m))
#define pthread_mutex_unlock(m) explore_unlock((m), EXPLORE_SITE("unlock", #m))
#define pthread_mutex_init(m, attr) explore_mutex_init(m)
#define pthread_mutex_destroy(m) ((void)(m))
#define pthread_once(once, begin) explore_once((once), (begin), EXPLORE_SITE("once", #once))
#define pthread_key_create(key, end) explore_key_create((key), (end))
#define pthread_setspecific(key, value) explore_setspecific((key), (value))
#define pthread_key_delete(key) ((void)(key))
#define pthread_atfork(before, parent, child) ((void)(before), (void)(parent), (void)(child), 0)
#define sched_yield() explore_yield(EXPLORE_SITE("yield", ""))
#define syscall(number, command, ...) explore_membarrier((command), EXPLORE_SITE(#command, ""))
#define getrandom(to, bytes, flags) (*(to) = 0x100, (ssize_t)(bytes))

#define abort() explore_fail("%s:%d: the library aborts", __FILE_NAME__, __LINE__)

#endif
