/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Geneve: RFC 8926 sections 3.4 and 3.5.
 *
 *   geneve = vtr_geneve_take_options(s, &options, &s);
 *   for (r = vtr_reader_of(options); vtr_geneve_option_next(&r, &option);)
 *       ...
 *   if (r.rest.len != 0)      what is left is no option
 *
 * Owner: nothing here owns anything.
 * Threads: any.
 */
#ifndef VITRINE_WIRE_GENEVE_H
#define VITRINE_WIRE_GENEVE_H

#include <vitrine/parse.h>

VTR_BEGIN_DECLS

VTR_WIRE(vtr_geneve, 8,
         (uint8_t, version_len, 0),       /* two bits: 0; six: the options in 4 bytes */
         (uint8_t, flags, 1),             /* VTR_GENEVE_CONTROL, VTR_GENEVE_CRITICAL */
         (struct vtr_be16, protocol, 2),  /* VTR_ETH_*; VTR_GENEVE_ETHERNET */
         (struct vtr_be32, vni, 4));      /* vtr_geneve_vni(); the low 8 bits are ignored */

enum {
    VTR_GENEVE_CONTROL = 0x80,
    VTR_GENEVE_CRITICAL = 0x40, /* an option has VTR_GENEVE_OPTION_CRITICAL */
    VTR_GENEVE_OPTION_CRITICAL = 0x80, /* type: who does not know it must drop the packet */

    VTR_GENEVE_ETHERNET = 0x6558,
    VTR_GENEVE_PORT = 6081,
};

/** Version 0, and options that are all there. */
VTR_INLINE VTR_MUST_USE bool vtr_geneve_measure(const struct vtr_geneve *h, size_t len,
                                                struct vtr_extent *e)
{
    e->header = sizeof *h + h->version_len % 64u * 4;
    e->end = len;
    return h->version_len < 64;
}
VTR_TAKE(vtr_geneve)

/** @return the network identifier, 24 bits. */
VTR_INLINE VTR_MUST_USE uint32_t vtr_geneve_vni(const struct vtr_geneve *h)
{
    return vtr_be32_get(h->vni) >> 8;
}

/** An option. */
struct vtr_geneve_option {
    uint16_t space;       /**< the option class: who gives out the types */
    uint8_t type;         /**< with VTR_GENEVE_OPTION_CRITICAL */
    struct vtr_span data; /**< 0 to 124 bytes */
};

/**
 * The next option.
 * @param r    of the options; on false it is at the end, or before what is no option.
 * @param out  borrowed from r; untouched on false.
 */
VTR_INLINE VTR_MUST_USE bool vtr_geneve_option_next(struct vtr_reader *r,
                                                    struct vtr_geneve_option *out)
{
    uint32_t word;
    struct vtr_reader at = *r;
    if (!vtr_reader_u32be(&at, &word) || !vtr_reader_take(&at, word % 32 * 4, &out->data))
        return false;
    out->space = (uint16_t)(word >> 16);
    out->type = (uint8_t)(word >> 8);
    *r = at;
    return true;
}

VTR_END_DECLS
#endif
