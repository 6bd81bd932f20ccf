/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Putting up and taking down what a benchmark compares.
 */
#include "stage.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vitrine/heap.h>

#include "measure/complain.h"
#include "load.h"

#define RING "ring:echo"
#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-"
enum { IDLE_NS = 500 * 1000 * 1000, SETTLE_MS = 50 };

static const struct link_where addresses = {
    .own_ip = { 10, 77, 0, 2 }, .server_ip = { 10, 77, 0, 1 }, .udp_port = 11211, .echo_port = 7
};

static int make_dir(struct stage *s, struct vtr_error *err)
{
    const char *base = getenv("XDG_RUNTIME_DIR");
    /* A socket's path is 107 bytes at most, and DPDK's less; in a port's name, others mean more. */
    size_t plain = base != NULL ? strspn(base, PLAIN) : 0;
    if (base == NULL || plain > 32 || base[plain] != '\0' || access(base, W_OK) != 0)
        base = "/tmp";
    snprintf(s->dir, sizeof s->dir, "%s/vitrine-echo-XXXXXX", base);
    if (mkdtemp(s->dir) != NULL)
        return 0;
    int rc = complain(err, -errno, NULL, "cannot make '%s': %s", s->dir, strerror(errno));
    s->dir[0] = '\0';
    return rc;
}

static void preload_text(const struct stage_opts *o, char to[256])
{
    int len = 0;
    for (unsigned i = 0; i < o->preloads; i++)
        len += snprintf(to + len, (size_t)(256 - len), "%s%u:%u", i != 0 ? "," : "",
                        o->preload[i].size, o->preload[i].count);
}

static int spawn_port_server(struct stage *s, const char *socket, const char *idle,
                             const char *preload, struct peer *out, struct vtr_error *err)
{
    char spec[160];
    snprintf(spec, sizeof spec, "memif:%s/%s", s->dir, socket);
    const char *argv[] = { s->opts.server, "--port",    spec,    "--idle", idle,
                           "--quiet",      "--preload", preload, NULL };
    return peer_spawn((char *const *)(uintptr_t)argv, s->opts.server_cpu, out, err);
}

static int spawn_kernel_server(struct stage *s, const char *preload, struct vtr_error *err)
{
    const char *argv[] = { s->opts.server, "--kernel",  "--udp-port", "0", "--echo-port", "0",
                           "--quiet",      "--preload", preload,      NULL };
    return peer_spawn((char *const *)(uintptr_t)argv, s->opts.server_cpu, &s->kernel, err);
}

static int start_servers(struct stage *s, struct vtr_error *err)
{
    char preload[256];
    preload_text(&s->opts, preload);
    int rc = spawn_port_server(s, "echo.sock", "nap", preload, &s->memif, err);
    if (rc == 0)
        rc = spawn_kernel_server(s, preload, err);
    return rc;
}

static int open_memif(struct stage *s, struct vtr_error *err)
{
    char spec[160];
    snprintf(spec, sizeof spec, "memif:%s/echo.sock,role=client", s->dir);
    int rc = link_port_open(s->heap, spec, &addresses, &s->link[STAGE_MEMIF], err);
    return rc != 0 ? rc : link_resolve(s->link[STAGE_MEMIF], err);
}

/* Our end first: who opens a ring decides how long it is. */
static int open_ring(struct stage *s, struct vtr_error *err)
{
    int rc = link_port_open(s->heap, RING, &addresses, &s->link[STAGE_RING], err);
    if (rc == 0)
        rc = inside_start(s->heap, RING, s->opts.preload, s->opts.preloads, s->opts.server_cpu,
                          &s->inside, err);
    return rc != 0 ? rc : link_resolve(s->link[STAGE_RING], err);
}

static int open_links(struct stage *s, struct vtr_error *err)
{
    struct link_where local = { .server_ip = { 127, 0, 0, 1 },
                                .udp_port = s->kernel.udp_port,
                                .echo_port = s->kernel.echo_port };
    int rc = open_memif(s, err);
    if (rc == 0)
        rc = open_ring(s, err);
    if (rc == 0)
        rc = link_kernel_open(&local, &s->link[STAGE_KERNEL], err);
    return rc;
}

int stage_open(const struct stage_opts *opts, struct stage *out, struct vtr_error *err)
{
    struct stage s = { .opts = *opts };
    int rc = peer_pin(opts->own_cpu);
    if (rc != 0)
        return complain(err, rc, NULL, "cannot run on CPU %d: %s", opts->own_cpu, strerror(-rc));
    rc = make_dir(&s, err);
    if (rc == 0)
        rc = start_servers(&s, err);
    if (rc == 0)
        rc = vtr_heap_open(NULL, &s.heap, err);
    if (rc == 0)
        rc = open_links(&s, err);
    if (rc != 0)
        stage_close(&s);
    else
        *out = s;
    return rc;
}

static void remove_dir(const char *dir, const char *const names[], unsigned n)
{
    char path[128];
    for (unsigned i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

void stage_close(struct stage *s)
{
    static const char *const sockets[] = { "echo.sock", "idle.sock" };
    for (int l = 0; l < STAGE_LINKS; l++)
        link_close(s->link[l]);
    inside_end(s->inside);
    peer_end(&s->memif);
    peer_end(&s->kernel);
    struct vtr_error err;
    if (vtr_heap_close(s->heap, &err) != 0)
        complain_print(&err);
    if (s->dir[0] != '\0')
        remove_dir(s->dir, sockets, 2);
    *s = (struct stage){ 0 };
}

static void watch(const struct peer *peer, double *wall_ns, double *cpu_ns)
{
    poll(NULL, 0, SETTLE_MS);
    uint64_t from = load_now(), cpu = peer_cpu_ns(peer);
    poll(NULL, 0, IDLE_NS / 1000000);
    *cpu_ns = (double)(peer_cpu_ns(peer) - cpu);
    *wall_ns = (double)(load_now() - from);
}

int stage_idle(struct stage *s, const char *idle, double *wall_ns, double *cpu_ns,
               struct vtr_error *err)
{
    if (strcmp(idle, "spin") != 0) {
        watch(strcmp(idle, "nap") == 0 ? &s->memif : &s->kernel, wall_ns, cpu_ns);
        return 0;
    }
    struct peer spinner = { 0 };
    int rc = spawn_port_server(s, "idle.sock", "spin", "64:1", &spinner, err);
    if (rc == 0)
        watch(&spinner, wall_ns, cpu_ns);
    peer_end(&spinner);
    return rc;
}
