/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What a process has open, mapped and allocated through the library: to see that nothing is left.
 */
#ifndef VITRINE_TESTS_BASE_FOOTPRINT_H
#define VITRINE_TESTS_BASE_FOOTPRINT_H

#include <dirent.h>
#include <inttypes.h>

#include "base/memory.h"
#include "support.h"

struct footprint {
    unsigned fds;
    unsigned views;    /* mappings of segments */
    unsigned maps;     /* all there are: allocators and threads move it a little */
    uint64_t reserved; /* bytes of addresses without memory: the same */
    uint64_t pieces;   /* of private memory */
};

static inline unsigned footprint_fds(void)
{
    unsigned n = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

static inline struct footprint footprint_now(void)
{
    struct footprint f = { .fds = footprint_fds(), .pieces = vtr_test_memory_live_() };
    char line[512], rights[5];
    FILE *maps = fopen("/proc/self/maps", "re");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL) {
        uint64_t from, to;
        assert_int_equal(sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &from, &to, rights), 3);
        f.maps++;
        f.views += strstr(line, "/memfd:vitrine-") != NULL;
        if (strcmp(rights, "---p") == 0)
            f.reserved += to - from;
    }
    fclose(maps);
    return f;
}

static inline void assert_nothing_left(struct footprint before, struct footprint after)
{
    assert_int_equal(after.fds, before.fds);
    assert_int_equal(after.views, before.views);
    assert_int_equal(after.pieces, before.pieces);
}

/* For a second time round, when allocators and thread stacks have what they need. The smallest
 * heap reserves 256 MiB. */
static inline void assert_no_map_left(struct footprint before, struct footprint after)
{
    assert_nothing_left(before, after);
    assert_in_range(after.maps, 0, before.maps + 2);
    assert_in_range(after.reserved, 0, before.reserved + (128 << 20));
}

#endif
