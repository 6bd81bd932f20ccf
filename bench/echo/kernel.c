/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Batches of datagrams through the kernel.
 */
#include "kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    OTHER_TURN = 16,        /* polls of one socket between two of the other */
    SOCKET_BYTES = 8 << 20, /* of each socket's buffers; the system may give less */
    FULL_WAIT_MS = 10,
};

struct kernel_rx {
    struct mmsghdr msg[KERNEL_BATCH];
    struct iovec iov[KERNEL_BATCH];
    struct sockaddr_in from[KERNEL_BATCH];
    struct engine_request request[KERNEL_BATCH];
    bool readable[KERNEL_BATCH];
    uint8_t bytes[KERNEL_BATCH][KERNEL_RX_BYTES];
};

struct kernel_tx {
    unsigned n;
    struct mmsghdr msg[KERNEL_BATCH];
    struct iovec iov[KERNEL_BATCH][KERNEL_IOVS];
    struct sockaddr_in to[KERNEL_BATCH];
    uint8_t bytes[KERNEL_BATCH][MESSAGE_FRAME + MESSAGE_PAYLOAD];
};

static int fail(struct vtr_error *err, const char *what, struct in_addr ip, unsigned port)
{
    int code = errno;
    char addr[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &ip, addr, sizeof addr);
    if (err != NULL) {
        err->code = -code;
        snprintf(err->what, sizeof err->what, "UDP socket %s:%u: cannot %s: %s", addr, port, what,
                 strerror(code));
        snprintf(err->hint, sizeof err->hint, "%s",
                 code == EADDRNOTAVAIL ? "--bind takes an address of this machine"
                                       : "--udp-port 0 --echo-port 0 take any free ports");
    }
    return -code;
}

/* What the system refuses to give in full it gives in part; the FORCE variants need a privilege. */
static void buffers_enlarge(int fd)
{
    int bytes = SOCKET_BYTES;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

/* @return the descriptor or -errno. @param port in and out. */
static int socket_open(struct in_addr ip, uint16_t *port, struct vtr_error *err)
{
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(*port), .sin_addr = ip };
    socklen_t len = sizeof addr;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(err, "open", ip, *port);
    buffers_enlarge(fd);
    if (bind(fd, (struct sockaddr *)&addr, len) != 0 ||
        getsockname(fd, (struct sockaddr *)&addr, &len) != 0) {
        int rc = fail(err, "bind", ip, *port);
        close(fd);
        return rc;
    }
    *port = ntohs(addr.sin_port);
    return fd;
}

static void batches_init(struct kernel *k)
{
    for (unsigned i = 0; i < KERNEL_BATCH; i++) {
        k->rx->iov[i] = (struct iovec){ k->rx->bytes[i], KERNEL_RX_BYTES };
        k->rx->msg[i].msg_hdr.msg_iov = &k->rx->iov[i];
        k->rx->msg[i].msg_hdr.msg_iovlen = 1;
        k->rx->msg[i].msg_hdr.msg_name = &k->rx->from[i];
        k->tx->msg[i].msg_hdr.msg_iov = k->tx->iov[i];
        k->tx->msg[i].msg_hdr.msg_name = &k->tx->to[i];
        k->tx->msg[i].msg_hdr.msg_namelen = sizeof k->tx->to[i];
    }
}

int kernel_init(struct kernel *k, struct engine *engine, struct in_addr bind_ip,
                struct frame_self *self, struct vtr_error *err)
{
    *k = (struct kernel){ .engine = engine, .fd = { -1, -1 }, .ask = KERNEL_BATCH };
    k->rx = calloc(1, sizeof *k->rx);
    k->tx = calloc(1, sizeof *k->tx);
    int rc = k->rx != NULL && k->tx != NULL
                 ? 0
                 : fail(err, "get memory for its batches", bind_ip, self->udp_port);
    if (rc < 0 || (rc = k->fd[KERNEL_UDP] = socket_open(bind_ip, &self->udp_port, err)) < 0 ||
        (rc = k->fd[KERNEL_ECHO] = socket_open(bind_ip, &self->echo_port, err)) < 0) {
        kernel_fini(k);
        return rc;
    }
    k->self = *self;
    engine->reads = true;
    batches_init(k);
    return 0;
}

