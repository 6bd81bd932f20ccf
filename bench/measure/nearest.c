/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Words that are nearly the same.
 */
#include "measure/nearest.h"

#include <string.h>

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

/* Letters to change, add or leave out to get from one word to the other (Levenshtein 1966). */
static unsigned distance(const char *a, const char *b)
{
    enum { WORD = 32 };
    unsigned row[WORD + 1], len = (unsigned)strnlen(b, WORD);
    for (unsigned i = 0; i <= len; i++)
        row[i] = i;
    for (unsigned n = 1; *a != '\0'; a++, n++) {
        unsigned corner = row[0];
        row[0] = n;
        for (unsigned i = 1; i <= len; i++) {
            unsigned above = row[i];
            row[i] = least(corner + (*a != b[i - 1]), least(above, row[i - 1]) + 1);
            corner = above;
        }
    }
    return row[len];
}

const char *nearest(const char *typed, const char *const *words)
{
    const char *best = NULL;
    unsigned least_letters = 4;
    for (; *words != NULL; words++) {
        unsigned letters = distance(typed, *words);
        if (letters < least_letters && 2 * letters <= strlen(*words)) {
            least_letters = letters;
            best = *words;
        }
    }
    return best;
}
