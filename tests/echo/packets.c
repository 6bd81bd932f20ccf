/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The server over a port: requests go in at one end of a ring pair, and replies come out of the
 * other. By reference, no value byte is read: shown with the value's pages taken away.
 */
#include "packet.h"

#include "packets.h"
#include "value.h"

#include <sys/mman.h>

enum { BIG = 100000, HOSTILE_BURSTS = 3000, VALUE_SIZES = 5 };

static const uint32_t sizes[VALUE_SIZES] = { 0, 64, 1300, 5000, BIG };

struct rig {
    struct vtr_heap *heap;
    struct vtr_port *server, *client; /* client: NULL where the server's port is null: */
    struct engine engine;
    struct packets packets;
};

static struct vtr_port *port_open(struct vtr_heap *heap, const char *spec)
{
    struct vtr_error err = { 0 };
    struct vtr_port *port = NULL;
    if (vtr_port_open(heap, spec, NULL, &port, &err) != 0)
        fail_msg("%s: %s (%s)", spec, err.what, err.hint);
    return port;
}

static struct rig *rig_open(const char *server, const char *client)
{
    struct frame_self self = { .host = { .ip4 = server_ip(),
                                          .ip6 = { { 0xfd, 0, 0, 0x77, [15] = 1 } } },
                                .udp_port = 11211,
                                .echo_port = 7 };
    struct rig *r = (struct rig *)calloc(1, sizeof *r);
    assert_non_null(r);
    r->heap = test_heap(UINT64_C(256) << 20);
    assert_int_equal(engine_init(&r->engine, r->heap, UINT64_C(64) << 20), 0);
    threshold_init(&r->engine.threshold, 512, true);
    for (unsigned i = 0; i < VALUE_SIZES; i++)
        assert_int_equal(engine_preload(&r->engine, &(struct dataset){ .size = sizes[i] }, 2), 0);
    r->server = port_open(r->heap, server);
    r->client = client != NULL ? port_open(r->heap, client) : NULL;
    packets_init(&r->packets, &r->engine, r->heap, r->server, &self);
    slices_init(&r->engine.slices);
    return r;
}

static void rig_close(struct rig *r)
{
    packets_fini(&r->packets);
    assert_int_equal(vtr_port_close(r->client), 0);
    assert_int_equal(vtr_port_close(r->server), 0);
    engine_fini(&r->engine);
    assert_int_equal(test_live(r->heap), 0);
    test_heap_end(r->heap);
    free(r);
}

static int ring_setup(void **state)
{
    *state = rig_open("ring:echo-test", "ring:echo-test");
    return 0;
}

static int null_setup(void **state)
{
    *state = rig_open("null:", NULL);
    return 0;
}

static int teardown(void **state)
{
    rig_close((struct rig *)*state);
    return 0;
}

static struct vtr_pkt packet_of(struct rig *r, const uint8_t *bytes, size_t len)
{
    struct vtr_buf buf;
    struct vtr_pkt pkt = { .flags = 0 };
    assert_int_equal(vtr_buf_init(r->heap, 128, PACKET_MAX, &buf), 0);
    assert_true(vtr_buf_append(&buf, bytes, len));
    pkt.data = vtr_buf_seal(&buf);
    return pkt;
}

static void send_request(struct rig *r, uint16_t id, const char *text)
{
    uint8_t packet[PACKET_MAX];
    size_t len = packet_request(&r->packets.self, id, text, packet);
    struct vtr_pkt pkt = packet_of(r, packet, len);
    assert_int_equal(vtr_port_tx(r->client, 0, &pkt, 1), 1);
    bool found;
    assert_int_equal(packets_poll(&r->packets, 0, &found), 1);
    assert_true(found);
}

/* Takes the datagrams of one message. @return its bytes. */
static size_t receive_reply(struct rig *r, uint16_t id, uint8_t *to, unsigned *segments)
{
    size_t len = 0;
    unsigned total = 1;
    *segments = 0;
    for (unsigned seq = 0; seq < total; seq++) {
        struct vtr_pkt pkt;
        uint8_t bytes[PACKET_MAX];
        assert_int_equal(vtr_port_rx(r->client, 0, &pkt, 1), 1);
        assert_true(vtr_data_gather(pkt.data, 0, bytes, pkt.data.len));
        if (seq == 0)
            total = bytes[46] * 256u + bytes[47];
        struct vtr_span s = packet_reply(&r->packets.self, vtr_span_of(bytes, pkt.data.len), id,
                                         seq, total);
        assert_true(seq + 1 == total || s.len == MESSAGE_PAYLOAD);
        memcpy(to + len, s.ptr, s.len);
        len += s.len;
        *segments += vtr_data_to_iovec(pkt.data, NULL, 0);
        vtr_pkt_unref(&pkt);
    }
    struct vtr_pkt none;
    assert_int_equal(vtr_port_rx(r->client, 0, &none, 1), 0);
    return len;
}

