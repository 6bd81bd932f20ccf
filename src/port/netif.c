/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Looking at interfaces before a driver does.
 */
#include "port/netif.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>

#define NEEDS_NO_RIGHTS "null: ring: memif: and pcap: need no rights"

int vtr_netif_check_(const struct vtr_spec *spec, struct vtr_error *err)
{
    if (if_nametoindex(spec->target) == 0)
        return vtr_spec_fail_(spec, err, ENODEV, "ip link  lists the interfaces there are",
                              "there is no interface '%s'", spec->target);
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    int code = fd >= 0 ? 0 : errno;
    if (fd >= 0)
        close(fd);
    if (code == EPERM || code == EACCES)
        return vtr_spec_fail_(
            spec, err, EACCES,
            "run it with sudo, or for af_packet: give it CAP_NET_ADMIN too; " NEEDS_NO_RIGHTS,
            "packet sockets take CAP_NET_RAW, which this process has not");
    return code == 0
               ? 0
               : vtr_spec_fail_(spec, err, code, NULL, "no packet socket: %s", strerror(code));
}

/* Asks the kernel something about an interface. @return whether it answered. */
static bool ask(const char *name, unsigned long what, struct ifreq *ifr)
{
    snprintf(ifr->ifr_name, sizeof ifr->ifr_name, "%.15s", name);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool said = fd >= 0 && ioctl(fd, what, ifr) == 0;
    if (fd >= 0)
        close(fd);
    return said;
}

/* An interface of this name is there: one that persists is taken over. */
static int check_taken(const struct vtr_spec *spec, struct vtr_error *err)
{
    struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
    struct ifreq ifr = { .ifr_data = (char *)&info };
    if (ask(spec->target, SIOCETHTOOL, &ifr) && strcmp(info.driver, "tun") == 0)
        return 0;
    return vtr_spec_fail_(spec, err, EEXIST,
                          "give the tap another name; af_packet: uses what is there",
                          "an interface '%s' is there, and no tap", spec->target);
}

int vtr_netif_check_tap_(const struct vtr_spec *spec, struct vtr_error *err)
{
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    int code = fd >= 0 ? 0 : errno;
    if (fd >= 0)
        close(fd);
    if (code == ENOENT || code == ENODEV)
        return vtr_spec_fail_(spec, err, ENODEV, "sudo modprobe tun", "/dev/net/tun: %s",
                              strerror(code));
    if (code != 0)
        return vtr_spec_fail_(spec, err, code == EPERM ? EACCES : code,
                              "run it with sudo; " NEEDS_NO_RIGHTS, "/dev/net/tun: %s",
                              strerror(code));
    return if_nametoindex(spec->target) != 0 ? check_taken(spec, err) : 0;
}

unsigned vtr_netif_mtu_(const char *name)
{
    struct ifreq ifr = { .ifr_mtu = 0 };
    return ask(name, SIOCGIFMTU, &ifr) && ifr.ifr_mtu > 0 ? (unsigned)ifr.ifr_mtu : 1500;
}
