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

static const char *bytes_fault(const struct reply *r, const uint8_t *want, size_t *off)
{
    size_t at = 0;
    for (uint32_t i = 0; i < r->pieces; i++) {
        struct vtr_span s = r->piece[i];
        if (memcmp(s.ptr, want + at, s.len) != 0) {
            *off = WORKLOAD_FRAME_BYTES + at + first_difference(s.ptr, want + at, s.len);
            return "wrong byte";
        }
        at += s.len;
    }
    return NULL;
}

static const char *fault_at(size_t *off, size_t at, const char *what)
{
    *off = at;
    return what;
}

const char *reply_fault(const struct reply *r, const struct workload *w, size_t *off)
{
    if (r->len < WORKLOAD_FRAME_BYTES)
        return fault_at(off, r->len, "datagram shorter than its frame");
    struct reply_frame f = reply_frame(r);
    if (f.id >= w->ids)
        return fault_at(off, 0, "request id never sent");
    if (f.total != w->parts)
        return fault_at(off, 4, "wrong total of datagrams");
    if (f.seq >= f.total)
        return fault_at(off, 2, "sequence number beyond the total");
    if (f.reserved != 0)
        return fault_at(off, 6, "reserved field not zero");
    size_t len;
    const uint8_t *want = workload_expected(w, f.id, f.seq, &len);
    if (r->len - WORKLOAD_FRAME_BYTES > len)
        return fault_at(off, WORKLOAD_FRAME_BYTES + len, "bytes too many");
    const char *fault = bytes_fault(r, want, off);
    if (fault == NULL && r->len - WORKLOAD_FRAME_BYTES < len)
        return fault_at(off, r->len, "bytes missing");
    return fault;
}
