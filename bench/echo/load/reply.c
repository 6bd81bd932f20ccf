/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Is this the reply that was asked for?
 */
#include "reply.h"

#include <string.h>

static size_t first_difference(const uint8_t *a, const uint8_t *b, size_t len)
{
    size_t i = 0;
    while (i < len && a[i] == b[i])
        i++;
    return i;
}

static const char *fault_at(size_t *off, size_t at, const char *what)
{
    *off = at;
    return what;
}

const char *reply_fault_id(const struct reply *r, uint32_t ids, size_t *off)
{
    if (r->len < WORKLOAD_FRAME_BYTES)
        return fault_at(off, r->len, "datagram shorter than its frame");
    return reply_frame(r).id < ids ? NULL : fault_at(off, 0, "request id never sent");
}

const char *reply_fault_frame(const struct reply *r, uint32_t parts, size_t *off)
{
    struct reply_frame f = reply_frame(r);
    if (f.total != parts)
        return fault_at(off, 4, "wrong total of datagrams");
    if (f.seq >= f.total)
        return fault_at(off, 2, "sequence number beyond the total");
    return f.reserved == 0 ? NULL : fault_at(off, 6, "reserved field not zero");
}

const char *reply_fault_bytes(const struct reply *r, const uint8_t *want, size_t len, size_t *off)
{
    size_t at = 0;
    if (r->len - WORKLOAD_FRAME_BYTES > len)
        return fault_at(off, WORKLOAD_FRAME_BYTES + len, "bytes too many");
    for (uint32_t i = 0; i < r->pieces; i++) {
        struct vtr_span s = r->piece[i];
        if (memcmp(s.ptr, want + at, s.len) != 0)
            return fault_at(off,
                            WORKLOAD_FRAME_BYTES + at + first_difference(s.ptr, want + at, s.len),
                            "wrong byte");
        at += s.len;
    }
    return r->len - WORKLOAD_FRAME_BYTES < len ? fault_at(off, r->len, "bytes missing") : NULL;
}

const char *reply_fault(const struct reply *r, const struct workload *w, size_t *off)
{
    const char *fault = reply_fault_id(r, w->ids, off);
    if (fault != NULL || (fault = reply_fault_frame(r, w->parts, off)) != NULL)
        return fault;
    size_t len;
    struct reply_frame f = reply_frame(r);
    const uint8_t *want = workload_expected(w, f.id, f.seq, &len);
    return reply_fault_bytes(r, want, len, off);
}
