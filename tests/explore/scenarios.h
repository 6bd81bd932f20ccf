/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The lists of scenarios.
 */
#ifndef EXPLORE_SCENARIOS_H
#define EXPLORE_SCENARIOS_H

#include "explore.h"

extern const struct explore_scenario scenarios_of_blocks[];  /* blocks.c */
extern const struct explore_scenario scenarios_of_bulk[];    /* bulk.c */
extern const struct explore_scenario scenarios_of_headers[]; /* headers.c */
extern const struct explore_scenario scenarios_of_pools[];   /* pools.c */

#endif
