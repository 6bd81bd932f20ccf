/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * memcached's text, meta and binary protocols. What a malformed line is answered with is what
 * memcached 1.6.18 says to it.
 */
#include "samples.h"
#include "wire.h"

#define BAD_LINE "CLIENT_ERROR bad command line format"
#define KEY_250                                                                                    \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234"        \
    "5678901234567890123456789012345678901234567890123456789012345678901234567890123456789"        \
    "01234567890123456789012345678901234567890123456789012345678901234567890123456789"

static struct vtr_memcached_command parse(const char *text)
{
    struct vtr_memcached_command c;
    struct vtr_reader r = vtr_reader_of(vtr_span_of(text, strlen(text)));
    assert_true(vtr_memcached_take(&r, &c));
    return c;
}

static void a_get_gives_its_keys_one_by_one(void **state)
{
    struct vtr_memcached_command c = parse("gets  one two  three \r\n");
    struct vtr_span key;
    assert_int_equal(c.verb, VTR_MEMCACHED_GETS);
    assert_text(c.key, "one");
    assert_true(vtr_memcached_word_next(&c.more, &key));
    assert_text(key, "two");
    assert_true(vtr_memcached_word_next(&c.more, &key));
    assert_text(key, "three");
    assert_false(vtr_memcached_word_next(&c.more, &key));
    assert_int_equal(c.more.rest.len, 0);
}

static void a_set_carries_its_value_and_leaves_the_next_command(void **state)
{
    const char *text = "set k 7 -1 5 noreply\r\na\r\nbc\r\nget k\n";
    struct vtr_reader r = vtr_reader_of(vtr_span_of(text, strlen(text)));
    struct vtr_memcached_command c;
    assert_true(vtr_memcached_take(&r, &c));
    assert_int_equal(c.verb, VTR_MEMCACHED_SET);
    assert_true(c.noreply && c.has_value && c.error == NULL);
    assert_int_equal(c.flags, 7);
    assert_int_equal(c.exptime, -1);
    assert_text(c.key, "k");
    assert_text(c.value, "a\r\nbc");
    assert_true(vtr_memcached_take(&r, &c));
    assert_int_equal(c.verb, VTR_MEMCACHED_GET);
    assert_false(vtr_memcached_take(&r, &c));
    assert_int_equal(r.rest.len, 0);
}

static void a_command_cut_anywhere_is_left_as_it_is(void **state)
{
    static const char *const texts[] = { "set key 0 0 3\r\nabc\r\n", "ms key 2 q\r\nab\r\n" };
    for (unsigned i = 0; i < 2; i++)
        for (size_t len = 0; len < strlen(texts[i]); len++) {
            uint8_t *exact = test_exact_copy(texts[i], len);
            struct vtr_reader r = vtr_reader_of(vtr_span_of(exact, len));
            struct vtr_memcached_command c;
            assert_false(vtr_memcached_take(&r, &c));
            assert_true(r.rest.ptr == exact && r.rest.len == len);
            free(exact);
        }
}

