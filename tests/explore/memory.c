/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Lines of memory. Of all that a heap has, an exploration changes some dozens: only these are saved
 * and compared. A line is known from its first write on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine.h"

enum { LINE = 64, LINES_MAX = 4096, TABLE = 4 * LINES_MAX, RANGES = 8 };

static struct {
    uint8_t *at;
    uint8_t first[LINE];
} line[LINES_MAX];
static unsigned lines;
static uint16_t table[TABLE]; /* index of a line + 1 */

static struct {
    uint8_t *at;
    size_t bytes;
    uint8_t *first; /* a copy, of ranges that are small */
} range[RANGES];
static unsigned ranges;

/* Each thread allocates from a lane of its own: where from does not depend on the others. */
enum { LANE_BYTES = 256 << 10, ARENA_BYTES = (THREADS + 1) * LANE_BYTES, COPY_MAX = 4 << 20 };
static uint8_t *arena;

void memory_init(void)
{
    arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (arena == MAP_FAILED)
        abort();
    memory_add(arena, ARENA_BYTES);
}

void memory_add(void *p, size_t bytes)
{
    if (ranges == RANGES)
        abort();
    range[ranges].at = p;
    range[ranges++].bytes = bytes;
}

void explore_shared(void *p, size_t bytes)
{
    memory_add(p, bytes);
}

bool memory_is_shared(uintptr_t address)
{
    for (unsigned i = 0; i < ranges; i++)
        if (address - (uintptr_t)range[i].at < range[i].bytes)
            return true;
    return false;
}

static void touch_line(uint8_t *at)
{
    unsigned slot = (unsigned)(((uintptr_t)at / LINE * UINT64_C(0x9e3779b97f4a7c15)) >> 40) % TABLE;
    for (; table[slot] != 0; slot = (slot + 1) % TABLE)
        if (line[table[slot] - 1].at == at)
            return;
    if (lines == LINES_MAX) {
        fprintf(stderr, "explore: more than %d lines of memory change\n", LINES_MAX);
        exit(2);
    }
    line[lines].at = at;
    memcpy(line[lines].first, at, LINE);
    table[slot] = (uint16_t)++lines;
}

void memory_touch(const void *p, size_t bytes)
{
    uintptr_t from = (uintptr_t)p & ~(uintptr_t)(LINE - 1), to = (uintptr_t)p + bytes;
    if (memory_is_shared((uintptr_t)p))
        for (; from < to; from += LINE)
            touch_line((uint8_t *)from);
}

unsigned memory_lines(void)
{
    return lines;
}

size_t memory_save(uint8_t *to)
{
    for (unsigned i = 0; i < lines; i++)
        memcpy(to + (size_t)i * LINE, line[i].at, LINE);
    return (size_t)lines * LINE;
}

size_t memory_load(const uint8_t *from, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        memcpy(line[i].at, from + (size_t)i * LINE, LINE);
    for (unsigned i = n; i < lines; i++)
        memcpy(line[i].at, line[i].first, LINE);
    return (size_t)n * LINE;
}

void memory_begin(void)
{
    lines = 0;
    memset(table, 0, sizeof table);
    for (unsigned i = 0; i < ranges; i++) {
        if (range[i].bytes > COPY_MAX)
            continue;
        range[i].first = malloc(range[i].bytes);
        if (range[i].first == NULL)
            abort();
        memcpy(range[i].first, range[i].at, range[i].bytes);
    }
}

bool memory_is_first(void)
{
    memory_load(NULL, 0);
    for (unsigned i = 0; i < ranges; i++)
        if (range[i].first != NULL && memcmp(range[i].first, range[i].at, range[i].bytes) != 0)
            return false;
    return true;
}

/* In front of each allocation is how many bytes it has. */
void *explore_alloc(size_t bytes, size_t align, int fill)
{
    uint8_t *lane = arena + self * (size_t)LANE_BYTES;
    size_t at = (run.allocated[self] + sizeof bytes + align - 1) & ~(align - 1);
    if (bytes > LANE_BYTES - at)
        explore_fail("a thread allocates more than %d bytes", LANE_BYTES);
    run.allocated[self] = at + bytes;
    memory_touch(lane + at - sizeof bytes, sizeof bytes + bytes);
    memcpy(lane + at - sizeof bytes, &bytes, sizeof bytes);
    return memset(lane + at, fill, bytes);
}

void *explore_realloc(void *p, size_t bytes)
{
    size_t old;
    void *more = explore_alloc(bytes, 16, 0xa5);
    if (p == NULL)
        return more;
    memcpy(&old, (uint8_t *)p - sizeof old, sizeof old);
    return memcpy(more, p, old < bytes ? old : bytes);
}
