/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Ordinary pools, in one piece of memory without a gap, as net_af_xdp takes it.
 */
#include "port/ports.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vitrine/buf.h>

#include "base/system.h"
#include "heap/place.h"

bool vtr_plain_create_(struct vtr_plain *plain, unsigned room, unsigned n)
{
    static unsigned made;
    char name[RTE_MEMPOOL_NAMESIZE];
    snprintf(name, sizeof name, "vitrine_plain%u", made++);
    unsigned bytes = sizeof(struct rte_mbuf) + RTE_PKTMBUF_HEADROOM + room;
    struct rte_mempool *mp = rte_mempool_create_empty(
        name, n, bytes, 0, sizeof(struct rte_pktmbuf_pool_private), SOCKET_ID_ANY,
        RTE_MEMPOOL_F_NO_IOVA_CONTIG | RTE_MEMPOOL_F_NO_SPREAD);
    if (mp == NULL)
        return false;
    rte_pktmbuf_pool_init(mp, NULL);
    size_t stride = mp->header_size + mp->elt_size + mp->trailer_size;
    size_t map_bytes = stride * n;
    void *map = vtr_system_mmap_(NULL, map_bytes, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    if (map != MAP_FAILED && rte_mempool_set_ops_byname(mp, "ring_mp_mc", NULL) == 0 &&
        rte_mempool_populate_iova(mp, map, RTE_BAD_IOVA, map_bytes, NULL, NULL) == (int)n) {
        rte_mempool_obj_iter(mp, rte_pktmbuf_init, NULL);
        *plain = (struct vtr_plain){ mp, map, map_bytes };
        return true;
    }
    rte_mempool_free(mp);
    if (map != MAP_FAILED)
        munmap(map, map_bytes);
    return false;
}

void vtr_plain_end_(struct vtr_plain *plain)
{
    if (plain->mp == NULL)
        return;
    rte_mempool_free(plain->mp);
    munmap(plain->map, plain->map_bytes);
    memset(plain, 0, sizeof *plain);
}

/* @return the inode of an XDP socket; 0: it is none. */
static ino_t xdp_inode(int fd)
{
    int domain = 0;
    socklen_t len = sizeof domain;
    struct stat st;
    bool is = getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_XDP;
    return is && fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static bool knows(const struct vtr_plain_sockets *sockets, ino_t inode)
{
    for (unsigned i = 0; sockets != NULL && i < sockets->n; i++)
        if (sockets->at[i].inode == inode)
            return true;
    return false;
}

void vtr_plain_sockets_(struct vtr_plain_sockets *out, const struct vtr_plain_sockets *before)
{
    DIR *dir = opendir("/proc/self/fd");
    out->n = 0;
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        int fd = atoi(e->d_name);
        ino_t inode = xdp_inode(fd);
        if (inode == 0 || knows(before, inode) || out->n == sizeof out->at / sizeof out->at[0])
            continue;
        out->at[out->n].fd = fd;
        out->at[out->n++].inode = inode;
    }
    if (dir != NULL)
        closedir(dir);
}

void vtr_plain_sockets_close_(struct vtr_plain_sockets *sockets)
{
    for (unsigned i = 0; i < sockets->n; i++)
        if (xdp_inode(sockets->at[i].fd) == sockets->at[i].inode) /* else the number is another's */
            close(sockets->at[i].fd);
    sockets->n = 0;
}

/* libbpf and libxdp print through a function that can be set; the driver brings them along. */
static void hush_library(const char *library, const char *setter, bool hush, void **before)
{
    void *lib = dlopen(library, RTLD_NOW | RTLD_NOLOAD);
    if (lib == NULL)
        return;
    void *(*set)(void *) = NULL;
    void *symbol = dlsym(lib, setter);
    memcpy(&set, &symbol, sizeof set);
    if (set != NULL && hush)
        *before = set(NULL);
    else if (set != NULL && *before != NULL)
        *before = (set(*before), NULL);
    dlclose(lib);
}

void vtr_plain_hush_(bool hush)
{
    static void *bpf, *xdp;
    hush_library("libbpf.so.1", "libbpf_set_print", hush, &bpf);
    hush_library("libxdp.so.1", "libxdp_set_print", hush, &xdp);
}

/* @return whether *out is owned; else the frame is counted. */
static bool copy_in(const struct vtr_port *port, struct vtr_rxq *q, const struct rte_mbuf *m,
                    struct vtr_data *out)
{
    VTR_PLACE_NAMED_(port->name);
    struct vtr_buf b;
    bool whole = m->nb_segs == 1 && m->data_len != 0 && m->data_off + m->data_len <= m->buf_len;
    if (!whole || vtr_buf_init(port->heap, port->headroom, m->data_len, &b) != 0) {
        vtr_count_(whole ? &q->no_block : &q->error, 1);
        return false;
    }
    vtr_check(vtr_buf_append(&b, rte_pktmbuf_mtod(m, const void *), m->data_len));
    *out = vtr_buf_seal(&b);
    return true;
}

unsigned vtr_plain_rx_(const struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts,
                       unsigned n)
{
    struct vtr_rxq *q = &port->rxq[queue];
    struct rte_mbuf *mbufs[VTR_BURST];
    unsigned got = 0;
    for (unsigned asked = 0, came = VTR_BURST; asked < n && came == VTR_BURST; asked += came) {
        unsigned ask = n - asked < VTR_BURST ? n - asked : VTR_BURST;
        uint64_t bytes = 0;
        unsigned before = got;
        came = rte_eth_rx_burst(port->id, (uint16_t)queue, mbufs, (uint16_t)ask);
        for (unsigned i = 0; i < came; i++) {
            struct vtr_data d;
            if (copy_in(port, q, mbufs[i], &d)) {
                bytes += d.len;
                pkts[got++] = (struct vtr_pkt){ .data = d, .queue = (uint16_t)queue };
            }
            rte_pktmbuf_free(mbufs[i]);
        }
        vtr_count_(&q->pkts, got - before);
        vtr_count_(&q->copies, got - before);
        vtr_count_(&q->bytes, bytes);
    }
    return got;
}

/* @return an mbuf with the packet's bytes; NULL: the pool is empty. */
static struct rte_mbuf *copy_out(struct rte_mempool *mp, struct vtr_data d)
{
    struct rte_mbuf *m = rte_pktmbuf_alloc(mp);
    if (m == NULL)
        return NULL;
    vtr_check(d.len <= rte_pktmbuf_tailroom(m) &&
              vtr_data_gather(d, 0, rte_pktmbuf_mtod(m, void *), d.len));
    m->data_len = (uint16_t)d.len;
    m->pkt_len = d.len;
    return m;
}

unsigned vtr_plain_tx_(const struct vtr_port *port, unsigned queue, struct vtr_pkt *pkts,
                       unsigned n)
{
    struct vtr_txq *q = &port->txq[queue];
    struct rte_mbuf *mbufs[VTR_BURST];
    unsigned made = 0;
    uint64_t bytes = 0;
    for (n = n < VTR_BURST ? n : VTR_BURST; made < n; made++) {
        mbufs[made] = copy_out(port->rxq[queue].plain.mp, pkts[made].data);
        if (mbufs[made] == NULL)
            break;
    }
    unsigned sent = rte_eth_tx_burst(port->id, (uint16_t)queue, mbufs, (uint16_t)made);
    rte_pktmbuf_free_bulk(mbufs + sent, made - sent);
    for (unsigned i = 0; i < sent; i++) {
        bytes += pkts[i].data.len;
        vtr_data_unref(&pkts[i].data);
        memset(&pkts[i], 0, sizeof pkts[i]);
    }
    vtr_count_(&q->pkts, sent);
    vtr_count_(&q->bytes, bytes);
    vtr_count_(&q->copies, sent);
    return sent;
}
