/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Every header that can be taken: whole, cut short at every byte, with a length that lies, and in
 * two segments cut at every byte.
 */
#include "support.h"
#include "examples.h"
#include "takers.h"

static const struct taker *taker_of(const struct example *x)
{
    for (size_t i = 0; i < TAKERS_N; i++)
        if (strcmp(takers[i].name, x->name) == 0)
            return &takers[i];
    fail_msg("%s: no such taker", x->name);
    return NULL;
}

/* Takes @p len bytes from memory of exactly their size. */
static bool take_exact(const struct taker *t, const uint8_t *bytes, size_t len, size_t *header,
                       size_t *end)
{
    uint8_t *copy = test_exact_copy(bytes, len);
    bool taken = t->holds(vtr_span_of(copy, len), header, end);
    free(copy);
    return taken;
}

static void every_header_has_an_example(void **state)
{
    for (size_t i = 0; i < TAKERS_N; i++) {
        bool found = false;
        for (size_t k = 0; k < EXAMPLES_N; k++)
            found = found || strcmp(examples[k].name, takers[i].name) == 0;
        if (!found)
            fail_msg("%s has none", takers[i].name);
    }
}

static void a_header_is_taken_with_what_it_encloses(void **state)
{
    for (size_t i = 0; i < EXAMPLES_N; i++) {
        const struct example *x = &examples[i];
        size_t header = 0, end = 0;
        if (!take_exact(taker_of(x), x->bytes, x->len, &header, &end))
            fail_msg("%s is refused", x->name);
        if (header != x->header || end != x->end)
            fail_msg("%s: header %zu, end %zu", x->name, header, end);
    }
}

static void a_header_cut_short_is_refused(void **state)
{
    for (size_t i = 0; i < EXAMPLES_N; i++) {
        const struct example *x = &examples[i];
        size_t need = x->stated ? x->end : x->header;
        for (size_t len = 0; len < x->len; len++) {
            size_t header = 0, end = 0;
            bool taken = take_exact(taker_of(x), x->bytes, len, &header, &end);
            if (taken != (len >= need))
                fail_msg("%zu bytes of %s: %s", len, x->name, taken ? "taken" : "refused");
            if (taken && !x->stated)
                assert_int_equal(end, len);
        }
    }
}

/* Whatever a byte says, nothing outside is given: alike.h asserts it. */
static void a_header_may_lie_in_every_byte(void **state)
{
    for (size_t i = 0; i < EXAMPLES_N; i++) {
        const struct example *x = &examples[i];
        for (size_t at = 0; at < x->header; at++)
            for (unsigned v = 0; v < 256; v++) {
                uint8_t bytes[sizeof x->bytes];
                size_t header, end;
                memcpy(bytes, x->bytes, sizeof bytes);
                bytes[at] = (uint8_t)v;
                (void)taker_of(x)->holds(vtr_span_of(bytes, x->len), &header, &end);
            }
    }
}

struct lie {
    const char *name;
    size_t at;
    uint8_t byte;
};

