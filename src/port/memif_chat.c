/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What is said until a link is set up. Each message is answered by a function that returns what is
 * wrong with it, in words for the other end, or NULL.
 */
#include "port/memif.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/system.h"

static const char own_name[] = "vitrine";
static const char gone[] = "gone"; /* nothing can be said to it any more */

static const char *say(const struct vtr_memif_peer *peer, const struct vtr_memif_message *m, int fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = { .bytes = { 0 } };
    struct iovec iov = { (void *)(uintptr_t)m, sizeof *m };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
    if (fd >= 0) {
        msg.msg_control = &control;
        msg.msg_controllen = sizeof control;
        control.header = (struct cmsghdr){ CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS };
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    }
    return sendmsg(peer->watch.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof *m ? NULL : gone;
}

/* @return whether there was a message. @param fd  owned; -1: none came along. */
static bool listen_to(const struct vtr_memif_peer *peer, struct vtr_memif_message *m, int *fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = { m, sizeof *m };
    struct msghdr msg = { .msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = &control,
                          /* Without the padding, where a second one fits: what does not, the kernel
                           * closes. */
                          .msg_controllen = CMSG_LEN(sizeof *fd) };
    *fd = -1;
    ssize_t n = recvmsg(peer->watch.fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&msg);
    if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
        c->cmsg_len == CMSG_LEN(sizeof *fd))
        memcpy(fd, CMSG_DATA(c), sizeof *fd);
    return n == sizeof *m;
}

static const char *say_ack(const struct vtr_memif_peer *peer)
{
    return say(peer, &(struct vtr_memif_message){ .type = VTR_MEMIF_ACK }, -1);
}

bool vtr_memif_greet_(struct vtr_memif_peer *peer)
{
    struct vtr_memif_message m = {
        .type = VTR_MEMIF_HELLO,
        .hello = { .name = "vitrine",
                   .min_version = VTR_MEMIF_VERSION,
                   .max_version = VTR_MEMIF_VERSION,
                   .max_region = VTR_MEMIF_REGIONS - 1,
                   .max_s2c_ring = VTR_MEMIF_QUEUES - 1,
                   .max_c2s_ring = VTR_MEMIF_QUEUES - 1,
                   .max_log2_ring_size = VTR_MEMIF_LOG2_MAX },
    };
    return say(peer, &m, -1) == NULL;
}

/* A peer that was killed may be replaced before it was noticed. */
static bool is_gone(const struct vtr_memif_peer *peer)
{
    struct pollfd p = { .fd = peer->watch.fd };
    return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

static const char *hear_init(struct vtr_memif_peer *peer, const struct vtr_memif_init *init)
{
    struct vtr_memif *memif = vtr_memif_servers_;
    if (init->version != VTR_MEMIF_VERSION)
        return "Incompatible memif version";
    while (memif != NULL && (memif->door != peer->door || memif->id != init->id))
        memif = memif->next;
    if (memif == NULL)
        return "ID not found";
    if (init->mode != 0)
        return "Only ethernet mode supported";
    if (memif->secret[0] != '\0' &&
        strncmp(memif->secret, init->secret, sizeof memif->secret) != 0)
        return "Incorrect secret";
    if (memif->peer != NULL && is_gone(memif->peer))
        vtr_memif_peer_end_(memif->peer, NULL);
    if (memif->peer != NULL)
        return "Already connected";
    peer->ours = strncmp(init->name, own_name, sizeof own_name) == 0;
    peer->memif = memif;
    memif->peer = peer;
    return say_ack(peer);
}

/* The memory must be as large as it says for as long as it is mapped, and a page of it be there
 * when it is looked at: in a file of huge pages one may make a hole, and there may be no other. A
 * slot's offset has 32 bits; more would only use our addresses up. */
static const char *region_wrong(const struct vtr_memif_peer *peer, uint64_t size, int fd)
{
    struct stat st;
    struct statfs fs;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || fstat(fd, &st) != 0 || size == 0 ||
        st.st_size < 0 || (uint64_t)st.st_size < size)
        return "Region is not sealed, or smaller than it says";
    if (fstatfs(fd, &fs) != 0 || fs.f_type == HUGETLBFS_MAGIC)
        return "Region is of huge pages";
    for (unsigned r = 0; r < peer->regions; r++)
        size += peer->region[r].size;
    return size > VTR_MEMIF_SHARED_MAX ? "Too much memory" : NULL;
}