void kernel_fini(struct kernel *k)
{
    for (unsigned i = 0; i < KERNEL_SOCKETS; i++)
        if (k->fd[i] >= 0)
            close(k->fd[i]);
    free(k->rx);
    free(k->tx);
    *k = (struct kernel){ .fd = { -1, -1 } };
}

void kernel_wait(const struct kernel *k, int ms)
{
    struct pollfd fds[KERNEL_SOCKETS] = { { .fd = k->fd[0], .events = POLLIN },
                                          { .fd = k->fd[1], .events = POLLIN } };
    (void)poll(fds, KERNEL_SOCKETS, ms);
}

/* A full socket buffer is waited for; a datagram that the system refuses is left out. */
VTR_COLD static unsigned send_refused(struct kernel *k, int fd)
{
    struct pollfd out = { .fd = fd, .events = POLLOUT };
    if (errno != EAGAIN && errno != ENOBUFS) {
        engine_drop(k->engine, DROP_tx);
        return 1;
    }
    uint64_t from = slices_cycles();
    bool room = poll(&out, 1, FULL_WAIT_MS) > 0;
    k->engine->counts.tx_retries++;
    k->disturbed = true;
    slices_retried(&k->engine->slices, slices_cycles() - from);
    if (!room)
        engine_drop(k->engine, DROP_tx);
    return room ? 0 : 1;
}

static void send_batch(struct kernel *k, int fd, struct mmsghdr *msg, unsigned n)
{
    for (unsigned sent = 0; sent < n;) {
        int rc = sendmmsg(fd, msg + sent, n - sent, MSG_DONTWAIT);
        sent += rc > 0 ? (unsigned)rc : send_refused(k, fd);
    }
}

static void out_flush(struct kernel *k)
{
    send_batch(k, k->fd[KERNEL_UDP], k->tx->msg, k->tx->n);
    k->tx->n = 0;
}

/* Appends copied bytes: to the last part if that is copied too. */
static void put_copied(struct kernel *k, const struct message_chunk *c, uint8_t *to, size_t *iovs,
                       struct iovec *iov)
{
    message_copy(&k->engine->message, c, to);
    struct iovec *last = &iov[*iovs - 1];
    if ((uint8_t *)last->iov_base + last->iov_len == to)
        last->iov_len += c->len;
    else
        iov[(*iovs)++] = (struct iovec){ to, c->len };
    k->engine->counts.payload_bytes_copied += message_value_bytes(c);
}

/* @return whether the chunk went in by reference: the kernel reads it where it lies. */
static bool put_referred(const struct message_chunk *c, size_t *iovs, struct iovec *iov)
{
    size_t run = 0;
    if (!c->piece->refer || *iovs + 2 > KERNEL_IOVS)
        return false;
    const uint8_t *at = vtr_data_at(c->piece->data, c->off, &run);
    if (at == NULL || run < c->len)
        return false;
    iov[(*iovs)++] = (struct iovec){ (void *)(uintptr_t)at, c->len };
    return true;
}

static void put_datagram(struct kernel *k, const struct sockaddr_in *to, struct vtr_be16 id,
                         uint32_t seq, uint32_t total)
{
    struct kernel_tx *tx = k->tx;
    uint8_t *bytes = tx->bytes[tx->n];
    struct iovec *iov = tx->iov[tx->n];
    size_t iovs = 1;
    uint32_t room = MESSAGE_PAYLOAD;
    struct vtr_memcached_udp head = { .id = id,
                                      .seq = vtr_be16_make((uint16_t)seq),
                                      .total = vtr_be16_make((uint16_t)total) };
    struct message_chunk c;
    memcpy(bytes, &head, sizeof head);
    iov[0] = (struct iovec){ bytes, sizeof head };
    bytes += sizeof head;
    while (message_next(&k->engine->message, room, &c)) {
        k->engine->counts.payload_bytes_kernel += message_value_bytes(&c);
        if (!put_referred(&c, &iovs, iov)) {
            put_copied(k, &c, bytes, &iovs, iov);
            bytes += c.len;
        }
        room -= c.len;
    }
    tx->to[tx->n] = *to;
    tx->msg[tx->n].msg_hdr.msg_iovlen = iovs;
    if (++tx->n == KERNEL_BATCH)
        out_flush(k);
}

