/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: what happens to a port besides packets, and waiting for them.
 * Usage: test_port_link [kernel]. With kernel, interfaces of the kernel, made in a network
 * namespace of the program's own.
 */
#include "memifs.h"
#include "puppet.h"

#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static struct vtr_heap *heap;

static int make_heap(void **state)
{
    heap = test_heap(64 << 20);
    return 0;
}

static int end_heap(void **state)
{
    assert_int_equal(test_live(heap), 0);
    test_heap_end(heap);
    return 0;
}

/* Of an armed queue, or of a port with an event. */
static bool is_readable(struct vtr_port *port, unsigned queue, int ms)
{
    struct pollfd p = { .fd = vtr_port_fd(port, queue), .events = POLLIN };
    return poll(&p, 1, ms) == 1;
}

/* Takes events until those wanted have come. */
static unsigned events_of(struct vtr_port *port, unsigned wanted)
{
    unsigned events = 0;
    while ((events & wanted) != wanted) {
        assert_true(is_readable(port, 0, 1000 * TEST_PATIENCE_S));
        events |= vtr_port_events(port);
    }
    return events;
}

static void arm_empty(struct vtr_port *port, unsigned queue)
{
    struct vtr_pkt pkt;
    assert_int_equal(vtr_port_arm(port, queue), 0);
    assert_int_equal(vtr_port_rx(port, queue, &pkt, 1), 0);
}

static void send_one(struct vtr_port *port, unsigned queue)
{
    struct vtr_pkt pkt = test_pkt(heap, 100, 1);
    test_send(port, queue, &pkt, 1);
}

static void take_one(struct vtr_port *port, unsigned queue)
{
    struct vtr_pkt pkt;
    assert_int_equal(test_receive(port, queue, &pkt, 1), 1);
    vtr_pkt_unref(&pkt);
}

static void a_rings_other_end_is_an_event(void **state)
{
    struct vtr_port *a = test_port(heap, "ring:x", NULL);
    assert_int_equal(vtr_port_events(a), 0);
    assert_false(is_readable(a, 0, 0));
    struct vtr_port *b = test_port(heap, "ring:x", NULL);
    assert_true(is_readable(a, 0, 0));
    assert_int_equal(vtr_port_events(a), VTR_PORT_UP);
    assert_false(is_readable(a, 0, 0));
    assert_int_equal(vtr_port_events(b), 0);
    assert_int_equal(vtr_port_close(b), 0);
    assert_int_equal(vtr_port_events(a), VTR_PORT_DOWN);
    b = test_port(heap, "ring:x", NULL);
    assert_int_equal(vtr_port_close(b), 0);
    assert_int_equal(vtr_port_events(a), VTR_PORT_UP | VTR_PORT_DOWN);
    assert_int_equal(vtr_port_close(a), 0);
}

static void an_armed_ring_wakes_and_an_idle_one_does_not(void **state)
{
    struct vtr_port_opts opts = test_opts();
    opts.queues = 2;
    struct vtr_port *a = test_port(heap, "ring:x", &opts), *b = test_port(heap, "ring:x", &opts);
    (void)vtr_port_events(a);
    send_one(b, 0);
    assert_false(is_readable(a, 0, 0)); /* not armed */
    take_one(a, 0);
    arm_empty(a, 0);
    arm_empty(a, 1);
    assert_false(is_readable(a, 0, 20));
    send_one(b, 0);
    assert_true(is_readable(a, 0, 0));
    assert_false(is_readable(a, 1, 0)); /* another queue */
    vtr_port_disarm(a, 0);
    assert_false(is_readable(a, 0, 0));
    take_one(a, 0);
    send_one(b, 1);
    assert_true(is_readable(a, 1, 0));
    take_one(a, 1);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
}

