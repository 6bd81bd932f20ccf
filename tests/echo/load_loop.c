/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The closed loop against a server that is a thread of this test, on kernel sockets, and that can
 * be told to answer wrongly, twice or not at all. And the headers of packets.
 */
#include "support.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vitrine/buf.h>
#include <vitrine/checksum.h>

#include "command.h"
#include "load.h"
#include "headers.h"
#include "../../bench/echo/value.h"

enum behaviour { RIGHT, WRONG_BYTE, TWICE, DEAF_AT_FIRST, STALLED, BABBLING };

struct server {
    int fd;
    uint16_t port;
    enum behaviour behaviour;
    pthread_t thread;
    unsigned requests;
    bool stop; /* atomic */
};

static size_t answer(const uint8_t *request, size_t len, uint8_t *to)
{
    char key[VALUE_KEY_LEN + 1], text[64];
    unsigned size, index;
    snprintf(text, sizeof text, "%.*s", (int)(len - 8), (const char *)request + 8);
    memcpy(to, request, 8);
    if (strcmp(text, "mode copy\r\n") == 0)
        return 8 + (size_t)sprintf((char *)to + 8, "OK\r\n");
    if (sscanf(text, "get v%7u-%11u", &size, &index) != 2)
        return 0;
    value_key(key, size, index);
    int n = 8 + sprintf((char *)to + 8, "VALUE %s 0 %u\r\n", key, size);
    value_fill(to + n, size, size, index);
    return (size_t)n + size + (size_t)sprintf((char *)to + n + size, "\r\nEND\r\n");
}

static void serve_one(struct server *s)
{
    uint8_t in[2048], out[2048];
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    ssize_t len = recvfrom(s->fd, in, sizeof in, 0, (struct sockaddr *)&from, &from_len);
    if (len < 8)
        return;
    size_t n = answer(in, (size_t)len, out);
    if (s->requests++ == 0 && s->behaviour == STALLED)
        usleep(450 * 1000);
    if (s->behaviour == DEAF_AT_FIRST && s->requests <= 3)
        return;
    if (s->behaviour == WRONG_BYTE && s->requests == 50)
        out[40] ^= 1;
    while (s->behaviour == BABBLING && !__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
        (void)!sendto(s->fd, out, n, 0, (struct sockaddr *)&from, from_len);
        usleep(1000);
    }
    for (int i = 0; i < (s->behaviour == TWICE && s->requests == 50 ? 2 : 1); i++)
        (void)!sendto(s->fd, out, n, 0, (struct sockaddr *)&from, from_len);
}

static void *serve(void *context)
{
    struct server *s = context;
    while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED))
        serve_one(s);
    return NULL;
}

