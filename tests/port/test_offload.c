/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: what packets ask for is done, by software here: checksums against the reference, TCP
 * segments cut into frames that put together again are the same bytes, tags. Payload is never
 * copied. tshark, where it is there, looks at what was written.
 */
#include "pcaps.h"

#include <vitrine/checksum.h>
#include <vitrine/wire.h>

enum { ETH = 14, HEAD_MAX = 14 + 40 + 60 };

struct shape {
    bool v6, udp;
    unsigned tcp_options; /* bytes */
};

static uint16_t get16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static unsigned l3_len(struct shape s) { return s.v6 ? 40 : 20; }
static unsigned l4_len(struct shape s) { return s.udp ? 8 : 20 + s.tcp_options; }
static unsigned head_len(struct shape s) { return ETH + l3_len(s) + l4_len(s); }

/* The sum of the pseudo-header over @p len bytes; 0 for a segment to be cut. */
static struct vtr_sum pseudo(const uint8_t *ip, struct shape s, unsigned len)
{
    struct vtr_ipv4 ip4;
    struct vtr_ipv6 ip6;
    memcpy(&ip4, ip, sizeof ip4);
    memcpy(&ip6, ip, sizeof ip6);
    uint8_t protocol = s.udp ? VTR_IP_UDP : VTR_IP_TCP;
    return s.v6 ? vtr_sum_ipv6(&ip6, protocol, len) : vtr_sum_ipv4(&ip4, protocol, (uint16_t)len);
}

