/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * link over a port. Requests are sealed packets in the heap, made once and sent by reference as
 * often as wanted; replies are compared where the driver put them.
 */
#include "link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vitrine/buf.h>
#include <vitrine/port.h>

#include "measure/complain.h"
#include "headers.h"
#include "load.h"

enum {
    OWN_UDP_PORT = 40000,
    DESCS =
        4096, /* a client decides how long a memif's rings are: a reply of 64 KiB takes 48 slots */
    ARP_TRIES = 50,
    ARP_WAIT_NS = 100 * 1000 * 1000,
    FRAME_OFF = sizeof(struct headers_udp), /* of memcached's frame */
    PAYLOAD_OFF = FRAME_OFF + sizeof(struct vtr_memcached_udp),
};

struct port_link {
    struct link base;
    struct vtr_heap *heap; /* borrowed */
    struct vtr_port *port; /* owned */
    struct headers_route route;
    uint16_t server_port[2]; /* memcached, echo */
    bool resolved;
    unsigned held; /* received packets that replies point into */
    struct vtr_pkt pkt[LINK_BURST];
};

struct port_requests {
    struct requests base;
    struct vtr_data packet[]; /* n of them, owned */
};

static void port_discard(struct link *link, struct requests *r)
{
    struct port_requests *p = (struct port_requests *)r;
    for (uint32_t i = 0; i < p->base.n; i++)
        vtr_data_unref(&p->packet[i]);
    free(p);
}

/* A sealed packet of @p headers and @p len bytes. */
static int seal(struct port_link *self, const void *headers, size_t headers_len,
                const uint8_t *bytes, size_t len, struct vtr_data *out)
{
    vtr_auto(vtr_buf) buf = VTR_BUF_EMPTY;
    int rc = vtr_buf_init(self->heap, 0, headers_len + len, &buf);
    if (rc != 0)
        return rc;
    if (!vtr_buf_append(&buf, headers, headers_len) || !vtr_buf_append(&buf, bytes, len))
        return -EMSGSIZE;
    *out = vtr_buf_seal(&buf);
    return 0;
}

static int seal_udp(struct port_link *self, uint16_t to, const uint8_t *payload, size_t len,
                    struct vtr_data *out)
{
    struct headers_udp headers = headers_udp_to(&self->route, OWN_UDP_PORT, to, len);
    return seal(self, &headers, sizeof headers, payload, len, out);
}

static int port_prepare(struct link *link, const struct workload *w, struct requests **out)
{
    struct port_link *self = (struct port_link *)link;
    uint32_t n = w->ids * w->sends;
    struct port_requests *p = calloc(1, sizeof *p + n * sizeof p->packet[0]);
    if (p == NULL)
        return -ENOMEM;
    p->base = (struct requests){ w, n };
    for (uint32_t i = 0; i < n; i++) {
        uint8_t bytes[WORKLOAD_DATAGRAM_BYTES];
        size_t len = workload_request(w, i / w->sends, i % w->sends, bytes);
        int rc = seal_udp(self, self->server_port[w->echo], bytes, len, &p->packet[i]);
        if (rc != 0) {
            port_discard(link, &p->base);
            return rc;
        }
    }
    *out = &p->base;
    return 0;
}

static unsigned send_packets(struct port_link *self, struct vtr_pkt *pkts, unsigned n)
{
    unsigned sent = vtr_port_tx(self->port, 0, pkts, n);
    for (unsigned i = sent; i < n; i++)
        vtr_pkt_unref(&pkts[i]);
    return sent;
}

static unsigned port_send(struct link *link, struct requests *r, const uint32_t *number, unsigned n)
{
    struct port_link *self = (struct port_link *)link;
    struct port_requests *p = (struct port_requests *)r;
    struct vtr_pkt pkts[LINK_BURST];
    vtr_check(n <= LINK_BURST);
    for (unsigned i = 0; i < n; i++)
        pkts[i] = (struct vtr_pkt){ .data = vtr_data_ref(p->packet[number[i]]) };
    return send_packets(self, pkts, n);
}

static unsigned port_say(struct link *link, const struct vtr_span *payload, unsigned n)
{
    struct port_link *self = (struct port_link *)link;
    struct vtr_pkt pkts[LINK_BURST];
    unsigned made = 0;
    vtr_check(n <= LINK_BURST);
    for (; made < n; made++) {
        struct vtr_span s = payload[made];
        pkts[made] = (struct vtr_pkt){ 0 };
        if (seal_udp(self, self->server_port[0], s.ptr, s.len, &pkts[made].data) != 0)
            break;
    }
    return send_packets(self, pkts, made);
}

static void say_arp(struct port_link *self, uint16_t op)
{
    struct headers_arp f = headers_arp_to(&self->route, op);
    struct vtr_pkt pkt = { 0 };
    if (seal(self, &f, sizeof f, NULL, 0, &pkt.data) == 0)
        (void)send_packets(self, &pkt, 1);
}

