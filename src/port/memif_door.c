/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Who comes and goes: a server's door, a client's tries to reach one, and the end of a peer.
 */
#include "port/memif.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/wait.h"
#include "port/fence.h"
#include "port/ports.h"

/* STRANGERS: who has not said which interface it wants; the oldest makes room for the next. */
enum { BACKLOG = 16, STRANGERS = 16, AGAIN_NS = 20000000 };

/* Where clients knock; servers of one path share it. */
struct vtr_memif_door {
    int fd;
    int spare; /* a descriptor to turn away with who comes when there is no other; -1: none */
    unsigned users;
    struct stat file; /* its socket, to know it by */
    struct vtr_lookout watch;
};

static struct vtr_memif_peer *peers;

static struct vtr_memif_peer *peer_new(int sock)
{
    struct vtr_memif_peer *peer = vtr_memory_zalloc_(sizeof *peer, _Alignof(struct vtr_memif_peer));
    if (peer == NULL)
        return NULL;
    peer->region_fd = -1;
    for (unsigned q = 0; q < VTR_MEMIF_QUEUES; q++)
        peer->rx[q].fd = peer->tx[q].fd = -1;
    if (vtr_lookout_add_(&peer->watch, sock, vtr_memif_hear_, peer) != 0) {
        vtr_memory_free_(peer);
        return NULL;
    }
    peer->next = peers;
    peers = peer;
    return peer;
}

