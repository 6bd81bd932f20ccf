/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * adopt: bytes that somebody else owns, as vtr_data: a file that is mapped, another library's
 * buffer. They are sliced, joined, read and sent by reference like all others, without a copy.
 * Owner: the bytes are lent from vtr_data_adopt() until release is called, which is once.
 * Threads: any.
 * Not here: bytes that are never given back (static.h).
 *
 * A heap counts what it adopted: it does not close before all of it was given back, and
 * vtr_heap_stat() tells how much there is. It is on no limit and no quota.
 *
 * Only the heap's own blocks can be seen by another process. Adopted and static bytes are of this
 * one alone: to send them to another, they are copied into a heap. vtr_data_is_local() tells. Ports
 * send them by reference, as drivers run in this process.
 */
#ifndef VITRINE_ADOPT_H
#define VITRINE_ADOPT_H

#include <vitrine/base.h>
#include <vitrine/data.h>
#include <vitrine/heap.h>

VTR_BEGIN_DECLS

/**
 * Makes data of bytes where they are.
 * @param bytes    lent: @p len of them, which nobody may change or unmap until release is called.
 * @param release  called once with @p arg, in the thread that ends the last reference, which may be
 *                 one of a port's driver. No lock of the library is held. It may use heaps and
 *                 data, adopting included; it may not call ports, nor close @p heap. If @p len is 0
 *                 it is called before the return.
 * @param out      owned on success, untouched on failure; then release is not called.
 * @return 0, -ENOMEM (the system's, for the record), -EMSGSIZE (more than VTR_DATA_MAX).
 * Cost: a lock for some instructions, here and at the end; 64 bytes.
 */
VTR_API VTR_MUST_USE int vtr_data_adopt(struct vtr_heap *heap, const void *bytes, size_t len,
                                        void (*release)(void *arg, const void *bytes, size_t len),
                                        void *arg, struct vtr_data *out);

/** @return whether some of the bytes are adopted or static, so that sending @p d to another process
 * copies. Cost: a look at each segment. */
VTR_API VTR_MUST_USE bool vtr_data_is_local(struct vtr_data d);

#if defined VTR_DEBUG && !defined VTR_INSIDE_ /* debug.h: notes file and line */
#define vtr_data_adopt(heap, ...) vtr_data_adopt(VTR_HERE_(heap), __VA_ARGS__)
#endif

VTR_END_DECLS
#endif
