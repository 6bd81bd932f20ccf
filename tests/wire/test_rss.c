/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Receive-side scaling: the hash is that of Microsoft's examples and of the definition, and what is
 * hashed is what a device hashes.
 */
#include <arpa/inet.h>

#include "support.h"
#include "toeplitz.h"

static const struct vtr_rss_key MICROSOFT = VTR_RSS_KEY_MICROSOFT;
static const struct vtr_rss_key SYMMETRIC = VTR_RSS_KEY_SYMMETRIC;

struct vector {
    const char *dst, *src;
    uint16_t dst_port, src_port;
    uint32_t addresses, ports;
};

/* "Verifying the RSS hash calculation", Windows driver documentation. */
static const struct vector vectors[] = {
    { "161.142.100.80", "66.9.149.187", 1766, 2794, 0x323e8fc2, 0x51ccc178 },
    { "65.69.140.83", "199.92.111.2", 4739, 14230, 0xd718262a, 0xc626b0ea },
    { "12.22.207.184", "24.19.198.95", 38024, 12898, 0xd2d0a5de, 0x5c2b394a },
    { "209.142.163.6", "38.27.205.30", 2217, 48228, 0x82989176, 0xafc7327f },
    { "202.188.127.2", "153.39.163.191", 1303, 44251, 0x5d1809c5, 0x10e828a2 },
    { "3ffe:2501:200:3::1", "3ffe:2501:200:1fff::7", 1766, 2794, 0x2cc18cd5, 0x40207d3d },
    { "ff02::1", "3ffe:501:8::260:97ff:fe40:efab", 4739, 14230, 0x0f0c461c, 0xdde51bbf },
    { "fe80::200:f8ff:fe21:67cf", "3ffe:1900:4545:3:200:f8ff:fe21:67cf", 38024, 44251, 0x4b61e985,
      0x02d1feef },
};
enum { VECTORS_N = sizeof vectors / sizeof vectors[0] };

static struct vtr_flow flow_of(const struct vector *v)
{
    bool six = strchr(v->dst, ':') != NULL;
    struct vtr_flow f = { .version = six ? 6 : 4, .protocol = VTR_IP_TCP };
    f.src_port = vtr_be16_make(v->src_port);
    f.dst_port = vtr_be16_make(v->dst_port);
    assert_int_equal(inet_pton(six ? AF_INET6 : AF_INET, v->src, f.src.bytes), 1);
    assert_int_equal(inet_pton(six ? AF_INET6 : AF_INET, v->dst, f.dst.bytes), 1);
    return f;
}

static uint32_t hash_of(const struct vtr_rss_key *key, const struct vtr_flow *f, unsigned types)
{
    struct vtr_toeplitz t;
    uint32_t hash = 0;
    vtr_toeplitz_init(&t, key->bytes, sizeof key->bytes);
    assert_true(vtr_rss_hash(&t, f, types, &hash));
    return hash;
}

static void published_hashes_are_had(void **state)
{
    for (size_t i = 0; i < VECTORS_N; i++) {
        struct vtr_flow f = flow_of(&vectors[i]);
        unsigned addresses = VTR_RSS_IPV4 | VTR_RSS_IPV6;
        assert_int_equal(hash_of(&MICROSOFT, &f, addresses), vectors[i].addresses);
        assert_int_equal(hash_of(&MICROSOFT, &f, VTR_RSS_ALL), vectors[i].ports);
    }
}

static void tables_hash_as_the_definition_does(void **state)
{
    uint64_t seed = 4;
    for (unsigned round = 0; round < 2000; round++) {
        uint8_t key[VTR_RSS_KEY], input[VTR_TOEPLITZ_INPUT];
        struct vtr_toeplitz t;
        for (size_t i = 0; i < sizeof key; i++)
            key[i] = (uint8_t)test_random(&seed);
        for (size_t i = 0; i < sizeof input; i++)
            input[i] = (uint8_t)test_random(&seed);
        vtr_toeplitz_init(&t, key, sizeof key);
        struct vtr_span s = vtr_span_of(input, round % (sizeof input + 1));
        assert_int_equal(vtr_toeplitz_hash(&t, s), toeplitz_slow(key, s));
    }
}

