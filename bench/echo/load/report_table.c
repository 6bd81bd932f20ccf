/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * The report for people.
 */
#include <math.h>
#include <string.h>

#include "goals.h"
#include "report.h"

/* A number in three or four digits. NAN: "-". */
static const char *digits(char to[16], double value, int places)
{
    if (isfinite(value))
        snprintf(to, 16, "%.*f", places, value);
    else
        snprintf(to, 16, "-");
    return to;
}

static double median(const struct matrix_row *row, size_t field_off)
{
    struct spread s = matrix_spread_(row, field_off);
    return spread_median(&s);
}
#define MEDIAN(row, field) median((row), offsetof(struct matrix_sample, field))

static void print_row(const struct matrix_row *row, FILE *to)
{
    char rate[16], share[16], ratio[16], busy[16], p50[16], p99[16], copied[16];
    struct spread s = matrix_spread(row, rate);
    const char *mark = s.n < row->rounds ? "*" : "";
    bool base = matrix_of_kernel(row->variant);
    fprintf(to, "  %-12s %9s%-1s %5s %7s %9s %9s %9s %9s\n", matrix_variant_name(row->variant),
            digits(rate, spread_median(&s) / 1e3, 1), mark,
            digits(share, 100 * spread_share(&s), 1),
            base ? "1" : digits(ratio, MEDIAN(row, ratio), 1),
            digits(busy, MEDIAN(row, busy_ns), 0), digits(p50, MEDIAN(row, p50_ns) / 1e3, 1),
            digits(p99, MEDIAN(row, p99_ns) / 1e3, 1), digits(copied, MEDIAN(row, copied), 0));
}

static void print_path(const struct matrix *m, enum matrix_path path, const char *title, FILE *to)
{
    uint32_t size = 0;
    fprintf(to, "\n%s\n", title);
    fprintf(to, "  %-12s %10s %5s %7s %9s %9s %9s %9s\n", "", "k req/CPU s", "+- %", "/kernel",
            "ns/req", "p50 us", "p99 us", "copied B");
    for (unsigned i = 0; i < m->rows; i++) {
        if (m->row[i].path != path)
            continue;
        if (m->row[i].size != size)
            fprintf(to, "%u B, %u under way\n", m->row[i].size, m->row[i].window);
        size = m->row[i].size;
        print_row(&m->row[i], to);
    }
}

static void print_idle(const struct matrix *m, FILE *to)
{
    if (m->idles != 0)
        fprintf(to, "\nan idle server burns, of its CPU:");
    for (unsigned i = 0; i < m->idles; i++)
        fprintf(to, "  %s %.1f %%", m->idle[i].name, 100 * m->idle[i].cpu_ns / m->idle[i].wall_ns);
    fprintf(to, "\n");
}

static void print_goals(const struct matrix *m, FILE *to)
{
    struct goal goal[GOALS_MAX];
    unsigned n = goals_judge(m, goal), met = 0;
    fprintf(to, "\ngoals (median over rounds of the ratio within a round)\n");
    for (unsigned i = 0; i < n; i++) {
        char got[16];
        const char *verdict = !isfinite(goal[i].got) ? "not judged" : "missed";
        if (goal_met(&goal[i]))
            verdict = "met", met++;
        fprintf(to, "  %-56s %s %5.2f  got %6s  %s\n", goal[i].text,
                goal[i].at_most ? "<=" : ">=", goal[i].wanted, digits(got, goal[i].got, 2),
                verdict);
    }
    fprintf(to, "  %u of %u met\n", met, n);
}

/* The best and the worst of all slices: two machines, as far as shared memory goes. */
static void print_crossing(const struct matrix *m, FILE *to)
{
    double least = INFINITY, most = 0;
    for (unsigned i = 0; i < m->rows; i++) {
        struct spread s = matrix_spread(&m->row[i], crossing_ns);
        if (spread_min(&s) < least)
            least = spread_min(&s);
        if (spread_max(&s) > most)
            most = spread_max(&s);
    }
    if (most != 0)
        fprintf(to, "Before each slice a cache line crossed between them in %.0f to %.0f ns.\n",
                least, most);
}

static bool any_marked(const struct matrix *m)
{
    for (unsigned i = 0; i < m->rows; i++) {
        struct spread s = matrix_spread(&m->row[i], rate);
        if (s.n < m->row[i].rounds)
            return true;
    }
    return false;
}

void report_table(const struct report *r, FILE *to)
{
    const struct matrix *m = r->matrix;
    const struct machine *h = r->machine;
    if (h->slow_build)
        fprintf(to, "WARNING: not an optimised build: the figures mean nothing.\n");
    fprintf(to,
            "memcached get over UDP: requests a second of the server's CPU time while it is busy,\n"
            "median of %u rounds of %.0f ms; +- half the range; /kernel within each round, echo\n"
            "against echo. Server on CPU %d, generator on CPU %d, every reply byte compared.\n",
            m->rounds, (double)m->slice_ns / 1e6, r->server_cpu, r->load_cpu);
    print_crossing(m, to);
    fprintf(to, "%s, %s, %s, DPDK %s, %s build of %s\n", h->cpu, h->kernel, h->compiler, h->dpdk,
            h->build, h->commit);
    print_path(m, MATRIX_MEMIF, "memif: two processes (the driver copies what it sends)", to);
    print_path(m, MATRIX_RING, "ring: one process (nothing is copied)", to);
    if (any_marked(m))
        fprintf(to,
                "  * the server was not busy for a whole slice in every round: what is shown is of"
                " the others\n");
    print_idle(m, to);
    print_goals(m, to);
}
