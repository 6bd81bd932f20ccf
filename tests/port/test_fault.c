/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: whichever call fails while a port is opened, captured or waited for, nothing is left of
 * it: no memory, descriptor, file or interface, and the same port can be opened next. Skipped in
 * release builds, which have no faults to order.
 */
#include "pcaps.h"

#include <dirent.h>
#include <net/if.h>
#include <sys/resource.h>
#include <vitrine/capture.h>

#include "base/memory.h"
#include "base/system.h"

#if VTR_DEBUG
static unsigned descriptors(void)
{
    unsigned n = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

/* EAL's interrupt thread closes what it was given when it gets to it. */
static bool descriptors_come_to(unsigned n)
{
    struct timespec began;
    clock_gettime(CLOCK_MONOTONIC, &began);
    while (descriptors() > n && !test_late(&began))
        sched_yield();
    return descriptors() <= n;
}

/* Opens and closes once, so that what is made once a process is there. */
static void open_and_close(struct vtr_heap *heap, const char *spec)
{
    assert_int_equal(vtr_port_close(test_port(heap, spec, NULL)), 0);
}

static void fail_each(const char *spec, const char *interface)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    /* net_memif 22.11 never closes the socket that a server listened on. */
    bool closes = strncmp(spec, "memif:", 6) != 0;
    open_and_close(heap, spec);
    uint64_t memory = vtr_test_memory_live_();
    unsigned fds = descriptors(), k = 0, failed = 0;
    for (bool more = true; more; k++) {
        struct vtr_error err = { 0 };
        struct vtr_port *port = NULL;
        vtr_test_fail_after_(VTR_FAULT_ALL, k);
        int rc = vtr_port_open(heap, spec, NULL, &port, &err);
        more = vtr_test_failed_();
        vtr_test_fail_after_(0, 0);
        assert_int_equal(rc == 0, port != NULL);
        assert_true(rc == 0 || err.what[0] != '\0');
        failed += rc != 0;
        assert_int_equal(vtr_port_close(port), 0);
        assert_int_equal(vtr_test_memory_live_(), memory);
        assert_true(!closes || descriptors_come_to(fds));
        assert_true(interface == NULL || if_nametoindex(interface) == 0);
    }
    print_message("%s: %u of %u opens failed\n", spec, failed, k);
    assert_true(failed != 0);
    open_and_close(heap, spec);
    assert_int_equal(test_live(heap), 0);
    test_heap_end(heap);
}

static void a_null_port_that_fails_to_open_leaves_nothing(void **state)
{
    fail_each("null:0", NULL);
}

static void half_a_ring_that_fails_to_open_leaves_nothing(void **state)
{
    fail_each("ring:fault", NULL);
}

static void a_memif_that_fails_to_open_leaves_nothing(void **state)
{
    char spec[64];
    snprintf(spec, sizeof spec, "memif:/tmp/vitrine-fault-%d", (int)getpid());
    fail_each(spec, NULL);
    assert_int_equal(access(spec + 6, F_OK), -1);
}

static void captures_that_fail_to_open_leave_nothing(void **state)
{
    struct captures c = test_captures();
    const size_t len = 60;
    test_write_pcap(c.in, 1, &len, 1);
    fail_each(c.spec, NULL);
    test_captures_end(&c);
}

static void a_tap_that_fails_to_open_leaves_nothing(void **state)
{
    if (geteuid() != 0 || access("/dev/net/tun", R_OK | W_OK) != 0 || unshare(CLONE_NEWNET) != 0) {
        print_message("no rights to make a tap in a namespace\n");
        return;
    }
    fail_each("tap:vtf0", "vtf0");
}

static void packet_sockets_that_fail_to_open_leave_nothing(void **state)
{
    if (geteuid() != 0) {
        print_message("no rights to open packet sockets\n");
        return;
    }
    fail_each("af_packet:lo", NULL);
}

