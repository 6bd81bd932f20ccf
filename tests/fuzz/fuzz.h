/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * A fuzz target: one file, one function. Linked with libFuzzer it searches; with replay.c it runs
 * the corpus as an ordinary test. It aborts (vtr_check) where a property does not hold.
 */
#ifndef VITRINE_TESTS_FUZZ_H
#define VITRINE_TESTS_FUZZ_H

#include <vitrine/base.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#endif
