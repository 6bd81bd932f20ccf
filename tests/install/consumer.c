/* SPDX-License-Identifier: BSD-2-Clause */
/* Somebody else's program, C17 and C++17 alike, that knows what pkg-config says and no more. */
#include <vitrine/vitrine.h>

#include <stdio.h>

static int read_a_slice(struct vtr_heap *heap)
{
    vtr_auto(vtr_data) whole = VTR_DATA_EMPTY;
    vtr_auto(vtr_data) part = VTR_DATA_EMPTY;
    if (vtr_data_copy(heap, "glass case", 10, &whole) != 0 || !vtr_data_slice(whole, 6, 4, &part))
        return 1;
    struct vtr_span s = vtr_data_span(part);
    printf("%.*s\n", (int)s.len, (const char *)s.ptr);
    return 0;
}

int main(void)
{
    struct vtr_heap *heap;
    struct vtr_error err;
    if (vtr_heap_open(NULL, &heap, &err) != 0) {
        fprintf(stderr, "%s\n", err.what);
        return 1;
    }
    int failed = read_a_slice(heap);
    return vtr_heap_close(heap, &err) != 0 || failed;
}
