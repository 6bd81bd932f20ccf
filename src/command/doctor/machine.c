/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Asking the kernel and the libraries that are loaded.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/io_uring.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vitrine/memory.h>

#include "doctor/self.h"

/* @return 0, or the errno of what made @p fd, which is closed. */
static int error_of(int fd)
{
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int ask_uring(void)
{
    struct io_uring_params params = { 0 };
    return error_of((int)syscall(SYS_io_uring_setup, 1, &params));
}

#ifdef COMMAND_DPDK
/* "/usr/lib/librte_eal.so.23.0" has its plugins in "/usr/lib/dpdk/pmds-23.0". */
static void ask_plugins(struct machine *m, const void *inside)
{
    Dl_info info;
    char path[PATH_MAX];
    if (dladdr(inside, &info) == 0 || realpath(info.dli_fname, path) == NULL)
        return;
    char *slash = strrchr(path, '/'), *so = strstr(slash, ".so.");
    if (so == NULL || strncmp(slash, "/librte_eal", 11) != 0)
        return; /* linked in */
    *slash = '\0';
    int len = snprintf(m->plugins, sizeof m->plugins, "%s/dpdk/pmds-%s", path, so + 4);
    if (len < 0 || (size_t)len >= sizeof m->plugins)
        m->plugins[0] = '\0';
}

static void ask_dpdk(struct machine *m)
{
    /* The one that runs, which need not be the one that this was built with. */
    const char *(*version)(void) = NULL;
    *(void **)&version = dlsym(RTLD_DEFAULT, "rte_version");
    if (version == NULL) {
        snprintf(m->dpdk, sizeof m->dpdk, COMMAND_DPDK);
        return;
    }
    const char *text = version();
    snprintf(m->dpdk, sizeof m->dpdk, "%s", text + strcspn(text, "0123456789"));
    ask_plugins(m, *(void **)&version);
}
#else
static void ask_dpdk(struct machine *m) { m->dpdk[0] = '\0'; }
#endif

/* Where DPDK of a user who is not root keeps its files. */
static void ask_runtime(struct machine *m)
{
    const char *folder = getenv("XDG_RUNTIME_DIR");
    snprintf(m->runtime, sizeof m->runtime, "%s/dpdk",
             folder != NULL && folder[0] == '/' ? folder : "/tmp");
}

void machine_ask(struct machine *m, const char *root)
{
    struct vtr_memory_stat memory = { .size = sizeof memory };
    *m = (struct machine){ .root = root, .pid = (uint64_t)getpid() };
    m->xdp = error_of(socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0));
    m->uring = ask_uring();
    m->tun = error_of(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    m->membarrier = (int)syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
    vtr_memory_stat(&memory);
    m->memory = memory.from;
    m->why_not = memory.why;
    ask_dpdk(m);
    ask_runtime(m);
}