static size_t item_text(uint32_t size, uint32_t index, uint8_t *to)
{
    char key[VALUE_KEY_LEN + 1];
    value_key(key, size, index);
    size_t n = (size_t)sprintf((char *)to, "VALUE %s 0 %u\r\n", key, size);
    value_fill(to + n, size, size, index);
    memcpy(to + n + size, "\r\n", 2);
    return n + size + 2;
}

/* Every size alone, then all in one request, in each mode: the same bytes. */
static void replies_are_the_same_bytes_in_every_mode(void **state)
{
    struct rig *r = (struct rig *)*state;
    static uint8_t want[2 * BIG], got[2 * BIG];
    uint16_t id = 1;
    for (int mode = ENGINE_HYBRID; mode <= ENGINE_COPY; mode++) {
        r->engine.mode = (enum engine_mode)mode;
        char all[256] = "get";
        size_t all_len = 0;
        static uint8_t all_want[2 * BIG];
        for (unsigned i = 0; i < VALUE_SIZES; i++, id++) {
            char key[VALUE_KEY_LEN + 1], text[64];
            unsigned segments;
            value_key(key, sizes[i], 1);
            snprintf(text, sizeof text, "get %s\r\n", key);
            strcat(strcat(all, " "), key);
            size_t len = item_text(sizes[i], 1, want);
            memcpy(all_want + all_len, want, len);
            all_len += len;
            memcpy(want + len, "END\r\n", 5);
            send_request(r, id, text);
            assert_int_equal(receive_reply(r, id, got, &segments), len + 5);
            assert_memory_equal(got, want, len + 5);
        }
        unsigned segments;
        send_request(r, id, strcat(all, "\r\n"));
        memcpy(all_want + all_len, "END\r\n", 5);
        assert_int_equal(receive_reply(r, id, got, &segments), all_len + 5);
        assert_memory_equal(got, all_want, all_len + 5);
        id++;
    }
}

/* Values in one block and over several datagrams, copied and referred to. */
static void over_ipv6_each_datagram_has_a_good_checksum(void **state)
{
    struct rig *r = (struct rig *)*state;
    static uint8_t want[2 * BIG], got[2 * BIG];
    uint8_t packet[PACKET_MAX], bytes[PACKET_MAX];
    size_t want_len = item_text(5000, 1, want);
    want_len += item_text(64, 0, want + want_len);
    memcpy(want + want_len, "END\r\n", 5);
    for (int mode = ENGINE_HYBRID; mode <= ENGINE_COPY; mode++) {
        r->engine.mode = (enum engine_mode)mode;
        size_t len = packet_request6(&r->packets.self, 9,
                                     "get v0005000-00000000001 v0000064-00000000000\r\n", packet);
        struct vtr_pkt pkt = packet_of(r, packet, len);
        assert_int_equal(packets_serve(&r->packets, 0, &pkt, 1), 1);
        len = 0;
        for (unsigned seq = 0; vtr_port_rx(r->client, 0, &pkt, 1) == 1; seq++) {
            assert_true(vtr_data_gather(pkt.data, 0, bytes, pkt.data.len));
            struct vtr_span s =
                packet_reply6(&r->packets.self, vtr_span_of(bytes, pkt.data.len), 9, seq);
            memcpy(got + len, s.ptr, s.len);
            len += s.len;
            vtr_pkt_unref(&pkt);
        }
        assert_int_equal(len, want_len + 5);
        assert_memory_equal(got, want, len);
    }
}

/* A block that holds the question to the byte, and one that others hold. */
static void questions_are_answered_from_any_block(void **state)
{
    struct rig *r = (struct rig *)*state;
    for (int held = 0; held < 2; held++) {
        uint8_t packet[42] = { 0 };
        struct vtr_eth *eth = (struct vtr_eth *)packet;
        struct vtr_arp *arp = (struct vtr_arp *)(eth + 1);
        struct vtr_pkt pkt = { .flags = 0 };
        memset(&eth->dst, 0xff, 6);
        eth->src = arp->sender_mac = client_mac;
        eth->type = vtr_be16_make(VTR_ETH_ARP);
        *arp = (struct vtr_arp){ .hardware = vtr_be16_make(VTR_ARP_ETHERNET),
                                 .protocol = vtr_be16_make(VTR_ETH_IPV4),
                                 .hardware_len = 6,
                                 .protocol_len = 4,
                                 .op = vtr_be16_make(VTR_ARP_REQUEST),
                                 .sender_mac = client_mac,
                                 .sender_ip = client_ip(),
                                 .target_ip = server_ip() };
        assert_int_equal(vtr_data_copy(r->heap, packet, sizeof packet, &pkt.data), 0);
        struct vtr_data other = VTR_DATA_EMPTY;
        if (held)
            other = vtr_data_ref(pkt.data);
        assert_int_equal(packets_serve(&r->packets, 0, &pkt, 1), 0);
        assert_int_equal(vtr_port_rx(r->client, 0, &pkt, 1), 1);
        assert_int_equal(pkt.data.len, sizeof packet);
        assert_int_equal(vtr_data_span(pkt.data).ptr[21], VTR_ARP_REPLY);
        if (held)
            assert_data(other, packet, sizeof packet);
        vtr_data_unref(&other);
        vtr_pkt_unref(&pkt);
    }
}

