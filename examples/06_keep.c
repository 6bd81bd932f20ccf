/* SPDX-License-Identifier: BSD-2-Clause */
/* 06_keep: a table of names out of packets, and what it costs to hold them.
 * Shows: vtr_data_cost, vtr_data_keep, vtr_heap_stat.
 * Before: 05_adopt.c                                         Next: 07_own_parser.h
 * Run:   build/examples/06_keep
 * Prints: bytes shown and pinned by slices of packets, then by what was kept of them
 */
#include <stdio.h>
#include <vitrine/vitrine.h>

enum { NAMES = 100, NAME = 12, PACKET = 1500 };

/* A packet as a port gives it, with a name in it. */
static int receive(struct vtr_heap *heap, unsigned i, struct vtr_data *out)
{
    vtr_auto(vtr_buf) b = VTR_BUF_EMPTY;
    int rc = vtr_buf_init(heap, 128, PACKET, &b);
    if (rc != 0)
        return rc;
    uint8_t *bytes = vtr_buf_reserve(&b, PACKET);
    if (bytes == NULL)
        return -1;
    memset(bytes, 0, PACKET);
    snprintf((char *)bytes + 42, NAME + 1, "sensor-%05u", i);
    vtr_buf_commit(&b, PACKET);
    *out = vtr_buf_seal(&b);
    return 0;
}

static void print_cost(const char *how, const struct vtr_data *names)
{
    struct vtr_data_cost c = { .size = sizeof c };
    if (vtr_data_cost(names, NAMES, &c) != 0)
        return;
    printf("%s: %llu bytes pin %llu in %llu blocks; ending all would free %llu\n", how,
           (unsigned long long)c.visible_bytes, (unsigned long long)c.pinned_bytes,
           (unsigned long long)c.blocks, (unsigned long long)c.unique_bytes);
}

/* The slices of the names, and nothing else of the packets. */
static int collect(struct vtr_heap *heap, struct vtr_data *names)
{
    for (unsigned i = 0; i < NAMES; i++) {
        vtr_auto(vtr_data) packet = VTR_DATA_EMPTY;
        int rc = receive(heap, i, &packet);
        if (rc != 0)
            return rc;
        if (!vtr_data_slice(packet, 42, NAME, &names[i]))
            return -1;
    }
    print_cost("sliced", names);
    return 0;
}

static int keep_all(struct vtr_heap *heap, struct vtr_data *names)
{
    for (unsigned i = 0; i < NAMES; i++) {
        struct vtr_data kept;
        int rc = vtr_data_keep(heap, names[i], &kept);
        if (rc != 0)
            return rc;
        vtr_data_unref(&names[i]);
        names[i] = kept;
    }
    print_cost("kept", names);
    return 0;
}

int main(void)
{
    static struct vtr_data names[NAMES];
    struct vtr_error err;
    struct vtr_heap *heap;
    struct vtr_heap_stat stat = { .size = sizeof stat };
    if (vtr_heap_open(NULL, &heap, &err) != 0) {
        fprintf(stderr, "06_keep: %s\n  try: %s\n", err.what, err.hint);
        return 1;
    }
    int rc = collect(heap, names);
    if (rc == 0)
        rc = keep_all(heap, names);
    if (rc != 0)
        fprintf(stderr, "06_keep: %s\n", rc == -1 ? "a packet was too small" : "out of memory");
    vtr_heap_stat(heap, &stat);
    printf("%llu calls copied %llu bytes, and let go of %llu\n",
           (unsigned long long)stat.keep_copies, (unsigned long long)stat.keep_bytes,
           (unsigned long long)stat.keep_saved);
    vtr_data_unref_bulk(names, NAMES);
    if (vtr_heap_close(heap, &err) != 0) {
        fprintf(stderr, "06_keep: %s\n  try: %s\n", err.what, err.hint);
        return 1;
    }
    return rc == 0 ? 0 : 1;
}
