/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * nearest: the word that somebody may have meant.
 */
#ifndef MEASURE_NEAREST_H
#define MEASURE_NEAREST_H

/** @return the word of @p words, which ends with NULL, that @p typed may have meant; else NULL. */
const char *nearest(const char *typed, const char *const *words);

#endif
