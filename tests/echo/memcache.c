/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The parser: commands are taken whole or not at all, and nothing is read behind the request.
 */
#include "support.h"

#include "memcache.h"

static struct memcache_command parse(const char *text)
{
    struct memcache_command c;
    struct vtr_span in = vtr_span_of(text, strlen(text));
    assert_true(memcache_take(&in, &c));
    return c;
}

static void assert_span(struct vtr_span s, const char *text)
{
    assert_true(vtr_span_equal(s, vtr_span_of(text, strlen(text))));
}

static void a_get_gives_its_keys_one_by_one(void **state)
{
    struct memcache_command c = parse("gets  one two  three \r\n");
    struct vtr_span key;
    assert_int_equal(c.verb, MEMCACHE_GETS);
    assert_span(c.key, "one");
    assert_true(memcache_word(&c.more, &key));
    assert_span(key, "two");
    assert_true(memcache_word(&c.more, &key));
    assert_span(key, "three");
    assert_false(memcache_word(&c.more, &key));
}

static void a_set_carries_its_value_and_leaves_the_next_command(void **state)
{
    const char *text = "set k 7 -1 5 noreply\r\na\r\nbc\r\nget k\n";
    struct vtr_span in = vtr_span_of(text, strlen(text));
    struct memcache_command c;
    assert_true(memcache_take(&in, &c));
    assert_int_equal(c.verb, MEMCACHE_SET);
    assert_true(c.noreply);
    assert_int_equal(c.flags, 7);
    assert_int_equal(c.exptime, -1);
    assert_span(c.key, "k");
    assert_span(c.data, "a\r\nbc");
    assert_true(memcache_take(&in, &c));
    assert_int_equal(c.verb, MEMCACHE_GET);
    assert_false(memcache_take(&in, &c));
}

static void a_request_cut_anywhere_is_left_as_it_is(void **state)
{
    const char *text = "set key 0 0 3\r\nabc\r\n";
    for (size_t len = 0; len < strlen(text); len++) {
        uint8_t *exact = (uint8_t *)malloc(len + 1);
        memcpy(exact, text, len);
        struct vtr_span in = vtr_span_of(exact, len), before = in;
        struct memcache_command c;
        assert_false(memcache_take(&in, &c));
        assert_true(in.ptr == before.ptr && in.len == before.len);
        free(exact);
    }
}

static void numbers_are_32_bits_wide_and_wrap_as_memcached_s_do(void **state)
{
    assert_int_equal(parse("set k 4294967303 0 0\r\n\r\n").flags, 7);
    assert_int_equal(parse("set k 0 2147483648 0\r\n\r\n").exptime, INT32_MIN);
    assert_string_equal(parse("set k 0 0 2147483648\r\n").answer,
                        "CLIENT_ERROR bad command line format");
    assert_string_equal(parse("set k 99999999999999999999 0 0\r\n\r\n").answer,
                        "CLIENT_ERROR bad command line format");
}

static void a_browser_gets_no_answer(void **state)
{
    const char *text = "POST / HTTP/1.0\r\nget k\r\n";
    struct vtr_span in = vtr_span_of(text, strlen(text));
    struct memcache_command c;
    assert_true(memcache_take(&in, &c));
    assert_int_equal(c.verb, MEMCACHE_DROP);
    assert_int_equal(in.len, 0);
}

static void more_words_than_any_command_has_are_an_error(void **state)
{
    assert_string_equal(parse("set 1 2 3 4 5 6 7 8 9 10 11\r\n").answer, "ERROR");
    assert_string_equal(parse("verbosity 1 2 3 4 5 6 7 8 9\r\n").answer, "ERROR");
    assert_string_equal(parse("delete 1 2 3 4 5 6 7 8 9\r\n").answer, "ERROR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_gives_its_keys_one_by_one),
        cmocka_unit_test(a_set_carries_its_value_and_leaves_the_next_command),
        cmocka_unit_test(a_request_cut_anywhere_is_left_as_it_is),
        cmocka_unit_test(numbers_are_32_bits_wide_and_wrap_as_memcached_s_do),
        cmocka_unit_test(a_browser_gets_no_answer),
        cmocka_unit_test(more_words_than_any_command_has_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
