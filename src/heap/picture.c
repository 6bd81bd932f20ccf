/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * vtr_heap_picture: the pageblocks of a heap as an SVG file. First all of it is looked at under the
 * lock, then it is drawn. The colours are those of Okabe and Ito, "Color Universal Design" (2008),
 * which people with any kind of colour vision tell apart.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "heap/heap.h"
#include "heap/stat.h"

enum state { FREE, CUT, PART, FULL, IDLE, LARGE, STATES };

static const struct {
    const char *name, *solid, *says;
} look[STATES] = {
    [FREE] = { "free", "#b8bcc4", "in no class" },
    [CUT] = { "cut", "#56b4e9", "a thread cuts it" },
    [PART] = { "part", "#0072b2", "partly held" },
    [FULL] = { "full", "#d55e00", "all held" },
    [IDLE] = { "idle", "#c9a200", "nothing held" },
    [LARGE] = { "large", "#009e73", "of a large block" },
};

/* In units of the drawing. */
enum { BOX_W = 27, BOX_H = 44, GAP = 4, LEFT = 112, TOP = 78, ROW = 72, FOOT = 96, KEY_W = 160 };
enum { WIDTH = LEFT + (int)VTR_SEGMENT_PAGEBLOCKS * (BOX_W + GAP) + 24 };

enum { ALIGN = 16 };

struct box {
    enum state state;
    bool rest; /* of a large block: not its first */
    uint32_t block_bytes;
    uint64_t blocks, held, cached;
};

struct scene {
    char name[32];
    uint64_t max_bytes;
    unsigned segments;
    struct box *boxes;
    enum vtr_pages *pages;
    unsigned count[STATES];
    struct vtr_census all;
};

static enum state state_of(const struct vtr_pageblock *pb, const struct vtr_census *t)
{
    uint64_t held = t->live + t->other;
    bool uncut = __atomic_load_n(&pb->fresh, __ATOMIC_RELAXED) < pb->blocks; /* O: as it was */
    if (pb->head.klass == VTR_CLASS_NONE)
        return FREE;
    if (pb->head.klass == VTR_CLASS_LARGE || pb->head.klass == VTR_CLASS_REST)
        return LARGE;
    if (held == t->blocks)
        return FULL;
    if (pb->owner != NULL && uncut)
        return CUT;
    return held != 0 ? PART : IDLE;
}

static void look_at(struct scene *s, const struct vtr_pageblock *pb, struct box *box)
{
    struct vtr_census t = { .blocks = 0 };
    if (vtr_pageblock_has_blocks(pb))
        vtr_census_add(&t, pb);
    box->state = state_of(pb, &t);
    box->rest = pb->head.klass == VTR_CLASS_REST;
    box->block_bytes = pb->head.block_bytes;
    box->blocks = t.blocks;
    box->held = t.live + t.other;
    box->cached = t.cached;
    s->count[box->state]++;
    s->all.live += t.live;
    s->all.live_bytes += t.live_bytes;
    s->all.visible_bytes += t.visible_bytes;
}

/* Memory for what vtr_heap_open() made room for: segments do not come while the lock is held. */
static bool scene_look(struct scene *s, struct vtr_heap *heap)
{
    pthread_mutex_lock(&heap->lock);
    unsigned boxes = heap->segments_n * VTR_SEGMENT_PAGEBLOCKS;
    s->segments = heap->segments_n;
    s->boxes = (struct box *)vtr_memory_zalloc_(boxes * sizeof *s->boxes, ALIGN);
    s->pages =
        (enum vtr_pages *)vtr_memory_zalloc_(s->segments * sizeof *s->pages, ALIGN);
    if (s->boxes != NULL && s->pages != NULL) {
        for (unsigned i = 0; i < boxes; i++)
            look_at(s, vtr_pageblock_at(heap, i), &s->boxes[i]);
        for (unsigned k = 0; k < s->segments; k++)
            s->pages[k] = heap->segments[k].pages;
    }
    pthread_mutex_unlock(&heap->lock);
    memcpy(s->name, heap->name, sizeof s->name);
    s->max_bytes = heap->segments_max * VTR_SEGMENT_BYTES;
    return s->boxes != NULL && s->pages != NULL;
}

