/* SPDX-License-Identifier: BSD-2-Clause */
/* 07_own_parser.h: a protocol of one's own. Its struct and its measure make the takers; its list
 * has an iterator. The fuzz target for it is tests/fuzz/fuzz_own_parser.c. */
#ifndef OWN_PARSER_H
#define OWN_PARSER_H

#include <vitrine/parse.h>

/* A report of sensors: whose, and then so many bytes of readings; a key may stand before them. */
VTR_WIRE(report, 8,
         (uint8_t, version, 0), /* 1 */
         (uint8_t, key_len, 1), /* bytes between this header and the readings */
         (struct vtr_be16, len, 2), /* of the readings */
         (struct vtr_be32, station, 4));

static inline bool report_measure(const struct report *h, size_t len, struct vtr_extent *e)
{
    (void)len; /* the header says where its payload ends; that it is all there the taker tests */
    e->header = sizeof *h + h->key_len;
    e->end = e->header + vtr_be16_get(h->len);
    return h->version == 1;
}
VTR_TAKE(report) /* report_take(), report_take_options(), and vtr_data_take(report, ...) */

struct reading {
    uint8_t sensor;
    struct vtr_span value; /* borrowed */
};

/* The next reading: sensor, length, value. On false the reader is empty, or before what is none. */
static inline bool reading_next(struct vtr_reader *r, struct reading *out)
{
    struct vtr_reader at = *r;
    struct reading found;
    uint8_t len;
    if (!vtr_reader_u8(&at, &found.sensor) || !vtr_reader_u8(&at, &len) ||
        !vtr_reader_take(&at, len, &found.value))
        return false;
    *r = at;
    *out = found;
    return true;
}

#endif
