/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * seeds FOLDER: writes the seed corpus: for fuzz_parse a valid frame of each kind, for fuzz_wire a
 * header and a list of each, for fuzz_flow some frames, for fuzz_span and fuzz_data some steps.
 * Every target runs all of them. The committed corpus is what this writes (corpus.sh) and whatever
 * a search has found since.
 */
#include <stdio.h>
#include <stdlib.h>
#include <vitrine/checksum.h>
#include <vitrine/wire.h>
#include <vitrine/writer.h>

#include "../wire/examples.h"
#include "../wire/frames.h"
#include "../wire/list_examples.h"
#include "../wire/lists.h"
#include "../wire/takers.h"

static uint8_t room[1024];
static const uint8_t OPTION[4] = { 1, 1, 1, 0 };    /* RFC 791: no operation three times, end */
static const uint8_t MSS[4] = { 2, 4, 0x05, 0xb4 }; /* RFC 9293 section 3.2: 1460 */
static const uint8_t GET[] = "get key\r\n", PADDING[18];

/** Writes go through here: the room is large enough for all of them. */
static void put(struct vtr_writer *w, const void *bytes, size_t len)
{
    vtr_check(vtr_writer_put(w, bytes, len));
}

static struct vtr_writer frame(uint16_t type)
{
    struct vtr_writer w = vtr_writer_of(room, sizeof room);
    struct vtr_eth *eth = vtr_writer_claim(&w, struct vtr_eth);
    static const struct vtr_mac dst = { { 2, 0, 0, 0, 0, 2 } }, src = { { 2, 0, 0, 0, 0, 1 } };
    eth->dst = dst;
    eth->src = src;
    eth->type = vtr_be16_make(type);
    return w;
}

static struct vtr_ipv4 *ipv4(struct vtr_writer *w, uint8_t protocol, size_t options)
{
    struct vtr_ipv4 *ip = vtr_writer_claim(w, struct vtr_ipv4);
    ip->version_ihl = (uint8_t)(VTR_IPV4_PLAIN + options / 4);
    ip->ttl = 64;
    ip->protocol = protocol;
    ip->frag = vtr_be16_make(VTR_IPV4_DF);
    ip->src = vtr_be32_make(0xc0000201); /* 192.0.2.1 and .2: RFC 5737 */
    ip->dst = vtr_be32_make(0xc0000202);
    put(w, OPTION, options);
    return ip;
}

static void end_ipv4(struct vtr_writer *w, struct vtr_ipv4 *ip)
{
    ip->total_len = vtr_be16_make((uint16_t)(w->ptr + w->len - (uint8_t *)ip));
    ip->sum = vtr_checksum(ip, vtr_ipv4_header_len(ip));
}

static struct vtr_ipv6 *ipv6(struct vtr_writer *w, uint8_t protocol)
{
    struct vtr_ipv6 *ip = vtr_writer_claim(w, struct vtr_ipv6);
    static const struct vtr_ip6_addr doc = { { 0x20, 0x01, 0x0d, 0xb8 } }; /* RFC 3849 */
    ip->version_class_flow = vtr_ipv6_word(0, 0x12345);
    ip->next_header = protocol;
    ip->hop_limit = 64;
    ip->src = ip->dst = doc;
    ip->src.bytes[15] = 1;
    ip->dst.bytes[15] = 2;
    return ip;
}

static void end_ipv6(struct vtr_writer *w, struct vtr_ipv6 *ip)
{
    ip->payload_len = vtr_be16_make((uint16_t)(w->ptr + w->len - (uint8_t *)(ip + 1)));
}

/** The sum of the bytes from @p header to the end of what is written, after a pseudo-header's. */
static struct vtr_sum sum_from(struct vtr_writer *w, const void *header, struct vtr_sum sum)
{
    vtr_sum_add(&sum, vtr_span_of(header, (size_t)(w->ptr + w->len - (const uint8_t *)header)));
    return sum;
}

static struct vtr_udp *memcached_get(struct vtr_writer *w)
{
    struct vtr_udp *udp = vtr_writer_claim(w, struct vtr_udp);
    struct vtr_memcached_udp *frame = vtr_writer_claim(w, struct vtr_memcached_udp);
    udp->src = vtr_be16_make(40000);
    udp->dst = vtr_be16_make(VTR_MEMCACHED_PORT);
    udp->len = vtr_be16_make(sizeof *udp + sizeof *frame + sizeof GET - 1);
    frame->id = vtr_be16_make(0xbeef);
    frame->total = vtr_be16_make(1);
    put(w, GET, sizeof GET - 1);
    return udp;
}

static struct vtr_tcp *tcp_syn(struct vtr_writer *w)
{
    struct vtr_tcp *tcp = vtr_writer_claim(w, struct vtr_tcp);
    tcp->src = vtr_be16_make(40000);
    tcp->dst = vtr_be16_make(VTR_MEMCACHED_PORT);
    tcp->data_off = VTR_TCP_PLAIN + 0x10;
    tcp->flags = VTR_TCP_SYN;
    tcp->window = vtr_be16_make(65535);
    put(w, MSS, sizeof MSS);
    return tcp;
}