static void every_verb_is_known(void **state)
{
    static const char *const lines[] = {
        [VTR_MEMCACHED_GET] = "get k",           [VTR_MEMCACHED_GETS] = "gets k",
        [VTR_MEMCACHED_GAT] = "gat 1 k",         [VTR_MEMCACHED_GATS] = "gats 1 k",
        [VTR_MEMCACHED_SET] = "set k 0 0 0",     [VTR_MEMCACHED_ADD] = "add k 0 0 0",
        [VTR_MEMCACHED_REPLACE] = "replace k 0 0 0", [VTR_MEMCACHED_APPEND] = "append k 0 0 0",
        [VTR_MEMCACHED_PREPEND] = "prepend k 0 0 0", [VTR_MEMCACHED_CAS] = "cas k 0 0 0 9",
        [VTR_MEMCACHED_DELETE] = "delete k",     [VTR_MEMCACHED_INCR] = "incr k 1",
        [VTR_MEMCACHED_DECR] = "decr k 1",       [VTR_MEMCACHED_TOUCH] = "touch k 1",
        [VTR_MEMCACHED_STATS] = "stats items",   [VTR_MEMCACHED_FLUSH_ALL] = "flush_all",
        [VTR_MEMCACHED_VERSION] = "version",     [VTR_MEMCACHED_VERBOSITY] = "verbosity 1",
        [VTR_MEMCACHED_QUIT] = "quit",           [VTR_MEMCACHED_META_GET] = "mg k v",
        [VTR_MEMCACHED_META_SET] = "ms k 0",     [VTR_MEMCACHED_META_DELETE] = "md k",
        [VTR_MEMCACHED_META_ARITHMETIC] = "ma k", [VTR_MEMCACHED_META_NOOP] = "mn",
        [VTR_MEMCACHED_META_DEBUG] = "me k",
    };
    for (unsigned verb = VTR_MEMCACHED_GET; verb <= VTR_MEMCACHED_META_DEBUG; verb++) {
        struct vtr_memcached_command c;
        vtr_memcached_parse(vtr_span_of(lines[verb], strlen(lines[verb])), &c);
        assert_int_equal(c.verb, verb);
        assert_null(c.error);
    }
}

/* Asked of memcached 1.6.18, which also looks at flags of meta commands. */
static const struct {
    const char *line, *error;
} SAID[] = {
    { "", "ERROR" },
    { "\r", "ERROR" },
    { "m", "ERROR" },
    { "GET k", "ERROR" },
    { "get", "ERROR" },
    { "get " KEY_250, NULL },
    { "get " KEY_250 "x", BAD_LINE },
    { "incr", "ERROR" },
    { "incr k", "ERROR" },
    { "incr k x", "CLIENT_ERROR invalid numeric delta argument" },
    { "incr k -1", "CLIENT_ERROR invalid numeric delta argument" },
    { "incr k 18446744073709551615", NULL },
    { "incr k 18446744073709551616", "CLIENT_ERROR invalid numeric delta argument" },
    { "incr k 1 2", NULL },
    { "incr k 1 2 3", "ERROR" },
    { "incr " KEY_250 "x 1", BAD_LINE },
    { "touch k", "ERROR" },
    { "touch k x", "CLIENT_ERROR invalid exptime argument" },
    { "touch k 1 2", NULL },
    { "touch k 1 2 3", "ERROR" },
    { "touch " KEY_250 "x 1", BAD_LINE },
    { "gat", "ERROR" },
    { "gat 1", NULL },
    { "gat x k", "CLIENT_ERROR invalid exptime argument" },
    { "gat 1 " KEY_250 "x", BAD_LINE },
    { "set k 0 0", "ERROR" },
    { "set k 0 0 1 2 3 4", "ERROR" },
    { "set k x 0 1", BAD_LINE },
    { "set k + 0 1", BAD_LINE },
    { "set k 0 9223372036854775808 1", BAD_LINE },
    { "set " KEY_250 "x 0 0 1", BAD_LINE },
    { "set k 0 x 1", BAD_LINE },
    { "set k 0 0 -1", BAD_LINE },
    { "set k 0 0 2147483646", BAD_LINE },
    { "set k 0 0 2147483648", BAD_LINE },
    { "set k 99999999999999999999 0 0", BAD_LINE },
    { "set 1 2 3 4 5 6 7 8 9 10 11", "ERROR" },
    { "cas k 0 0 1", "ERROR" },
    { "cas k 0 0 1 x", BAD_LINE },
    { "cas k 0 0 1 1 2 3", "ERROR" },
    { "delete", "ERROR" },
    { "delete k 0 noreply", NULL },
    { "delete k 0", NULL },
    { "delete k noreply", NULL },
    { "delete k 1 noreply", BAD_LINE ".  Usage: delete <key> [noreply]" },
    { "delete k 1", BAD_LINE ".  Usage: delete <key> [noreply]" },
    { "delete k 0 1", BAD_LINE ".  Usage: delete <key> [noreply]" },
    { "delete " KEY_250 "x", BAD_LINE },
    { "delete 1 2 3 4", "ERROR" },
    { "mg", "ERROR" },
    { "mg " KEY_250 "x", BAD_LINE },
    { "ms", "ERROR" },
    { "ms k", BAD_LINE },
    { "ms k x", BAD_LINE },
    { "ms k -1", BAD_LINE },
    { "ms k S100", BAD_LINE },
    { "md", "ERROR" },
    { "ma", "ERROR" },
    { "me", BAD_LINE },
    { "mn x", NULL },
    { "mx k", "ERROR" },
    { "flush_all 0 noreply", NULL },
    { "flush_all noreply", NULL },
    { "flush_all x", "CLIENT_ERROR invalid exptime argument" },
    { "flush_all 0 1 2", "ERROR" },
    { "verbosity", "ERROR" },
    { "verbosity x", BAD_LINE },
    { "verbosity 1 2 3", "ERROR" },
    { "version 1", NULL },
};

