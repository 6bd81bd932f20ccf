/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * link over the kernel's UDP sockets: several connected ones for each of the server's two ports,
 * so that replies to a whole window fit their buffers even where a process may not enlarge them.
 */
#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure/complain.h"

enum {
    SOCKETS = 4,
    BUFFER_BYTES = 4 * 1024 * 1024, /* wanted; net.core.rmem_max decides without CAP_NET_ADMIN */
    CHARGED_BYTES =
        2560,           /* what Linux 6.1 charges to a buffer for a full datagram: 2304, and room */
    SAY_MAX = 65507,    /* what a UDP datagram carries over IPv4 */
    RUN_DATAGRAMS = 16, /* replies that go to one socket before it is the next one's turn */
};

enum service { SERVICE_MEMCACHED, SERVICE_ECHO, SERVICES };

struct kernel_link {
    struct link base;
    int fd[SERVICES][SOCKETS];
    enum service service; /* whose sockets are polled: what was sent to last */
    unsigned turn;        /* the socket that is polled first */
    unsigned say_turn;    /* the one that link_say() sends through next */
    struct mmsghdr msg[LINK_BURST];
    struct iovec iov[LINK_BURST];
    uint8_t bytes[LINK_BURST][WORKLOAD_DATAGRAM_BYTES + 1]; /* one more, to see what is too long */
};

struct kernel_requests {
    struct requests base;
    uint32_t stride; /* bytes between datagrams */
    uint16_t *len;
    uint8_t *bytes;
};

static void kernel_discard(struct link *link, struct requests *r)
{
    struct kernel_requests *k = (struct kernel_requests *)r;
    free(k->len);
    free(k->bytes);
    free(k);
}

static int kernel_prepare(struct link *link, const struct workload *w, struct requests **out)
{
    struct kernel_requests *k = calloc(1, sizeof *k);
    if (k == NULL)
        return -ENOMEM;
    uint8_t datagram[WORKLOAD_DATAGRAM_BYTES];
    k->base = (struct requests){ w, w->ids * w->sends };
    k->stride = w->echo ? WORKLOAD_DATAGRAM_BYTES : (uint32_t)workload_request(w, 0, 0, datagram);
    k->len = malloc(k->base.n * sizeof *k->len);
    k->bytes = malloc((size_t)k->base.n * k->stride);
    if (k->len == NULL || k->bytes == NULL) {
        kernel_discard(link, &k->base);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < k->base.n; i++) {
        k->len[i] = (uint16_t)workload_request(w, i / w->sends, i % w->sends, datagram);
        vtr_check(k->len[i] <= k->stride);
        memcpy(k->bytes + (size_t)i * k->stride, datagram, k->len[i]);
    }
    *out = &k->base;
    return 0;
}

/* Neighbours in id share a socket, for as many as a run of replies takes. */
static unsigned socket_of(const struct workload *w, uint32_t number)
{
    uint32_t ids = RUN_DATAGRAMS / w->parts;
    return number / w->sends / (ids != 0 ? ids : 1) % SOCKETS;
}

static unsigned kernel_send(struct link *link, struct requests *r, const uint32_t *number,
                            unsigned n)
{
    struct kernel_link *self = (struct kernel_link *)link;
    struct kernel_requests *k = (struct kernel_requests *)r;
    self->service = r->workload->echo ? SERVICE_ECHO : SERVICE_MEMCACHED;
    unsigned sent = 0;
    while (sent < n) {
        unsigned on = socket_of(r->workload, number[sent]), run = 0;
        for (; sent + run < n && run < LINK_BURST; run++) {
            uint32_t i = number[sent + run];
            if (socket_of(r->workload, i) != on)
                break;
            self->iov[run] = (struct iovec){ k->bytes + (size_t)i * k->stride, k->len[i] };
        }
        int got = sendmmsg(self->fd[self->service][on], self->msg, run, MSG_DONTWAIT);
        if (got <= 0)
            break;
        sent += (unsigned)got;
        if ((unsigned)got < run)
            break;
    }
    return sent;
}

