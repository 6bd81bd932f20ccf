/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Starting EAL, and keeping what it logs until somebody asks.
 */
#include "port/eal.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include "base/error.h"
#include "port/pool.h"
#include "port/runtime.h"
#include "port/telemetry.h"

/* EAL's own heap: device records, rings, mempool headers. Address space, touched as it is used. */
#define EAL_MEGABYTES "512"

/* What net_memif and net_tap log at every start without configuration files, and can do without. */
#define NOISE "mp action"

/* The newest end of the log. */
static struct {
    pthread_mutex_t lock;
    uint64_t total; /* bytes ever logged */
    size_t len;
    char text[8192];
} said = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct {
    pid_t pid; /* that started it; 0: nobody yet */
    int rc;    /* of the start, with its reason */
    struct vtr_error err;
} eal;

static ssize_t said_write(void *cookie, const char *text, size_t len)
{
    size_t n = len < sizeof said.text ? len : sizeof said.text;
    pthread_mutex_lock(&said.lock);
    if (n > sizeof said.text - said.len) {
        size_t drop = n - (sizeof said.text - said.len);
        memmove(said.text, said.text + drop, said.len - drop);
        said.len -= drop;
    }
    memcpy(said.text + said.len, text + (len - n), n);
    said.len += n;
    said.total += len;
    pthread_mutex_unlock(&said.lock);
    return (ssize_t)len;
}

uint64_t vtr_eal_mark_(void)
{
    pthread_mutex_lock(&said.lock);
    uint64_t mark = said.total;
    pthread_mutex_unlock(&said.lock);
    return mark;
}

/* Behind "EAL: " or "function(): ", where a line begins with one of them. */
static const char *behind_prefix(const char *line)
{
    const char *colon = strstr(line, ": ");
    bool prefix = colon != NULL && strcspn(line, " \t'/") >= (size_t)(colon - line);
    return prefix ? colon + 2 : line;
}

void vtr_eal_said_(uint64_t mark, char *line, size_t size)
{
    char text[sizeof said.text + 1];
    pthread_mutex_lock(&said.lock);
    uint64_t since = said.total - mark;
    size_t n = since < said.len ? (size_t)since : said.len;
    memcpy(text, said.text + said.len - n, n);
    pthread_mutex_unlock(&said.lock);
    text[n] = '\0';
    line[0] = '\0';
    for (char *rest = text, *next; (next = strsep(&rest, "\n")) != NULL && line[0] == '\0';)
        if (strstr(next, NOISE) == NULL)
            snprintf(line, size, "%s", behind_prefix(next));
}

/* The first CPU that the caller may run on: EAL keeps its own threads away from it. */
static unsigned first_cpu(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
            if (CPU_ISSET(cpu, &set))
                return cpu;
    return 0;
}

/* An address that no device has: an allow-list with it lets EAL touch no PCI device, while one can
 * still be named later, which --no-pci would rule out. */
static void absent_device(char *addr, size_t size)
{
    char path[64];
    for (unsigned function = 7;; function--) {
        snprintf(addr, size, "ffff:ff:1f.%u", function);
        snprintf(path, sizeof path, "/sys/bus/pci/devices/%s", addr);
        if (function == 0 || access(path, F_OK) != 0)
            return;
    }
}

static int eal_init(unsigned cpu)
{
    char prefix[48], option[64], lcores[32], allow[24];
    vtr_runtime_prefix_(prefix, sizeof prefix);
    snprintf(option, sizeof option, "--file-prefix=%s", prefix);
    snprintf(lcores, sizeof lcores, "--lcores=0@%u", cpu);
    absent_device(allow, sizeof allow);
    char name[] = "vitrine", no_huge[] = "--no-huge", no_shconf[] = "--no-shconf";
    char telemetry[] = "--telemetry", no_telemetry[] = "--no-telemetry";
    char iova[] = "--iova-mode=va";
    char m[] = "-m", megabytes[] = EAL_MEGABYTES, a[] = "-a";
    char *argv[] = { name, no_huge, no_shconf, iova, m, megabytes, option, lcores, a, allow,
                     vtr_runtime_has_telemetry_(prefix) ? telemetry : no_telemetry, NULL };
    return rte_eal_init((int)(sizeof argv / sizeof argv[0]) - 1, argv);
}

static int start_failed(uint64_t mark)
{
    char line[160];
    int code = rte_errno != 0 ? rte_errno : ENODEV;
    vtr_eal_said_(mark, line, sizeof line);
    return vtr_error_set_(&eal.err, code,
                          "DPDK starts once in a process: fix the cause, then restart it",
                          "cannot start DPDK: %s", line[0] != '\0' ? line : strerror(code));
}

/* EAL makes its folder and, told so, keeps nothing there but the telemetry socket, which is gone by
 * now: it was made later than this was registered. */
static void tidy(void)
{
    if (eal.pid == getpid())
        rmdir(rte_eal_get_runtime_dir());
}

static void *starter(void *arg)
{
    uint64_t mark = vtr_eal_mark_();
    unsigned cpu = *(unsigned *)arg;
    vtr_runtime_sweep_();
    atexit(tidy);
    eal.rc = eal_init(cpu) < 0 ? start_failed(mark) : vtr_pool_register_(&eal.err);
    if (eal.rc == 0)
        eal.rc = vtr_telemetry_register_();
    return NULL;
}

/* Runs the starter with all signals blocked, which the threads EAL makes inherit: signals are for
 * the program's own threads. */
static int start(void)
{
    static const cookie_io_functions_t io = { .write = said_write };
    FILE *log = fopencookie(NULL, "w", io);
    pthread_t thread;
    sigset_t all, before;
    unsigned cpu = first_cpu();
    if (log == NULL)
        return vtr_error_set_(&eal.err, ENOMEM, NULL, "cannot start DPDK: no memory for its log");
    setvbuf(log, NULL, _IONBF, 0);
    rte_openlog_stream(log);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&thread, NULL, starter, &cpu);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        return vtr_error_set_(&eal.err, rc, NULL, "cannot start DPDK: no thread: %s", strerror(rc));
    pthread_join(thread, NULL);
    return eal.rc;
}

int vtr_eal_start_(struct vtr_error *err)
{
    if (eal.pid == 0) {
        eal.pid = getpid();
        eal.rc = start();
    }
    if (eal.pid != getpid())
        return vtr_error_set_(err, ENODEV, "fork before the first port is opened",
                              "this process was forked from one that had started DPDK");
    if (eal.rc != 0 && err != NULL)
        *err = eal.err;
    return eal.rc;
}
