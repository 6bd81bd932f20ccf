/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The folder of DPDK's for a process. Where it lies is decided as EAL 22.11 does.
 */
#include "port/runtime.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PREFIX "vtr-"
#define SOCKET "dpdk_telemetry.v2"

/* @return whether it is not too long for a socket's address. */
static bool path_of(char path[PATH_MAX], const char *prefix, const char *name)
{
    const char *base = getenv("RUNTIME_DIRECTORY"), *user = getenv("XDG_RUNTIME_DIR");
    if (base == NULL && getuid() == 0)
        base = "/var/run";
    else if (base == NULL)
        base = user != NULL ? user : "/tmp";
    int n = snprintf(path, PATH_MAX, "%s/dpdk/%s/%s", base, prefix, name);
    return n > 0 && (size_t)n < sizeof(((struct sockaddr_un *)0)->sun_path);
}

void vtr_runtime_prefix_(char *prefix, size_t size)
{
    snprintf(prefix, size, PREFIX "%ld", (long)getpid());
}

bool vtr_runtime_has_telemetry_(const char *prefix)
{
    char path[PATH_MAX];
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        close(fd);
    return fd >= 0 && path_of(path, prefix, SOCKET);
}

/* Whether a socket is there that nobody has open. A datagram socket asks, which whoever listens
 * does not notice: the kernel refuses it for its type. */
static bool is_left(const char *path)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    memcpy(un.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool left = fd >= 0 && connect(fd, (struct sockaddr *)&un, sizeof un) != 0 &&
                errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return left;
}

static void sweep_one(const char *prefix)
{
    char path[PATH_MAX];
    if (!path_of(path, prefix, SOCKET) || !is_left(path) || unlink(path) != 0)
        return;
    *strrchr(path, '/') = '\0';
    rmdir(path);
}

void vtr_runtime_sweep_(void)
{
    char path[PATH_MAX];
    path_of(path, "", "");
    DIR *dir = opendir(path);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
        if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) == 0)
            sweep_one(e->d_name);
    if (dir != NULL)
        closedir(dir);
}
