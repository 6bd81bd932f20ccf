/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * A folder of the test's own for a memif's socket.
 */
#ifndef VITRINE_TESTS_PORT_MEMIFS_H
#define VITRINE_TESTS_PORT_MEMIFS_H

#include "ports.h"

static char dir[] = "/tmp/vitrine-XXXXXX", memif_path[64], server_spec[96], client_spec[96];

static inline int make_dir(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(memif_path, sizeof memif_path, "%s/m.sock", dir);
    snprintf(server_spec, sizeof server_spec, "memif:%s", memif_path);
    snprintf(client_spec, sizeof client_spec, "memif:%s,role=client", memif_path);
    return 0;
}

/* Fails if anything is left in it. */
static inline int remove_dir(void **state)
{
    (void)state;
    return rmdir(dir);
}

#endif
