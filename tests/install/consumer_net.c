/* SPDX-License-Identifier: BSD-2-Clause */
/* The same for libvitrine-net: links, loads and answers, without DPDK's headers or flags. */
#include <vitrine/port.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    struct vtr_pkt none;
    memset(&none, 0, sizeof none);
    vtr_pkt_unref(&none);
    printf("%s\n", vtr_drop_name(VTR_DROP_TX_LONG));
    return vtr_port_close(NULL);
}
