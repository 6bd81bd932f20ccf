/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Chains of mbufs.
 */
#include "port/chain.h"

#include "data/list.h"

void vtr_chain_descend_(struct vtr_rack *rack)
{
    uint32_t n = rack->n < VTR_RACK_BARE ? rack->n : VTR_RACK_BARE;
    rack->n -= n;
    memcpy(rack->cache->objs, rack->bare + rack->n, n * sizeof rack->bare[0]);
    rack->cache->len = n;
}

/* Mbufs that show [off, off + len) of a list. */
static uint32_t list_mbufs(const struct vtr_list *list, uint32_t off, uint32_t len)
{
    uint32_t n = 0, stop = off + len;
    for (uint32_t i = vtr_list_find_(list, off); off < stop; i++) {
        uint32_t end = list->seg[i].end < stop ? list->seg[i].end : stop;
        n += (end - off + VTR_SEG_BYTES_MAX - 1) / VTR_SEG_BYTES_MAX;
        off = end;
    }
    return n;
}

uint32_t vtr_chain_mbufs_(struct vtr_data d)
{
    if (d.what & VTR_WHAT_LIST)
        return list_mbufs(vtr_list_of_(d.what), d.off, d.len);
    return (d.len + VTR_SEG_BYTES_MAX - 1) / VTR_SEG_BYTES_MAX;
}

/* Appends mbufs that show bytes of one block, with a count each. @return the last one. */
static struct rte_mbuf *chain_block(struct vtr_rack *rack, struct rte_mbuf *tail, uint64_t what,
                                    uint32_t off, uint32_t len)
{
    for (uint32_t n; len != 0; off += n, len -= n) {
        struct rte_mbuf *m = vtr_chain_pop_(rack);
        n = len < VTR_SEG_BYTES_MAX ? len : VTR_SEG_BYTES_MAX;
        vtr_record_ref_(what);
        vtr_chain_fill_(m, what, off, n);
        tail->next = m;
        tail = m;
    }
    return tail;
}

static void chain_list(struct vtr_rack *rack, struct rte_mbuf *tail, const struct vtr_list *list,
                       uint32_t off, uint32_t len)
{
    uint32_t stop = off + len;
    for (uint32_t i = vtr_list_find_(list, off); off < stop; i++) {
        const struct vtr_seg *s = &list->seg[i];
        uint32_t end = s->end < stop ? s->end : stop;
        tail =
            chain_block(rack, tail, s->what, s->off + (off - vtr_list_start_(list, i)), end - off);
        off = end;
    }
}

/* Counts are taken for each mbuf. */
static VTR_COLD struct rte_mbuf *load_taking(struct vtr_rack *rack, struct vtr_data d)
{
    struct rte_mbuf anchor;
    if (d.what & VTR_WHAT_LIST)
        chain_list(rack, &anchor, vtr_list_of_(d.what), d.off, d.len);
    else
        chain_block(rack, &anchor, d.what, d.off, d.len);
    return anchor.next;
}

/* The list is ours alone and shown whole: its counts go along. */
static struct rte_mbuf *load_lending(struct vtr_rack *rack, const struct vtr_list *list)
{
    struct rte_mbuf *head = NULL, **link = &head;
    for (uint32_t i = 0; i < list->segs; i++) {
        const struct vtr_seg *s = &list->seg[i];
        struct rte_mbuf *m = vtr_chain_pop_(rack);
        vtr_chain_fill_(m, s->what, s->off, s->end - vtr_list_start_(list, i));
        *link = m;
        link = &m->next;
    }
    return head;
}

struct rte_mbuf *vtr_chain_load_(const struct vtr_port *port, struct vtr_rack *rack,
                                 struct vtr_data d, bool *taken)
{
    uint32_t n = vtr_chain_mbufs_(d);
    if (n == 0 || n > port->seg_max || !vtr_chain_has_(rack, n))
        return NULL;
    const struct vtr_list *list = vtr_list_of_(d.what);
    bool is_list = (d.what & VTR_WHAT_LIST) != 0;
    if (is_list && list->gen != (uint16_t)(d.what >> VTR_WHAT_GEN_SHIFT))
        vtr_record_broken_(d.what, "tx");
    /* A1: other handles, which are gone, have read the list. No new one can appear: ours is the
     * only one it could be made from. */
    *taken = !is_list || n != list->segs || list->seg[n - 1].end != d.len ||
             __atomic_load_n(&list->count, __ATOMIC_ACQUIRE) != 1;
    struct rte_mbuf *head = *taken ? load_taking(rack, d) : load_lending(rack, list);
    head->nb_segs = (uint16_t)n;
    head->pkt_len = d.len;
    return head;
}
