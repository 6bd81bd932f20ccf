/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Reading /proc, /sys and what the build passed on.
 */
#include "measure/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

/* The value of the first line of @p path that begins with @p key, up to its end. */
static void find(const char *path, const char *key, char *to, size_t room)
{
    char line[256];
    snprintf(to, room, "unknown");
    FILE *f = fopen(path, "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        const char *value = line + strlen(key);
        value += strspn(value, " \t:");
        snprintf(to, room, "%.*s", (int)strcspn(value, "\n"), value);
        break;
    }
    if (f != NULL)
        fclose(f);
}

static void tell_date(struct machine *m)
{
    time_t now = time(NULL);
    struct tm tm;
    localtime_r(&now, &tm);
    strftime(m->date, sizeof m->date, "%Y-%m-%dT%H:%M:%S%z", &tm);
}

void machine_describe(struct machine *out)
{
    char thp[48], pages[8];
    struct utsname u;
    struct machine m = { .commit = machine_commit,
                         .build = MEASURE_BUILDTYPE,
                         .compiler = COMPILER,
                         .flags = MEASURE_FLAGS,
                         .dpdk = MEASURE_DPDK_VERSION,
                         .cpus = (int)sysconf(_SC_NPROCESSORS_ONLN),
                         .slow_build = MEASURE_SLOW_BUILD };
    tell_date(&m);
    gethostname(m.host, sizeof m.host - 1);
    find("/proc/cpuinfo", "model name", m.cpu, sizeof m.cpu);
    find("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "", m.governor,
         sizeof m.governor);
    find("/proc/sys/vm/nr_hugepages", "", pages, sizeof pages);
    find("/sys/kernel/mm/transparent_hugepage/shmem_enabled", "", thp, sizeof thp);
    snprintf(m.hugepages, sizeof m.hugepages, "%s reserved; shmem %s", pages, thp);
    uname(&u);
    snprintf(m.kernel, sizeof m.kernel, "%s %s", u.sysname, u.release);
    *out = m;
}
