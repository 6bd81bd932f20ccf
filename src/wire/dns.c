/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Names that refer back, and the four sections of a message.
 */
#include <vitrine/wire/dns.h>

enum { REFERENCE = 0xc0, LABELS_MAX = VTR_DNS_NAME_MAX / 2 };

/** What stands at a place of a name. */
enum step { LABEL, JUMP, END, BAD };

/* Every byte that decides is read once: the bytes may change between two looks at them. */
static enum step step(struct vtr_dns_name *n, struct vtr_span *label)
{
    uint8_t first, low;
    if (!vtr_span_u8(n->message, n->at, &first))
        return BAD;
    if (first == 0)
        return END;
    if (first <= VTR_DNS_LABEL_MAX) {
        if (n->len + 1u + first > VTR_DNS_NAME_MAX - 1 ||
            !vtr_span_sub(n->message, n->at + 1, first, label))
            return BAD;
        n->len = (uint16_t)(n->len + 1 + first);
        n->at += 1u + first;
        return LABEL;
    }
    if (first < REFERENCE || !vtr_span_u8(n->message, n->at + 1, &low))
        return BAD;
    size_t to = (first & 0x3fu) * 256u + low;
    if (to >= n->before || n->jumps == VTR_DNS_JUMPS)
        return BAD;
    n->at = n->before = to;
    n->jumps++;
    return JUMP;
}

bool vtr_dns_label_next(struct vtr_dns_name *n, struct vtr_span *label)
{
    enum step got;
    do
        got = step(n, label);
    while (got == JUMP);
    return got == LABEL;
}

/* Where the reader's bytes lie in the message; nowhere, if they are not of it. */
static bool place(struct vtr_span message, const struct vtr_reader *r, size_t *at)
{
    uintptr_t from = (uintptr_t)message.ptr, here = (uintptr_t)r->rest.ptr;
    *at = here - from;
    return here >= from && vtr_in_bounds(message.len, *at, r->rest.len);
}

bool vtr_dns_name_next(struct vtr_span message, struct vtr_reader *r, struct vtr_dns_name *out)
{
    struct vtr_dns_name n = { message, 0, 0, 0, 0 }, first;
    struct vtr_span label;
    enum step got;
    size_t skip = 0;
    if (!place(message, r, &n.at))
        return false;
    n.before = n.at;
    first = n;
    do {
        size_t at = n.at;
        got = step(&n, &label);
        if (n.jumps == 0)
            skip = got == END ? at + 1 : n.at;
        else if (n.jumps == 1 && got == JUMP)
            skip = at + 2;
    } while (got == LABEL || got == JUMP);
    if (got == BAD || !vtr_reader_skip(r, skip - first.at))
        return false;
    *out = first;
    return true;
}

static bool put_byte(struct vtr_writer *w, uint8_t c)
{
    char text[4] = { '\\', (char)('0' + c / 100), (char)('0' + c / 10 % 10), (char)('0' + c % 10) };
    if (c <= ' ' || c > '~')
        return vtr_writer_put(w, text, sizeof text);
    if (c == '.' || c == '\\')
        return vtr_writer_u8(w, '\\') && vtr_writer_u8(w, c);
    return vtr_writer_u8(w, c);
}

static bool put_label(struct vtr_writer *w, struct vtr_span label)
{
    for (size_t i = 0; i < label.len; i++)
        if (!put_byte(w, label.ptr[i]))
            return false;
    return true;
}

bool vtr_dns_name_text(struct vtr_dns_name n, struct vtr_writer *w)
{
    struct vtr_writer to = *w;
    struct vtr_span label;
    bool fits = true, root = true;
    for (; fits && vtr_dns_label_next(&n, &label); root = false)
        fits = (root || vtr_writer_u8(&to, '.')) && put_label(&to, label);
    if (!fits || (root && !vtr_writer_u8(&to, '.')))
        return false;
    *w = to;
    return true;
}

struct labels {
    struct vtr_span at[LABELS_MAX];
    unsigned n;
};

