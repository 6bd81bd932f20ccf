/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * A memif end that needs no library, for tests that kill it, cut it short, or let it lie. Written
 * from the protocol's description (FD.io VPP, libmemif/src/memif.h) and not from ours. One queue.
 * A call that fails returns false: the other end may have hung up on it.
 */
#ifndef VITRINE_TESTS_PORT_PUPPET_H
#define VITRINE_TESTS_PORT_PUPPET_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PUPPET_ACK = 1, PUPPET_HELLO, PUPPET_INIT, PUPPET_REGION, PUPPET_RING, PUPPET_CONNECT,
       PUPPET_CONNECTED, PUPPET_DISCONNECT };

struct puppet_desc {
    uint16_t flags, region;
    uint32_t length, offset, metadata;
};

struct puppet_ring {
    uint32_t cookie;
    uint16_t flags, head;
    char gap[56];
    uint16_t tail;
    char gap2[62];
    struct puppet_desc desc[];
};

enum { PUPPET_LOG2 = 6, PUPPET_SLOTS = 1 << PUPPET_LOG2, PUPPET_SLOT = 2048 };
enum { PUPPET_RING_BYTES = 128 + 16 * PUPPET_SLOTS };
enum { PUPPET_BYTES = 2 * PUPPET_RING_BYTES + 2 * PUPPET_SLOTS * PUPPET_SLOT };

struct puppet {
    int sock, memory, bell[2];
    uint8_t *base;
    uint64_t bytes;
    struct puppet_ring *up, *down; /* to the server, to the client */
    uint16_t took;                 /* of what comes */
};

static inline bool puppet_put(int sock, uint16_t type, const void *body, size_t len, int fd)
{
    char bytes[128] = { 0 }, control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
    struct iovec iov = { bytes, sizeof bytes };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
    memcpy(bytes, &type, 2);
    if (len != 0)
        memcpy(bytes + 2, body, len);
    if (fd >= 0) {
        memset(control, 0, sizeof control);
        m.msg_control = control;
        m.msg_controllen = sizeof control;
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_len = CMSG_LEN(sizeof fd);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    return sendmsg(sock, &m, MSG_NOSIGNAL) == sizeof bytes;
}

/* @return the type; 0: it hung up. */
static inline uint16_t puppet_get(int sock, void *body, size_t len, int *fd)
{
    char bytes[128], control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
    struct iovec iov = { bytes, sizeof bytes };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
                        .msg_controllen = sizeof control };
    uint16_t type;
    if (recvmsg(sock, &m, MSG_CMSG_CLOEXEC) != sizeof bytes)
        return 0;
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (fd != NULL && c != NULL)
        memcpy(fd, CMSG_DATA(c), sizeof *fd);
    memcpy(&type, bytes, 2);
    if (len != 0)
        memcpy(body, bytes + 2, len);
    return type;
}

static inline bool puppet_acked(int sock) { return puppet_get(sock, NULL, 0, NULL) == PUPPET_ACK; }

static inline struct sockaddr_un puppet_address(const char *path)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    strncpy(un.sun_path, path, sizeof un.sun_path - 1);
    return un;
}

static inline void puppet_lay_out(struct puppet *p)
{
    p->up = (struct puppet_ring *)(void *)p->base;
    p->down = (struct puppet_ring *)(void *)(p->base + PUPPET_RING_BYTES);
    for (unsigned i = 0; i < 2 * PUPPET_SLOTS; i++) {
        struct puppet_ring *r = i < PUPPET_SLOTS ? p->up : p->down;
        r->cookie = 0x3E31F20;
        r->flags = i < PUPPET_SLOTS ? 0 : 1;
        r->desc[i % PUPPET_SLOTS] = (struct puppet_desc){
            .length = PUPPET_SLOT, .offset = 2 * PUPPET_RING_BYTES + i * PUPPET_SLOT };
    }
}

/* The memory that a client shares. */
static inline bool puppet_share(struct puppet *p, unsigned seals)
{
    p->memory = memfd_create("puppet", MFD_ALLOW_SEALING | MFD_CLOEXEC);
    p->bytes = PUPPET_BYTES;
    p->bell[0] = eventfd(0, EFD_NONBLOCK);
    p->bell[1] = eventfd(0, EFD_NONBLOCK);
    if (p->memory < 0 || ftruncate(p->memory, PUPPET_BYTES) != 0 ||
        fcntl(p->memory, F_ADD_SEALS, seals) != 0)
        return false;
    p->base = mmap(NULL, PUPPET_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, p->memory, 0);
    if (p->base == MAP_FAILED)
        return false;
    puppet_lay_out(p);
    return true;
}

static inline bool puppet_knock(struct puppet *p, const char *path)
{
    struct sockaddr_un un = puppet_address(path);
    p->sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    return connect(p->sock, (struct sockaddr *)&un, sizeof un) == 0 &&
           puppet_get(p->sock, NULL, 0, NULL) == PUPPET_HELLO;
}

static inline bool puppet_init(struct puppet *p, uint32_t id)
{
    char body[64] = { 0 };
    const uint16_t version = 0x0200;
    memcpy(body, &version, 2);
    memcpy(body + 2, &id, 4);
    return puppet_put(p->sock, PUPPET_INIT, body, sizeof body, -1) && puppet_acked(p->sock);
}

static inline bool puppet_region(struct puppet *p, uint16_t index, uint64_t size, int fd)
{
    char body[10];
    memcpy(body, &index, 2);
    memcpy(body + 2, &size, 8);
    return puppet_put(p->sock, PUPPET_REGION, body, sizeof body, fd) && puppet_acked(p->sock);
}

