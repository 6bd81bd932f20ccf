/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * TLS: records, handshake messages and the two hellos. RFC 8446 (1.3), RFC 5246 (1.2); extensions
 * of RFC 6066 and RFC 7301.
 *
 *   if ((record = vtr_tls_record_take(s, &s)) && record->type == VTR_TLS_HANDSHAKE &&
 *       (message = vtr_tls_handshake_take(s, &s)) && message->type == VTR_TLS_CLIENT_HELLO &&
 *       vtr_tls_client_hello_take(s, &hello))
 *       for (r = vtr_reader_of(hello.extensions); vtr_tls_extension_next(&r, &extension);)
 *           if (vtr_tls_server_name(&extension, &name))
 *               ...
 *
 * Owner: nothing here owns anything.
 * Threads: any.
 * Not here: a message in several records, which vtr_tls_handshake_take() refuses: join them first;
 * DTLS; whatever is encrypted.
 */
#ifndef VITRINE_WIRE_TLS_H
#define VITRINE_WIRE_TLS_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

/* Record: RFC 8446 section 5.1. */

VTR_WIRE(vtr_tls_record, 5,
         (uint8_t, type, 0), /* VTR_TLS_HANDSHAKE, ... */
         (struct vtr_be16, version, 1),
         (struct vtr_be16, len, 3)); /* bytes, this header excluded */

enum {
    VTR_TLS_CHANGE_CIPHER_SPEC = 20, /* types of records */
    VTR_TLS_ALERT = 21,
    VTR_TLS_HANDSHAKE = 22,
    VTR_TLS_DATA = 23,
    VTR_TLS_HEARTBEAT = 24, /* RFC 6520 */

    VTR_TLS_1_0 = 0x0301, /* versions */
    VTR_TLS_1_2 = 0x0303,
    VTR_TLS_1_3 = 0x0304, /* in extensions only: elsewhere 1.3 says 1.2 */

    VTR_TLS_RECORD_MAX = (1 << 14) + 2048, /* RFC 5246 section 6.2.3, the larger of the two */
};

/** A known type, version 3.x, a length within VTR_TLS_RECORD_MAX that is all there. */
VTR_INLINE VTR_MUST_USE bool vtr_tls_record_measure(const struct vtr_tls_record *h, size_t len,
                                                    struct vtr_extent *e)
{
    size_t body = vtr_be16_get(h->len);
    (void)len;
    e->header = sizeof *h;
    e->end = sizeof *h + body;
    return h->type >= VTR_TLS_CHANGE_CIPHER_SPEC && h->type <= VTR_TLS_HEARTBEAT &&
           vtr_be16_get(h->version) >> 8 == 3 && body <= VTR_TLS_RECORD_MAX;
}
VTR_TAKE(vtr_tls_record)

/* Handshake message: RFC 8446 section 4. Several may be in one record. */

VTR_WIRE(vtr_tls_handshake, 4,
         (uint8_t, type, 0),     /* VTR_TLS_CLIENT_HELLO, ... */
         (uint8_t, len, 1, [3])); /* bytes, big-endian, this header excluded */

enum {
    VTR_TLS_CLIENT_HELLO = 1,
    VTR_TLS_SERVER_HELLO = 2,
    VTR_TLS_CERTIFICATE = 11,
    VTR_TLS_FINISHED = 20,
};

/** A length that is all there. */
VTR_INLINE VTR_MUST_USE bool vtr_tls_handshake_measure(const struct vtr_tls_handshake *h,
                                                       size_t len, struct vtr_extent *e)
{
    (void)len;
    e->header = sizeof *h;
    e->end = sizeof *h + ((size_t)h->len[0] << 16 | (size_t)h->len[1] << 8 | h->len[2]);
    return true;
}
VTR_TAKE(vtr_tls_handshake)

/* Hellos: RFC 8446 sections 4.1.2 and 4.1.3. */

VTR_WIRE(vtr_tls_random, 32, (uint8_t, bytes, 0, [32]));

/** What a client begins with. */
struct vtr_tls_client_hello {
    uint16_t version;                    /**< VTR_TLS_1_2 of 1.3: see vtr_tls_versions() */
    const struct vtr_tls_random *random; /**< borrowed */
    struct vtr_span session;             /**< 0 to 32 bytes */
    struct vtr_span ciphers;             /**< to vtr_span_cast(s, struct vtr_be16, &n, &rest) */
    struct vtr_span compressions;        /**< a byte each */
    struct vtr_span extensions;          /**< to vtr_tls_extension_next(); before 1.2 often none */
};

/** @param body what vtr_tls_handshake_take() left. @param out untouched on false: malformed. */
VTR_API VTR_MUST_USE bool vtr_tls_client_hello_take(struct vtr_span body,
                                                    struct vtr_tls_client_hello *out);

/** What a server answers. */
struct vtr_tls_server_hello {
    uint16_t version;
    const struct vtr_tls_random *random; /**< borrowed */
    struct vtr_span session;             /**< 0 to 32 bytes */
    uint16_t cipher;
    uint8_t compression;
    struct vtr_span extensions; /**< to vtr_tls_extension_next() */
};

/** @param body what vtr_tls_handshake_take() left. @param out untouched on false: malformed. */
VTR_API VTR_MUST_USE bool vtr_tls_server_hello_take(struct vtr_span body,
                                                    struct vtr_tls_server_hello *out);

/* Extensions: RFC 8446 section 4.2. */

enum {
    VTR_TLS_SERVER_NAME = 0,
    VTR_TLS_ALPN = 16,
    VTR_TLS_SUPPORTED_VERSIONS = 43,
    VTR_TLS_QUIC_PARAMETERS = 57, /* RFC 9001 section 8.2 */
};

/** An extension of a hello. */
struct vtr_tls_extension {
    uint16_t type; /**< VTR_TLS_SERVER_NAME, ... */
    struct vtr_span data;
};

/** @param r on false at the end, or before what is none. @param out untouched on false. */
VTR_API VTR_MUST_USE bool vtr_tls_extension_next(struct vtr_reader *r,
                                                 struct vtr_tls_extension *out);

/**
 * The host that a client asks for: RFC 6066 section 3.
 * @param out  1 byte or more, any; borrowed; untouched on false: another extension, or malformed.
 */
VTR_API VTR_MUST_USE bool vtr_tls_server_name(const struct vtr_tls_extension *x,
                                              struct vtr_span *out);

/** The protocols of RFC 7301, to vtr_tls_alpn_next(). @return false, *r untouched: likewise. */
VTR_API VTR_MUST_USE bool vtr_tls_alpn(const struct vtr_tls_extension *x, struct vtr_reader *r);

/** The next protocol, such as "h2". @param r on false at the end, or before what is none. */
VTR_API VTR_MUST_USE bool vtr_tls_alpn_next(struct vtr_reader *r, struct vtr_span *protocol);

/**
 * The versions that a client offers, best first: RFC 8446 section 4.2.1.
 * @param out  to vtr_span_cast(s, struct vtr_be16, &n, &rest); untouched on false: likewise.
 */
VTR_API VTR_MUST_USE bool vtr_tls_versions(const struct vtr_tls_extension *x,
                                           struct vtr_span *out);

VTR_END_DECLS
#endif
