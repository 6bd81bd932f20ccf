/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * apart: work in a process of its own, so that what a driver does to it (a crash, a hang, an
 * environment that starts once) stays there.
 * Owner: the result is the caller's. Threads: one; the caller has started no DPDK.
 */
#ifndef COMMAND_APART_H
#define COMMAND_APART_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Runs @p work in a child, which prints nothing, and takes over what it makes of the result.
 * @param seconds  after which the child is ended.
 * @param how      of 64 bytes: how the child ended, if it did not end well; "" if it did.
 * @return whether it ended well; if not, the result is as it was.
 */
bool apart(void (*work)(void *result), void *result, size_t size, unsigned seconds, char *how);

#endif
