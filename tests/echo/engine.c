/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The engine: what memcached 1.6.18 says to each request, ours where memcached is wrong, and what
 * a reply costs in copied bytes.
 */
#include "ask.h"

#include <errno.h>

#define BAD_LINE "CLIENT_ERROR bad command line format\r\n"
#define K50 "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
#define K250 K50 K50 K50 K50 K50
#define K251 K250 "k"

static void a_value_is_stored_found_and_deleted(void **state)
{
    struct asked *a = (struct asked *)*state;
    assert_says(a, "set a 5 0 3\r\nabc\r\n", "STORED\r\n");
    assert_says(a, "get a\r\n", "VALUE a 5 3\r\nabc\r\nEND\r\n");
    assert_says(a, "gets a\r\n", "VALUE a 5 3 1\r\nabc\r\nEND\r\n");
    assert_says(a, "set a 6 0 0\r\n\r\n", "STORED\r\n");
    assert_says(a, "gets a\r\n", "VALUE a 6 0 2\r\n\r\nEND\r\n");
    assert_says(a, "delete a\r\n", "DELETED\r\n");
    assert_says(a, "delete a\r\n", "NOT_FOUND\r\n");
    assert_says(a, "get a\r\n", "END\r\n");
}

static void a_get_of_many_keys_is_one_message_in_their_order(void **state)
{
    struct asked *a = (struct asked *)*state;
    assert_says(a, "set a 0 0 1\r\nA\r\n", "STORED\r\n");
    assert_says(a, "set b 0 0 1\r\nB\r\n", "STORED\r\n");
    assert_says(a, "get b x a b\r\n",
                "VALUE b 0 1\r\nB\r\nVALUE a 0 1\r\nA\r\nVALUE b 0 1\r\nB\r\nEND\r\n");
    assert_says(a, "get a x\r\n", "VALUE a 0 1\r\nA\r\nEND\r\n");
    assert_says(a, "get x y z\r\n", "END\r\n");
}

static void bad_input_is_answered_as_memcached_does(void **state)
{
    static const char *const table[][2] = {
        { "\r\n", "ERROR\r\n" },
        { "get\r\n", "ERROR\r\n" },
        { "get \r\n", "ERROR\r\n" },
        { "set\r\n", "ERROR\r\n" },
        { "set a 0 0\r\n", "ERROR\r\n" },
        { "delete\r\n", "ERROR\r\n" },
        { "verbosity\r\n", "ERROR\r\n" },
        { "foo\r\n", "ERROR\r\n" },
        { "GET a\r\n", "ERROR\r\n" },
        { "get\ta\r\n", "ERROR\r\n" },
        { " get a\r\n", "END\r\n" },
        { "get a\n", "END\r\n" },
        { "get " K250 "\r\n", "END\r\n" },
        { "get " K251 "\r\n", BAD_LINE },
        { "get hit " K251 "\r\n", BAD_LINE },
        { "set " K251 " 0 0 1\r\na\r\n", BAD_LINE "ERROR\r\n" },
        { "set a x 0 1\r\na\r\n", BAD_LINE "ERROR\r\n" },
        { "set a -1 0 1\r\na\r\n", BAD_LINE "ERROR\r\n" },
        { "set a 0 x 1\r\na\r\n", BAD_LINE "ERROR\r\n" },
        { "set a 0 0 -1\r\na\r\n", BAD_LINE "ERROR\r\n" },
        { "set a 0 0 x\r\na\r\n", BAD_LINE "ERROR\r\n" },
        { "set a 0 0 2147483648\r\na\r\n", BAD_LINE "ERROR\r\n" },
        { "set hit 0 0 1\r\nabcdef\r\n", "CLIENT_ERROR bad data chunk\r\nERROR\r\n" },
        { "set hit 0 0 2000000\r\na\r\n", "SERVER_ERROR object too large for cache\r\n" },
        { "set n 0 0 1 noreply foo\r\na\r\n", "ERROR\r\nERROR\r\n" },
        { "delete d 1\r\n", "CLIENT_ERROR bad command line format.  "
                            "Usage: delete <key> [noreply]\r\n" },
        { "delete d 0\r\n", "NOT_FOUND\r\n" },
        { "delete " K251 "\r\n", BAD_LINE },
        { "verbosity x\r\n", BAD_LINE },
        { "verbosity 1\r\n", "OK\r\n" },
        { "mode sideways\r\n", "CLIENT_ERROR mode is hybrid, reference or copy\r\n" },
        { "mode\r\n", "CLIENT_ERROR mode is hybrid, reference or copy\r\n" },
    };
    struct asked *a = (struct asked *)*state;
    assert_says(a, "set hit 0 0 1\r\nH\r\n", "STORED\r\n");
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++)
        assert_says(a, table[i][0], table[i][1]);
}

