/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * iovec: bytes from and to system calls, in place on both sides.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

static void fill(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 2654435761u >> 24);
}

static void scattered_bytes_are_gathered_into_one_block(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    char a[] = "scattered", b[] = " and ", c[] = "gathered";
    struct iovec iov[] = { { a, 9 }, { NULL, 0 }, { b, 5 }, { c, 8 }, { NULL, 0 } };
    struct vtr_data d;
    assert_int_equal(vtr_data_copy_iovec(heap, iov, 5, &d), 0);
    assert_data(d, "scattered and gathered", 22);
    assert_int_equal(vtr_data_to_iovec(d, NULL, 0), 1);
    vtr_data_unref(&d);
    assert_int_equal(vtr_data_copy_iovec(heap, NULL, 0, &d), 0);
    assert_int_equal(d.what, 0);
    assert_int_equal(vtr_data_copy_iovec(heap, &iov[1], 1, &d), 0);
    assert_int_equal(d.what, 0);
}

static void more_than_a_block_is_gathered_into_few(void **state)
{
    (void)state;
    enum { PART = 30 << 20, PARTS = 5 };
    struct vtr_heap *heap = test_heap(256 << 20);
    uint8_t *bytes = (uint8_t *)malloc(PART);
    struct iovec iov[PARTS];
    struct vtr_data d, none = VTR_DATA_EMPTY;
    fill(bytes, PART);
    for (unsigned i = 0; i < PARTS; i++)
        iov[i] = (struct iovec){ bytes, PART };
    assert_int_equal(vtr_data_copy_iovec(heap, iov, PARTS, &d), 0);
    assert_int_equal(d.len, (size_t)PART * PARTS);
    assert_int_equal(vtr_data_to_iovec(d, NULL, 0), 3); /* of 64, 64 and 22 MiB */
    for (unsigned i = 0; i < PARTS; i++) {
        struct vtr_data part;
        assert_true(vtr_data_slice(d, (size_t)i * PART, PART, &part));
        assert_data(part, bytes, PART);
        vtr_data_unref(&part);
    }
    assert_int_equal(vtr_data_copy_iovec(heap, iov, PARTS, &none), -ENOMEM);
    assert_int_equal(none.what, 0);
    assert_int_equal(test_live(heap), 3);
    vtr_data_unref(&d);
    free(bytes);
    test_heap_end(heap);
}

static void lengths_that_wrap_are_refused(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    char byte = 0;
    struct iovec iov[] = { { &byte, 1 }, { &byte, SIZE_MAX }, { &byte, 1 } };
    struct iovec just[] = { { &byte, VTR_DATA_MAX }, { &byte, 1 } };
    struct vtr_data d = { 1, 1, 1 }, was = d;
    assert_int_equal(vtr_data_copy_iovec(heap, iov, 3, &d), -EMSGSIZE);
    assert_int_equal(vtr_data_copy_iovec(heap, just, 2, &d), -EMSGSIZE);
    assert_memory_equal(&d, &was, sizeof d);
}

static void bufs_take_what_was_read_in_order(void **state)
{
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    struct vtr_buf b[4];
    struct iovec iov[4];
    assert_int_equal(vtr_buf_init_bulk(heap, 16, 48, b, 4), 4);
    vtr_buf_commit(&b[2], 48); /* no room is left */
    assert_true(vtr_buf_append(&b[0], "before:", 7));
    assert_int_equal(vtr_buf_to_iovec(b, 4, iov), 41 + 48 + 0 + 48);
    assert_int_equal(iov[2].iov_len, 0);
    assert_ptr_equal(iov[0].iov_base, vtr_buf_bytes(&b[0]) + 7);
    assert_int_equal(vtr_buf_commit_iovec(b, 4, 0), 0);
    assert_int_equal(vtr_buf_commit_iovec(b, 4, 41), 1);
    assert_int_equal(vtr_buf_len(&b[0]), 48);
    assert_int_equal(vtr_buf_commit_iovec(b, 4, 49), 4); /* the full one is passed over */
    assert_int_equal(vtr_buf_len(&b[1]), 48);
    assert_int_equal(vtr_buf_len(&b[3]), 1);
    for (int i = 0; i < 4; i++)
        vtr_buf_fini(&b[i]);
}

