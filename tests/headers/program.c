/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * A small program of either language: every call that notes where it is made from, as a statement
 * and as an operand.
 */
#include <sys/uio.h>
#include <vitrine/vitrine.h>

static void give_back(void *arg, const void *bytes, size_t len)
{
    (void)arg;
    (void)bytes;
    (void)len;
}

static int bufs(struct vtr_heap *heap)
{
    struct vtr_buf b[3] = { VTR_BUF_EMPTY, VTR_BUF_EMPTY, VTR_BUF_EMPTY };
    struct vtr_data d = VTR_DATA_EMPTY;
    int rc = vtr_buf_init(heap, 0, 64, &b[0]);
    if (rc != 0 || vtr_buf_init_bulk(heap, 0, 64, b + 1, 2) != 2)
        return rc;
    d = vtr_buf_seal(&b[1]);
    if (vtr_data_try_own(&d, &b[1]))
        vtr_buf_fini(&b[1]);
    vtr_buf_fini_bulk(b, 3);
    vtr_data_unref(&d);
    return 0;
}

int main(void)
{
    struct iovec iov = { NULL, 0 };
    struct vtr_heap *heap = NULL;
    struct vtr_error err;
    struct vtr_data d[5] = { VTR_DATA_EMPTY, VTR_DATA_EMPTY, VTR_DATA_EMPTY, VTR_DATA_EMPTY,
                             VTR_DATA_EMPTY };
    if (vtr_heap_open(NULL, &heap, &err) != 0)
        return 1;
    bool done = bufs(heap) == 0 && vtr_data_copy(heap, "bytes", 5, &d[0]) == 0 &&
                vtr_data_copy_iovec(heap, &iov, 1, &d[1]) == 0 &&
                vtr_data_prepend(heap, "head", 4, d[0], &d[2]) == 0 &&
                vtr_data_keep(heap, d[0], &d[3]) == 0 &&
                vtr_data_adopt(heap, "lent", 4, give_back, NULL, &d[4]) == 0;
    vtr_data_unref(&d[0]);
    vtr_data_unref_bulk(d + 1, 4);
    return vtr_heap_close(heap, &err) == 0 && done ? 0 : 1;
}
