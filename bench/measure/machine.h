/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * machine: what figures depend on and a reader must know: processor, kernel, governor, memory
 * pages, build. Unknown is written as such. Owner: the storage is the caller's. Threads: any.
 */
#ifndef MEASURE_MACHINE_H
#define MEASURE_MACHINE_H

#include <stdbool.h>

struct machine {
    char date[32]; /* ISO 8601, local time with offset */
    char host[64];
    char cpu[96];
    int cpus; /* online */
    char kernel[192];
    char governor[32];
    char hugepages[96];
    const char *commit;
    const char *build; /* meson's build type */
    const char *compiler;
    const char *flags; /* meson's optimisation level and link-time optimisation */
    const char *dpdk;
    bool slow_build; /* figures of such a build mean nothing */
};

/** The commit this was built from; commit.c, made by the build. */
extern const char machine_commit[];

void machine_describe(struct machine *out);

#endif
