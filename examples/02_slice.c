/* SPDX-License-Identifier: BSD-2-Clause */
/* 02_slice: a message cut up and put together again, without moving its bytes.
 * Shows: vtr_buf, vtr_data_slice, vtr_data_prepend, vtr_data_join, vtr_cursor.
 * Before: 01_share.c                                             Next: 03_parse_udp.c
 * Run:   build/examples/02_slice
 * Prints: the new message, its segments, and that the body is still where it was written
 */
#include <stdio.h>
#include <vitrine/vitrine.h>

static void print_segments(const char *name, struct vtr_data d)
{
    struct vtr_cursor c = vtr_cursor_of(d);
    struct vtr_span s;
    printf("%s:", name);
    while (vtr_cursor_next(&c, &s))
        printf(" [%.*s]", (int)s.len, (const char *)s.ptr);
    printf("\n");
}

/* Writes a message once; from then on nobody can change it. */
static int write_message(struct vtr_heap *heap, struct vtr_data *out)
{
    vtr_auto(vtr_buf) b = VTR_BUF_EMPTY;
    int rc = vtr_buf_init(heap, 16, 64, &b);
    if (rc != 0)
        return rc;
    if (!vtr_buf_append(&b, "the body, and a tail", 20))
        return -1;
    uint8_t *front = vtr_buf_push(&b, 5); /* there is headroom: no copy */
    if (front == NULL)
        return -1;
    memcpy(front, "old: ", 5);
    *out = vtr_buf_seal(&b);
    return 0;
}

static int reframe(struct vtr_heap *heap)
{
    vtr_auto(vtr_data) message = VTR_DATA_EMPTY;
    vtr_auto(vtr_data) body = VTR_DATA_EMPTY;
    vtr_auto(vtr_data) framed = VTR_DATA_EMPTY;
    vtr_auto(vtr_data) twice = VTR_DATA_EMPTY;
    int rc = write_message(heap, &message);
    if (rc != 0)
        return rc;
    if (!vtr_data_slice(message, 5, 8, &body)) /* "the body" */
        return -1;
    if ((rc = vtr_data_prepend(heap, "new: ", 5, body, &framed)) != 0 ||
        (rc = vtr_data_concat(framed, body, &twice)) != 0)
        return rc;
    print_segments("message", message);
    print_segments("framed", framed);
    print_segments("twice", twice);
    size_t run;
    const uint8_t *there = vtr_data_at(twice, twice.len - 1, &run);
    const uint8_t *written = vtr_data_at(message, 5 + 8 - 1, &run);
    printf("body moved: %s\n", there == written ? "never" : "yes");
    return 0;
}

int main(void)
{
    struct vtr_error err;
    struct vtr_heap *heap;
    if (vtr_heap_open(NULL, &heap, &err) != 0) {
        fprintf(stderr, "02_slice: %s\n  try: %s\n", err.what, err.hint);
        return 1;
    }
    int rc = reframe(heap);
    if (rc != 0)
        fprintf(stderr, "02_slice: %s\n", rc == -1 ? "a buffer was too small" : "out of memory");
    if (vtr_heap_close(heap, &err) != 0) {
        fprintf(stderr, "02_slice: %s\n  try: %s\n", err.what, err.hint);
        return 1;
    }
    return rc == 0 ? 0 : 1;
}
