/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Checks of DPDK: its version, which drivers lie in its plugin folder, who else runs it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor/checks.h"
#include "doctor/tree.h"

/* A mode's driver; Debian's package of it has '-' for '_', and the ABI's number behind it. */
static const char *const drivers[MODES] = {
    [MODE_NULL] = "null",   [MODE_RING] = "ring", [MODE_PCAP] = "pcap",
    [MODE_MEMIF] = "memif", [MODE_TAP] = "tap",   [MODE_AF_PACKET] = "af_packet",
    [MODE_AF_XDP] = "af_xdp",
};

struct plugins {
    struct doctor *doctor;
    unsigned others;
};

/* "librte_net_null.so", beside links and files with more behind it. */
static void take_plugin(void *arg, const char *name)
{
    static const char before[] = "librte_net_", behind[] = ".so";
    struct plugins *p = arg;
    size_t len = strlen(name), head = sizeof before - 1, tail = sizeof behind - 1;
    if (len <= head + tail || memcmp(name, before, head) != 0 ||
        strcmp(name + len - tail, behind) != 0)
        return;
    for (int mode = 0; mode < MODES; mode++)
        if (drivers[mode] != NULL && strlen(drivers[mode]) == len - head - tail &&
            memcmp(name + head, drivers[mode], len - head - tail) == 0) {
            p->doctor->able.driver[mode] = true;
            return;
        }
    p->others++;
    p->doctor->able.driver[MODE_PCI] = true;
}

/* "/usr/lib/dpdk/pmds-23.0" is of ABI 23. */
static void abi(const char *plugins, char *number, size_t size)
{
    const char *dash = strrchr(plugins, '-');
    size_t n = dash != NULL ? strspn(dash + 1, "0123456789") : 0;
    snprintf(number, size, "%.*s", (int)n, dash != NULL ? dash + 1 : "");
}

static void fix_missing(struct doctor *d)
{
    unsigned n = 0;
    char number[12];
    abi(d->machine->plugins, number, sizeof number);
    for (int mode = 0; mode < MODES; mode++) {
        if (drivers[mode] == NULL || d->able.driver[mode])
            continue;
        char package[32];
        snprintf(package, sizeof package, "%s", drivers[mode]);
        for (char *at = package; (at = strchr(at, '_')) != NULL;)
            *at = '-';
        report_fix(&d->report, "%slibrte-net-%s%s", n++ == 0 ? "sudo apt-get install " : " ",
                   package, number);
    }
    if (n != 0)
        d->report.finding[d->report.n - 1].state = STATE_WARN;
}

void check_dpdk(struct doctor *d)
{
    const struct machine *m = d->machine;
    struct plugins p = { .doctor = d };
    if (m->dpdk[0] == '\0') {
        report_add(&d->report, "dpdk", STATE_WARN, "this build is without: heaps but no ports");
        report_fix(&d->report, "sudo apt-get install libdpdk-dev   # then build vitrine anew");
        return;
    }
    if (m->plugins[0] == '\0') {
        report_add(&d->report, "dpdk", STATE_OK, "%s; drivers: those that are linked in", m->dpdk);
        memset(d->able.driver, true, sizeof d->able.driver);
        return;
    }
    if (!tree_each(m->root, take_plugin, &p, "%s", m->plugins)) {
        report_add(&d->report, "dpdk", STATE_WARN, "%s; its drivers are not in %s", m->dpdk,
                   m->plugins);
        return;
    }
    report_add(&d->report, "dpdk", STATE_OK, "%s shared; drivers:", m->dpdk);
    for (int mode = 0; mode < MODES; mode++)
        if (drivers[mode] != NULL && d->able.driver[mode])
            report_more(&d->report, " %s", drivers[mode]);
    report_more(&d->report, " and %u of devices", p.others);
    fix_missing(d);
}

enum { NAMED = 4 }; /* processes and prefixes that are named; more are counted */

struct others {
    struct doctor *doctor;
    unsigned processes, prefixes;
    char process[NAMED][48], prefix[NAMED][64];
    const char *folder;
};

static void look_at_process(void *arg, const char *name)
{
    struct others *o = arg;
    const char *root = o->doctor->machine->root;
    uint64_t pid;
    char comm[24];
    if (!tree_decimal(name, &pid) || pid == o->doctor->machine->pid ||
        !tree_contains(root, "/librte_eal.so", "/proc/%" PRIu64 "/maps", pid))
        return;
    if (!tree_line(root, comm, sizeof comm, "/proc/%" PRIu64 "/comm", pid))
        snprintf(comm, sizeof comm, "?");
    if (o->processes < NAMED)
        snprintf(o->process[o->processes], sizeof o->process[0], "%" PRIu64 " (%s)", pid, comm);
    o->processes++;
}

/* Who holds the lock of a prefix's configuration runs with it. */
static void look_at_prefix(void *arg, const char *name)
{
    struct others *o = arg;
    const char *root = o->doctor->machine->root;
    char inode[48];
    if (!tree_inode(root, inode, sizeof inode - 1, "%s/%s/config", o->folder, name))
        return;
    strcat(inode, " "); /* the field ends here */
    bool held = tree_contains(root, inode, "/proc/locks");
    if (o->prefixes < NAMED)
        snprintf(o->prefix[o->prefixes], sizeof o->prefix[0], "%.32s (%s)", name,
                 held ? "in use" : "nobody here holds it");
    o->prefixes++;
}

static void add_names(struct report *r, unsigned n, const char *names, size_t stride)
{
    for (unsigned i = 0; i < n && i < NAMED; i++)
        report_more(r, "%s%s", i != 0 ? ", " : " ", names + i * stride);
    if (n > NAMED)
        report_more(r, " and %u more", n - NAMED);
}

void check_prefixes(struct doctor *d)
{
    struct others o = { .doctor = d };
    const char *folders[] = { "/var/run/dpdk", d->machine->runtime };
    if (!tree_each(d->machine->root, look_at_process, &o, "/proc")) {
        report_add(&d->report, "prefixes", STATE_SKIP, "/proc is not to be read");
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        o.folder = folders[i];
        if (folders[i][0] != '\0' && (i == 0 || strcmp(folders[i], folders[0]) != 0))
            tree_each(d->machine->root, look_at_prefix, &o, "%s", o.folder);
    }
    report_add(&d->report, "prefixes", STATE_OK, "%u other DPDK process%s%s", o.processes,
               o.processes == 1 ? "" : "es", o.processes != 0 ? ":" : " that this user may see");
    add_names(&d->report, o.processes, o.process[0], sizeof o.process[0]);
    if (o.prefixes != 0)
        report_more(&d->report, "; prefixes:");
    add_names(&d->report, o.prefixes, o.prefix[0], sizeof o.prefix[0]);
}
