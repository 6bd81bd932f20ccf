/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The checks of `vitrine doctor`, on trees that stand for /proc and /sys.
 */
#include "checks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/membarrier.h>

#include "doctor/modes.h"
#include "doctor/tree.h"

static void cores_nodes_and_isolated_ones_are_counted(void **state)
{
    struct fake *f = *state;
    put(f, "/sys/devices/system/cpu/online", "0-3,8,10-11\n");
    put(f, "/sys/devices/system/node/online", "0-1\n");
    put(f, "/sys/devices/system/cpu/isolated", "2-3\n");
    put(f, "/proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-1\n");
    put(f, "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sse4_2 constant_tsc nonstop_tsc\n");
    check_cpu(&f->d);
    assert_line(f, 0, "cpu", STATE_OK,
                "7 cores, 2 NUMA nodes; this process may use 2 of them; isolated: 2-3", "");
    check_clock(&f->d);
    assert_line(f, 1, "clock", STATE_OK, "tsc invariant; clocksource unknown", "");
}

static void a_cpu_list_that_is_none_is_not_believed(void **state)
{
    static const char *const lists[] = { "", "x", "3-1", "0-", "-1", "0,,1", "0-99999999999999",
                                         "0-65536", "\xff\xfe", "0 1", "4294967295",
                                         "18446744073709551617", "0-3,,", ",",
                                         "0-65535,0-65535,0" };
    struct fake *f = *state;
    for (unsigned i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        put(f, "/sys/devices/system/cpu/online", lists[i]);
        check_cpu(&f->d);
        assert_int_equal(last(f)->state, STATE_SKIP);
    }
}

static void what_is_not_known_of_cpus_is_left_out(void **state)
{
    struct fake *f = *state;
    put(f, "/sys/devices/system/cpu/online", "0-1 \t\n");
    put(f, "/sys/devices/system/node/online", "\n");
    put(f, "/sys/devices/system/cpu/isolated", "x\n");
    put(f, "/proc/self/status", "Cpus_allowed_list:\tx\n");
    check_cpu(&f->d);
    assert_line(f, 0, "cpu", STATE_OK, "2 cores, 1 NUMA node", "");
}

static void a_cpu_too_old_for_dpdk_is_told(void **state)
{
    struct fake *f = *state;
    put(f, "/sys/devices/system/cpu/online", "0\n");
    put(f, "/proc/cpuinfo", "flagset: sse4_2\nflags\t\t: fpu sse4_1 xsse4_2\n");
    check_cpu(&f->d);
    assert_line(f, 0, "cpu", STATE_FAIL,
                "1 core, 1 NUMA node; no SSE4.2, without which DPDK does not start", "");
}

