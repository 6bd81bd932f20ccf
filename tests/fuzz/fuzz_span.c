/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Fuzz target: the first byte says how many bytes the data has; what follows the data drives reads
 * at any offset, a reader and a writer, each held against arithmetic that cannot wrap.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <vitrine/reader.h>
#include <vitrine/writer.h>

typedef unsigned __int128 wide;

VTR_WIRE(five, 5, (struct vtr_be32, number, 0), (uint8_t, tag, 4));

/** The number in @p len bytes, big-endian, byte by byte. */
static uint64_t slow_be(const uint8_t *p, size_t len)
{
    uint64_t v = 0;
    while (len-- != 0)
        v = v << 8 | *p++;
    return v;
}

/** Reads at an offset: the four widths, a view, a part. All but the part are of fixed length. */
static void read_at(struct vtr_span data, size_t off, size_t len)
{
    uint8_t u8 = 1;
    uint16_t u16 = 1;
    uint32_t u32 = 1;
    uint64_t u64 = 1;
    struct vtr_span part = { NULL, 1 };
    const uint8_t *p = data.ptr + (off <= data.len ? off : 0);
    bool fits[9];
    for (unsigned n = 0; n < 9; n++)
        fits[n] = (wide)off + n <= data.len;
    vtr_check(vtr_span_u8(data, off, &u8) == fits[1] && u8 == (fits[1] ? slow_be(p, 1) : 1));
    vtr_check(vtr_span_u16be(data, off, &u16) == fits[2] && u16 == (fits[2] ? slow_be(p, 2) : 1));
    vtr_check(vtr_span_u32be(data, off, &u32) == fits[4] && u32 == (fits[4] ? slow_be(p, 4) : 1));
    vtr_check(vtr_span_u64be(data, off, &u64) == fits[8] && u64 == (fits[8] ? slow_be(p, 8) : 1));
    const struct five *view = vtr_span_view(data, off, struct five);
    vtr_check((const void *)view == (fits[5] ? p : NULL));
    bool inside = (wide)off + len <= data.len;
    vtr_check(vtr_span_sub(data, off, len, &part) == inside);
    vtr_check(part.ptr == (inside ? p : NULL) && part.len == (inside ? len : 1));
}

/** One step of the reader; @p at is where it must be. @return where it must be then. */
static size_t read_on(struct vtr_reader *r, struct vtr_span data, size_t at, uint8_t op, size_t len)
{
    size_t left = data.len - at;
    uint16_t u16;
    uint64_t u64;
    struct vtr_span part;
    bool ok = false;
    if (op % 5 == 0)
        ok = vtr_reader_u16le(r, &u16), len = 2;
    else if (op % 5 == 1)
        ok = vtr_reader_u64be(r, &u64), len = 8;
    else if (op % 5 == 2)
        ok = vtr_reader_view(r, struct five) != NULL, len = 5;
    else if (op % 5 == 3)
        ok = vtr_reader_take(r, len, &part);
    else
        ok = vtr_reader_skip(r, len);
    vtr_check(ok == (len <= left));
    at += ok ? len : 0;
    vtr_check(r->rest.ptr == data.ptr + at && r->rest.len == data.len - at);
    return at;
}

/** One step of the writer: a put or a patch of a part of the data, which a copy gets as well. */
static void write_on(struct vtr_writer *w, uint8_t *copy, struct vtr_span data, size_t off,
                     size_t len)
{
    struct vtr_span part;
    size_t before = w->len;
    if (!vtr_span_sub(data, 0, len, &part))
        part = data;
    bool put = vtr_writer_put(w, part.ptr, part.len);
    vtr_check(put == (part.len <= w->cap - before) && w->len == before + (put ? part.len : 0));
    if (put)
        memcpy(copy + before, part.ptr, part.len);
    bool patched = vtr_writer_patch(w, off, part.ptr, part.len);
    vtr_check(patched == ((wide)off + part.len <= w->len));
    if (patched)
        memcpy(copy + off, part.ptr, part.len);
    vtr_check(vtr_span_equal(vtr_writer_span(w), vtr_span_of(copy, w->len)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct vtr_reader ops = vtr_reader_of(vtr_span_of(bytes, len));
    struct vtr_span data;
    uint8_t n, op, room[96] = { 0 }, copy[96] = { 0 };
    uint64_t off, size;
    if (!vtr_reader_u8(&ops, &n) || !vtr_reader_take(&ops, n, &data))
        return 0;
    struct vtr_reader r = vtr_reader_of(data);
    struct vtr_writer w = vtr_writer_of(room, sizeof room);
    size_t at = 0;
    while (vtr_reader_u8(&ops, &op) && vtr_reader_u64be(&ops, &off) &&
           vtr_reader_u64be(&ops, &size)) {
        uint8_t shift = op & 0x80 ? 0 : 58; /* most offsets and lengths are near the data's */
        read_at(data, off >> shift, size >> shift);
        at = read_on(&r, data, at, op, size >> shift);
        write_on(&w, copy, data, off >> shift, size >> shift);
    }
    return 0;
}
