/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What two memif ends say to each other over their socket, and what lies in the memory they share:
 * version 2.0, as libmemif/src/memif.h of FD.io VPP has it. In host order: both ends are on one
 * machine. A message is one packet of a SOCK_SEQPACKET Unix socket, with at most one descriptor.
 *
 * client              server     carries
 *        <- HELLO                the most rings, regions and slots that the server takes
 *        INIT ->                 which interface, and its secret
 *        ADD_REGION -> ...       a sealed memfd
 *        ADD_RING -> ...         where in it, and an eventfd
 *        CONNECT ->
 *        <- CONNECTED
 * The server answers each of the others with ACK. Either may send DISCONNECT.
 */
#ifndef VITRINE_PORT_MEMIF_WIRE_H
#define VITRINE_PORT_MEMIF_WIRE_H

#include <vitrine/base.h>

enum { VTR_MEMIF_VERSION = 0x0200, VTR_MEMIF_COOKIE = 0x3E31F20 };
enum { VTR_MEMIF_NAME = 32, VTR_MEMIF_SECRET = 24 };

enum vtr_memif_type {
    VTR_MEMIF_ACK = 1,
    VTR_MEMIF_HELLO,
    VTR_MEMIF_INIT,
    VTR_MEMIF_ADD_REGION,
    VTR_MEMIF_ADD_RING,
    VTR_MEMIF_CONNECT,
    VTR_MEMIF_CONNECTED,
    VTR_MEMIF_DISCONNECT,
};

struct vtr_memif_hello {
    char name[VTR_MEMIF_NAME];
    uint16_t min_version, max_version;
    uint16_t max_region, max_s2c_ring, max_c2s_ring; /* the last ones' indices */
    uint8_t max_log2_ring_size;
} __attribute__((packed));

struct vtr_memif_init {
    uint16_t version;
    uint32_t id;
    uint8_t mode; /* 0: Ethernet */
    char secret[VTR_MEMIF_SECRET];
    char name[VTR_MEMIF_NAME];
} __attribute__((packed));

struct vtr_memif_add_region {
    uint16_t index;
    uint64_t size;
} __attribute__((packed));

enum { VTR_MEMIF_C2S = 1 }; /* flags: the ring goes from client to server */
struct vtr_memif_add_ring {
    uint16_t flags, index, region;
    uint32_t offset;
    uint8_t log2_ring_size;
    uint16_t private_hdr_size;
} __attribute__((packed));

struct vtr_memif_message {
    uint16_t type; /* enum vtr_memif_type */
    union {
        struct vtr_memif_hello hello;
        struct vtr_memif_init init;
        struct vtr_memif_add_region add_region;
        struct vtr_memif_add_ring add_ring;
        char if_name[VTR_MEMIF_NAME]; /* CONNECT, CONNECTED */
        struct {
            uint32_t code;
            char why[96];
        } __attribute__((packed)) disconnect;
        uint8_t pad[126];
    };
} __attribute__((packed));
VTR_STATIC_ASSERT(sizeof(struct vtr_memif_message) == 128, "a message has 128 bytes");
VTR_STATIC_ASSERT(sizeof(struct vtr_memif_hello) == 43, "packed");
VTR_STATIC_ASSERT(sizeof(struct vtr_memif_add_ring) == 13, "packed");

enum { VTR_MEMIF_NEXT = 1 }; /* flags: the frame goes on in the next slot */
struct vtr_memif_desc {
    uint16_t flags, region;
    uint32_t length, offset, metadata;
};
VTR_STATIC_ASSERT(sizeof(struct vtr_memif_desc) == 16, "read as two words");

/* Slots are owned by the client. From client to server it fills them, up to head, and the server
 * takes them, up to tail; from server to client it offers them, up to head, and the server fills
 * them, up to tail. */
enum { VTR_MEMIF_QUIET = 1 }; /* flags: whoever takes frames from the ring wants no interrupts */
struct vtr_memif_shared {
    uint32_t cookie;
    uint16_t flags, head; /* atomic, as is tail */
    uint8_t pad_head[56];
    uint16_t tail;
    uint8_t pad_tail[62];
    uint64_t desc[][2]; /* struct vtr_memif_desc */
};
VTR_STATIC_ASSERT(offsetof(struct vtr_memif_shared, tail) == 64, "a cache line each");
VTR_STATIC_ASSERT(offsetof(struct vtr_memif_shared, desc) == 128, "two cache lines before");

#endif
