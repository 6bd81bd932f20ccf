/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Ring pairs.
 */
#include "port/pair.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "base/memory.h"
#include "port/fence.h"
#include "port/rack.h"

enum { QUEUES_MAX = RTE_PMD_RING_MAX_RX_RINGS };

struct vtr_pair {
    struct vtr_pair *next;
    char name[VTR_SPEC_MAX + 1];
    unsigned queues;
    bool open[2];                       /* atomic: read by vtr_pair_up_ */
    struct vtr_port *port[2];           /* NULL while it is opened, or not open */
    uint32_t sleeps[2][QUEUES_MAX];     /* atomic: side 0 and side 1 wait for the queue's bell */
    int bell[2][QUEUES_MAX];            /* atomic, plus 1; they live as long as the pair */
    struct rte_ring *to[2][QUEUES_MAX]; /* what side 0 and side 1 receive from */
};

static struct vtr_pair *pairs;

static void pair_free(struct vtr_pair *pair)
{
    for (unsigned i = 0; i < 2 * pair->queues; i++) {
        rte_ring_free(pair->to[i % 2][i / 2]);
        if (pair->bell[i % 2][i / 2] != 0)
            close(pair->bell[i % 2][i / 2] - 1);
    }
    vtr_memory_free_(pair);
}

static bool rings_create(struct vtr_pair *pair, const unsigned descs[2])
{
    static unsigned made;
    for (unsigned i = 0; i < 2 * pair->queues; i++) {
        char name[RTE_RING_NAMESIZE];
        snprintf(name, sizeof name, "vitrine%u", made++);
        pair->to[i % 2][i / 2] = rte_ring_create(name, descs[i % 2], SOCKET_ID_ANY,
                                                 RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
        if (pair->to[i % 2][i / 2] == NULL)
            return false;
    }
    return true;
}

static int pair_create(const struct vtr_spec *spec, unsigned queues, const unsigned descs[2],
                       struct vtr_pair **out, struct vtr_error *err)
{
    if (queues > QUEUES_MAX)
        return vtr_spec_fail_(spec, err, EINVAL, NULL, "a ring has at most %d queues", QUEUES_MAX);
    struct vtr_pair *pair = vtr_memory_zalloc_(sizeof *pair, _Alignof(struct vtr_pair));
    if (pair == NULL)
        return vtr_spec_fail_(spec, err, ENOMEM, NULL, "no memory for its rings");
    memcpy(pair->name, spec->target, sizeof pair->name);
    pair->queues = queues;
    if (!rings_create(pair, descs)) {
        pair_free(pair);
        return vtr_spec_fail_(spec, err, ENOMEM, "lower queues, rx_descs or tx_descs",
                              "no memory for its rings");
    }
    pair->next = pairs;
    pairs = pair;
    *out = pair;
    return 0;
}

int vtr_pair_open_(const struct vtr_spec *spec, unsigned queues, unsigned rx_descs,
                   unsigned tx_descs, struct vtr_pair **out, unsigned *side, struct vtr_error *err)
{
    const unsigned descs[2] = { rx_descs, tx_descs };
    struct vtr_pair *pair = pairs;
    while (pair != NULL && strcmp(pair->name, spec->target) != 0)
        pair = pair->next;
    int rc = pair != NULL ? 0 : pair_create(spec, queues, descs, &pair, err);
    if (rc != 0)
        return rc;
    if (pair->open[0] && pair->open[1])
        return vtr_spec_fail_(spec, err, EBUSY, "give the ring another name", "both ends are open");
    if (pair->queues != queues)
        return vtr_spec_fail_(spec, err, EINVAL, NULL, "the other end has %u queues, this one %u",
                              pair->queues, queues);
    *side = pair->open[0] ? 1 : 0;
    __atomic_store_n(&pair->open[*side], true, __ATOMIC_RELAXED); /* O: a status */
    *out = pair;
    return 0;
}

int vtr_pair_device_(struct vtr_pair *pair, unsigned side, char *name, size_t size)
{
    static unsigned made;
    char suffix[24];
    snprintf(suffix, sizeof suffix, "vitrine%u", made++);
    snprintf(name, size, "net_ring_%s", suffix); /* as rte_eth_from_rings() names it */
    int id = rte_eth_from_rings(suffix, pair->to[side], pair->queues, pair->to[!side], pair->queues,
                                (unsigned)SOCKET_ID_ANY);
    return id >= 0 ? 0 : -(rte_errno != 0 ? rte_errno : ENODEV);
}

/* Only the closed end took from these rings. The other may go on feeding them, so that this stops
 * at what a ring holds. */
static void drain(struct vtr_pair *pair, unsigned side)
{
    void *m;
    for (unsigned q = 0; q < pair->queues; q++)
        for (unsigned left = rte_ring_get_capacity(pair->to[side][q]);
             left != 0 && rte_ring_dequeue(pair->to[side][q], &m) == 0; left--)
            vtr_rack_drop_(m);
}

void vtr_pair_close_(struct vtr_pair *pair, unsigned side)
{
    if (pair == NULL)
        return;
    drain(pair, side);
    pair->port[side] = NULL;
    for (unsigned q = 0; q < pair->queues; q++)
        __atomic_store_n(&pair->sleeps[side][q], 0, __ATOMIC_RELAXED);
    __atomic_store_n(&pair->open[side], false, __ATOMIC_RELAXED); /* O: a status */
    if (pair->open[!side])
        return;
    drain(pair, !side);
    struct vtr_pair **at = &pairs;
    while (*at != pair)
        at = &(*at)->next;
    *at = pair->next;
    pair_free(pair);
}

bool vtr_pair_up_(const struct vtr_pair *pair)
{
    return __atomic_load_n(&pair->open[0], __ATOMIC_RELAXED) &&
           __atomic_load_n(&pair->open[1], __ATOMIC_RELAXED); /* O: a status */
}

struct vtr_port *vtr_pair_other_(const struct vtr_pair *pair, unsigned side)
{
    return pair->port[!side];
}

void vtr_pair_set_port_(struct vtr_pair *pair, unsigned side, struct vtr_port *port)
{
    pair->port[side] = port;
}

int vtr_pair_bell_(struct vtr_pair *pair, unsigned side, unsigned queue)
{
    int *bell = &pair->bell[side][queue];
    if (*bell == 0) {
        int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0)
            return -errno;
        __atomic_store_n(bell, fd + 1, __ATOMIC_RELAXED); /* O: before the flag, by R5 */
    }
    return *bell - 1;
}

void vtr_pair_sleep_(struct vtr_pair *pair, unsigned side, unsigned queue, bool sleeps)
{
    __atomic_store_n(&pair->sleeps[side][queue], sleeps, __ATOMIC_RELEASE); /* R5: the bell; A5 */
    if (sleeps)
        vtr_fence_rare_(); /* B2: the flag, then our look at the ring */
}

void vtr_pair_wake_(const struct vtr_pair *pair, unsigned side, unsigned queue)
{
    const uint64_t one = 1;
    vtr_fence_quick_(); /* B2: what was put into the ring, then the flag */
    if (VTR_UNLIKELY(__atomic_load_n(&pair->sleeps[!side][queue], __ATOMIC_ACQUIRE) != 0)) /* A5 */
        (void)!write(__atomic_load_n(&pair->bell[!side][queue], __ATOMIC_RELAXED) - 1, &one,
                     sizeof one);
}
