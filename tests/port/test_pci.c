/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * port: what is said of a PCI device that cannot be opened, by what sysfs and /dev would say.
 */
#include "ports.h"

#include "port/pci.h"

#define ADDR "0000:01:00.0"
#define DEVICE "sys/bus/pci/devices/" ADDR

static char root[32];

static int fake_begin(void **state)
{
    snprintf(root, sizeof root, "/tmp/vitrine-test-XXXXXX");
    return mkdtemp(root) == NULL;
}

static int fake_end(void **state)
{
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", root);
    return system(command);
}

/* Shell, in the fake root. */
static void fake(const char *commands)
{
    char command[512];
    snprintf(command, sizeof command, "cd %s && %s", root, commands);
    assert_int_equal(system(command), 0);
}

static void fake_device(const char *driver)
{
    char commands[256];
    fake("mkdir -p " DEVICE " && echo 0x020000 >" DEVICE "/class");
    snprintf(commands, sizeof commands, "ln -s ../drivers/%s " DEVICE "/driver", driver);
    fake(commands);
}

static void check(int rc, const char *what, const char *hint)
{
    struct vtr_spec spec = { .target = ADDR, .shown = "pci:" ADDR };
    struct vtr_error err = { 0 };
    assert_int_equal(vtr_pci_check_(root, &spec, &err), rc);
    assert_non_null(strstr(err.what, what));
    assert_string_equal(err.hint, hint);
}

static void a_device_that_is_not_there_is_said_to_be_absent(void **state)
{
    check(-ENODEV, "there is no such device", "lspci -D  lists the devices");
}

static void a_disk_is_no_network_device(void **state)
{
    fake("mkdir -p " DEVICE " && echo 0x010802 >" DEVICE "/class");
    check(-EINVAL, "it is no network device", "lspci -D | grep -i -e ethernet -e network");
}

static void the_driver_that_holds_a_device_is_named_with_the_way_out(void **state)
{
    fake_device("e1000e");
    fake("mkdir -p " DEVICE "/net/eth7");
    check(-EBUSY, "it is not bound to vfio-pci: e1000e holds it as eth7",
          "sudo modprobe vfio-pci && sudo dpdk-devbind.py --bind=vfio-pci " ADDR
          "   # takes away eth7");
}

static void a_device_without_a_driver_is_told_how_to_get_one(void **state)
{
    fake("mkdir -p " DEVICE " && echo 0x020000 >" DEVICE "/class");
    check(-ENODEV, "it is bound to no driver",
          "sudo modprobe vfio-pci && sudo dpdk-devbind.py --bind=vfio-pci " ADDR);
}

static void without_an_iommu_nothing_is_opened(void **state)
{
    fake_device("vfio-pci");
    check(-ENODEV, "there is no IOMMU to keep it to the heap's memory",
          "turn the IOMMU on: in the firmware, and intel_iommu=on or amd_iommu=on on the kernel's "
          "command line");
}

static void a_group_that_may_not_be_opened_is_named(void **state)
{
    fake_device("vfio-pci");
    fake("ln -s ../../kernel/iommu_groups/12 " DEVICE "/iommu_group");
    check(-ENODEV, "there is no /dev/vfio", "sudo modprobe vfio-pci");
    fake("mkdir -p dev/vfio && touch dev/vfio/vfio");
    check(-ENOENT, "/dev/vfio/12: No such file", "bind all devices of the group to vfio-pci");
    fake("touch dev/vfio/12 && chmod 0 dev/vfio/12");
    if (geteuid() != 0)
        check(-EACCES, "/dev/vfio/12: Permission denied", "sudo chown $USER /dev/vfio/12");
    fake("chmod 600 dev/vfio/12");
    check(0, "", "");
}

static void a_group_without_an_iommu_behind_it_has_another_name(void **state)
{
    fake_device("vfio-pci");
    fake("ln -s ../../kernel/iommu_groups/3 " DEVICE "/iommu_group");
    fake("mkdir -p dev/vfio && touch dev/vfio/vfio dev/vfio/noiommu-3");
    check(0, "", "");
}

static void a_driver_that_shares_its_device_is_allowed(void **state)
{
    fake_device("mlx5_core");
    check(0, "", "");
}

#define with_root(test) cmocka_unit_test_setup_teardown(test, fake_begin, fake_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_root(a_device_that_is_not_there_is_said_to_be_absent),
        with_root(a_disk_is_no_network_device),
        with_root(the_driver_that_holds_a_device_is_named_with_the_way_out),
        with_root(a_device_without_a_driver_is_told_how_to_get_one),
        with_root(without_an_iommu_nothing_is_opened),
        with_root(a_group_that_may_not_be_opened_is_named),
        with_root(a_group_without_an_iommu_behind_it_has_another_name),
        with_root(a_driver_that_shares_its_device_is_allowed),
    };
    return cmocka_run_group_tests_name("pci", tests, NULL, NULL);
}
