/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Descriptors that the ports have watched: a thread calls back when one is ready. It starts with
 * the first port of the process, sleeps while nothing happens, takes no signals, and never ends.
 * Owner: a watch lies in what uses it, as long as it is added; its descriptor is its user's.
 * Threads: all calls but lock and unlock are made under the lock, which callbacks run under.
 */
#ifndef VITRINE_PORT_LOOKOUT_H
#define VITRINE_PORT_LOOKOUT_H

#include <vitrine/base.h>

struct vtr_lookout {
    int fd;
    void (*ready)(void *arg);
    void *arg;
    uint64_t number; /* 0: not added */
    struct vtr_lookout *next;
};

void vtr_lookout_lock_(void);
void vtr_lookout_unlock_(void);

/** Starts the thread, unless it runs. Under no lock. @return 0 or a negative errno with @p err
 * filled: in a forked child there is none and will be none. */
int vtr_lookout_start_(struct vtr_error *err);

/** @return 0 or a negative errno. The thread runs. */
int vtr_lookout_add_(struct vtr_lookout *watch, int fd, void (*ready)(void *arg), void *arg);

/** One that is not added is allowed. */
void vtr_lookout_remove_(struct vtr_lookout *watch);

#endif
