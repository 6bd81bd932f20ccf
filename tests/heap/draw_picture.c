/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Makes a heap with pageblocks in every state, draws it twice and says what picture.py is to find:
 *   draw_picture ONE.svg TWO.svg
 */
#include <stdio.h>
#include <stdlib.h>
#include <vitrine/vitrine.h>

static struct vtr_heap *heap;

static void need(bool done, const char *what)
{
    if (done)
        return;
    fprintf(stderr, "draw_picture: %s\n", what);
    exit(1);
}

/* A pageblock holds two blocks of 1 MiB, 992 of 2112 B, 8 of 256 KiB. */
static struct vtr_buf *take(size_t bytes, unsigned n)
{
    static struct vtr_buf all[64];
    static unsigned used;
    struct vtr_buf *bufs = all + used;
    used += n;
    need(used <= sizeof all / sizeof all[0], "too many bufs");
    need(vtr_buf_init_bulk(heap, 0, bytes, bufs, n) == n, "the heap is too small");
    return bufs;
}

static void end(struct vtr_buf *bufs, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        vtr_buf_fini(&bufs[i]);
}

static void say(void)
{
    struct vtr_heap_stat s = { .size = sizeof s };
    struct vtr_heap_class_stat c = { .size = sizeof c };
    unsigned long long pageblocks = 0;
    vtr_heap_stat(heap, &s);
    for (unsigned k = 0; vtr_heap_class_stat(heap, k, &c) == 0; k++)
        pageblocks += c.pageblocks;
    printf("{\"segments\": %llu, \"classes\": %llu, \"large\": %llu, \"live\": %llu}\n",
           (unsigned long long)s.segment_bytes >> 26, pageblocks,
           (unsigned long long)s.large_bytes >> 21, (unsigned long long)s.live_blocks);
}

int main(int argc, char **argv)
{
    struct vtr_heap_opts opts = { .size = sizeof opts, .name = "a <b> & \"c\" \xff\x7f",
                                  .max_bytes = 128 << 20 };
    struct vtr_error err;
    need(argc == 3, "usage: draw_picture ONE.svg TWO.svg");
    need(vtr_heap_open(&opts, &heap, &err) == 0, err.what);
    struct vtr_buf *full = take(1 << 20, 6);      /* 3 full */
    struct vtr_buf *part = take(262144, 16);      /* 2, one of them loses half */
    struct vtr_buf *cut = take(2000, 10);         /* 1 that this thread cuts */
    struct vtr_buf *idle = take(524288, 8);       /* 2 */
    struct vtr_buf *large = take(5 << 20, 2);     /* 2 of 3 */
    struct vtr_buf *more = take(60 << 20, 1);     /* 30 in a segment of their own */
    end(part, 0, 4);
    end(idle, 0, 8);
    need(vtr_heap_picture(heap, argv[1], &err) == 0, err.what);
    need(vtr_heap_picture(heap, argv[2], &err) == 0, err.what);
    say();
    end(full, 0, 6);
    end(part, 4, 16);
    end(cut, 0, 10);
    end(large, 0, 2);
    end(more, 0, 1);
    need(vtr_heap_close(heap, &err) == 0, err.what);
    return 0;
}
