/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Messages for signal handlers, and for others that trust nothing any more.
 */
#include "base/text.h"

#include <stdlib.h>
#include <unistd.h>

void vtr_text_add(struct vtr_text *t, const char *s)
{
    while (*s != '\0' && t->len < sizeof t->at - 1)
        t->at[t->len++] = *s++;
    t->at[t->len] = '\0';
}

static void add_digits(struct vtr_text *t, uint64_t n, unsigned base)
{
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do
        digits[--at] = "0123456789abcdef"[n % base];
    while ((n /= base) != 0);
    vtr_text_add(t, digits + at);
}

void vtr_text_number(struct vtr_text *t, uint64_t n)
{
    add_digits(t, n, 10);
}

void vtr_text_signed(struct vtr_text *t, int64_t n)
{
    if (n < 0)
        vtr_text_add(t, "-");
    add_digits(t, n < 0 ? -(uint64_t)n : (uint64_t)n, 10);
}

void vtr_text_hex(struct vtr_text *t, uint64_t n)
{
    vtr_text_add(t, "0x");
    add_digits(t, n, 16);
}

void vtr_text_write(const struct vtr_text *t)
{
    for (size_t done = 0; done < t->len;) {
        ssize_t n = write(STDERR_FILENO, t->at + done, t->len - done);
        if (n <= 0)
            return;
        done += (size_t)n;
    }
}

void vtr_text_abort(const struct vtr_text *t)
{
    vtr_text_write(t);
    abort();
}
