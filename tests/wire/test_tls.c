/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * TLS: the hellos that RFC 8448 prints, what their extensions say, and what is refused.
 */
#include "samples.h"
#include "wire.h"

/** The body of the only message of a record. */
static struct vtr_span body_of(struct vtr_span record, uint8_t type)
{
    struct vtr_span s;
    const struct vtr_tls_record *r = vtr_tls_record_take(record, &s);
    assert_true(r != NULL && r->type == VTR_TLS_HANDSHAKE);
    const struct vtr_tls_handshake *h = vtr_tls_handshake_take(s, &s);
    assert_true(h != NULL && h->type == type);
    return s;
}

static void the_client_hello_of_rfc_8448_is_read(void **state)
{
    struct vtr_tls_client_hello hello;
    struct vtr_span s = body_of(ALL(SAMPLE_CLIENT_HELLO), VTR_TLS_CLIENT_HELLO), rest;
    size_t n;
    assert_true(vtr_tls_client_hello_take(s, &hello));
    assert_int_equal(hello.version, VTR_TLS_1_2);
    assert_ptr_equal(hello.random, SAMPLE_CLIENT_HELLO + 11);
    assert_int_equal(hello.session.len, 0);
    const struct vtr_be16 *ciphers = vtr_span_cast(hello.ciphers, struct vtr_be16, &n, &rest);
    assert_int_equal(n, 3);
    assert_int_equal(vtr_be16_get(ciphers[1]), 0x1303); /* TLS_CHACHA20_POLY1305_SHA256 */
    assert_span(hello.compressions, "", 1);
    assert_int_equal(hello.extensions.len, 0x91);
}

static void its_extensions_come_one_by_one(void **state)
{
    static const uint16_t want[] = { 0, 0xff01, 10, 35, 51, 43, 13, 45, 28 };
    struct vtr_tls_client_hello hello;
    struct vtr_tls_extension x;
    struct vtr_span name = ALIKE_NONE, versions = ALIKE_NONE;
    unsigned n = 0;
    assert_true(vtr_tls_client_hello_take(body_of(ALL(SAMPLE_CLIENT_HELLO), 1), &hello));
    struct vtr_reader r = vtr_reader_of(hello.extensions);
    for (; vtr_tls_extension_next(&r, &x); n++) {
        assert_int_equal(x.type, want[n]);
        assert_int_equal(vtr_tls_server_name(&x, &name), x.type == VTR_TLS_SERVER_NAME);
        assert_int_equal(vtr_tls_versions(&x, &versions), x.type == VTR_TLS_SUPPORTED_VERSIONS);
    }
    assert_int_equal(n, 9);
    assert_int_equal(r.rest.len, 0);
    assert_text(name, "server");
    assert_span(versions, "\3\4", 2);
}

static void the_server_hello_of_rfc_8448_is_read(void **state)
{
    struct vtr_tls_server_hello hello;
    struct vtr_tls_extension x;
    struct vtr_span s = body_of(ALL(SAMPLE_SERVER_HELLO), VTR_TLS_SERVER_HELLO);
    assert_true(vtr_tls_server_hello_take(s, &hello));
    assert_int_equal(hello.cipher, 0x1301);
    assert_int_equal(hello.compression, 0);
    struct vtr_reader r = vtr_reader_of(hello.extensions);
    assert_true(vtr_tls_extension_next(&r, &x) && x.type == 51);
    assert_true(vtr_tls_extension_next(&r, &x) && x.type == VTR_TLS_SUPPORTED_VERSIONS);
    assert_false(vtr_tls_extension_next(&r, &x));
}

static void a_hello_cut_anywhere_is_refused(void **state)
{
    struct vtr_span client = body_of(ALL(SAMPLE_CLIENT_HELLO), VTR_TLS_CLIENT_HELLO);
    struct vtr_span server = body_of(ALL(SAMPLE_SERVER_HELLO), VTR_TLS_SERVER_HELLO);
    for (size_t len = 0; len < client.len; len++) {
        struct vtr_tls_client_hello hello = { .version = 77 };
        uint8_t *exact = test_exact_copy(client.ptr, len);
        bool whole = vtr_tls_client_hello_take(vtr_span_of(exact, len), &hello);
        assert_int_equal(whole, len == 45); /* all but the extensions */
        assert_true(whole || hello.version == 77);
        free(exact);
    }
    for (size_t len = 0; len < server.len; len++) {
        struct vtr_tls_server_hello hello = { .version = 77 };
        uint8_t *exact = test_exact_copy(server.ptr, len);
        bool whole = vtr_tls_server_hello_take(vtr_span_of(exact, len), &hello);
        assert_int_equal(whole, len == 38);
        assert_true(whole || hello.version == 77);
        free(exact);
    }
}

static void a_hello_that_lies_is_refused(void **state)
{
    struct vtr_tls_client_hello hello;
    struct vtr_span body = body_of(ALL(SAMPLE_CLIENT_HELLO), VTR_TLS_CLIENT_HELLO);
    uint8_t bytes[300] = { 0 };
    memcpy(bytes, body.ptr, body.len);
    assert_false(vtr_tls_client_hello_take(vtr_span_of(bytes, body.len + 1), &hello));
    bytes[36] = 5; /* half a cipher suite, so that the compressions begin with a zero */
    assert_false(vtr_tls_client_hello_take(vtr_span_of(bytes, body.len), &hello));
    memset(bytes, 0, sizeof bytes);
    bytes[34] = 33; /* a session of 33 bytes, then one suite and one compression */
    bytes[34 + 34 + 1] = 2;
    bytes[34 + 34 + 4] = 1;
    assert_false(vtr_tls_client_hello_take(vtr_span_of(bytes, 34 + 34 + 6), &hello));
    bytes[34] = 32;
    memmove(bytes + 67, bytes + 68, 6);
    assert_true(vtr_tls_client_hello_take(vtr_span_of(bytes, 34 + 33 + 6), &hello));
}

