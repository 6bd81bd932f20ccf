/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Fuzz target: the flow of an Ethernet frame. It is the same in two segments, cut anywhere in the
 * first bytes; its two directions have one canonical key; and its hash is the definition's.
 */
#include "fuzz.h"

#include "../wire/alike.h"
#include "../wire/toeplitz.h"

enum { CUTS = 96 };

static const struct vtr_rss_key KEY = VTR_RSS_KEY_MICROSOFT;

static void hash(const struct vtr_flow *f)
{
    static struct vtr_toeplitz rss;
    static bool made;
    uint8_t input[VTR_TOEPLITZ_INPUT];
    size_t n = f->version == 6 ? 16 : 4, len = 2 * n;
    bool ports = !f->fragment && (f->protocol == 6 || f->protocol == 17 || f->protocol == 132);
    uint32_t got = 0;
    if (!made)
        vtr_toeplitz_init(&rss, KEY.bytes, sizeof KEY.bytes);
    made = true;
    memcpy(input, f->src.bytes, n);
    memcpy(input + n, f->dst.bytes, n);
    if (ports) {
        memcpy(input + len, f->src_port.bytes, 2);
        memcpy(input + len + 2, f->dst_port.bytes, 2);
        len += 4;
    }
    vtr_check(vtr_rss_hash(&rss, f, VTR_RSS_ALL, &got));
    vtr_check(got == toeplitz_slow(KEY.bytes, vtr_span_of(input, len)));
}

static void turn(const struct vtr_flow *f)
{
    struct vtr_flow a = *f, b = *f;
    b.src = f->dst;
    b.dst = f->src;
    b.src_port = f->dst_port;
    b.dst_port = f->src_port;
    (void)vtr_flow_canonical(&a);
    (void)vtr_flow_canonical(&b);
    vtr_check(memcmp(&a, &b, sizeof a) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct vtr_flow untouched = { .zero = 7 };
    struct vtr_span s = vtr_span_of(bytes, len);
    struct vtr_flow f = untouched;
    bool ok = vtr_flow_of_span(s, &f);
    if (ok) {
        vtr_check((f.version == 4 || f.version == 6) && f.fragment <= 1 && f.zero == 0);
        hash(&f);
        turn(&f);
    }
    for (size_t cut = 0; cut <= len && cut <= CUTS; cut++) {
        struct vtr_data d = alike_cut(s, cut);
        struct vtr_flow other = untouched;
        vtr_check(vtr_flow_of_data(d, &other) == ok && memcmp(&other, &f, sizeof f) == 0);
        vtr_data_unref(&d);
    }
    return 0;
}
