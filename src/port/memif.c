/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * A memif's path and options: what lies at the path is looked at before anything is done to it.
 */
#include "port/memif.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_ether.h>

#include "heap/block.h"

enum { SLOT_BYTES_MIN = 2048 };

struct vtr_memif *vtr_memif_servers_; /* of this process: they may share a socket by their id */

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
    for (const struct vtr_memif *m = vtr_memif_servers_; m != NULL; m = m->next)
        if (strcmp(m->path, path) == 0)
            return true;
    return false;
}

/* Whether a socket is open at the path. A datagram socket asks: the kernel refuses it for its type
 * where one is, and nobody notices. A real connection that ends at once would make a server that
 * is net_memif of DPDK 22.11 close a descriptor that EAL's interrupt thread still has, which aborts
 * its process.
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

static int claim_id(const struct vtr_memif *memif, const struct vtr_spec *spec,
                    struct vtr_error *err)
{
    for (const struct vtr_memif *m = vtr_memif_servers_; m != NULL; m = m->next)
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
    while (log2 < VTR_MEMIF_LOG2_MAX && (1u << log2) < n)
        log2++;
    return log2;
}

static void mac_of(struct vtr_memif *memif, const struct vtr_spec *spec)
{
    char text[18];
    struct rte_ether_addr mac;
    if (!vtr_spec_option_(spec, "mac", text, sizeof text) ||
        rte_ether_unformat_addr(text, &mac) != 0)
        rte_eth_random_addr(mac.addr_bytes);
    memcpy(memif->mac, mac.addr_bytes, sizeof memif->mac);
}

static void read_options(struct vtr_memif *memif, const struct vtr_spec *spec,
                         const struct vtr_memif_opts *opts)
{
    char role[8] = "server";
    memset(memif, 0, sizeof *memif);
    vtr_spec_option_(spec, "role", role, sizeof role);
    vtr_spec_option_(spec, "secret", memif->secret, sizeof memif->secret);
    memif->server = strcmp(role, "server") == 0;
    memif->id = (uint32_t)vtr_spec_number_(spec, "id", 0);
    memif->queues = opts->queues;
    memif->log2 = log2_up(opts->descs);
    memif->bytes = opts->frame_bytes < SLOT_BYTES_MIN ? SLOT_BYTES_MIN
                                                      : (opts->frame_bytes + 63) & ~63u;
    if (memif->bytes > UINT16_MAX)
        memif->bytes = UINT16_MAX;
    memif->klass = (unsigned)vtr_class_for_(opts->headroom + opts->frame_bytes);
    memif->headroom = opts->headroom;
    memif->room = vtr_class_bytes_(memif->klass) - opts->headroom;
    mac_of(memif, spec);
}

int vtr_memif_claim_(struct vtr_memif *memif, const struct vtr_spec *spec,
                     const struct vtr_memif_opts *opts, struct vtr_error *err)
{
    read_options(memif, spec, opts);
    /* A slot's offset has 32 bits. */
    if (((uint64_t)memif->bytes << memif->log2) * 2 * opts->queues > INT32_MAX / 2)
        return vtr_spec_fail_(spec, err, EINVAL, "lower queues, rx_descs, tx_descs or frame_bytes",
                              "its rings would take more than 1 GiB");
    int rc = path_of(memif, spec, err);
    if (rc != 0)
        return rc;
    return memif->server ? claim_server(memif, spec, err) : claim_client(memif, spec, err);
}
