/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: a memif whose other end keeps to the letter and takes more than is its: descriptors, time,
 * memory. And a server that has run out of descriptors.
 */
#include "memifs.h"
#include "puppet.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/resource.h>

static struct vtr_heap *heap;
static struct vtr_port *port;

static int make_server(void **state)
{
    struct vtr_port_opts opts = test_opts();
    opts.frame_bytes = 9000;
    heap = test_heap(64 << 20);
    port = test_port(heap, server_spec, &opts);
    return 0;
}

static int end_port(void **state)
{
    assert_int_equal(vtr_port_close(port), 0);
    assert_int_equal(test_live(heap), 0);
    test_heap_end(heap);
    return 0;
}

static unsigned descriptors(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n;
}

static bool hung_up(int sock)
{
    struct pollfd f = { .fd = sock, .events = POLLRDHUP };
    return poll(&f, 1, 1000 * TEST_PATIENCE_S) == 1;
}

/* A message with two descriptors, where the protocol has one at most. */
static void put_two(int sock, uint16_t type, const int fds[2])
{
    char bytes[128] = { 0 }, control[CMSG_SPACE(2 * sizeof(int))] __attribute__((aligned(8)));
    struct iovec iov = { bytes, sizeof bytes };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
                        .msg_controllen = sizeof control };
    memcpy(bytes, &type, 2);
    memset(control, 0, sizeof control);
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_len = CMSG_LEN(2 * sizeof(int));
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    memcpy(CMSG_DATA(c), fds, 2 * sizeof(int));
    assert_int_equal(sendmsg(sock, &m, MSG_NOSIGNAL), sizeof bytes);
}

static void descriptors_that_nobody_asked_for_are_closed(void **state)
{
    unsigned before = descriptors();
    for (int i = 0; i < 100; i++) {
        struct puppet p = { .sock = 0 };
        const int fds[2] = { STDIN_FILENO, STDOUT_FILENO };
        assert_true(puppet_knock(&p, memif_path));
        put_two(p.sock, i % 2 ? PUPPET_RING : PUPPET_DISCONNECT, fds);
        assert_true(hung_up(p.sock));
        puppet_end(&p);
    }
    assert_int_equal(descriptors(), before);
}

static void *send_one(void *arg)
{
    struct vtr_pkt *pkt = arg;
    return vtr_port_tx(port, 0, pkt, 1) == 1 ? port : NULL;
}

/* @return whether sending comes back although the bell of the other end is full, and would block:
 * its end of the description is the peer's too, who can say so. */
static bool sends_beside_a_full_bell(int bell)
{
    const uint64_t full = UINT64_MAX - 1;
    uint64_t count;
    pthread_t thread;
    void *sent = NULL;
    struct timespec until;
    struct vtr_pkt pkt = test_pkt(heap, 100, 1);
    assert_int_equal(fcntl(bell, F_SETFL, O_NONBLOCK), 0);
    (void)!read(bell, &count, sizeof count);
    assert_int_equal(write(bell, &full, sizeof full), sizeof full);
    assert_int_equal(fcntl(bell, F_SETFL, 0), 0);
    assert_int_equal(pthread_create(&thread, NULL, send_one, &pkt), 0);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 5;
    bool back = pthread_timedjoin_np(thread, &sent, &until) == 0;
    if (!back) {
        (void)!read(bell, &count, sizeof count);
        pthread_join(thread, NULL);
    }
    vtr_pkt_unref(&pkt);
    return back && sent != NULL;
}

static void a_clients_bell_that_is_full_holds_nobody_up(void **state)
{
    struct puppet p;
    assert_true(puppet_client(&p, memif_path));
    assert_true(test_link_is(port, true));
    p.down->flags = 0;
    assert_true(sends_beside_a_full_bell(p.bell[1]));
    puppet_end(&p);
}

static void a_servers_bell_that_is_full_holds_nobody_up(void **state)
{
    int door = puppet_listen(memif_path);
    struct puppet p;
    assert_true(door >= 0);
    heap = test_heap(64 << 20);
    port = test_port(heap, client_spec, NULL);
    assert_true(puppet_server(&p, door));
    assert_true(test_link_is(port, true));
    p.up->flags = 0;
    assert_true(sends_beside_a_full_bell(p.bell[0]));
    puppet_end(&p);
    close(door);
    unlink(memif_path);
}

/* A bell that is an epoll over others could make the queue's own one too deep for its user's. */
static void a_bell_that_is_no_eventfd_is_refused(void **state)
{
    struct puppet p = { .sock = 0 };
    int bell = epoll_create1(EPOLL_CLOEXEC);
    assert_true(puppet_knock(&p, memif_path) && puppet_init(&p, 0) &&
                puppet_share(&p, F_SEAL_SHRINK) && puppet_region(&p, 0, PUPPET_BYTES, p.memory));
    assert_false(puppet_ring(&p, true, 0, 0, 0, PUPPET_LOG2, bell));
    close(bell);
    puppet_end(&p);
}

static int memory_of(uint64_t bytes, unsigned flags)
{
    int fd = memfd_create("puppet", MFD_ALLOW_SEALING | MFD_CLOEXEC | flags);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
    return fd;
}

