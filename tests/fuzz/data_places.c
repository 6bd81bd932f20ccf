/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The operations of fuzz_data.c on where bytes are: adopted, static, kept, scattered, hashed and
 * accounted for.
 */
#include "data_world.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/uio.h>

static unsigned lent; /* adopted and not given back */

static void give_back(void *arg, const void *bytes, size_t len)
{
    vtr_check(arg == &lent && len != 0);
    free((void *)(uintptr_t)bytes);
    lent--;
}

void op_adopt(struct world *w)
{
    struct value *to = any_value(w);
    struct vtr_data d = UNTOUCHED;
    uint8_t flat[VALUE_MAX];
    size_t len = 1 + any_size(w);
    uint8_t *bytes = (uint8_t *)malloc(len); /* of exactly that size, for a sanitizer */
    vtr_check(bytes != NULL);
    pattern(bytes, len, any(w));
    memcpy(flat, bytes, len);
    lent++;
    int rc = vtr_data_adopt(w->heap, bytes, len, give_back, &lent, &d);
    if (rc == 0) {
        vtr_check(vtr_data_is_local(d) && vtr_data_span(d).ptr == bytes);
        put(to, d, flat);
    } else {
        vtr_check(rc == -ENOMEM && untouched(d));
        give_back(&lent, bytes, len);
    }
}

void op_static(struct world *w)
{
    static const struct vtr_static fixed = VTR_STATIC_INIT("static bytes that nobody counts");
    struct value *to = any_value(w);
    struct vtr_data d = vtr_data_static(&fixed);
    put(to, d, vtr_data_span(d).ptr);
}

void op_keep(struct world *w)
{
    struct value *from = any_value(w), *to = any_value(w);
    struct vtr_data d = UNTOUCHED;
    uint8_t flat[VALUE_MAX];
    memcpy(flat, from->flat, from->data.len);
    int rc = vtr_data_keep(w->heap, from->data, &d);
    if (rc == 0) {
        vtr_check(d.len == from->data.len);
        put(to, d, flat);
    } else {
        vtr_check(untouched(d));
        refused(w, rc, 0); /* of copies, of which only some of the bytes are */
    }
}

void op_copy_iovec(struct world *w)
{
    struct value *to = any_value(w);
    struct vtr_data d = UNTOUCHED;
    uint8_t flat[VALUE_MAX];
    struct iovec iov[4];
    unsigned n = any(w) % 5;
    size_t len = 0;
    for (unsigned i = 0; i < n; i++) {
        iov[i].iov_base = flat + len;
        iov[i].iov_len = any_size(w) % (VALUE_MAX / 4);
        len += iov[i].iov_len;
    }
    pattern(flat, len, any(w));
    int rc = vtr_data_copy_iovec(w->heap, iov, n, &d);
    if (rc == 0)
        vtr_check(d.len == len), put(to, d, flat);
    else
        vtr_check(untouched(d)), refused(w, rc, len);
}

/* However the bytes are cut, and wherever they are. */
void op_hash(struct world *w)
{
    struct value *a = any_value(w), *b = any_value(w);
    uint64_t seed = any(w);
    bool same = vtr_data_compare(a->data, b->data) == 0;
    struct iovec iov = { a->flat, a->data.len };
    struct vtr_data d = VTR_DATA_EMPTY;
    vtr_check((vtr_data_hash(a->data, seed) == vtr_data_hash(b->data, seed)) == same);
    if (vtr_data_copy_iovec(w->heap, &iov, 1, &d) == 0)
        vtr_check(vtr_data_hash(d, seed) == vtr_data_hash(a->data, seed));
    vtr_data_unref(&d);
}

void op_cost(struct world *w)
{
    struct vtr_data d[VALUES];
    uint64_t visible = 0;
    unsigned n = any(w) % (VALUES + 1);
    for (unsigned i = 0; i < n; i++) {
        d[i] = w->value[i].data;
        visible += d[i].len;
    }
    struct vtr_data_cost c = { .size = sizeof c };
    int rc = vtr_data_cost(d, n, &c);
    vtr_check(rc == 0 || (rc == -ENOMEM && c.visible_bytes == 0));
    if (rc == 0)
        vtr_check(c.visible_bytes == visible && c.unique_bytes <= c.pinned_bytes &&
                  c.unique_bytes <= c.fair_bytes && c.fair_bytes <= c.pinned_bytes);
}

void all_is_given_back(const struct world *w)
{
    struct vtr_heap_stat stat = { .size = sizeof stat };
    vtr_heap_stat(w->heap, &stat);
    vtr_check(lent == 0 && stat.adopted_blocks == 0 && stat.adopted_bytes == 0);
}
