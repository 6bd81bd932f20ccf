/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The checks of `vitrine doctor` that concern cards, vfio, DPDK and its other processes.
 */
#include "checks.h"

#include <sys/sysmacros.h>

#include "doctor/modes.h"

#define DEVICES "/sys/bus/pci/devices/"

static void put_nic(const struct fake *f, const char *address, const char *driver,
                    const char *interface, const char *link)
{
    char path[256], target[128];
    snprintf(path, sizeof path, DEVICES "%s/class", address);
    put(f, path, "0x020000\n");
    snprintf(path, sizeof path, DEVICES "%s/vendor", address);
    put(f, path, "0x8086\n");
    snprintf(path, sizeof path, DEVICES "%s/device", address);
    put(f, path, "0x10d3\n");
    if (driver != NULL) {
        snprintf(path, sizeof path, DEVICES "%s/driver", address);
        snprintf(target, sizeof target, "../../../bus/pci/drivers/%s", driver);
        put_link(f, path, target);
    }
    if (interface != NULL) {
        snprintf(path, sizeof path, DEVICES "%s/net/%s/address", address, interface);
        put(f, path, "");
        snprintf(path, sizeof path, "/sys/class/net/%s/operstate", interface);
        put(f, path, link);
    }
}

static void without_a_card_the_bus_is_empty(void **state)
{
    struct fake *f = *state;
    check_nics(&f->d);
    assert_line(f, 0, "nic", STATE_SKIP, "/sys/bus/pci/devices is not to be read", "");
    put(f, DEVICES "0000:00:00.0/class", "0x060000\n");
    put(f, DEVICES "0000:00:01.0/vendor", "0x8086\n"); /* of no class */
    check_nics(&f->d);
    assert_line(f, 1, "nic", STATE_SKIP, "no network card on the PCI bus", "");
}

static void the_card_of_the_default_route_is_not_offered(void **state)
{
    struct fake *f = *state;
    put_nic(f, "0000:01:00.0", "e1000e", "eth0", "up\n");
    put(f, "/proc/net/route",
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
        "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n");
    check_nics(&f->d);
    assert_line(f, 0, "nic", STATE_WARN, "0000:01:00.0 [8086:10d3], driver e1000e, eth0 is in use "
                                         "(default route): not offered", "");
    assert_int_equal(f->d.able.nics, 0);
}

static void so_is_that_of_the_default_route_of_ipv6(void **state)
{
    struct fake *f = *state;
    put_nic(f, "0000:01:00.0", "e1000e", "eth0", "up\n");
    put(f, "/proc/net/ipv6_route",
        "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
        "fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n");
    check_nics(&f->d);
    assert_int_equal(last(f)->state, STATE_WARN);
    assert_int_equal(f->d.able.nics, 0);
}

static void a_route_to_a_part_of_the_world_is_no_default_route(void **state)
{
    struct fake *f = *state;
    put_nic(f, "0000:01:00.0", "e1000e", "eth0", "down\n");
    put(f, "/proc/net/route", "eth0 00000000 0 0001 0 0 0 00000080 0 0 0\n"
                              "eth0 0000A8C0 0 0001 0 0 0 00000000 0 0 0\n"
                              "eth01 00000000 0 0001 0 0 0 00000000 0 0 0\n");
    put(f, "/proc/net/ipv6_route",
        "fe800000000000000000000000000000 00 00000000000000000000000000000000 00 "
        "00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n"
        "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
        "00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth01\n"
        "00000000000000000000000000000000 40 00000000000000000000000000000000 00 "
        "00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n");
    check_nics(&f->d);
    assert_line(f, 0, "nic", STATE_OK,
                "0000:01:00.0 [8086:10d3], driver e1000e, eth0 is down",
                "sudo ip link set eth0 down && sudo dpdk-devbind.py -b vfio-pci 0000:01:00.0");
    assert_int_equal(f->d.able.nics, 1);
}