static const char *hear_region(struct vtr_memif_peer *peer, const struct vtr_memif_add_region *r,
                               int fd)
{
    if (fd < 0 || r->index != peer->regions || r->index >= VTR_MEMIF_REGIONS)
        return "Invalid region index";
    const char *wrong = region_wrong(peer, r->size, fd);
    if (wrong != NULL)
        return wrong;
    void *base = vtr_system_mmap_(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
    if (base == MAP_FAILED)
        return "Cannot map region";
    peer->region[peer->regions++] = (struct vtr_memif_region){ base, r->size };
    return say_ack(peer);
}

static uint64_t ring_bytes(unsigned log2)
{
    return sizeof(struct vtr_memif_shared) + (sizeof(struct vtr_memif_desc) << log2);
}

/* An eventfd has no file's type, and can be rung: once too often here. */
static bool is_event(int fd)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == 0 &&
           fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && vtr_memif_ring_(fd);
}

/* @param fd  -1 where it was kept. */
static const char *hear_ring(struct vtr_memif_peer *peer, const struct vtr_memif_add_ring *r,
                             int *fd)
{
    struct vtr_memif_ring *rings = (r->flags & VTR_MEMIF_C2S) != 0 ? peer->rx : peer->tx;
    if (!is_event(*fd))
        return "Missing interrupt fd";
    if (r->index >= peer->memif->queues || rings[r->index].shared != NULL)
        return "Invalid ring index";
    if (r->region >= peer->regions || r->log2_ring_size > VTR_MEMIF_LOG2_MAX ||
        r->offset % sizeof(uint64_t) != 0)
        return "Invalid ring";
    const struct vtr_memif_region *region = &peer->region[r->region];
    if (r->offset > region->size || ring_bytes(r->log2_ring_size) > region->size - r->offset)
        return "Ring is outside of its region";
    rings[r->index] = (struct vtr_memif_ring){
        .shared = (struct vtr_memif_shared *)(void *)(region->base + r->offset),
        .size = (uint16_t)(1u << r->log2_ring_size),
        .fd = *fd,
    };
    *fd = -1;
    return say_ack(peer);
}

/* @return whether the other end has set the ring up; one that is not there is in order. */
static bool ring_begin(const struct vtr_memif_ring *ring, uint16_t flags)
{
    struct vtr_memif_shared *shared = ring->shared;
    if (shared == NULL)
        return true;
    if (__atomic_load_n(&shared->cookie, __ATOMIC_RELAXED) != VTR_MEMIF_COOKIE)
        return false;
    /* O: the message that follows, or link_up's release, publishes them. */
    __atomic_store_n(&shared->head, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&shared->tail, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&shared->flags, flags, __ATOMIC_RELAXED);
    return true;
}

static const char *hear_connect(struct vtr_memif_peer *peer)
{
    struct vtr_memif_message m = { .type = VTR_MEMIF_CONNECTED, .if_name = "vitrine" };
    for (unsigned q = 0; q < peer->memif->queues; q++)
        if (!ring_begin(&peer->rx[q], VTR_MEMIF_QUIET) || !ring_begin(&peer->tx[q], 0))
            return "Wrong ring";
    const char *wrong = say(peer, &m, -1);
    if (wrong == NULL)
        vtr_memif_link_up_(peer);
    return wrong;
}

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