static void a_capture_that_fails_to_begin_leaves_nothing(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "null:0", NULL);
    uint64_t memory = vtr_test_memory_live_();
    for (unsigned k = 0, more = 1; more; k++) {
        struct vtr_error err = { 0 };
        vtr_test_fail_after_(VTR_FAULT_ALL, k);
        int rc = vtr_port_capture(port, "/dev/null", NULL, &err);
        more = vtr_test_failed_();
        vtr_test_fail_after_(0, 0);
        assert_int_equal(rc, more ? -ENOMEM : 0);
        assert_int_equal(vtr_port_capture_stop(port, NULL), 0);
        assert_int_equal(vtr_test_memory_live_(), memory);
    }
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

static void who_waits_without_memory_for_it_is_told(void **state)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *port = test_port(heap, "ring:fault", NULL);
    struct vtr_pkt pkt;
    vtr_test_fail_after_(VTR_FAULT_MEMORY | VTR_FAULT_ON, 0);
    assert_int_equal(vtr_port_fd(port, 0), -ENOMEM);
    assert_int_equal(vtr_port_arm(port, 0), -ENOMEM);
    assert_int_equal(vtr_port_rx_wait(port, 0, &pkt, 1, -1), 0);
    vtr_test_fail_after_(0, 0);
    vtr_port_disarm(port, 0);
    assert_int_equal(vtr_port_close(port), 0);
    test_heap_end(heap);
}

/* Lets a process have as many descriptors as are said. */
static void allow(rlim_t n)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = n;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* One more descriptor each time, until there are enough for a port and for waiting on it. */
static void starve_each(const char *spec)
{
    struct vtr_heap *heap = test_heap(64 << 20);
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    open_and_close(heap, spec);
    unsigned fds = descriptors();
    for (unsigned n = 0, waits = 0; !waits; n++) {
        struct vtr_error err = { 0 };
        struct vtr_port *port = NULL;
        allow(n);
        int rc = vtr_port_open(heap, spec, NULL, &port, &err), fd = -EMFILE;
        if (rc == 0)
            fd = vtr_port_fd(port, 0);
        allow(limit.rlim_cur);
        assert_true(rc == 0 || err.what[0] != '\0');
        assert_true(fd == -EMFILE || fd >= 0);
        waits = fd >= 0;
        assert_int_equal(vtr_port_close(port), 0);
        assert_true(descriptors_come_to(fds));
    }
    test_heap_end(heap);
}

static void without_descriptors_a_port_fails_to_open_and_leaves_none(void **state)
{
    char spec[64];
    snprintf(spec, sizeof spec, "memif:/tmp/vitrine-fault-%d", (int)getpid());
    starve_each(spec);
    struct vtr_heap *heap = test_heap(64 << 20);
    struct vtr_port *server = test_port(heap, spec, NULL);
    strcat(spec, ",role=client");
    starve_each(spec);
    assert_int_equal(vtr_port_close(server), 0);
    test_heap_end(heap);
    starve_each("null:0");
    starve_each("ring:fault");
    if (geteuid() == 0)
        starve_each("af_packet:lo");
}
#endif

int main(void)
{
#if VTR_DEBUG
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_null_port_that_fails_to_open_leaves_nothing),
        cmocka_unit_test(half_a_ring_that_fails_to_open_leaves_nothing),
        cmocka_unit_test(a_memif_that_fails_to_open_leaves_nothing),
        cmocka_unit_test(captures_that_fail_to_open_leave_nothing),
        cmocka_unit_test(a_tap_that_fails_to_open_leaves_nothing),
        cmocka_unit_test(packet_sockets_that_fail_to_open_leave_nothing),
        cmocka_unit_test(a_capture_that_fails_to_begin_leaves_nothing),
        cmocka_unit_test(who_waits_without_memory_for_it_is_told),
        cmocka_unit_test(without_descriptors_a_port_fails_to_open_and_leaves_none),
    };
    return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
#else
    printf("skipped: a release build has no faults to order\n");
    return 77;
#endif
}