static void a_slow_clock_source_is_told(void **state)
{
    struct fake *f = *state;
    put(f, "/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
    put(f, "/proc/cpuinfo", "flags\t\t: constant_tsc nonstop_tsc\n");
    check_clock(&f->d);
    assert_line(f, 0, "clock", STATE_WARN, "tsc invariant; clocksource hpet, slow to read",
                "echo tsc | sudo tee "
                "/sys/devices/system/clocksource/clocksource0/current_clocksource");
    put(f, "/proc/cpuinfo", "flags\t\t: constant_tsc\n");
    check_clock(&f->d);
    assert_int_equal(last(f)->state, STATE_WARN);
    assert_string_equal(last(f)->fix, "");
    static const char *const sources[] = { "tsc\n", "acpi_pm\n", "jiffies\n", "refined-jiffies\n" };
    for (unsigned i = 0; i < 4; i++) { /* of the first, it is the counter that is not invariant */
        put(f, "/sys/devices/system/clocksource/clocksource0/current_clocksource", sources[i]);
        check_clock(&f->d);
        assert_int_equal(last(f)->state, STATE_WARN);
    }
    put(f, "/proc/cpuinfo", "Features\t: fp asimd\n");
    put(f, "/sys/devices/system/clocksource/clocksource0/current_clocksource",
        "arch_sys_counter\n");
    check_clock(&f->d);
    assert_line(f, 6, "clock", STATE_OK, "clocksource arch_sys_counter", "");
}

static void put_pages(struct fake *f, const char *reserved, const char *free)
{
    put(f, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", reserved);
    put(f, "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", free);
}

static void huge_pages_that_heaps_can_have_are_found(void **state)
{
    struct fake *f = *state;
    put_pages(f, "512\n", "500\n");
    put(f, "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "2\n");
    put(f, "/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "1\n");
    put(f, "/proc/self/mounts", "proc /proc proc rw 0 0\n"
                                "hugetlbfs /dev/hugepages hugetlbfs rw 0 0\n"
                                "none /mnt/huge hugetlbfs rw,pagesize=1024M 0 0\nbroken\n");
    check_hugepages(&f->d);
    assert_line(f, 0, "hugepages", STATE_OK,
                "512 x 2 MB reserved (500 free), 2 x 1 GB reserved (1 free); mounted on "
                "/dev/hugepages /mnt/huge", "");
    assert_true(f->d.able.hugepages);
    put(f, "/sys/kernel/mm/transparent_hugepage/shmem_enabled", "always [never]\n");
    check_thp(&f->d);
    assert_int_equal(last(f)->state, STATE_OK);
}

static void huge_pages_that_are_missing_are_asked_for(void **state)
{
    struct fake *f = *state;
    check_hugepages(&f->d);
    assert_line(f, 0, "hugepages", STATE_SKIP, "this kernel has none", "");
    put_pages(f, "0\n", "0\n");
    check_hugepages(&f->d);
    assert_line(f, 1, "hugepages", STATE_WARN, "0 x 2 MB reserved",
                "sudo sysctl vm.nr_hugepages=512");
    put_pages(f, "100", "31");
    check_hugepages(&f->d);
    assert_line(f, 2, "hugepages", STATE_WARN,
                "100 x 2 MB reserved (31 free); a heap wants 32 free",
                "sudo sysctl vm.nr_hugepages=581");
    put_pages(f, "garbage", "-1");
    check_hugepages(&f->d);
    assert_line(f, 3, "hugepages", STATE_WARN, "no 2 MB pages", "sudo sysctl vm.nr_hugepages=512");
    put_pages(f, "2000000", "0"); /* more than anybody would reserve */
    check_hugepages(&f->d);
    assert_string_equal(last(f)->fix, "sudo sysctl vm.nr_hugepages=512");
    put_pages(f, "1", "99"); /* more free than there are */
    check_hugepages(&f->d);
    assert_false(f->d.able.hugepages);
    assert_string_equal(last(f)->fix, "sudo sysctl vm.nr_hugepages=513");
}

static void transparent_huge_pages_are_read_from_the_brackets(void **state)
{
    static const struct {
        const char *line;
        enum state state;
    } cases[] = {
        { "always within_size [advise] never deny force\n", STATE_OK },
        { "[always] never\n", STATE_OK },
        { "always [never]\n", STATE_WARN },
        { "always never [deny] force\n", STATE_WARN },
        { "always never\n", STATE_SKIP },
        { "][\n", STATE_SKIP },
        { "[]\n", STATE_SKIP },
        { "[", STATE_SKIP },
        { "", STATE_SKIP },
    };
    struct fake *f = *state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(f, "/sys/kernel/mm/transparent_hugepage/shmem_enabled", cases[i].line);
        check_thp(&f->d);
        assert_int_equal(last(f)->state, cases[i].state);
        assert_int_equal(last(f)->fix[0] != '\0', cases[i].state == STATE_WARN);
    }
}

static void limits_are_read_by_their_names(void **state)
{
    struct fake *f = *state;
    put(f, "/proc/self/limits",
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        "Max open files            100                  4096                 files     \n"
        "Max locked memory         65536                65536                bytes     \n");
    check_memlock(&f->d);
    assert_line(f, 0, "memlock", STATE_OK,
                "64 kB: enough but for vfio, which locks what devices may reach", "");
    check_files(&f->d);
    assert_line(f, 1, "files", STATE_WARN, "100 may be open; a heap takes one for each 64 MB",
                "ulimit -n 1024");
    put(f, "/proc/self/limits", "Max locked memory   unlimited unlimited bytes\n"
                                "Max open files unlimited unlimited files");
    check_memlock(&f->d);
    check_files(&f->d);
    assert_line(f, 2, "memlock", STATE_OK, "unlimited", "");
    assert_line(f, 3, "files", STATE_OK, "unlimited", "");
    put(f, "/proc/self/limits", "Max locked memory");
    check_memlock(&f->d);
    assert_int_equal(last(f)->state, STATE_SKIP);
    put(f, "/proc/self/limits", "Max open files  many more files\n");
    check_files(&f->d);
    assert_int_equal(last(f)->state, STATE_SKIP);
}

static void malloc_in_place_of_jemalloc_is_told(void **state)
{
    struct fake *f = *state;
    check_memory(&f->d);
    assert_line(f, 0, "memory", STATE_OK, "jemalloc 5.3.0", "");
    f->m.memory = "malloc";
    f->m.why_not = "no libjemalloc.so.2";
    check_memory(&f->d);
    assert_line(f, 1, "memory", STATE_WARN, "malloc: no libjemalloc.so.2",
                "sudo apt-get install libjemalloc2");
}

static void a_kernel_without_the_seal_fails(void **state)
{
    static const struct {
        const char *release;
        enum state state;
    } cases[] = {
        { "6.1.0-18-amd64\n", STATE_OK },  { "5.1.0\n", STATE_OK }, { "5.0.21\n", STATE_FAIL },
        { "4.19.0-26\n", STATE_FAIL },     { "six\n", STATE_SKIP }, { "", STATE_SKIP },
        { "999999999999.9\n", STATE_SKIP },
    };
    struct fake *f = *state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(f, "/proc/sys/kernel/osrelease", cases[i].release);
        check_kernel(&f->d);
        assert_int_equal(last(f)->state, cases[i].state);
    }
}

static void rights_are_read_from_the_effective_set(void **state)
{
    struct fake *f = *state;
    put(f, "/proc/self/status", "CapPrm:\t000001ffffffffff\nCapEff:\t0000000000000000\n");
    check_rights(&f->d);
    assert_int_equal(last(f)->state, STATE_SKIP);
    assert_string_equal(last(f)->fact, "none beyond a plain user's");
    assert_false(f->d.able.net_admin || f->d.able.net_raw);
    put(f, "/proc/self/status", "CapEff:\t0000000000003000\n");
    check_rights(&f->d);
    assert_line(f, 1, "rights", STATE_OK, "CAP_NET_ADMIN CAP_NET_RAW", "");
    assert_true(f->d.able.net_admin && f->d.able.net_raw);
    put(f, "/proc/self/status", "CapEff:\t0000000000005000\n");
    check_rights(&f->d);
    assert_int_equal(last(f)->state, STATE_SKIP);
    assert_string_equal(last(f)->fact, "CAP_NET_ADMIN CAP_IPC_LOCK");
    assert_false(f->d.able.programs);
    static const char *const wrong[] = { "", "CapEff:\t\n", "CapEff:\t3000\n",
                                         "CapEff:\tzzzzzzzzzzzzzzzz\n",
                                         "CapEff:\t0000000000003000ff\n",
                                         "CapEff:\t0000000000003000 ff\n" };
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        put(f, "/proc/self/status", wrong[i]);
        check_rights(&f->d);
        assert_string_equal(last(f)->fact, "/proc/self/status does not say which");
    }
}

static void a_tun_device_must_be_there_and_open(void **state)
{
    struct fake *f = *state;
    check_tun(&f->d);
    assert_line(f, 0, "tun", STATE_SKIP, "/dev/net/tun is not there", "sudo modprobe tun");
    put(f, "/dev/net/tun", "");
    check_tun(&f->d);
    assert_line(f, 1, "tun", STATE_OK, "/dev/net/tun opens", "");
    f->m.tun = EACCES;
    check_tun(&f->d);
    assert_int_equal(last(f)->state, STATE_SKIP);
    assert_non_null(strstr(last(f)->fix, "chmod"));
    assert_true(f->d.able.tun_there && !f->d.able.tun);
    f->m.tun = EBUSY;
    check_tun(&f->d);
    assert_string_equal(last(f)->fix, "");
    f->m.tun = ENODEV; /* a node without its module */
    check_tun(&f->d);
    assert_string_equal(last(f)->fix, "sudo modprobe tun");
}

static void a_tun_device_that_this_user_may_not_open_is_told(void **state)
{
    struct fake *f = *state;
    char path[64];
    bool root = geteuid() == 0; /* who may do anything */
    put(f, "/dev/net/tun", "");
    snprintf(path, sizeof path, "%s/dev/net/tun", f->root);
    assert_int_equal(chmod(path, 0), 0);
    assert_int_equal(root ? seteuid(65534) : 0, 0);
    check_tun(&f->d);
    assert_int_equal(root ? seteuid(0) : 0, 0);
    assert_string_equal(last(f)->fact, "/dev/net/tun does not open: Permission denied");
}

static void what_the_kernel_offers_is_told_by_its_errno(void **state)
{
    struct fake *f = *state;
    check_xdp(&f->d);
    assert_int_equal(last(f)->state, STATE_OK);
    f->m.xdp = EPERM;
    check_xdp(&f->d);
    assert_line(f, 1, "af_xdp", STATE_OK, "the kernel has it; it takes root", "");
    f->m.xdp = EACCES;
    check_xdp(&f->d);
    assert_int_equal(last(f)->state, STATE_OK);
    f->m.xdp = EAFNOSUPPORT;
    check_xdp(&f->d);
    assert_int_equal(last(f)->state, STATE_SKIP);
    check_uring(&f->d);
    assert_int_equal(last(f)->state, STATE_OK);
    f->m.uring = EPERM;
    put(f, "/proc/sys/kernel/io_uring_disabled", "2\n");
    check_uring(&f->d);
    assert_string_equal(last(f)->fix, "sudo sysctl kernel.io_uring_disabled=0");
    put(f, "/proc/sys/kernel/io_uring_disabled", "0\n"); /* a filter of system calls, say */
    check_uring(&f->d);
    assert_string_equal(last(f)->fix, "");
    f->m.uring = ENOSYS;
    check_uring(&f->d);
    assert_line(f, 7, "io_uring", STATE_SKIP, "Function not implemented", "");
    static const enum state states[] = { STATE_SKIP, STATE_WARN, STATE_OK };
    static const int commands[] = { -1, MEMBARRIER_CMD_GLOBAL, MEMBARRIER_CMD_PRIVATE_EXPEDITED };
    for (unsigned i = 0; i < 3; i++) {
        f->m.membarrier = commands[i];
        check_membarrier(&f->d);
        assert_int_equal(last(f)->state, states[i]);
    }
}

static void the_self_test_must_be_flawless(void **state)
{
    struct fake *f = *state;
    check_self(&f->d);
    assert_line(f, 0, "self test", STATE_OK,
                "ring 1000/1000 packets, 0 copies, 0 live blocks after", "");
    assert_true(f->d.able.packets);
    struct self_test good = f->m.self, bad[5] = { good, good, good, good, good };
    bad[1].copies = 1;
    bad[2].live = 1;
    bad[3].got = 999;
    snprintf(bad[0].why, sizeof bad[0].why, "it did not end in time");
    bad[4].sent = 999;
    for (unsigned i = 5; i-- != 0;) {
        f->m.self = bad[i];
        check_self(&f->d);
        assert_int_equal(last(f)->state, STATE_FAIL);
        assert_false(f->d.able.packets);
    }
    assert_non_null(strstr(last(f)->fact, ": it did not end in time"));
    f->m.self = good;
    f->m.self.ports = false; /* a build without them */
    check_self(&f->d);
    assert_string_equal(last(f)->fact, "heap 1000/1000 values, 0 copies, 0 live blocks after");
    assert_false(f->d.able.packets);
}

static void verdicts_follow_what_was_found(void **state)
{
    (void)state;
    struct able able = { .packets = true };
    assert_int_equal(mode_verdict(&able, MODE_NULL), VERDICT_PACKAGE);
    memset(able.driver, true, sizeof able.driver);
    assert_int_equal(mode_verdict(&able, MODE_NULL), VERDICT_WORKS);
    assert_int_equal(mode_verdict(&able, MODE_TAP), VERDICT_FAILS);
    able.tun_there = true;
    assert_int_equal(mode_verdict(&able, MODE_TAP), VERDICT_RIGHTS);
    able.tun = true;
    assert_int_equal(mode_verdict(&able, MODE_TAP), VERDICT_RIGHTS);
    assert_int_equal(mode_verdict(&able, MODE_AF_PACKET), VERDICT_RIGHTS);
    able.net_admin = true;
    assert_int_equal(mode_verdict(&able, MODE_TAP), VERDICT_WORKS);
    assert_int_equal(mode_verdict(&able, MODE_AF_PACKET), VERDICT_RIGHTS);
    able.net_raw = true;
    assert_int_equal(mode_verdict(&able, MODE_AF_PACKET), VERDICT_WORKS);
    assert_int_equal(mode_verdict(&able, MODE_AF_XDP), VERDICT_FAILS);
    able.xdp = true;
    assert_int_equal(mode_verdict(&able, MODE_AF_XDP), VERDICT_RIGHTS);
    able.programs = true;
    assert_int_equal(mode_verdict(&able, MODE_AF_XDP), VERDICT_WORKS);
    able.net_raw = false;
    assert_int_equal(mode_verdict(&able, MODE_AF_XDP), VERDICT_RIGHTS);
    able.net_admin = false;
    assert_int_equal(mode_verdict(&able, MODE_AF_XDP), VERDICT_RIGHTS);
    able.vfio = true;
    assert_int_equal(mode_verdict(&able, MODE_PCI), VERDICT_NIC);
    able.nics_bound = 1;
    assert_int_equal(mode_verdict(&able, MODE_PCI), VERDICT_WORKS);
    assert_true(modes_any(&able));
    able.packets = false;
    assert_false(modes_any(&able));
}

/* Reads of every check: what it finds in @p what must not matter. */
static void hostile(struct fake *f, const char *what, size_t len)
{
    static const char *const files[] = {
        "/proc/self/status", "/proc/self/limits", "/proc/self/mounts", "/proc/cpuinfo",
        "/proc/sys/kernel/osrelease", "/proc/net/route", "/proc/net/ipv6_route", "/proc/locks",
        "/proc/1/maps", "/proc/1/comm", "/sys/devices/system/cpu/online",
        "/sys/devices/system/cpu/isolated", "/sys/devices/system/node/online",
        "/sys/devices/system/clocksource/clocksource0/current_clocksource",
        "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages",
        "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages",
        "/sys/kernel/mm/transparent_hugepage/shmem_enabled", "/var/run/dpdk/x/config",
        "/sys/bus/pci/devices/0000:00:01.0/vendor", "/sys/class/net/e/operstate",
        "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
    };
    for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++)
        put_bytes(f, files[i], what, len);
    put(f, "/sys/bus/pci/devices/0000:00:01.0/class", "0x020000\n");
    put(f, "/sys/bus/pci/devices/0000:00:01.0/net/e/x", "");
    check_all(&f->d);
    assert_true(f->d.report.n >= 18);
    for (unsigned i = 0; i < f->d.report.n; i++)
        for (const char *c = f->d.report.finding[i].fact; *c != '\0'; c++)
            assert_in_range(*c, ' ', '~');
}