static void two_cards_are_two_lines(void **state)
{
    struct fake *f = *state;
    put_nic(f, "0000:02:00.0", "vfio-pci", NULL, NULL);
    put_nic(f, "0000:01:00.0", "ixgbe", "eth1", "up\n");
    put_nic(f, "0000:03:00.1", NULL, NULL, NULL);
    put_nic(f, "0000:04:00.0", "mlx5_core", "eth2", "up\n");
    check_nics(&f->d);
    assert_int_equal(f->d.report.n, 4);
    assert_line(f, 0, "nic", STATE_WARN, "0000:01:00.0 [8086:10d3], driver ixgbe, eth1 is up: "
                                         "somebody may be using it",
                "sudo ip link set eth1 down && sudo dpdk-devbind.py -b vfio-pci 0000:01:00.0");
    assert_line(f, 1, "nic", STATE_OK, "0000:02:00.0 [8086:10d3], driver vfio-pci: left to DPDK as "
                                       "pci:0000:02:00.0", "");
    assert_line(f, 2, "nic", STATE_OK, "0000:03:00.1 [8086:10d3], driver none",
                "sudo dpdk-devbind.py -b vfio-pci 0000:03:00.1");
    assert_line(f, 3, "nic", STATE_OK, "0000:04:00.0 [8086:10d3], driver mlx5_core, eth2 is up; "
                                       "DPDK uses it beside the kernel", "");
    assert_int_equal(f->d.able.nics_bound, 1);
}

static void the_interface_of_virtio_lies_deeper(void **state)
{
    struct fake *f = *state;
    put_nic(f, "0000:01:00.0", "virtio-pci", NULL, NULL);
    put(f, DEVICES "0000:01:00.0/virtio2/net/ens3/address", "");
    check_nics(&f->d);
    assert_non_null(strstr(last(f)->fact, ", ens3 is unknown"));
}

static void the_first_of_two_interfaces_is_named(void **state)
{
    struct fake *f = *state;
    put_nic(f, "0000:01:00.0", "mlx4_core", "eth0", "up\n");
    put(f, DEVICES "0000:01:00.0/net/eth1/address", "");
    check_nics(&f->d);
    assert_non_null(strstr(last(f)->fact, ", eth0 is up"));
}

static void a_card_of_no_vendor_is_shown_all_the_same(void **state)
{
    struct fake *f = *state;
    put_nic(f, "0000:01:00.0", NULL, NULL, NULL);
    put_link(f, DEVICES "0000:01:00.0/driver", "plain");
    put(f, DEVICES "0000:01:00.0/device", "10d3\n");
    check_nics(&f->d);
    assert_line(f, 0, "nic", STATE_OK, "0000:01:00.0 [?], driver plain",
                "sudo dpdk-devbind.py -b vfio-pci 0000:01:00.0");
    put(f, DEVICES "0000:01:00.0/vendor", "8086\n");
    check_nics(&f->d);
    assert_non_null(strstr(last(f)->fact, "[?]"));
}

static void names_that_a_shell_would_run_are_in_no_command(void **state)
{
    struct fake *f = *state;
    put_nic(f, "0000:01:00.0", "e1000e", "$(reboot)", "down\n");
    put(f, DEVICES "0000:02:00.0;reboot/class", "0x020000\n");
    put(f, DEVICES "0000:03:00.0.1/class", "0x020000\n");
    put(f, DEVICES "0000:03:00/class", "0x020000\n");
    put(f, DEVICES "x/class", "0x020000\n");
    put_nic(f, "0000:04:00.0", "e1000e", "-all", "down\n");
    check_nics(&f->d);
    assert_int_equal(f->d.report.n, 2);
    assert_string_equal(f->d.report.finding[0].fix, "");
    assert_string_equal(last(f)->fix, "");
}