/* Anything but a frame for us: ARP is looked at, the rest (multicast of a kernel's) is nobody's. */
static void not_for_us(struct port_link *self, struct vtr_data d)
{
    struct headers_arp scratch;
    const struct headers_arp *f = vtr_data_view(d, 0, struct headers_arp, &scratch);
    struct vtr_mac mac;
    uint16_t op = f != NULL ? headers_arp_from(f, &self->route, &mac) : 0;
    if (op == 0)
        return;
    self->route.peer_mac = mac;
    self->resolved = true;
    if (op == VTR_ARP_REQUEST)
        say_arp(self, VTR_ARP_REPLY);
}

/* The bytes behind memcached's frame, segment by segment. */
static void show_payload(struct vtr_data d, struct reply *r)
{
    struct vtr_data bytes = d;
    if (!vtr_data_trim(&bytes, FRAME_OFF + r->len) || !vtr_data_strip(&bytes, PAYLOAD_OFF))
        return;
    struct vtr_cursor c = vtr_cursor_of(bytes);
    while (r->pieces < REPLY_PIECES && vtr_cursor_next(&c, &r->piece[r->pieces]))
        r->pieces++;
    if (c.rest.len != 0)
        r->fault = "in more segments than are looked at", r->fault_off = d.len - c.rest.len;
}

/* @return false: not a datagram for us. */
static bool show(struct port_link *self, struct vtr_data d, struct reply *r)
{
    struct headers_udp scratch;
    const struct headers_udp *h = vtr_data_view(d, 0, struct headers_udp, &scratch);
    if (h == NULL || vtr_be16_get(h->eth.type) == VTR_ETH_ARP ||
        memcmp(&h->eth.dst, &self->route.own_mac, sizeof h->eth.dst) != 0)
        return false;
    r->base = FRAME_OFF;
    r->pieces = 0;
    r->fault = headers_fault(h, d, &self->route, self->server_port, OWN_UDP_PORT, &r->fault_off);
    if (r->fault != NULL)
        return true;
    r->len = vtr_be16_get(h->udp.len) - (uint32_t)sizeof h->udp;
    if (r->len < sizeof r->frame || !vtr_data_gather(d, FRAME_OFF, &r->frame, sizeof r->frame))
        return true;
    show_payload(d, r);
    return true;
}

static void release(struct port_link *self)
{
    for (unsigned i = 0; i < self->held; i++)
        vtr_pkt_unref(&self->pkt[i]);
    self->held = 0;
}

static unsigned port_poll(struct link *link, struct reply *replies, unsigned n)
{
    struct port_link *self = (struct port_link *)link;
    unsigned shown = 0;
    release(self);
    self->held = vtr_port_rx(self->port, 0, self->pkt, n < LINK_BURST ? n : LINK_BURST);
    for (unsigned i = 0; i < self->held; i++) {
        if (show(self, self->pkt[i].data, &replies[shown]))
            shown++;
        else
            not_for_us(self, self->pkt[i].data);
    }
    return shown;
}

static void port_close(struct link *link)
{
    struct port_link *self = (struct port_link *)link;
    release(self);
    vtr_port_close(self->port);
    free(self);
}

static const struct link_ops port_ops = {
    .prepare = port_prepare,
    .discard = port_discard,
    .send = port_send,
    .say = port_say,
    .poll = port_poll,
    .close = port_close,
};

int link_resolve(struct link *link, struct vtr_error *err)
{
    struct port_link *self = (struct port_link *)link;
    struct reply replies[LINK_BURST];
    vtr_check(link->ops == &port_ops);
    for (int i = 0; i < ARP_TRIES && !self->resolved; i++) {
        say_arp(self, VTR_ARP_REQUEST);
        for (uint64_t end = load_now() + ARP_WAIT_NS; load_now() < end && !self->resolved;)
            (void)!link_poll(link, replies, LINK_BURST);
    }
    const uint8_t *ip = self->route.peer_ip.bytes;
    return self->resolved
               ? 0
               : complain(err, -ETIMEDOUT, "start the server first, on the other end of the port",
                          "nobody answers ARP for %u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
}

int link_port_open(struct vtr_heap *heap, const char *spec, const struct link_where *where,
                   struct link **out, struct vtr_error *err)
{
    struct port_link *self = calloc(1, sizeof *self);
    if (self == NULL)
        return complain(err, -ENOMEM, NULL, "no memory for a link");
    struct vtr_port_opts opts = { .size = sizeof opts, .rx_descs = DESCS, .tx_descs = DESCS };
    int rc = vtr_port_open(heap, spec, &opts, &self->port, err);
    if (rc != 0) {
        free(self);
        return rc;
    }
    struct vtr_port_info info;
    vtr_port_info(self->port, &info);
    self->base =
        (struct link){ .ops = &port_ops, .rx_capacity = DESCS / 2, .tx_capacity = DESCS / 2,
                       .say_max = WORKLOAD_DATAGRAM_BYTES };
    self->heap = heap;
    self->server_port[0] = where->udp_port;
    self->server_port[1] = where->echo_port;
    memcpy(&self->route.own_mac, info.mac, sizeof info.mac);
    memcpy(&self->route.own_ip, where->own_ip, sizeof where->own_ip);
    memcpy(&self->route.peer_ip, where->server_ip, sizeof where->server_ip);
    *out = &self->base;
    return 0;
}