static inline bool puppet_ring(struct puppet *p, bool up, uint16_t index, uint16_t region,
                               uint32_t offset, uint8_t log2, int fd)
{
    char body[13] = { 0 };
    const uint16_t flags = up;
    memcpy(body, &flags, 2);
    memcpy(body + 2, &index, 2);
    memcpy(body + 4, &region, 2);
    memcpy(body + 6, &offset, 4);
    body[10] = (char)log2;
    return puppet_put(p->sock, PUPPET_RING, body, sizeof body, fd) && puppet_acked(p->sock);
}

static inline bool puppet_rings(struct puppet *p)
{
    return puppet_ring(p, true, 0, 0, 0, PUPPET_LOG2, p->bell[0]) &&
           puppet_ring(p, false, 0, 0, PUPPET_RING_BYTES, PUPPET_LOG2, p->bell[1]);
}

static inline bool puppet_connect(struct puppet *p)
{
    if (!puppet_put(p->sock, PUPPET_CONNECT, NULL, 0, -1) ||
        puppet_get(p->sock, NULL, 0, NULL) != PUPPET_CONNECTED)
        return false;
    __atomic_store_n(&p->down->head, PUPPET_SLOTS, __ATOMIC_RELEASE);
    return true;
}

/* A client as it should be. */
static inline bool puppet_client(struct puppet *p, const char *path)
{
    memset(p, 0, sizeof *p);
    return puppet_knock(p, path) && puppet_init(p, 0) && puppet_share(p, F_SEAL_SHRINK) &&
           puppet_region(p, 0, PUPPET_BYTES, p->memory) && puppet_rings(p) && puppet_connect(p);
}

static inline bool puppet_hear_region(struct puppet *p)
{
    char body[16];
    p->memory = -1;
    if (puppet_get(p->sock, body, sizeof body, &p->memory) != PUPPET_REGION)
        return false;
    memcpy(&p->bytes, body + 2, 8);
    p->base = mmap(NULL, p->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, p->memory, 0);
    return p->base != MAP_FAILED && puppet_put(p->sock, PUPPET_ACK, NULL, 0, -1);
}

static inline bool puppet_hear_ring(struct puppet *p)
{
    char body[16];
    uint16_t flags;
    uint32_t offset;
    int fd = -1;
    if (puppet_get(p->sock, body, sizeof body, &fd) != PUPPET_RING)
        return false;
    memcpy(&flags, body, 2);
    memcpy(&offset, body + 6, 4);
    p->bell[flags ? 0 : 1] = fd;
    *(flags ? &p->up : &p->down) = (struct puppet_ring *)(void *)(p->base + offset);
    return puppet_put(p->sock, PUPPET_ACK, NULL, 0, -1);
}

/* A server of one client, whose rings have 1024 slots. @param door  listens. */
static inline bool puppet_server(struct puppet *p, int door)
{
    char hello[64] = { 0 };
    const uint16_t said[5] = { 0x0200, 0x0200, 0, 0, 0 };
    memset(p, 0, sizeof *p);
    memcpy(hello + 32, said, sizeof said);
    hello[42] = 14;
    p->sock = accept4(door, NULL, NULL, SOCK_CLOEXEC);
    if (p->sock < 0 || !puppet_put(p->sock, PUPPET_HELLO, hello, sizeof hello, -1) ||
        puppet_get(p->sock, NULL, 0, NULL) != PUPPET_INIT ||
        !puppet_put(p->sock, PUPPET_ACK, NULL, 0, -1) || !puppet_hear_region(p) ||
        !puppet_hear_ring(p) || !puppet_hear_ring(p))
        return false;
    return puppet_get(p->sock, NULL, 0, NULL) == PUPPET_CONNECT &&
           puppet_put(p->sock, PUPPET_CONNECTED, NULL, 0, -1);
}

static inline int puppet_listen(const char *path)
{
    struct sockaddr_un un = puppet_address(path);
    int door = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    unlink(path);
    return bind(door, (struct sockaddr *)&un, sizeof un) == 0 && listen(door, 4) == 0 ? door : -1;
}

/* Ends what a puppet has; its process may go on. */
static inline void puppet_end(struct puppet *p)
{
    if (p->base != NULL && p->base != MAP_FAILED)
        munmap(p->base, p->bytes);
    if (p->memory > 0)
        close(p->memory);
    for (int i = 0; i < 2; i++)
        if (p->bell[i] > 0)
            close(p->bell[i]);
    if (p->sock > 0)
        close(p->sock);
}

/* Takes what came and sends as much as there is room for. @param slots  of a ring. */
static inline void puppet_pump(struct puppet *p, bool client, uint16_t slots)
{
    struct puppet_ring *in = client ? p->down : p->up, *out = client ? p->up : p->down;
    uint16_t *filled = client ? &out->head : &out->tail;
    uint16_t at = __atomic_load_n(filled, __ATOMIC_RELAXED);
    uint16_t end = client ? (uint16_t)(__atomic_load_n(&out->tail, __ATOMIC_ACQUIRE) + slots)
                          : __atomic_load_n(&out->head, __ATOMIC_ACQUIRE);
    for (; at != end; at++) {
        struct puppet_desc *d = &out->desc[at % slots];
        d->length = 60 + at % 1000;
        d->flags = 0;
        memset(p->base + d->offset, at, d->length);
    }
    __atomic_store_n(filled, at, __ATOMIC_RELEASE);
    uint16_t given = __atomic_load_n(client ? &in->tail : &in->head, __ATOMIC_ACQUIRE);
    if (client)
        __atomic_store_n(&in->head, (uint16_t)(given + slots), __ATOMIC_RELEASE);
    else
        __atomic_store_n(&in->tail, given, __ATOMIC_RELEASE);
}

#endif
