/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * peer: a server under measurement, a child process of its own on one CPU, and where it listens.
 * A child is told to end when its parent is gone, however that happens.
 * Owner: the storage is the caller's, between peer_spawn() and peer_end().
 * Threads: one, the one that started it.
 */
#ifndef LOAD_PEER_H
#define LOAD_PEER_H

#include <stdint.h>
#include <sys/types.h>
#include <vitrine/base.h>

struct peer {
    pid_t pid;         /* 0: none */
    uint16_t udp_port; /* as the server's ready line says */
    uint16_t echo_port;
};

/**
 * Starts a server and waits until it says that it is ready.
 * @param argv  its command line; argv[0] is the path; ends with NULL.
 * @param cpu   it and its threads run there only.
 * @return 0, or -errno: -ECHILD (it ended instead), -ETIMEDOUT, -EPROTO. @param out untouched then.
 */
VTR_MUST_USE int peer_spawn(char *const argv[], int cpu, struct peer *out, struct vtr_error *err);

/** Takes the ports out of a ready line: "ready <spec> udp <port> echo <port> pid <pid>". */
VTR_MUST_USE bool peer_parse_ready(const char *line, struct peer *out);

/** @return CPU time of all threads of the child so far, ns; 0 if that cannot be read. */
uint64_t peer_cpu_ns(const struct peer *peer);

/** Asks the child to end, insists after two seconds, and waits for it. An empty peer is allowed. */
void peer_end(struct peer *peer);

/** Binds the calling thread to one CPU. @return 0 or -errno. */
VTR_MUST_USE int peer_pin(int cpu);

#endif
