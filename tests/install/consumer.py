#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Vitrine from Python by cffi's ABI mode: no compiler, and no declaration written by hand.

  tests/headers/declarations.py /usr/local/include cc vitrine.h >vitrine.cdef
  consumer.py vitrine.cdef libvitrine.so

What a header inlines is called by its exported twin. An owner is a `struct vtr_data *` that ends
its reference when Python collects it, or at once by unref.
"""
import errno
import sys

import cffi


class Vitrine:
    """The library, the declarations it was loaded with, and one heap."""

    def __init__(self, cdef, library):
        self.ffi = cffi.FFI()
        with open(cdef, encoding='utf-8') as file:
            self.ffi.cdef(file.read())
        self.ffi.cdef('struct iovec { void *iov_base; size_t iov_len; };')  # <sys/uio.h>
        self.lib = self.ffi.dlopen(library)
        heap, error = self.ffi.new('struct vtr_heap **'), self.ffi.new('struct vtr_error *')
        if self.lib.vtr_heap_open(self.ffi.NULL, heap, error) != 0:
            raise MemoryError(self.ffi.string(error.what).decode())
        self.heap = heap[0]

    def owner(self):
        """An empty data; whatever is put into it ends with it."""
        return self.ffi.gc(self.ffi.new('struct vtr_data *'), self.lib.vtr_data_unref)

    def copy(self, text):
        data = self.owner()
        if self.lib.vtr_data_copy(self.heap, text, len(text), data) != 0:
            raise MemoryError
        return data

    def slice(self, data, offset, length):
        part = self.owner()
        if not self.lib.vtr_data_slice(data[0], offset, length, part):
            raise IndexError
        return part

    def join(self, *parts):
        joined = self.owner()
        array = self.ffi.new('struct vtr_data[]', [part[0] for part in parts])
        if self.lib.vtr_data_join(array, len(parts), joined) != 0:
            raise MemoryError
        return joined

    def unref(self, *owners):
        for data in owners:
            self.ffi.release(data)

    def span(self, data):
        """The first contiguous bytes, in place: a read-only view for as long as data lives."""
        span = self.lib.vtr_data_span(data[0])
        return memoryview(self.ffi.buffer(span.ptr, span.len)).toreadonly()

    def segments(self, data):
        cursor = self.ffi.new('struct vtr_cursor *', self.lib.vtr_cursor_of(data[0]))
        span = self.ffi.new('struct vtr_span *')
        while self.lib.vtr_cursor_next(cursor, span):
            yield memoryview(self.ffi.buffer(span.ptr, span.len)).toreadonly()

    def iovec(self, data):
        """How many entries writev() needs, and the bytes of each."""
        count = self.lib.vtr_data_to_iovec(data[0], self.ffi.NULL, 0)
        array = self.ffi.new('struct iovec[]', count)
        self.lib.vtr_data_to_iovec(data[0], array, count)
        return [bytes(self.ffi.buffer(entry.iov_base, entry.iov_len)) for entry in array]

    def live_blocks(self):
        stat = self.ffi.new('struct vtr_heap_stat *')
        if 'size' in dir(stat):
            stat.size = self.ffi.sizeof(stat[0])
        self.lib.vtr_heap_stat(self.heap, stat)
        return stat.live_blocks

    def close(self):
        """@return (0, '') or (-EBUSY, why)"""
        error = self.ffi.new('struct vtr_error *')
        status = self.lib.vtr_heap_close(self.heap, error)
        return status, self.ffi.string(error.what).decode()


def main(cdef, library):
    vitrine = Vitrine(cdef, library)
    whole = vitrine.copy(b'glass case')
    word = vitrine.slice(whole, 6, 4)
    print('span    ', bytes(vitrine.span(word)))
    joined = vitrine.join(word, whole)
    print('cursor  ', [bytes(segment) for segment in vitrine.segments(joined)])
    print('iovec   ', vitrine.iovec(joined))
    print('compare ', vitrine.lib.vtr_data_compare(word[0], joined[0]) < 0)
    try:
        vitrine.slice(whole, 8, 4)
    except IndexError:
        print('refused  a slice beyond the end')
    vitrine.unref(whole, word)

    status, why = vitrine.close()
    print('close   ', errno.errorcode[-status], '1 blocks' in why)
    print(why, file=sys.stderr)
    vitrine.unref(joined)
    print('live    ', vitrine.live_blocks())
    status, _ = vitrine.close()
    print('close   ', status)


if __name__ == '__main__':
    main(*sys.argv[1:])