/* Lays one of the client's rings out. @param at  of its first slot, in the region. */
static void ring_make(struct vtr_memif_ring *ring, uint8_t *base, uint32_t offset, uint32_t at,
                      unsigned log2, uint32_t stride, bool rx)
{
    struct vtr_memif_shared *shared = (struct vtr_memif_shared *)(void *)(base + offset);
    *ring = (struct vtr_memif_ring){ .shared = shared,
                                     .slots = base + at,
                                     .stride = stride,
                                     .size = (uint16_t)(1u << log2),
                                     .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) };
    shared->cookie = VTR_MEMIF_COOKIE;
    shared->flags = rx ? VTR_MEMIF_QUIET : 0;
    for (uint32_t i = 0; i < ring->size; i++) {
        struct vtr_memif_desc d = { .length = stride, .offset = at + i * stride };
        memcpy(shared->desc[i], &d, sizeof d);
    }
}

/* An odd number of cache lines: slots 2048 bytes apart put every frame's head into the same few
 * cache sets, and a ring of more than 512 of them out of an L2. */
static uint32_t slot_stride(uint32_t bytes)
{
    uint32_t stride = ((bytes + 63) / 64 | 1) * 64;
    return stride < UINT16_MAX ? stride : UINT16_MAX;
}

/* The client's memory: all rings, and behind them all slots. */
static bool region_make(struct vtr_memif_peer *peer, unsigned log2)
{
    uint32_t stride = slot_stride(peer->memif->bytes);
    uint64_t rings = 2 * peer->rings * ring_bytes(log2);
    uint64_t size = rings + ((uint64_t)2 * peer->rings * stride << log2);
    int fd = vtr_system_memfd_("memif", MFD_ALLOW_SEALING | MFD_CLOEXEC);
    if (fd < 0)
        return false;
    peer->region_fd = fd;
    if (vtr_system_ftruncate_(fd, (off_t)size) != 0 ||
        vtr_system_seal_(fd, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
        return false;
    void *base = vtr_system_mmap_(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
    if (base == MAP_FAILED)
        return false;
    peer->region[peer->regions++] = (struct vtr_memif_region){ base, size };
    for (unsigned i = 0; i < 2 * peer->rings; i++) {
        bool rx = i >= peer->rings;
        struct vtr_memif_ring *ring = rx ? &peer->rx[i - peer->rings] : &peer->tx[i];
        uint64_t slots = rings + ((uint64_t)i * stride << log2);
        ring_make(ring, base, (uint32_t)(i * ring_bytes(log2)), (uint32_t)slots, log2, stride, rx);
        if (ring->fd < 0)
            return false;
    }
    return true;
}

static const char *say_init(const struct vtr_memif_peer *peer)
{
    struct vtr_memif_message m = { .type = VTR_MEMIF_INIT,
                                   .init = { .version = VTR_MEMIF_VERSION,
                                             .id = peer->memif->id,
                                             .name = "vitrine" } };
    memcpy(m.init.secret, peer->memif->secret, sizeof m.init.secret);
    return say(peer, &m, -1);
}

static const char *hear_hello(struct vtr_memif_peer *peer, const struct vtr_memif_hello *h)
{
    const struct vtr_memif *memif = peer->memif;
    if (h->min_version > VTR_MEMIF_VERSION || h->max_version < VTR_MEMIF_VERSION)
        return "Incompatible memif version";
    unsigned rings = least(h->max_s2c_ring, h->max_c2s_ring) + 1;
    peer->rings = least(rings, memif->queues);
    if (!region_make(peer, least(memif->log2, h->max_log2_ring_size)))
        return "No memory";
    peer->ours = strncmp(h->name, own_name, sizeof own_name) == 0;
    peer->step = 1;
    return say_init(peer);
}

/* @param i  of 2 x rings, those to the server first. */
static const char *say_ring(const struct vtr_memif_peer *peer, unsigned i)
{
    bool rx = i >= peer->rings;
    unsigned index = rx ? i - peer->rings : i;
    const struct vtr_memif_ring *ring = rx ? &peer->rx[index] : &peer->tx[index];
    struct vtr_memif_message m = { .type = VTR_MEMIF_ADD_RING };
    m.add_ring.flags = rx ? 0 : VTR_MEMIF_C2S;
    m.add_ring.index = (uint16_t)index;
    m.add_ring.offset = (uint32_t)((uint8_t *)ring->shared - peer->region[0].base);
    m.add_ring.log2_ring_size = (uint8_t)__builtin_ctz(ring->size);
    return say(peer, &m, ring->fd);
}

/* The client's step 1 is INIT, 2 ADD_REGION, 3.. its rings, then CONNECT. */
static unsigned step_of_connect(const struct vtr_memif_peer *peer) { return 3 + 2 * peer->rings; }

static const char *hear_ack(struct vtr_memif_peer *peer)
{
    struct vtr_memif_message m = { .type = VTR_MEMIF_CONNECT, .if_name = "vitrine" };
    unsigned step = ++peer->step;
    if (step > step_of_connect(peer))
        return "Unexpected message";
    if (step == step_of_connect(peer))
        return say(peer, &m, -1);
    if (step > 2)
        return say_ring(peer, step - 3);
    m = (struct vtr_memif_message){ .type = VTR_MEMIF_ADD_REGION,
                                    .add_region = { 0, peer->region[0].size } };
    return say(peer, &m, peer->region_fd);
}

static const char *hear_connected(struct vtr_memif_peer *peer)
{
    if (peer->step != step_of_connect(peer))
        return "Unexpected message";
    peer->step++;
    for (unsigned q = 0; q < peer->rings; q++) /* all slots are the server's to fill */
        __atomic_store_n(&peer->rx[q].shared->head, peer->rx[q].size, __ATOMIC_RELEASE);
    vtr_memif_link_up_(peer);
    return NULL;
}

static const char *hear_from_server(struct vtr_memif_peer *peer, const struct vtr_memif_message *m)
{
    switch (m->type) {
    case VTR_MEMIF_HELLO:
        return peer->step == 0 ? hear_hello(peer, &m->hello) : "Unexpected message";
    case VTR_MEMIF_ACK:
        return peer->step != 0 ? hear_ack(peer) : "Unexpected message";
    case VTR_MEMIF_CONNECTED:
        return peer->step != 0 ? hear_connected(peer) : "Unexpected message";
    case VTR_MEMIF_DISCONNECT:
        return gone;
    default:
        return "Unexpected message";
    }
}

/* @param fd  -1 where it was kept. */
static const char *hear_from_client(struct vtr_memif_peer *peer, const struct vtr_memif_message *m,
                                    int *fd)
{
    const char *wrong = "Unexpected message";
    if (m->type == VTR_MEMIF_DISCONNECT)
        return gone;
    if (m->type == VTR_MEMIF_INIT)
        return peer->memif == NULL ? hear_init(peer, &m->init) : wrong;
    if (peer->memif == NULL || peer->memif->up == peer)
        return wrong;
    switch (m->type) {
    case VTR_MEMIF_ADD_REGION:
        return hear_region(peer, &m->add_region, *fd);
    case VTR_MEMIF_ADD_RING:
        return hear_ring(peer, &m->add_ring, fd);
    case VTR_MEMIF_CONNECT:
        return hear_connect(peer);
    default:
        return wrong;
    }
}

void vtr_memif_hear_(void *arg)
{
    struct vtr_memif_peer *peer = arg;
    struct vtr_memif_message m;
    int fd;
    const char *wrong = gone;
    bool broken = __atomic_load_n(&peer->broken, __ATOMIC_RELAXED) != 0; /* O: seen with the EOF */
    if (listen_to(peer, &m, &fd) && !broken)
        wrong = peer->door != NULL ? hear_from_client(peer, &m, &fd) : hear_from_server(peer, &m);
    if (fd >= 0)
        close(fd);
    if (wrong != NULL)
        vtr_memif_peer_end_(peer, wrong != gone ? wrong : NULL);
}
