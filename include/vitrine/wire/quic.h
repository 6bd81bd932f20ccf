/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * QUIC: the part of a packet that is not encrypted. RFC 9000 section 17 for version 1, RFC 9369 for
 * version 2, and what RFC 8999 says of every version.
 *
 *   for (r = vtr_reader_of(datagram); vtr_quic_packet_next(&r, cid_len, &packet);)
 *       ...
 *   if (r.rest.len != 0)      what is left is no packet: padding, as a rule
 *
 * Owner: nothing here owns anything.
 * Threads: any.
 * Not here: decryption: numbers of packets and frames are behind it.
 */
#ifndef VITRINE_WIRE_QUIC_H
#define VITRINE_WIRE_QUIC_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

enum {
    VTR_QUIC_V1 = 1,
    VTR_QUIC_V2 = 0x6b3343cf, /* RFC 9369 section 3.1 */

    VTR_QUIC_LONG = 0x80,  /* of the first byte */
    VTR_QUIC_FIXED = 0x40, /* versions 1 and 2: set, or this is no packet */

    VTR_QUIC_CID_MAX = 20, /* versions 1 and 2; of others up to 255 */
    VTR_QUIC_TAG_LEN = 16, /* at the end of a Retry: RFC 9001 section 5.8 */
};

/** The kind of a packet. */
enum vtr_quic_kind {
    VTR_QUIC_INITIAL,
    VTR_QUIC_0RTT,
    VTR_QUIC_HANDSHAKE,
    VTR_QUIC_RETRY,
    VTR_QUIC_VERSIONS, /**< version negotiation: RFC 8999 section 6 */
    VTR_QUIC_UNKNOWN,  /**< a long header of another version */
    VTR_QUIC_SHORT,    /**< 1-RTT */
};

/** A packet of a datagram. What its kind does not have is zero or empty. */
struct vtr_quic_packet {
    enum vtr_quic_kind kind;
    uint8_t first;           /**< some of its bits are encrypted */
    uint32_t version;        /**< not of VTR_QUIC_SHORT */
    struct vtr_span dcid;    /**< the connection, as the receiver calls it */
    struct vtr_span scid;    /**< as the sender calls it; not of VTR_QUIC_SHORT */
    struct vtr_span token;   /**< VTR_QUIC_INITIAL, VTR_QUIC_RETRY */
    struct vtr_span payload; /**< encrypted, the packet's number first; VTR_QUIC_RETRY: the tag;
                                  VTR_QUIC_VERSIONS: an array of struct vtr_be32;
                                  VTR_QUIC_UNKNOWN: what that version has there */
};

/**
 * The next packet of a datagram: several may be in one (RFC 9000 section 12.2), of which those
 * with another dcid than the first are to be ignored.
 * @param r        of the UDP payload; on false at the end, or before what is no packet.
 * @param cid_len  bytes of dcid in a short header: only who chose it knows.
 * @param out      borrowed from r; untouched on false.
 */
VTR_API VTR_MUST_USE bool vtr_quic_packet_next(struct vtr_reader *r, size_t cid_len,
                                               struct vtr_quic_packet *out);

/** A number of 1, 2, 4 or 8 bytes: RFC 9000 section 16. @param out untouched on false: too few. */
VTR_INLINE VTR_MUST_USE bool vtr_quic_varint(struct vtr_reader *r, uint64_t *out)
{
    struct vtr_reader at = *r;
    uint8_t byte;
    if (!vtr_reader_u8(&at, &byte))
        return false;
    size_t more = ((size_t)1 << (byte >> 6)) - 1;
    uint64_t v = byte & 0x3fu;
    for (; more != 0 && vtr_reader_u8(&at, &byte); more--)
        v = v << 8 | byte;
    if (more != 0)
        return false;
    *out = v;
    *r = at;
    return true;
}

VTR_END_DECLS
#endif