static void start(struct server *s, enum behaviour behaviour)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    struct timeval patience = { .tv_usec = 20000 };
    *s = (struct server){ .behaviour = behaviour, .fd = socket(AF_INET, SOCK_DGRAM, 0) };
    assert_true(s->fd >= 0);
    assert_int_equal(setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
    s->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void end(struct server *s)
{
    __atomic_store_n(&s->stop, true, __ATOMIC_RELAXED);
    pthread_join(s->thread, NULL);
    close(s->fd);
}

/* A run of 300 ms of 64-byte values, 8 requests under way. */
static struct load_result *run(enum behaviour behaviour)
{
    struct server s;
    struct link *link;
    struct vtr_error err;
    struct workload w;
    struct requests *requests;
    struct load load;
    struct load_result *result = calloc(1, sizeof *result);
    start(&s, behaviour);
    struct link_where where = { .server_ip = { 127, 0, 0, 1 },
                                .udp_port = s.port,
                                .echo_port = s.port };
    assert_int_equal(link_kernel_open(&where, &link, &err), 0);
    assert_int_equal(workload_init(64, 100, false, &w), 0);
    assert_int_equal(link_prepare(link, &w, &requests), 0);
    assert_int_equal(load_init(link, requests, 8, &load), 0);
    if (behaviour == STALLED)
        assert_int_equal(command_mode(link, "copy"), 0);
    load_run(&load, 300 * 1000 * 1000, result);
    load_fini(&load);
    link_discard(link, requests);
    workload_fini(&w);
    link_close(link);
    end(&s);
    return result;
}

static void right_replies_are_counted_and_timed(void **state)
{
    struct load_result *r = run(RIGHT);
    assert_true(r->requests > 8);
    assert_int_equal(r->latency.n, r->requests);
    assert_int_equal(r->bad + r->lost + r->stray + r->abandoned, 0);
    assert_null(r->fault.what);
    free(r);
}

static void one_wrong_byte_is_found_where_it_is(void **state)
{
    struct load_result *r = run(WRONG_BYTE);
    assert_int_equal(r->bad, 1);
    assert_string_equal(r->fault.what, "wrong byte");
    assert_int_equal(r->fault.off, 40);
    assert_int_equal(r->lost, 1); /* it was asked for again */
    free(r);
}

static void one_reply_too_many_is_bad(void **state)
{
    struct load_result *r = run(TWICE);
    assert_int_equal(r->bad, 1);
    assert_string_equal(r->fault.what, "answered twice");
    free(r);
}

static void lost_requests_are_sent_again(void **state)
{
    struct load_result *r = run(DEAF_AT_FIRST);
    assert_int_equal(r->lost, 3);
    assert_int_equal(r->bad, 0);
    assert_true(r->requests > 8);
    assert_true(r->latency.max >= 200 * 1000 * 1000); /* from the first time it was sent */
    free(r);
}

/* A command is sent again every 200 ms: this server answers it three times when it goes on. */
static void late_answers_to_a_command_are_not_taken_for_replies(void **state)
{
    struct load_result *r = run(STALLED);
    assert_true(r->requests > 8);
    assert_int_equal(r->bad + r->lost, 0);
    free(r);
}

static void a_server_that_never_falls_silent_does_not_hold_us(void **state)
{
    struct load_result *r = run(BABBLING);
    assert_true(r->bad + r->stray != 0 && r->abandoned != 0);
    free(r);
}

static const struct headers_route to_server = {
    { { 2, 0, 0, 0, 0, 2 } }, { { 2, 0, 0, 0, 0, 1 } }, { { 10, 77, 0, 2 } }, { { 10, 77, 0, 1 } }
};
static const struct headers_route to_us = {
    { { 2, 0, 0, 0, 0, 1 } }, { { 2, 0, 0, 0, 0, 2 } }, { { 10, 77, 0, 1 } }, { { 10, 77, 0, 2 } }
};

/* What is wrong with a packet of @p h and four bytes. */
static const char *fault_of(struct vtr_heap *heap, const struct headers_udp *h, size_t *off)
{
    const uint16_t src[2] = { 11211, 7 };
    vtr_auto(vtr_buf) buf = VTR_BUF_EMPTY;
    assert_int_equal(vtr_buf_init(heap, 0, sizeof *h + 4, &buf), 0);
    assert_true(vtr_buf_append(&buf, h, sizeof *h) && vtr_buf_append(&buf, "abcd", 4));
    vtr_auto(vtr_data) d = vtr_buf_seal(&buf);
    return headers_fault(h, d, &to_server, src, 40000, off);
}

static void every_byte_of_the_headers_matters(void **state)
{
    struct vtr_heap *heap = test_heap(0);
    struct headers_udp good = headers_udp_to(&to_us, 7, 40000, 4);
    size_t off;
    assert_null(fault_of(heap, &good, &off));
    for (size_t at = sizeof(struct vtr_mac); at < sizeof good; at++) {
        struct headers_udp bad = good;
        ((uint8_t *)&bad)[at] ^= 0x10;
        assert_non_null(
            fault_of(heap, &bad, &off)); /* the UDP checksum, now not zero, is wrong too */
        assert_true(off <= at || off == offsetof(struct headers_udp, ip.sum));
    }
    assert_int_equal(test_live(heap), 0);
    test_heap_end(heap);
}

static void a_udp_checksum_that_is_there_is_checked(void **state)
{
    struct vtr_heap *heap = test_heap(0);
    size_t off;
    struct headers_udp h = headers_udp_to(&to_us, 7, 40000, 4);
    struct vtr_sum sum = vtr_sum_ipv4(&h.ip, VTR_IP_UDP, 12);
    vtr_sum_add(&sum, vtr_span_of(&h.udp, sizeof h.udp));
    vtr_sum_add(&sum, vtr_span_of("abcd", 4));
    h.udp.sum = vtr_sum_end_udp(sum);
    assert_null(fault_of(heap, &h, &off));
    h.udp.sum.bytes[1] ^= 1;
    assert_string_equal(fault_of(heap, &h, &off), "wrong UDP checksum");
    assert_int_equal(test_live(heap), 0);
    test_heap_end(heap);
}

static void arp_is_taken_from_the_peer_only(void **state)
{
    struct vtr_mac mac = { { 0 } };
    struct headers_arp f = headers_arp_to(&to_us, VTR_ARP_REPLY);
    assert_int_equal(headers_arp_from(&f, &to_server, &mac), VTR_ARP_REPLY);
    assert_memory_equal(&mac, &to_us.own_mac, sizeof mac);
    f.arp.sender_ip.bytes[3] ^= 4;
    assert_int_equal(headers_arp_from(&f, &to_server, &mac), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_replies_are_counted_and_timed),
        cmocka_unit_test(one_wrong_byte_is_found_where_it_is),
        cmocka_unit_test(one_reply_too_many_is_bad),
        cmocka_unit_test(lost_requests_are_sent_again),
        cmocka_unit_test(late_answers_to_a_command_are_not_taken_for_replies),
        cmocka_unit_test(a_server_that_never_falls_silent_does_not_hold_us),
        cmocka_unit_test(every_byte_of_the_headers_matters),
        cmocka_unit_test(a_udp_checksum_that_is_there_is_checked),
        cmocka_unit_test(arp_is_taken_from_the_peer_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