static void the_descriptor_goes_beside_others_in_epoll(void **state)
{
    struct vtr_port *a = test_port(heap, "ring:x", NULL), *b = test_port(heap, "ring:x", NULL);
    struct epoll_event event = { .events = EPOLLIN, .data.u32 = 7 }, got[2];
    int fds[2], epoll = epoll_create1(EPOLL_CLOEXEC), fd = vtr_port_fd(a, 0);
    assert_int_equal(pipe(fds), 0);
    assert_true(fd >= 0 && fd == vtr_port_fd(a, 0));
    assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
    event.data.u32 = 8;
    assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event), 0);
    assert_int_equal(vtr_port_events(a), VTR_PORT_UP);
    arm_empty(a, 0);
    assert_int_equal(epoll_wait(epoll, got, 2, 0), 0);
    send_one(b, 0);
    assert_int_equal(epoll_wait(epoll, got, 2, 0), 1);
    assert_int_equal(got[0].data.u32, 7);
    assert_int_equal(write(fds[1], "", 1), 1);
    assert_int_equal(epoll_wait(epoll, got, 2, 0), 2);
    vtr_port_disarm(a, 0);
    take_one(a, 0);
    close(epoll);
    close(fds[0]);
    close(fds[1]);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
}

enum { ROUNDS = 20000 };

static void *send_now_and_then(void *arg)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct vtr_pkt pkt = test_pkt(heap, 60 + i % 100, i);
        while (vtr_port_tx(arg, 0, &pkt, 1) == 0)
            sched_yield();
        if (i % 16 == 0)
            sched_yield();
    }
    return NULL;
}

/* Each wait has an end only if a wake-up is not missed. */
static void sleep_through(struct vtr_port *from, struct vtr_port *to)
{
    pthread_t thread;
    struct vtr_pkt pkts[8];
    (void)vtr_port_events(to);
    assert_int_equal(pthread_create(&thread, NULL, send_now_and_then, from), 0);
    for (unsigned i = 0, n; i < ROUNDS; i += n) {
        n = vtr_port_rx_wait(to, 0, pkts, 8, 1000 * TEST_PATIENCE_S);
        if (n == 0)
            fail_msg("slept through frame %u of %d", i, ROUNDS);
        for (unsigned j = 0; j < n; j++)
            assert_true(test_pkt_is(pkts[j], 60 + (i + j) % 100, i + j));
        test_unref(pkts, n);
    }
    pthread_join(thread, NULL);
}

static void nothing_sent_over_a_ring_is_slept_through(void **state)
{
    struct vtr_port *a = test_port(heap, "ring:x", NULL), *b = test_port(heap, "ring:x", NULL);
    sleep_through(a, b);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
}

static void nothing_sent_over_a_memif_is_slept_through(void **state)
{
    struct vtr_port *server = test_port(heap, server_spec, NULL);
    struct vtr_port *client = test_port(heap, client_spec, NULL);
    (void)events_of(client, VTR_PORT_UP);
    (void)events_of(server, VTR_PORT_UP);
    sleep_through(client, server);
    sleep_through(server, client);
    assert_int_equal(vtr_port_close(client), 0);
    assert_int_equal(vtr_port_close(server), 0);
}

static void a_memifs_peer_is_an_event(void **state)
{
    struct vtr_port *server = test_port(heap, server_spec, NULL);
    assert_false(is_readable(server, 0, 0));
    struct vtr_port *client = test_port(heap, client_spec, NULL);
    assert_int_equal(events_of(server, VTR_PORT_UP), VTR_PORT_UP);
    assert_int_equal(events_of(client, VTR_PORT_UP), VTR_PORT_UP);
    assert_int_equal(vtr_port_close(client), 0);
    assert_int_equal(events_of(server, VTR_PORT_DOWN), VTR_PORT_DOWN);
    assert_int_equal(vtr_port_close(server), 0);
}

/* Who waits and who takes the events may be two threads. The other end is one that rings only when
 * it is asked to. */
static void what_waits_is_woken_by_the_next_link(void **state)
{
    int door = puppet_listen(server_spec + strlen("memif:"));
    assert_true(door >= 0);
    struct vtr_port *client = test_port(heap, client_spec, NULL);
    for (int i = 0; i < 2; i++) {
        struct puppet p;
        arm_empty(client, 0);
        assert_true(puppet_server(&p, door));
        assert_true(test_link_is(client, true));
        while (vtr_port_events(client) == 0)
            ;
        assert_true(is_readable(client, 0, 1000));
        puppet_end(&p);
        (void)events_of(client, VTR_PORT_DOWN);
    }
    vtr_port_disarm(client, 0);
    assert_int_equal(vtr_port_close(client), 0);
    close(door);
    unlink(server_spec + strlen("memif:"));
}