static void serve_request(struct kernel *k, unsigned i)
{
    const struct vtr_memcached_udp *in = (const struct vtr_memcached_udp *)k->rx->bytes[i];
    enum engine_answer answer = engine_answer(k->engine, &k->rx->request[i]);
    if (answer == ENGINE_SILENT)
        return;
    uint32_t seq = 0;
    uint32_t total = answer == ENGINE_QUIT ? 0 : message_datagrams(&k->engine->message);
    k->sent += total;
    do
        put_datagram(k, &k->rx->from[i], in->id, seq, total);
    while (++seq < total);
}

static void read_batch(struct kernel *k, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct vtr_span datagram = { k->rx->bytes[i], k->rx->msg[i].msg_len };
        k->rx->readable[i] = frame_port_loops(&k->self, ntohs(k->rx->from[i].sin_port))
                                 ? engine_drop(k->engine, DROP_loop)
                                 : engine_read(k->engine, datagram, &k->rx->request[i]);
    }
    for (unsigned i = 0; i < n; i++)
        if (k->rx->readable[i])
            engine_prefetch(k->engine, &k->rx->request[i]);
}

static unsigned serve_batch(struct kernel *k, unsigned n)
{
    unsigned served = 0;
    read_batch(k, n);
    for (unsigned i = 0; i < n + ENGINE_AHEAD; i++) {
        if (i < n && k->rx->readable[i])
            engine_prefetch_value(k->engine, &k->rx->request[i]);
        if (i >= ENGINE_AHEAD && k->rx->readable[i - ENGINE_AHEAD]) {
            serve_request(k, i - ENGINE_AHEAD);
            served++;
        }
    }
    out_flush(k);
    store_settle(k->engine->store);
    return served;
}

/* Datagrams go back from the buffers they came in, all in a row but for those that would loop. */
static unsigned echo_batch(struct kernel *k, unsigned n)
{
    struct mmsghdr *msg = k->rx->msg;
    unsigned served = 0;
    threshold_mix(&k->engine->threshold);
    for (unsigned from = 0, i = 0; i <= n; i++) {
        bool loops = i < n && frame_port_loops(&k->self, ntohs(k->rx->from[i].sin_port));
        if (i < n)
            k->rx->iov[i].iov_len = msg[i].msg_len;
        if (i < n && !loops)
            continue;
        send_batch(k, k->fd[KERNEL_ECHO], &msg[from], i - from);
        served += i - from;
        from = i + 1;
        k->engine->counts.drop[DROP_loop] += loops;
    }
    k->engine->counts.requests += served;
    return served;
}

static int receive(struct kernel *k, unsigned which)
{
    for (unsigned i = 0; i < k->ask; i++) {
        k->rx->iov[i].iov_len = KERNEL_RX_BYTES;
        k->rx->msg[i].msg_hdr.msg_namelen = sizeof k->rx->from[i];
    }
    return recvmmsg(k->fd[which], k->rx->msg, k->ask, MSG_DONTWAIT, NULL);
}

/* The socket that had traffic last, then the other; but now and then the other first. */
static int receive_any(struct kernel *k)
{
    bool swap = ++k->turns % OTHER_TURN == 0;
    for (unsigned i = 0; i < KERNEL_SOCKETS; i++) {
        unsigned which = k->current ^ swap ^ i;
        int n = receive(k, which);
        if (n > 0) {
            k->current = which;
            return n;
        }
    }
    return 0;
}

unsigned kernel_poll(struct kernel *k, bool *found)
{
    uint64_t from = slices_cycles();
    unsigned n = (unsigned)receive_any(k);
    *found = n > 0;
    if (n == 0)
        return 0;
    k->disturbed = false;
    k->sent = 0;
    unsigned served = k->current == KERNEL_UDP ? serve_batch(k, n) : echo_batch(k, n);
    threshold_burst_end(&k->engine->threshold, slices_cycles() - from, k->disturbed);
    k->ask = slices_ask(n, k->sent, KERNEL_BATCH);
    return served;
}
