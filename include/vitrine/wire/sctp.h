/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * SCTP: the common header, chunks and their parameters.
 * Not here: associations; the CRC32c.
 */
#ifndef VITRINE_WIRE_SCTP_H
#define VITRINE_WIRE_SCTP_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

/* Common header: RFC 9260 section 3.1. */

VTR_WIRE(vtr_sctp, 12,
         (struct vtr_be16, src, 0),
         (struct vtr_be16, dst, 2),
         (struct vtr_be32, tag, 4),
         (struct vtr_le32, sum, 8)); /* CRC32c, appendix A: its low byte comes first */

/** What follows is chunks: vtr_sctp_chunk_next(). */
VTR_TAKE_FIXED(vtr_sctp)

/* Chunks: RFC 9260 section 3.2. */

enum {
    VTR_SCTP_DATA = 0,
    VTR_SCTP_INIT = 1,
    VTR_SCTP_INIT_ACK = 2,
    VTR_SCTP_SACK = 3,
    VTR_SCTP_HEARTBEAT = 4,
    VTR_SCTP_HEARTBEAT_ACK = 5,
    VTR_SCTP_ABORT = 6,
    VTR_SCTP_SHUTDOWN = 7,
    VTR_SCTP_SHUTDOWN_ACK = 8,
    VTR_SCTP_ERROR = 9,
    VTR_SCTP_COOKIE_ECHO = 10,
    VTR_SCTP_COOKIE_ACK = 11,
    VTR_SCTP_SHUTDOWN_COMPLETE = 14,

    VTR_SCTP_DATA_LAST = 1, /* flags of VTR_SCTP_DATA */
    VTR_SCTP_DATA_FIRST = 2,
    VTR_SCTP_DATA_UNORDERED = 4,
};

/** A chunk. */
struct vtr_sctp_chunk {
    uint8_t type;  /**< VTR_SCTP_* */
    uint8_t flags; /**< as the type says */
    struct vtr_span value; /**< without padding: begins with the type's struct, if it has one */
};

/** Private: to the next 4 bytes; the padding of what comes last may be missing. */
VTR_INLINE VTR_MUST_USE bool vtr_sctp_skip_padding_(struct vtr_reader *r, size_t len)
{
    size_t padding = -len & 3u;
    return vtr_reader_skip(r, padding < r->rest.len ? padding : r->rest.len);
}

/** The next chunk. */
VTR_INLINE VTR_MUST_USE bool vtr_sctp_chunk_next(struct vtr_reader *r, struct vtr_sctp_chunk *out)
{
    struct vtr_reader from = *r;
    struct vtr_sctp_chunk chunk;
    uint16_t len;
    if (!vtr_reader_u8(&from, &chunk.type) || !vtr_reader_u8(&from, &chunk.flags) ||
        !vtr_reader_u16be(&from, &len) || len < 4 ||
        !vtr_reader_take(&from, len - 4u, &chunk.value) || !vtr_sctp_skip_padding_(&from, len))
        return false;
    *r = from;
    *out = chunk;
    return true;
}

VTR_WIRE(vtr_sctp_data, 12, /* section 3.3.1; what follows is the user's */
         (struct vtr_be32, tsn, 0),
         (struct vtr_be16, stream, 4),
         (struct vtr_be16, seq, 6),
         (struct vtr_be32, protocol, 8));
VTR_TAKE_FIXED(vtr_sctp_data)

VTR_WIRE(vtr_sctp_init, 16, /* sections 3.3.2 and 3.3.3; what follows is parameters */
         (struct vtr_be32, tag, 0),
         (struct vtr_be32, window, 4),
         (struct vtr_be16, streams_out, 8),
         (struct vtr_be16, streams_in, 10),
         (struct vtr_be32, tsn, 12));
VTR_TAKE_FIXED(vtr_sctp_init)

VTR_WIRE(vtr_sctp_sack, 12, /* section 3.3.4 */
         (struct vtr_be32, tsn, 0),
         (struct vtr_be32, window, 4),
         (struct vtr_be16, gaps, 8),
         (struct vtr_be16, duplicates, 10));

VTR_WIRE(vtr_sctp_gap, 4, (struct vtr_be16, first, 0), (struct vtr_be16, last, 2));

/** A selective acknowledgement: its options are the gaps, struct vtr_sctp_gap each, its payload
 * the duplicates, struct vtr_be32 each. */
VTR_INLINE VTR_MUST_USE bool vtr_sctp_sack_measure(const struct vtr_sctp_sack *h, size_t len,
                                                   struct vtr_extent *e)
{
    (void)len;
    e->header = sizeof *h + vtr_be16_get(h->gaps) * sizeof(struct vtr_sctp_gap);
    e->end = e->header + vtr_be16_get(h->duplicates) * sizeof(struct vtr_be32);
    return true;
}
VTR_TAKE(vtr_sctp_sack)

/* Parameters of INIT and INIT ACK, causes of ERROR and ABORT: RFC 9260 sections 3.2.1, 3.3.10. */

enum {
    VTR_SCTP_PARAMETER_IPV4 = 5,
    VTR_SCTP_PARAMETER_IPV6 = 6,
    VTR_SCTP_PARAMETER_COOKIE = 7,
    VTR_SCTP_PARAMETER_UNRECOGNIZED = 8,
    VTR_SCTP_PARAMETER_PRESERVATIVE = 9,
    VTR_SCTP_PARAMETER_HOST_NAME = 11,
    VTR_SCTP_PARAMETER_ADDRESS_TYPES = 12,
};

/** A parameter of a chunk, or an error cause. */
struct vtr_sctp_parameter {
    uint16_t type; /**< VTR_SCTP_PARAMETER_*, or a cause */
    struct vtr_span value;
};

/** The next parameter or cause. */
VTR_INLINE VTR_MUST_USE bool vtr_sctp_parameter_next(struct vtr_reader *r,
                                                     struct vtr_sctp_parameter *out)
{
    struct vtr_reader from = *r;
    struct vtr_sctp_parameter parameter;
    uint16_t len;
    if (!vtr_reader_u16be(&from, &parameter.type) || !vtr_reader_u16be(&from, &len) || len < 4 ||
        !vtr_reader_take(&from, len - 4u, &parameter.value) ||
        !vtr_sctp_skip_padding_(&from, len))
        return false;
    *r = from;
    *out = parameter;
    return true;
}

VTR_END_DECLS
#endif