/* Offsets have 32 bits. More would take the process's addresses, of which there are 2^47, and let
 * frames that lie where nothing is yet fill its memory. */
static void memory_beyond_what_a_slot_can_name_is_refused(void **state)
{
    static const struct {
        uint64_t bytes;
        unsigned taken;
    } of[] = { { UINT64_C(100) << 40, 0 }, { (UINT64_C(4) << 30) + 4096, 0 },
               { UINT64_C(4) << 30, 1 },   { UINT64_C(1) << 30, 4 } };
    for (int i = 0; i < 4; i++) {
        struct puppet p = { .sock = 0 };
        int fd = memory_of(of[i].bytes, 0);
        uint16_t taken = 0;
        assert_true(puppet_knock(&p, memif_path) && puppet_init(&p, 0));
        while (taken < 8 && puppet_region(&p, taken, of[i].bytes, fd))
            taken++;
        assert_int_equal(taken, of[i].taken);
        close(fd);
        puppet_end(&p);
    }
}

/* Of huge pages (of 2 MiB by default), a hole can be made where there was one, and be filled only
 * while there are any: else who looks there gets SIGBUS. */
static void memory_of_huge_pages_is_refused(void **state)
{
    enum { HUGE = 2 << 20 };
    struct puppet p = { .sock = 0 };
    int fd = memory_of(HUGE, MFD_HUGETLB);
    void *mine = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mine == MAP_FAILED) {
        close(fd);
        print_message("no huge page is free here\n");
        skip();
    }
    assert_true(puppet_knock(&p, memif_path) && puppet_init(&p, 0));
    assert_false(puppet_region(&p, 0, HUGE, fd));
    munmap(mine, HUGE);
    close(fd);
    puppet_end(&p);
}

/* As long as may be, and one more. */
static void a_frame_may_have_65535_bytes(void **state)
{
    struct puppet p;
    struct vtr_pkt pkt;
    assert_true(puppet_client(&p, memif_path));
    assert_true(test_link_is(port, true));
    for (unsigned longer = 0; longer < 2; longer++) {
        for (unsigned i = 0; i < 32; i++)
            p.up->desc[32 * longer + i] = (struct puppet_desc){
                .flags = i < 31, .length = i < 31 ? 2048 : 2047 + longer,
                .offset = 2 * PUPPET_RING_BYTES + i * PUPPET_SLOT };
        __atomic_store_n(&p.up->head, 32 * (longer + 1), __ATOMIC_RELEASE);
        assert_int_equal(vtr_port_rx(port, 0, &pkt, 1), 1 - longer);
        if (longer == 0) {
            assert_int_equal(pkt.data.len, 65535);
            vtr_pkt_unref(&pkt);
        }
        assert_int_equal(test_stat(port).drop[VTR_DROP_RX_ERROR], longer);
    }
    puppet_end(&p);
}

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* Takes all descriptors but @p spare. @return the first of them. */
static int use_up(struct rlimit *before, unsigned spare)
{
    int first = dup(STDIN_FILENO);
    assert_true(first >= 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
    struct rlimit few = { (rlim_t)first + spare + 1, before->rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    close(first);
    return first;
}

/* Without a descriptor for who knocks, the door would be ready for ever, and its thread busy. */
static void a_server_without_descriptors_hangs_up_and_sleeps(void **state)
{
    struct rlimit before;
    struct sockaddr_un un = puppet_address(memif_path);
    static const struct timespec moment = { 0, 200000000 };
    int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), taken[64];
    use_up(&before, 16);
    unsigned n = 0;
    while (n < 64 && (taken[n] = dup(STDIN_FILENO)) >= 0)
        n++;
    int64_t began = cpu_ns();
    assert_int_equal(connect(sock, (struct sockaddr *)&un, sizeof un), 0);
    bool told = hung_up(sock);
    nanosleep(&moment, NULL);
    int64_t used = cpu_ns() - began;
    while (n != 0)
        close(taken[--n]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    close(sock);
    assert_true(told);
    assert_true(used < moment.tv_nsec / 4);
    struct puppet p;
    assert_true(puppet_client(&p, memif_path));
    assert_true(test_link_is(port, true));
    puppet_end(&p);
}

int main(void)
{
#define GREEDY_TEST(test) cmocka_unit_test_setup_teardown(test, make_server, end_port)
    const struct CMUnitTest tests[] = {
        GREEDY_TEST(descriptors_that_nobody_asked_for_are_closed),
        GREEDY_TEST(a_clients_bell_that_is_full_holds_nobody_up),
        GREEDY_TEST(a_bell_that_is_no_eventfd_is_refused),
        GREEDY_TEST(memory_beyond_what_a_slot_can_name_is_refused),
        GREEDY_TEST(memory_of_huge_pages_is_refused),
        GREEDY_TEST(a_frame_may_have_65535_bytes),
        GREEDY_TEST(a_server_without_descriptors_hangs_up_and_sleeps),
        cmocka_unit_test_setup_teardown(a_servers_bell_that_is_full_holds_nobody_up, NULL,
                                        end_port),
    };
    return cmocka_run_group_tests_name("greedy", tests, make_dir, remove_dir);
}
