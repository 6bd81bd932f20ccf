/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: the key, the hash's fields and the table of queues, of a device that keeps them (net_null),
 * and of one that has none.
 */
#include "ports.h"

#include <vitrine/rss.h>

static void what_is_set_is_told(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port_opts opts = test_opts();
    struct vtr_rss was, want, is;
    opts.queues = 4;
    struct vtr_port *port = test_port(heap, "null:0", &opts);
    assert_int_equal(vtr_port_rss(port, &was), 0);
    assert_true(was.entries != 0 && was.key_len == 40);
    want = was;
    for (unsigned i = 0; i < want.entries; i++)
        want.queue[i] = (uint16_t)(3 - i % 4);
    test_fill(want.key, want.key_len, 1);
    assert_int_equal(vtr_port_set_rss(port, &want, NULL), 0);
    assert_int_equal(vtr_port_rss(port, &is), 0);
    assert_memory_equal(&is, &want, sizeof is);
    want = (struct vtr_rss){ .entries = was.entries }; /* the table alone, all to queue 0 */
    assert_int_equal(vtr_port_set_rss(port, &want, NULL), 0);
    struct vtr_rss then;
    assert_int_equal(vtr_port_rss(port, &then), 0);
    assert_memory_equal(then.key, is.key, sizeof is.key);
    assert_int_equal(then.types, is.types);
    assert_memory_equal(then.queue, want.queue, sizeof want.queue);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

static void wrong(struct vtr_port *port, struct vtr_rss rss, const char *what)
{
    struct vtr_error err = { 0 };
    struct vtr_rss before, after;
    assert_int_equal(vtr_port_rss(port, &before), 0);
    assert_int_equal(vtr_port_set_rss(port, &rss, &err), -EINVAL);
    assert_string_equal(err.what, what);
    assert_int_equal(vtr_port_rss(port, &after), 0);
    assert_memory_equal(&before, &after, sizeof before);
}

static void what_a_port_does_not_have_is_refused_and_changes_nothing(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port_opts opts = test_opts();
    struct vtr_rss rss;
    opts.queues = 2;
    struct vtr_port *port = test_port(heap, "null:0", &opts);
    assert_int_equal(vtr_port_rss(port, &rss), 0);
    rss.queue[rss.entries - 1] = 2;
    wrong(port, rss, "port 'null:0': the table names a queue that is not there");
    wrong(port, (struct vtr_rss){ .key_len = 39 }, "port 'null:0': its key is of another length");
    wrong(port, (struct vtr_rss){ .entries = 64 }, "port 'null:0': its table is of another length");
    wrong(port, (struct vtr_rss){ .types = 1u << 31 },
          "port 'null:0': it cannot hash these fields");
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

static void a_device_without_a_table_says_so(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "ring:rss", NULL);
    struct vtr_error err = { 0 };
    struct vtr_rss rss = { .types = VTR_RSS_IPV4 };
    assert_int_equal(vtr_port_rss(port, &rss), -ENOTSUP);
    assert_int_equal(vtr_port_set_rss(port, &rss, &err), -ENOTSUP);
    assert_string_equal(err.what, "port 'ring:rss': the device does not spread frames by a table");
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_set_is_told),
        cmocka_unit_test(what_a_port_does_not_have_is_refused_and_changes_nothing),
        cmocka_unit_test(a_device_without_a_table_says_so),
    };
    return cmocka_run_group_tests_name("rss", tests, NULL, NULL);
}
