/* SPDX-License-Identifier: BSD-2-Clause */
/* 07_own_parser: a parser of one's own protocol (07_own_parser.h), on bytes in one piece and on the
 * same bytes in two segments, the cut in the middle of the header.
 * Shows: VTR_TAKE, vtr_data_take, vtr_data_flat, an iterator.
 * Before: 06_keep.c                                                 Next: 08_flows.c
 * Run:   build/examples/07_own_parser
 * Prints: the readings, twice; and how many of the report's beginnings were refused
 */
#include <inttypes.h>
#include <stdio.h>
#include <vitrine/vitrine.h>
#include <vitrine/walk.h>

#include "07_own_parser.h"

static const uint8_t REPORT[] = {
    1, 2, 0, 9, 0, 0, 0x10, 0x01, 'k', 'y', /* version 1, a key of 2, 9 bytes of readings */
    7, 2, 0x08, 0x66, 8, 1, 42, 9, 0,       /* three readings, of 2, 1 and 0 bytes */
};

static void print(const struct report *report, struct vtr_span readings)
{
    struct vtr_reader r = vtr_reader_of(readings);
    struct reading reading;
    printf("station %" PRIx32 ":", vtr_be32_get(report->station));
    while (reading_next(&r, &reading))
        printf(" sensor %u, %zu bytes;", reading.sensor, reading.value.len);
    printf(" left over: %zu\n", r.rest.len);
}

/* Two blocks joined; the first ends in the middle of the header. */
static int make(struct vtr_heap *heap, struct vtr_data *out)
{
    struct vtr_data parts[2];
    if (vtr_data_copy(heap, REPORT, 5, &parts[0]) != 0 ||
        vtr_data_copy(heap, REPORT + 5, sizeof REPORT - 5, &parts[1]) != 0)
        return -1;
    return vtr_data_join_take(parts, 2, out);
}

int main(void)
{
    struct vtr_heap *heap;
    struct vtr_data d, rest;
    struct vtr_span readings;
    struct report scratch;
    uint8_t room[64];
    const struct report *report = report_take(vtr_span_of(REPORT, sizeof REPORT), &readings);
    if (report != NULL)
        print(report, readings);

    if (vtr_heap_open(NULL, &heap, NULL) != 0 || make(heap, &d) != 0)
        return 1;
    report = vtr_data_take(report, d, &scratch, &rest); /* rest is borrowed from d */
    if (report != NULL && vtr_data_flat(rest, room, sizeof room, &readings))
        print(report, readings);
    vtr_data_unref(&d);

    unsigned refused = 0;
    for (size_t len = 0; len < sizeof REPORT; len++)
        refused += report_take(vtr_span_of(REPORT, len), &readings) == NULL;
    printf("refused: %u of %zu\n", refused, sizeof REPORT);
    return vtr_heap_close(heap, NULL) != 0;
}
