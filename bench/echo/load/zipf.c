/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The hat over the probabilities is h(x) = x^-s itself, between half ranks. Its integral
 * H(x) = (x^(1-s) - 1) / (1 - s), or log(x) where s is 1, has an inverse in closed form. A point
 * drawn under it is rounded to rank k, and kept if it lies in the part of [k - 1/2, k + 1/2] whose
 * integral is h(k).
 */
#include "zipf.h"

#include <math.h>

/* (e^t - 1) / t and log(1 + t) / t, which are 1 at 0, where s is 1. */
static double expm1_over(double t) { return fabs(t) > 1e-8 ? expm1(t) / t : 1 + t / 2; }
static double log1p_over(double t) { return fabs(t) > 1e-8 ? log1p(t) / t : 1 - t / 2; }

static double weight(const struct zipf *z, double x) { return exp(-z->s * log(x)); }

static double integral(const struct zipf *z, double x)
{
    double l = log(x);
    return expm1_over((1 - z->s) * l) * l;
}

static double inverse(const struct zipf *z, double y)
{
    double t = y * (1 - z->s);
    return exp(log1p_over(t > -1 ? t : -1) * y);
}

struct zipf zipf_of(uint32_t n, double s)
{
    struct zipf z = { .s = s, .n = n };
    z.low = integral(&z, 1.5) - 1; /* all of rank 1: h(1) is 1 */
    z.high = integral(&z, n + 0.5);
    z.sure = 2 - inverse(&z, integral(&z, 2.5) - weight(&z, 2));
    return z;
}

uint32_t zipf_draw(const struct zipf *z, struct mix *mix)
{
    for (;;) {
        double y = z->high + mix_next_unit(mix) * (z->low - z->high);
        double x = inverse(z, y), k = floor(x + 0.5);
        k = k < 1 ? 1 : k > z->n ? z->n : k;
        if (k - x <= z->sure || y >= integral(z, k + 0.5) - weight(z, k))
            return (uint32_t)k - 1;
    }
}

double zipf_share(const struct zipf *z, uint32_t ranks)
{
    double first = 0, all = 0;
    for (uint32_t k = z->n; k != 0; k--) { /* small ones first, so that none is lost */
        double w = weight(z, k);
        all += w;
        first += k <= ranks ? w : 0;
    }
    return first / all;
}
