/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Files of captures.
 */
#include "port/capture_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

enum { POLL_MS = 50, PATIENCE_MS = 1000 };

/* Traffic is nobody else's business: 0600. */
static int begin(struct vtr_capture_file *f)
{
    char path[PATH_MAX];
    if (f->files > 1)
        snprintf(path, sizeof path, "%s.%u", f->path, (unsigned)(f->opened % f->files));
    else
        snprintf(path, sizeof path, "%s", f->path);
    f->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return f->fd >= 0 ? 0 : -errno;
}

/* What was opened, or is the caller's. */
static int look(struct vtr_capture_file *f)
{
    struct stat st;
    if (fstat(f->fd, &st) != 0)
        return -errno;
    f->regular = S_ISREG(st.st_mode);
    f->bytes = 0;
    f->opened++;
    return 0;
}

int vtr_capture_file_open_(struct vtr_capture_file *f, const char *path, unsigned files, int fd)
{
    memset(f, 0, sizeof *f);
    f->files = files;
    f->fd = fd;
    if (path == NULL)
        return look(f);
    size_t len = strlen(path);
    if (len > PATH_MAX - sizeof ".10000")
        return -ENAMETOOLONG;
    f->path = vtr_memory_alloc_(len + 1, 1);
    if (f->path == NULL)
        return -ENOMEM;
    memcpy(f->path, path, len + 1);
    int rc = begin(f);
    if (rc != 0)
        vtr_memory_free_(f->path);
    return rc == 0 ? look(f) : rc;
}

int vtr_capture_file_next_(struct vtr_capture_file *f)
{
    int rc = close(f->fd) == 0 ? 0 : -errno;
    f->fd = -1;
    if (rc == 0)
        rc = begin(f);
    return rc == 0 ? look(f) : rc;
}

/* Waits for a reader to take something. In a hurry, not for long. */
static int wait_for_reader(const struct vtr_capture_file *f)
{
    struct pollfd p = { .fd = f->fd, .events = POLLOUT };
    for (int hurried = 0; hurried < PATIENCE_MS;) {
        int n = poll(&p, 1, POLL_MS);
        if (n > 0)
            return 0; /* there is room, or an error that write tells */
        if (n < 0 && errno != EINTR)
            return -errno;
        hurried += __atomic_load_n(f->hurry, __ATOMIC_RELAXED) ? POLL_MS : 0; /* O: a wish */
    }
    return -ETIMEDOUT;
}

/* @return how many bytes were written, or a negative errno. */
static ssize_t write_some(const struct vtr_capture_file *f, const uint8_t *at, size_t len)
{
    int rc = f->regular ? 0 : wait_for_reader(f);
    if (rc != 0)
        return rc;
    /* A pipe that has room for anything has it for this, so that the write does not wait. */
    ssize_t n = write(f->fd, at, f->regular || len < PIPE_BUF ? len : PIPE_BUF);
    if (n >= 0)
        return n;
    return errno == EINTR || errno == EAGAIN ? 0 : -errno;
}

/* Takes back what was written last. Behind it there may be somebody else's. */
static void take_back(const struct vtr_capture_file *f, size_t len)
{
    struct stat st;
    off_t end = lseek(f->fd, 0, SEEK_CUR);
    if (f->regular && len != 0 && fstat(f->fd, &st) == 0 && end == st.st_size &&
        ftruncate(f->fd, end - (off_t)len) == 0)
        (void)!lseek(f->fd, end - (off_t)len, SEEK_SET);
}

int vtr_capture_file_write_(struct vtr_capture_file *f, const uint8_t *blocks, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = write_some(f, blocks + done, len - done);
        if (n < 0) {
            take_back(f, done);
            return (int)n;
        }
        done += (size_t)n;
    }
    f->bytes += len;
    return 0;
}

int vtr_capture_file_close_(struct vtr_capture_file *f)
{
    int rc = f->path == NULL || f->fd < 0 || close(f->fd) == 0 ? 0 : -errno;
    vtr_memory_free_(f->path);
    f->path = NULL;
    return rc;
}
