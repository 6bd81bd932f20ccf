/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * memif ports. The driver of DPDK 22.11 says little when a socket cannot be made, and nothing about
 * who has it; so the path is looked at first.
 *
 * A frame never takes two slots here: in 22.11 a slot that was once the first of several keeps the
 * mark, and a later frame in it runs into the next one (upstream f7a52200d4). So a slot holds the
 * longest frame, and longer ones are refused.
 */
#include "port/memif.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SLOT_BYTES_MIN = 2048, RING_LOG2_MAX = 14 };

static struct vtr_memif *servers; /* of this process: interfaces may share a socket by their id */

static int path_of(struct vtr_memif *memif, const struct vtr_spec *spec, struct vtr_error *err)
{
    char cwd[sizeof memif->path] = "";
    const char *target = spec->target;
    bool relative = target[0] != '/', short_cwd = !relative || getcwd(cwd, sizeof cwd) != NULL;
    int n = snprintf(memif->path, sizeof memif->path, "%s%s%s", cwd, relative ? "/" : "", target);
    if (short_cwd && n < (int)sizeof memif->path)
        return 0;
    return vtr_spec_fail_(spec, err, ENAMETOOLONG, "use a shorter path, as under /run",
                          "a socket's path has at most %zu bytes", sizeof memif->path - 1);
}

static bool served_here(const char *path)
{
    for (const struct vtr_memif *m = servers; m != NULL; m = m->next)
        if (strcmp(m->path, path) == 0)
            return true;
    return false;
}

/* Whether a socket is open at the path. A datagram socket asks: the kernel refuses it for its type
 * where one is, and nobody notices. A real connection that ends at once would make net_memif's
 * server close a descriptor that EAL's interrupt thread still has, which aborts the process.
 * @return 0 for no, else a positive errno; EADDRINUSE for yes. */
static int serving(const char *path)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    memcpy(un.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int rc = connect(fd, (struct sockaddr *)&un, sizeof un) == 0 ? EPROTOTYPE : errno;
    close(fd);
    if (rc == ECONNREFUSED || rc == ENOENT)
        return 0;
    return rc == EPROTOTYPE || rc == EPERM ? EADDRINUSE : rc;
}

/* The driver would refuse this too, and keep the device it had begun. */
static int claim_id(const struct vtr_memif *memif, const struct vtr_spec *spec,
                    struct vtr_error *err)
{
    for (const struct vtr_memif *m = servers; m != NULL; m = m->next)
        if (strcmp(m->path, memif->path) == 0 && m->id == memif->id)
            return vtr_spec_fail_(spec, err, EBUSY, "give it another id: ,id=1",
                                  "this process serves id %u of %s", memif->id, memif->path);
    return 0;
}

static int clear_stale(const struct vtr_memif *memif, const struct vtr_spec *spec,
                       struct vtr_error *err)
{
    struct stat st;
    if (served_here(memif->path))
        return claim_id(memif, spec, err);
    if (lstat(memif->path, &st) != 0)
        return 0;
    if (!S_ISSOCK(st.st_mode))
        return vtr_spec_fail_(spec, err, EEXIST, "name a path where nothing is",
                              "%s is there and no socket", memif->path);
    int rc = serving(memif->path);
    if (rc == EADDRINUSE)
        return vtr_spec_fail_(spec, err, EBUSY,
                              "give it another path, or be its client: ,role=client",
                              "another process serves %s", memif->path);
    if (rc == EACCES)
        return vtr_spec_fail_(spec, err, EACCES, "give it another path",
                              "another user's socket is at %s", memif->path);
    if (rc == 0 && unlink(memif->path) != 0)
        rc = errno;
    return rc == 0 ? 0
                   : vtr_spec_fail_(spec, err, rc, "remove it", "a socket is left over at %s: %s",
                                    memif->path, strerror(rc));
}

static int claim_server(const struct vtr_memif *memif, const struct vtr_spec *spec,
                        struct vtr_error *err)
{
    char dir[sizeof memif->path];
    memcpy(dir, memif->path, sizeof dir);
    char *slash = strrchr(dir, '/');
    slash[slash == dir] = '\0';
    if (faccessat(AT_FDCWD, dir, R_OK | W_OK | X_OK, AT_EACCESS) != 0)
        return vtr_spec_fail_(spec, err, errno, "name a directory that this user may write to",
                              "cannot make a socket in %s: %s", dir, strerror(errno));
    return clear_stale(memif, spec, err);
}

static int claim_client(const struct vtr_memif *memif, const struct vtr_spec *spec,
                        struct vtr_error *err)
{
    if (served_here(memif->path))
        return 0;
    int rc = serving(memif->path);
    if (rc == EADDRINUSE)
        return 0;
    if (rc == 0)
        return vtr_spec_fail_(spec, err, ENOENT, "start the server first", "nobody serves %s",
                              memif->path);
    return vtr_spec_fail_(spec, err, rc, NULL, "cannot connect to %s: %s", memif->path,
                          strerror(rc));
}

static unsigned log2_up(unsigned n)
{
    unsigned log2 = 1;
    while (log2 < RING_LOG2_MAX && (1u << log2) < n)
        log2++;
    return log2;
}

/* An odd number of cache lines: slots 2048 bytes apart put every frame's head into the same few
 * cache sets, and a ring of more than 512 of them out of an L2. */
static unsigned slot_stride(uint32_t bytes)
{
    unsigned stride = ((bytes + 63) / 64 | 1) * 64;
    return stride < UINT16_MAX ? stride : UINT16_MAX;
}

int vtr_memif_open_(struct vtr_memif *memif, const struct vtr_spec *spec, unsigned queues,
                    unsigned descs, unsigned bytes, char *args, size_t size, struct vtr_error *err)
{
    char role[8] = "server";
    unsigned log2 = log2_up(descs);
    memset(memif, 0, sizeof *memif);
    vtr_spec_option_(spec, "role", role, sizeof role);
    memif->server = strcmp(role, "server") == 0;
    memif->id = (uint32_t)vtr_spec_number_(spec, "id", 0);
    memif->bytes = bytes < SLOT_BYTES_MIN ? SLOT_BYTES_MIN : (bytes + 63) & ~63u;
    if (memif->bytes > UINT16_MAX)
        memif->bytes = UINT16_MAX;
    /* The driver computes the size of the region it shares in an int. */
    if (((uint64_t)memif->bytes << log2) * 2 * queues > INT32_MAX / 2)
        return vtr_spec_fail_(spec, err, EINVAL, "lower queues, rx_descs, tx_descs or frame_bytes",
                              "its rings would take more than 1 GiB");
    int rc = path_of(memif, spec, err);
    if (rc == 0)
        rc = memif->server ? claim_server(memif, spec, err) : claim_client(memif, spec, err);
    if (rc != 0)
        return rc;
    int n = snprintf(args, size, "socket=%s,socket-abstract=no,bsize=%u,rsize=%u%s%s%s",
                     memif->path, slot_stride(memif->bytes), log2,
                     memif->server ? ",role=server" : "", spec->args[0] != '\0' ? "," : "",
                     spec->args);
    vtr_check(n < (int)size);
    if (memif->server) {
        memif->next = servers;
        servers = memif;
    }
    return 0;
}

void vtr_memif_leave_(struct vtr_memif *memif)
{
    struct vtr_memif **at = &servers;
    while (*at != NULL && *at != memif)
        at = &(*at)->next;
    if (*at != NULL)
        *at = memif->next;
}