static void a_client_finds_its_server_again(void **state)
{
    struct vtr_port *server = test_port(heap, server_spec, NULL);
    struct vtr_port *client = test_port(heap, client_spec, NULL);
    (void)events_of(client, VTR_PORT_UP);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(vtr_port_close(server), 0);
        assert_true(test_link_is(client, false));
        assert_int_equal(events_of(client, VTR_PORT_DOWN), VTR_PORT_DOWN);
        server = test_port(heap, server_spec, NULL);
        assert_int_equal(events_of(client, VTR_PORT_UP), VTR_PORT_UP);
        send_one(client, 0);
        take_one(server, 0);
        send_one(server, 0);
        take_one(client, 0);
    }
    assert_int_equal(vtr_port_close(server), 0);
    assert_int_equal(vtr_port_close(client), 0);
}

static void a_null_port_never_lets_its_caller_sleep(void **state)
{
    struct vtr_port *port = test_port(heap, "null:0", NULL);
    assert_false(is_readable(port, 0, 0));
    assert_int_equal(vtr_port_arm(port, 0), 0);
    assert_true(is_readable(port, 0, 0));
    vtr_port_disarm(port, 0);
    assert_false(is_readable(port, 0, 0));
    assert_int_equal(vtr_port_close(port), 0);
}

static void a_port_that_cannot_say_wakes_after_a_nap(void **state)
{
    struct vtr_port *port = test_port(heap, "null:0,no-rx=1", NULL);
    for (int i = 0; i < 8; i++) {
        arm_empty(port, 0);
        assert_true(is_readable(port, 0, 1000 * TEST_PATIENCE_S));
        vtr_port_disarm(port, 0);
        assert_false(is_readable(port, 0, 5));
    }
    assert_int_equal(vtr_port_close(port), 0);
}

static void a_wait_ends_when_its_time_is_over(void **state)
{
    struct vtr_pkt pkt;
    struct timespec began, now;
    struct vtr_port *a = test_port(heap, "ring:x", NULL);
    assert_int_equal(vtr_port_rx_wait(a, 0, &pkt, 1, 0), 0);
    clock_gettime(CLOCK_MONOTONIC, &began);
    assert_int_equal(vtr_port_rx_wait(a, 0, &pkt, 1, 30), 0);
    clock_gettime(CLOCK_MONOTONIC, &now);
    assert_true((now.tv_sec - began.tv_sec) * 1000 + (now.tv_nsec - began.tv_nsec) / 1000000 >= 29);
    assert_int_equal(vtr_port_close(a), 0);
}

static void software_ports_hear_all_and_say_so(void **state)
{
    static const uint8_t group[1][6] = { { 0x33, 0x33, 0, 0, 0, 1 } }, host[1][6] = { { 2 } };
    static const char *const specs[] = { "null:0", "ring:x", server_spec };
    for (int i = 0; i < 3; i++) {
        struct vtr_error err = { 0 };
        char want[96];
        struct vtr_port *port = test_port(heap, specs[i], NULL);
        snprintf(want, sizeof want, "port '%s': promiscuous mode: not with ", specs[i]);
        assert_int_equal(vtr_port_promiscuous(port, true, &err), 0);
        assert_int_equal(vtr_port_allmulticast(port, true, NULL), 0);
        assert_int_equal(vtr_port_allmulticast(port, false, NULL), -ENOTSUP);
        assert_int_equal(vtr_port_promiscuous(port, false, &err), -ENOTSUP);
        assert_memory_equal(err.what, want, strlen(want));
        assert_int_equal(vtr_port_multicast(port, group, 1, NULL), 0);
        assert_int_equal(vtr_port_multicast(port, host, 1, &err), -EINVAL);
        assert_int_equal(vtr_port_close(port), 0);
    }
}

/* Interfaces of the kernel. */

static void run(const char *command)
{
    if (system(command) != 0)
        fail_msg("%s", command);
}