/* XML holds neither its own marks nor bytes that are not text. */
static void draw_text(FILE *f, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '<' || *c == '>' || *c == '&' || *c == '"')
            fprintf(f, "&#%d;", *c);
        else
            fputc(*c >= ' ' && *c <= '~' ? *c : '?', f);
    }
}

/* "2112", "64K", "1M": what fits under a box. */
static void draw_size(FILE *f, uint32_t bytes)
{
    if (bytes < 10000)
        fprintf(f, "%u", (unsigned)bytes);
    else if (bytes < 1u << 20)
        fprintf(f, "%uK", (unsigned)(bytes + 512) >> 10);
    else
        fprintf(f, "%uM", (unsigned)bytes >> 20);
}

static void draw_head(FILE *f, const struct scene *s)
{
    int height = TOP + (int)s->segments * ROW + FOOT;
    fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
               "height=\"%d\" font-family=\"Helvetica, Arial, sans-serif\">\n<style>\n"
               "text { fill: #2b2f36 } .small { font-size: 10px; fill: #5b6270 }\n"
               ".pb, .key { stroke-width: 1.2; fill-opacity: .14 } .cached { fill-opacity: .38 }\n"
               ".key { fill-opacity: .75 }\n",
            WIDTH, height, WIDTH, height);
    for (unsigned i = 0; i < STATES; i++)
        fprintf(f, ".%s { fill: %s; stroke: %s }\n", look[i].name, look[i].solid, look[i].solid);
    fprintf(f, ".free { fill: none; stroke-dasharray: 3 2 } .level { stroke: none }\n</style>\n"
               "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n"
               "<text x=\"24\" y=\"34\" font-size=\"20\" font-weight=\"bold\">heap '");
    draw_text(f, s->name);
    fprintf(f, "'</text>\n<text x=\"24\" y=\"56\" font-size=\"13\">%llu of at most %llu MiB taken, "
               "%llu blocks held: %.1f MiB pinned for %.1f MiB visible</text>\n",
            (unsigned long long)(s->segments * VTR_SEGMENT_BYTES >> 20),
            (unsigned long long)(s->max_bytes >> 20), (unsigned long long)s->all.live,
            (double)s->all.live_bytes / (1 << 20), (double)s->all.visible_bytes / (1 << 20));
}

/* @return how high @p part of @p blocks stands in a box, in tenths; a little is seen too. */
static unsigned level(uint64_t part, uint64_t blocks)
{
    unsigned tenths = blocks == 0 ? 0 : (unsigned)(part * BOX_H * 10 / blocks);
    return part != 0 && tenths < 15 ? 15 : tenths;
}

static void draw_level(FILE *f, const struct box *b, const char *kind, int x, int w,
                       unsigned bottom, unsigned tenths)
{
    if (tenths == 0)
        return;
    unsigned top = BOX_H * 10 - bottom - tenths;
    fprintf(f, "<rect class=\"level %s %s\" x=\"%d\" y=\"%u.%u\" width=\"%d\" "
               "height=\"%u.%u\"/>\n",
            look[b->state].name, kind, x, top / 10, top % 10, w, tenths / 10, tenths % 10);
}

