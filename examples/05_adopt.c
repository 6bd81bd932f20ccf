/* SPDX-License-Identifier: BSD-2-Clause */
/* 05_adopt: a reply out of three kinds of memory, written by one system call, none of it copied: a
 * line that is always there, a header made for it, and a file that is mapped.
 * Shows: VTR_STATIC_INIT, vtr_data_adopt, vtr_data_to_iovec, vtr_buf_to_iovec.
 * Before: 04_receive_send.c                                      Next: 06_keep.c
 * Run:   build/examples/05_adopt
 * Prints: what arrived, where the file's bytes were read from, and when the file was unmapped
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <vitrine/vitrine.h>

static const struct vtr_static ok = VTR_STATIC_INIT("200 OK\n");
static const char text[] = "bytes of a file, read where the kernel mapped them\n";

/* Called by whoever ends the last reference: here serve(), once the kernel has taken the bytes. */
static void unmap(void *arg, const void *bytes, size_t len)
{
    (void)arg;
    munmap((void *)(uintptr_t)bytes, len);
    printf("file unmapped: %zu bytes\n", len);
}

/* A file is mapped and lent to the heap. @return 0 or -errno. */
static int map_file(struct vtr_heap *heap, struct vtr_data *out)
{
    FILE *file = tmpfile();
    if (file == NULL)
        return -1;
    fputs(text, file);
    fflush(file);
    void *bytes = mmap(NULL, sizeof text - 1, PROT_READ, MAP_PRIVATE, fileno(file), 0);
    fclose(file);
    if (bytes == MAP_FAILED)
        return -1;
    int rc = vtr_data_adopt(heap, bytes, sizeof text - 1, unmap, NULL, out);
    if (rc != 0)
        munmap(bytes, sizeof text - 1);
    return rc;
}

static int make_reply(struct vtr_heap *heap, struct vtr_data *out)
{
    vtr_auto(vtr_data) file = VTR_DATA_EMPTY;
    vtr_auto(vtr_data) body = VTR_DATA_EMPTY;
    char header[32];
    int rc = map_file(heap, &file);
    if (rc != 0)
        return rc;
    int n = snprintf(header, sizeof header, "length %u\n\n", file.len);
    if ((rc = vtr_data_prepend(heap, header, (size_t)n, file, &body)) != 0)
        return rc;
    return vtr_data_concat(vtr_data_static(&ok), body, out);
}

/* A write may take a part of it: what it took is stripped. */
static int write_all(int fd, struct vtr_data *d)
{
    while (d->len != 0) {
        struct iovec iov[4];
        unsigned segments = vtr_data_to_iovec(*d, iov, 4);
        ssize_t n = writev(fd, iov, (int)(segments < 4 ? segments : 4));
        if (n < 0 || !vtr_data_strip(d, (size_t)n))
            return -1;
    }
    return 0;
}

/* Reads straight into blocks of the heap. */
static int read_some(struct vtr_heap *heap, int fd, struct vtr_data *out)
{
    struct vtr_buf bufs[2];
    struct vtr_data parts[2];
    struct iovec iov[2];
    unsigned n = vtr_buf_init_bulk(heap, 0, 64, bufs, 2);
    vtr_buf_to_iovec(bufs, n, iov);
    ssize_t got = readv(fd, iov, (int)n);
    vtr_buf_commit_iovec(bufs, n, got > 0 ? (size_t)got : 0);
    for (unsigned i = 0; i < n; i++)
        parts[i] = vtr_buf_seal(&bufs[i]); /* one that got nothing is free again */
    int rc = vtr_data_join_take(parts, n, out);
    for (unsigned i = 0; i < n; i++)
        vtr_data_unref(&parts[i]);
    return rc;
}

static int serve(struct vtr_heap *heap, const int fds[2])
{
    vtr_auto(vtr_data) reply = VTR_DATA_EMPTY;
    vtr_auto(vtr_data) got = VTR_DATA_EMPTY;
    int rc = make_reply(heap, &reply);
    if (rc != 0)
        return rc;
    printf("segments: %u, part of it is of this process alone: %s\n",
           vtr_data_to_iovec(reply, NULL, 0), vtr_data_is_local(reply) ? "yes" : "no");
    if (write_all(fds[0], &reply) != 0)
        return -1;
    vtr_data_unref(&reply); /* the kernel has the bytes: this was the last reference */
    if ((rc = read_some(heap, fds[1], &got)) != 0)
        return rc;
    printf("%u bytes arrived:\n", got.len);
    struct vtr_cursor c = vtr_cursor_of(got);
    struct vtr_span s;
    while (vtr_cursor_next(&c, &s))
        fwrite(s.ptr, 1, s.len, stdout);
    return 0;
}

int main(void)
{
    struct vtr_error err;
    struct vtr_heap *heap;
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) {
        perror("05_adopt");
        return 1;
    }
    if (vtr_heap_open(NULL, &heap, &err) != 0) {
        fprintf(stderr, "05_adopt: %s\n  try: %s\n", err.what, err.hint);
        return 1;
    }
    int rc = serve(heap, fds);
    if (rc != 0)
        fprintf(stderr, "05_adopt: %s\n", rc == -1 ? "a system call failed" : "out of memory");
    if (vtr_heap_close(heap, &err) != 0) {
        fprintf(stderr, "05_adopt: %s\n  try: %s\n", err.what, err.hint);
        return 1;
    }
    close(fds[0]);
    close(fds[1]);
    return rc == 0 ? 0 : 1;
}
