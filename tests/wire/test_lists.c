/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Lists: what is in them, where they end, and where they stop when they are cut short or lie.
 */
#include "support.h"
#include "list_examples.h"
#include "lists.h"

static const struct list *list_of(const char *name)
{
    for (size_t i = 0; i < LISTS_N; i++)
        if (strcmp(lists[i].name, name) == 0)
            return &lists[i];
    fail_msg("%s: no such list", name);
    return NULL;
}

/* Iterates bytes that lie in memory of exactly their size. @return the elements; *left: bytes. */
static size_t iterate(const char *name, unsigned first, const uint8_t *bytes, size_t len,
                      struct element *e, size_t *left)
{
    struct list_state state = { .first = first };
    struct vtr_span rest;
    uint8_t *copy = test_exact_copy(bytes, len);
    size_t n = list_holds(list_of(name), vtr_span_of(copy, len), &state, e, LIST_KINDS, &rest);
    *left = rest.len;
    free(copy);
    return n;
}

static void every_list_has_an_example(void **state)
{
    for (size_t i = 0; i < LISTS_N; i++) {
        bool found = false;
        for (size_t k = 0; k < LIST_EXAMPLES_N; k++)
            found = found || strcmp(list_examples[k].name, lists[i].name) == 0;
        if (!found)
            fail_msg("%s has none", lists[i].name);
    }
}

static void a_list_gives_its_elements_in_order(void **state)
{
    for (size_t i = 0; i < LIST_EXAMPLES_N; i++) {
        const struct list_example *x = &list_examples[i];
        struct element e[LIST_KINDS];
        size_t left, n = iterate(x->name, x->first, x->bytes, x->bytes_n, e, &left);
        if (n != x->n || left != x->left)
            fail_msg("%s: %zu elements, %zu bytes left", x->name, n, left);
        for (size_t k = 0; k < n; k++)
            if (e[k].kind != x->kind[k] || e[k].value.len != x->len[k])
                fail_msg("%s %zu: %u, %zu bytes", x->name, k, e[k].kind, e[k].value.len);
    }
}

/* Fewer bytes, fewer elements, or the same: and what is left is the element that is cut. */
static void a_list_cut_short_stops_before_the_element(void **state)
{
    for (size_t i = 0; i < LIST_EXAMPLES_N; i++) {
        const struct list_example *x = &list_examples[i];
        struct element e[LIST_KINDS];
        size_t left, before = 0;
        for (size_t len = 0; len < x->whole; len++) {
            size_t n = iterate(x->name, x->first, x->bytes, len, e, &left);
            assert_true(n >= before && n <= x->n && left <= len);
            for (size_t k = 0; k < n; k++)
                assert_true(e[k].kind == x->kind[k]);
            before = n;
        }
    }
}

static void a_list_may_lie_in_every_byte(void **state)
{
    for (size_t i = 0; i < LIST_EXAMPLES_N; i++)
        for (size_t at = 0; at < list_examples[i].bytes_n; at++)
            for (unsigned v = 0; v < 256; v++) {
                const struct list_example *x = &list_examples[i];
                uint8_t bytes[sizeof x->bytes];
                struct element e[LIST_KINDS];
                size_t left;
                memcpy(bytes, x->bytes, sizeof bytes);
                bytes[at] = (uint8_t)v;
                (void)iterate(x->name, x->first, bytes, x->bytes_n, e, &left);
            }
}

struct stop {
    const char *name;
    size_t n, left;
    size_t len;
    uint8_t bytes[16];
};

