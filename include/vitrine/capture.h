/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * capture: what a port receives, sends and drops, as a pcapng file for Wireshark and tshark.
 * Owner: the port; one capture a port at a time. vtr_port_close() ends one that runs.
 * Threads: start, stop and stat from any thread, one at a time for a port, while others receive
 * and send. A thread of the capture's own formats and writes; all signals are blocked there.
 * Cost: off, a branch for each burst. On, a clock for each burst, and for each packet a count and
 * 32 bytes of a bounded queue: it is handed over by reference and not copied, but for packets of a
 * single-threaded heap, whose bytes up to the snap length are. Traffic never waits: what the writer
 * cannot follow is not captured, counted, and said in the file where it is missing.
 *
 * A captured packet has one more owner until it is written. Meanwhile vtr_data_try_own() says no;
 * the last reference may be ended by the capture's thread, as by one of a driver (adopt.h).
 *
 * In the file (pcapng, draft-ietf-opsawg-pcapng): nanoseconds that never go back; epb_flags with
 * the direction and epb_queue with the queue; for what was dropped an opt_comment like "dropped:
 * tx_long", where its bytes are there to show; epb_dropcount for what is missing in front of a
 * packet; at the end isb_ifdrop for all that is, and a comment with the port's drops by reason.
 * After a kill -9 the file is good up to its last whole block, some milliseconds before.
 */
#ifndef VITRINE_CAPTURE_H
#define VITRINE_CAPTURE_H

#include <vitrine/base.h>
#include <vitrine/port.h>

VTR_BEGIN_DECLS

/** What is captured. */
enum vtr_capture_what {
    VTR_CAPTURE_RX = 1u << 0,    /**< packets received */
    VTR_CAPTURE_TX = 1u << 1,    /**< packets that the device accepted */
    VTR_CAPTURE_DROPS = 1u << 2, /**< of these directions, packets dropped whose bytes are there */
};

/** Zero is the default for every field but @ref size. */
struct vtr_capture_opts {
    size_t size;         /**< sizeof(struct vtr_capture_opts): the version of this struct */
    int fd;              /**< written to if no path is given: a file, a pipe; borrowed */
    uint32_t what;       /**< enum vtr_capture_what; default all three */
    uint32_t snap_bytes; /**< of each packet; default 262144, which is whole */
    uint32_t backlog;    /**< packets that a queue and direction may have waiting, each of which
                              pins its block; default 4096, at most 1048576 */
    uint32_t files;      /**< more than 1: PATH.0, PATH.1 and so on, in turn; the oldest is written
                              over; at most 10000. Takes file_bytes */
    uint64_t file_bytes; /**< a file ends before it is longer: at least snap_bytes + 4096; default
                              any length */
    uint64_t packets;    /**< the capture ends itself after as many; default never */
};

/** What a capture has written, and what it could not. */
struct vtr_capture_stat {
    size_t size;       /**< set by the caller to sizeof(struct vtr_capture_stat) */
    uint64_t packets;  /**< written */
    uint64_t bytes;    /**< of these packets, as far as they are kept */
    uint64_t lost;     /**< not captured: the writer could not follow, or cannot write */
    uint64_t files;    /**< begun */
    int error;         /**< 0, or the negative errno with which writing ended */
    bool done;         /**< it was stopped, or a limit or an error has ended it */
};

/**
 * Starts to capture what goes through a port.
 * @param path  written anew; NULL: opts->fd is written to.
 * @param opts  borrowed; NULL for the defaults.
 * @param err   filled on failure; may be NULL.
 * @return 0, -EBUSY (the port is captured already), -EINVAL (an option), -ENOMEM, -EAGAIN (no
 *         thread), or what opening the file failed with.
 */
VTR_API VTR_COLD VTR_MUST_USE int vtr_port_capture(struct vtr_port *port, const char *path,
                                                   const struct vtr_capture_opts *opts,
                                                   struct vtr_error *err);

/**
 * Fills *out with how far the capture that runs, or the last one, has come.
 * @param out  out->size says which version of the struct.
 */
VTR_API VTR_COLD void vtr_port_capture_stat(struct vtr_port *port, struct vtr_capture_stat *out);

/**
 * Ends the capture: what is in its queue is written, and no packet is held any more. Waits for
 * calls to vtr_port_rx() and vtr_port_tx() that are under way; not for the reader of a pipe that
 * takes nothing for a second.
 * @param err  filled on failure; may be NULL.
 * @return 0, or what writing failed with: the file is good up to there. 0 if there is no capture.
 */
VTR_API VTR_COLD int vtr_port_capture_stop(struct vtr_port *port, struct vtr_error *err);

VTR_END_DECLS
#endif