static void vfio_wants_an_iommu_or_its_unsafe_mode(void **state)
{
    struct fake *f = *state;
    check_vfio(&f->d);
    assert_line(f, 0, "vfio", STATE_SKIP, "/dev/vfio/vfio is not there; 0 IOMMU groups",
                "sudo modprobe vfio-pci   # needs an IOMMU, or its noiommu mode");
    put(f, "/dev/vfio/vfio", "");
    check_vfio(&f->d);
    assert_int_equal(last(f)->state, STATE_WARN);
    put(f, "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "N\n");
    check_vfio(&f->d);
    assert_int_equal(last(f)->state, STATE_WARN);
    assert_false(f->d.able.vfio);
    put(f, "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
    check_vfio(&f->d);
    assert_line(f, 3, "vfio", STATE_OK, "0 IOMMU groups; noiommu mode: devices reach all of memory",
                "");
    put(f, "/sys/kernel/iommu_groups/0/type", "DMA\n");
    put(f, "/sys/kernel/iommu_groups/11/type", "DMA\n");
    put(f, "/sys/kernel/iommu_groups/garbage/type", "DMA\n");
    check_vfio(&f->d);
    assert_line(f, 4, "vfio", STATE_OK, "2 IOMMU groups", "");
    assert_true(f->d.able.vfio);
}

static void a_vfio_that_does_not_open_is_told(void **state)
{
    struct fake *f = *state;
    char path[64];
    bool root = geteuid() == 0; /* who may do anything */
    put(f, "/sys/kernel/iommu_groups/0/type", "DMA\n");
    check_vfio(&f->d);
    assert_string_equal(last(f)->fix, "sudo modprobe vfio-pci");
    put(f, "/dev/vfio/vfio", "");
    snprintf(path, sizeof path, "%s/dev/vfio/vfio", f->root);
    assert_int_equal(chmod(path, 0), 0);
    assert_int_equal(root ? seteuid(65534) : 0, 0);
    check_vfio(&f->d);
    assert_int_equal(root ? seteuid(0) : 0, 0);
    assert_line(f, 1, "vfio", STATE_WARN, "1 IOMMU groups; this user may not open /dev/vfio/vfio",
                "");
}

static void cards_without_vfio_are_said_to_want_it(void **state)
{
    static const struct able machines[] = { { .nics = 1 }, { .nics_bound = 1 }, { .nics = 0 } };
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct able able = machines[i];
        char text[1024] = "";
        FILE *to = fmemopen(text, sizeof text, "w");
        memset(able.driver, able.packets = true, sizeof able.driver);
        modes_print(&able, to);
        fclose(to);
        assert_non_null(strstr(text, i < 2 ? "after what is said of nic" : "none of to spare"));
    }
}

static void missing_drivers_are_named_by_their_packages(void **state)
{
    struct fake *f = *state;
    check_dpdk(&f->d);
    assert_line(f, 0, "dpdk", STATE_WARN, "22.11.11; its drivers are not in /lib/pmds-23.0", "");
    static const char *const there[] = { "null", "ring", "memif", "tap", "ixgbe", "i40e" };
    char path[128];
    for (unsigned i = 0; i < 6; i++) {
        snprintf(path, sizeof path, "/lib/pmds-23.0/librte_net_%s.so", there[i]);
        put(f, path, "");
        snprintf(path, sizeof path, "/lib/pmds-23.0/librte_net_%s.so.23.0", there[i]);
        put(f, path, "");
    }
    put(f, "/lib/pmds-23.0/librte_bus_pci.so", "");
    put(f, "/lib/pmds-23.0/librte_net_.so", "");
    put(f, "/lib/pmds-23.0/.so", "");
    check_dpdk(&f->d);
    assert_line(f, 1, "dpdk", STATE_WARN,
                "22.11.11 shared; drivers: null ring memif tap and 2 of devices",
                "sudo apt-get install librte-net-pcap23 librte-net-af-packet23 "
                "librte-net-af-xdp23");
    assert_true(f->d.able.driver[MODE_PCI] && !f->d.able.driver[MODE_PCAP]);
    put(f, "/lib/pmds-23.0/librte_net_pcap.so", "");
    put(f, "/lib/pmds-23.0/librte_net_af_packet.so", "");
    put(f, "/lib/pmds-23.0/librte_net_af_xdp.so", "");
    check_dpdk(&f->d);
    assert_int_equal(last(f)->state, STATE_OK);
}

static void a_build_without_dpdk_says_so(void **state)
{
    struct fake *f = *state;
    f->m.dpdk[0] = '\0';
    check_dpdk(&f->d);
    assert_int_equal(last(f)->state, STATE_WARN);
    assert_non_null(strstr(last(f)->fix, "libdpdk-dev"));
    assert_false(f->d.able.driver[MODE_NULL]);
}

static void drivers_that_are_linked_in_are_all_there(void **state)
{
    struct fake *f = *state;
    f->m.plugins[0] = '\0';
    check_dpdk(&f->d);
    assert_line(f, 0, "dpdk", STATE_OK, "22.11.11; drivers: those that are linked in", "");
    assert_true(f->d.able.driver[MODE_NULL] && f->d.able.driver[MODE_PCI]);
}

static void packages_of_an_unknown_abi_have_no_number(void **state)
{
    struct fake *f = *state;
    snprintf(f->m.plugins, sizeof f->m.plugins, "/lib/pmds");
    put(f, "/lib/pmds/librte_net_null.so", "");
    check_dpdk(&f->d);
    assert_non_null(strstr(last(f)->fix, " librte-net-pcap "));
}

static void other_processes_are_named_and_this_one_is_not(void **state)
{
    static const char maps[] = "7f0000-7f1000 r-xp 0 08:01 5 /usr/lib/librte_eal.so.23.0\n";
    struct fake *f = *state;
    put(f, "/proc/100/maps", maps);
    put(f, "/proc/1234/maps", maps);
    put(f, "/proc/1234/comm", "dpdk-\033[31mtest\tpmd\n");
    put(f, "/proc/77/maps", "7f0000-7f1000 r-xp 0 08:01 5 /usr/lib/libc.so.6\n");
    put(f, "/proc/sys/maps", maps);
    check_prefixes(&f->d);
    assert_line(f, 0, "prefixes", STATE_OK, "1 other DPDK process: 1234 (dpdk-?[31mtest pmd)", "");
    for (char path[] = "/proc/1/maps"; path[6] <= '5'; path[6]++)
        put(f, path, maps);
    check_prefixes(&f->d);
    assert_non_null(strstr(last(f)->fact, "6 other DPDK processes: 1 (?), 1234 (dpdk-?"));
    assert_non_null(strstr(last(f)->fact, " and 2 more"));
}

static void a_library_named_across_two_reads_is_seen(void **state)
{
    enum { CHUNK = 64 << 10 };
    static const char name[] = "/librte_eal.so";
    struct fake *f = *state;
    char *bytes = malloc(2 * CHUNK);
    for (unsigned cut = 0; cut <= sizeof name - 1; cut++) {
        memset(bytes, 'x', 2 * CHUNK);
        memcpy(bytes + CHUNK - cut, name, sizeof name - 1);
        put_bytes(f, "/proc/7/maps", bytes, 2 * CHUNK);
        check_prefixes(&f->d);
        assert_non_null(strstr(last(f)->fact, "1 other DPDK process: 7"));
    }
    free(bytes);
}

static void a_prefix_is_in_use_while_its_lock_is_held(void **state)
{
    struct fake *f = *state;
    char path[128], locks[160];
    struct stat st;
    put(f, "/var/run/dpdk/rte/config", "");
    put(f, "/run/user/1/dpdk/old/config", "");
    put(f, "/run/user/1/dpdk/empty/x", "");
    snprintf(path, sizeof path, "%s/var/run/dpdk/rte/config", f->root);
    assert_int_equal(stat(path, &st), 0);
    snprintf(locks, sizeof locks, "1: POSIX  ADVISORY  WRITE 1234 %02x:%02x:%lu 0 EOF\n",
             major(st.st_dev), minor(st.st_dev), (unsigned long)st.st_ino);
    put(f, "/proc/locks", locks);
    check_prefixes(&f->d);
    assert_line(f, 0, "prefixes", STATE_OK,
                "0 other DPDK processes that this user may see; prefixes: rte (in use), "
                "old (nobody here holds it)", "");
    snprintf(f->m.runtime, sizeof f->m.runtime, "/var/run/dpdk"); /* not twice */
    check_prefixes(&f->d);
    assert_non_null(strstr(last(f)->fact, "; prefixes: rte (in use)"));
    assert_null(strstr(last(f)->fact, "old"));
    f->m.runtime[0] = '\0';
    check_prefixes(&f->d);
    assert_null(strstr(last(f)->fact, "old"));
}

static void more_prefixes_than_there_is_room_for_are_counted(void **state)
{
    struct fake *f = *state;
    char path[400];
    put(f, "/proc/locks", "");
    for (unsigned i = 0; i < 9; i++) {
        snprintf(path, sizeof path, "/var/run/dpdk/%0*u/config", i == 0 ? 200 : 3, i);
        put(f, path, "");
    }
    check_prefixes(&f->d);
    if (strstr(last(f)->fact, " and 5 more") == NULL)
        fail_msg("%s", last(f)->fact);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_fake(without_a_card_the_bus_is_empty),
        with_fake(the_card_of_the_default_route_is_not_offered),
        with_fake(so_is_that_of_the_default_route_of_ipv6),
        with_fake(a_route_to_a_part_of_the_world_is_no_default_route),
        with_fake(two_cards_are_two_lines),
        with_fake(the_interface_of_virtio_lies_deeper),
        with_fake(the_first_of_two_interfaces_is_named),
        with_fake(a_card_of_no_vendor_is_shown_all_the_same),
        with_fake(names_that_a_shell_would_run_are_in_no_command),
        with_fake(vfio_wants_an_iommu_or_its_unsafe_mode),
        with_fake(a_vfio_that_does_not_open_is_told),
        cmocka_unit_test(cards_without_vfio_are_said_to_want_it),
        with_fake(missing_drivers_are_named_by_their_packages),
        with_fake(a_build_without_dpdk_says_so),
        with_fake(drivers_that_are_linked_in_are_all_there),
        with_fake(packages_of_an_unknown_abi_have_no_number),
        with_fake(other_processes_are_named_and_this_one_is_not),
        with_fake(a_library_named_across_two_reads_is_seen),
        with_fake(a_prefix_is_in_use_while_its_lock_is_held),
        with_fake(more_prefixes_than_there_is_room_for_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