static void a_malformed_element_is_left_in_the_reader(void **state)
{
    static const struct stop stops[] = {
        { "tcp_option", 1, 3, 4, { 1, 2, 1, 0 } },         /* a length below two */
        { "tcp_option", 1, 3, 4, { 1, 2, 0, 0 } },         /* a length of nothing: no loop */
        { "tcp_option", 1, 1, 2, { 1, 2 } },               /* no length */
        { "tcp_option", 0, 4, 4, { 2, 5, 0, 0 } },         /* a length beyond the end */
        { "ipv4_option", 1, 3, 4, { 1, 7, 4, 4 } },
        { "nd_option", 0, 8, 8, { 1, 0 } },                /* RFC 4861 section 6.1.1 */
        { "nd_option", 0, 8, 8, { 1, 2 } },
        { "ip6_option", 1, 2, 3, { 0, 1, 1 } },
        { "sctp_chunk", 0, 4, 4, { 0, 0, 0, 3 } },
        { "sctp_chunk", 0, 4, 4, { 0, 0, 0, 5 } },
        { "sctp_chunk", 1, 0, 5, { 0, 0, 0, 5, 1 } },      /* its padding may be missing */
        { "sctp_parameter", 0, 4, 4, { 0, 5, 0, 0 } },
        { "pppoe_tag", 0, 4, 4, { 1, 1, 0, 1 } },
        { "pppoe_tag", 0, 3, 3, { 1, 1, 0 } },
        { "mpls", 1, 3, 7, { 0, 0, 0, 1, 0, 0, 1 } },      /* no bottom */
    };
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        const struct stop *s = &stops[i];
        struct element e[LIST_KINDS];
        size_t left, n = iterate(s->name, 0, s->bytes, s->len, e, &left);
        if (n != s->n || left != s->left)
            fail_msg("%s, %zu: %zu elements, %zu left", s->name, i, n, left);
    }
}

static void records_end_where_the_report_says(void **state)
{
    const struct list_example *x = &list_examples[8];
    struct element e[LIST_KINDS];
    size_t left;
    assert_string_equal(x->name, "igmp3_record");
    assert_int_equal(iterate(x->name, 0, x->bytes, x->bytes_n, e, &left), 0);
    assert_int_equal(left, x->bytes_n);
    assert_int_equal(iterate(x->name, 1, x->bytes, x->bytes_n, e, &left), 1);
    assert_int_equal(left, x->bytes_n - 8);
    assert_int_equal(iterate(x->name, 3, x->bytes, x->bytes_n, e, &left), 2);
    assert_int_equal(left, 1);
}

static struct vtr_option option(uint8_t kind, const void *value, size_t len)
{
    struct vtr_option o = { kind, vtr_span_of(value, len) };
    return o;
}

/* Each getter takes its kind at its lengths, and nothing else. */
static void a_tcp_option_is_read_if_its_length_is_right(void **state)
{
    static const uint8_t v[40] = { 5, 0xb4 };
    for (unsigned kind = 0; kind < 256; kind++)
        for (size_t len = 0; len <= sizeof v; len++) {
            struct vtr_option o = option((uint8_t)kind, v, len);
            uint16_t mss = 1;
            uint8_t shift = 1;
            size_t count = 99;
            struct vtr_span cookie;
            bool sack = kind == 5 && len > 0 && len % 8 == 0;
            bool open = kind == 34 && (len == 0 || (len >= 4 && len <= 16 && len % 2 == 0));
            assert_int_equal(vtr_tcp_option_mss(&o, &mss), kind == 2 && len == 2);
            assert_int_equal(mss, kind == 2 && len == 2 ? 1460 : 1);
            assert_int_equal(vtr_tcp_option_window_scale(&o, &shift), kind == 3 && len == 1);
            assert_int_equal(shift, kind == 3 && len == 1 ? 5 : 1);
            assert_int_equal(vtr_tcp_option_sack_permitted(&o), kind == 4 && len == 0);
            assert_ptr_equal(vtr_tcp_option_sack(&o, &count), sack ? v : NULL);
            assert_int_equal(count, sack ? len / 8 : 99);
            assert_ptr_equal(vtr_tcp_option_timestamps(&o), kind == 8 && len == 8 ? v : NULL);
            assert_ptr_equal(vtr_tcp_option_md5(&o), kind == 19 && len == 16 ? v : NULL);
            assert_int_equal(vtr_tcp_option_fast_open(&o, &cookie), open);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_list_has_an_example),
        cmocka_unit_test(a_list_gives_its_elements_in_order),
        cmocka_unit_test(a_list_cut_short_stops_before_the_element),
        cmocka_unit_test(a_list_may_lie_in_every_byte),
        cmocka_unit_test(a_malformed_element_is_left_in_the_reader),
        cmocka_unit_test(records_end_where_the_report_says),
        cmocka_unit_test(a_tcp_option_is_read_if_its_length_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