static void close_if(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* Nobody can be inside of it. */
static void peer_free(struct vtr_memif_peer *peer)
{
    struct vtr_memif_peer **at = &peers;
    while (*at != peer)
        at = &(*at)->next;
    *at = peer->next;
    int sock = peer->watch.fd;
    vtr_lookout_remove_(&peer->watch);
    close(sock);
    close_if(peer->region_fd);
    for (unsigned q = 0; q < VTR_MEMIF_QUEUES; q++) {
        close_if(peer->rx[q].fd);
        close_if(peer->tx[q].fd);
    }
    for (unsigned r = 0; r < peer->regions; r++)
        munmap(peer->region[r].base, peer->region[r].size);
    vtr_memory_free_(peer);
}

/* Makes a link unreachable, and waits until the queues' callers have left it. */
static void link_down(struct vtr_memif *memif)
{
    struct vtr_port *port = memif->port;
    struct vtr_memif_peer *peer = memif->up;
    struct vtr_wait wait = { 0 };
    __atomic_store_n(&memif->up, NULL, __ATOMIC_RELAXED); /* ordered by the fence */
    vtr_fence_rare_();
    for (unsigned q = 0; q < memif->queues; q++)
        while (!vtr_fence_left_(&port->rxq[q].linked) || !vtr_fence_left_(&port->txq[q].linked))
            vtr_wait_(&wait);
    for (unsigned q = 0; q < memif->queues; q++)
        vtr_bell_forget_(port, q, peer->rx[q].fd);
    vtr_port_happened_(port, VTR_PORT_DOWN);
}

/* A client's server is not there. */
static void try_later(const struct vtr_memif *memif)
{
    const struct itimerspec once = { .it_value = { 0, AGAIN_NS } };
    timerfd_settime(memif->again.fd, 0, &once, NULL);
}

void vtr_memif_peer_end_(struct vtr_memif_peer *peer, const char *why)
{
    struct vtr_memif *memif = peer->memif;
    struct vtr_memif_message m = { .type = VTR_MEMIF_DISCONNECT };
    if (memif != NULL && memif->up == peer)
        link_down(memif);
    if (why != NULL) {
        strncpy(m.disconnect.why, why, sizeof m.disconnect.why - 1);
        (void)!send(peer->watch.fd, &m, sizeof m, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    if (memif != NULL) {
        memif->peer = NULL;
        if (!memif->server)
            try_later(memif);
    }
    peer_free(peer);
}

void vtr_memif_link_up_(struct vtr_memif_peer *peer)
{
    struct vtr_memif *memif = peer->memif;
    for (unsigned q = 0; q < memif->queues; q++)
        vtr_bell_add_(memif->port, q, peer->rx[q].fd);
    /* R3: the rings are set up; A3 in memif_ring.c */
    __atomic_store_n(&memif->up, peer, __ATOMIC_RELEASE);
    for (unsigned q = 0; q < memif->queues; q++) /* it may have been armed without a link */
        vtr_bell_wake_(memif->port, q);
    vtr_port_happened_(memif->port, VTR_PORT_UP);
}

bool vtr_memif_up_(const struct vtr_memif *memif)
{
    return __atomic_load_n(&memif->up, __ATOMIC_RELAXED) != NULL; /* O: a status */
}

static void make_room(const struct vtr_memif_door *door)
{
    unsigned strangers = 0;
    struct vtr_memif_peer *oldest = NULL;
    for (struct vtr_memif_peer *p = peers; p != NULL; p = p->next)
        if (p->door == door && p->memif == NULL) {
            strangers++;
            oldest = p;
        }
    if (strangers >= STRANGERS)
        vtr_memif_peer_end_(oldest, "too many others wait");
}

static int spare(const struct vtr_memif_door *door)
{
    return fcntl(door->fd, F_DUPFD_CLOEXEC, 0);
}

/* The door would stay ready, and its thread busy. */
static void turn_away(struct vtr_memif_door *door)
{
    close_if(door->spare);
    close_if(accept4(door->fd, NULL, NULL, SOCK_CLOEXEC));
    door->spare = spare(door);
}

static void answer_door(void *arg)
{
    struct vtr_memif_door *door = arg;
    int sock = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (sock < 0) {
        if (errno == EMFILE || errno == ENFILE)
            turn_away(door);
        return;
    }
    make_room(door);
    struct vtr_memif_peer *peer = peer_new(sock);
    if (peer == NULL) {
        close(sock);
        return;
    }
    peer->door = door;
    if (!vtr_memif_greet_(peer))
        vtr_memif_peer_end_(peer, NULL);
}

static struct sockaddr_un address(const struct vtr_memif *memif)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    memcpy(un.sun_path, memif->path, sizeof memif->path);
    return un;
}

static int unix_socket(void)
{
    return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Unless it is somebody else's by now. */
static void remove_file(const struct vtr_memif_door *door, const char *path)
{
    struct stat st;
    if (lstat(path, &st) == 0 && st.st_dev == door->file.st_dev && st.st_ino == door->file.st_ino)
        unlink(path);
}

static int door_listen(struct vtr_memif_door *door, const struct vtr_memif *memif)
{
    struct sockaddr_un un = address(memif);
    door->fd = unix_socket();
    if (door->fd < 0)
        return -errno;
    int rc = bind(door->fd, (struct sockaddr *)&un, sizeof un) != 0 ? -errno : 0;
    if (rc == 0) {
        (void)!lstat(memif->path, &door->file);
        rc = listen(door->fd, BACKLOG) != 0 ? -errno
                                            : vtr_lookout_add_(&door->watch, door->fd, answer_door,
                                                             door);
        if (rc != 0)
            remove_file(door, memif->path);
    }
    if (rc != 0)
        close(door->fd);
    else
        door->spare = spare(door);
    return rc;
}

static int open_server(struct vtr_memif *memif)
{
    for (const struct vtr_memif *m = vtr_memif_servers_; m != NULL; m = m->next)
        if (strcmp(m->path, memif->path) == 0)
            memif->door = m->door;
    if (memif->door == NULL) {
        struct vtr_memif_door *door = vtr_memory_zalloc_(sizeof *door, _Alignof(__typeof__(*door)));
        int rc = door == NULL ? -ENOMEM : door_listen(door, memif);
        if (rc != 0) {
            vtr_memory_free_(door);
            return rc;
        }
        memif->door = door;
    }
    memif->door->users++;
    memif->next = vtr_memif_servers_;
    vtr_memif_servers_ = memif;
    return 0;
}

static int knock(struct vtr_memif *memif)
{
    struct sockaddr_un un = address(memif);
    int sock = unix_socket();
    if (sock < 0)
        return -errno;
    if (connect(sock, (struct sockaddr *)&un, sizeof un) != 0) {
        int rc = -errno;
        close(sock);
        return rc;
    }
    memif->peer = peer_new(sock);
    if (memif->peer == NULL) {
        close(sock);
        return -ENOMEM;
    }
    memif->peer->memif = memif;
    return 0;
}

static void try_again(void *arg)
{
    struct vtr_memif *memif = arg;
    uint64_t ticks;
    (void)!read(memif->again.fd, &ticks, sizeof ticks);
    if (knock(memif) != 0)
        try_later(memif);
}

static int open_client(struct vtr_memif *memif)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    int rc = fd < 0 ? -errno : vtr_lookout_add_(&memif->again, fd, try_again, memif);
    if (rc != 0) {
        close_if(fd);
        return rc;
    }
    if (knock(memif) != 0)
        try_later(memif);
    return 0;
}

int vtr_memif_open_(struct vtr_memif *memif, struct vtr_port *port, const struct vtr_spec *spec,
                    struct vtr_error *err)
{
    vtr_lookout_lock_();
    vtr_memif_bell_init_();
    memif->port = port;
    int rc = memif->server ? open_server(memif) : open_client(memif);
    vtr_lookout_unlock_();
    if (rc == 0)
        return 0;
    vtr_memif_close_(memif);
    return vtr_spec_fail_(spec, err, -rc, NULL, "cannot make its socket: %s", strerror(-rc));
}

static void leave_door(struct vtr_memif *memif)
{
    struct vtr_memif_door *door = memif->door;
    struct vtr_memif **at = &vtr_memif_servers_;
    if (door == NULL)
        return;
    while (*at != memif)
        at = &(*at)->next;
    *at = memif->next;
    if (--door->users != 0)
        return;
    for (struct vtr_memif_peer *p = peers, *next; p != NULL; p = next) {
        next = p->next;
        if (p->door == door)
            vtr_memif_peer_end_(p, "closed");
    }
    remove_file(door, memif->path);
    vtr_lookout_remove_(&door->watch);
    close(door->fd);
    close_if(door->spare);
    vtr_memory_free_(door);
}

void vtr_memif_close_(struct vtr_memif *memif)
{
    vtr_lookout_lock_();
    if (memif->peer != NULL)
        vtr_memif_peer_end_(memif->peer, "closed");
    leave_door(memif);
    if (memif->again.number != 0) {
        int fd = memif->again.fd;
        vtr_lookout_remove_(&memif->again);
        close(fd);
    }
    memif->door = NULL;
    vtr_lookout_unlock_();
}
