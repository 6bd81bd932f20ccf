/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: taps, packet sockets and XDP, in a network namespace of this process's own. Skipped without
 * root, /dev/net/tun or iproute2.
 */
#include "ports.h"

#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

/* 80 bytes that libxdp gives the driver, which forgets them when it is closed. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:xsk_umem__create\n"; }

enum { TYPE = 0x88b5 }; /* for experiments: IEEE Std 802, Ethertype */

static int skipped(const char *why)
{
    printf("skipped: %s\n", why);
    return 77;
}

static void run(const char *command)
{
    if (system(command) != 0)
        fail_msg("%s", command);
}

static int packet_socket(const char *name)
{
    struct sockaddr_ll at = { .sll_family = AF_PACKET,
                              .sll_protocol = htobe16(TYPE),
                              .sll_ifindex = (int)if_nametoindex(name) };
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htobe16(TYPE));
    int bytes = 4 << 20;
    assert_true(fd >= 0 && at.sll_ifindex != 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
    return fd;
}

/* Numbered frames of our type. */
static size_t frame_of(uint8_t *frame, size_t len, uint32_t number)
{
    test_fill(frame, len, number);
    memcpy(frame, "\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\1\x88\xb5", 14);
    return len;
}

static struct vtr_pkt pkt_of(struct vtr_heap *heap, size_t len, uint32_t number, bool scattered)
{
    struct vtr_pkt pkt = { .flags = 0 };
    uint8_t *frame = (uint8_t *)malloc(len);
    frame_of(frame, len, number);
    size_t first = scattered ? 20 : len;
    struct vtr_data a = test_data(heap, frame, first);
    struct vtr_data b = test_data(heap, frame + first, len - first);
    assert_int_equal(vtr_data_concat(a, b, &pkt.data), 0);
    vtr_data_unref(&a);
    vtr_data_unref(&b);
    free(frame);
    return pkt;
}

/* Receives until @p n frames of our type came; others (the kernel's own) end. */
static unsigned receive_ours(struct vtr_port *port, unsigned queues, struct vtr_pkt *out,
                             unsigned n)
{
    struct timespec began;
    unsigned got = 0;
    clock_gettime(CLOCK_MONOTONIC, &began);
    while (got < n && !test_late(&began))
        for (unsigned q = 0; q < queues && got < n; q++) {
            struct vtr_pkt pkt;
            uint8_t type[2] = { 0, 0 };
            if (vtr_port_rx(port, q, &pkt, 1) == 0)
                continue;
            if (vtr_data_gather(pkt.data, 12, type, 2) && type[0] == 0x88 && type[1] == 0xb5)
                out[got++] = pkt;
            else
                vtr_pkt_unref(&pkt);
        }
    return got;
}

static void check_pkt(struct vtr_pkt *pkt, size_t len, uint32_t number)
{
    uint8_t *want = (uint8_t *)malloc(len);
    frame_of(want, len, number);
    assert_data(pkt->data, want, len);
    vtr_pkt_unref(pkt);
    free(want);
}

/* From the kernel's side of the port to it, and back, frames of these lengths. */
static void both_ways(struct vtr_heap *heap, struct vtr_port *port, unsigned queues, int fd,
                      const size_t *lens, unsigned n)
{
    static uint8_t frame[65536], got[65536];
    struct timeval patience = { .tv_sec = TEST_PATIENCE_S };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    for (unsigned i = 0; i < n; i++) {
        struct vtr_pkt pkt;
        frame_of(frame, lens[i], i);
        assert_int_equal(send(fd, frame, lens[i], 0), lens[i]);
        assert_int_equal(receive_ours(port, queues, &pkt, 1), 1);
        check_pkt(&pkt, lens[i], i);
    }
    for (unsigned i = 0; i < 2 * n; i++) {
        size_t len = lens[i / 2];
        struct vtr_pkt pkt = pkt_of(heap, len, i, i % 2 != 0);
        struct sockaddr_ll from = { .sll_pkttype = PACKET_OUTGOING };
        socklen_t size = sizeof from;
        test_send(port, i % queues, &pkt, 1);
        while (from.sll_pkttype == PACKET_OUTGOING) /* what this socket sees of its own */
            assert_int_equal(recvfrom(fd, got, sizeof got, 0, (struct sockaddr *)&from, &size),
                             len);
        frame_of(frame, len, i);
        assert_memory_equal(got, frame, len);
    }
}

static const size_t lens[] = { 60, 61, 1000, 1514, 8999, 9014, 32000, 65342 };
enum { SHORT = 4, JUMBO = 6, ALL = sizeof lens / sizeof lens[0] };

