/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The thread that watches.
 */
#include "port/lookout.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/error.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Under the lock. Watches are known by number: one may be removed, and its memory gone, between
 * the kernel's report and the lock. */
static struct vtr_lookout *watches;
static int epoll_fd; /* constant while the thread runs */
static pid_t owner;  /* atomic; 0: nobody has started it */

void vtr_lookout_lock_(void) { pthread_mutex_lock(&lock); }
void vtr_lookout_unlock_(void) { pthread_mutex_unlock(&lock); }

static void call(uint64_t number)
{
    struct vtr_lookout *watch = watches;
    while (watch != NULL && watch->number != number)
        watch = watch->next;
    if (watch != NULL)
        watch->ready(watch->arg);
}

static void *run(void *arg)
{
    struct epoll_event event[16];
    for (;;) {
        int n = epoll_wait(epoll_fd, event, sizeof event / sizeof event[0], -1);
        pthread_mutex_lock(&lock);
        for (int i = 0; i < n; i++)
            call(event[i].data.u64);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static int start(void)
{
    pthread_t thread;
    sigset_t all, before;
    int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0)
        return -errno;
    epoll_fd = fd;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&thread, NULL, run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0) {
        close(fd);
        return -rc;
    }
    pthread_setname_np(thread, "vtr-lookout");
    pthread_detach(thread);
    __atomic_store_n(&owner, getpid(), __ATOMIC_RELAXED); /* O: compared */
    return 0;
}

int vtr_lookout_start_(struct vtr_error *err)
{
    pid_t of = __atomic_load_n(&owner, __ATOMIC_RELAXED); /* O: compared, and looked at again */
    if (of != 0 && of != getpid())
        return vtr_error_set_(err, ENODEV, "fork before the first port is opened",
                              "this process was forked from one that had ports");
    pthread_mutex_lock(&lock);
    int rc = owner == 0 ? start() : 0;
    pthread_mutex_unlock(&lock);
    return rc == 0 ? 0
                   : vtr_error_set_(err, -rc, NULL, "cannot watch descriptors: %s", strerror(-rc));
}

int vtr_lookout_add_(struct vtr_lookout *watch, int fd, void (*ready)(void *arg), void *arg)
{
    static uint64_t added;
    *watch = (struct vtr_lookout){ fd, ready, arg, ++added, watches };
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = watch->number };
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        watch->number = 0;
        return -errno;
    }
    watches = watch;
    return 0;
}

void vtr_lookout_remove_(struct vtr_lookout *watch)
{
    struct vtr_lookout **at = &watches;
    if (watch->number == 0)
        return;
    epoll_ctl(epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    while (*at != watch)
        at = &(*at)->next;
    *at = watch->next;
    watch->number = 0;
}
