/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The self test, and asking the machine what its files do not say.
 */
#ifndef DOCTOR_SELF_H
#define DOCTOR_SELF_H

#include "doctor/checks.h"

/** Sends packets through the library. Cost: DPDK's start, about 0.2 s. */
void self_test_run(struct self_test *out);

/**
 * Asks the machine all but the self test. Opens and makes what it asks for, and ends it again.
 * @param root  borrowed: where the files are that checks will look at; "" for the machine's.
 */
void machine_ask(struct machine *m, const char *root);

#endif