static void the_symmetric_key_hashes_both_directions_alike(void **state)
{
    for (size_t i = 0; i < VECTORS_N; i++) {
        struct vector v = vectors[i], back = { v.src, v.dst, v.src_port, v.dst_port, 0, 0 };
        struct vtr_flow a = flow_of(&v), b = flow_of(&back);
        assert_int_equal(hash_of(&SYMMETRIC, &a, VTR_RSS_ALL),
                         hash_of(&SYMMETRIC, &b, VTR_RSS_ALL));
        assert_int_not_equal(hash_of(&MICROSOFT, &a, VTR_RSS_ALL),
                             hash_of(&MICROSOFT, &b, VTR_RSS_ALL));
    }
}

/* With each set of types: by ports, if that type is set and it is no part; else by addresses, if
 * that type is set; else not at all. */
static void what_is_hashed_is_as_a_device_does(void **state)
{
    static const uint8_t protocols[] = { VTR_IP_TCP, VTR_IP_UDP, VTR_IP_SCTP, VTR_IP_ICMP };
    static const unsigned ports_types[2][4] = { { VTR_RSS_TCP4, VTR_RSS_UDP4, VTR_RSS_SCTP4, 0 },
                                                { VTR_RSS_TCP6, VTR_RSS_UDP6, VTR_RSS_SCTP6, 0 } };
    static const unsigned address_types[2] = { VTR_RSS_IPV4, VTR_RSS_IPV6 };
    struct vtr_toeplitz t;
    vtr_toeplitz_init(&t, MICROSOFT.bytes, sizeof MICROSOFT);
    for (unsigned types = 0; types <= VTR_RSS_ALL; types++)
        for (unsigned i = 0; i < 4 * 2 * 2; i++) {
            unsigned six = i / 4 % 2;
            const struct vector *v = &vectors[six ? 5 : 0];
            struct vtr_flow f = flow_of(v);
            uint32_t hash = 77, want = 77;
            f.protocol = protocols[i % 4];
            f.fragment = i / 8 != 0;
            bool ports = !f.fragment && (types & ports_types[six][i % 4]) != 0;
            bool addresses = !ports && (types & address_types[six]) != 0;
            want = ports ? v->ports : addresses ? v->addresses : 77;
            assert_int_equal(vtr_rss_hash(&t, &f, types, &hash), ports || addresses);
            assert_int_equal(hash, want);
        }
}

static void low_bits_choose_the_queue(void **state)
{
    static const uint16_t reta[4] = { 7, 8, 9, 10 };
    assert_int_equal(vtr_rss_queue(reta, 4, 0x51ccc178), 7);
    assert_int_equal(vtr_rss_queue(reta, 4, 0xffffffff), 10);
    assert_int_equal(vtr_rss_queue(reta, 1, 0xffffffff), 7);
}

static void look_up_in_three(void)
{
    static const uint16_t reta[3];
    printf("%u\n", vtr_rss_queue(reta, 3, 0));
}

static void set_a_short_key(void)
{
    struct vtr_toeplitz t;
    vtr_toeplitz_init(&t, MICROSOFT.bytes, VTR_RSS_KEY - 1);
}

static void a_broken_contract_ends_the_program(void **state)
{
    char said[512];
    assert_int_equal(test_death(look_up_in_three, said, sizeof said), SIGABRT);
    assert_non_null(strstr(said, "(entries & (entries - 1)) == 0"));
    assert_int_equal(test_death(set_a_short_key, said, sizeof said), SIGABRT);
    assert_non_null(strstr(said, "len >= VTR_RSS_KEY"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_hashes_are_had),
        cmocka_unit_test(tables_hash_as_the_definition_does),
        cmocka_unit_test(the_symmetric_key_hashes_both_directions_alike),
        cmocka_unit_test(what_is_hashed_is_as_a_device_does),
        cmocka_unit_test(low_bits_choose_the_queue),
        cmocka_unit_test(a_broken_contract_ends_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