static void labels_of(struct vtr_dns_name n, struct labels *out)
{
    for (out->n = 0; out->n < LABELS_MAX && vtr_dns_label_next(&n, &out->at[out->n]);)
        out->n++;
}

static int lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; }

static int compare_label(struct vtr_span a, struct vtr_span b)
{
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        int order = lower(a.ptr[i]) - lower(b.ptr[i]);
        if (order != 0)
            return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

int vtr_dns_name_compare(struct vtr_dns_name a, struct vtr_dns_name b)
{
    struct labels of_a, of_b;
    labels_of(a, &of_a);
    labels_of(b, &of_b);
    while (of_a.n != 0 && of_b.n != 0) {
        int order = compare_label(of_a.at[--of_a.n], of_b.at[--of_b.n]);
        if (order != 0)
            return order;
    }
    return (of_a.n > of_b.n) - (of_a.n < of_b.n);
}

struct vtr_dns_walk vtr_dns_walk_of(struct vtr_span message)
{
    struct vtr_dns_walk w = { message, vtr_reader_of(message), { 0, 0, 0, 0 } };
    const struct vtr_dns *h = vtr_dns_take(message, &w.r.rest);
    if (h != NULL) {
        w.left[VTR_DNS_QUESTION] = vtr_be16_get(h->questions);
        w.left[VTR_DNS_ANSWER] = vtr_be16_get(h->answers);
        w.left[VTR_DNS_AUTHORITY] = vtr_be16_get(h->authorities);
        w.left[VTR_DNS_ADDITIONAL] = vtr_be16_get(h->additionals);
    }
    return w;
}

bool vtr_dns_question_next(struct vtr_dns_walk *w, struct vtr_dns_question *out)
{
    struct vtr_reader r = w->r;
    struct vtr_dns_question q;
    if (w->left[VTR_DNS_QUESTION] == 0 || !vtr_dns_name_next(w->message, &r, &q.name) ||
        !vtr_reader_u16be(&r, &q.type) || !vtr_reader_u16be(&r, &q.space))
        return false;
    w->left[VTR_DNS_QUESTION]--;
    w->r = r;
    *out = q;
    return true;
}

/* The section that the next record is of. @return false: there is no next one. */
static bool next_section(struct vtr_dns_walk *w, enum vtr_dns_section *out)
{
    struct vtr_dns_question question;
    while (vtr_dns_question_next(w, &question))
        ;
    for (unsigned section = VTR_DNS_QUESTION; section <= VTR_DNS_ADDITIONAL; section++)
        if (w->left[section] != 0) {
            *out = (enum vtr_dns_section)section;
            return section != VTR_DNS_QUESTION;
        }
    return false;
}

bool vtr_dns_record_next(struct vtr_dns_walk *w, struct vtr_dns_record *out)
{
    struct vtr_dns_record record;
    if (!next_section(w, &record.section))
        return false;
    struct vtr_reader r = w->r;
    if (!vtr_dns_name_next(w->message, &r, &record.name) || !vtr_reader_u16be(&r, &record.type) ||
        !vtr_reader_u16be(&r, &record.space) || !vtr_reader_u32be(&r, &record.ttl_s) ||
        !vtr_reader_vector16(&r, &record.data))
        return false;
    w->left[record.section]--;
    w->r = r;
    *out = record;
    return true;
}

bool vtr_dns_edns_of(const struct vtr_dns_record *record, struct vtr_dns_edns *out)
{
    if (record->type != VTR_DNS_OPT)
        return false;
    out->udp_len = record->space;
    out->rcode_high = (uint8_t)(record->ttl_s >> 24);
    out->version = (uint8_t)(record->ttl_s >> 16);
    out->dnssec = (record->ttl_s & 0x8000) != 0;
    out->options = record->data;
    return true;
}

bool vtr_dns_option_next(struct vtr_reader *r, struct vtr_dns_option *out)
{
    struct vtr_reader at = *r;
    uint16_t code;
    if (!vtr_reader_u16be(&at, &code) || !vtr_reader_vector16(&at, &out->data))
        return false;
    out->code = code;
    *r = at;
    return true;
}
