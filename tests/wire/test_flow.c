/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Flows: what of a frame is in its key, and that segments and truncation do not change it.
 */
#include "support.h"
#include "frames.h"
#include "alike.h"

static const struct frame_spec V4 = { .version = 4, .protocol = VTR_IP_TCP,
                                      .src = { 192, 0, 2, 1 }, .dst = { 192, 0, 2, 2 },
                                      .src_port = 40000, .dst_port = 80 };
static const struct frame_spec V6 = { .version = 6, .protocol = VTR_IP_UDP,
                                      .src = { 0x20, 1, 0xd, 0xb8, [15] = 1 },
                                      .dst = { 0x20, 1, 0xd, 0xb8, [15] = 2 },
                                      .src_port = 53, .dst_port = 40001 };

/* The key of a frame, which must be the same in two segments, wherever they are cut. */
static bool flow_of(const struct frame *f, size_t len, struct vtr_flow *flow)
{
    static const struct vtr_flow untouched = { .zero = 7 };
    uint8_t *copy = test_exact_copy(f->bytes, len);
    *flow = untouched;
    bool ok = vtr_flow_of_span(vtr_span_of(copy, len), flow);
    assert_true(ok || memcmp(flow, &untouched, sizeof untouched) == 0);
    for (size_t cut = 0; cut <= len; cut++) {
        struct vtr_data d = alike_cut(vtr_span_of(copy, len), cut);
        struct vtr_flow other = untouched;
        assert_int_equal(vtr_flow_of_data(d, &other), ok);
        assert_memory_equal(&other, flow, sizeof other);
        vtr_data_unref(&d);
    }
    free(copy);
    return ok;
}

static void is_the_flow(const struct frame_spec *spec, const struct vtr_flow *flow)
{
    struct vtr_flow want = { .version = spec->version, .protocol = spec->protocol };
    bool fragment = spec->version == 4 ? (spec->frag & 0x3fff) != 0 : (spec->frag & 0xfff9) != 0;
    bool ports = spec->protocol == 6 || spec->protocol == 17 || spec->protocol == 132;
    memcpy(want.src.bytes, spec->src, spec->version == 4 ? 4 : 16);
    memcpy(want.dst.bytes, spec->dst, spec->version == 4 ? 4 : 16);
    want.fragment = fragment;
    want.vlan = vtr_be16_make(spec->tags > 0 ? 100 : 0);
    want.inner_vlan = vtr_be16_make(spec->tags > 1 ? 101 : 0);
    if (ports && !fragment) {
        want.src_port = vtr_be16_make(spec->src_port);
        want.dst_port = vtr_be16_make(spec->dst_port);
    }
    assert_memory_equal(flow, &want, sizeof want);
}

static void the_key_is_what_the_headers_say(void **state)
{
    static const uint8_t protocols[] = { 6, 17, 132, 1, 47, 58 };
    static const uint16_t frags[] = { 0, 0x4000, 0x2000, 0x0009, 0x2010 };
    for (unsigned i = 0; i < 2 * 4 * 2 * 5 * 6; i++) {
        struct frame_spec spec = i % 2 == 0 ? V4 : V6;
        struct frame f;
        struct vtr_flow flow;
        spec.tags = i / 2 % 4;
        spec.options = i / 8 % 2;
        spec.frag = frags[i / 16 % 5];
        spec.protocol = protocols[i / 80];
        frame_make(&f, &spec);
        assert_true(flow_of(&f, f.len, &flow));
        is_the_flow(&spec, &flow);
    }
}

static void every_part_of_a_datagram_has_one_key(void **state)
{
    struct frame_spec first = V4, last = V4;
    struct frame f;
    struct vtr_flow a, b;
    first.frag = 0x2000;
    last.frag = 0x00b9;
    last.src_port = 0xdead; /* payload, where the first part has ports */
    frame_make(&f, &first);
    assert_true(flow_of(&f, f.len, &a));
    frame_make(&f, &last);
    assert_true(flow_of(&f, f.len, &b));
    assert_memory_equal(&a, &b, sizeof a);
}

static void a_frame_cut_short_has_no_key(void **state)
{
    for (unsigned i = 0; i < 8; i++) {
        struct frame_spec spec = i % 2 == 0 ? V4 : V6;
        struct frame f;
        struct vtr_flow flow;
        spec.tags = i / 2 % 2;
        spec.options = i / 4 % 2;
        frame_make(&f, &spec);
        for (size_t len = 0; len < f.len; len++)
            assert_false(flow_of(&f, len, &flow)); /* IP says how much there must be */
    }
}

static void ports_cut_short_by_ip_itself_are_zero(void **state)
{
    struct frame f;
    struct vtr_flow flow;
    frame_make(&f, &V4);
    struct vtr_ipv4 *ip = (struct vtr_ipv4 *)(f.bytes + f.ip);
    ip->total_len = vtr_be16_make(sizeof *ip + 3);
    assert_true(flow_of(&f, f.len, &flow));
    assert_int_equal(vtr_be16_get(flow.src_port), 0);
    assert_int_equal(vtr_be16_get(flow.dst_port), 0);
}

static void other_frames_have_no_key(void **state)
{
    static const uint16_t types[] = { 0x0806, 0x0026, 0x8847, 0x8864, 0x86de };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct frame f;
        struct vtr_flow flow;
        struct vtr_be16 type = vtr_be16_make(types[i]);
        frame_make(&f, &V4);
        memcpy(f.bytes + 12, &type, sizeof type);
        assert_false(flow_of(&f, f.len, &flow));
    }
}

static void both_directions_have_one_canonical_key(void **state)
{
    for (unsigned i = 0; i < 3; i++) {
        struct frame_spec there = i == 0 ? V4 : V6, back = there;
        struct frame f;
        struct vtr_flow a, b;
        if (i == 2)
            memcpy(there.dst, there.src, 16); /* the ports decide */
        memcpy(back.src, there.dst, 16);
        memcpy(back.dst, there.src, 16);
        back.src_port = there.dst_port;
        back.dst_port = there.src_port;
        frame_make(&f, &there);
        assert_true(flow_of(&f, f.len, &a));
        frame_make(&f, &back);
        assert_true(flow_of(&f, f.len, &b));
        assert_memory_not_equal(&a, &b, sizeof a);
        assert_int_not_equal(vtr_flow_canonical(&a), vtr_flow_canonical(&b));
        assert_memory_equal(&a, &b, sizeof a);
        assert_false(vtr_flow_canonical(&a));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_is_what_the_headers_say),
        cmocka_unit_test(every_part_of_a_datagram_has_one_key),
        cmocka_unit_test(a_frame_cut_short_has_no_key),
        cmocka_unit_test(ports_cut_short_by_ip_itself_are_zero),
        cmocka_unit_test(other_frames_have_no_key),
        cmocka_unit_test(both_directions_have_one_canonical_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
