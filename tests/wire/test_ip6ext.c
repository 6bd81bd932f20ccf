/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The walk along extension headers: where it ends, why, and the same in two segments cut anywhere.
 */
#include "support.h"
#include "alike.h"

/* Walks @p len bytes, as a span and cut in two everywhere, which must all end alike.
 * @return where the span's walk ended; *at: how far in. */
static struct vtr_ip6_walk walk(uint8_t protocol, const uint8_t *bytes, size_t len, size_t *at)
{
    uint8_t *copy = test_exact_copy(bytes, len);
    struct vtr_span s = vtr_span_of(copy, len);
    struct vtr_reader r = vtr_reader_of(s);
    struct vtr_ip6_walk w = vtr_ip6_walk_of(protocol);
    enum vtr_ip6_stop stop = vtr_ip6_ext_skip(&r, &w);
    assert_true(stop == w.stop && stop != VTR_IP6_GOES_ON);
    for (size_t cut = 0; cut <= len; cut++) {
        struct vtr_data whole = alike_cut(s, cut), d = whole;
        struct vtr_ip6_walk other = vtr_ip6_walk_of(protocol);
        assert_int_equal(vtr_data_ip6_ext_skip(&d, &other), stop);
        assert_true(alike_same(d, r.rest));
        assert_int_equal(other.protocol, w.protocol);
        assert_int_equal(other.passed, w.passed);
        assert_int_equal(other.fragment, w.fragment);
        vtr_data_unref(&whole);
    }
    *at = len - r.rest.len;
    free(copy);
    return w;
}

static void without_extension_headers_the_payload_begins_at_once(void **state)
{
    static const uint8_t bytes[8];
    size_t at;
    for (unsigned p = 0; p < 256; p++) {
        if (vtr_ip6_stop_at_((uint8_t)p) != VTR_IP6_PAYLOAD)
            continue;
        struct vtr_ip6_walk w = walk((uint8_t)p, bytes, p % 9, &at);
        assert_true(w.stop == VTR_IP6_PAYLOAD && w.protocol == p && w.passed == 0 && at == 0);
    }
}

static void every_extension_header_is_passed(void **state)
{
    static const uint8_t kinds[] = { 0, 43, 44, 51, 60, 135, 139, 140 };
    for (size_t i = 0; i < sizeof kinds; i++) {
        uint8_t bytes[24] = { 17, 1 };
        size_t at, len = kinds[i] == 44 ? 8 : kinds[i] == 51 ? 12 : 16;
        struct vtr_ip6_walk w = walk(kinds[i], bytes, sizeof bytes, &at);
        assert_int_equal(at, len);
        assert_true(w.stop == VTR_IP6_PAYLOAD && w.protocol == 17);
        assert_true(w.passed == 1 && w.found == kinds[i] && !w.fragment);
        for (size_t cut = 0; cut < len; cut++) {
            w = walk(kinds[i], bytes, cut, &at);
            assert_true(w.stop == VTR_IP6_CUT && w.protocol == kinds[i] && at == 0);
        }
    }
}

static void what_is_encrypted_is_where_it_stops(void **state)
{
    static const uint8_t bytes[] = { 50, 0, 1, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 9 };
    size_t at;
    struct vtr_ip6_walk w = walk(60, bytes, sizeof bytes, &at);
    assert_true(w.stop == VTR_IP6_SECRET && w.protocol == VTR_IP_ESP && at == 8);
}

static void nothing_follows_no_next_header(void **state)
{
    static const uint8_t bytes[] = { 59, 0, 1, 4, 0, 0, 0, 0, 9 };
    size_t at;
    struct vtr_ip6_walk w = walk(60, bytes, sizeof bytes, &at);
    assert_true(w.stop == VTR_IP6_NOTHING && w.protocol == VTR_IP_NONE && at == 8);
}

struct part {
    uint8_t high, low;
    bool fragment;
    enum vtr_ip6_stop stop;
};

static void a_part_but_the_first_begins_with_no_header(void **state)
{
    static const struct part parts[] = {
        { 0, 0, false, VTR_IP6_PAYLOAD }, /* RFC 6946: atomic */
        { 0, 6, false, VTR_IP6_PAYLOAD }, /* reserved bits mean nothing */
        { 0, 1, true, VTR_IP6_PAYLOAD },
        { 0, 8, true, VTR_IP6_PART },
        { 0, 9, true, VTR_IP6_PART },
        { 5, 0, true, VTR_IP6_PART },
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        uint8_t bytes[16] = { 17, 0, parts[i].high, parts[i].low };
        size_t at;
        struct vtr_ip6_walk w = walk(44, bytes, sizeof bytes, &at);
        assert_int_equal(w.stop, parts[i].stop);
        assert_int_equal(w.fragment, parts[i].fragment);
        assert_true(w.protocol == 17 && at == 8);
    }
}

static void a_chain_without_an_end_is_left(void **state)
{
    static const uint8_t bytes[VTR_IP6_EXT_MAX * 8 + 16]; /* hop-by-hop before hop-by-hop */
    size_t at;
    struct vtr_ip6_walk w = walk(0, bytes, sizeof bytes, &at);
    assert_int_equal(w.stop, VTR_IP6_TOO_MANY);
    assert_int_equal(w.passed, VTR_IP6_EXT_MAX);
    assert_int_equal(at, VTR_IP6_EXT_MAX * 8);
    w = walk(0, bytes, VTR_IP6_EXT_MAX * 8 - 8, &at);
    assert_int_equal(w.stop, VTR_IP6_CUT);
}

static void the_last_of_as_many_as_may_be_is_passed(void **state)
{
    uint8_t bytes[VTR_IP6_EXT_MAX * 8] = { 0 };
    size_t at;
    bytes[sizeof bytes - 8] = 6;
    struct vtr_ip6_walk w = walk(0, bytes, sizeof bytes, &at);
    assert_true(w.stop == VTR_IP6_PAYLOAD && w.protocol == 6 && at == sizeof bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_extension_headers_the_payload_begins_at_once),
        cmocka_unit_test(every_extension_header_is_passed),
        cmocka_unit_test(what_is_encrypted_is_where_it_stops),
        cmocka_unit_test(nothing_follows_no_next_header),
        cmocka_unit_test(a_part_but_the_first_begins_with_no_header),
        cmocka_unit_test(a_chain_without_an_end_is_left),
        cmocka_unit_test(the_last_of_as_many_as_may_be_is_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
