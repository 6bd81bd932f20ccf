/* SPDX-License-Identifier: BSD-2-Clause */
/* 03_parse_udp: a packet read where it lies, each length checked once, nothing copied.
 * Shows: VTR_WIRE, vtr_eth_take and so on, vtr_reader, vtr_span_cast, vtr_checksum_good.
 * Before: 02_slice.c                                             Next: 04_receive_send.c
 * Run:   build/examples/03_parse_udp
 * Prints: who sent what to whom, and how many of the packet's beginnings were refused
 */
#include <inttypes.h>
#include <stdio.h>
#include <vitrine/vitrine.h>

/* What our sensors send: a header, then so many readings. Offsets are asserted; a field is bytes in
 * network order, so it lies anywhere, and `m->count == 3` does not compile. */
VTR_WIRE(message, 6,
         (struct vtr_be32, sensor, 0),
         (struct vtr_be16, count, 4));

/* As a port would give it, six bytes of Ethernet padding included. */
static const uint8_t PACKET[] = {
    0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, /* Ethernet */
    0x08, 0x00, 0x45, 0x00, 0x00, 0x28, 0x00, 0x01, 0x40, 0x00, 0x40, 0x11, /* IPv4 from byte 14 */
    0xb6, 0xc0, 0xc0, 0x00, 0x02, 0x01, 0xc0, 0x00, 0x02, 0x02, 0x9c, 0x40, /* UDP from 34 */
    0x13, 0x88, 0x00, 0x14, 0xb2, 0xb2, 0x00, 0x00, 0x00, 0x07, 0x00, 0x03, /* ours from 42 */
    0x08, 0x66, 0x08, 0x65, 0x08, 0x72, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

/* Views into the packet. They are good while its bytes are. */
struct parsed {
    const struct vtr_ipv4 *ip;
    const struct vtr_udp *udp;
    const struct message *message;
    const struct vtr_be16 *readings;
    size_t count;
    struct vtr_span payload;
};

/* Each take looks at one header and narrows s to what that header encloses. Whatever is cut short
 * or lies about a length ends here, so nobody below has to ask again. */
static bool parse(struct vtr_span s, struct parsed *out)
{
    const struct vtr_eth *eth = vtr_eth_take(s, &s);
    if (eth == NULL || vtr_be16_get(eth->type) != VTR_ETH_IPV4)
        return false;
    const struct vtr_ipv4 *ip = vtr_ipv4_take(s, &s);
    if (ip == NULL || ip->protocol != VTR_IP_UDP || vtr_ipv4_is_fragment(ip))
        return false;
    const struct vtr_udp *udp = vtr_udp_take(s, &s);
    if (udp == NULL)
        return false;

    struct vtr_reader r = vtr_reader_of(s);
    struct vtr_span readings;
    const struct message *message = vtr_reader_view(&r, struct message);
    if (message == NULL)
        return false;
    size_t count = vtr_be16_get(message->count);
    if (!vtr_reader_take(&r, count * sizeof(struct vtr_be16), &readings) || r.rest.len != 0)
        return false;

    out->ip = ip;
    out->udp = udp;
    out->message = message;
    out->readings = vtr_span_cast(readings, struct vtr_be16, &out->count, &readings);
    out->payload = s;
    return true;
}

static bool checksums_are_good(const struct parsed *p)
{
    uint16_t len = (uint16_t)(sizeof *p->udp + p->payload.len);
    struct vtr_sum sum = vtr_sum_ipv4(p->ip, VTR_IP_UDP, len);
    vtr_sum_add(&sum, vtr_span_of(p->udp, len));
    return vtr_checksum_good(p->ip, vtr_ipv4_header_len(p->ip)) && vtr_sum_good(sum);
}

static void print_end(struct vtr_be32 address, struct vtr_be16 port)
{
    const uint8_t *a = address.bytes;
    printf("%u.%u.%u.%u:%u", a[0], a[1], a[2], a[3], vtr_be16_get(port));
}

static void print(const struct parsed *p)
{
    print_end(p->ip->src, p->udp->src);
    printf(" -> ");
    print_end(p->ip->dst, p->udp->dst);
    printf(", %zu bytes, checksums %s\n", p->payload.len, checksums_are_good(p) ? "good" : "bad");
    printf("sensor %" PRIu32 ":", vtr_be32_get(p->message->sensor));
    for (size_t i = 0; i < p->count; i++)
        printf(" %u", vtr_be16_get(p->readings[i]));
    printf("\nread in place, at byte %td of the packet\n", (const uint8_t *)p->message - PACKET);
}

int main(void)
{
    struct parsed p;
    if (!parse(vtr_span_of(PACKET, sizeof PACKET), &p)) {
        fprintf(stderr, "03_parse_udp: this is not one of our packets\n");
        return 1;
    }
    print(&p);

    size_t refused = 0, whole = sizeof PACKET - 6; /* without the padding */
    for (size_t len = 0; len < whole; len++)
        refused += !parse(vtr_span_of(PACKET, len), &p);
    printf("cut short: %zu of %zu refused\n", refused, whole);
    return refused == whole ? 0 : 1;
}
