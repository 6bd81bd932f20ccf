/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: memif, both ends in this process. What takes a second process is in test_peers.c.
 */
#include "memifs.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

struct ends {
    struct vtr_heap *heap;
    struct vtr_port *server, *client;
};

static struct ends open_ends(const struct vtr_port_opts *server, const struct vtr_port_opts *client)
{
    struct ends e = { .heap = test_heap(64 << 20) };
    e.server = test_port(e.heap, server_spec, server);
    e.client = test_port(e.heap, client_spec, client);
    assert_true(test_link_is(e.server, true) && test_link_is(e.client, true));
    return e;
}

static void close_ends(struct ends *e)
{
    assert_int_equal(vtr_port_close(e->client), 0);
    assert_int_equal(vtr_port_close(e->server), 0);
    assert_int_equal(test_live(e->heap), 0);
    test_heap_end(e->heap);
}

/* A server gives its client slots to send into when the client polls. */
static void poll_once(struct vtr_port *port, unsigned queue)
{
    struct vtr_pkt pkt;
    assert_int_equal(vtr_port_rx(port, queue, &pkt, 1), 0);
}

static void a_memif_port_says_what_it_is(void **state)
{
    struct ends e = open_ends(NULL, NULL);
    struct vtr_port_info info;
    vtr_port_info(e.server, &info);
    assert_string_equal(info.driver, "memif");
    assert_true(info.tx_copies);
    assert_int_equal(info.frame_bytes, 2048);
    close_ends(&e);
}

