/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Places. They are kept for the life of the process, each once, in a table that only grows: its
 * names can be read from a signal handler, and after the module they lay in is gone.
 */
#include "heap/place.h"

#ifdef VTR_DEBUG

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "heap/foreign.h"
#include "heap/pageblock.h"

enum { EMPTY, BEING_WRITTEN, KNOWN, NAME = 92 };

struct place {
    uint32_t state; /* atomic */
    uint32_t hash;
    char name[NAME];
};

static struct place places[VTR_PLACES];

static __thread struct {
    const char *file;
    int line;
    int depth;
    const void *returns_to;
} here __attribute__((tls_model("initial-exec")));

void vtr_made_at_(const char *file, int line)
{
    here.file = file;
    here.line = line;
}

bool vtr_place_enter_(const void *returns_to, const char *name)
{
    bool outermost = here.depth++ == 0;
    if (outermost)
        here.returns_to = returns_to;
    if (outermost && here.file == NULL && name != NULL)
        vtr_made_at_(name, 0);
    return outermost;
}

void vtr_place_leave_(const bool *outermost)
{
    here.depth--;
    if (!*outermost)
        return;
    here.file = NULL;
    here.returns_to = NULL;
}

/* "src/main.c:12", "serve+0x1f in vitrine-kvd". */
static void name_here(char *name)
{
    const char *file = here.file;
    Dl_info in;
    name[0] = '\0';
    while (file != NULL && strncmp(file, "../", 3) == 0) /* from a build folder */
        file += 3;
    if (file != NULL && here.line != 0)
        snprintf(name, NAME, "%s:%d", file, here.line);
    else if (file != NULL)
        snprintf(name, NAME, "%s", file);
    if (file != NULL || here.returns_to == NULL || dladdr(here.returns_to, &in) == 0)
        return;
    const char *module = strrchr(in.dli_fname, '/') != NULL ? strrchr(in.dli_fname, '/') + 1
                                                            : in.dli_fname;
    const char *from = in.dli_saddr != NULL ? in.dli_saddr : in.dli_fbase;
    snprintf(name, NAME, "%s%s%s+%#zx", in.dli_sname != NULL ? in.dli_sname : "",
             in.dli_sname != NULL ? " in " : "", module,
             (size_t)((const char *)here.returns_to - from));
}

/* FNV-1a. */
static uint32_t hash_of(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name != '\0'; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    return hash;
}

/* @return whether the place is, or becomes, the one of that name. */
static bool place_is(struct place *p, uint32_t hash, const char *name)
{
    uint32_t empty = EMPTY;
    if (__atomic_compare_exchange_n(&p->state, &empty, BEING_WRITTEN, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_ACQUIRE)) {
        p->hash = hash;
        memcpy(p->name, name, NAME);
        __atomic_store_n(&p->state, KNOWN, __ATOMIC_RELEASE); /* R14: its name is there; A14 */
        return true;
    }
    /* A14 above. One that is being written may be the same: then the place is there twice. */
    return empty == KNOWN && p->hash == hash && strcmp(p->name, name) == 0;
}

static uint16_t place_here(void)
{
    char name[NAME];
    name_here(name);
    if (name[0] == '\0')
        return 0;
    uint32_t hash = hash_of(name);
    for (uint32_t i = 0; i < VTR_PLACES; i++) {
        uint32_t at = (hash + i) % VTR_PLACES;
        if (at != 0 && place_is(&places[at], hash, name))
            return (uint16_t)at;
    }
    return 0; /* the table is full */
}

const char *vtr_place_name(unsigned place)
{
    bool known = __atomic_load_n(&places[place].state, __ATOMIC_ACQUIRE) == KNOWN; /* A14 */
    return known ? places[place].name : NULL;
}

/* Records lie where the skew puts them, in an area with room for twice as many: before or behind
 * them is a gap for all lives. */
static struct vtr_life *life_of(const struct vtr_record *rec)
{
    if (vtr_record_flags_(rec) & VTR_RECORD_FOREIGN)
        return &vtr_foreign_of(rec)->life;
    struct vtr_pageblock *pb = vtr_pageblock_of(rec);
    const size_t need = VTR_PAGEBLOCK_BLOCKS * sizeof(struct vtr_life);
    VTR_STATIC_ASSERT(VTR_PAGE_BYTES + VTR_PAGEBLOCK_BLOCKS * sizeof(struct vtr_record) +
                              2 * (VTR_PAGEBLOCK_BLOCKS * sizeof(struct vtr_life)) <=
                          VTR_AREA_BYTES,
                      "one of the two gaps is large enough");
    uint8_t *area = (uint8_t *)pb, *records = (uint8_t *)pb->records;
    bool before = (size_t)(records - area) >= VTR_PAGE_BYTES + need;
    uint8_t *gap = before ? area + VTR_PAGE_BYTES
                          : records + VTR_PAGEBLOCK_BLOCKS * sizeof(struct vtr_record);
    return (struct vtr_life *)gap + (rec - pb->records);
}

/* O: names, no more. */
void vtr_place_made_(const struct vtr_record *rec)
{
    struct vtr_life *life = life_of(rec);
    __atomic_store_n(&life->made, place_here(), __ATOMIC_RELAXED);
}

void vtr_made_again_(const struct vtr_record *rec, const char *file, int line)
{
    vtr_made_at_(file, line);
    vtr_place_made_(rec);
    vtr_made_at_(NULL, 0);
}

void vtr_place_ended_(const struct vtr_record *rec)
{
    struct vtr_life *life = life_of(rec);
    __atomic_store_n(&life->ended, place_here(), __ATOMIC_RELAXED);
}

unsigned vtr_place_of(const struct vtr_record *rec)
{
    return __atomic_load_n(&life_of(rec)->made, __ATOMIC_RELAXED);
}

const char *vtr_place_made_name(const struct vtr_record *rec)
{
    return vtr_place_name(vtr_place_of(rec));
}

const char *vtr_place_ended_name(const struct vtr_record *rec)
{
    return vtr_place_name(__atomic_load_n(&life_of(rec)->ended, __ATOMIC_RELAXED));
}

#else

void vtr_made_at_(const char *file, int line)
{
    (void)file, (void)line;
}

void vtr_made_again_(const struct vtr_record *rec, const char *file, int line)
{
    (void)rec, (void)file, (void)line;
}

#endif