static void a_tap_carries_frames_both_ways_on_each_queue(void **state)
{
    for (unsigned queues = 1; queues <= 4; queues += 3) {
        struct vtr_heap *heap = test_heap(64 << 20);
        struct vtr_port_opts opts = test_opts();
        struct vtr_port_info info;
        opts.queues = queues;
        struct vtr_port *port = test_port(heap, "tap:vt0,mac=02:00:00:00:00:07", &opts);
        vtr_port_info(port, &info);
        assert_string_equal(info.driver, "net_tap");
        assert_memory_equal(info.mac, "\x02\0\0\0\0\7", 6);
        assert_int_equal(info.queues, queues);
        int fd = packet_socket("vt0");
        both_ways(heap, port, queues, fd, lens, SHORT);
        close(fd);
        assert_int_equal(test_stat(port).tx_copies + test_stat(port).rx_copies, 0);
        assert_int_equal(test_stat(port).drops, 0);
        assert_int_equal(vtr_port_close(port), 0);
        assert_int_equal(if_nametoindex("vt0"), 0);
        test_heap_end(heap);
    }
}

static void a_tap_that_persists_is_there_afterwards_and_taken_over(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    for (int i = 0; i < 2; i++) {
        struct vtr_port *port = test_port(heap, "tap:vt1,persist", NULL);
        assert_int_equal(vtr_port_close(port), 0);
        assert_int_not_equal(if_nametoindex("vt1"), 0);
    }
    run("ip link del vt1");
    test_heap_end(heap);
}

static void refused(const char *spec, const struct vtr_port_opts *opts, int rc, const char *what)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_error err = { 0 };
    struct vtr_port *port = NULL;
    assert_int_equal(vtr_port_open(heap, spec, opts, &port, &err), rc);
    assert_non_null(strstr(err.what, what));
    test_heap_end(heap);
}

static void what_a_driver_cannot_is_refused_and_not_cut_down(void **state)
{
    struct vtr_port_opts opts = test_opts();
    opts.frame_bytes = 9000;
    refused("tap:vt2", &opts, -EINVAL, "frame_bytes is 9000, of which net_tap takes at most 1522");
    refused("af_xdp:va", &opts, -EINVAL, "of which net_af_xdp takes at most 3520");
    opts.frame_bytes = 65407;
    refused("af_packet:va", &opts, -EINVAL, "of which packet sockets take at most 65342 here");
    refused("tap:va", NULL, -EEXIST, "an interface 'va' is there, and no tap");
    opts = test_opts();
    opts.queues = 17;
    refused("tap:vt2", &opts, -EINVAL, "net_tap has at most 16 queues");
    opts.queues = 2;
    refused("af_xdp:va", &opts, -ENODEV, "larger than combined queue count 1");
    assert_int_equal(if_nametoindex("vt2"), 0);
}

static void packet_sockets_carry_frames_of_any_length(void **state)
{
    static const struct {
        unsigned mtu, frame_bytes, n;
    } cases[] = { { 1500, 0, SHORT }, { 9000, 9018, JUMBO }, { 65328, 65342, ALL } };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vtr_heap *heap = test_heap(64 << 20);
        struct vtr_port_opts opts = test_opts();
        struct vtr_port_info info;
        char command[96];
        snprintf(command, sizeof command, "ip link set va mtu %u && ip link set vb mtu %u",
                 cases[i].mtu, cases[i].mtu);
        run(command);
        opts.queues = 2;
        opts.frame_bytes = cases[i].frame_bytes;
        struct vtr_port *port = test_port(heap, "af_packet:va", &opts);
        vtr_port_info(port, &info);
        assert_true(info.frame_bytes >= lens[cases[i].n - 1]);
        int fd = packet_socket("vb");
        both_ways(heap, port, 2, fd, lens, cases[i].n);
        close(fd);
        assert_int_equal(test_stat(port).tx_copies, 0);
        assert_int_equal(test_stat(port).drops, 0);
        assert_int_equal(vtr_port_close(port), 0);
        test_heap_end(heap);
    }
    run("ip link set va mtu 1500 && ip link set vb mtu 1500");
}

/* Opening an interface does not change it. */
static void the_mtu_of_an_interface_stays_as_it_is(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct ifreq ifr = { .ifr_name = "va" };
    run("ip link set va mtu 4000");
    struct vtr_port *port = test_port(heap, "af_packet:va", NULL);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(ioctl(fd, SIOCGIFMTU, &ifr), 0);
    assert_int_equal(ifr.ifr_mtu, 4000);
    close(fd);
    assert_int_equal(vtr_port_close(port), 0);
    run("ip link set va mtu 1500");
    test_heap_end(heap);
}