static void malformed_lines_have_memcached_s_answers(void **state)
{
    for (size_t i = 0; i < sizeof SAID / sizeof *SAID; i++) {
        struct vtr_memcached_command c;
        vtr_memcached_parse(vtr_span_of(SAID[i].line, strlen(SAID[i].line)), &c);
        if (SAID[i].error == NULL)
            assert_null(c.error);
        else if (c.error == NULL)
            fail_msg("'%s' was taken", SAID[i].line);
        else
            assert_string_equal(c.error, SAID[i].error);
    }
}

static void numbers_are_32_bits_wide_and_wrap_as_memcached_s_do(void **state)
{
    assert_int_equal(parse("set k 4294967303 0 0\r\n\r\n").flags, 7);
    assert_int_equal(parse("set k -0 +9 0\r\n\r\n").exptime, 9);
    assert_int_equal(parse("set k 0 2147483648 0\r\n\r\n").exptime, INT32_MIN);
    assert_int_equal(parse("cas k 0 0 0 18446744073709551615\r\n\r\n").number, UINT64_MAX);
}

static void a_value_without_its_end_is_a_bad_chunk(void **state)
{
    const char *text = "set k 0 0 2\r\nabcd\r\n";
    struct vtr_reader r = vtr_reader_of(vtr_span_of(text, strlen(text)));
    struct vtr_memcached_command c;
    assert_true(vtr_memcached_take(&r, &c));
    assert_string_equal(c.error, "CLIENT_ERROR bad data chunk");
    assert_text(r.rest, "\r\n");
}

static void a_meta_command_has_flags_with_tokens(void **state)
{
    struct vtr_memcached_command c = parse("ms key 2 T30 q  Oopaque\r\nhi\r\n");
    struct vtr_memcached_flag flag;
    assert_int_equal(c.verb, VTR_MEMCACHED_META_SET);
    assert_text(c.key, "key");
    assert_text(c.value, "hi");
    assert_true(vtr_memcached_flag_next(&c.more, &flag));
    assert_int_equal(flag.flag, 'T');
    assert_text(flag.token, "30");
    assert_true(vtr_memcached_flag_next(&c.more, &flag));
    assert_true(flag.flag == 'q' && flag.token.len == 0);
    assert_true(vtr_memcached_flag_next(&c.more, &flag));
    assert_text(flag.token, "opaque");
    assert_false(vtr_memcached_flag_next(&c.more, &flag));
}

