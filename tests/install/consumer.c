/* SPDX-License-Identifier: BSD-2-Clause */
/* Somebody else's program, C17 and C++17 alike, that knows what pkg-config says and no more. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr */
#endif
#include <vitrine/memory.h>
#include <vitrine/vitrine.h>

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int read_a_slice(struct vtr_heap *heap)
{
    vtr_auto(vtr_data) whole = VTR_DATA_EMPTY;
    vtr_auto(vtr_data) part = VTR_DATA_EMPTY;
    vtr_auto(vtr_data) joined = VTR_DATA_EMPTY;
    if (vtr_data_copy(heap, "glass case", 10, &whole) != 0 || !vtr_data_slice(whole, 6, 4, &part) ||
        vtr_data_concat(part, whole, &joined) != 0)
        return 1;
    struct vtr_cursor rest = vtr_cursor_of(joined);
    struct vtr_span s;
    while (vtr_cursor_next(&rest, &s))
        printf("%.*s\n", (int)s.len, (const char *)s.ptr);
    struct vtr_be16 scratch;
    const struct vtr_be16 *ca = vtr_data_view(joined, 0, struct vtr_be16, &scratch);
    return ca == NULL || vtr_be16_get(*ca) != 0x6361;
}

/* Writes a block and leaves it referenced: the heap stays open, and says why. */
static int write_and_hold(struct vtr_heap *heap)
{
    vtr_auto(vtr_buf) buf = VTR_BUF_EMPTY;
    struct vtr_error err;
    if (vtr_buf_init(heap, 0, 64, &buf) != 0 || !vtr_buf_append(&buf, "held", 4))
        return 1;
    vtr_auto(vtr_data) held = vtr_buf_seal(&buf);
    if (vtr_heap_close(heap, &err) != -EBUSY || strstr(err.what, "referenced") == NULL)
        return 1;
    printf("busy with %u bytes\n", held.len);
    return 0;
}

/* Whose function that is, and "none" in a static program. */
static void print_library(const char *function)
{
    Dl_info info;
    void *at = dlsym(RTLD_DEFAULT, function);
    const char *file = at != NULL && dladdr(at, &info) != 0 ? strrchr(info.dli_fname, '/') : NULL;
    printf("%s of %s\n", function, file != NULL ? file + 1 : "none");
}

static void print_memory(void)
{
    struct vtr_memory_stat stat;
    stat.size = sizeof stat;
    vtr_memory_stat(&stat);
    printf("private memory of %.*s\n", (int)strcspn(stat.from, " "), stat.from);
    print_library("malloc");
    print_library("free");
#ifdef __cplusplus
    int *made = new int(1);
    delete made;
    print_library("_Znwm"); /* operator new, and delete */
    print_library("_ZdlPvm");
#endif
}

int main(void)
{
    struct vtr_heap *heap;
    struct vtr_error err;
    if (vtr_heap_open(NULL, &heap, &err) != 0) {
        fprintf(stderr, "%s\n", err.what);
        return 1;
    }
    int failed = read_a_slice(heap) || write_and_hold(heap);
    print_memory();
    return vtr_heap_close(heap, &err) != 0 || failed;
}