static struct vtr_icmp *echo(struct vtr_writer *w, uint8_t type)
{
    struct vtr_icmp *icmp = vtr_writer_claim(w, struct vtr_icmp);
    icmp->type = type;
    icmp->seq = vtr_be16_make(1);
    put(w, "odd", 3);
    return icmp;
}

static struct vtr_span arp(void)
{
    struct vtr_writer w = frame(VTR_ETH_ARP);
    struct vtr_arp *arp = vtr_writer_claim(&w, struct vtr_arp);
    arp->hardware = vtr_be16_make(VTR_ARP_ETHERNET);
    arp->protocol = vtr_be16_make(VTR_ETH_IPV4);
    arp->hardware_len = sizeof arp->sender_mac;
    arp->protocol_len = sizeof arp->sender_ip;
    arp->op = vtr_be16_make(VTR_ARP_REQUEST);
    arp->sender_ip = vtr_be32_make(0xc0000201);
    arp->target_ip = vtr_be32_make(0xc0000202);
    put(&w, PADDING, sizeof PADDING);
    return vtr_writer_span(&w);
}

static struct vtr_span udp_over_ipv4(size_t options)
{
    struct vtr_writer w = frame(VTR_ETH_IPV4);
    struct vtr_ipv4 *ip = ipv4(&w, VTR_IP_UDP, options);
    struct vtr_udp *udp = memcached_get(&w);
    uint16_t len = vtr_be16_get(udp->len);
    udp->sum = vtr_sum_end_udp(sum_from(&w, udp, vtr_sum_ipv4(ip, VTR_IP_UDP, len)));
    end_ipv4(&w, ip);
    put(&w, PADDING, 1);
    return vtr_writer_span(&w);
}

static struct vtr_span udp_over_ipv6(void)
{
    struct vtr_writer w = frame(VTR_ETH_IPV6);
    struct vtr_ipv6 *ip = ipv6(&w, VTR_IP_UDP);
    struct vtr_udp *udp = memcached_get(&w);
    uint16_t len = vtr_be16_get(udp->len);
    udp->sum = vtr_sum_end_udp(sum_from(&w, udp, vtr_sum_ipv6(ip, VTR_IP_UDP, len)));
    end_ipv6(&w, ip);
    return vtr_writer_span(&w);
}

static struct vtr_span tcp_over_ipv4(void)
{
    struct vtr_writer w = frame(VTR_ETH_IPV4);
    struct vtr_ipv4 *ip = ipv4(&w, VTR_IP_TCP, 0);
    struct vtr_tcp *tcp = tcp_syn(&w);
    tcp->sum = vtr_sum_end(sum_from(&w, tcp, vtr_sum_ipv4(ip, VTR_IP_TCP, 24)));
    end_ipv4(&w, ip);
    return vtr_writer_span(&w);
}

static struct vtr_span tcp_over_ipv6(void)
{
    struct vtr_writer w = frame(VTR_ETH_IPV6);
    struct vtr_ipv6 *ip = ipv6(&w, VTR_IP_TCP);
    struct vtr_tcp *tcp = tcp_syn(&w);
    tcp->sum = vtr_sum_end(sum_from(&w, tcp, vtr_sum_ipv6(ip, VTR_IP_TCP, 24)));
    end_ipv6(&w, ip);
    return vtr_writer_span(&w);
}

static struct vtr_span echo_over_ipv4(uint16_t frag)
{
    struct vtr_writer w = frame(VTR_ETH_IPV4);
    struct vtr_ipv4 *ip = ipv4(&w, VTR_IP_ICMP, 0);
    struct vtr_icmp *icmp = echo(&w, VTR_ICMP_ECHO);
    struct vtr_sum none = VTR_SUM_EMPTY;
    ip->frag = vtr_be16_make(frag);
    icmp->sum = vtr_sum_end(sum_from(&w, icmp, none));
    end_ipv4(&w, ip);
    return vtr_writer_span(&w);
}

static struct vtr_span echo_over_ipv6(void)
{
    struct vtr_writer w = frame(VTR_ETH_IPV6);
    struct vtr_ipv6 *ip = ipv6(&w, VTR_IP_ICMPV6);
    struct vtr_icmp *icmp = echo(&w, VTR_ICMPV6_ECHO);
    icmp->sum = vtr_sum_end(sum_from(&w, icmp, vtr_sum_ipv6(ip, VTR_IP_ICMPV6, 11)));
    end_ipv6(&w, ip);
    return vtr_writer_span(&w);
}

/** Steps of fuzz_span: offsets and lengths around the data's 40 bytes, then around 2^64. */
static struct vtr_span steps(void)
{
    struct vtr_writer w = vtr_writer_of(room, sizeof room);
    bool fits = vtr_writer_u8(&w, 40);
    for (uint8_t i = 0; i < 40; i++)
        fits = fits && vtr_writer_u8(&w, i);
    for (uint64_t i = 0; i < 20; i++)
        fits = fits && vtr_writer_u8(&w, (uint8_t)i) && vtr_writer_u64be(&w, (i * 5 % 64) << 58) &&
               vtr_writer_u64be(&w, (i * 3 % 16) << 58);
    for (uint64_t i = 0; i < 5; i++)
        fits = fits && vtr_writer_u8(&w, (uint8_t)(0x80 + i)) && vtr_writer_u64be(&w, 0 - i) &&
               vtr_writer_u64be(&w, i * 10);
    vtr_check(fits);
    return vtr_writer_span(&w);
}