static void a_tap_says_up_down_and_gone(void **state)
{
    struct vtr_pkt pkt = test_pkt(heap, 100, 1);
    struct vtr_error err = { 0 };
    struct vtr_port *port = test_port(heap, "tap:vtr0", NULL);
    assert_true(vtr_port_fd(port, 0) >= 0);
    assert_true(test_link_is(port, true));
    (void)vtr_port_events(port);
    run("ip link set vtr0 down");
    assert_int_equal(events_of(port, VTR_PORT_DOWN), VTR_PORT_DOWN);
    assert_true(test_link_is(port, false));
    run("ip link set vtr0 up");
    assert_int_equal(events_of(port, VTR_PORT_UP), VTR_PORT_UP);
    run("ip link del vtr0");
    assert_int_equal(events_of(port, VTR_PORT_GONE), VTR_PORT_DOWN | VTR_PORT_GONE);
    assert_int_equal(vtr_port_tx(port, 0, &pkt, 1), 0);
    assert_int_equal(vtr_port_arm(port, 0), 0);
    assert_int_equal(vtr_port_rx_wait(port, 0, &pkt, 0, 5), 0);
    assert_false(is_readable(port, 0, 5));
    assert_int_equal(vtr_port_promiscuous(port, true, &err), -ENODEV);
    assert_int_equal(vtr_port_multicast(port, NULL, 0, &err), -ENODEV);
    assert_non_null(strstr(err.what, "its device is gone"));
    assert_true(test_link_is(port, false));
    vtr_pkt_unref(&pkt);
    assert_int_equal(vtr_port_close(port), 0);
    port = test_port(heap, "tap:vtr0", NULL); /* and its name is free */
    assert_int_equal(vtr_port_close(port), 0);
}

/* Sends frames into an interface, from the kernel's side; it says much on its own, too. */
static void kernel_sends(const char *iface)
{
    char command[160];
    snprintf(command, sizeof command, "ping -6 -c 1 -W 0.1 -I %s ff02::1 >/dev/null 2>&1 || true",
             iface);
    run(command);
}

/* Receives what the kernel says on its own, so that the queue is empty. */
static void hush(struct vtr_port *port)
{
    struct vtr_pkt pkts[8];
    for (unsigned n; (n = vtr_port_rx_wait(port, 0, pkts, 8, 100)) != 0;)
        test_unref(pkts, n);
}

static void frames_wake(struct vtr_port *port, const char *kernel_side)
{
    struct vtr_pkt pkt;
    hush(port);
    (void)vtr_port_events(port);
    kernel_sends(kernel_side);
    assert_int_equal(vtr_port_rx_wait(port, 0, &pkt, 1, 1000 * TEST_PATIENCE_S), 1);
    vtr_pkt_unref(&pkt);
    hush(port);
}

static void a_frame_from_the_kernel_wakes_a_tap(void **state)
{
    struct vtr_port *port = test_port(heap, "tap:vtr0", NULL);
    run("ip link set vtr0 up");
    frames_wake(port, "vtr0");
    assert_int_equal(vtr_port_close(port), 0);
}

static void make_pair(void)
{
    run("ip link add vtra type veth peer name vtrb");
    run("ip link set vtra up");
    run("ip link set vtrb up");
}

static void a_packet_sockets_interface_wakes_says_up_down_and_gone(void **state)
{
    make_pair();
    struct vtr_pkt pkts[4];
    struct vtr_port *port = test_port(heap, "af_packet:vtra", NULL);
    assert_true(vtr_port_fd(port, 0) >= 0);
    assert_true(test_link_is(port, true));
    frames_wake(port, "vtrb");
    run("ip link set vtrb down"); /* the other end */
    assert_int_equal(events_of(port, VTR_PORT_DOWN), VTR_PORT_DOWN);
    run("ip link set vtrb up");
    assert_int_equal(events_of(port, VTR_PORT_UP), VTR_PORT_UP);
    run("ip link set vtra down");
    assert_int_equal(events_of(port, VTR_PORT_DOWN), VTR_PORT_DOWN);
    for (int i = 0; i < 4; i++) /* the driver loses them and says that it has not */
        pkts[i] = test_pkt(heap, 100, (uint32_t)i);
    assert_int_equal(vtr_port_tx(port, 0, pkts, 4), 4);
    assert_int_equal(test_stat(port).drop[VTR_DROP_TX_ERROR], 4);
    run("ip link del vtra");
    assert_int_equal(events_of(port, VTR_PORT_GONE) & VTR_PORT_GONE, VTR_PORT_GONE);
    pkts[0] = test_pkt(heap, 100, 9);
    assert_int_equal(vtr_port_tx(port, 0, pkts, 1), 0);
    assert_int_equal(vtr_port_rx(port, 0, pkts + 1, 1), 0);
    vtr_pkt_unref(&pkts[0]);
    assert_int_equal(vtr_port_close(port), 0);
}