static void copies_are_counted_to_the_byte(void **state)
{
    struct rig *r = (struct rig *)*state;
    static uint8_t got[2 * BIG];
    unsigned segments;
    r->engine.mode = ENGINE_REFERENCE;
    send_request(r, 1, "get v0005000-00000000000 v0000064-00000000000\r\n");
    (void)receive_reply(r, 1, got, &segments);
    assert_int_equal(r->engine.counts.payload_bytes_copied, 0);
    assert_true(segments > 4);
    r->engine.mode = ENGINE_COPY;
    send_request(r, 2, "get v0005000-00000000000 v0000064-00000000000\r\n");
    (void)receive_reply(r, 2, got, &segments);
    assert_int_equal(r->engine.counts.payload_bytes_copied, 5064);
    assert_int_equal(segments, 4);
}

static void many_small_values_by_reference_fit_what_a_port_can_send(void **state)
{
    struct rig *r = (struct rig *)*state;
    static uint8_t got[2 * BIG];
    unsigned segments;
    char text[1400] = "get";
    for (int i = 0; i < 60; i++)
        strcat(text, " v0000064-00000000001");
    r->engine.mode = ENGINE_REFERENCE;
    r->packets.segments = 6;
    send_request(r, 5, strcat(text, "\r\n"));
    size_t len = receive_reply(r, 5, got, &segments);
    uint8_t want[256];
    size_t each = item_text(64, 1, want);
    assert_int_equal(len, 60 * each + 5);
    for (int i = 0; i < 60; i++)
        assert_memory_equal(got + (size_t)i * each, want, each);
    assert_true(segments <= 6 * 5);
}

static void a_request_that_others_hold_is_not_written_to(void **state)
{
    struct rig *r = (struct rig *)*state;
    uint8_t packet[PACKET_MAX], got[PACKET_MAX];
    unsigned segments;
    size_t len = packet_request(&r->packets.self, 1, "get v0000064-00000000000\r\n", packet);
    struct vtr_pkt pkt = packet_of(r, packet, len);
    struct vtr_data held = vtr_data_ref(pkt.data);
    assert_int_equal(packets_serve(&r->packets, 0, &pkt, 1), 1);
    (void)receive_reply(r, 1, got, &segments);
    assert_data(held, packet, len);
    vtr_data_unref(&held);
}

static void a_request_in_pieces_is_answered(void **state)
{
    struct rig *r = (struct rig *)*state;
    uint8_t packet[PACKET_MAX], got[PACKET_MAX];
    unsigned segments;
    size_t len = packet_request(&r->packets.self, 1, "get v0000064-00000000000\r\n", packet);
    struct vtr_pkt head = packet_of(r, packet, 45), tail = packet_of(r, packet + 45, len - 45), pkt;
    pkt = (struct vtr_pkt){ .flags = 0 };
    assert_int_equal(vtr_data_concat(head.data, tail.data, &pkt.data), 0);
    vtr_pkt_unref(&head);
    vtr_pkt_unref(&tail);
    assert_int_equal(packets_serve(&r->packets, 0, &pkt, 1), 1);
    assert_int_equal(receive_reply(r, 1, got, &segments), 33 + 64 + STORE_TAIL);
}

static void a_full_ring_drops_at_last_and_keeps_nothing(void **state)
{
    struct rig *r = (struct rig *)*state;
    uint8_t packet[PACKET_MAX];
    bool stop = true; /* do not wait for a reader */
    r->packets.stop = &stop;
    size_t len = packet_request(&r->packets.self, 1, "get v0100000-00000000000\r\n", packet);
    for (int i = 0; i < 40; i++) {
        struct vtr_pkt pkt = packet_of(r, packet, len);
        assert_int_equal(packets_serve(&r->packets, 0, &pkt, 1), 1);
    }
    assert_true(r->engine.counts.drop[DROP_tx] > 0);
    assert_true(r->engine.counts.tx_retries > 0);
}

