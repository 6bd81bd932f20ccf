/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: how captures end, well or not, and what they do beside traffic.
 */
#include "captures.h"

#include <limits.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>

/* Must be first: DPDK starts in the child alone. */
static void a_killed_process_leaves_a_file_that_is_good(void **state)
{
    need("tshark");
    char path[128];
    struct stat st = { .st_size = 0 };
    snprintf(path, sizeof path, "%s", file_named("killed"));
    pid_t pid = fork();
    if (pid == 0) {
        struct vtr_heap *heap = test_heap(64 << 20);
        struct vtr_port *port = test_port(heap, "null:", NULL);
        capture(port, path, NULL);
        for (;;)
            send_numbered(heap, port, 0, 0, 100, 300);
    }
    for (struct timespec began = { 0 }; st.st_size < 1 << 20; sched_yield()) {
        if (began.tv_sec == 0)
            clock_gettime(CLOCK_MONOTONIC, &began);
        assert_false(test_late(&began));
        (void)!stat(path, &st);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    unsigned long long missing;
    assert_true(packets_of(path, &missing) > 1000);
}

static void a_full_disk_is_reported_and_stops_nothing(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:", NULL);
    struct vtr_error err = { 0 };
    struct timespec began;
    if (access("/dev/full", W_OK) != 0) {
        print_message("no /dev/full here\n");
        skip();
    }
    capture(port, "/dev/full", NULL);
    clock_gettime(CLOCK_MONOTONIC, &began);
    while (!stat_of(port).done && !test_late(&began))
        send_numbered(heap, port, 0, 0, 10, 100);
    send_numbered(heap, port, 0, 0, 1000, 100);
    assert_int_equal(stat_of(port).error, -ENOSPC);
    assert_int_equal(stat_of(port).packets, 0);
    assert_int_equal(vtr_port_capture_stop(port, &err), -ENOSPC);
    assert_non_null(strstr(err.what, "cannot write: No space left on device"));
    capture(port, file_named("again"), NULL);
    stop(port);
    assert_int_equal(stat_of(port).error, 0);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

/* In the middle of a packet, of a file of its own and of the caller's, which may go on. */
static void a_file_that_may_not_grow_ends_behind_a_packet(void **state)
{
    need("tshark");
    enum { MOST = 100000 };
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:", NULL);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    for (int own = 0; own < 2; own++) {
        const char *path = file_named(own ? "own" : "given");
        struct vtr_capture_opts opts = capture_opts();
        struct rlimit most = { MOST, before.rlim_max };
        struct timespec began;
        opts.fd = own ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &most), 0);
        capture(port, own ? path : NULL, &opts);
        clock_gettime(CLOCK_MONOTONIC, &began);
        for (unsigned sent = 0; !stat_of(port).done && !test_late(&began);)
            if (stat_of(port).packets == sent) {
                send_numbered(heap, port, 0, sent, 64, 300);
                sent += 64;
            }
        assert_int_equal(vtr_port_capture_stop(port, NULL), -EFBIG);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_true(stat_of(port).packets >= 64);
        assert_int_equal(count_of(path), stat_of(port).packets);
        assert_null(strstr(ask("tshark -n 2>&1 -r", path)->text, "cut short"));
        if (!own) {
            assert_int_equal(lseek(opts.fd, 0, SEEK_CUR), lseek(opts.fd, 0, SEEK_END));
            close(opts.fd);
        }
    }
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

struct reader {
    int fd;
    const char *path;
};

static void *read_all(void *arg)
{
    const struct reader *r = arg;
    FILE *file = fopen(r->path, "w");
    char bytes[4096];
    for (ssize_t n; (n = read(r->fd, bytes, sizeof bytes)) > 0;)
        fwrite(bytes, 1, (size_t)n, file);
    fclose(file);
    return NULL;
}