static void a_bad_data_chunk_keeps_the_old_value_and_one_too_large_does_not(void **state)
{
    struct asked *a = (struct asked *)*state;
    assert_says(a, "set a 0 0 1\r\nA\r\n", "STORED\r\n");
    assert_true(ask(a, "set a 0 0 1\r\nBB\r\n"));
    assert_says(a, "get a\r\n", "VALUE a 0 1\r\nA\r\nEND\r\n");
    assert_true(ask(a, "set a 0 0 2000000\r\nA\r\n"));
    assert_says(a, "get a\r\n", "END\r\n");
}

static void noreply_is_silent_even_about_errors(void **state)
{
    struct asked *a = (struct asked *)*state;
    assert_says(a, "set a 0 0 1 noreply\r\nA\r\n", "");
    assert_says(a, "get a\r\n", "VALUE a 0 1\r\nA\r\nEND\r\n");
    assert_says(a, "set a 0 0 1 noreply\r\nAB\r", "");
    assert_says(a, "delete a noreply\r\n", "");
    assert_says(a, "delete a 0 noreply\r\n", "");
    assert_int_equal(a->answer, ENGINE_SILENT);
    assert_says(a, "get a\r\n", "END\r\n");
}

static void what_is_no_request_is_dropped_and_counted(void **state)
{
    struct asked *a = (struct asked *)*state;
    struct engine_request request;
    const uint8_t multi[] = "\0\1\0\0\0\2\0\0get a\r\n", zero[] = "\0\1\0\0\0\0\0\0get a\r\n";
    assert_false(ask(a, ""));
    assert_false(ask(a, "get a"));
    assert_false(ask(a, "set a 0 0 5\r\nabc\r\n"));
    assert_false(engine_read(&a->engine, vtr_span_of(multi, 7), &request));
    assert_false(engine_read(&a->engine, vtr_span_of(multi, sizeof multi - 1), &request));
    assert_false(engine_read(&a->engine, vtr_span_of(zero, sizeof zero - 1), &request));
    assert_int_equal(a->engine.counts.drop[DROP_frame], 2);
    assert_int_equal(a->engine.counts.drop[DROP_command], 2);
    assert_int_equal(a->engine.counts.drop[DROP_multi], 2);
    assert_int_equal(a->engine.counts.requests, 0);
}

static void two_commands_in_a_datagram_make_one_message(void **state)
{
    struct asked *a = (struct asked *)*state;
    assert_says(a, "set a 0 0 1\r\nA\r\nget a\r\ndelete a\r\nget a\r\n",
                "STORED\r\nVALUE a 0 1\r\nA\r\nEND\r\nDELETED\r\nEND\r\n");
}

static void quit_ends_the_datagram(void **state)
{
    struct asked *a = (struct asked *)*state;
    assert_true(ask(a, "quit\r\nget a\r\n"));
    assert_int_equal(a->answer, ENGINE_QUIT);
    assert_says(a, "get a\r\nquit\r\nget a\r\n", "END\r\n");
    assert_true(ask(a, "GET / HTTP/1.1\r\nget a\r\n"));
    assert_int_equal(a->answer, ENGINE_SILENT);
}

static void values_expire(void **state)
{
    struct asked *a = (struct asked *)*state;
    assert_says(a, "set a 0 -1 1\r\nA\r\n", "STORED\r\n");
    assert_says(a, "get a\r\n", "END\r\n");
    assert_says(a, "set a 0 10 1\r\nA\r\n", "STORED\r\n");
    store_tick(a->engine.store, store_now(a->engine.store) + 9);
    assert_says(a, "get a\r\n", "VALUE a 0 1\r\nA\r\nEND\r\n");
    store_tick(a->engine.store, store_now(a->engine.store) + 1);
    assert_says(a, "get a\r\n", "END\r\n");
    assert_says(a, "set a 0 1000000000 1\r\nA\r\n", "STORED\r\n"); /* in 2001 */
    assert_says(a, "get a\r\n", "END\r\n");
}

static void a_message_larger_than_the_limit_is_an_error(void **state)
{
    struct asked *a = (struct asked *)*state;
    struct dataset large = { .size = 1 << 20 };
    assert_int_equal(engine_preload(&a->engine, &large, 1), -EMSGSIZE);
    assert_int_equal(engine_preload(&a->engine, &(struct dataset){ .size = 1000000 }, 1), 0);
    char text[512] = "get";
    for (int i = 0; i < 9; i++)
        strcat(text, " v1000000-00000000000");
    strcat(text, "\r\n");
    assert_says(a, text, "SERVER_ERROR out of memory writing get response\r\n");
}

