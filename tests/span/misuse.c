/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Uses that must not compile, in C and in C++. Without CASE it is valid; with CASE=n the line under
 * `CASE == n` is in it, and misuse.sh wants the compiler to refuse that very line: outright, or
 * with -Werror where the case says that a warning is all there is.
 */
#include <vitrine/wire.h>
#include <vitrine/writer.h>

VTR_WIRE(record, 4, (struct vtr_le16, key, 0), (uint8_t, value, 2, [2]));

#if CASE == 1
VTR_WIRE(longer_than_it_says, 3, (struct vtr_be16, a, 0), (struct vtr_be16, b, 2));
#elif CASE == 2
VTR_WIRE(not_where_it_says, 4, (struct vtr_be16, a, 0), (struct vtr_be16, b, 3));
#elif CASE == 3
VTR_WIRE(not_made_of_bytes, 4, (uint32_t, host_order, 0));
#endif

int use(const struct vtr_udp *udp, struct vtr_span s, struct vtr_writer *w, uint16_t host);

int use(const struct vtr_udp *udp, struct vtr_span s, struct vtr_writer *w, uint16_t host)
{
    uint16_t len = vtr_be16_get(udp->len);
    struct vtr_be16 port = udp->src;
    const struct record *r = vtr_span_view(s, 0, struct record);
    struct record *mine = vtr_writer_claim(w, struct record);
#if CASE == 4
    if (udp->len == 8) return 1;
#elif CASE == 5
    if (udp->len == udp->src) return 1;
#elif CASE == 6
    if (udp->len) return 1;
#elif CASE == 7
    len = udp->len + 1;
#elif CASE == 8
    len = udp->len;
#elif CASE == 9
    len = (uint16_t)udp->len;
#elif CASE == 10
    port = 53;
#elif CASE == 11
    port = host;
#elif CASE == 12
    port = r->key;
#elif CASE == 13
    len = vtr_be16_get(r->key);
#elif CASE == 14
    len = vtr_be16_get(host);
#elif CASE == 15
    switch (udp->len) { default: return 1; }
#elif CASE == 16
    if (vtr_span_view(s, 0, uint32_t) != NULL) return 1;
#elif CASE == 17
    if (vtr_writer_claim(w, uint16_t) != NULL) return 1;
#elif CASE == 18
    vtr_span_view(s, 0, struct vtr_udp)->len = port;
#elif CASE == 19 /* a warning */
    mine = vtr_span_view(s, 0, struct record);
#elif CASE == 20 /* a warning */
    vtr_span_u16be(s, 0, &len);
#elif CASE == 21 /* a warning */
    if (vtr_span_u16be(s, 0, &mine->key)) return 1;
#endif
    return len + port.bytes[0] + host + (r != NULL) + (mine != NULL);
}
