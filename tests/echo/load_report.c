/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Writes the report of made-up figures: JSON by default, the table with "table". load_report.py
 * reads it.
 */
#include <math.h>
#include <string.h>

#include "goals.h"
#include "report.h"

static struct matrix m;

/* Rates such that ratios are whole: hybrid, reference, copy are 20, 18, 19 times the kernel's. */
static double rate_of(const struct matrix_row *row, unsigned round)
{
    static const double times[] = { 20, 18, 19, 1, 40, 1.5 };
    return (1e5 + 1e4 * round) * times[row->variant];
}

static void fill(struct matrix_row *row, unsigned round)
{
    struct matrix_sample *s = &row->sample[row->rounds++];
    *s = (struct matrix_sample){ .rate = rate_of(row, round),
                                 .busy_share = 0.5,
                                 .p50_ns = 1000,
                                 .p99_ns = 2000,
                                 .real_ns = 500,
                                 .requests = 12345,
                                 .crossing_ns = 40.0 + round };
    s->busy_ns = 1e9 / s->rate;
    s->ratio = s->rate / (1e5 + 1e4 * round);
    s->copied = row->variant == MATRIX_COPY ? row->size : 0;
    if (row->size == 16384 && round == 1) /* the server was not busy */
        s->rate = s->busy_ns = s->ratio = NAN;
}

/* Of which é, the euro sign and a clef are UTF-8, and the rest is cut, overlong, a surrogate, too
 * large or stray. */
static const char odd[] = "a \"quoted\" \\ command\n\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e"
                          "|\xc0\xaf|\xed\xa0\x80|\xf4\x90\x80\x80|\xff|\xe2\x82|\x80|\xc3";

int main(int argc, char **argv)
{
    struct machine machine;
    struct report report = { &m, &machine, odd, 0, 1 };
    machine_describe(&machine);
    m.rounds = 3;
    m.slice_ns = 80000000;
    for (unsigned i = 0; i < 2 * MATRIX_SLOTS; i++) {
        struct matrix_row *row = &m.row[m.rows++];
        row->path = i % MATRIX_SLOTS / MATRIX_VARIANTS;
        row->variant = i % MATRIX_VARIANTS;
        row->size = i < MATRIX_SLOTS ? 64 : 16384;
        row->window = 100;
        for (unsigned round = 0; round < 3; round++)
            fill(row, round);
    }
    m.idle[m.idles++] = (struct matrix_idle){ "spin", 1e9, 0.99e9 };
    if (argc > 1 && strcmp(argv[1], "table") == 0)
        report_table(&report, stdout);
    else
        report_json(&report, stdout);
    return 0;
}
