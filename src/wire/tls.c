/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Hellos and what is in them. Vectors have their length in front: RFC 8446 section 3.4.
 */
#include <vitrine/wire/tls.h>

enum { SESSION_MAX = 32 };

/* Whether all there was is read. Before 1.2 there need be no extensions. */
static bool take_extensions(struct vtr_reader *r, struct vtr_span *out)
{
    *out = r->rest;
    return r->rest.len == 0 || (vtr_reader_vector16(r, out) && r->rest.len == 0);
}

/* What both begin with. */
static bool take_head(struct vtr_reader *r, uint16_t *version, const struct vtr_tls_random **random,
                      struct vtr_span *session)
{
    return vtr_reader_u16be(r, version) &&
           (*random = vtr_reader_view(r, struct vtr_tls_random)) != NULL &&
           vtr_reader_vector8(r, session) && session->len <= SESSION_MAX;
}

bool vtr_tls_client_hello_take(struct vtr_span body, struct vtr_tls_client_hello *out)
{
    struct vtr_reader r = vtr_reader_of(body);
    struct vtr_tls_client_hello h;
    if (!take_head(&r, &h.version, &h.random, &h.session) || !vtr_reader_vector16(&r, &h.ciphers) ||
        h.ciphers.len == 0 || h.ciphers.len % 2 != 0 || !vtr_reader_vector8(&r, &h.compressions) ||
        h.compressions.len == 0 || !take_extensions(&r, &h.extensions))
        return false;
    *out = h;
    return true;
}

bool vtr_tls_server_hello_take(struct vtr_span body, struct vtr_tls_server_hello *out)
{
    struct vtr_reader r = vtr_reader_of(body);
    struct vtr_tls_server_hello h;
    if (!take_head(&r, &h.version, &h.random, &h.session) || !vtr_reader_u16be(&r, &h.cipher) ||
        !vtr_reader_u8(&r, &h.compression) || !take_extensions(&r, &h.extensions))
        return false;
    *out = h;
    return true;
}

bool vtr_tls_extension_next(struct vtr_reader *r, struct vtr_tls_extension *out)
{
    struct vtr_reader at = *r;
    uint16_t type;
    if (!vtr_reader_u16be(&at, &type) || !vtr_reader_vector16(&at, &out->data))
        return false;
    out->type = type;
    *r = at;
    return true;
}

/* A list that is all of the extension. @return false: another extension, or there is more. */
static bool take_list(const struct vtr_tls_extension *x, uint16_t type, struct vtr_reader *list)
{
    struct vtr_reader r = vtr_reader_of(x->data);
    struct vtr_span all;
    if (x->type != type || !vtr_reader_vector16(&r, &all) || r.rest.len != 0)
        return false;
    *list = vtr_reader_of(all);
    return true;
}

bool vtr_tls_server_name(const struct vtr_tls_extension *x, struct vtr_span *out)
{
    struct vtr_reader r;
    struct vtr_span name;
    uint8_t type;
    if (!take_list(x, VTR_TLS_SERVER_NAME, &r) || !vtr_reader_u8(&r, &type) || type != 0 ||
        !vtr_reader_vector16(&r, &name) || name.len == 0)
        return false;
    *out = name;
    return true;
}

bool vtr_tls_alpn(const struct vtr_tls_extension *x, struct vtr_reader *r)
{
    return take_list(x, VTR_TLS_ALPN, r);
}

bool vtr_tls_alpn_next(struct vtr_reader *r, struct vtr_span *protocol)
{
    struct vtr_reader at = *r;
    struct vtr_span name;
    if (!vtr_reader_vector8(&at, &name) || name.len == 0)
        return false;
    *protocol = name;
    *r = at;
    return true;
}

bool vtr_tls_versions(const struct vtr_tls_extension *x, struct vtr_span *out)
{
    struct vtr_reader r = vtr_reader_of(x->data);
    struct vtr_span list;
    if (x->type != VTR_TLS_SUPPORTED_VERSIONS || !vtr_reader_vector8(&r, &list) ||
        r.rest.len != 0 || list.len == 0 || list.len % 2 != 0)
        return false;
    *out = list;
    return true;
}
