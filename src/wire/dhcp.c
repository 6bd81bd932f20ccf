/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Options that go on in two fields of the header.
 */
#include <vitrine/wire/dhcp.h>

struct vtr_dhcp_walk vtr_dhcp_walk_of(const struct vtr_dhcp *h, struct vtr_span rest)
{
    struct vtr_dhcp_walk w = { vtr_reader_of(rest), vtr_span_of(h->file, sizeof h->file),
                               vtr_span_of(h->server_name, sizeof h->server_name), 0, true };
    return w;
}

/* Padding goes. @return whether the field holds no more options. */
static bool at_end(struct vtr_reader *r)
{
    uint8_t code;
    while (vtr_span_u8(r->rest, 0, &code)) {
        if (code != VTR_DHCP_PAD)
            return code == VTR_DHCP_END;
        r->rest = vtr_span_part_(r->rest, 1, r->rest.len - 1);
    }
    return true;
}

/* RFC 2131 section 4.1: the file before the name. @return false: there are no other fields. */
static bool next_field(struct vtr_dhcp_walk *w)
{
    bool file = (w->overload & VTR_DHCP_OVERLOAD_FILE) != 0;
    if (w->overload == 0)
        return false;
    w->r = vtr_reader_of(file ? w->file : w->name);
    w->overload &= file ? VTR_DHCP_OVERLOAD_NAME : 0;
    w->first = false;
    return true;
}

/* One option. @return false, and nothing changed: it is cut short. */
static bool take(struct vtr_reader *r, struct vtr_dhcp_option *out)
{
    struct vtr_reader at = *r;
    uint8_t code;
    if (!vtr_reader_u8(&at, &code) || !vtr_reader_vector8(&at, &out->data))
        return false;
    out->code = code;
    *r = at;
    return true;
}

bool vtr_dhcp_option_next(struct vtr_dhcp_walk *w, struct vtr_dhcp_option *out)
{
    uint8_t overload;
    while (at_end(&w->r))
        if (!next_field(w))
            return false;
    if (!take(&w->r, out))
        return false;
    if (w->first && out->code == VTR_DHCP_OVERLOAD && vtr_span_u8(out->data, 0, &overload))
        w->overload = overload & (VTR_DHCP_OVERLOAD_FILE | VTR_DHCP_OVERLOAD_NAME);
    return true;
}

bool vtr_dhcp_walk_done(const struct vtr_dhcp_walk *w)
{
    struct vtr_reader r = w->r;
    return at_end(&r) && w->overload == 0;
}
