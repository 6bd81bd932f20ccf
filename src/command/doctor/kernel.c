/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Checks of the kernel: its release, what this process may ask of it, and what it offers.
 */
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor/checks.h"
#include "doctor/tree.h"

void check_kernel(struct doctor *d)
{
    char release[64];
    unsigned major, minor;
    if (!tree_line(d->machine->root, release, sizeof release, "/proc/sys/kernel/osrelease") ||
        sscanf(release, "%4u.%4u", &major, &minor) != 2) {
        report_add(&d->report, "kernel", STATE_SKIP, "/proc/sys/kernel/osrelease says nothing");
        return;
    }
    bool old = major < 5 || (major == 5 && minor < 1);
    report_add(&d->report, "kernel", old ? STATE_FAIL : STATE_OK, "Linux %s%s", release,
               old ? "; heaps need 5.1, for F_SEAL_FUTURE_WRITE" : "");
}

/* Bits of CapEff: linux/capability.h. */
enum { NET_ADMIN = 12, NET_RAW = 13, IPC_LOCK = 14, SYS_ADMIN = 21, BPF = 39 };

static const struct {
    unsigned bit;
    const char *name;
} capabilities[] = {
    { NET_ADMIN, "CAP_NET_ADMIN" }, { NET_RAW, "CAP_NET_RAW" }, { IPC_LOCK, "CAP_IPC_LOCK" },
    { SYS_ADMIN, "CAP_SYS_ADMIN" }, { BPF, "CAP_BPF" },
};
enum { CAPABILITIES = sizeof capabilities / sizeof capabilities[0] };

static bool effective(const struct doctor *d, unsigned long long *bits)
{
    char status[8192], hex[32], more;
    return tree_read(d->machine->root, status, sizeof status, "/proc/self/status") &&
           tree_value(status, "CapEff", hex, sizeof hex) && strspn(hex, "0123456789abcdef") == 16 &&
           sscanf(hex, "%16llx%c", bits, &more) == 1;
}

void check_rights(struct doctor *d)
{
    unsigned long long bits;
    if (!effective(d, &bits)) {
        report_add(&d->report, "rights", STATE_SKIP, "/proc/self/status does not say which");
        return;
    }
    d->able.net_admin = bits >> NET_ADMIN & 1;
    d->able.net_raw = bits >> NET_RAW & 1;
    d->able.programs = (bits >> IPC_LOCK & 1) && (bits >> SYS_ADMIN & 1);
    bool enough = d->able.net_admin && d->able.net_raw;
    unsigned n = 0;
    report_add(&d->report, "rights", enough ? STATE_OK : STATE_SKIP, "%s", "");
    for (unsigned i = 0; i < CAPABILITIES; i++)
        if (bits >> capabilities[i].bit & 1)
            report_more(&d->report, "%s%s", n++ != 0 ? " " : "", capabilities[i].name);
    if (n == 0)
        report_more(&d->report, "none beyond a plain user's");
    if (!enough)
        report_fix(&d->report, "sudo vitrine ports   # tap and af_packet take CAP_NET_ADMIN and "
                               "CAP_NET_RAW, which setcap can give a program");
}

void check_tun(struct doctor *d)
{
    const struct machine *m = d->machine;
    d->able.tun_there = tree_exists(m->root, "/dev/net/tun") && m->tun != ENODEV;
    d->able.tun = d->able.tun_there && tree_allows(m->root, R_OK | W_OK, "/dev/net/tun") &&
                  m->tun == 0;
    if (d->able.tun) {
        report_add(&d->report, "tun", STATE_OK, "/dev/net/tun opens");
        return;
    }
    if (!d->able.tun_there) {
        report_add(&d->report, "tun", STATE_SKIP, "/dev/net/tun is not there");
        report_fix(&d->report, "sudo modprobe tun");
        return;
    }
    report_add(&d->report, "tun", STATE_SKIP, "/dev/net/tun does not open: %s",
               strerror(m->tun != 0 ? m->tun : EACCES));
    if (m->tun == 0 || m->tun == EACCES)
        report_fix(&d->report, "sudo chmod 0666 /dev/net/tun   # to use it takes CAP_NET_ADMIN "
                               "still");
}

void check_xdp(struct doctor *d)
{
    int error = d->machine->xdp;
    d->able.xdp = error == 0 || error == EPERM || error == EACCES;
    if (error == 0)
        report_add(&d->report, "af_xdp", STATE_OK, "the kernel has it");
    else if (d->able.xdp)
        report_add(&d->report, "af_xdp", STATE_OK, "the kernel has it; it takes root");
    else
        report_add(&d->report, "af_xdp", STATE_SKIP, "no sockets of it: %s", strerror(error));
}

void check_uring(struct doctor *d)
{
    int error = d->machine->uring;
    uint64_t disabled = 0;
    if (error == 0) {
        report_add(&d->report, "io_uring", STATE_OK, "the kernel has it");
        return;
    }
    report_add(&d->report, "io_uring", STATE_SKIP, "%s", strerror(error));
    if (error == EPERM &&
        tree_number(d->machine->root, &disabled, "/proc/sys/kernel/io_uring_disabled") &&
        disabled != 0)
        report_fix(&d->report, "sudo sysctl kernel.io_uring_disabled=0");
}

void check_membarrier(struct doctor *d)
{
    int has = d->machine->membarrier;
    if (has < 0)
        report_add(&d->report, "membarrier", STATE_SKIP, "the kernel has none");
    else if ((has & MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0)
        report_add(&d->report, "membarrier", STATE_OK, "private expedited");
    else
        report_add(&d->report, "membarrier", STATE_WARN, "only the slow kind");
}
