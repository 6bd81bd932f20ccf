/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Fuzz target: one header or one list, from the link to the transport.
 *
 * which   byte: below 128 a taker (tests/wire/takers.h), else a list (tests/wire/lists.h)
 * first   byte, of a list: what it begins with, as a number of records or a protocol
 * bytes   all that follow
 */
#include "fuzz.h"

#include "../wire/lists.h"
#include "../wire/takers.h"

enum { LISTS_FROM = 128, CUTS = 80 };

/* The walk along extension headers ends alike in two segments. */
static void walk_in_segments(struct vtr_span s, const struct list_state *want, struct vtr_span rest)
{
    for (size_t cut = 0; cut <= s.len && cut <= CUTS; cut++) {
        struct vtr_data whole = alike_cut(s, cut), d = whole;
        struct vtr_ip6_walk w = vtr_ip6_walk_of((uint8_t)want->first);
        vtr_check(vtr_data_ip6_ext_skip(&d, &w) == want->walk.stop);
        vtr_check(w.protocol == want->walk.protocol && w.passed == want->walk.passed);
        vtr_check(w.fragment == want->walk.fragment && alike_same(d, rest));
        vtr_data_unref(&whole);
    }
}

static void iterate(const struct list *l, unsigned first, struct vtr_span s)
{
    struct list_state state = { .first = first };
    struct vtr_span rest;
    size_t n = list_holds(l, s, &state, NULL, 0, &rest);
    vtr_check(n <= s.len);
    if (l->next == next_ip6_ext)
        walk_in_segments(s, &state, rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct vtr_reader r = vtr_reader_of(vtr_span_of(bytes, len));
    uint8_t which, first;
    size_t header, end;
    if (!vtr_reader_u8(&r, &which))
        return 0;
    if (which < TAKERS_N)
        (void)takers[which].holds(r.rest, &header, &end);
    else if (which >= LISTS_FROM && which < LISTS_FROM + LISTS_N && vtr_reader_u8(&r, &first))
        iterate(&lists[which - LISTS_FROM], first, r.rest);
    return 0;
}