static void commit_beyond_the_bufs(void)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_buf b[2];
    unsigned n = vtr_buf_init_bulk(heap, 0, 64, b, 2);
    vtr_buf_commit_iovec(b, n, n * 64 + 1);
}

static void more_than_there_was_room_for_is_a_broken_contract(void **state)
{
    (void)state;
    char said[512];
    assert_int_equal(test_death(commit_beyond_the_bufs, said, sizeof said), SIGABRT);
    assert_non_null(strstr(said, "broken contract"));
}

/* What is read lies in blocks of their own, joined without a copy. */
static struct vtr_data read_all(struct vtr_heap *heap, int fd, size_t len)
{
    enum { BUFS = 7 };
    struct vtr_data all = VTR_DATA_EMPTY;
    while (all.len < len) {
        struct vtr_buf b[BUFS];
        struct vtr_data parts[BUFS + 1];
        struct iovec iov[BUFS];
        assert_int_equal(vtr_buf_init_bulk(heap, 0, 960, b, BUFS), BUFS);
        vtr_buf_to_iovec(b, BUFS, iov);
        ssize_t got = readv(fd, iov, BUFS);
        assert_true(got > 0);
        vtr_buf_commit_iovec(b, BUFS, (size_t)got);
        parts[0] = vtr_move(&all);
        for (int i = 0; i < BUFS; i++)
            parts[i + 1] = vtr_buf_seal(&b[i]);
        assert_int_equal(vtr_data_join_take(parts, BUFS + 1, &all), 0);
    }
    return all;
}

/* Some of it at a time: writev may stop anywhere. @return what is left. */
static void write_some(int fd, struct vtr_data *rest)
{
    struct iovec iov[8];
    unsigned n = vtr_data_to_iovec(*rest, iov, 8);
    ssize_t put = writev(fd, iov, (int)(n < 8 ? n : 8));
    assert_true(put > 0 && vtr_data_strip(rest, (size_t)put));
}

static struct vtr_data in_pieces(struct vtr_heap *heap, const uint8_t *bytes, size_t len)
{
    struct vtr_data parts[20], d;
    for (size_t i = 0; i < 20; i++)
        parts[i] = test_data(heap, bytes + len * i / 20, len * (i + 1) / 20 - len * i / 20);
    assert_int_equal(vtr_data_join_take(parts, 20, &d), 0);
    return d;
}

static void a_socket_takes_and_gives_bytes_in_place(void **state)
{
    enum { LEN = 50000 };
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    static uint8_t bytes[LEN];
    int fds[2];
    fill(bytes, LEN);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    struct vtr_data sent = in_pieces(heap, bytes, LEN), got = VTR_DATA_EMPTY, both;
    while (sent.len != 0) { /* in turns, so that neither side waits for the other */
        size_t before = sent.len;
        write_some(fds[0], &sent);
        struct vtr_data some = read_all(heap, fds[1], before - sent.len);
        assert_int_equal(vtr_data_concat(got, some, &both), 0);
        vtr_data_unref(&got);
        vtr_data_unref(&some);
        got = both;
    }
    assert_data(got, bytes, LEN);
    vtr_data_unref(&sent);
    vtr_data_unref(&got);
    close(fds[0]);
    close(fds[1]);
}

static void a_file_takes_and_gives_bytes_in_place(void **state)
{
    enum { LEN = 300000 };
    struct vtr_heap *heap = (struct vtr_heap *)*state;
    static uint8_t bytes[LEN];
    FILE *file = tmpfile();
    assert_non_null(file);
    fill(bytes, LEN);
    struct vtr_data d = in_pieces(heap, bytes, LEN), rest = vtr_data_ref(d);
    while (rest.len != 0)
        write_some(fileno(file), &rest);
    assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
    struct vtr_data got = read_all(heap, fileno(file), LEN);
    assert_int_equal(vtr_data_compare(got, d), 0);
    vtr_data_unref(&got);
    vtr_data_unref(&rest);
    vtr_data_unref(&d);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_with_heap(scattered_bytes_are_gathered_into_one_block),
        cmocka_unit_test(more_than_a_block_is_gathered_into_few),
        test_with_heap(lengths_that_wrap_are_refused),
        test_with_heap(bufs_take_what_was_read_in_order),
        cmocka_unit_test(more_than_there_was_room_for_is_a_broken_contract),
        test_with_heap(a_socket_takes_and_gives_bytes_in_place),
        test_with_heap(a_file_takes_and_gives_bytes_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