/* Random bytes, and requests with a few bytes wrong, in bursts. */
static void hostile_packets_do_no_harm(void **state)
{
    struct rig *r = (struct rig *)*state;
    uint64_t seed = 42;
    printf("seed %u\n", (unsigned)seed);
    for (unsigned burst = 0; burst < HOSTILE_BURSTS; burst++) {
        struct vtr_pkt pkts[PACKETS_BURST];
        unsigned n = 1 + test_random(&seed) % PACKETS_BURST;
        for (unsigned i = 0; i < n; i++) {
            static const char *const texts[] = { "get v0000064-00000000000\r\n", "gets a b c\r\n",
                                                 "set a 0 0 4\r\nabcd\r\n", "delete a\r\n",
                                                 "stats\r\n", "get v0100000-00000000001\r\n" };
            uint8_t packet[PACKET_MAX];
            size_t len = packet_request(&r->packets.self, 1, texts[test_random(&seed) % 6], packet);
            ((struct vtr_udp *)(packet + 34))->sum = vtr_be16_make(0);
            for (unsigned wrong = test_random(&seed) % 4; wrong > 0; wrong--)
                packet[test_random(&seed) % len] = (uint8_t)test_random(&seed);
            if (test_random(&seed) % 8 == 0)
                len = 1 + test_random(&seed) % len;
            pkts[i] = packet_of(r, packet, len);
        }
        (void)packets_serve(&r->packets, 0, pkts, n);
    }
    assert_true(r->engine.counts.requests > 0);
    assert_true(r->engine.counts.drop[DROP_ip_sum] > 0);
    assert_true(r->engine.counts.drop[DROP_ethernet] > 0);
}

/* The pages that hold nothing but value bytes of BIG's first value. */
static void take_away_value(struct rig *r)
{
    struct vtr_span key = vtr_span_of("v0100000-00000000000", VALUE_KEY_LEN);
    const struct store_item *item =
        store_find(r->engine.store, key, store_hash(r->engine.store, key));
    assert_non_null(item);
    size_t run;
    const uint8_t *value = vtr_data_at(item->reply, item->head, &run);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = ((uintptr_t)value + page - 1) & ~(page - 1);
    uintptr_t to = ((uintptr_t)value + BIG) & ~(page - 1);
    assert_true(to - from >= BIG - 2 * page);
    assert_int_equal(mprotect((void *)from, to - from, PROT_NONE), 0);
}

static void ask_for_big(struct rig *r)
{
    uint8_t packet[PACKET_MAX];
    size_t len = packet_request(&r->packets.self, 1, "get v0100000-00000000000\r\n", packet);
    struct vtr_pkt pkt = packet_of(r, packet, len);
    assert_int_equal(packets_serve(&r->packets, 0, &pkt, 1), 1);
}

static void by_reference_no_value_byte_is_read(void **state)
{
    struct rig *r = (struct rig *)*state;
    struct vtr_port_stat before, after;
    take_away_value(r);
    r->engine.mode = ENGINE_REFERENCE;
    vtr_port_stat(r->server, &before);
    ask_for_big(r);
    vtr_port_stat(r->server, &after);
    assert_int_equal(after.tx_pkts - before.tx_pkts, (BIG + 35 + STORE_TAIL) / MESSAGE_PAYLOAD + 1);
    assert_int_equal(r->engine.counts.payload_bytes_copied, 0);
}

static struct rig *forked;

static void copy_big(void)
{
    signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would end otherwise */
    take_away_value(forked);
    forked->engine.mode = ENGINE_COPY;
    ask_for_big(forked);
}

/* What shows that the test above can fail. */
static void copying_the_same_value_dies(void **state)
{
    char said[4096];
    forked = (struct rig *)*state;
    assert_int_equal(test_death(copy_big, said, sizeof said), SIGSEGV);
}

int main(void)
{
#define on_ring(test) cmocka_unit_test_setup_teardown(test, ring_setup, teardown)
#define on_null(test) cmocka_unit_test_setup_teardown(test, null_setup, teardown)
    const struct CMUnitTest tests[] = {
        on_ring(replies_are_the_same_bytes_in_every_mode),
        on_ring(over_ipv6_each_datagram_has_a_good_checksum),
        on_ring(questions_are_answered_from_any_block),
        on_ring(copies_are_counted_to_the_byte),
        on_ring(many_small_values_by_reference_fit_what_a_port_can_send),
        on_ring(a_request_that_others_hold_is_not_written_to),
        on_ring(a_request_in_pieces_is_answered),
        on_ring(a_full_ring_drops_at_last_and_keeps_nothing),
        on_null(hostile_packets_do_no_harm),
        on_null(by_reference_no_value_byte_is_read),
        on_null(copying_the_same_value_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