static void garbage_in_every_file_is_survived(void **state)
{
    enum { LONG = 200000 };
    struct fake *f = *state;
    uint64_t seed = 4;
    char *bytes = malloc(LONG);
    hostile(f, "", 0);
    hostile(f, "\0\0\0", 3);
    hostile(f, "\n\n:\n \t \n-\n,\n", 12);
    memset(bytes, '9', LONG);
    hostile(f, bytes, LONG);
    memset(bytes, ' ', LONG);
    hostile(f, bytes, LONG);
    for (unsigned i = 0; i < 8; i++) {
        for (unsigned at = 0; at < LONG; at++)
            bytes[at] = (char)test_random(&seed);
        hostile(f, bytes, i == 0 ? LONG : 1 + test_random(&seed) % 4096);
    }
    free(bytes);
}

static void an_empty_tree_is_survived(void **state)
{
    struct fake *f = *state;
    check_all(&f->d);
    for (unsigned i = 0; i < f->d.report.n; i++)
        assert_int_not_equal(f->d.report.finding[i].fact[0], '\0');
    report_fini(&f->d.report);
    f->m.root = "/no/such/folder";
    check_all(&f->d);
    assert_true(f->d.report.n >= 18);
}

static void folders_and_pipes_in_place_of_files_are_survived(void **state)
{
    char path[256];
    struct fake *f = *state;
    put(f, "/proc/cpuinfo/x", "");
    put(f, "/proc/self/x", "");
    snprintf(path, sizeof path, "%s/proc/self/status", f->root);
    assert_int_equal(mkfifo(path, 0600), 0);
    snprintf(path, sizeof path, "%s/proc/self/limits", f->root);
    assert_int_equal(symlink(path, path), 0); /* to itself */
    check_all(&f->d);
}

