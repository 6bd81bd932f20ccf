/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The checks of `vitrine doctor`. Each looks at one subject, in the machine's files and in what
 * machine_ask() brought, adds a line or more to the report and notes what follows for the kinds of
 * port. None changes anything.
 * Owner: struct doctor and its report are the caller's. Threads: one.
 */
#ifndef DOCTOR_CHECKS_H
#define DOCTOR_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "doctor/report.h"

/** What comes of sending packets through the library. */
struct self_test {
    bool ports;         /* through a ring; else, in a build without DPDK, through the heap alone */
    uint32_t sent, got; /* got: back, with the bytes that were sent */
    uint32_t copies;    /* of these, at another address */
    uint64_t live;      /* blocks left at the end */
    char why[240];      /* what failed; "" if nothing did */
};

/** What the machine says when asked, beside its files. */
struct machine {
    const char *root;             /* of the files; "" for the machine's own */
    uint64_t pid;                 /* this process's, which is none of the others */
    int xdp, uring;               /* errno of making an AF_XDP socket and an io_uring; 0 if made */
    int tun;                      /* errno of opening /dev/net/tun */
    int membarrier;               /* the commands it has; negative if there is none */
    const char *memory, *why_not; /* private memory: vtr_memory_stat.from and .why */
    char dpdk[32];                /* version of DPDK; "" in a build without it */
    char plugins[256];            /* folder of its drivers; "" if they are linked in */
    char runtime[128];            /* folder in which this user's DPDK processes keep their files */
    struct self_test self;
};

/** Kinds of port. */
enum mode { MODE_NULL, MODE_RING, MODE_PCAP, MODE_MEMIF, MODE_TAP, MODE_AF_PACKET, MODE_AF_XDP,
            MODE_PCI, MODES };

/** What follows for them. */
struct able {
    bool packets;            /* the self test went well, with ports */
    bool driver[MODES];      /* its plugin is there */
    bool net_admin, net_raw; /* capabilities */
    bool programs;           /* CAP_SYS_ADMIN and CAP_IPC_LOCK, for XDP; CAP_BPF is not enough */
    bool xdp;                /* the kernel has AF_XDP */
    bool tun_there, tun;     /* the second: this user may open it */
    bool hugepages;
    bool vfio;
    unsigned nics;       /* that may be offered: on no default route */
    unsigned nics_bound; /* to vfio-pci */
};

struct doctor {
    const struct machine *machine;
    struct report report;
    struct able able;
};

void check_cpu(struct doctor *d);
void check_clock(struct doctor *d);

void check_hugepages(struct doctor *d);
void check_thp(struct doctor *d);
void check_memlock(struct doctor *d);
void check_files(struct doctor *d);
void check_memory(struct doctor *d);

void check_kernel(struct doctor *d);
void check_rights(struct doctor *d);
void check_tun(struct doctor *d);
void check_xdp(struct doctor *d);
void check_uring(struct doctor *d);
void check_membarrier(struct doctor *d);

void check_vfio(struct doctor *d);
void check_nics(struct doctor *d);

void check_dpdk(struct doctor *d);
void check_prefixes(struct doctor *d);

void check_self(struct doctor *d);

/** All of them, in the order in which they are printed. */
void check_all(struct doctor *d);

#endif
