/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Starting and ending servers.
 */
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure/complain.h"
#include "load.h"

enum { READY_MS = 60 * 1000, END_NS = 2 * 1000 * 1000 * 1000LL, LINE_BYTES = 512 };

int peer_pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0 ? 0 : -errno;
}

bool peer_parse_ready(const char *line, struct peer *out)
{
    unsigned udp, echo;
    int pid;
    if (sscanf(line, "ready %*s udp %u echo %u pid %d", &udp, &echo, &pid) != 3 || udp > 65535 ||
        echo > 65535)
        return false;
    out->udp_port = (uint16_t)udp;
    out->echo_port = (uint16_t)echo;
    return true;
}

/* One line, without its end. */
static int read_line(int fd, char line[LINE_BYTES])
{
    uint64_t end = load_now() + READY_MS * UINT64_C(1000000);
    for (size_t len = 0; len < LINE_BYTES - 1;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        if (load_now() >= end)
            return -ETIMEDOUT;
        if (poll(&p, 1, 100) <= 0)
            continue;
        ssize_t got = read(fd, line + len, 1);
        if (got <= 0)
            return got == 0 ? -ECHILD : -errno;
        line[len + 1] = '\0';
        if (line[len++] == '\n')
            return 0;
    }
    return -EPROTO;
}

static void become(char *const argv[], int cpu, int out_fd, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) /* it died before prctl() */
        _exit(1);
    if (peer_pin(cpu) == 0 && dup2(out_fd, STDOUT_FILENO) >= 0)
        execv(argv[0], argv);
    fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
    _exit(1);
}

static int await_ready(int fd, const char *path, struct peer *peer, struct vtr_error *err)
{
    char line[LINE_BYTES] = "";
    int rc = read_line(fd, line);
    if (rc == 0 && !peer_parse_ready(line, peer))
        rc = -EPROTO;
    if (rc == -ECHILD)
        return complain(err, rc, NULL, "'%s' ended before it was ready", path);
    if (rc != 0)
        return complain(err, rc, NULL, "'%s' did not get ready: %s", path,
                        rc == -EPROTO ? line : strerror(-rc));
    return 0;
}

int peer_spawn(char *const argv[], int cpu, struct peer *out, struct vtr_error *err)
{
    int fds[2];
    pid_t parent = getpid();
    if (pipe2(fds, O_CLOEXEC) != 0)
        return complain(err, -errno, NULL, "no pipe: %s", strerror(errno));
    struct peer peer = { .pid = fork() };
    if (peer.pid == 0)
        become(argv, cpu, fds[1], parent);
    close(fds[1]);
    int rc = peer.pid < 0 ? complain(err, -errno, NULL, "cannot fork: %s", strerror(errno))
                          : await_ready(fds[0], argv[0], &peer, err);
    close(fds[0]);
    if (rc != 0) {
        peer_end(&peer);
        return rc;
    }
    *out = peer;
    return 0;
}

uint64_t peer_cpu_ns(const struct peer *peer)
{
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(peer->pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return 0;
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

void peer_end(struct peer *peer)
{
    if (peer->pid <= 0)
        return;
    kill(peer->pid, SIGTERM);
    uint64_t patience = load_now() + END_NS;
    while (waitpid(peer->pid, NULL, WNOHANG) == 0) {
        if (load_now() > patience) {
            kill(peer->pid, SIGKILL);
            waitpid(peer->pid, NULL, 0);
            break;
        }
        poll(NULL, 0, 5);
    }
    *peer = (struct peer){ 0 };
}
