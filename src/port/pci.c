/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Looking at a PCI device in sysfs: there, a network device, bound to a driver for user space, in
 * an IOMMU group that this user may open.
 */
#include "port/pci.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLASS_NETWORK = 2 };

static __attribute__((format(printf, 2, 3))) const char *path_to(char path[PATH_MAX],
                                                                 const char *form, ...)
{
    va_list args;
    va_start(args, form);
    vsnprintf(path, PATH_MAX, form, args);
    va_end(args);
    return path;
}

/* The last part of what a link of the device leads to. @return whether there is such a link. */
static bool link_of(const char *root, const struct vtr_spec *spec, const char *name, char out[64])
{
    char path[PATH_MAX], to[PATH_MAX];
    path_to(path, "%s/sys/bus/pci/devices/%s/%s", root, spec->target, name);
    ssize_t n = readlink(path, to, sizeof to - 1);
    if (n < 0)
        return false;
    to[n] = '\0';
    const char *slash = strrchr(to, '/');
    snprintf(out, 64, "%.63s", slash != NULL ? slash + 1 : to);
    return true;
}

static long class_of(const char *root, const struct vtr_spec *spec)
{
    char path[PATH_MAX], text[16] = "";
    int fd = open(path_to(path, "%s/sys/bus/pci/devices/%s/class", root, spec->target),
                  O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    return n > 0 ? strtol(text, NULL, 16) >> 16 : -1;
}

/* The interface that the kernel makes of the device; "" if it makes none. */
static void interface_of(const char *root, const struct vtr_spec *spec, char out[64])
{
    char path[PATH_MAX];
    out[0] = '\0';
    DIR *dir = opendir(path_to(path, "%s/sys/bus/pci/devices/%s/net", root, spec->target));
    if (dir == NULL)
        return;
    for (struct dirent *e; out[0] == '\0' && (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.')
            snprintf(out, 64, "%.63s", e->d_name);
    closedir(dir);
}

/* Drivers that leave a device to user space; mlx4 and mlx5 share it with the kernel. */
static bool is_for_user_space(const char *driver)
{
    static const char *const names[] = { "vfio-pci", "uio_pci_generic", "igb_uio", "mlx5_core",
                                         "mlx4_core" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(driver, names[i]) == 0)
            return true;
    return false;
}

static int not_bound(const char *root, const struct vtr_spec *spec, const char *driver,
                     struct vtr_error *err)
{
    char hint[sizeof err->hint], interface[64];
    interface_of(root, spec, interface);
    snprintf(hint, sizeof hint,
             "sudo modprobe vfio-pci && sudo dpdk-devbind.py --bind=vfio-pci %.12s%s%.16s",
             spec->target, interface[0] != '\0' ? "   # takes away " : "", interface);
    if (driver[0] == '\0')
        return vtr_spec_fail_(spec, err, ENODEV, hint, "it is bound to no driver");
    return vtr_spec_fail_(spec, err, EBUSY, hint, "it is not bound to vfio-pci: %s holds it%s%s",
                          driver, interface[0] != '\0' ? " as " : "", interface);
}

static int check_vfio(const char *root, const struct vtr_spec *spec, struct vtr_error *err)
{
    char path[PATH_MAX], group[64], hint[sizeof err->hint], shown[64];
    if (!link_of(root, spec, "iommu_group", group))
        return vtr_spec_fail_(spec, err, ENODEV,
                              "turn the IOMMU on: in the firmware, and intel_iommu=on or "
                              "amd_iommu=on on the kernel's command line",
                              "there is no IOMMU to keep it to the heap's memory");
    if (access(path_to(path, "%s/dev/vfio/vfio", root), F_OK) != 0)
        return vtr_spec_fail_(spec, err, ENODEV, "sudo modprobe vfio-pci", "there is no /dev/vfio");
    snprintf(shown, sizeof shown, "/dev/vfio/%.40s", group);
    if (faccessat(AT_FDCWD, path_to(path, "%s%s", root, shown), R_OK | W_OK, AT_EACCESS) == 0)
        return 0;
    /* A group without an IOMMU behind it has another name. */
    snprintf(shown, sizeof shown, "/dev/vfio/noiommu-%.40s", group);
    if (faccessat(AT_FDCWD, path_to(path, "%s%s", root, shown), R_OK | W_OK, AT_EACCESS) == 0)
        return 0;
    snprintf(shown, sizeof shown, "/dev/vfio/%.40s", group);
    int code = access(path_to(path, "%s%s", root, shown), F_OK) != 0 ? errno : EACCES;
    snprintf(hint, sizeof hint, "sudo chown $USER %s", shown);
    return vtr_spec_fail_(spec, err, code,
                          code == EACCES ? hint : "bind all devices of the group to vfio-pci",
                          "%s: %s", shown, strerror(code));
}

int vtr_pci_check_(const char *root, const struct vtr_spec *spec, struct vtr_error *err)
{
    char path[PATH_MAX], driver[64] = "";
    if (access(path_to(path, "%s/sys/bus/pci/devices/%s", root, spec->target), F_OK) != 0)
        return vtr_spec_fail_(spec, err, ENODEV, "lspci -D  lists the devices",
                              "there is no such device");
    if (class_of(root, spec) != CLASS_NETWORK)
        return vtr_spec_fail_(spec, err, EINVAL, "lspci -D | grep -i -e ethernet -e network",
                              "it is no network device");
    link_of(root, spec, "driver", driver);
    if (!is_for_user_space(driver))
        return not_bound(root, spec, driver, err);
    return strcmp(driver, "vfio-pci") == 0 ? check_vfio(root, spec, err) : 0;
}
