/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * command: one line of text to the server and its answer, over the link that carries the load.
 * Only between runs: replies to anything else are dropped meanwhile.
 * Owner: nothing. Threads: the link's.
 */
#ifndef LOAD_COMMAND_H
#define LOAD_COMMAND_H

#include <stddef.h>
#include <stdint.h>
#include <vitrine/base.h>

#include "link.h"

/** What the server counts; since its start, so two of them are subtracted. */
struct command_stats {
    uint64_t requests;
    uint64_t payload_bytes_copied; /* by the server, not by drivers or the kernel */
    uint64_t polls, polls_empty;
    uint64_t slices, busy_slices; /* busy: hardly a poll was empty, hardly a send refused */
    uint64_t busy_requests, busy_cpu_ns;
    uint64_t cpu_ns; /* of the server's thread, busy or not */
    uint64_t tx_retries;
};

/**
 * Sends @p line (without CR LF) until it is answered.
 * @param answer  the text of the whole reply, ended by '\0'.
 * @return 0, -ETIMEDOUT (two seconds of silence), -EMSGSIZE (longer than @p room).
 */
VTR_MUST_USE int command_call(struct link *link, const char *line, char *answer, size_t room);

/** @return an id of no other request, for the frame of the next one. */
uint32_t command_id(struct link *link);

/**
 * Sends a datagram until it is answered.
 * @param request  with its frame, which carries @p id.
 * @param answer   as above. @return likewise.
 */
VTR_MUST_USE int command_ask(struct link *link, uint32_t id, struct vtr_span request, char *answer,
                             size_t room);

/** Switches how the server sends values. @return 0, as above, or -EPROTO: it refuses. */
VTR_MUST_USE int command_mode(struct link *link, const char *mode);

/** Asks for the counters. @return 0, as above, or -EPROTO: one of them is missing. */
VTR_MUST_USE int command_stats(struct link *link, struct command_stats *out);

/** Takes the counters out of the text of a reply to "stats". @return 0 or -EPROTO. */
VTR_MUST_USE int command_stats_parse(const char *text, struct command_stats *out);

/** @return what was counted between two answers. */
struct command_stats command_stats_between(const struct command_stats *from,
                                           const struct command_stats *to);

#endif
