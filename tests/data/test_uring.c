/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * io_uring reads into bufs and writes data from where it lies. Skipped where the system has none.
 */
#include "support.h"

#include <liburing.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { BUFS = 5, ROOM = 960, LEN = BUFS * ROOM - 100 };

static struct io_uring ring;
static uint8_t bytes[LEN];

/* Submits the one operation that was prepared. @return its result. */
static int complete(void)
{
    struct io_uring_cqe *cqe;
    assert_int_equal(io_uring_submit(&ring), 1);
    assert_int_equal(io_uring_wait_cqe(&ring, &cqe), 0);
    int res = cqe->res;
    io_uring_cqe_seen(&ring, cqe);
    return res;
}

static struct vtr_data in_pieces(struct vtr_heap *heap)
{
    struct vtr_data parts[BUFS], d;
    for (size_t i = 0; i < BUFS; i++)
        parts[i] = test_data(heap, bytes + LEN * i / BUFS, LEN / BUFS);
    assert_int_equal(vtr_data_join_take(parts, BUFS, &d), 0);
    assert_int_equal(d.len, LEN);
    return d;
}

/* Seals what a read left in the bufs. */
static struct vtr_data seal_all(struct vtr_buf *b, int got)
{
    struct vtr_data parts[BUFS], d;
    assert_true(got > 0);
    vtr_buf_commit_iovec(b, BUFS, (size_t)got);
    for (int i = 0; i < BUFS; i++)
        parts[i] = vtr_buf_seal(&b[i]);
    assert_int_equal(vtr_data_join_take(parts, BUFS, &d), 0);
    return d;
}

static void a_file_is_written_from_data_and_read_into_bufs(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    FILE *file = tmpfile();
    struct vtr_data d = in_pieces(heap);
    struct vtr_buf b[BUFS];
    struct iovec iov[BUFS];
    assert_non_null(file);
    assert_int_equal(vtr_data_to_iovec(d, iov, BUFS), BUFS);
    io_uring_prep_writev(io_uring_get_sqe(&ring), fileno(file), iov, BUFS, 0);
    assert_int_equal(complete(), LEN);
    assert_int_equal(vtr_buf_init_bulk(heap, 0, ROOM, b, BUFS), BUFS);
    assert_true(vtr_buf_to_iovec(b, BUFS, iov) >= LEN);
    io_uring_prep_readv(io_uring_get_sqe(&ring), fileno(file), iov, BUFS, 0);
    struct vtr_data got = seal_all(b, complete());
    assert_int_equal(vtr_data_compare(got, d), 0);
    vtr_data_unref(&got);
    vtr_data_unref(&d);
    fclose(file);
}

static void a_socket_is_sent_data_segment_by_segment(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_data d = in_pieces(heap), got;
    struct vtr_buf b[BUFS];
    struct iovec iov[BUFS];
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    while (d.len != 0) {
        struct vtr_span s = vtr_data_span(d);
        io_uring_prep_send(io_uring_get_sqe(&ring), fds[0], s.ptr, s.len, 0);
        int sent = complete();
        assert_true(sent > 0 && vtr_data_strip(&d, (size_t)sent));
    }
    vtr_data_unref(&d);
    assert_int_equal(vtr_buf_init_bulk(heap, 0, ROOM, b, BUFS), BUFS);
    vtr_buf_to_iovec(b, BUFS, iov);
    io_uring_prep_readv(io_uring_get_sqe(&ring), fds[1], iov, BUFS, 0);
    got = seal_all(b, complete());
    assert_data(got, bytes, LEN);
    vtr_data_unref(&got);
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_with_heap(a_file_is_written_from_data_and_read_into_bufs),
        test_with_heap(a_socket_is_sent_data_segment_by_segment),
    };
    int rc = io_uring_queue_init(4, &ring, 0);
    if (rc != 0) {
        printf("skipped: io_uring_setup is refused: %s\n", strerror(-rc));
        return 77;
    }
    for (size_t i = 0; i < LEN; i++)
        bytes[i] = (uint8_t)(i * 2654435761u >> 24);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    io_uring_queue_exit(&ring);
    return rc;
}
