/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * NTP: RFC 5905 section 7.3, versions 1 to 4; extension fields as RFC 7822 limits them.
 *
 *   ntp = vtr_ntp_take(s, &s);
 *   for (r = vtr_reader_of(s); vtr_ntp_extension_next(&r, &extension);)
 *       ...
 *   mac = vtr_ntp_mac_take_options(r.rest, &digest, &s);      NULL: none, or malformed
 *
 * Owner: nothing here owns anything.
 * Threads: any.
 * Not here: control and private messages (modes 6 and 7), which have other headers: refused.
 */
#ifndef VITRINE_WIRE_NTP_H
#define VITRINE_WIRE_NTP_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

VTR_WIRE(vtr_ntp, 48,
         (uint8_t, leap_version_mode, 0), /* vtr_ntp_leap(), ... */
         (uint8_t, stratum, 1),           /* 0: unspecified; 1: has a clock; 16: not synchronised */
         (uint8_t, poll_log2_s, 2),       /* signed */
         (uint8_t, precision_log2_s, 3),  /* signed */
         (struct vtr_be32, root_delay, 4), /* seconds in 1 / 65536 */
         (struct vtr_be32, root_dispersion, 8),
         (struct vtr_be32, reference_id, 12), /* an address, or four letters */
         (struct vtr_be64, reference, 16),    /* time stamps: vtr_ntp_unix_s() */
         (struct vtr_be64, origin, 24),       /* when the request left the client */
         (struct vtr_be64, receive, 32),      /* when it came to the server */
         (struct vtr_be64, transmit, 40));    /* when this left */

enum {
    VTR_NTP_PORT = 123,
    VTR_NTP_CLIENT = 3, /* modes */
    VTR_NTP_SERVER = 4,
    VTR_NTP_BROADCAST = 5,
    VTR_NTP_CONTROL = 6,
    VTR_NTP_LEAP_UNKNOWN = 3, /* not synchronised */

    VTR_NTP_EXTENSION_MIN = 16, /* RFC 5905 section 7.5, with its type and length */
    VTR_NTP_MAC_MAX = 24,       /* RFC 7822 section 3: what is longer is an extension field */
};

/** @return the leap indicator; 3: the clock is not synchronised. */
VTR_INLINE VTR_MUST_USE unsigned vtr_ntp_leap(const struct vtr_ntp *h)
{
    return h->leap_version_mode >> 6;
}
/** @return the version, 1 to 4. */
VTR_INLINE VTR_MUST_USE unsigned vtr_ntp_version(const struct vtr_ntp *h)
{
    return h->leap_version_mode >> 3 & 7u;
}
/** @return VTR_NTP_CLIENT and so on. */
VTR_INLINE VTR_MUST_USE unsigned vtr_ntp_mode(const struct vtr_ntp *h)
{
    return h->leap_version_mode & 7u;
}

/** Versions 1 to 4, and no other mode's header. The rest: extension fields and the MAC, if any. */
VTR_INLINE VTR_MUST_USE bool vtr_ntp_measure(const struct vtr_ntp *h, size_t len,
                                             struct vtr_extent *e)
{
    e->header = sizeof *h;
    e->end = len;
    return vtr_ntp_version(h) - 1 < 4 && vtr_ntp_mode(h) < VTR_NTP_CONTROL;
}
VTR_TAKE(vtr_ntp)

/** @return seconds since 1970 of a time stamp: RFC 5905 figure 4, for 1968 to 2104. */
VTR_INLINE VTR_MUST_USE int64_t vtr_ntp_unix_s(struct vtr_be64 stamp)
{
    uint32_t s = (uint32_t)(vtr_be64_get(stamp) >> 32);
    int64_t era = s < 0x80000000u ? INT64_C(0x100000000) : 0;
    return era + s - INT64_C(2208988800);
}
/** @return the nanoseconds of a time stamp, 0 to 999999999. */
VTR_INLINE VTR_MUST_USE uint32_t vtr_ntp_ns(struct vtr_be64 stamp)
{
    return (uint32_t)((vtr_be64_get(stamp) & 0xffffffffu) * 1000000000u >> 32);
}

/** An extension field: RFC 7822. */
struct vtr_ntp_extension {
    uint16_t type;
    struct vtr_span data; /**< with its padding: 12 bytes or more */
};

/**
 * The next extension field: one of 16 bytes at least, in 4 bytes.
 * @param r    of what vtr_ntp_take() left; on false what is left is the MAC, if any, or malformed.
 * @param out  untouched on false.
 */
VTR_INLINE VTR_MUST_USE bool vtr_ntp_extension_next(struct vtr_reader *r,
                                                    struct vtr_ntp_extension *out)
{
    struct vtr_reader at = *r;
    uint16_t type, len;
    if (at.rest.len <= VTR_NTP_MAC_MAX || !vtr_reader_u16be(&at, &type) ||
        !vtr_reader_u16be(&at, &len) || len < VTR_NTP_EXTENSION_MIN || len % 4 != 0 ||
        !vtr_reader_take(&at, len - 4u, &out->data))
        return false;
    out->type = type;
    *r = at;
    return true;
}

/* The digest follows as options. */
VTR_WIRE(vtr_ntp_mac, 4, (struct vtr_be32, key, 0)); /* 0 and no digest: RFC 5905's crypto-NAK */

/** A key and a digest of 16 or 20 bytes (MD5, SHA-1, AES-CMAC), which are all there is; or a
 * crypto-NAK. */
VTR_INLINE VTR_MUST_USE bool vtr_ntp_mac_measure(const struct vtr_ntp_mac *h, size_t len,
                                                 struct vtr_extent *e)
{
    e->header = e->end = len;
    return len == 20 || len == VTR_NTP_MAC_MAX || (len == 4 && vtr_be32_get(h->key) == 0);
}
VTR_TAKE(vtr_ntp_mac)

VTR_END_DECLS
#endif
