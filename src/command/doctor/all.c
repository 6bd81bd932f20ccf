/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The order of the checks: what a later one says may rest on an earlier one.
 */
#include "doctor/checks.h"

void check_all(struct doctor *d)
{
    static void (*const checks[])(struct doctor *d) = {
        check_kernel, check_cpu,    check_clock,  check_hugepages, check_thp,
        check_memory, check_memlock, check_files, check_rights,    check_tun,
        check_xdp,    check_uring,  check_membarrier, check_vfio,  check_nics,
        check_dpdk,   check_prefixes, check_self,
    };
    for (unsigned i = 0; i < sizeof checks / sizeof checks[0]; i++)
        checks[i](d);
}