/** Steps of fuzz_data: every operation with the same arguments, then with an allocation failing. */
static struct vtr_span operations(uint8_t first)
{
    static const uint8_t ORDER[] = { 14, 15, 16, 18, 17, 19, 0, 1,  5,  2,  7,  6, 8,
                                     9,  10, 11, 3,  4,  12, 15, 16, 19, 21,
                                     22, 23, 24, 25, 26, 27, 20, 13 };
    struct vtr_writer w = vtr_writer_of(room, sizeof room);
    bool fits = true;
    for (uint8_t i = 0; i < 2 * sizeof ORDER; i++) {
        uint8_t op = ORDER[i % sizeof ORDER], faulty = i < sizeof ORDER ? 0 : 0x80;
        fits = fits && vtr_writer_u8(&w, op | faulty) && (faulty == 0 || vtr_writer_u8(&w, i % 3));
        for (uint8_t arg = 0; arg < 4; arg++)
            fits = fits && vtr_writer_u8(&w, (uint8_t)(first + arg * 5 + i));
    }
    vtr_check(fits);
    return vtr_writer_span(&w);
}

/** Of fuzz_wire: which taker, and a header. */
static struct vtr_span header(const struct example *x)
{
    struct vtr_writer w = vtr_writer_of(room, sizeof room);
    for (unsigned i = 0; i < TAKERS_N; i++)
        if (strcmp(takers[i].name, x->name) == 0)
            vtr_check(vtr_writer_u8(&w, (uint8_t)i));
    put(&w, x->bytes, x->len);
    return vtr_writer_span(&w);
}

/** Of fuzz_wire: which list, what it begins with, and its elements. */
static struct vtr_span list(const struct list_example *x)
{
    struct vtr_writer w = vtr_writer_of(room, sizeof room);
    for (unsigned i = 0; i < LISTS_N; i++)
        if (strcmp(lists[i].name, x->name) == 0)
            vtr_check(vtr_writer_u8(&w, (uint8_t)(128 + i)));
    vtr_check(vtr_writer_u8(&w, (uint8_t)x->first));
    put(&w, x->bytes, x->bytes_n);
    return vtr_writer_span(&w);
}

/** Of fuzz_flow: with tags, options and parts, or without. */
static struct vtr_span flow(unsigned i)
{
    static struct frame f;
    struct frame_spec spec = { .version = i % 2 == 0 ? 4 : 6, .src = { 192, 0, 2, 1 },
                               .dst = { 192, 0, 2, 2 }, .src_port = 40000, .dst_port = 80 };
    spec.protocol = i / 2 % 2 == 0 ? VTR_IP_UDP : VTR_IP_TCP;
    spec.tags = i / 4 * 2;
    spec.options = i / 4 != 0;
    spec.frag = i == 7 ? 1 : 0;
    frame_make(&f, &spec);
    return vtr_span_of(f.bytes, f.len);
}

static void save(const char *folder, const char *name, struct vtr_span s)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.bin", folder, name);
    FILE *file = fopen(path, "wb");
    vtr_check(file != NULL && fwrite(s.ptr, 1, s.len, file) == s.len && fclose(file) == 0);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: seeds FOLDER\n");
        return 2;
    }
    save(argv[1], "arp", arp());
    save(argv[1], "ipv4_udp", udp_over_ipv4(0));
    save(argv[1], "ipv4_options_udp", udp_over_ipv4(sizeof OPTION));
    save(argv[1], "ipv6_udp", udp_over_ipv6());
    save(argv[1], "ipv4_tcp", tcp_over_ipv4());
    save(argv[1], "ipv6_tcp", tcp_over_ipv6());
    save(argv[1], "ipv4_icmp", echo_over_ipv4(0));
    save(argv[1], "ipv4_fragment", echo_over_ipv4(VTR_IPV4_MF));
    save(argv[1], "ipv6_icmp", echo_over_ipv6());
    save(argv[1], "span_steps", steps());
    save(argv[1], "data_small", operations(0));
    save(argv[1], "data_large", operations(100));
    char name[64];
    for (unsigned i = 0; i < EXAMPLES_N; i++) {
        snprintf(name, sizeof name, "wire_%s_%zu", examples[i].name + 4, examples[i].header);
        save(argv[1], name, header(&examples[i]));
    }
    for (unsigned i = 0; i < LIST_EXAMPLES_N; i++) {
        snprintf(name, sizeof name, "wire_list_%s", list_examples[i].name);
        save(argv[1], name, list(&list_examples[i]));
    }
    for (unsigned i = 0; i < 8; i++) {
        snprintf(name, sizeof name, "flow_%u", i);
        save(argv[1], name, flow(i));
    }
    return 0;
}