static void make_head(uint8_t *head, struct shape s, unsigned payload, bool cut)
{
    uint8_t *ip = head + ETH, *l4 = ip + l3_len(s);
    unsigned rest = l4_len(s) + payload;
    memset(head, 0, HEAD_MAX);
    memcpy(head, "\x02\0\0\0\0\1\x02\0\0\0\0\2", 12);
    put16(head + 12, s.v6 ? 0x86dd : 0x0800);
    ip[0] = s.v6 ? 0x60 : 0x45;
    if (s.v6) {
        put16(ip + 4, rest);
        ip[6] = s.udp ? VTR_IP_UDP : VTR_IP_TCP;
        ip[7] = 64;
        memcpy(ip + 8, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2", 32);
    } else {
        put16(ip + 2, 20 + rest);
        put16(ip + 4, 65534); /* wraps */
        ip[8] = 64;
        ip[9] = s.udp ? VTR_IP_UDP : VTR_IP_TCP;
        put16(ip + 10, 0xbeef); /* what is there does not matter */
        memcpy(ip + 12, "\x0a\0\0\1\x0a\0\0\2", 8);
    }
    put16(l4, 1000);
    put16(l4 + 2, 2000);
    if (s.udp) {
        put16(l4 + 4, rest);
    } else {
        memcpy(l4 + 4, "\xff\xff\xff\0", 4); /* wraps */
        l4[12] = (uint8_t)(l4_len(s) / 4 << 4);
        l4[13] = VTR_TCP_ACK | VTR_TCP_PSH | VTR_TCP_FIN | VTR_TCP_CWR;
        memset(l4 + 20, 1, s.tcp_options);
    }
    struct vtr_be16 partial = vtr_sum_partial(pseudo(ip, s, cut ? 0 : rest));
    memcpy(l4 + (s.udp ? 6 : 16), &partial, 2);
}

/* A packet whose payload lies in @p segs blocks. */
static struct vtr_pkt make(struct vtr_heap *heap, struct shape s, unsigned payload, unsigned segs,
                           bool cut)
{
    uint8_t head[HEAD_MAX];
    uint8_t *bytes = (uint8_t *)malloc(payload + 1);
    struct vtr_data parts[8], all = VTR_DATA_EMPTY;
    struct vtr_pkt pkt = { .l2_len = ETH, .l3_len = (uint8_t)l3_len(s) };
    make_head(head, s, payload, cut);
    test_fill(bytes, payload, payload);
    parts[0] = test_data(heap, head, head_len(s));
    for (unsigned i = 0, at = 0; i < segs; i++) { /* odd cuts */
        unsigned n = i + 1 == segs ? payload - at : (payload / segs) | 1;
        n = n < payload - at ? n : payload - at;
        parts[1 + i] = test_data(heap, bytes + at, n);
        at += n;
    }
    assert_int_equal(vtr_data_join_take(parts, 1 + segs, &all), 0);
    free(bytes);
    pkt.data = all;
    pkt.flags = VTR_PKT_TX_IP_SUM | (s.udp ? VTR_PKT_TX_UDP_SUM : VTR_PKT_TX_TCP_SUM);
    if (cut)
        pkt.flags = VTR_PKT_TX_CUT;
    return pkt;
}

/* Whether both checksums of a frame are those of the reference. */
static bool sums_are_good(const uint8_t *frame, size_t len, struct shape s, unsigned l2)
{
    const uint8_t *ip = frame + l2, *l4 = ip + l3_len(s);
    size_t rest = s.v6 ? get16(ip + 4) : get16(ip + 2) - 20u;
    if (rest > len - l2 - l3_len(s))
        return false;
    struct vtr_sum sum = pseudo(ip, s, (unsigned)rest);
    vtr_sum_add(&sum, vtr_span_of(l4, rest));
    return (s.v6 || vtr_checksum_good(ip, 20)) && vtr_sum_good(sum) &&
           get16(l4 + (s.udp ? 6 : 16)) != (s.udp ? 0 : 0x10000);
}

static const struct shape shapes[] = {
    { false, true, 0 },  { false, false, 0 },  { true, true, 0 },
    { true, false, 12 }, { false, false, 40 },
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

/* tshark with its checks on. @return of how many frames of the file it finds the TCP or UDP
 * checksum good, and nothing else bad; -1: there is no tshark. */
static int tshark_good(const char *path)
{
    char command[640];
    int good = -1;
    snprintf(command, sizeof command,
             "HOME=/tmp tshark -r %s -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE "
             "-o udp.check_checksum:TRUE -Y '(tcp.checksum.status==1 || udp.checksum.status==1) && "
             "!(ip.checksum.status==0) && !_ws.malformed' 2>/dev/null | wc -l",
             path);
    if (system("command -v tshark >/dev/null") != 0)
        return -1;
    FILE *f = popen(command, "r");
    if (f != NULL && fscanf(f, "%d", &good) != 1)
        good = -1;
    if (f != NULL)
        pclose(f);
    return good;
}

static void sums_asked_for_are_those_of_the_reference(void **state)
{
    static const unsigned payloads[] = { 0, 1, 2, 7, 18, 511, 1400 };
    enum { PAYLOADS = sizeof payloads / sizeof payloads[0] };
    struct vtr_heap *heap = test_heap(64 << 20);
    struct captures c = test_captures();
    snprintf(c.spec, sizeof c.spec, "pcap:,%s", c.out);
    struct vtr_port *port = test_port(heap, c.spec, NULL);
    unsigned n = 0;
    for (unsigned i = 0; i < SHAPES * PAYLOADS; i++)
        for (unsigned segs = 1; segs <= 3; segs++, n++) {
            struct vtr_pkt pkt =
                make(heap, shapes[i / PAYLOADS], payloads[i % PAYLOADS], segs, false);
            test_send(port, 0, &pkt, 1);
        }
    assert_int_equal(test_stat(port).tx_software, n);
    assert_int_equal(test_stat(port).tx_copies, 0);
    assert_int_equal(test_stat(port).drops, 0);
    assert_int_equal(vtr_port_close(port), 0);
    struct capture_read r = test_read_pcap(c.out);
    for (unsigned i = 0; i < n; i++) {
        struct shape s = shapes[i / 3 / PAYLOADS];
        unsigned payload = payloads[i / 3 % PAYLOADS];
        uint8_t want[1400];
        size_t len = 0;
        const uint8_t *frame = test_next_frame(&r, &len);
        test_fill(want, payload, payload);
        assert_true(frame != NULL && len == head_len(s) + payload);
        assert_true(sums_are_good(frame, len, s, ETH));
        assert_memory_equal(frame + head_len(s), want, payload);
    }
    free(r.bytes);
    int good = tshark_good(c.out);
    print_message("tshark: %d of %u are good\n", good, n);
    assert_true(good == -1 || good == (int)n);
    test_captures_end(&c);
    test_heap_end(heap);
}

/* The frames that a segment was cut into, put together again. */
static void check_frames(struct capture_read *r, struct shape s, unsigned payload, unsigned mss,
                         unsigned l2)
{
    uint8_t *want = (uint8_t *)malloc(payload + 1);
    test_fill(want, payload, payload);
    unsigned at = 0, frames = payload == 0 ? 1 : (payload + mss - 1) / mss;
    for (unsigned i = 0; i < frames; i++) {
        size_t len = 0;
        const uint8_t *frame = test_next_frame(r, &len);
        assert_non_null(frame);
        const uint8_t *ip = frame + l2, *tcp = ip + l3_len(s);
        unsigned head = l2 + l3_len(s) + l4_len(s), n = (unsigned)len - head;
        bool last = i + 1 == frames;
        assert_int_equal(n, last ? payload - at : mss);
        assert_true(sums_are_good(frame, len, s, l2));
        assert_int_equal(vtr_be32_get(*(const struct vtr_be32 *)(tcp + 4)), 0xffffff00u + at);
        assert_int_equal(tcp[13] & (VTR_TCP_FIN | VTR_TCP_PSH),
                         last ? VTR_TCP_FIN | VTR_TCP_PSH : 0);
        assert_int_equal((tcp[13] & VTR_TCP_CWR) != 0, i == 0);
        if (!s.v6)
            assert_int_equal(get16(ip + 4), (uint16_t)(65534 + i));
        assert_memory_equal(frame + head, want + at, n);
        at += n;
    }
    assert_int_equal(at, payload);
    free(want);
}

static const unsigned cut_payloads[] = { 0, 1, 1000, 1001, 5000, 65000 };
enum { CUTS = sizeof cut_payloads / sizeof cut_payloads[0], MSS = 1000 };

static void a_segment_is_cut_into_frames_of_its_bytes(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct captures c = test_captures();
    snprintf(c.spec, sizeof c.spec, "pcap:,%s", c.out);
    struct vtr_port *port = test_port(heap, c.spec, NULL);
    unsigned frames = 0;
    for (unsigned i = 0; i < SHAPES * CUTS; i++) {
        if (shapes[i / CUTS].udp)
            continue;
        struct vtr_pkt pkt = make(heap, shapes[i / CUTS], cut_payloads[i % CUTS], 3, true);
        pkt.mss = MSS;
        test_send(port, 0, &pkt, 1);
        assert_int_equal(pkt.data.len, 0);
    }
    frames = (unsigned)test_stat(port).tx_pkts;
    assert_int_equal(test_stat(port).tx_copies, 0);
    assert_int_equal(test_stat(port).drops, 0);
    assert_int_equal(vtr_port_close(port), 0);
    struct capture_read r = test_read_pcap(c.out);
    for (unsigned i = 0; i < SHAPES * CUTS; i++)
        if (!shapes[i / CUTS].udp)
            check_frames(&r, shapes[i / CUTS], cut_payloads[i % CUTS], MSS, ETH);
    assert_int_equal(r.at, r.size);
    free(r.bytes);
    int good = tshark_good(c.out);
    print_message("tshark: %d of %u are good\n", good, frames);
    assert_true(good == -1 || good == (int)frames);
    test_captures_end(&c);
    test_heap_end(heap);
}

/* A ring of 8: the segment goes over in parts, and what is left stays a segment. */
static void a_segment_that_finds_the_queue_full_goes_on_where_it_stopped(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct captures c = test_captures();
    struct vtr_port_opts opts = test_opts();
    struct shape s = { false, false, 12 };
    opts.rx_descs = opts.tx_descs = 8;
    snprintf(c.spec, sizeof c.spec, "pcap:,%s", c.out);
    struct vtr_port *a = test_port(heap, "ring:cut", &opts),
                    *b = test_port(heap, "ring:cut", &opts);
    struct vtr_port *file = test_port(heap, c.spec, NULL);
    struct vtr_pkt pkt = make(heap, s, 65000, 2, true), got[16];
    pkt.mss = MSS;
    unsigned rounds = 0;
    while (pkt.data.len != 0) {
        unsigned sent = vtr_port_tx(a, 0, &pkt, 1);
        assert_int_equal(sent == 1, pkt.data.len == 0);
        unsigned n = vtr_port_rx(b, 0, got, 16);
        test_send(file, 0, got, n);
        rounds++;
    }
    assert_true(rounds > 8);
    assert_int_equal(test_stat(a).tx_pkts, 65);
    assert_int_equal(test_stat(a).drops, 0);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    assert_int_equal(vtr_port_close(file), 0);
    struct capture_read r = test_read_pcap(c.out);
    check_frames(&r, s, 65000, MSS, ETH);
    free(r.bytes);
    test_captures_end(&c);
    test_heap_end(heap);
}

static void a_tag_is_put_in_and_taken_out_again(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct captures c = test_captures();
    struct vtr_port_opts opts = test_opts();
    struct shape s = { false, true, 0 };
    struct vtr_pkt pkts[3], got[4];
    snprintf(c.spec, sizeof c.spec, "pcap:,%s", c.out);
    struct vtr_port *port = test_port(heap, c.spec, NULL);
    pkts[0] = test_pkt(heap, 60, 5);
    pkts[0].flags = VTR_PKT_TX_VLAN;
    pkts[0].vlan = 0x2fff;
    pkts[1] = make(heap, s, 100, 1, false);
    pkts[1].flags |= VTR_PKT_TX_VLAN;
    pkts[1].vlan = 7;
    pkts[2] = test_pkt(heap, 64, 6);
    test_send(port, 0, pkts, 3);
    assert_int_equal(vtr_port_close(port), 0);
    struct capture_read r = test_read_pcap(c.out);
    size_t len = 0;
    const uint8_t *frame = test_next_frame(&r, &len);
    assert_true(len == 64 && memcmp(frame + 12, "\x81\x00\x2f\xff", 4) == 0);
    frame = test_next_frame(&r, &len);
    assert_true(len == head_len(s) + 104 && memcmp(frame + 12, "\x81\x00\x00\x07\x08\x00", 6) == 0);
    assert_true(sums_are_good(frame, len, s, ETH + 4));
    free(r.bytes);
    snprintf(c.spec, sizeof c.spec, "pcap:%s", c.out);
    opts.strip_vlan = true;
    port = test_port(heap, c.spec, &opts);
    assert_int_equal(vtr_port_rx(port, 0, got, 4), 3);
    assert_true(test_pkt_is(got[0], 60, 5) && got[0].flags == VTR_PKT_VLAN);
    assert_int_equal(got[0].vlan, 0x2fff);
    assert_int_equal(got[1].vlan, 7);
    assert_int_equal(got[1].data.len, head_len(s) + 100);
    assert_true(test_pkt_is(got[2], 64, 6) && got[2].flags == 0);
    test_unref(got, 3);
    assert_int_equal(vtr_port_close(port), 0);
    test_captures_end(&c);
    test_heap_end(heap);
}

/* Over a ring the receiver sees the sender's blocks, which it cannot write. */
static void a_tag_of_a_frame_that_is_shared_is_taken_out_of_the_receivers_only(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port_opts opts = test_opts();
    uint8_t frame[100];
    test_fill(frame, sizeof frame, 3);
    memcpy(frame + 12, "\x81\x00\x00\x2a", 4);
    opts.strip_vlan = true;
    struct vtr_port *a = test_port(heap, "ring:tag", &opts),
                    *b = test_port(heap, "ring:tag", &opts);
    struct vtr_pkt kept = { .data = test_data(heap, frame, sizeof frame) }, sent = kept, got;
    sent.data = vtr_data_ref(kept.data);
    test_send(a, 0, &sent, 1);
    assert_int_equal(test_receive(b, 0, &got, 1), 1);
    assert_data(kept.data, frame, sizeof frame);
    memmove(frame + 4, frame, 12);
    assert_data(got.data, frame + 4, sizeof frame - 4);
    assert_true(got.flags == VTR_PKT_VLAN && got.vlan == 42);
    vtr_pkt_unref(&kept);
    vtr_pkt_unref(&got);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    test_heap_end(heap);
}

static const void *payload_of(struct vtr_pkt pkt, size_t head)
{
    size_t run;
    return vtr_data_at(pkt.data, head, &run);
}

static void payload_is_sent_where_it_lies(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct shape s = { false, false, 0 };
    struct vtr_port *a = test_port(heap, "ring:ref", NULL), *b = test_port(heap, "ring:ref", NULL);
    struct vtr_pkt pkt = make(heap, s, 1400, 1, false), cut = make(heap, s, 2000, 1, true), got[3];
    const uint8_t *one = (const uint8_t *)payload_of(pkt, head_len(s));
    const uint8_t *two = (const uint8_t *)payload_of(cut, head_len(s));
    cut.mss = 1500;
    test_send(a, 0, &pkt, 1);
    test_send(a, 0, &cut, 1);
    assert_int_equal(test_receive(b, 0, got, 3), 3);
    assert_ptr_equal(payload_of(got[0], head_len(s)), one);
    assert_ptr_equal(payload_of(got[1], head_len(s)), two);
    assert_ptr_equal(payload_of(got[2], head_len(s)), two + 1500);
    test_unref(got, 3);
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    test_heap_end(heap);
}

/* One request after the other that cannot be. */
/* An IP header's length has 16 bits, where a port takes frames of any length. */
static void no_frame_is_longer_than_its_header_can_say(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *a = test_port(heap, "ring:long", NULL);
    struct vtr_port *b = test_port(heap, "ring:long", NULL);
    for (unsigned v6 = 0; v6 < 2; v6++) {
        struct shape s = { v6, false, 4 };
        unsigned most = 65535 - (v6 ? 0 : 20) - 24;
        struct vtr_pkt pkt = make(heap, s, 100000, 2, true), got[2];
        pkt.mss = (uint16_t)(most + 1);
        test_send(a, 0, &pkt, 1);
        assert_int_equal(test_stat(a).drop[VTR_DROP_TX_HEADERS], v6 + 1);
        pkt = make(heap, s, 100000, 2, true);
        pkt.mss = (uint16_t)most;
        test_send(a, 0, &pkt, 1);
        assert_int_equal(test_receive(b, 0, got, 2), 2);
        assert_int_equal(got[0].data.len, head_len(s) + most);
        assert_int_equal(got[1].data.len, head_len(s) + 100000 - most);
        test_unref(got, 2);
        pkt = make(heap, s, 1000, 2, true); /* fewer bytes than mss */
        pkt.mss = UINT16_MAX;
        test_send(a, 0, &pkt, 1);
        assert_int_equal(test_receive(b, 0, got, 1), 1);
        test_unref(got, 1);
    }
    assert_int_equal(vtr_port_close(a), 0);
    assert_int_equal(vtr_port_close(b), 0);
    test_heap_end(heap);
}

static void what_headers_do_not_allow_is_dropped_with_its_reason(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:0", NULL);
    struct captures c = test_captures();
    snprintf(c.spec, sizeof c.spec, "pcap:,%s", c.out);
    struct vtr_port *file = test_port(heap, c.spec, NULL);
    struct shape s = { false, false, 0 };
    uint64_t n = 0;
    for (unsigned i = 0; i < 9; i++, n++) {
        struct vtr_pkt pkt = make(heap, s, 100, 1, i >= 6);
        pkt.mss = 50;
        switch (i) {
        case 0:
            pkt.l2_len = 13;
            break;
        case 1:
            pkt.l2_len = 128;
            break;
        case 2:
            pkt.l3_len = 24;
            break;
        case 3:
            pkt.l3_len = 255;
            break;
        case 4:
            pkt.flags |= VTR_PKT_TX_UDP_SUM;
            break;
        case 5:
            assert_true(vtr_data_trim(&pkt.data, head_len(s) - 1));
            break;
        case 6:
            pkt.mss = 0;
            break;
        case 7:
            pkt.l2_len = 15;
            break;
        default:
            assert_true(vtr_data_trim(&pkt.data, head_len(s) - 1));
            break;
        }
        test_send(i % 2 != 0 ? port : file, 0, &pkt, 1);
        assert_int_equal(pkt.data.len, 0);
    }
    assert_int_equal(
        test_stat(port).drop[VTR_DROP_TX_HEADERS] + test_stat(file).drop[VTR_DROP_TX_HEADERS], n);
    struct vtr_pkt pkt = make(heap, s, 4000, 1, true);
    pkt.mss = 2000;
    test_send(file, 0, &pkt, 1);
    assert_int_equal(test_stat(file).drop[VTR_DROP_TX_LONG], 1);
    assert_int_equal(test_live(heap), 0);
    assert_int_equal(vtr_port_close(port), 0);
    assert_int_equal(vtr_port_close(file), 0);
    test_captures_end(&c);
    test_heap_end(heap);
}

/* Any headers, lengths and requests: nothing is read outside, and each packet is sent or counted.
 */
static void no_request_crashes_or_leaks(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:0", NULL);
    uint64_t seed = (uint64_t)time(NULL), cuts = 0;
    print_message("seed %llu\n", (unsigned long long)seed);
    enum { TRIES = 20000 };
    for (unsigned i = 0; i < TRIES; i++) {
        struct shape s = shapes[test_random(&seed) % SHAPES];
        struct vtr_pkt pkt = make(heap, s, test_random(&seed) % 300, 1 + i % 3, i % 2 != 0);
        pkt.flags ^= test_random(&seed) % 4 == 0 ? test_random(&seed) : 0;
        pkt.mss = (uint16_t)(1 + test_random(&seed) % 400);
        pkt.l2_len = (uint8_t)(test_random(&seed) % 8 == 0 ? test_random(&seed) : pkt.l2_len);
        pkt.l3_len = (uint8_t)(test_random(&seed) % 8 == 0 ? test_random(&seed) : pkt.l3_len);
        if (test_random(&seed) % 4 == 0)
            assert_true(vtr_data_trim(&pkt.data, test_random(&seed) % (pkt.data.len + 1)));
        cuts += (pkt.flags & VTR_PKT_TX_CUT) != 0;
        assert_int_equal(vtr_port_tx(port, 0, &pkt, 1), 1);
        assert_int_equal(pkt.data.what, 0);
    }
    struct vtr_port_stat stat = test_stat(port);
    assert_true(cuts != 0 && stat.tx_pkts + stat.drops >= TRIES);
    assert_int_equal(test_live(heap), 0);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_asked_for_are_those_of_the_reference),
        cmocka_unit_test(a_segment_is_cut_into_frames_of_its_bytes),
        cmocka_unit_test(a_segment_that_finds_the_queue_full_goes_on_where_it_stopped),
        cmocka_unit_test(a_tag_is_put_in_and_taken_out_again),
        cmocka_unit_test(a_tag_of_a_frame_that_is_shared_is_taken_out_of_the_receivers_only),
        cmocka_unit_test(payload_is_sent_where_it_lies),
        cmocka_unit_test(no_frame_is_longer_than_its_header_can_say),
        cmocka_unit_test(what_headers_do_not_allow_is_dropped_with_its_reason),
        cmocka_unit_test(no_request_crashes_or_leaks),
    };
    return cmocka_run_group_tests_name("offload", tests, NULL, NULL);
}
