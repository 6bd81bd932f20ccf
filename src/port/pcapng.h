/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * pcapng: the four kinds of block that a capture is made of, put together in memory
 * (draft-ietf-opsawg-pcapng). Numbers are this host's, little-endian, which the file says.
 * Owner: the caller's bytes. Threads: one at a time.
 */
#ifndef VITRINE_PORT_PCAPNG_H
#define VITRINE_PORT_PCAPNG_H

#include <vitrine/data.h>

/** What a captured packet adds to its bytes at most, and what the other blocks take at most. */
enum { VTR_PCAPNG_PACKET_MORE = 192, VTR_PCAPNG_BLOCK_MAX = 1024, VTR_PCAPNG_TEXT_MAX = 255 };

/** The longest packet that readers take (Wireshark's WTAP_MAX_PACKET_SIZE_STANDARD). */
enum { VTR_PCAPNG_SNAP_MAX = 262144 };

/** Blocks, one behind the other. */
struct vtr_pcapng {
    uint8_t *at;
    size_t len, cap;
    size_t block; /* where the one that is put together begins */
};

/** Texts are cut at VTR_PCAPNG_TEXT_MAX. */
struct vtr_pcapng_interface {
    const char *program, *name, *description;
    uint8_t mac[6];
    uint32_t snap_bytes;
};

enum vtr_pcapng_direction { VTR_PCAPNG_IN = 1, VTR_PCAPNG_OUT = 2 };

struct vtr_pcapng_packet {
    struct vtr_data data; /* borrowed */
    const uint8_t *bytes; /* instead of data, unless NULL */
    uint32_t kept;        /* of them */
    uint32_t len;         /* of the packet */
    uint64_t ns;          /* since 1970 */
    enum vtr_pcapng_direction direction;
    uint32_t queue;
    uint64_t lost;    /* packets before it that are missing */
    const char *drop; /* why it was dropped; NULL: it was not */
};

struct vtr_pcapng_totals {
    uint64_t begin_ns, end_ns;
    uint64_t seen, lost, written;
    const char *comment;
};

/** A section and its one interface: what a file begins with. */
void vtr_pcapng_begin_(struct vtr_pcapng *p, const struct vtr_pcapng_interface *of);

void vtr_pcapng_packet_(struct vtr_pcapng *p, const struct vtr_pcapng_packet *packet);

/** The statistics of the interface: what a file ends with. */
void vtr_pcapng_end_(struct vtr_pcapng *p, const struct vtr_pcapng_totals *totals);

#endif