static void draw_box(FILE *f, const struct box *b, unsigned index)
{
    int join = b->rest ? GAP : 0; /* pageblocks of one large block hang together */
    int x = LEFT + (int)(index % VTR_SEGMENT_PAGEBLOCKS) * (BOX_W + GAP) - join, w = BOX_W + join;
    bool whole = b->rest || b->state == LARGE;
    unsigned held = whole ? BOX_H * 10 : level(b->held, b->blocks);
    unsigned cached = level(b->cached, b->blocks);
    fprintf(f, "<g><title>pageblock %u: ", index);
    if (b->state == FREE || b->rest)
        fprintf(f, "%s", look[b->state].says);
    else
        fprintf(f, "%s; %llu blocks of %u B, %llu held, %llu cached", look[b->state].says,
                (unsigned long long)b->blocks, (unsigned)b->block_bytes,
                (unsigned long long)b->held, (unsigned long long)b->cached);
    fprintf(f, "</title><rect class=\"pb %s\" x=\"%d\" y=\"0\" width=\"%d\" height=\"%d\"/>\n",
            look[b->state].name, x, w, BOX_H);
    draw_level(f, b, "held", x, w, 0, held);
    if (cached > BOX_H * 10 - held)
        cached = BOX_H * 10 - held;
    draw_level(f, b, "cached", x, w, held, cached);
    if (b->state != FREE && !b->rest) {
        fprintf(f, "<text class=\"small\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">",
                x + BOX_W / 2, BOX_H + 12);
        draw_size(f, b->block_bytes);
        fprintf(f, "</text>");
    }
    fprintf(f, "</g>\n");
}

static void draw_segment(FILE *f, const struct scene *s, unsigned k)
{
    fprintf(f, "<g transform=\"translate(0 %u)\">\n<text x=\"24\" y=\"20\" font-size=\"13\">"
               "segment %u</text>\n<text class=\"small\" x=\"24\" y=\"35\">%s</text>\n",
            TOP + k * ROW, k,
            s->pages[k] == VTR_PAGES_HUGETLB ? "reserved huge"
            : s->pages[k] == VTR_PAGES_THP   ? "transparent huge"
                                             : "4 KiB pages");
    for (unsigned i = 0; i < VTR_SEGMENT_PAGEBLOCKS; i++)
        draw_box(f, &s->boxes[k * VTR_SEGMENT_PAGEBLOCKS + i], k * VTR_SEGMENT_PAGEBLOCKS + i);
    fprintf(f, "</g>\n");
}

static void draw_legend(FILE *f, const struct scene *s)
{
    fprintf(f, "<g transform=\"translate(24 %u)\">\n", TOP + s->segments * ROW + 14);
    for (int i = 0; i < STATES; i++)
        fprintf(f, "<rect class=\"key %s\" x=\"%d\" y=\"0\" width=\"18\" height=\"18\"/>"
                   "<text x=\"%d\" y=\"13\" font-size=\"12\">%s: %u</text>"
                   "<text class=\"small\" x=\"%d\" y=\"28\">%s</text>\n",
                look[i].name, i * KEY_W, i * KEY_W + 26, look[i].name, s->count[i],
                i * KEY_W + 26, look[i].says);
    fprintf(f, "<text class=\"small\" x=\"0\" y=\"56\">A box is a pageblock of 2 MiB, the number "
               "under it the size of its blocks. Filled: held; lighter, on top: free, in a "
               "magazine or the depot.</text>\n</g>\n");
}

static bool draw(const struct scene *s, const char *path)
{
    FILE *f = fopen(path, "we");
    if (f == NULL)
        return false;
    draw_head(f, s);
    for (unsigned k = 0; k < s->segments; k++)
        draw_segment(f, s, k);
    draw_legend(f, s);
    fprintf(f, "</svg>\n");
    bool written = ferror(f) == 0;
    return fclose(f) == 0 && written;
}

int vtr_heap_picture(struct vtr_heap *heap, const char *path, struct vtr_error *err)
{
    struct scene s = { .boxes = NULL };
    int rc = 0;
    if (!scene_look(&s, heap))
        rc = vtr_error_set_(err, ENOMEM, NULL, "heap '%s': no memory for a picture", s.name);
    else if (!draw(&s, path))
        rc = vtr_error_set_(err, errno != 0 ? errno : EIO, "name a file that can be written",
                            "heap '%s': cannot draw '%s': %s", s.name, path, strerror(errno));
    vtr_memory_free_(s.boxes);
    vtr_memory_free_(s.pages);
    return rc;
}