static void replies_carry_values_and_flags(void **state)
{
    const char *text = "VALUE k 5 2 77\r\nhi\r\nVALUE k 5 0\r\n\r\nEND\r\nVA 3 t20\r\nabc\r\n"
                       "HD\r\nVALUE k\r\nVA x\r\n\nVA 1\r\nabc";
    struct vtr_reader r = vtr_reader_of(vtr_span_of(text, strlen(text)));
    struct vtr_memcached_reply reply;
    struct vtr_memcached_flag flag;
    assert_true(vtr_memcached_reply_take(&r, &reply));
    assert_text(reply.key, "k");
    assert_text(reply.value, "hi");
    assert_true(reply.flags == 5 && reply.cas == 77 && !reply.malformed);
    assert_true(vtr_memcached_reply_take(&r, &reply));
    assert_true(reply.has_value && reply.value.len == 0 && reply.cas == 0);
    assert_true(vtr_memcached_reply_take(&r, &reply));
    assert_text(reply.status, "END");
    assert_false(reply.has_value);
    assert_true(vtr_memcached_reply_take(&r, &reply));
    assert_text(reply.value, "abc");
    assert_true(vtr_memcached_flag_next(&reply.more, &flag) && flag.flag == 't');
    assert_true(vtr_memcached_reply_take(&r, &reply) && !reply.malformed);
    assert_text(reply.status, "HD");
    for (unsigned i = 0; i < 4; i++) /* VALUE k, VA x, an empty line, a value too long */
        assert_true(vtr_memcached_reply_take(&r, &reply) && reply.malformed);
    assert_int_equal(r.rest.len, 0);
}

static void a_reply_cut_anywhere_is_left_as_it_is(void **state)
{
    const char *text = "VALUE k 0 2\r\nhi\r\n";
    for (size_t len = 0; len < strlen(text); len++) {
        uint8_t *exact = test_exact_copy(text, len);
        struct vtr_reader r = vtr_reader_of(vtr_span_of(exact, len));
        struct vtr_memcached_reply reply;
        assert_false(vtr_memcached_reply_take(&r, &reply));
        assert_int_equal(r.rest.len, len);
        free(exact);
    }
}

static void the_binary_header_holds_extras_key_and_value(void **state)
{
    struct vtr_span extras, rest, key, value;
    const struct vtr_memcached_binary *h =
        vtr_memcached_binary_take_options(ALL(SAMPLE_BINARY), &extras, &rest);
    assert_non_null(h);
    assert_int_equal(vtr_be64_get(h->cas), 9);
    assert_span(extras, "\0\0\0\5", 4);
    assert_true(vtr_memcached_binary_split(h, rest, &key, &value));
    assert_text(key, "key");
    assert_text(value, "v");
    assert_false(vtr_memcached_binary_split(h, vtr_span_of(rest.ptr, 2), &key, &value));
}

static void a_binary_header_that_lies_is_refused(void **state)
{
    uint8_t bytes[sizeof SAMPLE_BINARY];
    struct vtr_span rest;
    memcpy(bytes, SAMPLE_BINARY, sizeof bytes);
    for (unsigned magic = 0; magic < 256; magic++) {
        bytes[0] = (uint8_t)magic;
        assert_int_equal(vtr_memcached_binary_take(ALL(bytes), &rest) != NULL,
                         magic == VTR_MEMCACHED_REQUEST || magic == VTR_MEMCACHED_RESPONSE);
    }
    bytes[0] = VTR_MEMCACHED_REQUEST;
    for (unsigned key = 0; key < 256; key++) {
        bytes[3] = (uint8_t)key;
        assert_int_equal(vtr_memcached_binary_take(ALL(bytes), &rest) != NULL, key <= 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_gives_its_keys_one_by_one),
        cmocka_unit_test(a_set_carries_its_value_and_leaves_the_next_command),
        cmocka_unit_test(a_command_cut_anywhere_is_left_as_it_is),
        cmocka_unit_test(every_verb_is_known),
        cmocka_unit_test(malformed_lines_have_memcached_s_answers),
        cmocka_unit_test(numbers_are_32_bits_wide_and_wrap_as_memcached_s_do),
        cmocka_unit_test(a_value_without_its_end_is_a_bad_chunk),
        cmocka_unit_test(a_meta_command_has_flags_with_tokens),
        cmocka_unit_test(replies_carry_values_and_flags),
        cmocka_unit_test(a_reply_cut_anywhere_is_left_as_it_is),
        cmocka_unit_test(the_binary_header_holds_extras_key_and_value),
        cmocka_unit_test(a_binary_header_that_lies_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
