/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * DHCP for IPv4: RFC 2131 section 2, options as in RFC 2132.
 *
 *   dhcp = vtr_dhcp_take(s, &s);
 *   for (w = vtr_dhcp_walk_of(dhcp, s); vtr_dhcp_option_next(&w, &option);)
 *       ...
 *   if (!vtr_dhcp_walk_done(&w))      w.r.rest begins with what is no option
 *
 * Owner: nothing here owns anything.
 * Threads: any, each with a walk of its own.
 * Not here: joining an option that is sent in pieces (RFC 3396): each comes as it stands.
 */
#ifndef VITRINE_WIRE_DHCP_H
#define VITRINE_WIRE_DHCP_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

VTR_WIRE(vtr_dhcp, 240,
         (uint8_t, op, 0),       /* VTR_DHCP_REQUEST, VTR_DHCP_REPLY */
         (uint8_t, hardware, 1), /* 1: Ethernet */
         (uint8_t, hardware_len, 2),
         (uint8_t, hops, 3),
         (struct vtr_be32, id, 4),
         (struct vtr_be16, seconds, 8),
         (struct vtr_be16, flags, 10),
         (struct vtr_be32, client_ip, 12), /* ciaddr: that it has */
         (struct vtr_be32, your_ip, 16),   /* yiaddr: that it is given */
         (struct vtr_be32, server_ip, 20), /* siaddr: of the next step */
         (struct vtr_be32, relay_ip, 24),  /* giaddr */
         (uint8_t, client, 28, [16]),      /* chaddr: hardware_len bytes of it */
         (uint8_t, server_name, 44, [64]), /* or options */
         (uint8_t, file, 108, [128]),      /* or options */
         (struct vtr_be32, magic, 236));   /* RFC 2132 section 2: VTR_DHCP_MAGIC */

enum {
    VTR_DHCP_SERVER_PORT = 67,
    VTR_DHCP_CLIENT_PORT = 68,

    VTR_DHCP_REQUEST = 1,
    VTR_DHCP_REPLY = 2,
    VTR_DHCP_BROADCAST = 0x8000,
    VTR_DHCP_MAGIC = 0x63825363,

    VTR_DHCP_PAD = 0, /* options; this and the end have no length */
    VTR_DHCP_SUBNET_MASK = 1,
    VTR_DHCP_ROUTER = 3,
    VTR_DHCP_DNS = 6,
    VTR_DHCP_HOST_NAME = 12,
    VTR_DHCP_REQUESTED_IP = 50,
    VTR_DHCP_LEASE_S = 51,
    VTR_DHCP_OVERLOAD = 52,
    VTR_DHCP_TYPE = 53, /* VTR_DHCP_DISCOVER, ... */
    VTR_DHCP_SERVER = 54,
    VTR_DHCP_WANTED = 55,
    VTR_DHCP_CLIENT_ID = 61,
    VTR_DHCP_END = 255,

    VTR_DHCP_OVERLOAD_FILE = 1, /* bits of the option's byte: RFC 2132 section 9.3 */
    VTR_DHCP_OVERLOAD_NAME = 2,

    VTR_DHCP_DISCOVER = 1, /* RFC 2132 section 9.6 */
    VTR_DHCP_OFFER = 2,
    VTR_DHCP_ASK = 3, /* DHCPREQUEST */
    VTR_DHCP_DECLINE = 4,
    VTR_DHCP_ACK = 5,
    VTR_DHCP_NAK = 6,
    VTR_DHCP_RELEASE = 7,
    VTR_DHCP_INFORM = 8,
};

/** The magic cookie; plain BOOTP (RFC 951), which has none, is refused. The rest is the options. */
VTR_INLINE VTR_MUST_USE bool vtr_dhcp_measure(const struct vtr_dhcp *h, size_t len,
                                              struct vtr_extent *e)
{
    e->header = sizeof *h;
    e->end = len;
    return vtr_be32_get(h->magic) == VTR_DHCP_MAGIC;
}
VTR_TAKE(vtr_dhcp)

/** An option. */
struct vtr_dhcp_option {
    uint8_t code;         /**< VTR_DHCP_TYPE, ... */
    struct vtr_span data; /**< 0 to 255 bytes */
};

/** A place among the options: behind the header, then in @ref vtr_dhcp.file, then in its
 * server_name, as the overload option says. Copying it remembers the place. */
struct vtr_dhcp_walk {
    struct vtr_reader r;  /**< what has not been read of this field */
    struct vtr_span file; /**< private: with @ref name, what may hold options as well */
    struct vtr_span name;
    uint8_t overload; /**< private: which of them does, and has not been read */
    bool first;       /**< private: not yet in either */
};

/** @param rest  what vtr_dhcp_take() left. @return the place before the first option. */
VTR_API VTR_MUST_USE struct vtr_dhcp_walk vtr_dhcp_walk_of(const struct vtr_dhcp *h,
                                                           struct vtr_span rest);

/**
 * The next option; padding and ends are gone past.
 * @param w    on false behind the last one, or before what is none.
 * @param out  borrowed from what w is of; untouched on false.
 */
VTR_API VTR_MUST_USE bool vtr_dhcp_option_next(struct vtr_dhcp_walk *w,
                                               struct vtr_dhcp_option *out);

/** @return whether all options were found: the last field ends with VTR_DHCP_END or all read. */
VTR_API VTR_MUST_USE bool vtr_dhcp_walk_done(const struct vtr_dhcp_walk *w);

VTR_END_DECLS
#endif