static bool has_flag(const char *iface, short flag)
{
    struct ifreq ifr = { 0 };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    strncpy(ifr.ifr_name, iface, IFNAMSIZ - 1);
    assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &ifr), 0);
    close(fd);
    return (ifr.ifr_flags & flag) != 0;
}

/* ip(8) counts them where SIOCGIFFLAGS shows only what was asked for by hand. */
static bool says(const char *command) { return system(command) == 0; }

static void a_shared_interface_listens_to_what_was_asked_for_and_no_longer(void **state)
{
    static const uint8_t groups[2][6] = { { 0x33, 0x33, 0, 0, 0x12, 0x34 },
                                          { 0x01, 0, 0x5e, 1, 2, 3 } };
    make_pair();
    struct vtr_port *port = test_port(heap, "af_packet:vtra", NULL);
    assert_true(says("ip -d link show vtra | grep -q 'promiscuity 0'"));
    assert_int_equal(vtr_port_promiscuous(port, true, NULL), 0);
    assert_int_equal(vtr_port_promiscuous(port, true, NULL), 0);
    assert_true(says("ip -d link show vtra | grep -q 'promiscuity 1'"));
    assert_int_equal(vtr_port_promiscuous(port, false, NULL), 0);
    assert_true(says("ip -d link show vtra | grep -q 'promiscuity 0'"));
    assert_int_equal(vtr_port_multicast(port, groups, 2, NULL), 0);
    assert_true(says("ip maddress show dev vtra | grep -q 33:33:00:00:12:34"));
    assert_int_equal(vtr_port_multicast(port, groups + 1, 1, NULL), 0);
    assert_false(says("ip maddress show dev vtra | grep -q 33:33:00:00:12:34"));
    assert_true(says("ip maddress show dev vtra | grep -q 01:00:5e:01:02:03"));
    assert_int_equal(vtr_port_allmulticast(port, true, NULL), 0);
    assert_false(has_flag("vtra", IFF_ALLMULTI)); /* nobody's choice is overwritten */
    assert_int_equal(vtr_port_close(port), 0);
    assert_false(says("ip maddress show dev vtra | grep -q 01:00:5e:01:02:03"));
    run("ip link del vtra");
}

#define LINK_TEST(test) cmocka_unit_test_setup_teardown(test, make_heap, end_heap)

static int of_kernel(void)
{
    const struct CMUnitTest tests[] = {
        LINK_TEST(a_tap_says_up_down_and_gone),
        LINK_TEST(a_frame_from_the_kernel_wakes_a_tap),
        LINK_TEST(a_packet_sockets_interface_wakes_says_up_down_and_gone),
        LINK_TEST(a_shared_interface_listens_to_what_was_asked_for_and_no_longer),
    };
    if (unshare(CLONE_NEWNET) != 0 || access("/dev/net/tun", R_OK | W_OK) != 0 ||
        system("ip link set lo up && command -v ping >/dev/null") != 0) {
        puts("skipped: needs the right to make network namespaces, /dev/net/tun, ip and ping");
        return 77;
    }
    return cmocka_run_group_tests_name("link_kernel", tests, make_dir, remove_dir);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        LINK_TEST(a_rings_other_end_is_an_event),
        LINK_TEST(an_armed_ring_wakes_and_an_idle_one_does_not),
        LINK_TEST(the_descriptor_goes_beside_others_in_epoll),
        LINK_TEST(nothing_sent_over_a_ring_is_slept_through),
        LINK_TEST(nothing_sent_over_a_memif_is_slept_through),
        LINK_TEST(a_memifs_peer_is_an_event),
        LINK_TEST(what_waits_is_woken_by_the_next_link),
        LINK_TEST(a_client_finds_its_server_again),
        LINK_TEST(a_null_port_never_lets_its_caller_sleep),
        LINK_TEST(a_port_that_cannot_say_wakes_after_a_nap),
        LINK_TEST(a_wait_ends_when_its_time_is_over),
        LINK_TEST(software_ports_hear_all_and_say_so),
    };
    if (argc > 1 && strcmp(argv[1], "kernel") == 0)
        return of_kernel();
    return cmocka_run_group_tests_name("link", tests, make_dir, remove_dir);
}
