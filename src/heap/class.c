/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Size classes. Sizes are multiples of a cache line, and of an odd number of lines from 576 B to
 * 230 KB: blocks of a power-of-two size put every first line, where headers are, into the same few
 * cache sets. The largest are whole fractions of a pageblock; the worst wastes 6.2 % of it.
 */
#include "heap/class.h"

#include "heap/block.h"
#include "heap/layout.h"
#include "heap/magazine.h"

static const uint32_t class_bytes[] = {
    64,     128,    192,    256,    320,    384,    448,    576,    704,     832,
    960,    1088,   1344,   1600,   1856,   2112,   2624,   3136,   3648,    4160,
    5184,   6208,   7232,   8256,   10304,  12352,  14400,  16448,  20544,   24640,
    28736,  32832,  41024,  49216,  57408,  65600,  81984,  98368,  114752,  131136,
    163904, 196672, 229440, 262144, 299584, 349504, 419392, 524288, 699008, 1048576,
};
VTR_STATIC_ASSERT(sizeof class_bytes / sizeof class_bytes[0] == VTR_CLASSES, "a size a class");

/* Bytes in flight between a thread and the depot. */
enum { BATCH_BYTES = 256 << 10 };

uint8_t vtr_class_lines[VTR_CLASS_LINES];

static int class_search(size_t bytes)
{
    unsigned low = 0, high = VTR_CLASSES;
    if (bytes > class_bytes[VTR_CLASSES - 1])
        return -1;
    while (low < high) {
        unsigned mid = (low + high) / 2;
        if (class_bytes[mid] < bytes)
            low = mid + 1;
        else
            high = mid;
    }
    return (int)low;
}

void vtr_classes_init(void)
{
    for (unsigned lines = 0; lines < VTR_CLASS_LINES; lines++)
        vtr_class_lines[lines] = (uint8_t)class_search((size_t)lines * VTR_BLOCK_MIN);
}

int vtr_class_for_(size_t bytes)
{
    return bytes <= VTR_CLASS_LINES_BYTES ? (int)vtr_class_of_lines(bytes) : class_search(bytes);
}

uint32_t vtr_class_bytes_(unsigned klass)
{
    vtr_check(klass < VTR_CLASSES);
    return class_bytes[klass];
}

uint32_t vtr_class_blocks(unsigned klass)
{
    return (uint32_t)(VTR_PAGEBLOCK_BYTES / class_bytes[klass]);
}

uint32_t vtr_class_batch(unsigned klass)
{
    uint32_t n = BATCH_BYTES / class_bytes[klass];
    return n > VTR_BATCH_MAX ? VTR_BATCH_MAX : n < 1 ? 1 : n;
}

size_t vtr_heap_block_max(void)
{
    return VTR_SEGMENT_BYTES;
}