/* A burst goes through one socket, the next through another. */
static unsigned kernel_say(struct link *link, const struct vtr_span *payload, unsigned n)
{
    struct kernel_link *self = (struct kernel_link *)link;
    self->service = SERVICE_MEMCACHED;
    for (unsigned i = 0; i < n; i++)
        self->iov[i] = (struct iovec){ (void *)(uintptr_t)payload[i].ptr, payload[i].len };
    int fd = self->fd[SERVICE_MEMCACHED][self->say_turn];
    self->say_turn = (self->say_turn + 1) % SOCKETS;
    int got = sendmmsg(fd, self->msg, n, MSG_DONTWAIT);
    return got > 0 ? (unsigned)got : 0;
}

static void show(const uint8_t *bytes, size_t len, struct reply *r)
{
    *r = (struct reply){ .len = (uint32_t)len };
    if (len < WORKLOAD_FRAME_BYTES)
        return;
    memcpy(&r->frame, bytes, WORKLOAD_FRAME_BYTES);
    r->piece[0].ptr = bytes + WORKLOAD_FRAME_BYTES;
    r->piece[0].len = len - WORKLOAD_FRAME_BYTES;
    r->pieces = 1;
}

static unsigned kernel_poll(struct link *link, struct reply *replies, unsigned n)
{
    struct kernel_link *self = (struct kernel_link *)link;
    for (unsigned i = 0; i < n; i++)
        self->iov[i] = (struct iovec){ self->bytes[i], sizeof self->bytes[i] };
    for (unsigned tried = 0; tried < SOCKETS; tried++) {
        int fd = self->fd[self->service][self->turn];
        int got = recvmmsg(fd, self->msg, n, MSG_DONTWAIT, NULL);
        self->turn = (self->turn + 1) % SOCKETS;
        for (int i = 0; i < got; i++)
            show(self->bytes[i], self->msg[i].msg_len, &replies[i]);
        if (got > 0)
            return (unsigned)got;
    }
    return 0;
}

static void kernel_close(struct link *link)
{
    struct kernel_link *self = (struct kernel_link *)link;
    for (unsigned s = 0; s < SERVICES; s++)
        for (unsigned i = 0; i < SOCKETS; i++)
            if (self->fd[s][i] >= 0)
                close(self->fd[s][i]);
    free(self);
}

static const struct link_ops kernel_ops = {
    .prepare = kernel_prepare,
    .discard = kernel_discard,
    .send = kernel_send,
    .say = kernel_say,
    .poll = kernel_poll,
    .close = kernel_close,
};

/* @return the descriptor, or -errno. @param room bytes of its receive buffer. */
static int open_socket(const struct link_where *where, uint16_t port, int *room)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int bytes = BUFFER_BYTES;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    socklen_t len = sizeof *room;
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
    memcpy(&to.sin_addr, where->server_ip, sizeof to.sin_addr);
    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, room, &len) == 0 &&
        connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    int rc = -errno;
    close(fd);
    return rc;
}

static struct kernel_link *new_link(void)
{
    struct kernel_link *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->base.ops = &kernel_ops;
    memset(self->fd, -1, sizeof self->fd);
    for (unsigned i = 0; i < LINK_BURST; i++) {
        self->msg[i].msg_hdr.msg_iov = &self->iov[i];
        self->msg[i].msg_hdr.msg_iovlen = 1;
    }
    return self;
}

int link_kernel_open(const struct link_where *where, struct link **out, struct vtr_error *err)
{
    const uint16_t port[SERVICES] = { where->udp_port, where->echo_port };
    struct kernel_link *self = new_link();
    int rc = self != NULL ? 0 : -ENOMEM, room = 0;
    for (unsigned s = 0; s < SERVICES && rc == 0; s++)
        for (unsigned i = 0; i < SOCKETS && rc == 0; i++)
            if ((self->fd[s][i] = open_socket(where, port[s], &room)) < 0)
                rc = self->fd[s][i];
    if (rc != 0) {
        if (self != NULL)
            kernel_close(&self->base);
        return complain(err, rc, NULL, "cannot open a UDP socket: %s", strerror(-rc));
    }
    /* A quarter stays free: ids do not spread over the sockets quite evenly. The server's buffer is
     * taken to be as large as ours, but it has one socket for all of us. */
    self->base.tx_capacity = (uint32_t)room / CHARGED_BYTES * 3 / 4;
    self->base.say_max = SAY_MAX;
    self->base.rx_capacity = self->base.tx_capacity * SOCKETS;
    *out = &self->base;
    return 0;
}
