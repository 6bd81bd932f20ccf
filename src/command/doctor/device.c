/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Checks of network cards, and of what lets programs drive them: vfio and the IOMMU.
 * A card that carries the machine's own traffic is never offered.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor/checks.h"
#include "doctor/tree.h"

static void count_group(void *arg, const char *name)
{
    uint64_t number;
    *(unsigned *)arg += tree_decimal(name, &number);
}

/* Devices behind no IOMMU reach all of memory. */
static bool unsafe_mode(const struct doctor *d)
{
    char word[8];
    return tree_line(d->machine->root, word, sizeof word,
                     "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode") &&
           word[0] == 'Y';
}

void check_vfio(struct doctor *d)
{
    static const char iommu[] = "an IOMMU: intel_iommu=on or amd_iommu=on on the kernel's command "
                                "line";
    const char *root = d->machine->root;
    unsigned groups = 0;
    tree_each(root, count_group, &groups, "/sys/kernel/iommu_groups");
    if (!tree_exists(root, "/dev/vfio/vfio")) {
        report_add(&d->report, "vfio", STATE_SKIP, "/dev/vfio/vfio is not there; %u IOMMU groups",
                   groups);
        report_fix(&d->report, "sudo modprobe vfio-pci%s",
                   groups != 0 ? "" : "   # needs an IOMMU, or its noiommu mode");
    } else if (groups == 0 && !unsafe_mode(d)) {
        report_add(&d->report, "vfio", STATE_WARN, "no IOMMU groups; it wants %s", iommu);
        report_fix(&d->report, "echo 1 | sudo tee "
                   "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
    } else {
        d->able.vfio = tree_allows(root, R_OK | W_OK, "/dev/vfio/vfio");
        report_add(&d->report, "vfio", d->able.vfio ? STATE_OK : STATE_WARN, "%u IOMMU groups%s%s",
                   groups, groups == 0 ? "; noiommu mode: devices reach all of memory" : "",
                   d->able.vfio ? "" : "; this user may not open /dev/vfio/vfio");
    }
}

enum { NAME = 64 };

/* One card. */
struct nic {
    struct doctor *doctor;
    char address[16], driver[NAME];
    char interface[NAME]; /* the first; "" if there is none */
    char link[16];
    bool routed; /* on a default route */
};

/* "0000:01:00.0" */
static bool is_address(const char *name)
{
    static const char form[] = "xxxx:xx:xx.x";
    size_t i = 0;
    for (; form[i] != '\0' && name[i] != '\0'; i++)
        if (form[i] == 'x' ? strchr("0123456789abcdef", name[i]) == NULL : form[i] != name[i])
            return false;
    return form[i] == '\0' && name[i] == '\0';
}

/* What may stand in a command. */
static bool is_plain(const char *name)
{
    return name[0] != '-' && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789"
                                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ._-@")] == '\0';
}

static void take_interface(void *arg, const char *name)
{
    struct nic *nic = arg;
    if (nic->interface[0] == '\0')
        snprintf(nic->interface, sizeof nic->interface, "%s", name);
}

/* virtio's are a level further down. */
static void look_in_virtio(void *arg, const char *name)
{
    struct nic *nic = arg;
    if (strncmp(name, "virtio", 6) == 0)
        tree_each(nic->doctor->machine->root, take_interface, nic,
                  "/sys/bus/pci/devices/%s/%s/net", nic->address, name);
}

/* IPv4: "eth0 00000000 gateway ..." with a mask of zero in the eighth field. */
static bool routed4(const struct nic *nic)
{
    static char routes[65536];
    char name[NAME], to[16], mask[16];
    if (!tree_read(nic->doctor->machine->root, routes, sizeof routes, "/proc/net/route"))
        return false;
    for (char *rest = routes, *line; (line = strsep(&rest, "\n")) != NULL;)
        if (sscanf(line, "%63s %15s %*s %*s %*s %*s %*s %15s", name, to, mask) == 3 &&
            strcmp(name, nic->interface) == 0 && strcmp(to, "00000000") == 0 &&
            strcmp(mask, "00000000") == 0)
            return true;
    return false;
}

/* IPv6: destination, prefix, six fields, flags, interface. */
static bool routed6(const struct nic *nic)
{
    static char routes[65536];
    char name[NAME], to[40], prefix[8];
    if (!tree_read(nic->doctor->machine->root, routes, sizeof routes, "/proc/net/ipv6_route"))
        return false;
    for (char *rest = routes, *line; (line = strsep(&rest, "\n")) != NULL;)
        if (sscanf(line, "%39s %7s %*s %*s %*s %*s %*s %*s %*s %63s", to, prefix, name) == 3 &&
            strcmp(name, nic->interface) == 0 && strspn(to, "0") == 32 &&
            strcmp(prefix, "00") == 0)
            return true;
    return false;
}

static void find_out(struct nic *nic)
{
    const char *root = nic->doctor->machine->root;
    if (!tree_link(root, nic->driver, sizeof nic->driver, "/sys/bus/pci/devices/%s/driver",
                   nic->address))
        nic->driver[0] = '\0';
    tree_each(root, take_interface, nic, "/sys/bus/pci/devices/%s/net", nic->address);
    tree_each(root, look_in_virtio, nic, "/sys/bus/pci/devices/%s", nic->address);
    if (nic->interface[0] == '\0')
        return;
    if (!tree_line(root, nic->link, sizeof nic->link, "/sys/class/net/%s/operstate",
                   nic->interface))
        snprintf(nic->link, sizeof nic->link, "unknown");
    nic->routed = routed4(nic) || routed6(nic);
}

static void add_bound(struct nic *nic)
{
    struct doctor *d = nic->doctor;
    d->able.nics_bound++;
    report_more(&d->report, ": left to DPDK as pci:%s", nic->address);
}

/* It has an interface of the kernel's. */
static void add_interface(struct nic *nic)
{
    struct doctor *d = nic->doctor;
    struct finding *f = &d->report.finding[d->report.n - 1];
    bool beside = strncmp(nic->driver, "mlx", 3) == 0; /* DPDK's drives it with the kernel's */
    bool up = strcmp(nic->link, "up") == 0;
    if (nic->routed) {
        f->state = STATE_WARN;
        report_more(&d->report, ", %s is in use (default route): not offered", nic->interface);
        return;
    }
    d->able.nics++;
    report_more(&d->report, ", %s is %s", nic->interface, nic->link);
    if (beside)
        report_more(&d->report, "; DPDK uses it beside the kernel");
    else if (up) {
        f->state = STATE_WARN;
        report_more(&d->report, ": somebody may be using it");
    }
    if (!beside && is_plain(nic->interface))
        report_fix(&d->report, "sudo ip link set %s down && sudo dpdk-devbind.py -b vfio-pci %s",
                   nic->interface, nic->address);
}

static void identity(const struct nic *nic, char *text, size_t size)
{
    char vendor[16], device[16];
    const char *root = nic->doctor->machine->root;
    bool known = tree_line(root, vendor, sizeof vendor, "/sys/bus/pci/devices/%s/vendor",
                           nic->address) &&
                 tree_line(root, device, sizeof device, "/sys/bus/pci/devices/%s/device",
                           nic->address) &&
                 strncmp(vendor, "0x", 2) == 0 && strncmp(device, "0x", 2) == 0;
    if (known)
        snprintf(text, size, "[%s:%s]", vendor + 2, device + 2);
    else
        snprintf(text, size, "[?]");
}

static void check_nic(void *arg, const char *name)
{
    struct doctor *d = arg;
    struct nic nic = { .doctor = d };
    char class[16], is[40];
    if (!is_address(name) ||
        !tree_line(d->machine->root, class, sizeof class, "/sys/bus/pci/devices/%s/class", name) ||
        strncmp(class, "0x02", 4) != 0) /* network controllers */
        return;
    memcpy(nic.address, name, strlen(name) + 1);
    find_out(&nic);
    identity(&nic, is, sizeof is);
    report_add(&d->report, "nic", STATE_OK, "%s %s, driver %s", name, is,
               nic.driver[0] != '\0' ? nic.driver : "none");
    if (nic.interface[0] != '\0')
        add_interface(&nic);
    else if (strcmp(nic.driver, "vfio-pci") == 0)
        add_bound(&nic);
    else {
        d->able.nics++;
        report_fix(&d->report, "sudo dpdk-devbind.py -b vfio-pci %s", name);
    }
}

void check_nics(struct doctor *d)
{
    unsigned before = d->report.n;
    if (!tree_each(d->machine->root, check_nic, d, "/sys/bus/pci/devices"))
        report_add(&d->report, "nic", STATE_SKIP, "/sys/bus/pci/devices is not to be read");
    else if (d->report.n == before)
        report_add(&d->report, "nic", STATE_SKIP, "no network card on the PCI bus");
}
