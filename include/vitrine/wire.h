/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The headers of the usual protocols as primitive structs, each with the document that it is from
 * (numbers in tuples are offsets in bytes, asserted), its taker and its iterators (parse.h). A file
 * of wire/ for each family; this includes them all.
 * Owner: nothing here owns anything.
 * Threads: any. An accessor reads its field once; take a length once, into a local, and test that.
 * Not here: how headers are taken (parse.h, walk.h), checksums (checksum.h), flows (flow.h).
 */
#ifndef VITRINE_WIRE_H
#define VITRINE_WIRE_H

#include <vitrine/wire/arp.h>
#include <vitrine/wire/dhcp.h>
#include <vitrine/wire/dns.h>
#include <vitrine/wire/eth.h>
#include <vitrine/wire/geneve.h>
#include <vitrine/wire/gre.h>
#include <vitrine/wire/gtpu.h>
#include <vitrine/wire/icmp.h>
#include <vitrine/wire/igmp.h>
#include <vitrine/wire/ip.h>
#include <vitrine/wire/ip4.h>
#include <vitrine/wire/ip6.h>
#include <vitrine/wire/ip6ext.h>
#include <vitrine/wire/memcached.h>
#include <vitrine/wire/mpls.h>
#include <vitrine/wire/nd.h>
#include <vitrine/wire/ntp.h>
#include <vitrine/wire/pppoe.h>
#include <vitrine/wire/quic.h>
#include <vitrine/wire/sctp.h>
#include <vitrine/wire/tcp.h>
#include <vitrine/wire/tls.h>
#include <vitrine/wire/udp.h>
#include <vitrine/wire/vxlan.h>

#endif
