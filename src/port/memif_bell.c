/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Ringing an eventfd of which the other end has the description too: it can fill the counter and
 * take O_NONBLOCK away, and write(2) would then wait for as long as it likes. So the kernel rings,
 * as it does at the end of an asynchronous request: that never waits, and is refused for whatever
 * is no eventfd. The request asks whether the eventfd can be read or written, one of which is so.
 */
#include "port/memif.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { REQUESTS = 64, TRIES = 100 };

static aio_context_t context; /* constant after init; 0: the system gives us none */

static long submit(int fd)
{
    struct iocb ask = { .aio_lio_opcode = IOCB_CMD_POLL,
                        .aio_fildes = (uint32_t)fd,
                        .aio_buf = POLLIN | POLLOUT,
                        .aio_flags = IOCB_FLAG_RESFD,
                        .aio_resfd = (uint32_t)fd };
    struct iocb *const one[] = { &ask };
    return syscall(SYS_io_submit, context, 1, one);
}

/* Requests that are done take room until they are fetched. */
static void fetch(void)
{
    struct io_event done[REQUESTS];
    syscall(SYS_io_getevents, context, 0, REQUESTS, done, NULL);
}

static bool ask_the_kernel(int fd)
{
    long rc = submit(fd);
    for (unsigned i = 0; rc < 0 && errno == EAGAIN && i < TRIES; i++) {
        fetch();
        rc = submit(fd);
    }
    return rc == 1;
}

bool vtr_memif_ring_(int fd)
{
    const uint64_t one = 1;
    if (VTR_LIKELY(context != 0))
        return ask_the_kernel(fd);
    return write(fd, &one, sizeof one) == sizeof one || errno == EAGAIN;
}

void vtr_memif_bell_init_(void)
{
    static bool tried;
    uint64_t count;
    int fd = tried ? -1 : eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd < 0)
        return;
    tried = true;
    if (syscall(SYS_io_setup, REQUESTS, &context) != 0)
        context = 0;
    if (context != 0 && (!ask_the_kernel(fd) || read(fd, &count, sizeof count) < 0)) {
        syscall(SYS_io_destroy, context); /* it cannot poll: before Linux 4.18 */
        context = 0;
    }
    close(fd);
}