static void a_record_that_is_none_is_refused(void **state)
{
    static uint8_t bytes[5 + VTR_TLS_RECORD_MAX + 1];
    struct vtr_span rest;
    for (unsigned type = 0; type < 256; type++)
        for (unsigned version = 0; version < 5; version++) {
            memcpy(bytes, (uint8_t[]){ (uint8_t)type, (uint8_t)version, 3, 0, 0 }, 5);
            assert_int_equal(vtr_tls_record_take(ALL(bytes), &rest) != NULL,
                             type >= 20 && type <= 24 && version == 3);
        }
    for (unsigned len = VTR_TLS_RECORD_MAX - 1; len <= VTR_TLS_RECORD_MAX + 1; len++) {
        memcpy(bytes, (uint8_t[]){ 23, 3, 3, (uint8_t)(len >> 8), (uint8_t)len }, 5);
        assert_int_equal(vtr_tls_record_take(ALL(bytes), &rest) != NULL,
                         len <= VTR_TLS_RECORD_MAX);
    }
}

static struct vtr_tls_extension extension(uint16_t type, const void *bytes, size_t len)
{
    return (struct vtr_tls_extension){ type, vtr_span_of(bytes, len) };
}

static void protocols_come_one_by_one(void **state)
{
    static const uint8_t alpn[] = "\0\014\2h2\10http/1.1";
    struct vtr_tls_extension x = extension(VTR_TLS_ALPN, alpn, sizeof alpn - 1);
    struct vtr_reader r;
    struct vtr_span name;
    assert_true(vtr_tls_alpn(&x, &r));
    assert_true(vtr_tls_alpn_next(&r, &name));
    assert_text(name, "h2");
    assert_true(vtr_tls_alpn_next(&r, &name));
    assert_text(name, "http/1.1");
    assert_false(vtr_tls_alpn_next(&r, &name));
    assert_int_equal(r.rest.len, 0);
    for (size_t len = 0; len < sizeof alpn - 1; len++) {
        x = extension(VTR_TLS_ALPN, alpn, len);
        assert_false(vtr_tls_alpn(&x, &r));
    }
}

static void a_protocol_without_a_name_stays_in_the_reader(void **state)
{
    static const uint8_t list[] = { 0, 2, 'h', '2' };
    struct vtr_reader r = vtr_reader_of(ALL(list));
    struct vtr_span name = ALIKE_NONE;
    assert_false(vtr_tls_alpn_next(&r, &name));
    assert_true(r.rest.len == 4 && alike_untouched(name));
}

static void a_list_that_does_not_fill_its_extension_is_refused(void **state)
{
    static const uint8_t sni[] = "\0\6\0\0\3abc", versions[] = { 4, 3, 4, 3, 3, 0 };
    struct vtr_span out = ALIKE_NONE;
    for (size_t len = 0; len <= sizeof sni; len++) {
        struct vtr_tls_extension x = extension(VTR_TLS_SERVER_NAME, sni, len);
        assert_int_equal(vtr_tls_server_name(&x, &out), len == 8);
    }
    assert_text(out, "abc");
    for (size_t len = 0; len <= sizeof versions; len++) {
        struct vtr_tls_extension x = extension(VTR_TLS_SUPPORTED_VERSIONS, versions, len);
        assert_int_equal(vtr_tls_versions(&x, &out), len == 5);
    }
    assert_span(out, versions + 1, 4);
}

static void a_list_of_nothing_or_of_halves_is_refused(void **state)
{
    static const struct {
        uint16_t type;
        size_t len;
        const char *bytes;
    } LIES[] = { { VTR_TLS_SERVER_NAME, 2, "\0\0" },        /* no name */
                 { VTR_TLS_SERVER_NAME, 5, "\0\3\0\0\0" },  /* an empty one */
                 { VTR_TLS_SERVER_NAME, 6, "\0\4\1\0\1a" }, /* not of a host */
                 { VTR_TLS_SUPPORTED_VERSIONS, 1, "\0" },
                 { VTR_TLS_SUPPORTED_VERSIONS, 4, "\3\3\4\3" } };
    for (size_t i = 0; i < sizeof LIES / sizeof *LIES; i++) {
        struct vtr_tls_extension x = extension(LIES[i].type, LIES[i].bytes, LIES[i].len);
        struct vtr_span out = ALIKE_NONE;
        assert_false(vtr_tls_server_name(&x, &out) || vtr_tls_versions(&x, &out));
        assert_true(alike_untouched(out));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_client_hello_of_rfc_8448_is_read),
        cmocka_unit_test(its_extensions_come_one_by_one),
        cmocka_unit_test(the_server_hello_of_rfc_8448_is_read),
        cmocka_unit_test(a_hello_cut_anywhere_is_refused),
        cmocka_unit_test(a_hello_that_lies_is_refused),
        cmocka_unit_test(a_record_that_is_none_is_refused),
        cmocka_unit_test(protocols_come_one_by_one),
        cmocka_unit_test(a_protocol_without_a_name_stays_in_the_reader),
        cmocka_unit_test(a_list_of_nothing_or_of_halves_is_refused),
        cmocka_unit_test(a_list_that_does_not_fill_its_extension_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