/* The kernel takes the tag off; it comes back, or is told. */
static void a_tag_from_the_wire_is_in_the_frame_or_told(void **state)
{
    for (int strip = 0; strip < 2; strip++) {
        struct vtr_heap *heap = test_heap(64 << 20);
        struct vtr_port_opts opts = test_opts();
        uint8_t frame[68];
        struct vtr_pkt pkt = { .flags = 0 };
        frame_of(frame, sizeof frame, 1);
        memcpy(frame + 12, "\x81\x00\x00\x2a\x88\xb5", 6);
        opts.strip_vlan = strip != 0;
        struct vtr_port *port = test_port(heap, "af_packet:va", &opts);
        int fd = packet_socket("vb");
        struct timespec began;
        clock_gettime(CLOCK_MONOTONIC, &began);
        assert_int_equal(send(fd, frame, sizeof frame, 0), sizeof frame);
        while (pkt.data.len != (strip ? 64 : 68) && !test_late(&began)) {
            vtr_pkt_unref(&pkt);
            if (vtr_port_rx(port, 0, &pkt, 1) == 0)
                pkt = (struct vtr_pkt){ .flags = 0 };
        }
        if (strip)
            memmove(frame + 4, frame, 12);
        assert_data(pkt.data, frame + 4 * strip, sizeof frame - 4u * (unsigned)strip);
        assert_int_equal(pkt.flags, strip ? VTR_PKT_VLAN : 0);
        assert_int_equal(pkt.vlan, strip ? 42 : 0);
        vtr_pkt_unref(&pkt);
        close(fd);
        assert_int_equal(vtr_port_close(port), 0);
        test_heap_end(heap);
    }
}

static void xdp_carries_frames_with_one_counted_copy_each_way(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port_info info;
    struct vtr_port *port = test_port(heap, "af_xdp:va", NULL);
    vtr_port_info(port, &info);
    assert_string_equal(info.driver, "net_af_xdp");
    assert_true(info.tx_copies);
    int fd = packet_socket("vb");
    both_ways(heap, port, 1, fd, lens, SHORT);
    close(fd);
    struct vtr_port_stat stat = test_stat(port);
    assert_int_equal(stat.tx_copies, stat.tx_pkts);
    assert_int_equal(stat.tx_pkts, 2 * SHORT);
    assert_int_equal(stat.rx_copies, stat.rx_pkts);
    assert_true(stat.rx_pkts >= SHORT);
    assert_int_equal(stat.drops, 0);
    assert_int_equal(test_live(heap), 0);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

/* net_af_xdp of 22.11 leaves its socket open, which would keep the queue and the memory. The kernel
 * gives the queue back a moment after that is closed. */
static void what_xdp_held_is_free_when_its_port_is_closed(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    for (int i = 0; i < 3; i++) {
        struct vtr_port *port = NULL;
        struct timespec began;
        clock_gettime(CLOCK_MONOTONIC, &began);
        while (vtr_port_open(heap, "af_xdp:va", NULL, &port, NULL) != 0 && !test_late(&began))
            sched_yield();
        assert_non_null(port);
        assert_int_equal(vtr_port_close(port), 0);
    }
    test_heap_end(heap);
}

static int can_run(void)
{
    if (geteuid() != 0)
        return skipped("needs root, for a network namespace");
    if (access("/dev/net/tun", R_OK | W_OK) != 0)
        return skipped("no /dev/net/tun");
    if (unshare(CLONE_NEWNET) != 0)
        return skipped("cannot make a network namespace");
    if (system("ip link set lo up && ip link add va type veth peer name vb") != 0)
        return skipped("no ip command (iproute2), or no veth");
    return system("ip link set va up && ip link set vb up") != 0 ? skipped("veth stays down") : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tap_carries_frames_both_ways_on_each_queue),
        cmocka_unit_test(a_tap_that_persists_is_there_afterwards_and_taken_over),
        cmocka_unit_test(what_a_driver_cannot_is_refused_and_not_cut_down),
        cmocka_unit_test(packet_sockets_carry_frames_of_any_length),
        cmocka_unit_test(the_mtu_of_an_interface_stays_as_it_is),
        cmocka_unit_test(a_tag_from_the_wire_is_in_the_frame_or_told),
        cmocka_unit_test(xdp_carries_frames_with_one_counted_copy_each_way),
        cmocka_unit_test(what_xdp_held_is_free_when_its_port_is_closed),
    };
    int rc = can_run();
    return rc != 0 ? rc : cmocka_run_group_tests_name("interfaces", tests, NULL, NULL);
}
