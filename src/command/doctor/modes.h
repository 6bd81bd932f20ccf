/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * modes: what the checks say of each kind of port: it works now, or what it wants first.
 */
#ifndef DOCTOR_MODES_H
#define DOCTOR_MODES_H

#include "doctor/checks.h"

enum verdict {
    VERDICT_WORKS,   /* now, as this user */
    VERDICT_RIGHTS,  /* with root's rights */
    VERDICT_NIC,     /* with a network card that is left to DPDK */
    VERDICT_PACKAGE, /* with its driver */
    VERDICT_FAILS,   /* the self test failed, or there is no DPDK */
    VERDICTS
};

/** @return what is to be said of a kind of port. */
enum verdict mode_verdict(const struct able *able, enum mode mode);

/** @return whether any kind works now. */
bool modes_any(const struct able *able);

void modes_print(const struct able *able, FILE *to);

/** Writes an array "modes", and an array "works" of those that do, of the object under way. */
void modes_json(const struct able *able, struct json *j);

#endif
