/* SPDX-License-Identifier: BSD-2-Clause */
/* 01_share: one block, two owners, no copy.
 * Shows: vtr_heap_open, vtr_data_copy, vtr_data_ref, vtr_auto.      Next: 02_slice.c
 * Run:   build/examples/01_share
 * Prints: same bytes: yes; blocks held: 1; after both let go: 0
 */
#include <stdio.h>
#include <vitrine/vitrine.h>

static unsigned long long held(struct vtr_heap *heap)
{
    struct vtr_heap_stat stat = { .size = sizeof stat };
    vtr_heap_stat(heap, &stat);
    return stat.live_blocks;
}

static int share(struct vtr_heap *heap)
{
    vtr_auto(vtr_data) mine = VTR_DATA_EMPTY; /* let go at the closing brace, on every path */
    int rc = vtr_data_copy(heap, "seen by all, touched by none", 28, &mine);
    if (rc != 0)
        return rc;
    vtr_auto(vtr_data) yours = vtr_data_ref(mine);
    bool same = vtr_data_span(mine).ptr == vtr_data_span(yours).ptr;
    printf("same bytes: %s\n", same ? "yes" : "no");
    printf("blocks held: %llu\n", held(heap));
    return 0;
}

int main(void)
{
    struct vtr_error err;
    struct vtr_heap *heap;
    if (vtr_heap_open(NULL, &heap, &err) != 0) {
        fprintf(stderr, "01_share: %s\n  try: %s\n", err.what, err.hint);
        return 1;
    }
    int rc = share(heap);
    printf("after both let go: %llu\n", held(heap));
    if (vtr_heap_close(heap, &err) != 0) {
        fprintf(stderr, "01_share: %s\n  try: %s\n", err.what, err.hint);
        return 1;
    }
    return rc == 0 ? 0 : 1;
}