static void a_memif_that_strips_tags_says_so(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port_opts opts = test_opts();
    struct vtr_port_info info;
    opts.strip_vlan = true;
    struct vtr_port *port = test_port(heap, server_spec, &opts);
    vtr_port_info(port, &info);
    assert_int_equal(info.rx_flags, VTR_PKT_VLAN);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

static void frames_cross_both_ways_with_their_bytes(void **state)
{
    enum { PACKETS = 20000, BURST = 40 };
    struct ends e = open_ends(NULL, NULL);
    struct vtr_pkt pkts[BURST];
    for (uint32_t i = 0; i < PACKETS; i += BURST) {
        struct vtr_port *from = i / BURST % 2 ? e.server : e.client;
        struct vtr_port *to = i / BURST % 2 ? e.client : e.server;
        for (uint32_t j = 0; j < BURST; j++)
            pkts[j] = test_pkt(e.heap, 14 + (i + j) * 7 % 2035, i + j);
        poll_once(to, 0);
        test_send(from, 0, pkts, BURST);
        assert_int_equal(test_receive(to, 0, pkts, BURST), BURST);
        for (uint32_t j = 0; j < BURST; j++)
            assert_true(test_pkt_is(pkts[j], 14 + (i + j) * 7 % 2035, i + j));
        test_unref(pkts, BURST);
    }
    assert_int_equal(test_stat(e.server).drops + test_stat(e.client).drops, 0);
    assert_int_equal(test_stat(e.server).rx_bytes, test_stat(e.client).tx_bytes);
    close_ends(&e);
}

static void before_the_peer_comes_nothing_is_sent_and_nothing_lost(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *server = test_port(heap, server_spec, NULL);
    struct vtr_pkt pkt = test_pkt(heap, 100, 1);
    assert_true(test_link_is(server, false));
    assert_int_equal(vtr_port_tx(server, 0, &pkt, 1), 0);
    assert_int_equal(test_stat(server).drops, 0);
    assert_int_equal(test_stat(server).tx_full, 1);
    struct vtr_port *client = test_port(heap, client_spec, NULL);
    assert_true(test_link_is(server, true) && test_link_is(client, true));
    poll_once(client, 0);
    assert_int_equal(vtr_port_tx(server, 0, &pkt, 1), 1);
    assert_int_equal(test_receive(client, 0, &pkt, 1), 1);
    assert_true(test_pkt_is(pkt, 100, 1));
    vtr_pkt_unref(&pkt);
    assert_int_equal(vtr_port_close(server), 0);
    assert_int_equal(vtr_port_close(client), 0);
    test_heap_end(heap);
}

static void long_frames_among_short_ones_stay_whole(void **state)
{
    enum { PACKETS = 3000 }; /* six times around a ring of 256 slots, and back */
    struct vtr_port_opts opts = test_opts();
    opts.frame_bytes = 9000;
    opts.rx_descs = opts.tx_descs = 256;
    struct ends e = open_ends(&opts, &opts);
    for (uint32_t i = 0; i < PACKETS; i++) {
        struct vtr_port *from = i % 2 ? e.server : e.client, *to = i % 2 ? e.client : e.server;
        size_t len = i % 5 == 0 ? 8000 + i % 1000 : i % 7 == 0 ? 3000 : 60 + i % 1400;
        struct vtr_pkt pkt = test_pkt(e.heap, len, i);
        poll_once(to, 0);
        test_send(from, 0, &pkt, 1);
        assert_int_equal(test_receive(to, 0, &pkt, 1), 1);
        assert_true(test_pkt_is(pkt, len, i));
        vtr_pkt_unref(&pkt);
    }
    close_ends(&e);
}

static void a_frame_longer_than_a_block_arrives_in_segments(void **state)
{
    struct vtr_port_opts opts = test_opts();
    opts.frame_bytes = 9000;
    struct ends e = open_ends(NULL, &opts);
    for (uint32_t i = 0; i < 3000; i++) {
        struct vtr_pkt pkt = test_pkt(e.heap, 9000 - i % 100, i);
        test_send(e.client, 0, &pkt, 1);
        assert_int_equal(test_receive(e.server, 0, &pkt, 1), 1);
        assert_true(test_pkt_is(pkt, 9000 - i % 100, i));
        assert_int_equal(vtr_data_to_iovec(pkt.data, NULL, 0), 6);
        vtr_pkt_unref(&pkt);
    }
    close_ends(&e);
}

static void a_frame_longer_than_a_slot_is_dropped_with_its_reason(void **state)
{
    struct ends e = open_ends(NULL, NULL);
    struct vtr_pkt pkts[2] = { test_pkt(e.heap, 2049, 1), test_pkt(e.heap, 2048, 2) };
    poll_once(e.client, 0);
    assert_int_equal(vtr_port_tx(e.server, 0, pkts, 2), 2);
    assert_int_equal(test_receive(e.client, 0, pkts, 1), 1);
    assert_true(test_pkt_is(pkts[0], 2048, 2));
    vtr_pkt_unref(&pkts[0]);
    assert_int_equal(test_stat(e.server).drop[VTR_DROP_TX_LONG], 1);
    close_ends(&e);
}

static void segments_are_gathered_by_the_driver(void **state)
{
    struct ends e = open_ends(NULL, NULL);
    struct vtr_pkt pkt = { .flags = 0 };
    struct vtr_data parts[9];
    uint8_t want[900];
    test_fill(want, sizeof want, 3);
    for (int i = 0; i < 9; i++)
        parts[i] = test_data(e.heap, want + 100 * i, 100);
    assert_int_equal(vtr_data_join_take(parts, 9, &pkt.data), 0);
    test_send(e.client, 0, &pkt, 1);
    assert_int_equal(test_receive(e.server, 0, &pkt, 1), 1);
    assert_true(test_pkt_is(pkt, 900, 3));
    assert_int_equal(vtr_data_to_iovec(pkt.data, NULL, 0), 1);
    vtr_pkt_unref(&pkt);
    close_ends(&e);
}

static void queues_do_not_mix(void **state)
{
    enum { QUEUES = 3 };
    struct vtr_port_opts opts = test_opts();
    opts.queues = QUEUES;
    struct ends e = open_ends(&opts, &opts);
    for (uint32_t i = 0; i < 300; i++) {
        unsigned q = i % QUEUES;
        struct vtr_pkt pkt = test_pkt(e.heap, 100, i);
        test_send(e.client, q, &pkt, 1);
        poll_once(e.server, (q + 1) % QUEUES);
        assert_int_equal(test_receive(e.server, q, &pkt, 1), 1);
        assert_int_equal(pkt.queue, q);
        assert_true(test_pkt_is(pkt, 100, i));
        vtr_pkt_unref(&pkt);
    }
    close_ends(&e);
}

static void a_full_ring_keeps_the_tail_and_closing_drops_the_rest(void **state)
{
    enum { SLOTS = 64, PACKETS = 100 };
    struct vtr_port_opts opts = test_opts();
    opts.rx_descs = opts.tx_descs = SLOTS;
    struct ends e = open_ends(&opts, &opts);
    struct vtr_pkt pkts[PACKETS];
    for (uint32_t i = 0; i < PACKETS; i++)
        pkts[i] = test_pkt(e.heap, 100, i);
    assert_int_equal(vtr_port_tx(e.client, 0, pkts, PACKETS), SLOTS);
    for (uint32_t i = SLOTS; i < PACKETS; i++)
        assert_true(test_pkt_is(pkts[i], 100, i));
    test_unref(pkts, PACKETS);
    close_ends(&e);
}

/* The heap runs out in the middle of a frame of several segments: that frame is lost as a whole,
 * and the ones that come after memory is there again are whole. */
static void a_heap_at_its_limit_costs_whole_frames(void **state)
{
    enum { LEN = 9000, HELD = 60000 };
    struct vtr_port_opts opts = test_opts();
    opts.frame_bytes = 9000;
    struct ends e = open_ends(NULL, &opts);
    struct vtr_heap *own = test_heap(64 << 20); /* the client's packets do not compete */
    struct vtr_pkt *held = (struct vtr_pkt *)calloc(HELD, sizeof *held);
    uint32_t got = 0, sent = 0;
    while (test_stat(e.server).drop[VTR_DROP_RX_NO_BLOCK] < 20) {
        struct vtr_pkt pkt = test_pkt(own, LEN, sent++);
        test_send(e.client, 0, &pkt, 1);
        got += vtr_port_rx(e.server, 0, held + got, HELD - got);
    }
    assert_int_equal(got + test_stat(e.server).drops, sent);
    for (uint32_t i = 0; i < got; i++)
        assert_int_equal(held[i].data.len, LEN);
    test_unref(held, got);
    assert_int_equal(test_live(e.heap), 0);
    struct vtr_pkt pkt = test_pkt(own, LEN, sent);
    test_send(e.client, 0, &pkt, 1);
    assert_int_equal(test_receive(e.server, 0, &pkt, 1), 1);
    assert_true(test_pkt_is(pkt, LEN, sent));
    vtr_pkt_unref(&pkt);
    free(held);
    test_heap_end(own);
    close_ends(&e);
}

static void a_client_can_go_and_another_come(void **state)
{
    struct ends e = open_ends(NULL, NULL);
    for (uint32_t i = 0; i < 10; i++) {
        struct vtr_pkt pkt = test_pkt(e.heap, 100, i);
        assert_int_equal(vtr_port_close(e.client), 0);
        assert_true(test_link_is(e.server, false));
        assert_int_equal(vtr_port_tx(e.server, 0, &pkt, 1), 0);
        e.client = test_port(e.heap, client_spec, NULL);
        assert_true(test_link_is(e.server, true) && test_link_is(e.client, true));
        poll_once(e.client, 0);
        test_send(e.server, 0, &pkt, 1);
        assert_int_equal(test_receive(e.client, 0, &pkt, 1), 1);
        assert_true(test_pkt_is(pkt, 100, i));
        vtr_pkt_unref(&pkt);
    }
    close_ends(&e);
}

struct poller {
    struct vtr_port *port;
    bool stop; /* atomic */
};

static void *poll_on(void *arg)
{
    struct poller *p = arg;
    struct vtr_pkt pkt;
    while (!__atomic_load_n(&p->stop, __ATOMIC_RELAXED))
        if (vtr_port_rx(p->port, 0, &pkt, 1) != 0)
            vtr_pkt_unref(&pkt);
    return NULL;
}

static void another_port_opens_beside_traffic(void **state)
{
    struct ends e = open_ends(NULL, NULL);
    struct poller poller = { .port = e.server };
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, poll_on, &poller), 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(vtr_port_close(test_port(e.heap, "null:0", NULL)), 0);
    __atomic_store_n(&poller.stop, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    close_ends(&e);
}

static void interfaces_may_share_a_socket_by_their_id(void **state)
{
    struct ends e = open_ends(NULL, NULL);
    char spec[128];
    snprintf(spec, sizeof spec, "%s,id=1", server_spec);
    struct vtr_port *server = test_port(e.heap, spec, NULL);
    snprintf(spec, sizeof spec, "%s,id=1", client_spec);
    struct vtr_port *client = test_port(e.heap, spec, NULL);
    assert_true(test_link_is(client, true));
    struct vtr_pkt pkt = test_pkt(e.heap, 100, 1);
    test_send(client, 0, &pkt, 1);
    assert_int_equal(test_receive(server, 0, &pkt, 1), 1);
    vtr_pkt_unref(&pkt);
    poll_once(e.server, 0);
    assert_int_equal(vtr_port_close(client), 0);
    assert_int_equal(vtr_port_close(server), 0);
    assert_int_equal(access(memif_path, F_OK), 0); /* the other server is still there */
    close_ends(&e);
    assert_int_not_equal(access(memif_path, F_OK), 0);
}

static void the_mac_that_was_asked_for_is_the_ports(void **state)
{
    static const uint8_t want[6] = { 0x02, 0, 0, 0, 0xab, 0x01 };
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port_info info;
    char spec[128];
    snprintf(spec, sizeof spec, "%s,mac=02:00:00:00:ab:01", server_spec);
    struct vtr_port *port = test_port(heap, spec, NULL);
    vtr_port_info(port, &info);
    assert_memory_equal(info.mac, want, 6);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

static int listen_at(const char *at)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    memcpy(un.sun_path, at, strlen(at) + 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void expect_refusal(const char *spec, int rc, const char *what, const char *hint)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_error err = { 0 };
    struct vtr_port *port = NULL;
    char want[sizeof err.what];
    snprintf(want, sizeof want, "port '%s': %s", spec, what);
    assert_int_equal(vtr_port_open(heap, spec, NULL, &port, &err), rc);
    assert_null(port);
    assert_string_equal(err.what, want);
    assert_string_equal(err.hint, hint);
    test_heap_end(heap);
}

static void a_socket_that_somebody_serves_is_not_taken(void **state)
{
    char what[128];
    int fd = listen_at(memif_path);
    snprintf(what, sizeof what, "another process serves %s", memif_path);
    expect_refusal(server_spec, -EBUSY, what,
                   "give it another path, or be its client: ,role=client");
    fcntl(fd, F_SETFL, O_NONBLOCK);
    assert_int_equal(accept(fd, NULL, NULL), -1); /* and does not notice that it was looked at */
    assert_int_equal(access(memif_path, F_OK), 0);
    close(fd);
    unlink(memif_path);
}

static void a_socket_left_over_is_replaced(void **state)
{
    close(listen_at(memif_path)); /* as a killed process leaves it */
    assert_int_equal(access(memif_path, F_OK), 0);
    struct ends e = open_ends(NULL, NULL);
    close_ends(&e);
    assert_int_not_equal(access(memif_path, F_OK), 0);
}

/* Who removed ours and serves now is not made unreachable by our going. */
static void a_socket_of_somebody_else_stays(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *server = test_port(heap, server_spec, NULL);
    assert_int_equal(unlink(memif_path), 0);
    int fd = listen_at(memif_path);
    assert_int_equal(vtr_port_close(server), 0);
    assert_int_equal(access(memif_path, F_OK), 0);
    close(fd);
    unlink(memif_path);
    test_heap_end(heap);
}

static void a_path_that_cannot_be_says_why(void **state)
{
    char what[160];
    int fd = creat(memif_path, 0600);
    close(fd);
    snprintf(what, sizeof what, "%s is there and no socket", memif_path);
    expect_refusal(server_spec, -EEXIST, what, "name a path where nothing is");
    assert_int_equal(access(memif_path, F_OK), 0);
    unlink(memif_path);
    snprintf(what, sizeof what, "nobody serves %s", memif_path);
    expect_refusal(client_spec, -ENOENT, what, "start the server first");
    close(listen_at(memif_path));
    expect_refusal(client_spec, -ENOENT, what, "start the server first");
    unlink(memif_path);
    expect_refusal("memif:/nonexistent/m.sock", -ENOENT,
                   "cannot make a socket in /nonexistent: No such file or directory",
                   "name a directory that this user may write to");
}

static void a_path_too_long_for_a_socket_is_refused(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_error err = { 0 };
    struct vtr_port *port = NULL;
    char spec[7 + 108] = "memif:/";
    memset(spec + 7, 'x', sizeof spec - 8);
    assert_int_equal(vtr_port_open(heap, spec, NULL, &port, &err), -ENAMETOOLONG);
    assert_non_null(strstr(err.what, "...': a socket's path has at most 107 bytes"));
    assert_null(port);
    test_heap_end(heap);
}

static void two_servers_of_one_id_are_refused(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, server_spec, NULL);
    char what[128];
    snprintf(what, sizeof what, "this process serves id 0 of %s", memif_path);
    for (int i = 0; i < 40; i++) /* more often than DPDK has ports */
        expect_refusal(server_spec, -EBUSY, what, "give it another id: ,id=1");
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_memif_port_says_what_it_is),
        cmocka_unit_test(a_memif_that_strips_tags_says_so),
        cmocka_unit_test(frames_cross_both_ways_with_their_bytes),
        cmocka_unit_test(before_the_peer_comes_nothing_is_sent_and_nothing_lost),
        cmocka_unit_test(long_frames_among_short_ones_stay_whole),
        cmocka_unit_test(a_frame_longer_than_a_block_arrives_in_segments),
        cmocka_unit_test(a_frame_longer_than_a_slot_is_dropped_with_its_reason),
        cmocka_unit_test(segments_are_gathered_by_the_driver),
        cmocka_unit_test(queues_do_not_mix),
        cmocka_unit_test(a_full_ring_keeps_the_tail_and_closing_drops_the_rest),
        cmocka_unit_test(a_heap_at_its_limit_costs_whole_frames),
        cmocka_unit_test(a_client_can_go_and_another_come),
        cmocka_unit_test(another_port_opens_beside_traffic),
        cmocka_unit_test(interfaces_may_share_a_socket_by_their_id),
        cmocka_unit_test(the_mac_that_was_asked_for_is_the_ports),
        cmocka_unit_test(a_socket_that_somebody_serves_is_not_taken),
        cmocka_unit_test(a_socket_left_over_is_replaced),
        cmocka_unit_test(a_socket_of_somebody_else_stays),
        cmocka_unit_test(a_path_that_cannot_be_says_why),
        cmocka_unit_test(a_path_too_long_for_a_socket_is_refused),
        cmocka_unit_test(two_servers_of_one_id_are_refused),
    };
    return cmocka_run_group_tests_name("memif", tests, make_dir, remove_dir);
}