static void a_header_of_something_else_is_refused(void **state)
{
    static const struct lie lies[] = {
        { "vtr_arp", 1, 6 },           { "vtr_arp", 2, 9 },          { "vtr_arp", 4, 8 },
        { "vtr_arp", 5, 16 },          { "vtr_pppoe", 0, 0x21 },     { "vtr_pppoe", 0, 0x12 },
        { "vtr_pppoe", 5, 7 },         { "vtr_ppp", 0, 1 },          { "vtr_ppp", 1, 0x20 },
        { "vtr_ipv4", 0, 0x56 },       { "vtr_ipv4", 0, 0x44 },      { "vtr_ipv4", 0, 0x48 },
        { "vtr_ipv4", 3, 23 },         { "vtr_ipv4", 3, 31 },        { "vtr_ipv6", 0, 0x40 },
        { "vtr_ipv6", 5, 7 },          { "vtr_ip6_ext", 1, 1 },      { "vtr_ip6_routing", 1, 3 },
        { "vtr_ah", 1, 0 },            { "vtr_ah", 1, 5 },           { "vtr_ip6_mobility", 1, 2 },
        { "vtr_nd_rs", 0, 134 },       { "vtr_nd_rs", 1, 1 },        { "vtr_nd_ra", 0, 133 },
        { "vtr_nd_ns", 0, 136 },       { "vtr_nd_na", 0, 135 },      { "vtr_nd_redirect", 1, 9 },
        { "vtr_igmp3_query", 0, 22 },  { "vtr_igmp3_query", 11, 3 }, { "vtr_igmp3_report", 0, 22 },
        { "vtr_igmp3_record", 1, 3 },  { "vtr_igmp3_record", 3, 3 }, { "vtr_mld", 0, 129 },
        { "vtr_mld", 0, 133 },         { "vtr_mld2_query", 0, 131 }, { "vtr_mld2_query", 27, 2 },
        { "vtr_mld2_report", 0, 131 }, { "vtr_mld2_record", 3, 2 },  { "vtr_udp", 5, 7 },
        { "vtr_udp", 5, 15 },          { "vtr_tcp", 12, 0x40 },      { "vtr_tcp", 12, 0x70 },
        { "vtr_sctp_sack", 9, 3 },     { "vtr_sctp_sack", 11, 3 },
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
        for (size_t k = 0; k < EXAMPLES_N; k++) {
            uint8_t bytes[sizeof examples[k].bytes];
            size_t header, end;
            if (strcmp(examples[k].name, lies[i].name) != 0)
                continue;
            memcpy(bytes, examples[k].bytes, sizeof bytes);
            bytes[lies[i].at] = lies[i].byte;
            if (take_exact(taker_of(&examples[k]), bytes, examples[k].len, &header, &end))
                fail_msg("%s with %u at %zu is taken", lies[i].name, lies[i].byte, lies[i].at);
        }
}

VTR_WIRE(note, 4, (uint8_t, kind, 0), (uint8_t, words, 1), (struct vtr_be16, len, 2));

/* A measure that tests nothing: the taker does. */
static bool note_measure(const struct note *h, size_t len, struct vtr_extent *e)
{
    (void)len;
    e->header = h->words * 4u;
    e->end = e->header + vtr_be16_get(h->len);
    return h->kind == 1;
}
VTR_TAKE(note)

static void a_header_of_one_s_own_is_taken_alike(void **state)
{
    static const uint8_t bytes[] = { 1, 2, 0, 3, 'o', 'p', 't', 's', 'p', 'a', 'y', 0 };
    struct vtr_span options, rest, s = vtr_span_of(bytes, sizeof bytes);
    assert_ptr_equal(note_take_options(s, &options, &rest), bytes);
    assert_true(vtr_span_equal(options, vtr_span_of("opts", 4)));
    assert_true(vtr_span_equal(rest, vtr_span_of("pay", 3)));
    assert_null(note_take(vtr_span_of(bytes, 10), &rest));
    for (size_t cut = 1; cut < sizeof bytes; cut++) {
        struct vtr_data d = alike_cut(s, cut), payload = VTR_DATA_EMPTY, o = VTR_DATA_EMPTY;
        struct note scratch;
        uint8_t flat[4];
        assert_non_null(vtr_data_take_options(note, d, &scratch, &o, &payload));
        assert_true(alike_same(payload, rest) && alike_same(o, options));
        assert_true(vtr_data_flat(o, flat, sizeof flat, &options));
        assert_true(vtr_span_equal(options, vtr_span_of("opts", 4)));
        options = vtr_span_of(bytes + 4, 4);
        assert_int_equal(vtr_data_flat(o, flat, 3, &options), cut <= 4 || cut >= 8);
        options = vtr_span_of(bytes + 4, 4);
        vtr_data_unref(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_header_has_an_example),
        cmocka_unit_test(a_header_is_taken_with_what_it_encloses),
        cmocka_unit_test(a_header_cut_short_is_refused),
        cmocka_unit_test(a_header_may_lie_in_every_byte),
        cmocka_unit_test(a_header_of_something_else_is_refused),
        cmocka_unit_test(a_header_of_one_s_own_is_taken_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