static void a_flood_of_tiny_commands_stays_within_the_message(void **state)
{
    struct asked *a = (struct asked *)*state;
    size_t len = 65507 - 8;
    char *text = (char *)malloc(len);
    for (size_t i = 0; i < len; i++)
        text[i] = i % 2 == 0 ? 'x' : '\n';
    assert_true(ask_bytes(a, text, len));
    assert_true(a->reply_len <= MESSAGE_TEXT);
    memcpy(text, "gets ", 5);
    for (size_t i = 5; i < len; i++)
        text[i] = i % 2 == 0 ? ' ' : 'a';
    text[len - 1] = '\n';
    assert_says(a, "set a 0 0 1\r\nA\r\n", "STORED\r\n");
    assert_true(ask_bytes(a, text, len));
    assert_memory_equal(a->reply, "SERVER_ERROR out of memory", 26);
    free(text);
}

static void modes_decide_what_is_copied(void **state)
{
    struct asked *a = (struct asked *)*state;
    assert_int_equal(engine_preload(&a->engine, &(struct dataset){ .size = 100 }, 1), 0);
    assert_int_equal(engine_preload(&a->engine, &(struct dataset){ .size = 5000 }, 1), 0);
    assert_says(a, "mode copy\r\n", "OK\r\n");
    assert_true(ask(a, "get v0000100-00000000000 v0005000-00000000000\r\n"));
    assert_int_equal(a->copied, 5100);
    assert_says(a, "mode hybrid\r\n", "OK\r\n"); /* the threshold is 512 here */
    assert_true(ask(a, "gets v0000100-00000000000 v0005000-00000000000\r\n"));
    assert_int_equal(a->copied, 100);
    assert_says(a, "mode reference\r\n", "OK\r\n");
    assert_true(ask(a, "get v0000100-00000000000 v0005000-00000000000\r\n"));
    assert_int_equal(a->copied, 0);
}

static void preloaded_values_are_what_value_fill_says(void **state)
{
    struct asked *a = (struct asked *)*state;
    uint8_t value[3000];
    assert_int_equal(engine_preload(&a->engine, &(struct dataset){ .size = sizeof value }, 3), 0);
    value_fill(value, sizeof value, sizeof value, 2);
    assert_true(ask(a, "get v0003000-00000000002\r\n"));
    const char head[] = "VALUE v0003000-00000000002 0 3000\r\n";
    assert_int_equal(a->reply_len, sizeof head - 1 + sizeof value + STORE_TAIL);
    assert_memory_equal(a->reply, head, sizeof head - 1);
    assert_memory_equal(a->reply + sizeof head - 1, value, sizeof value);
}

static void stats_hold_what_clients_of_memcached_ask_for(void **state)
{
    static const char *const names[] = {
        "pid", "uptime", "time", "version", "curr_items", "bytes", "limit_maxbytes", "cmd_get",
        "cmd_set", "get_hits", "get_misses", "threads", "curr_connections", "mode", "threshold",
        "requests", "payload_bytes_copied", "payload_bytes_kernel", "polls", "polls_empty",
        "slices", "busy_slices", "busy_requests", "busy_cpu_ns", "cpu_ns", "tx_retries",
    };
    struct asked *a = (struct asked *)*state;
    assert_true(ask(a, "stats\r\n"));
    a->reply[a->reply_len] = '\0';
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        char line[64];
        snprintf(line, sizeof line, "STAT %s ", names[i]);
        assert_non_null(strstr((char *)a->reply, line));
    }
    assert_string_equal((char *)a->reply + a->reply_len - 5, "END\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        asks(a_value_is_stored_found_and_deleted),
        asks(a_get_of_many_keys_is_one_message_in_their_order),
        asks(bad_input_is_answered_as_memcached_does),
        asks(a_bad_data_chunk_keeps_the_old_value_and_one_too_large_does_not),
        asks(noreply_is_silent_even_about_errors),
        asks(what_is_no_request_is_dropped_and_counted),
        asks(two_commands_in_a_datagram_make_one_message),
        asks(quit_ends_the_datagram),
        asks(values_expire),
        asks(a_message_larger_than_the_limit_is_an_error),
        asks(a_flood_of_tiny_commands_stays_within_the_message),
        asks(modes_decide_what_is_copied),
        asks(preloaded_values_are_what_value_fill_says),
        asks(stats_hold_what_clients_of_memcached_ask_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
