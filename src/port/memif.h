/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * memif ports: shared memory between two processes, set up over a Unix socket, which speak FD.io's
 * protocol with DPDK's net_memif, VPP and libmemif too. Ours and not net_memif, because that one
 * unmaps the memory under a burst when the other end goes, and believes what lies in it.
 *
 * memif.c        the path: whose socket lies there
 * memif_door.c   coming and going: listening, connecting, trying again
 * memif_chat.c   the messages that make a link, each checked
 * memif_ring.c   frames: blocks of the heap to slots and back
 * memif_bell.c   waking the other end
 *
 * What the peer may do: anything. Lengths, offsets and positions that it writes are read once and
 * checked, its memory cannot shrink, and one that breaks the rules is disconnected. It may change
 * the bytes of a frame until they have been copied, and see what lies in the shared memory.
 *
 * Owner: a server owns its socket file: one left over by a process that was killed is replaced, one
 * that somebody serves is not. A link is taken down by the thread that watches, after it was made
 * unreachable and the queues' callers have left it (fence.h).
 * Threads: open and close under the lock that serialises them; links under that of lookout.h;
 * rx and tx one caller a queue and direction.
 */
#ifndef VITRINE_PORT_MEMIF_H
#define VITRINE_PORT_MEMIF_H

#include <sys/un.h>
#include <vitrine/base.h>
#include <vitrine/port.h>

#include "port/memif_wire.h"
#include "port/spec.h"
#include "port/lookout.h"

enum { VTR_MEMIF_QUEUES = 64, VTR_MEMIF_REGIONS = 256, VTR_MEMIF_LOG2_MAX = 14 };
#define VTR_MEMIF_SHARED_MAX (UINT64_C(1) << 32) /* bytes, all regions of a peer together */

/* One ring as this end uses it. */
struct vtr_memif_ring {
    struct vtr_memif_shared *shared; /* NULL: the other end has not as many */
    uint8_t *slots;                  /* the client's own; NULL for the server */
    uint32_t stride;                 /* of them */
    uint16_t size;                   /* slots, a power of two */
    uint16_t at;                     /* free-running: the next slot to take or to fill */
    int fd;                          /* rung by whoever fills; -1: none */
};

struct vtr_memif_region {
    uint8_t *base;
    uint64_t size;
};

/* The other end: a connection, and then a link. */
struct vtr_memif_peer {
    struct vtr_memif_peer *next;
    struct vtr_memif_door *door;   /* a server's; NULL for a client */
    struct vtr_memif *memif;       /* NULL: it has not said yet which it wants */
    struct vtr_lookout watch;        /* of its socket */
    unsigned step;                 /* client: of the messages in memif_chat.c */
    unsigned regions;
    int region_fd;                 /* client: of its region; -1: none */
    unsigned rings;                /* client: of each direction */
    bool ours;                     /* it says that it is a program of this library */
    uint32_t broken;               /* atomic: it broke the rules, and is to go */
    struct vtr_memif_region region[VTR_MEMIF_REGIONS];
    struct vtr_memif_ring rx[VTR_MEMIF_QUEUES], tx[VTR_MEMIF_QUEUES];
};

struct vtr_memif {
    /* constant while open */
    bool server;
    uint32_t id;
    uint32_t bytes; /* of a slot: the longest frame that can be sent */
    unsigned queues, log2;
    uint8_t mac[6];
    char secret[VTR_MEMIF_SECRET];
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* absolute; "" for no memif */
    struct vtr_port *port;
    unsigned klass, headroom, room; /* of a block: bytes before the frame, and for it */

    /* under the lock of lookout.h */
    struct vtr_memif *next; /* other servers of this process */
    struct vtr_memif_door *door;
    struct vtr_memif_peer *peer; /* whom it talks to; NULL: nobody */
    struct vtr_lookout again;      /* client: a timer, while there is no server */

    struct vtr_memif_peer *up; /* atomic: the link; NULL while there is none */
};

struct vtr_memif_opts {
    unsigned queues, descs, frame_bytes, headroom;
};

/** Claims the path: checks that it may be served, or is. @return 0 or a negative errno. */
int vtr_memif_claim_(struct vtr_memif *memif, const struct vtr_spec *spec,
                     const struct vtr_memif_opts *opts, struct vtr_error *err);

/** Begins to listen, or to connect. The path is claimed. */
int vtr_memif_open_(struct vtr_memif *memif, struct vtr_port *port, const struct vtr_spec *spec,
                    struct vtr_error *err);

/** Takes the link down, and the socket. One that is not open is allowed. */
void vtr_memif_close_(struct vtr_memif *memif);

bool vtr_memif_up_(const struct vtr_memif *memif);

/** As vtr_port_rx(). */
unsigned vtr_memif_rx_(struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts, unsigned n);

/** Of at most VTR_BURST packets, which have bytes and are not too long, sends those that there is
 * room for. @return how many; they are consumed, cleared and counted. */
unsigned vtr_memif_tx_(const struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts,
                       unsigned n);

/** Asks the other end to ring for a queue, or not to. @return whether it may fail to: it is a
 * program that does not order its stores before it looks whether to ring. */
bool vtr_memif_arm_(struct vtr_port *port, unsigned queue, bool on);

/* Between the files of memif. */

/** Rings an eventfd, and never waits. Any thread. @return false: it is none. */
bool vtr_memif_ring_(int fd);

/* Under the lock of lookout.h. */

/** Before anything is rung. What a peer can do to write(2) it can where there is no AIO. */
void vtr_memif_bell_init_(void);

extern struct vtr_memif *vtr_memif_servers_;

/** The peer has something to say, or is gone. Takes it down if need be. */
void vtr_memif_hear_(void *peer);

/** Says hello to who came to a door. @return false: it is gone already. */
bool vtr_memif_greet_(struct vtr_memif_peer *peer);

/** The link is set up. */
void vtr_memif_link_up_(struct vtr_memif_peer *peer);

/** Ends a peer: its link is unreachable, nobody is inside, its memory unmapped.
 * @param why  told to it; NULL: it is gone. */
void vtr_memif_peer_end_(struct vtr_memif_peer *peer, const char *why);

#endif
