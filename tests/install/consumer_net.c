/* SPDX-License-Identifier: BSD-2-Clause */
/* The same for libvitrine-net: links, loads and answers, without DPDK's headers or flags. */
#include <vitrine/port.h>

#include <stdio.h>

int main(void)
{
    struct vtr_pkt none = { VTR_DATA_EMPTY, 0, 0, 0, 0, 0 };
    vtr_pkt_unref(&none);
    printf("%s\n", vtr_drop_name(VTR_DROP_TX_LONG));
    return vtr_port_close(NULL);
}
