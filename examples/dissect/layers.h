/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The dissectors: each takes one header off the front, says what is in it, and calls the next.
 *   link.c       what Ethernet carries       net.c      IP
 *   icmp.c       ICMP, ND, MLD, IGMP         tunnel.c   what carries packets again
 *   transport.c  what else IP carries        app.c      what is at a well-known port
 */
#ifndef DISSECT_LAYERS_H
#define DISSECT_LAYERS_H

#include <vitrine/wire.h>

#include "report.h"

/** Of a packet whose end is elsewhere, such as the one in an error: being cut short is no fault. */
static inline void dissect_part(struct report *r, void (*dissect)(struct report *, struct vtr_span),
                                struct vtr_span s)
{
    bool part = r->part;
    r->part = true;
    dissect(r, s);
    r->part = part;
}

void dissect_eth(struct report *r, struct vtr_span s);
/** By VTR_ETH_*. */
void dissect_ethertype(struct report *r, unsigned type, struct vtr_span s);
void dissect_mpls(struct report *r, struct vtr_span s);

void dissect_ip4(struct report *r, struct vtr_span s);
void dissect_ip6(struct report *r, struct vtr_span s);
void dissect_icmp(struct report *r, struct vtr_span s);
void dissect_icmp6(struct report *r, struct vtr_span s);
void dissect_igmp(struct report *r, struct vtr_span s);
/** By VTR_IP_*. */
void dissect_protocol(struct report *r, unsigned protocol, struct vtr_span s);

void dissect_gre(struct report *r, struct vtr_span s);
void dissect_vxlan(struct report *r, struct vtr_span s);
void dissect_geneve(struct report *r, struct vtr_span s);
void dissect_gtpu(struct report *r, struct vtr_span s);

/** By the ports, of which either may be the well-known one. */
void dissect_udp_payload(struct report *r, unsigned src, unsigned dst, struct vtr_span s);
void dissect_tcp_payload(struct report *r, unsigned src, unsigned dst, struct vtr_span s);

#endif
