/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Frames of one flow, made as a test wants them: for the unit tests of flows and for fuzzing seeds.
 */
#ifndef VITRINE_TESTS_FRAMES_H
#define VITRINE_TESTS_FRAMES_H

#include <vitrine/wire.h>
#include <vitrine/writer.h>

struct frame_spec {
    uint8_t version, protocol;
    unsigned tags;         /* of VLANs 100, 101 and so on */
    uint16_t frag;         /* of IPv4; of IPv6 its fragment header has it, if not zero */
    bool options;          /* IPv4: a word of them; IPv6: a hop-by-hop header */
    uint8_t src[16], dst[16];
    uint16_t src_port, dst_port;
};

struct frame {
    uint8_t bytes[160];
    size_t len, ip; /* where its IP header begins */
};

static inline void frame_tags(struct vtr_writer *w, const struct frame_spec *spec)
{
    struct vtr_eth *eth = vtr_writer_claim(w, struct vtr_eth);
    struct vtr_be16 *type = &eth->type;
    for (unsigned i = 0; i < spec->tags; i++) {
        struct vtr_vlan *tag = vtr_writer_claim(w, struct vtr_vlan);
        *type = vtr_be16_make(i + 1 < spec->tags ? VTR_ETH_QINQ : VTR_ETH_VLAN);
        tag->tci = vtr_be16_make((uint16_t)(0xe000 + 100 + i));
        type = &tag->type;
    }
    *type = vtr_be16_make(spec->version == 4 ? VTR_ETH_IPV4 : VTR_ETH_IPV6);
}

static inline void frame_ipv4(struct vtr_writer *w, const struct frame_spec *spec)
{
    struct vtr_ipv4 *ip = vtr_writer_claim(w, struct vtr_ipv4);
    ip->version_ihl = (uint8_t)(VTR_IPV4_PLAIN + spec->options);
    ip->total_len = vtr_be16_make((uint16_t)(sizeof *ip + 4 * spec->options + 20));
    ip->frag = vtr_be16_make(spec->frag);
    ip->protocol = spec->protocol;
    memcpy(ip->src.bytes, spec->src, 4);
    memcpy(ip->dst.bytes, spec->dst, 4);
    if (spec->options)
        vtr_check(vtr_writer_put(w, "\1\1\1\0", 4));
}

static inline void frame_ipv6(struct vtr_writer *w, const struct frame_spec *spec)
{
    struct vtr_ipv6 *ip = vtr_writer_claim(w, struct vtr_ipv6);
    uint8_t first = spec->frag != 0 ? VTR_IP_FRAGMENT : spec->protocol;
    size_t exts = (spec->options ? 8u : 0u) + (spec->frag != 0 ? 8u : 0u);
    ip->version_class_flow = vtr_ipv6_word(0, 0);
    ip->payload_len = vtr_be16_make((uint16_t)(exts + 20));
    ip->next_header = spec->options ? VTR_IP_HOP_BY_HOP : first;
    memcpy(ip->src.bytes, spec->src, 16);
    memcpy(ip->dst.bytes, spec->dst, 16);
    if (spec->options) {
        uint8_t hop[8] = { first, 0, VTR_IP6_OPTION_PADN, 4 };
        vtr_check(vtr_writer_put(w, hop, sizeof hop));
    }
    if (spec->frag != 0) {
        struct vtr_ip6_fragment *h = vtr_writer_claim(w, struct vtr_ip6_fragment);
        h->next_header = spec->protocol;
        h->off_flags = vtr_be16_make(spec->frag);
    }
}

/** The frame, with 20 bytes behind its IP headers, which begin with the ports. */
static inline void frame_make(struct frame *f, const struct frame_spec *spec)
{
    struct vtr_writer w = vtr_writer_of(f->bytes, sizeof f->bytes);
    frame_tags(&w, spec);
    f->ip = w.len;
    if (spec->version == 4)
        frame_ipv4(&w, spec);
    else
        frame_ipv6(&w, spec);
    vtr_check(vtr_writer_u16be(&w, spec->src_port) && vtr_writer_u16be(&w, spec->dst_port));
    for (unsigned i = 0; i < 16; i++)
        vtr_check(vtr_writer_u8(&w, i == 8 ? 0x50 : 0));
    f->len = w.len;
}

#endif