static void a_slow_reader_loses_packets_that_are_counted(void **state)
{
    need("tshark");
    enum { PACKETS = 5000, LEN = 1000 };
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:", NULL);
    struct vtr_capture_opts opts = capture_opts();
    int fds[2];
    pthread_t thread;
    assert_int_equal(pipe(fds), 0);
    opts.fd = fds[1];
    opts.backlog = 64;
    capture(port, NULL, &opts);
    send_numbered(heap, port, 0, 0, PACKETS, LEN); /* nobody reads, and nobody waits */
    assert_true(stat_of(port).lost > PACKETS / 2);
    struct reader reader = { fds[0], file_named("slow") };
    assert_int_equal(pthread_create(&thread, NULL, read_all, &reader), 0);
    stop(port);
    close(fds[1]);
    pthread_join(thread, NULL);
    close(fds[0]);
    struct vtr_capture_stat s = stat_of(port);
    assert_int_equal(s.packets + s.lost, PACKETS);
    unsigned long long missing;
    assert_int_equal(packets_of(file_named("slow"), &missing), s.packets);
    assert_true(missing <= s.lost); /* what is missing at the end is in the statistics */
    char want[64];
    snprintf(want, sizeof want, "Number of packets = %llu", (unsigned long long)s.packets);
    assert_non_null(strstr(ask("capinfos", file_named("slow"))->text, want));
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

static void a_reader_that_takes_nothing_holds_nobody_up(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:", NULL);
    struct vtr_capture_opts opts = capture_opts();
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    opts.fd = fds[1];
    capture(port, NULL, &opts);
    send_numbered(heap, port, 0, 0, 1000, 1000);
    assert_int_equal(vtr_port_capture_stop(port, NULL), -ETIMEDOUT);
    capture(port, NULL, &opts);
    close(fds[0]); /* and one that is gone raises no signal */
    send_numbered(heap, port, 0, 0, 1000, 1000);
    assert_int_equal(vtr_port_capture_stop(port, NULL), -EPIPE);
    close(fds[1]);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

static void files_are_written_in_turn(void **state)
{
    need("tshark");
    enum { FILES = 3, LEN = 1000, PACKETS = 2000 };
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:", NULL);
    struct vtr_capture_opts opts = capture_opts();
    opts.snap_bytes = 2000;
    opts.file_bytes = 300000;
    opts.files = FILES;
    opts.backlog = PACKETS;
    capture(port, file_named("turn"), &opts);
    send_numbered(heap, port, 0, 0, PACKETS, LEN);
    stop(port);
    assert_int_equal(stat_of(port).packets, PACKETS);
    assert_int_equal(stat_of(port).lost, 0);
    assert_int_equal(stat_of(port).files, 8); /* of 283 packets, which take 1052 bytes each */
    unsigned n = 0;
    for (unsigned i = 0; i < FILES; i++) {
        char name[16];
        struct stat st;
        snprintf(name, sizeof name, "turn.%u", i);
        assert_int_equal(stat(file_named(name), &st), 0);
        assert_true(st.st_size <= (off_t)opts.file_bytes);
        assert_int_equal(st.st_mode & 0777, 0600);
        n += count_of(file_named(name));
    }
    assert_true(n < PACKETS && n > PACKETS / 4);
    assert_frames(file_named("turn.1"), PACKETS - count_of(file_named("turn.1")),
                  count_of(file_named("turn.1")), LEN, LEN);
    opts.files = 0;
    capture(port, file_named("one"), &opts);
    send_numbered(heap, port, 0, 0, PACKETS, LEN);
    stop(port);
    assert_int_equal(count_of(file_named("one")), stat_of(port).packets);
    assert_true(stat_of(port).packets < PACKETS && stat_of(port).files == 1);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

static void options_are_checked(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:", NULL);
    struct vtr_capture_opts opts[9];
    struct vtr_error err;
    for (int i = 0; i < 9; i++)
        opts[i] = capture_opts();
    opts[0].size = 4096;
    opts[1].what = 8;
    opts[2].what = VTR_CAPTURE_DROPS;
    opts[3].snap_bytes = 262145;
    opts[4].backlog = (1 << 20) + 1;
    opts[5].files = 2;
    opts[6].file_bytes = 262144;
    opts[7].size = 2;
    opts[8].files = 10001;
    for (int i = 0; i < 9; i++)
        assert_int_equal(vtr_port_capture(port, file_named("a"), &opts[i], &err), -EINVAL);
    assert_int_equal(vtr_port_capture(port, file_named("no/folder"), NULL, &err), -ENOENT);
    assert_non_null(strstr(err.what, "No such file or directory"));
    char longest[PATH_MAX + 1] = { 0 };
    memset(longest, 'x', PATH_MAX);
    assert_int_equal(vtr_port_capture(port, longest, NULL, &err), -ENAMETOOLONG);
    struct vtr_capture_opts turn = capture_opts(), closed = turn;
    turn.files = 2;
    turn.file_bytes = 1 << 20;
    assert_int_equal(vtr_port_capture(port, NULL, &turn, &err), -EINVAL);
    closed.fd = 1 << 20;
    assert_int_equal(vtr_port_capture(port, NULL, &closed, &err), -EBADF);
    assert_int_equal(vtr_port_capture_stop(port, NULL), 0);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

enum { QUEUES = 2, ROUNDS = 30 };

struct traffic {
    struct vtr_heap *heap;
    struct vtr_port *port;
    unsigned queue;
    bool *stop; /* atomic */
    uint64_t moved;
};

static void *traffic(void *arg)
{
    struct traffic *t = arg;
    struct vtr_pkt pkts[32];
    uint8_t bytes[200] = { 0 };
    while (!__atomic_load_n(t->stop, __ATOMIC_RELAXED)) {
        for (unsigned i = 0; i < 4; i++) {
            struct vtr_pkt pkt = { .flags = 0 };
            if (vtr_data_copy(t->heap, bytes, sizeof bytes, &pkt.data) == 0 &&
                vtr_port_tx(t->port, t->queue, &pkt, 1) == 0)
                vtr_pkt_unref(&pkt);
        }
        unsigned got = vtr_port_rx(t->port, t->queue, pkts, 32);
        test_unref(pkts, got);
        t->moved += got;
    }
    return NULL;
}

/* Starts and ends captures while every queue of both ends is busy. */
static void captures_come_and_go_beside_traffic(void **state)
{
    struct vtr_heap *heap = test_heap(256 << 20);
    struct vtr_port_opts opts = test_opts();
    opts.queues = QUEUES;
    struct vtr_port *port[2] = { test_port(heap, "ring:x", &opts),
                                 test_port(heap, "ring:x", &opts) };
    struct traffic t[2 * QUEUES];
    pthread_t thread[2 * QUEUES];
    bool stop_all = false;
    unsigned rounds = 0;
    uint64_t captured = 0, moved = 0;
    for (unsigned i = 0; i < 2 * QUEUES; i++) {
        t[i] = (struct traffic){ heap, port[i % 2], i / 2, &stop_all, 0 };
        assert_int_equal(pthread_create(&thread[i], NULL, traffic, &t[i]), 0);
    }
    do {
        struct vtr_capture_opts o = capture_opts();
        o.packets = rounds % 3 == 0 ? 100 : 0;
        for (unsigned i = 0; i < 2; i++)
            capture(port[i], file_named(i == 0 ? "a" : "b"), &o);
        usleep(rounds * 300 % 5000);
        for (unsigned i = 0; i < 2; i++) {
            stop(port[i]);
            captured += stat_of(port[i]).packets;
        }
        rounds++;
    } while (rounds < ROUNDS || captured == 0);
    __atomic_store_n(&stop_all, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < 2 * QUEUES; i++) {
        pthread_join(thread[i], NULL);
        moved += t[i].moved;
    }
    print_message("%u captures of %llu packets beside %llu\n", 2 * rounds,
                  (unsigned long long)captured, (unsigned long long)moved);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(vtr_port_close(port[i]), 0);
    test_heap_end(heap);
    if (system("command -v tshark >/dev/null") == 0) {
        unsigned long long missing;
        packets_of(file_named("a"), &missing); /* in the order of their times, of all queues */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_process_leaves_a_file_that_is_good),
        cmocka_unit_test(a_full_disk_is_reported_and_stops_nothing),
        cmocka_unit_test(a_file_that_may_not_grow_ends_behind_a_packet),
        cmocka_unit_test(a_slow_reader_loses_packets_that_are_counted),
        cmocka_unit_test(a_reader_that_takes_nothing_holds_nobody_up),
        cmocka_unit_test(files_are_written_in_turn),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(captures_come_and_go_beside_traffic),
    };
    return cmocka_run_group_tests(tests, folder_begin, folder_end);
}
