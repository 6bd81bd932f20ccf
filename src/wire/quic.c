/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Long and short headers. A packet is read with a reader of its own: what fails changes nothing.
 */
#include <vitrine/wire/quic.h>

/* The two bits of the type, by version: RFC 9000 table 5, RFC 9369 section 3.2. */
static enum vtr_quic_kind kind_of(uint8_t first, uint32_t version)
{
    static const uint8_t V1[4] = { VTR_QUIC_INITIAL, VTR_QUIC_0RTT, VTR_QUIC_HANDSHAKE,
                                   VTR_QUIC_RETRY };
    unsigned type = first >> 4 & 3u;
    if (version == 0)
        return VTR_QUIC_VERSIONS;
    if (version == VTR_QUIC_V1)
        return (enum vtr_quic_kind)V1[type];
    if (version == VTR_QUIC_V2)
        return (enum vtr_quic_kind)V1[(type + 3) % 4];
    return VTR_QUIC_UNKNOWN;
}

static void take_rest(struct vtr_reader *r, struct vtr_span *out)
{
    *out = r->rest;
    r->rest = vtr_span_part_(*out, out->len, 0);
}

static bool take_varied(struct vtr_reader *r, struct vtr_span *out)
{
    uint64_t len;
    return vtr_quic_varint(r, &len) && vtr_reader_take(r, len, out);
}

/* What follows the two identifiers. Where no length is stated, that is all there is. */
static bool take_body(struct vtr_reader *r, struct vtr_quic_packet *p)
{
    switch (p->kind) {
    case VTR_QUIC_INITIAL:
        return take_varied(r, &p->token) && take_varied(r, &p->payload);
    case VTR_QUIC_0RTT:
    case VTR_QUIC_HANDSHAKE:
        return take_varied(r, &p->payload);
    case VTR_QUIC_RETRY:
        if (r->rest.len < VTR_QUIC_TAG_LEN ||
            !vtr_reader_take(r, r->rest.len - VTR_QUIC_TAG_LEN, &p->token))
            return false;
        break;
    case VTR_QUIC_VERSIONS:
        if (r->rest.len % 4 != 0)
            return false;
        break;
    default:
        break;
    }
    take_rest(r, &p->payload);
    return true;
}

static bool take_cid(struct vtr_reader *r, size_t max, struct vtr_span *out)
{
    return vtr_reader_vector8(r, out) && out->len <= max;
}

static bool take_long(struct vtr_reader *r, struct vtr_quic_packet *p)
{
    if (!vtr_reader_u32be(r, &p->version))
        return false;
    p->kind = kind_of(p->first, p->version);
    bool known = p->kind < VTR_QUIC_VERSIONS;
    size_t max = known ? VTR_QUIC_CID_MAX : UINT8_MAX;
    if (known && (p->first & VTR_QUIC_FIXED) == 0)
        return false;
    return take_cid(r, max, &p->dcid) && take_cid(r, max, &p->scid) && take_body(r, p);
}

static bool take_short(struct vtr_reader *r, size_t cid_len, struct vtr_quic_packet *p)
{
    p->kind = VTR_QUIC_SHORT;
    if ((p->first & VTR_QUIC_FIXED) == 0 || !vtr_reader_take(r, cid_len, &p->dcid))
        return false;
    take_rest(r, &p->payload);
    return true;
}

bool vtr_quic_packet_next(struct vtr_reader *r, size_t cid_len, struct vtr_quic_packet *out)
{
    struct vtr_quic_packet p;
    struct vtr_reader at = *r;
    memset(&p, 0, sizeof p);
    if (!vtr_reader_u8(&at, &p.first) ||
        !((p.first & VTR_QUIC_LONG) != 0 ? take_long(&at, &p) : take_short(&at, cid_len, &p)))
        return false;
    *out = p;
    *r = at;
    return true;
}
