/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * flow: the Toeplitz hash of receive-side scaling, by tables of half bytes, and what of a flow is
 * hashed.
 */
#include <vitrine/flow.h>

#include <vitrine/wire/ip.h>

/* The 32 bits of a key that begin @p bit bits into byte @p at: what a set bit of the input adds. */
static uint32_t window(const uint8_t *key, size_t at, unsigned bit)
{
    struct vtr_be32 high;
    memcpy(high.bytes, key + at, sizeof high);
    return (uint32_t)(((uint64_t)vtr_be32_get(high) << 8 | key[at + 4]) >> (8 - bit));
}

void vtr_toeplitz_init(struct vtr_toeplitz *t, const uint8_t *key, size_t len)
{
    vtr_check(len >= VTR_RSS_KEY);
    for (size_t i = 0; i < 2 * VTR_TOEPLITZ_INPUT; i++)
        for (unsigned v = 0; v < 16; v++) {
            t->half[i][v] = 0;
            for (unsigned bit = 0; bit < 4; bit++)
                if (v >> (3 - bit) & 1)
                    t->half[i][v] ^= window(key, i / 2, (unsigned)(i % 2) * 4 + bit);
        }
}

uint32_t vtr_toeplitz_hash(const struct vtr_toeplitz *t, struct vtr_span input)
{
    uint32_t hash = 0;
    size_t len = input.len < VTR_TOEPLITZ_INPUT ? input.len : VTR_TOEPLITZ_INPUT;
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = input.ptr[i];
        hash ^= t->half[2 * i][byte >> 4] ^ t->half[2 * i + 1][byte & 15];
    }
    return hash;
}

/* @return the type by which the ports of such a packet are hashed; 0: by none. */
static unsigned ports_type(const struct vtr_flow *flow)
{
    bool six = flow->version == 6;
    if (flow->fragment)
        return 0;
    switch (flow->protocol) {
    case VTR_IP_TCP:
        return six ? VTR_RSS_TCP6 : VTR_RSS_TCP4;
    case VTR_IP_UDP:
        return six ? VTR_RSS_UDP6 : VTR_RSS_UDP4;
    case VTR_IP_SCTP:
        return six ? VTR_RSS_SCTP6 : VTR_RSS_SCTP4;
    default:
        return 0;
    }
}

bool vtr_rss_hash(const struct vtr_toeplitz *t, const struct vtr_flow *flow, unsigned types,
                  uint32_t *hash)
{
    uint8_t input[VTR_TOEPLITZ_INPUT];
    size_t address = flow->version == 6 ? sizeof flow->src : sizeof(struct vtr_be32), len;
    memcpy(input, flow->src.bytes, address);
    memcpy(input + address, flow->dst.bytes, address);
    len = 2 * address;
    if ((types & ports_type(flow)) != 0) {
        memcpy(input + len, &flow->src_port, sizeof flow->src_port);
        memcpy(input + len + 2, &flow->dst_port, sizeof flow->dst_port);
        len += 4;
    } else if ((types & (flow->version == 6 ? VTR_RSS_IPV6 : VTR_RSS_IPV4)) == 0) {
        return false;
    }
    *hash = vtr_toeplitz_hash(t, vtr_span_of(input, len));
    return true;
}
