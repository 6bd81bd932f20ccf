/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * What holds of the takers of every header, for unit tests and fuzz targets: what they give back is
 * inside what they were given, in order, and the same wherever the bytes are cut in two segments.
 * A property that does not hold aborts (vtr_check).
 */
#ifndef VITRINE_TESTS_WIRE_ALIKE_H
#define VITRINE_TESTS_WIRE_ALIKE_H

#include <stdlib.h>
#include <vitrine/vitrine.h>

static const uint8_t ALIKE_ELSEWHERE[1];
#define ALIKE_NONE { ALIKE_ELSEWHERE, 77 }

static inline bool alike_untouched(struct vtr_span s)
{
    return s.ptr == ALIKE_ELSEWHERE && s.len == 77;
}

/** @return whether all of @p s is in @p outer. */
static inline bool alike_inside(struct vtr_span s, struct vtr_span outer)
{
    uintptr_t from = (uintptr_t)outer.ptr, at = (uintptr_t)s.ptr;
    return s.len == 0 || (at >= from && vtr_in_bounds(outer.len, at - from, s.len));
}

/** @return what holds @p s as two segments, to be ended; the bytes are borrowed. One at a time. */
static inline struct vtr_data alike_cut(struct vtr_span s, size_t cut)
{
    static struct vtr_static halves[2] = { VTR_STATIC_INIT("a"), VTR_STATIC_INIT("b") };
    struct vtr_data parts[2], d;
    halves[0].rec.base = s.ptr;
    halves[0].len = (uint32_t)cut;
    halves[1].rec.base = s.ptr + cut;
    halves[1].len = (uint32_t)(s.len - cut);
    parts[0] = vtr_data_static(&halves[0]);
    parts[1] = vtr_data_static(&halves[1]);
    vtr_check(vtr_data_join(parts, 2, &d) == 0);
    return d;
}

/** @return whether @p d is the bytes of @p s, where they are: none of them was copied. */
static inline bool alike_same(struct vtr_data d, struct vtr_span s)
{
    struct vtr_cursor c = vtr_cursor_of(d);
    struct vtr_span got;
    size_t at = 0;
    for (; vtr_cursor_next(&c, &got); at += got.len)
        if (!vtr_in_bounds(s.len, at, got.len) || got.ptr != s.ptr + at)
            return false;
    return at == s.len && d.len == s.len;
}

/** bool alike_name(struct vtr_span s): holds the takers of struct name against one another.
 * @return whether @p s begins with such a header. */
#define ALIKE(name)                                                                                \
    static inline void alike_at_##name(struct vtr_span s, size_t cut, const struct name *want,     \
                                       struct vtr_span options, struct vtr_span rest)              \
    {                                                                                              \
        struct name scratch;                                                                       \
        bool straddles = cut > 0 && cut < sizeof scratch;                                          \
        struct vtr_data d = alike_cut(s, cut), opts = { 0, 7, 7 }, after = { 0, 7, 7 };            \
        const struct name *h = vtr_data_take_options(name, d, &scratch, &opts, &after);            \
        vtr_check((h != NULL) == (want != NULL));                                                  \
        if (h != NULL)                                                                             \
            vtr_check(h == (straddles ? &scratch : want) && memcmp(h, want, sizeof *h) == 0 &&     \
                      alike_same(opts, options) && alike_same(after, rest));                       \
        else                                                                                       \
            vtr_check(opts.off == 7 && opts.len == 7 && after.off == 7 && after.len == 7);         \
        vtr_data_unref(&d);                                                                        \
    }                                                                                              \
    static inline bool alike_##name(struct vtr_span s)                                             \
    {                                                                                              \
        struct vtr_span options = ALIKE_NONE, rest = ALIKE_NONE, again = s;                        \
        const struct name *h = name##_take_options(s, &options, &rest);                            \
        size_t last = h != NULL ? sizeof *h + options.len + 1 : sizeof *h;                         \
        vtr_check(name##_take(again, &again) == h);                                                \
        vtr_check(again.ptr == (h != NULL ? rest.ptr : s.ptr));                                    \
        vtr_check(again.len == (h != NULL ? rest.len : s.len));                                    \
        if (h != NULL)                                                                             \
            vtr_check((const uint8_t *)h == s.ptr && options.ptr == s.ptr + sizeof *h &&           \
                      rest.ptr == options.ptr + options.len && alike_inside(rest, s));             \
        else                                                                                       \
            vtr_check(alike_untouched(options) && alike_untouched(rest));                          \
        for (size_t cut = 0; cut <= s.len && cut <= last; cut++)                                   \
            alike_at_##name(s, cut, h, options, rest);                                             \
        return h != NULL;                                                                          \
    }

#endif
