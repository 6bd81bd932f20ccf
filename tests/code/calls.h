/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The hottest calls, each in a function of its own, to be looked at instruction by instruction: an
 * inline is all of its function, what the library exports is one call from there.
 * Owner, threads: as the calls they wrap.
 */
#ifndef TESTS_CODE_CALLS_H
#define TESTS_CODE_CALLS_H

#include <vitrine/vitrine.h>

struct vtr_data code_ref(struct vtr_data d);
void code_unref(struct vtr_data *d);
bool code_slice(struct vtr_data d, size_t off, size_t len, struct vtr_data *out);
const uint8_t *code_at(struct vtr_data d, size_t off, size_t *run);
struct vtr_span code_span(struct vtr_data d);
const struct vtr_ipv4 *code_view(struct vtr_data d, size_t off, struct vtr_ipv4 *scratch);
bool code_span_u16be(struct vtr_span s, size_t off, uint16_t *out);
const struct vtr_udp *code_udp_take(struct vtr_span s, struct vtr_span *rest);
bool code_cursor_next(struct vtr_cursor *c, struct vtr_span *out);
uint8_t *code_reserve(struct vtr_buf *b, size_t len);
void code_commit(struct vtr_buf *b, size_t len);
int code_buf_init(struct vtr_heap *heap, size_t room, struct vtr_buf *out);
unsigned code_buf_init_bulk(struct vtr_heap *heap, size_t room, struct vtr_buf *bufs, unsigned n);
void code_buf_fini(struct vtr_buf *b);
struct vtr_data code_buf_seal(struct vtr_buf *b);
bool code_buf_split(struct vtr_buf *b, size_t len, struct vtr_data *out);
bool code_try_own(struct vtr_data *d, struct vtr_buf *out);
void code_unref_bulk(struct vtr_data *d, unsigned n);
int code_concat(struct vtr_data a, struct vtr_data b, struct vtr_data *out);
int code_prepend(struct vtr_heap *heap, const void *header, size_t len, struct vtr_data d,
                 struct vtr_data *out);

/** code_ref() with one locked instruction too many, and with one call too many: a comparison that
 * lets these pass is worth nothing. */
struct vtr_data code_worse_locked(struct vtr_data d);
struct vtr_data code_worse_call(struct vtr_data d);

#endif