static void a_path_longer_than_paths_are_is_no_file(void **state)
{
    struct fake *f = *state;
    char *name = malloc(5000), line[8];
    memset(name, 'a', 4999);
    name[4999] = '\0';
    assert_false(tree_exists(f->root, "/%s", name));
    assert_false(tree_line(f->root, line, sizeof line, "/%s", name));
    assert_false(tree_exists(name, "/x"));
    assert_false(tree_allows(f->root, R_OK, "/%s", name));
    assert_false(tree_inode(f->root, line, sizeof line, "/%s", name));
    assert_false(tree_link(f->root, line, sizeof line, "/%s", name));
    assert_false(tree_each(f->root, NULL, NULL, "/%s", name));
    assert_false(tree_contains(f->root, "x", "/%s", name));
    free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_fake(cores_nodes_and_isolated_ones_are_counted),
        with_fake(a_cpu_list_that_is_none_is_not_believed),
        with_fake(what_is_not_known_of_cpus_is_left_out),
        with_fake(a_cpu_too_old_for_dpdk_is_told),
        with_fake(a_slow_clock_source_is_told),
        with_fake(huge_pages_that_heaps_can_have_are_found),
        with_fake(huge_pages_that_are_missing_are_asked_for),
        with_fake(transparent_huge_pages_are_read_from_the_brackets),
        with_fake(limits_are_read_by_their_names),
        with_fake(malloc_in_place_of_jemalloc_is_told),
        with_fake(a_kernel_without_the_seal_fails),
        with_fake(rights_are_read_from_the_effective_set),
        with_fake(a_tun_device_must_be_there_and_open),
        with_fake(a_tun_device_that_this_user_may_not_open_is_told),
        with_fake(what_the_kernel_offers_is_told_by_its_errno),
        with_fake(the_self_test_must_be_flawless),
        with_fake(verdicts_follow_what_was_found),
        with_fake(garbage_in_every_file_is_survived),
        with_fake(an_empty_tree_is_survived),
        with_fake(folders_and_pipes_in_place_of_files_are_survived),
        with_fake(a_path_longer_than_paths_are_is_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
