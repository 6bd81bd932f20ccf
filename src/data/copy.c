/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Copying bytes in: one block where it holds them all, else as many as needed.
 */
#include <vitrine/buf.h>
#include <vitrine/data.h>

#include <errno.h>
#include <sys/uio.h>

#include "base/usdt.h"
#include "data/join.h"
#include "heap/place.h"

/* What has not been copied yet. */
struct source {
    const struct iovec *iov;
    size_t off; /* in the first */
};

/* Fills @p b with the next @p len bytes; there are as many. */
static void fill(struct vtr_buf *b, struct source *from, size_t len)
{
    while (len != 0) {
        size_t left = from->iov->iov_len - from->off, n = left < len ? left : len;
        if (left == 0) {
            from->iov++;
            from->off = 0;
            continue;
        }
        vtr_check(vtr_buf_append(b, (const uint8_t *)from->iov->iov_base + from->off, n));
        from->off += n;
        len -= n;
    }
}

static int copy_block(struct vtr_heap *heap, struct source *from, size_t len, struct vtr_data *out)
{
    struct vtr_buf b;
    int rc = vtr_buf_init(heap, 0, len, &b);
    if (rc != 0)
        return rc;
    fill(&b, from, len);
    *out = vtr_buf_seal(&b);
    VTR_PROBE2(seal, out->what, out->len);
    return 0;
}

static int copy_blocks(struct vtr_heap *heap, struct source *from, size_t len, struct vtr_data *out)
{
    size_t max = vtr_heap_block_max();
    struct vtr_list *list = vtr_list_create((uint32_t)((len + max - 1) / max));
    if (list == NULL)
        return -ENOMEM;
    for (size_t done = 0, n; done < len; done += n) {
        struct vtr_data part = VTR_DATA_EMPTY;
        n = len - done < max ? len - done : max;
        int rc = copy_block(heap, from, n, &part);
        if (rc != 0) {
            vtr_list_drop(list);
            return rc;
        }
        vtr_list_add(list, part.what, part.off, part.len);
    }
    *out = vtr_list_data(list);
    return 0;
}

int vtr_data_copy_iovec(struct vtr_heap *heap, const struct iovec *iov, unsigned n,
                        struct vtr_data *out)
{
    VTR_PLACE_CALL_;
    struct vtr_data empty = VTR_DATA_EMPTY;
    struct source from = { iov, 0 };
    size_t len = 0;
    for (unsigned i = 0; i < n; i++) {
        if (iov[i].iov_len > VTR_DATA_MAX - len)
            return -EMSGSIZE;
        len += iov[i].iov_len;
    }
    if (len == 0) {
        *out = empty;
        return 0;
    }
    return len <= vtr_heap_block_max() ? copy_block(heap, &from, len, out)
                                       : copy_blocks(heap, &from, len, out);
}

int vtr_data_copy(struct vtr_heap *heap, const void *bytes, size_t len, struct vtr_data *out)
{
    VTR_PLACE_CALL_;
    struct iovec all = { (void *)(uintptr_t)bytes, len };
    struct vtr_buf b;
    if (VTR_UNLIKELY(len == 0 || len > vtr_heap_block_max()))
        return vtr_data_copy_iovec(heap, &all, 1, out);
    int rc = vtr_buf_init(heap, 0, len, &b);
    if (VTR_UNLIKELY(rc != 0))
        return rc;
    vtr_check(vtr_buf_append(&b, bytes, len));
    *out = vtr_buf_seal(&b);
    VTR_PROBE2(seal, out->what, out->len);
    return 0;
}
